"""The transition table against a second one, written apart: every pair is allowed or refused."""

from dataclasses import replace
from itertools import product

import pytest

from dispatch.errors import NotAllowed, NotYours, WrongState
from dispatch.request import SELF, Bundle, Custody, Guardianship, Needs
from dispatch.transitions import TABLE, Effect, transition
from dispatch.words import (
    ENDED,
    OPEN,
    Consent,
    Custodian,
    Escort,
    Event,
    FacilityAnswer,
    LegalBasis,
    Role,
    State,
    Transporter,
)
from tests.dispatch.conftest import a_request

LETTERS = {
    "q": State.REQUESTED,
    "r": State.RECOMMENDED,
    "a": State.ACCEPTED,
    "k": State.ACKNOWLEDGED,
    "e": State.EN_ROUTE,
    "s": State.ON_SCENE,
    "t": State.TRANSPORTING,
    "v": State.ARRIVED,
    "H": State.HANDED_OVER,
    "S": State.RESOLVED_ON_SCENE,
    "P": State.RESOLVED_BY_PHONE,
    "E": State.EMS_HANDED_OVER,
    "R": State.PERSON_REFUSED,
    "L": State.COULD_NOT_LOCATE,
    "C": State.CANCELLED,
}
# One column a state, in the order of the heading; the letter is where the event leads, `.` nowhere.
HEADING = "qrakestv"
LEADS_TO = {
    Event.RECOMMEND: "r.......",
    Event.WITHDRAW_RECOMMENDATION: ".q......",
    Event.TRIAGE: "qrakestv",
    Event.ACCEPT: "aa......",
    Event.TAKE_BACK: "..q.....",
    Event.DIVERT: "..qqq...",
    Event.ASK_PLACE: "..akestv",
    Event.CREW_ACKNOWLEDGE: "..k.....",
    Event.CREW_DECLINE: "..qqq...",
    Event.FACILITY_ACCEPT: "..akestv",
    Event.FACILITY_DECLINE: "..akestv",
    Event.FACILITY_DECLINE_WITHOUT_CREW: "..qqq...",
    Event.DEPART: "..ee....",
    Event.REACH_PERSON: "..sss...",
    Event.ALL_WELL: ".....s..",
    Event.LEAVE_WITH_PERSON: ".....t.t",
    Event.REACH_PLACE: "......v.",
    Event.HAND_OVER_PERSON: "......HH",
    Event.RESOLVE_ON_SCENE: ".....S..",
    Event.RESOLVE_BY_PHONE: "PPPPP...",
    Event.HAND_OVER_TO_EMS: "EEEEEEEE",
    Event.PERSON_REFUSES: "RRRRRRRR",
    Event.NOT_LOCATED: "LLLLLL..",
    Event.JOIN: "CCCCC...",
    Event.CANCEL: "CCCCCC..",
}
DESK = {Role.DISPATCHER, Role.SUPERVISOR}
CREW, PLACE = DESK | {Role.FIELD}, DESK | {Role.FACILITY}
MAY = {
    Event.RECOMMEND: {Role.SYSTEM},
    Event.WITHDRAW_RECOMMENDATION: {Role.SYSTEM},
    Event.TRIAGE: CREW,
    Event.ACCEPT: DESK,
    Event.TAKE_BACK: DESK,
    Event.DIVERT: DESK,
    Event.ASK_PLACE: CREW | {Role.SYSTEM},
    Event.CREW_ACKNOWLEDGE: CREW,
    Event.CREW_DECLINE: CREW,
    Event.FACILITY_ACCEPT: PLACE,
    Event.FACILITY_DECLINE: PLACE,
    Event.FACILITY_DECLINE_WITHOUT_CREW: PLACE,
    Event.DEPART: CREW,
    Event.REACH_PERSON: CREW,
    Event.ALL_WELL: CREW,
    Event.LEAVE_WITH_PERSON: CREW,
    Event.REACH_PLACE: CREW | PLACE,
    Event.HAND_OVER_PERSON: CREW | PLACE,
    Event.RESOLVE_ON_SCENE: CREW,
    Event.RESOLVE_BY_PHONE: DESK,
    Event.HAND_OVER_TO_EMS: CREW,
    Event.PERSON_REFUSES: CREW,
    Event.NOT_LOCATED: CREW,
    Event.JOIN: DESK,
    Event.CANCEL: DESK,
}
READY = {
    "plan": Bundle(team="t-1", van=SELF, pool="p-1"),
    "held": Bundle(team="t-1", pool="p-1"),
    "facility_answer": FacilityAnswer.ACCEPTED,
}


def leads_to(state: State, event: Event) -> State | None:
    letter = next((letter for letter, named in LETTERS.items() if named is state), "")
    if letter not in HEADING:
        return None
    return LETTERS.get(LEADS_TO[event][HEADING.index(letter)])


@pytest.mark.parametrize(("state", "event"), list(product(State, Event)))
def test_each_pair_of_state_and_event_is_allowed_or_refused_as_written(
    state: State, event: Event
) -> None:
    expected = leads_to(state, event)
    role = sorted(MAY[event])[0]
    if expected is None:
        with pytest.raises(WrongState):
            transition(a_request(state, **READY), event, role)
    else:
        assert transition(a_request(state, **READY), event, role).to is expected


