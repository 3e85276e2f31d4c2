"""Beds and appointments: claimed when needed, and what an old count costs them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from dispatch.planning.driving import Cast, Times
from dispatch.planning.question import question
from dispatch.planning.situation import Situation
from dispatch.request import Bundle, CrisisRequest
from dispatch.words import Need, State, Tier, Transporter
from optimizer.check import check
from optimizer.problem import Bundle as Planned
from optimizer.solve import solve
from registry.states import UnitStatus
from tests.dispatch.planning.situation import (
    MIN_MS,
    NOW_MS,
    RULES,
    a_pool,
    a_request,
    a_slot,
    a_team,
    a_van,
    asked,
    by,
    involuntary,
    planned,
    recommended,
    roads,
    waiting,
)


def test_a_bed_that_is_only_possible_is_named_and_claims_nothing() -> None:
    requests = [
        replace(waiting(need=Need.POSSIBLE), id="R1"),
        replace(waiting(need=Need.NEEDED), id="R2"),
    ]
    view = planned(
        {("R1", "P2"): 20, ("R2", "P2"): 20},
        requests=requests,
        teams=by(a_team("T1"), a_team("T2")),
        pools=by(a_pool("P1", free=2), a_pool("P2")),
    )
    possible = view.recommendations["R1"]
    assert (possible.pool, possible.van, possible.claims_place) == ("P1", None, False)
    assert possible.bundle.place is None
    assert possible.backup is not None
    assert possible.backup.pool == "P2"
    assert possible.why.place.endswith("Nothing is claimed.")
    assert view.recommendations["R2"].pool == "P1"


def test_the_last_bed_goes_to_who_needs_one_not_to_who_may_need_one() -> None:
    requests = [
        replace(waiting(need=Need.POSSIBLE, tier=Tier.IMMINENT), id="R1"),
        replace(waiting(need=Need.NEEDED, tier=Tier.ROUTINE), id="R2"),
    ]
    view = planned(
        requests=requests, teams=by(a_team("T1"), a_team("T2")), pools=by(a_pool(free=1))
    )
    assert view.recommendations["R2"].pool == "P1"
    assert view.recommendations["R1"].pool is None
    assert view.recommendations["R1"].backup is None


def test_a_team_on_scene_is_given_a_place_when_the_need_is_certain() -> None:
    request = replace(
        waiting(need=Need.NEEDED, van=Need.NEEDED),
        state=State.ON_SCENE,
        reached_ms=NOW_MS,
        plan=Bundle(team="T1"),
        held=Bundle(team="T1"),
    )
    best = recommended(
        request,
        teams=by(a_team("T1", request="R1", status=UnitStatus.ON_SCENE)),
        vans=by(a_van()),
        pools=by(a_pool()),
    )
    assert (best.team, best.van, best.pool) == ("T1", "V1", "P1")
    assert best.why.team == "Team T1 is with the person."


def test_a_request_whose_place_is_claimed_is_not_planned_anew() -> None:
    request = replace(
        waiting(need=Need.NEEDED),
        state=State.EN_ROUTE,
        plan=Bundle(team="T1", pool="P1"),
        held=Bundle(team="T1", pool="P1"),
    )
    view = planned(requests=[request], teams=by(a_team(request="R1")), pools=by(a_pool()))
    assert view.recommendations == {}


def test_when_a_facility_declines_on_the_way_another_is_sought_from_where_the_van_is() -> None:
    request = replace(
        waiting(need=Need.NEEDED),
        state=State.TRANSPORTING,
        plan=Bundle(team="T1", van="V1"),
        held=Bundle(van="V1"),
        excluded_facilities=frozenset({"F-P1"}),
    )
    van = a_van("V1", request="R1", lon=-111.5, lat=40.5, position_ms=NOW_MS)
    seen: dict[str, tuple[float, float]] = {}

    def drive(cast: Cast, person_at: Mapping[str, tuple[float, float]]) -> Times:
        seen.update(person_at)
        return roads({})(cast, person_at)

    situation = Situation(
        now_ms=NOW_MS,
        requests=[request],
        vans=by(van),
        pools=by(a_pool("P1"), a_pool("P2")),
    )
    put = question(situation, RULES, drive)
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    assert plan.of("R1").bundle == Planned(None, "V1", "P2")
    assert seen["R1"] == (-111.5, 40.5)


def test_who_needs_a_bed_rather_takes_one_that_nobody_is_expected_to_need() -> None:
    certain = replace(waiting(need=Need.NEEDED), id="R0")
    teams = by(*(a_team(f"T{k}") for k in range(12)))

    def bed_of_who_needs_one(may_need: int) -> str | None:
        requests = [
            certain,
            *(replace(waiting(need=Need.POSSIBLE), id=f"R{k + 1}") for k in range(may_need)),
        ]
        view = planned(
            {(f"R{k}", "P2"): 20 for k in range(12)},
            requests=requests,
            teams=teams,
            pools=by(a_pool("P1", free=1), a_pool("P2", free=9)),
        )
        return view.recommendations["R0"].pool

    # With a chance of 0.3, three are expected to need 0.9 of a bed, four 1.2.
    assert [bed_of_who_needs_one(many) for many in (0, 3, 4)] == ["P1", "P1", "P2"]


def test_a_bed_is_not_kept_for_whoever_its_facility_declined() -> None:
    declined = replace(waiting(need=Need.POSSIBLE), excluded_facilities=frozenset({"F-P1"}))
    view = planned(
        {(f"R{k}", "P2"): 20 for k in range(5)},
        requests=[
            replace(waiting(need=Need.NEEDED), id="R0"),
            *(replace(declined, id=f"R{k}") for k in range(1, 5)),
        ],
        teams=by(*(a_team(f"T{k}") for k in range(5))),
        pools=by(a_pool("P1", free=1), a_pool("P2", free=9)),
    )
    assert view.recommendations["R0"].pool == "P1"


def test_a_bed_that_others_may_need_is_still_given_to_whoever_has_no_other() -> None:
    requests = [replace(waiting(need=Need.POSSIBLE), id=f"R{k}") for k in range(5)]
    certain = replace(waiting(need=Need.NEEDED, tier=Tier.ROUTINE), id="R9")
    view = planned(
        requests=[*requests, certain],
        teams=by(*(a_team(f"T{k}") for k in range(6))),
        pools=by(a_pool("P1", free=1)),
    )
    assert view.recommendations["R9"].pool == "P1"


def test_where_more_people_may_need_a_bed_than_there_are_the_least_urgent_are_told() -> None:
    tiers = [Tier.ROUTINE, Tier.HIGH, Tier.HIGH, Tier.HIGH]
    requests = [
        replace(waiting(need=Need.POSSIBLE, tier=tier), id=f"R{k}") for k, tier in enumerate(tiers)
    ]
    view = planned(
        requests=requests,
        teams=by(*(a_team(f"T{k}") for k in range(4))),
        pools=by(a_pool("P1", free=1)),
    )
    told = [view.recommendations[f"R{k}"].why.place for k in range(4)]
    assert ["More people may need it" in text for text in told] == [True, False, False, False]


def under_custody(id_: str, due_min: int) -> CrisisRequest:
    return replace(
        involuntary(Transporter.VAN),
        id=id_,
        state=State.ON_SCENE,
        opened_ms=NOW_MS - 300 * MIN_MS,
        target_ms=NOW_MS - 260 * MIN_MS,
        reached_ms=NOW_MS - 270 * MIN_MS,
        custody_due_ms=NOW_MS + due_min * MIN_MS,
        plan=Bundle(team=f"T-{id_}"),
        held=Bundle(team=f"T-{id_}"),
    )


@pytest.mark.parametrize("first", ["R1", "R2"])
def test_the_last_bed_goes_to_the_custody_that_ends_first(first: str) -> None:
    requests = [
        replace(
            under_custody(id_, 20 if id_ == first else 3000), target_ms=NOW_MS + 10_000 * MIN_MS
        )
        for id_ in ("R1", "R2")
    ]
    teams = by(
        *(a_team(f"T-{id_}", request=id_, status=UnitStatus.ON_SCENE) for id_ in ("R1", "R2"))
    )
    pools = by(a_pool(takes=("adult", "involuntary"), free=1))
    view = planned(requests=requests, teams=teams, vans=by(a_van("V1"), a_van("V2")), pools=pools)
    served = [id_ for id_, best in view.recommendations.items() if best.pool]
    assert served == [first]


def test_a_custody_clock_brings_the_team_earlier_by_the_ride_and_the_visit() -> None:
    request = replace(
        involuntary(Transporter.VAN),
        target_ms=NOW_MS + 400 * MIN_MS,
        custody_due_ms=NOW_MS + 120 * MIN_MS,
    )
    minutes = {("R1", "P1"): 25, ("R1", "P2"): 55}
    put = asked(minutes, requests=[request], pools=by(a_pool("P1"), a_pool("P2")))
    (problem,) = put.problem.requests
    assert problem.target_s == (120 - 25) * 60 - RULES.planning.onscene_s - RULES.planning.load_s
    earlier = replace(request, target_ms=NOW_MS + 5 * MIN_MS)
    assert asked(minutes, requests=[earlier]).problem.requests[0].target_s == 300
    no_place = replace(request, needs=replace(request.needs, place=Need.NONE))
    assert asked(minutes, requests=[no_place]).problem.requests[0].target_s == 400 * 60


OLD = {"updated_ms": NOW_MS - 300 * MIN_MS, "confirmed_ms": NOW_MS - 300 * MIN_MS}


def test_a_stale_pool_comes_last_however_far_the_fresh_one_is() -> None:
    request = waiting(need=Need.NEEDED, team=False)
    minutes = {("R1", "P1"): 1, ("R1", "P2"): 355}
    best = recommended(request, minutes, pools=by(a_pool("P1", **OLD), a_pool("P2")))
    assert best.pool == "P2"
    assert best.call_to_confirm is False
    assert "Unit P1 is nearer (1 min) but its count is stale" in best.why.place


def test_a_stale_pool_is_not_gone_it_is_recommended_with_a_call_to_confirm() -> None:
    request = waiting(need=Need.NEEDED, team=False)
    best = recommended(request, pools=by(a_pool("P1", **OLD)))
    assert (best.pool, best.call_to_confirm) == ("P1", True)
    assert "call to confirm 555-P1" in best.why.place


def test_a_slot_is_planned_where_an_appointment_was_asked_for() -> None:
    request = waiting(need=Need.NEEDED, slot=True, team=False, words={"adult"})
    best = recommended(request, pools=by(a_pool()), slots=by(a_slot()))
    assert (best.pool, best.slot) == (None, "S1")
    assert "an appointment in person, in 3 h" in best.why.place


@pytest.mark.parametrize(
    ("state", "why"),
    [({"open": False}, "closed"), ({"starts_ms": NOW_MS - 1}, "not_in_time")],
)
def test_a_slot_that_is_closed_or_past_gives_nothing(state: dict[str, Any], why: str) -> None:
    put = asked(requests=[a_request()], slots=by(a_slot(**state)))
    assert put.out["place"] == {why: 1}
