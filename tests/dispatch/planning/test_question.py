"""Who is in the problem, and which plan is shown."""

from dataclasses import replace
from typing import Any

import pytest

from dispatch.planning.recommendation import PlanView, Recommendation, decode, encode, plan_view
from dispatch.request import Bundle
from dispatch.words import Need, State, Tier
from optimizer.problem import Bundle as Planned
from optimizer.solve import solve
from registry.states import Hold, UnitStatus
from tests.dispatch.planning.situation import (
    NOW_MS,
    a_pool,
    a_request,
    a_team,
    a_van,
    asked,
    by,
    planned,
    recommended,
    riding,
    waiting,
)


def test_the_nearest_free_team_is_recommended() -> None:
    best = recommended(
        a_request(), {("T1", "R1"): 30, ("T2", "R1"): 5}, teams=by(a_team("T1"), a_team("T2"))
    )
    assert (best.team, best.team_eta_s) == ("T2", 300)


@pytest.mark.parametrize(
    ("given_away", "why"),
    [
        ({"status": UnitStatus.OUT_OF_SERVICE}, "out_of_service"),
        ({"status": UnitStatus.CLEARING}, "committed"),
        ({"request": "R9"}, "committed"),
        ({"hold": "H9"}, "held"),
        ({"shift_end_ms": NOW_MS}, "off_shift"),
        ({"shift_start_ms": NOW_MS + 1}, "off_shift"),
    ],
)
def test_a_team_that_is_not_free_is_left_out_and_counted(
    given_away: dict[str, Any], why: str
) -> None:
    best = recommended(a_request(), teams=by(a_team(**given_away)))
    assert best.team is None
    assert [(u.resource, u.reason, u.count) for u in best.unserved] == [("team", why, 1)]


def test_a_van_without_a_driver_is_left_out() -> None:
    put = asked(requests=[a_request()], vans=by(a_van(driver=None)))
    assert put.problem.vans == ()
    assert put.out["van"] == {"without_driver": 1}


@pytest.mark.parametrize(
    ("state", "why"), [({"paused": True}, "paused"), ({"deficit": 1, "free": 0}, "overcommitted")]
)
def test_a_paused_or_overcommitted_pool_gives_nothing_new(state: dict[str, Any], why: str) -> None:
    request = waiting(need=Need.NEEDED, team=False)
    best = recommended(request, pools=by(a_pool(**state)))
    assert best.pool is None
    assert [(u.resource, u.reason) for u in best.unserved] == [("place", why)]


def test_a_full_pool_stays_to_be_named_as_full() -> None:
    best = recommended(waiting(need=Need.NEEDED, team=False), pools=by(a_pool(free=0)))
    assert best.pool is None
    assert [(u.reason, u.text) for u in best.unserved] == [("full", "1 place: full")]


def test_a_team_on_its_way_is_never_planned_for_somebody_else() -> None:
    carried = a_request("R1", state=State.EN_ROUTE, plan=Bundle(team="T1"), held=Bundle(team="T1"))
    urgent = a_request("R2", tier=Tier.IMMINENT)
    view = planned(
        requests=[carried, urgent],
        teams=by(a_team("T1", request="R1", status=UnitStatus.EN_ROUTE)),
    )
    assert set(view.recommendations) == {"R2"}
    assert view.recommendations["R2"].team is None


def test_who_is_just_being_accepted_keeps_what_is_shown_and_its_team() -> None:
    minutes = {("T1", "R1"): 30, ("T2", "R1"): 1}
    request, teams = a_request("R1"), [a_team("T1"), a_team("T2")]
    shown = planned(minutes, requests=[request], teams=by(*teams))
    hold = Hold(id="H1", request="R1", team="T2", expires_ms=NOW_MS + 1, by="a")
    put = asked(
        minutes,
        requests=[request, a_request("R2", tier=Tier.IMMINENT)],
        teams=by(a_team("T1"), a_team("T2", hold="H1")),
        holds={"H1": hold},
    )
    view = plan_view(put, solve(put.problem), 2, (1, 2), shown)
    assert view.recommendations["R1"] == shown.recommendations["R1"]
    assert view.recommendations["R2"].team == "T1"