@pytest.mark.parametrize(("pair", "role"), list(product(sorted(TABLE), Role)))
def test_each_event_is_for_its_roles_only(pair: tuple[State, Event], role: Role) -> None:
    state, event = pair
    if role in MAY[event]:
        transition(a_request(state, **READY), event, role)
    else:
        with pytest.raises(NotYours):
            transition(a_request(state, **READY), event, role)


def test_an_ended_request_stays_ended() -> None:
    assert not [pair for pair in TABLE if pair[0] in ENDED]


def test_every_end_frees_or_occupies_all_that_was_claimed() -> None:
    for entry in TABLE.values():
        if entry.to in ENDED:
            assert {Effect.FREE_TEAM, Effect.FREE_VAN} <= set(entry.effects)
            assert {Effect.FREE_PLACE, Effect.OCCUPY_PLACE} & set(entry.effects)


def test_every_open_state_can_reach_an_end() -> None:
    reaches = {state for (state, _), entry in TABLE.items() if entry.to in ENDED}
    assert reaches == OPEN


def test_the_planner_can_move_no_person_and_no_unit() -> None:
    planned = {event for (_, event), entry in TABLE.items() if Role.SYSTEM in entry.who}
    assert planned == {Event.RECOMMEND, Event.WITHDRAW_RECOMMENDATION, Event.ASK_PLACE}


def leave(**changes: object) -> None:
    transition(a_request(State.ON_SCENE, **(READY | changes)), Event.LEAVE_WITH_PERSON, Role.FIELD)


CUSTODY = Custody(
    basis=LegalBasis.OFFICER_HOLD,
    custodian=Custodian.LAW_ENFORCEMENT,
    transport_by=frozenset({Transporter.TEAM}),
    since_ms=0,
)


def test_a_voluntary_person_may_be_driven_before_the_facility_has_answered() -> None:
    leave(facility_answer=FacilityAnswer.ASKED)


@pytest.mark.parametrize("answer", [None, FacilityAnswer.ASKED, FacilityAnswer.DECLINED])
def test_nobody_is_driven_to_an_involuntary_place_before_the_facility_has_accepted(
    answer: FacilityAnswer | None,
) -> None:
    with pytest.raises(NotAllowed) as refused:
        leave(custody=CUSTODY, facility_answer=answer)
    assert refused.value.rule == "facility_has_accepted"


def test_nobody_is_driven_to_a_secure_place_before_the_facility_has_accepted() -> None:
    secure = Needs(words=frozenset({"adult", "secure"}))
    with pytest.raises(NotAllowed) as refused:
        leave(needs=secure, facility_answer=FacilityAnswer.ASKED)
    assert refused.value.rule == "facility_has_accepted"
    leave(needs=secure)


def test_an_involuntary_person_needs_a_legal_basis_to_be_driven() -> None:
    with pytest.raises(NotAllowed) as refused:
        leave(needs=Needs(words=frozenset({"adult", "involuntary"})))
    assert refused.value.rule == "transporter_is_authorised"


def test_a_secure_van_is_no_authority_to_drive_an_involuntary_person() -> None:
    by_van = Bundle(team="t-1", van="v-1", pool="p-1")
    with pytest.raises(NotAllowed) as refused:
        leave(custody=CUSTODY, plan=by_van, held=by_van)
    assert refused.value.rule == "transporter_is_authorised"
    leave(custody=CUSTODY)


def test_a_van_that_was_only_planned_does_not_drive() -> None:
    leave(custody=CUSTODY, plan=Bundle(team="t-1", van="v-1", pool="p-1"))


def test_without_team_and_van_only_police_or_ems_may_drive_an_involuntary_person() -> None:
    alone = Bundle(pool="p-1")
    with pytest.raises(NotAllowed):
        leave(custody=CUSTODY, plan=alone, held=alone)
    by_police = replace(CUSTODY, transport_by=frozenset({Transporter.LAW_ENFORCEMENT}))
    leave(custody=by_police, plan=alone, held=alone)


def test_nobody_is_driven_without_a_claimed_place() -> None:
    with pytest.raises(NotAllowed) as refused:
        leave(held=Bundle(team="t-1"))
    assert refused.value.rule == "place_is_claimed"


@pytest.mark.parametrize(
    "guardianship",
    [
        None,
        Guardianship(Consent.GIVEN, None),
        Guardianship(Consent.NOT_REACHED, Escort.CREW),
        Guardianship(Consent.REFUSED, Escort.GUARDIAN),
    ],
)
def test_a_minor_is_not_driven_without_consent_and_escort(
    guardianship: Guardianship | None,
) -> None:
    with pytest.raises(NotAllowed) as refused:
        leave(needs=Needs(words=frozenset({"child"})), guardianship=guardianship)
    assert refused.value.rule == "minor_is_accompanied"


@pytest.mark.parametrize("consent", [Consent.GIVEN, Consent.EMERGENCY])
def test_a_minor_is_driven_with_an_escort_and_consent_or_in_an_emergency(consent: Consent) -> None:
    guardianship = Guardianship(consent, Escort.GUARDIAN)
    leave(needs=Needs(words=frozenset({"adolescent"})), guardianship=guardianship)


def test_an_involuntary_persons_refusal_does_not_end_the_request() -> None:
    held = a_request(State.ON_SCENE, custody=CUSTODY)
    with pytest.raises(NotAllowed) as refused:
        transition(held, Event.PERSON_REFUSES, Role.FIELD)
    assert refused.value.rule == "person_may_refuse"
