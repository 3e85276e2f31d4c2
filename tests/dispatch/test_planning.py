"""From what is true now to the optimizer's question, and back into words: rules, one test each."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from directory.participants import Agreement
from dispatch import planning
from dispatch.planning import Cast, Question, Rules, Situation, Times, Travel, question
from dispatch.planning_policy import load_planning_policy
from dispatch.policy import load_policy
from dispatch.recommendation import PlanView, Recommendation, decode, encode, plan_view
from dispatch.request import SELF, Bundle, CrisisRequest, Custody, Guardianship, Needs, Risk
from dispatch.serving import would_serve
from dispatch.words import (
    Consent,
    Custodian,
    Escort,
    LegalBasis,
    Need,
    State,
    Tier,
    Transporter,
    Urgency,
)
from geo.points import Positions
from geo.travel import TravelMatrix
from optimizer.check import check
from optimizer.problem import SELF as DRIVES_ITSELF
from optimizer.problem import Bundle as Planned
from optimizer.solve import solve
from optimizer.strictness import price_of_strictness
from registry.freshness import Freshness, load_freshness
from registry.states import Hold, Pool, Slot, Team, UnitStatus, Van
from registry.vocabulary import load_vocabulary

NOW_MS = 1_800_000_000_000
MIN_MS = 60_000
POLICY = Path(__file__).parents[2] / "policy"
RULES = Rules(
    planning=load_planning_policy(POLICY / "planning.toml"),
    freshness=load_freshness(),
    weight=load_policy(POLICY / "dispatch.toml").weight,
    vocabulary=load_vocabulary(),
)
Minutes = Mapping[tuple[str, str], float]


def a_request(id_: str = "R1", **given: Any) -> CrisisRequest:
    needs = {name: given.pop(name) for name in [f.name for f in fields(Needs)] if name in given}
    if "words" in needs:
        needs["words"] = frozenset(needs["words"])
    needs.setdefault("place", Need.NONE)
    needs.setdefault("van", Need.NONE)
    values: dict[str, Any] = {
        "id": id_,
        "version": 1,
        "state": State.REQUESTED,
        "opened_ms": NOW_MS,
        "zone": "weber",
        "place": "Ogden",
        "lon": -112.0,
        "lat": 41.0,
        "risk": Risk(),
        "urgency": Urgency.URGENT,
        "tier": Tier.HIGH,
        "target_ms": NOW_MS + 40 * MIN_MS,
        "policy": "test",
    }
    # `place` is the town of a request and the need of a place in its needs.
    return CrisisRequest(needs=Needs(**needs), **{**values, **given})


def a_unit(kind: type[Any], id_: str, **given: Any) -> Any:
    values = {
        "id": id_,
        "zone": "weber",
        "name": f"{kind.__name__} {id_}",
        "seats": 3 if kind is Van else 0,
        "shift_start_ms": NOW_MS - 60 * MIN_MS,
        "shift_end_ms": NOW_MS + 600 * MIN_MS,
        "base_lon": -112.0,
        "base_lat": 41.0,
    }
    driver = {"driver": "D"} if kind is Van else {}
    return kind(**{**values, **driver, **given})


def a_team(id_: str = "T1", **given: Any) -> Team:
    return a_unit(Team, id_, **given)


def a_van(id_: str = "V1", **given: Any) -> Van:
    return a_unit(Van, id_, **given)


def a_pool(id_: str = "P1", **given: Any) -> Pool:
    values = {
        "id": id_,
        "facility": f"F-{id_}",
        "zone": "weber",
        "name": f"Unit {id_}",
        "type": "receiving",
        "takes": ("adult", "voluntary"),
        "lon": -112.0,
        "lat": 41.0,
        "capacity": 10,
        "free": 2,
        "updated_ms": NOW_MS,
        "confirmed_ms": NOW_MS,
        "phone": f"555-{id_}",
    }
    return Pool(**{**values, **given})


def a_slot(id_: str = "S1", **given: Any) -> Slot:
    values = {
        "id": id_,
        "provider": f"F-{id_}",
        "zone": "weber",
        "name": f"Clinic {id_}",
        "mode": "in_person",
        "takes": ("adult",),
        "lon": -112.0,
        "lat": 41.0,
        "starts_ms": NOW_MS + 180 * MIN_MS,
        "duration_s": 3000,
        "free": 1,
    }
    return Slot(**{**values, **given})


def by(*states: Any) -> dict[str, Any]:
    return {state.id: state for state in states}


def roads(minutes: Minutes, default_min: float = 10) -> planning.Drive:
    """Travel times by (from, to); every other pair takes `default_min`."""

    def table(origins: list[str], destinations: list[str]) -> np.ndarray:
        rows = [[minutes.get((o, d), default_min) * 60 for d in destinations] for o in origins]
        return np.array(rows, dtype=np.float64).reshape(len(origins), len(destinations))

    def drive(cast: Cast, _: Mapping[str, tuple[float, float]]) -> Times:
        requests, teams, vans, places = (
            [part.id for part in parts]
            for parts in (cast.requests, cast.teams, cast.vans, cast.places)
        )
        return Times(
            table(teams, requests),
            table(vans, requests),
            table(requests, places),
            table(places, vans),
            Travel("test", "road"),
        )

    return drive


def asked(minutes: Minutes | None = None, **given: Any) -> Question:
    return question(Situation(now_ms=NOW_MS, **given), RULES, roads(minutes or {}))


def planned(minutes: Minutes | None = None, **given: Any) -> PlanView:
    put = asked(minutes, **given)
    plan = solve(put.problem, explain=[request.id for request in put.problem.requests])
    assert check(put.problem, plan) == ()
    return plan_view(put, plan, version=1, at=(1, 1))


def recommended(request: CrisisRequest, minutes: Minutes | None = None, **given: Any) -> Any:
    return planned(minutes, requests=[request], **given).recommendations[request.id]


def waiting(**needs: Any) -> CrisisRequest:
    """A request with needs; `need` is that of a place."""
    if "need" in needs:
        words = needs.pop("need")
        request = a_request(**needs)
        return replace(request, needs=replace(request.needs, place=words))
    return a_request(**needs)


# Who is in the problem


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


@dataclass
class Roads:
    """Every way takes as long, until the roads change."""

    minutes: float = 10
    version: str = "open"

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        seconds = np.full((len(origins), len(destinations)), self.minutes * 60.0)
        return TravelMatrix(seconds, "test", "road", self.version)


def test_when_the_roads_change_every_travel_time_is_asked_anew() -> None:
    travel = Roads()
    drive = planning.driving(travel)
    situation = Situation(
        now_ms=NOW_MS,
        requests=[riding()],
        teams=by(a_team()),
        vans=by(a_van()),
        pools=by(a_pool()),
    )
    names = ("team_to_request", "van_to_request", "request_to_place", "place_to_base")
    for minutes, version in ((10, "open"), (10, "open"), (45, "closed"), (10, "open")):
        travel.minutes, travel.version = minutes, version
        problem = question(situation, RULES, drive).problem
        assert [getattr(problem, name).max() for name in names] == [minutes * 60] * 4


# What a person needs


def test_what_a_place_must_take_comes_from_the_needs() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adolescent", "voluntary"})
    best = recommended(
        request,
        {("R1", "P2"): 60},
        pools=by(a_pool("P1"), a_pool("P2", takes=("adolescent", "voluntary"))),
    )
    assert best.pool == "P2"
    assert "Unit P1 is nearer (10 min) but does not declare to take: adolescent" in best.why.place


def test_the_reason_why_nobody_is_taken_is_told_in_words_of_the_vocabulary() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adult", "withdrawal"})
    best = recommended(request, pools=by(a_pool("P1"), a_pool("P2")))
    assert [(u.reason, u.count, u.text) for u in best.unserved] == [
        ("lacks", 2, "2 places: does not declare to take: withdrawal")
    ]


def test_a_team_with_the_crew_that_is_asked_for_is_sent() -> None:
    best = recommended(
        a_request(words={"designated_examiner"}),
        {("T1", "R1"): 1, ("T2", "R1"): 40},
        teams=by(a_team("T1"), a_team("T2", offers=("designated_examiner",))),
    )
    assert best.team == "T2"
    assert "Team T1 is nearer (1 min) but does not offer: designated examiner" in best.why.team


def test_support_needs_never_keep_a_team_away() -> None:
    words = {"substance_use", "aggression", "medical_needs", "intellectual_disability"}
    assert recommended(a_request(words=words), teams=by(a_team(offers=()))).team == "T1"


def test_a_language_is_a_wish_that_costs_minutes_and_never_leaves_a_person_alone() -> None:
    request = a_request(words={"lang_es"})
    teams = by(a_team("T1"), a_team("T2", offers=("lang_es",)))
    near, far = {("T1", "R1"): 5, ("T2", "R1"): 12}, {("T1", "R1"): 5, ("T2", "R1"): 60}
    assert recommended(request, near, teams=teams).team == "T2"
    best = recommended(request, far, teams=teams)
    assert best.team == "T1"
    assert best.warnings == ["Nobody in Team T1 speaks Spanish: call an interpreter."]


def test_a_lapsed_credential_warns_and_does_not_leave_a_person_alone() -> None:
    best = recommended(
        a_request(tier=Tier.IMMINENT), teams=by(a_team()), lapsed={"T1": ("therapist",)}
    )
    assert best.team == "T1"
    assert best.warnings == [
        "A credential in Team T1 has lapsed (therapist): a supervisor gives a reason."
    ]


def test_the_type_that_was_named_first_is_preferred_and_others_are_refused() -> None:
    request = waiting(need=Need.NEEDED, team=False, pool_types=("respite", "receiving"))
    pools = by(
        a_pool("P1", type="inpatient_adult"),
        a_pool("P2", type="receiving"),
        a_pool("P3", type="respite"),
    )
    assert recommended(request, pools=pools).pool == "P3"
    del pools["P3"], pools["P2"]
    best = recommended(request, pools=pools)
    assert [u.text for u in best.unserved] == ["1 place: is not of the type respite or receiving"]


def test_the_persons_own_choice_counts() -> None:
    request = waiting(need=Need.NEEDED, team=False, facility="F-P2")
    minutes = {("R1", "P1"): 5, ("R1", "P2"): 15}
    assert recommended(request, minutes, pools=by(a_pool("P1"), a_pool("P2"))).pool == "P2"


def test_who_declined_is_not_asked_again() -> None:
    request = replace(
        waiting(need=Need.NEEDED),
        excluded_teams=frozenset({"T1"}),
        excluded_facilities=frozenset({"F-P1"}),
    )
    best = recommended(
        request,
        {("T1", "R1"): 1, ("R1", "P1"): 1},
        teams=by(a_team("T1"), a_team("T2")),
        pools=by(a_pool("P1"), a_pool("P2")),
    )
    assert (best.team, best.pool) == ("T2", "P2")
    assert "Team T1 is nearer (1 min) but has declined" in best.why.team


def test_an_agreement_limits_from_where_a_facility_takes_people() -> None:
    request = waiting(need=Need.NEEDED, team=False)
    pools = by(a_pool("P1"), a_pool("P2"))
    minutes = {("R1", "P1"): 1, ("R1", "P2"): 30}
    elsewhere = {"F-P1": [Agreement("F-P1", "davis", ("receiving",))]}
    best = recommended(request, minutes, pools=pools, agreements=elsewhere)
    assert best.pool == "P2"
    assert "has no agreement for people of weber" in best.why.place
    everywhere = {"F-P1": [Agreement("F-P1", "*", ("receiving",))]}
    assert recommended(request, minutes, pools=pools, agreements=everywhere).pool == "P1"


# Van


def riding(**given: Any) -> CrisisRequest:
    return waiting(need=Need.NEEDED, van=Need.NEEDED, **given)


def test_a_van_must_carry_a_wheelchair_and_all_who_ride() -> None:
    request = riding(words={"wheelchair", "adult"}, seats=2)
    vans = by(
        a_van("V1", offers=("wheelchair",), seats=1),
        a_van("V2", offers=(), seats=4),
        a_van("V3", offers=("wheelchair",), seats=2),
    )
    pools = by(a_pool(takes=("adult", "wheelchair")))
    assert recommended(request, vans=vans, pools=pools, teams=by(a_team())).van == "V3"


def test_a_team_with_a_seat_drives_the_person_itself_when_no_van_can_come() -> None:
    best = recommended(riding(), teams=by(a_team(seats=2)), pools=by(a_pool()))
    assert best.van == "self"
    assert best.why.van == "The team drives the person itself."
    assert best.bundle == Planned("T1", DRIVES_ITSELF, "P1")


def involuntary(*may: Transporter, need: Need = Need.NEEDED) -> CrisisRequest:
    request = riding(words={"adult"})
    custody = Custody(LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, frozenset(may), NOW_MS)
    return replace(request, needs=replace(request.needs, place=need), custody=custody)


SECURE = by(a_pool(takes=("adult", "involuntary")))


def test_a_place_for_an_involuntary_person_must_declare_it() -> None:
    request = involuntary(Transporter.VAN)
    best = recommended(request, teams=by(a_team()), vans=by(a_van()), pools=by(a_pool()))
    assert best.pool is None
    assert any("involuntary" in told.text for told in best.unserved)


def test_under_custody_only_who_is_named_drives() -> None:
    given = {"teams": by(a_team(seats=2)), "vans": by(a_van(offers=("secure",))), "pools": SECURE}
    assert recommended(involuntary(Transporter.VAN), **given).van == "V1"
    assert recommended(involuntary(Transporter.TEAM), **given).van == "self"
    by_police = recommended(involuntary(Transporter.LAW_ENFORCEMENT), **given)
    assert by_police.van is None
    assert by_police.pool == "P1"
    assert by_police.why.van == "Under this custody law enforcement transports."


def test_an_involuntary_status_without_a_basis_is_pointed_out() -> None:
    request = riding(words={"adult", "involuntary"})
    best = recommended(request, teams=by(a_team()), vans=by(a_van()), pools=SECURE)
    assert any("without a legal basis" in warning for warning in best.warnings)


# Beds: claimed when needed


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


# What may be needed, and custody


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


# Freshness


@pytest.mark.parametrize(
    ("age_min", "state"),
    [
        (0, Freshness.FRESH),
        (60, Freshness.FRESH),
        (61, Freshness.AGEING),
        (241, Freshness.STALE),
        (721, Freshness.NO_RESPONSE),
    ],
)
def test_a_count_grows_old_by_the_limits_of_the_policy(age_min: int, state: Freshness) -> None:
    told_ms = NOW_MS - age_min * MIN_MS
    pool = a_pool(updated_ms=told_ms, confirmed_ms=told_ms)
    assert planning.freshness(pool, NOW_MS, RULES) is state


def test_a_count_that_somebody_stood_by_is_fresh_again() -> None:
    pool = a_pool(updated_ms=0, confirmed_ms=NOW_MS - MIN_MS)
    assert planning.freshness(pool, NOW_MS, RULES) is Freshness.FRESH


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


# Slots


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


# Who is left without


def unserved(request: CrisisRequest, minutes: Minutes | None = None, **given: Any) -> Any:
    """The recommendation with what would serve the person."""
    put = asked(minutes, requests=[request, *given.pop("others", [])], **given)
    plan = solve(put.problem)
    serving = would_serve(put, plan, [one.id for one in put.problem.requests])
    return plan_view(put, plan, 1, (1, 1), serving=serving).recommendations[request.id]


def test_one_bed_more_would_serve_and_is_told_with_what_the_region_spares() -> None:
    best = unserved(riding(), teams=by(a_team()), vans=by(a_van()), pools=by(a_pool(free=0)))
    (told,) = best.would_serve
    assert (told.resource, told.change, told.id, told.by_s) == ("place", "room", "P1", None)
    assert told.text == "One more bed in Unit P1."
    assert told.saves_min > 0


def test_a_van_by_a_moment_would_serve_and_is_told_with_what_it_must_offer() -> None:
    request = riding(words={"adult", "wheelchair"}, seats=2)
    pools = by(a_pool(takes=("adult", "wheelchair")))
    best = unserved(request, teams=by(a_team()), vans=by(a_van()), pools=pools)
    (told,) = best.would_serve
    assert (told.resource, told.change) == ("van", "new")
    # Vans that come after the horizon of 3 h and the 40 min on scene are not planned.
    assert told.by_s == 220 * 60
    assert told.text == (
        "One van that offers wheelchair, has 2 seats, with the person within 3 h 40 min."
    )


def test_a_longer_shift_would_serve() -> None:
    van = a_van(shift_end_ms=NOW_MS + 20 * MIN_MS)
    best = unserved(riding(), teams=by(a_team()), vans=by(van), pools=by(a_pool()))
    told = {one.change: one for one in best.would_serve}
    # 10 min there, 40 on scene, 5 to board, 10 to the place, 10 home; 30 are allowed after it.
    assert told["shift"].text == "Van V1 on duty for another 45 min."
    assert told["shift"].by_s == 45 * 60


def test_a_place_that_nobody_has_is_described_by_what_it_must_take() -> None:
    request = waiting(need=Need.NEEDED, team=False, words={"adult", "withdrawal"})
    best = unserved(request, pools=by(a_pool()))
    assert [told.text for told in best.would_serve] == [
        "One place that takes adult and withdrawal and people of weber, as near as Unit P1."
    ]


def test_what_a_team_must_have_is_told() -> None:
    request = a_request(words={"designated_examiner", "lang_es", "language_required"})
    best = unserved(request)
    (told,) = best.would_serve
    assert told.text == (
        "One team that offers designated examiner, speaks Spanish or brings an interpreter,"
        " with the person within 3 h."
    )


def test_whoever_lacks_two_things_is_told_that_no_single_change_serves() -> None:
    assert unserved(riding(), pools=by(a_pool())).would_serve == []


def test_whoever_is_served_and_whoever_was_not_looked_at_are_told_nothing() -> None:
    assert unserved(a_request(), teams=by(a_team())).would_serve is None
    put = asked(requests=[a_request()])
    plan = solve(put.problem)
    assert would_serve(put, plan, ["R1"], is_late=lambda: True) == {}
    assert plan_view(put, plan, 1, (1, 1)).recommendations["R1"].would_serve is None


def test_what_would_serve_stays_on_the_screen_while_the_same_is_missing() -> None:
    put = asked(requests=[a_request()])
    plan = solve(put.problem)
    shown = plan_view(put, plan, 1, (1, 1), serving=would_serve(put, plan, ["R1"]))
    again = plan_view(put, plan, 2, (1, 2), shown)
    assert again.recommendations["R1"].would_serve == shown.recommendations["R1"].would_serve
    more = asked(requests=[a_request()], teams=by(a_team(request="R9")))
    other = plan_view(more, solve(more.problem), 3, (1, 3), shown)
    assert other.recommendations["R1"].would_serve is None


def test_who_holds_what_is_missing_is_told_with_its_price() -> None:
    other = a_request("R2", tier=Tier.IMMINENT)
    best = unserved(a_request(), teams=by(a_team()), others=[other], names={"weber": "Weber"})
    (told,) = best.unserved
    assert (told.reason, told.id, told.holder) == ("taken", "T1", "R2")
    assert told.worth_min is not None
    assert told.worth_min > 0
    assert told.text == (
        "Team T1 goes to a person of the tier imminent in Weber"
        f" (one more would spare the region {told.worth_min:.0f} weighted minutes)"
    )


# What must never happen


def test_nobody_waits_for_ever_however_long_the_way_and_the_wait() -> None:
    request = a_request(tier=Tier.ROUTINE, opened_ms=NOW_MS - 10_000 * MIN_MS, target_ms=NOW_MS)
    assert recommended(request, {("T1", "R1"): 119}, teams=by(a_team())).team == "T1"


def test_imminent_risk_is_not_traded_against_any_number_of_others() -> None:
    others = [a_request(f"A{k}", tier=Tier.HIGH, opened_ms=NOW_MS - MIN_MS * 500) for k in range(8)]
    view = planned(
        {("T1", "R1"): 90, **{("T1", other.id): 1 for other in others}},
        requests=[a_request("R1", tier=Tier.IMMINENT), *others],
        teams=by(a_team()),
    )
    assert view.recommendations["R1"].team == "T1"


STRICT = replace(RULES, planning=replace(RULES.planning, strict=True))


def test_a_strict_policy_plans_every_tier_before_the_next() -> None:
    requests = [a_request(tier.value, tier=tier) for tier in Tier]
    put = question(Situation(now_ms=NOW_MS, requests=requests), STRICT, roads({}))
    assert {one.id: one.rank for one in put.problem.requests} == {
        "imminent": 0,
        "high": 1,
        "moderate": 2,
        "routine": 3,
    }
    usual = asked(requests=requests).problem.requests
    assert {one.id: one.rank for one in usual} == dict.fromkeys(Tier, 1) | {"imminent": 0}


@pytest.mark.parametrize(
    ("late_min", "rank"), [(-60, 3), (0, 3), (119, 3), (120, 2), (240, 1), (100_000, 1)]
)
def test_under_a_strict_policy_whoever_is_late_moves_up_but_never_to_imminent(
    late_min: int, rank: int
) -> None:
    request = a_request(tier=Tier.ROUTINE, target_ms=NOW_MS - late_min * MIN_MS)
    assert planning.rank_of(request, NOW_MS, STRICT.planning) == rank
    never = replace(STRICT.planning, promoted_after_s=0)
    assert planning.rank_of(request, NOW_MS, never) == 3


def test_a_strict_plan_says_what_its_strictness_costs() -> None:
    requests = [a_request("R1", tier=Tier.HIGH), a_request("R2", tier=Tier.MODERATE)]
    minutes = {("T1", "R1"): 10, ("T1", "R2"): 10, ("T2", "R1"): 11, ("T2", "R2"): 110}
    situation = Situation(now_ms=NOW_MS, requests=requests, teams=by(a_team("T1"), a_team("T2")))
    put = question(situation, STRICT, roads(minutes))
    plan = solve(put.problem)
    price = price_of_strictness(put.problem, plan)
    view = plan_view(put, plan, 1, (1, 1), strict_tenths=price)
    assert view.recommendations["R1"].team == "T1"
    assert view.strictness is not None
    assert view.strictness.extra_min == price / 10 > 0
    assert view.strictness.text == (
        "Strict order: every tier is planned before the next. That costs the region"
        f" {price / 10:.1f} weighted minutes."
    )
    assert "not known yet" in plan_view(put, plan, 1, (1, 1)).strictness.text
    assert planned(requests=requests).strictness is None


@pytest.mark.parametrize(("eta_min", "asks"), [(29, False), (31, True)])
def test_ems_is_asked_for_when_no_team_reaches_an_imminent_person_in_time(
    eta_min: int, asks: bool
) -> None:
    request = a_request(tier=Tier.IMMINENT, target_ms=NOW_MS + 30 * MIN_MS)
    best = recommended(request, {("T1", "R1"): eta_min}, teams=by(a_team()))
    assert best.ems_now is asks


def test_ems_is_asked_for_when_there_is_no_team_at_all() -> None:
    assert recommended(a_request(tier=Tier.IMMINENT)).ems_now is True
    assert recommended(a_request(tier=Tier.HIGH)).ems_now is False


def test_insurance_residency_and_immigration_are_inputs_nowhere() -> None:
    forbidden = ("insur", "resid", "immigra", "payer", "citizen", "medicaid")
    known = [
        field.name for kind in (CrisisRequest, Needs, Situation, Custody) for field in fields(kind)
    ]
    words = [word for word in RULES.vocabulary.words if word != "residential_crisis"]
    assert not [name for name in (*known, *words) if any(part in name for part in forbidden)]


def test_before_the_ride_of_a_minor_escort_and_consent_are_asked_for() -> None:
    request = riding(words={"adolescent", "voluntary"})
    given = {
        "teams": by(a_team()),
        "vans": by(a_van()),
        "pools": by(a_pool(takes=("adolescent", "voluntary"))),
    }
    assert recommended(request, **given).warnings == [
        "Before the ride: a minor needs an escort: record who rides along."
    ]
    escorted = replace(request, guardianship=Guardianship(Consent.REFUSED, Escort.GUARDIAN))
    assert recommended(escorted, **given).warnings == [
        "Before the ride: the guardian's consent is missing."
    ]
    consent = replace(request, guardianship=Guardianship(Consent.GIVEN, Escort.GUARDIAN))
    assert recommended(consent, **given).warnings == []
    assert recommended(consent, **given | {"vans": by(a_van(seats=1))}).van is None
    slot = waiting(need=Need.NEEDED, slot=True, team=False, words={"adolescent"})
    assert recommended(slot, slots=by(a_slot(takes=("adolescent",)))).warnings == []


def test_a_language_that_is_a_must_keeps_other_teams_away_and_says_so() -> None:
    request = a_request(words={"lang_es", "language_required"})
    teams = [a_team("T1"), a_team("T2", offers=("interpreter",))]
    best = recommended(request, {("T1", "R1"): 1}, teams=by(*teams))
    assert best.team == "T2"
    assert best.warnings == ["Nobody in Team T2 speaks Spanish: it brings an interpreter."]
    alone = recommended(request, teams=by(teams[0]))
    assert [told.text for told in alone.unserved] == [
        "1 team: does not speak Spanish and brings no interpreter"
    ]


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


NEEDS = st.sampled_from([Need.NONE, Need.POSSIBLE, Need.NEEDED])
TRANSPORTERS = st.frozensets(st.sampled_from(list(Transporter)))
WORDS = st.frozensets(
    st.sampled_from(["adult", "child", "voluntary", "wheelchair", "lang_es", "therapist"])
)


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    def some(make: Any, prefix: str, **given: Any) -> dict[str, Any]:
        count = draw(st.integers(0, 3))
        return by(
            *(
                make(f"{prefix}{k}", **{name: draw(value) for name, value in given.items()})
                for k in range(count)
            )
        )

    words = WORDS.map(lambda chosen: tuple(sorted(chosen)))
    told = st.integers(NOW_MS - 2000 * MIN_MS, NOW_MS)
    requests = [
        replace(
            waiting(
                custody=draw(
                    st.none()
                    | TRANSPORTERS.map(
                        lambda may: Custody(
                            LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, may, NOW_MS
                        )
                    )
                ),
                excluded_teams=draw(st.frozensets(st.sampled_from(["T0", "T1"]))),
                excluded_facilities=draw(st.frozensets(st.sampled_from(["F-P0", "F-S0"]))),
                need=draw(NEEDS),
                van=draw(NEEDS),
                team=draw(st.booleans()),
                words=draw(WORDS),
                tier=draw(st.sampled_from(list(Tier))),
                slot=draw(st.booleans()),
                opened_ms=NOW_MS - draw(st.integers(0, 600)) * MIN_MS,
            ),
            id=f"R{k}",
        )
        for k in range(draw(st.integers(0, 3)))
    ]
    return {
        "requests": requests,
        "teams": some(
            a_team,
            "T",
            offers=words,
            seats=st.integers(0, 2),
            request=st.sampled_from([None, None, "R9"]),
        ),
        "vans": some(
            a_van,
            "V",
            offers=words,
            seats=st.integers(0, 3),
            request=st.sampled_from([None, None, "R9"]),
        ),
        "pools": some(
            a_pool,
            "P",
            takes=words.map(lambda known: (*known, "involuntary")),
            free=st.integers(0, 2),
            deficit=st.sampled_from([0, 0, 1]),
            paused=st.booleans(),
            updated_ms=told,
            confirmed_ms=st.just(0),
        ),
        "slots": some(a_slot, "S", takes=words, mode=st.sampled_from(["in_person", "telehealth"])),
    }


@settings(max_examples=60, deadline=None)
@given(situations(), st.integers(0, 150))
def test_every_plan_passes_the_checker_and_keeps_to_what_was_declared(
    given_: dict[str, Any], default_min: int
) -> None:
    situation = Situation(now_ms=NOW_MS, **given_)
    put = question(situation, RULES, roads({}, default_min))
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    view = plan_view(put, plan, 1, (1, 1))
    for request in situation.requests:
        best = view.recommendations[request.id]
        place = situation.pools.get(best.pool or "")
        if place is not None:
            asked_for = request.needs.words & {"adult", "child", "voluntary", "wheelchair"}
            assert asked_for <= set(place.takes)
            assert not place.paused
        if best.team is not None:
            crew = request.needs.words & {"therapist"}
            assert crew <= set(situation.teams[best.team].offers)
        if request.needs.place is not Need.NEEDED:
            assert best.van is None
            assert best.bundle.place is None
    assert SELF == "self"


@settings(max_examples=25, deadline=None)
@given(situations(), st.integers(0, 150), st.booleans())
def test_what_must_never_happen_happens_in_no_plan(
    given_: dict[str, Any], default_min: int, strict: bool
) -> None:
    """Overcommitted places give nothing, nobody is diverted, nobody who declined is asked again,
    vans are shared by nobody, custody binds the driver, an old count is called, and a credential
    that has lapsed leaves nobody alone."""
    situation = Situation(now_ms=NOW_MS, **given_)
    rules = STRICT if strict else RULES
    put = question(situation, rules, roads({}, default_min))
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    best = plan_view(put, plan, 1, (1, 1)).recommendations
    for request in situation.requests:
        one = best[request.id]
        pool, slot = (situation.pools.get(one.pool or ""), situation.slots.get(one.slot or ""))
        if pool is not None:
            assert not pool.overcommitted
            assert not pool.paused
            assert pool.facility not in request.excluded_facilities
            old = planning.must_be_called(pool, NOW_MS, rules)
            assert one.call_to_confirm is old
        assert slot is None or slot.provider not in request.excluded_facilities
        assert one.team not in request.excluded_teams
        units = [situation.teams.get(one.team or ""), situation.vans.get(one.van or "")]
        assert all(unit is None or unit.request is None for unit in units)
        if request.custody is not None and one.van is not None:
            driver = Transporter.TEAM if one.van == "self" else Transporter.VAN
            assert driver in request.custody.transport_by
    vans = [one.van for one in best.values() if one.van not in (None, "self")]
    assert len(vans) == len(set(vans))
    lapsed = replace(situation, lapsed=dict.fromkeys(situation.teams, ("therapist",)))
    anyway = solve(question(lapsed, rules, roads({}, default_min)).problem)
    left = [reason for one in anyway.assignments for reason in one.reasons]
    assert not [reason for reason in left if (reason.part, reason.fault) == ("team", "unfit")]