def test_the_team_of_a_person_who_needs_a_place_now_is_not_taken_even_by_imminent_risk() -> None:
    on_scene = replace(
        waiting(need=Need.NEEDED, tier=Tier.ROUTINE),
        state=State.ON_SCENE,
        reached_ms=NOW_MS,
        plan=Bundle(team="T1"),
        held=Bundle(team="T1"),
    )
    view = planned(
        {("T1", "R2"): 1},
        requests=[on_scene, a_request("R2", tier=Tier.IMMINENT)],
        teams=by(a_team("T1", request="R1", status=UnitStatus.ON_SCENE)),
        pools=by(a_pool()),
    )
    assert view.recommendations["R1"].team == "T1"
    assert view.recommendations["R2"].team is None
    assert [told.reason for told in view.recommendations["R2"].unserved] == ["committed"]
    assert view.recommendations["R2"].ems_now is True


@pytest.mark.parametrize("tiers", [(Tier.IMMINENT, Tier.ROUTINE), (Tier.ROUTINE, Tier.IMMINENT)])
def test_a_team_that_is_promised_twice_breaks_no_plan_and_a_person_is_told(
    tiers: tuple[Tier, Tier],
) -> None:
    """An earlier rank has the team that a later rank's lock names: both stand, and both say so."""
    both = [
        replace(
            waiting(need=Need.NEEDED, tier=tier),
            id=id_,
            state=State.ON_SCENE,
            reached_ms=NOW_MS,
            plan=Bundle(team="T1"),
            held=Bundle(team="T1"),
        )
        for id_, tier in zip(("R1", "R2"), tiers, strict=True)
    ]
    team = a_team("T1", request="R1", status=UnitStatus.ON_SCENE)
    view = planned(requests=[*both, a_request("R3")], teams=by(team), pools=by(a_pool(free=2)))
    for shown in (view.recommendations["R1"], view.recommendations["R2"]):
        assert shown.team == "T1"
        assert any("team: taken" in warning for warning in shown.warnings)
    assert view.recommendations["R3"].team is None


def test_crisis_rides_are_exclusive() -> None:
    requests = [replace(riding(), id=f"R{k}") for k in range(3)]
    view = planned(
        requests=requests,
        teams=by(*(a_team(f"T{k}") for k in range(3))),
        vans=by(a_van("V1", seats=8)),
        pools=by(a_pool(free=9)),
    )
    assert sum(one.van == "V1" for one in view.recommendations.values()) == 1


def test_what_is_shown_stays_unless_another_is_clearly_better() -> None:
    request, teams = a_request(), by(a_team("T1"), a_team("T2"))
    shown = {"R1": Planned(team="T1")}
    close, clear = {("T1", "R1"): 12, ("T2", "R1"): 10}, {("T1", "R1"): 12, ("T2", "R1"): 7}
    assert recommended(request, close, teams=teams, shown=shown).team == "T1"
    assert recommended(request, clear, teams=teams, shown=shown).team == "T2"


def test_a_team_that_is_nearer_but_needed_elsewhere_is_named_with_its_reason() -> None:
    view = planned(
        {("T1", "R1"): 5, ("T1", "R2"): 5, ("T2", "R1"): 18, ("T2", "R2"): 110},
        requests=[a_request("R1"), a_request("R2", tier=Tier.IMMINENT)],
        teams=by(a_team("T1"), a_team("T2")),
        names={"weber": "Weber"},
    )
    assert view.recommendations["R1"].why.team == (
        "Team T2 reaches the person in 18 min; Team T1 is nearer (5 min) but goes to a person"
        " of the tier imminent in Weber."
    )


def test_alternatives_stay_on_the_screen_until_they_are_priced_anew() -> None:
    given: dict[str, Any] = {
        "requests": [a_request()],
        "teams": by(a_team("T1"), a_team("T2"), a_team("T3")),
    }
    minutes = {("T1", "R1"): 5}
    before = planned(minutes, **given).recommendations["R1"]
    assert {other.team for other in before.alternatives} == {"T2", "T3", None}
    shown = planned(minutes, **given)
    del given["teams"]["T2"]
    put = asked(minutes, **given)
    after = plan_view(put, solve(put.problem), 2, (1, 2), shown).recommendations["R1"]
    assert after.priced_ms == before.priced_ms
    assert {other.team for other in after.alternatives} == {"T3", None}


def test_nothing_at_all_is_planned_without_complaint() -> None:
    assert planned().recommendations == {}


def test_a_plan_survives_its_json() -> None:
    view = planned(
        requests=[waiting(need=Need.NEEDED), a_request("R2")],
        teams=by(a_team()),
        pools=by(a_pool()),
    )
    assert decode(encode(view)) == view


def test_a_plan_names_no_person_and_no_address() -> None:
    fields_of_plan = set(Recommendation.__struct_fields__) | set(PlanView.__struct_fields__)
    assert not fields_of_plan & {"name", "phone", "address", "lon", "lat", "risk", "callback"}
