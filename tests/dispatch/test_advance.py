"""What each event does to the request and tells the registry to do."""

from dataclasses import replace

import pytest

from dispatch.advance import advance
from dispatch.policy import Policy
from dispatch.request import SELF, Bundle, CrisisRequest, Guardianship, Needs
from dispatch.words import (
    Clock,
    Consent,
    CrewAnswer,
    Escort,
    Event,
    FacilityAnswer,
    Need,
    Rescue,
    Role,
    State,
    Tier,
)
from registry.port import Claim, Free, Occupy, Status
from registry.states import UnitStatus
from tests.dispatch.conftest import T0_MS, a_request

NOW_MS = T0_MS + 60_000
ALL = Bundle(team="t-1", van="v-1", pool="p-1")
CERTAIN = Needs(words=frozenset({"adult"}), place=Need.NEEDED, van=Need.NEEDED)


def after(
    policy: Policy, request: CrisisRequest, event: Event, role: Role = Role.DISPATCHER
) -> tuple[CrisisRequest, tuple[object, ...]]:
    moved = advance(request, event, role, NOW_MS, policy.clocks)
    assert moved.request.version == request.version + 1
    return moved.request, moved.effects


def test_accepting_claims_team_van_and_bed_where_they_are_certainly_needed(policy: Policy) -> None:
    request, effects = after(policy, a_request(plan=ALL, needs=CERTAIN), Event.ACCEPT)
    assert request.held == ALL
    assert effects == (
        Claim("team", "t-1", "r-1"),
        Status("team", "t-1", UnitStatus.DISPATCHED),
        Claim("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.DISPATCHED),
        Claim("pool", "p-1", "r-1"),
    )


def test_a_possible_need_claims_nothing(policy: Policy) -> None:
    possible = replace(CERTAIN, place=Need.POSSIBLE, van=Need.POSSIBLE)
    request, effects = after(policy, a_request(plan=ALL, needs=possible), Event.ACCEPT)
    assert request.held == Bundle(team="t-1")
    assert [effect.id for effect in effects if isinstance(effect, Claim)] == ["t-1"]
    assert request.facility_answer is None


def test_a_team_that_drives_itself_claims_no_van(policy: Policy) -> None:
    plan = replace(ALL, van=SELF)
    request, _ = after(policy, a_request(plan=plan, needs=CERTAIN), Event.ACCEPT)
    assert request.held == Bundle(team="t-1", pool="p-1")
    assert request.self_transport


def test_accepting_asks_crew_and_facility_and_starts_their_clocks(policy: Policy) -> None:
    request, _ = after(policy, a_request(plan=ALL, needs=CERTAIN), Event.ACCEPT)
    assert request.crew_answer is CrewAnswer.ASKED
    assert request.crew_due_ms == NOW_MS + policy.clocks.crew_answer_s * 1000
    assert request.facility_answer is FacilityAnswer.ASKED
    assert request.answer_due_ms == NOW_MS + policy.clocks.facility_answer_s * 1000


def test_asking_for_the_place_later_claims_place_and_van_and_asks_the_facility(
    policy: Policy,
) -> None:
    there = a_request(State.ON_SCENE, plan=ALL, held=Bundle(team="t-1"), needs=CERTAIN)
    request, effects = after(policy, there, Event.ASK_PLACE, Role.FIELD)
    assert request.held == ALL
    assert effects == (
        Claim("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.DISPATCHED),
        Claim("pool", "p-1", "r-1"),
    )
    assert request.facility_answer is FacilityAnswer.ASKED


def test_another_place_frees_the_first(policy: Policy) -> None:
    there = a_request(State.ON_SCENE, plan=replace(ALL, pool="p-2"), held=ALL, needs=CERTAIN)
    request, effects = after(policy, there, Event.ASK_PLACE)
    assert request.held.pool == "p-2"
    assert effects == (Free("pool", "p-1", "r-1"), Claim("pool", "p-2", "r-1"))


def test_a_crew_that_declines_gives_everything_back(policy: Policy) -> None:
    accepted = a_request(
        State.ACCEPTED,
        plan=ALL,
        held=ALL,
        needs=CERTAIN,
        facility="f-1",
        facility_answer=FacilityAnswer.ASKED,
        overdue=frozenset({Clock.CREW_ANSWER, Clock.ARRIVAL}),
    )
    request, effects = after(policy, accepted, Event.CREW_DECLINE, Role.FIELD)
    assert (request.state, request.held, request.plan) == (State.REQUESTED, Bundle(), Bundle())
    assert request.facility is None
    assert request.facility_answer is None
    assert request.overdue == {Clock.ARRIVAL}
    assert effects == (
        Free("team", "t-1", "r-1"),
        Status("team", "t-1", UnitStatus.AVAILABLE),
        Free("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.AVAILABLE),
        Free("pool", "p-1", "r-1"),
    )


def test_a_facility_that_declines_frees_the_bed_and_the_crew_goes_on(policy: Policy) -> None:
    under_way = a_request(State.EN_ROUTE, plan=ALL, held=ALL, needs=CERTAIN)
    request, effects = after(policy, under_way, Event.FACILITY_DECLINE, Role.FACILITY)
    assert request.state is State.EN_ROUTE
    assert request.held == Bundle(team="t-1", van="v-1")
    assert request.needs_place_now
    assert request.place_wanted_ms == NOW_MS
    assert effects == (Free("pool", "p-1", "r-1"),)


def test_a_place_that_is_claimed_ends_the_search_for_one(policy: Policy) -> None:
    searching = a_request(
        State.ON_SCENE,
        plan=ALL,
        held=Bundle(team="t-1"),
        needs=CERTAIN,
        place_wanted_ms=T0_MS,
        overdue=frozenset({Clock.PLACE}),
    )
    known, _ = after(policy, searching, Event.TRIAGE)
    assert (known.place_wanted_ms, known.overdue) == (T0_MS, {Clock.PLACE})
    found, _ = after(policy, searching, Event.ASK_PLACE)
    assert (found.place_wanted_ms, found.overdue) == (None, frozenset())


def test_a_van_that_drives_lets_the_team_go(policy: Policy) -> None:
    there = a_request(
        State.ON_SCENE,
        plan=ALL,
        held=ALL,
        needs=CERTAIN,
        facility_answer=FacilityAnswer.ACCEPTED,
    )
    request, effects = after(policy, there, Event.LEAVE_WITH_PERSON, Role.FIELD)
    assert request.held == Bundle(van="v-1", pool="p-1")
    assert effects == (
        Free("team", "t-1", "r-1"),
        Status("team", "t-1", UnitStatus.CLEARING),
        Status("van", "v-1", UnitStatus.TRANSPORTING),
    )


@pytest.mark.parametrize("van", [SELF, "v-1"])
def test_a_team_that_drives_or_escorts_rides_along(policy: Policy, van: str) -> None:
    escort = Guardianship(Consent.GIVEN, Escort.CREW) if van == "v-1" else None
    there = a_request(
        State.ON_SCENE,
        plan=replace(ALL, van=van),
        held=replace(ALL, van=None if van == SELF else van),
        needs=replace(CERTAIN, words=frozenset({"adolescent" if escort else "adult"})),
        guardianship=escort,
    )
    request, effects = after(policy, there, Event.LEAVE_WITH_PERSON, Role.FIELD)
    assert request.held.team == "t-1"
    assert Status("team", "t-1", UnitStatus.TRANSPORTING) in effects


def test_where_no_team_goes_the_van_is_the_crew(policy: Policy) -> None:
    ride = Bundle(van="v-1", pool="p-1")
    accepted = a_request(State.ACCEPTED, plan=ride, held=ride, needs=CERTAIN)
    _, effects = after(policy, accepted, Event.DEPART, Role.FIELD)
    assert effects == (Status("van", "v-1", UnitStatus.EN_ROUTE),)


def test_a_person_handed_over_occupies_the_bed_and_the_crew_is_clearing(policy: Policy) -> None:
    arrived = a_request(State.ARRIVED, plan=ALL, held=ALL, needs=CERTAIN)
    request, effects = after(policy, arrived, Event.HAND_OVER_PERSON, Role.FACILITY)
    assert request.held == Bundle()
    assert request.ended_ms == NOW_MS
    assert effects == (
        Occupy("p-1", "r-1"),
        Free("team", "t-1", "r-1"),
        Status("team", "t-1", UnitStatus.CLEARING),
        Free("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.CLEARING),
    )


def test_a_slot_stays_booked_when_the_person_is_handed_over(policy: Policy) -> None:
    visit = Bundle(team="t-1", van=SELF, slot="s-1")
    arrived = a_request(State.ARRIVED, plan=visit, held=replace(visit, van=None), needs=CERTAIN)
    request, effects = after(policy, arrived, Event.HAND_OVER_PERSON)
    assert request.held == Bundle(slot="s-1")
    assert not [effect for effect in effects if getattr(effect, "kind", "") == "slot"]


def test_reaching_the_person_ends_the_arrival_clock_and_is_an_acknowledgement(
    policy: Policy,
) -> None:
    silent = a_request(
        State.ACCEPTED,
        plan=ALL,
        held=Bundle(team="t-1"),
        crew_answer=CrewAnswer.ASKED,
        overdue=frozenset({Clock.ARRIVAL, Clock.CREW_ANSWER}),
    )
    request, _ = after(policy, silent, Event.REACH_PERSON, Role.FIELD)
    assert request.reached_ms == NOW_MS
    assert request.crew_answer is CrewAnswer.ACKNOWLEDGED
    assert request.overdue == frozenset()


def test_an_imminent_person_handed_to_ems_opens_the_rescue_loop_with_an_owner(
    policy: Policy,
) -> None:
    request, _ = after(policy, a_request(tier=Tier.IMMINENT), Event.HAND_OVER_TO_EMS)
    assert request.rescue is Rescue.OPEN
    assert request.rescue_owner == "dana"
    assert request.rescue_due_ms == NOW_MS + policy.clocks.rescue_s * 1000


def test_a_place_that_turns_out_not_to_be_needed_is_given_back(policy: Policy) -> None:
    calmer = a_request(
        State.ON_SCENE,
        plan=ALL,
        held=ALL,
        needs=replace(CERTAIN, place=Need.NONE, van=Need.NONE),
        facility="f-1",
        facility_answer=FacilityAnswer.ASKED,
        answer_due_ms=NOW_MS,
    )
    request, effects = after(policy, calmer, Event.TRIAGE, Role.FIELD)
    assert request.held == Bundle(team="t-1")
    assert (request.facility, request.facility_answer, request.plan.pool) == (None, None, None)
    assert effects == (
        Free("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.CLEARING),
        Free("pool", "p-1", "r-1"),
    )


def test_a_van_that_is_exchanged_on_the_way_is_available_again(policy: Policy) -> None:
    other = a_request(State.EN_ROUTE, plan=replace(ALL, van="v-2"), held=ALL, needs=CERTAIN)
    _, effects = after(policy, other, Event.ASK_PLACE)
    assert effects == (
        Free("van", "v-1", "r-1"),
        Status("van", "v-1", UnitStatus.AVAILABLE),
        Claim("van", "v-2", "r-1"),
        Status("van", "v-2", UnitStatus.DISPATCHED),
    )


def test_the_facilitys_answer_stops_its_clock(policy: Policy) -> None:
    asked = a_request(
        State.ACCEPTED,
        plan=ALL,
        held=ALL,
        needs=CERTAIN,
        facility_answer=FacilityAnswer.ASKED,
        answer_due_ms=NOW_MS,
        overdue=frozenset({Clock.FACILITY_ANSWER}),
    )
    request, effects = after(policy, asked, Event.FACILITY_ACCEPT, Role.FACILITY)
    assert (request.facility_answer, request.answer_due_ms) == (FacilityAnswer.ACCEPTED, None)
    assert request.overdue == frozenset()
    assert effects == ()
