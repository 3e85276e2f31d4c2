"""The life of a crisis request as one table: state × event → state.

Each entry says who may do it, which rules must hold, what becomes of team, van and place, and
what the units are doing afterwards. A pair that is not in the table cannot happen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dispatch.errors import NotAllowed, NotYours, WrongState
from dispatch.request import CrisisRequest
from dispatch.rules import (
    Rule,
    facility_has_accepted,
    minor_is_accompanied,
    place_is_claimed,
    transporter_is_authorised,
)
from dispatch.words import OPEN, Event, Role, State, UnitState


class Effect(StrEnum):
    """What a transition does to the resources of the request."""

    CLAIM_CREW = "claim_crew"  # the team, and the van where the need is certain
    CLAIM_PLACE = "claim_place"  # the bed or slot, where the need is certain
    FREE_TEAM = "free_team"
    FREE_TEAM_UNLESS_RIDING = "free_team_unless_riding"  # stays if it drives or escorts
    FREE_VAN = "free_van"
    FREE_PLACE = "free_place"
    OCCUPY_PLACE = "occupy_place"  # reserved → occupied


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry: `units` is what team and van do from now on, None leaves it."""

    to: State
    who: frozenset[Role]
    effects: tuple[Effect, ...] = ()
    team: UnitState | None = None
    van: UnitState | None = None
    rules: tuple[Rule, ...] = ()


DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
CREW = DESK | {Role.FIELD}
PLACE = DESK | {Role.FACILITY}
PLANNER = frozenset({Role.SYSTEM})
ANYONE_HERE = CREW | PLACE

FREE_ALL = (Effect.FREE_TEAM, Effect.FREE_VAN, Effect.FREE_PLACE)
TO_DRIVE = (
    place_is_claimed,
    facility_has_accepted,
    transporter_is_authorised,
    minor_is_accompanied,
)

Table = dict[tuple[State, Event], Transition]
S, E, U = State, Event, UnitState


def _from(states: Iterable[State], event: Event, transition: Transition) -> Table:
    return {(state, event): transition for state in states}


def _staying(
    states: Iterable[State], event: Event, who: frozenset[Role], *effects: Effect
) -> Table:
    return {(state, event): Transition(state, who, effects) for state in states}


WAITING_STATES = (S.REQUESTED, S.RECOMMENDED)
UNTIL_SCENE = (S.ACCEPTED, S.ACKNOWLEDGED, S.EN_ROUTE)
WITH_PLACE = (*UNTIL_SCENE, S.ON_SCENE, S.TRANSPORTING, S.ARRIVED)

TABLE: Table = {
    # The planner shows or withdraws a recommendation; nothing is claimed by that.
    (S.REQUESTED, E.RECOMMEND): Transition(S.RECOMMENDED, PLANNER),
    (S.RECOMMENDED, E.WITHDRAW_RECOMMENDATION): Transition(S.REQUESTED, PLANNER),
    # What is known changes at any time while the request is open.
    **_staying(sorted(OPEN), E.TRIAGE, CREW),
    # A person at the desk accepts: all that is certainly needed is claimed, or nothing.
    **_from(
        WAITING_STATES,
        E.ACCEPT,
        Transition(
            S.ACCEPTED,
            DESK,
            (Effect.CLAIM_CREW, Effect.CLAIM_PLACE),
            team=U.DISPATCHED,
            van=U.DISPATCHED,
        ),
    ),
    # A person takes team or van away for somebody else: never the planner.
    **_from(
        UNTIL_SCENE,
        E.DIVERT,
        Transition(S.REQUESTED, DESK, FREE_ALL, team=U.AVAILABLE, van=U.AVAILABLE),
    ),
    # The crew answers.
    (S.ACCEPTED, E.CREW_ACKNOWLEDGE): Transition(S.ACKNOWLEDGED, CREW),
    **_from(
        UNTIL_SCENE,
        E.CREW_DECLINE,
        Transition(S.REQUESTED, CREW, FREE_ALL, team=U.AVAILABLE, van=U.AVAILABLE),
    ),
    # The facility answers. A crew that is underway carries on while another place is asked.
    **_staying(WITH_PLACE, E.FACILITY_ACCEPT, PLACE),
    **_staying(WITH_PLACE, E.FACILITY_DECLINE, PLACE, Effect.FREE_PLACE),
    **_from(
        UNTIL_SCENE,
        E.FACILITY_DECLINE_WITHOUT_CREW,
        Transition(S.REQUESTED, PLACE, FREE_ALL, van=U.AVAILABLE),
    ),
    # After its assessment the team asks for the place (and the van) that was only possible.
    **_staying(WITH_PLACE, E.ASK_PLACE, CREW, Effect.CLAIM_PLACE),
    # The crew carries it out.
    **_from((S.ACCEPTED, S.ACKNOWLEDGED), E.DEPART, Transition(S.EN_ROUTE, CREW, team=U.EN_ROUTE)),
    **_from(UNTIL_SCENE, E.REACH_PERSON, Transition(S.ON_SCENE, CREW, team=U.ON_SCENE)),
    **_from(
        (S.ON_SCENE, S.ARRIVED),
        E.LEAVE_WITH_PERSON,
        Transition(
            S.TRANSPORTING,
            CREW,
            (Effect.FREE_TEAM_UNLESS_RIDING,),
            team=U.TRANSPORTING,
            van=U.TRANSPORTING,
            rules=TO_DRIVE,
        ),
    ),
    (S.TRANSPORTING, E.REACH_PLACE): Transition(
        S.ARRIVED, ANYONE_HERE, team=U.AT_FACILITY, van=U.AT_FACILITY
    ),
    **_from(
        (S.TRANSPORTING, S.ARRIVED),
        E.HAND_OVER_PERSON,
        Transition(
            S.HANDED_OVER,
            ANYONE_HERE,
            (Effect.OCCUPY_PLACE, Effect.FREE_TEAM, Effect.FREE_VAN),
            team=U.CLEARING,
            van=U.CLEARING,
            rules=(place_is_claimed,),
        ),
    ),
    # The ends that are not a place.
    (S.ON_SCENE, E.RESOLVE_ON_SCENE): Transition(
        S.RESOLVED_ON_SCENE, CREW, FREE_ALL, team=U.CLEARING, van=U.AVAILABLE
    ),
    **_from(
        (*WAITING_STATES, *UNTIL_SCENE),
        E.RESOLVE_BY_PHONE,
        Transition(S.RESOLVED_BY_PHONE, DESK, FREE_ALL, team=U.AVAILABLE, van=U.AVAILABLE),
    ),
    **_from(
        (*WAITING_STATES, *UNTIL_SCENE),
        E.HAND_OVER_TO_EMS,
        Transition(S.EMS_HANDED_OVER, CREW, FREE_ALL, team=U.AVAILABLE, van=U.AVAILABLE),
    ),
    **_from(
        (S.ON_SCENE, S.TRANSPORTING, S.ARRIVED),
        E.HAND_OVER_TO_EMS,
        Transition(S.EMS_HANDED_OVER, CREW, FREE_ALL, team=U.CLEARING, van=U.CLEARING),
    ),
    **_from(
        (*WAITING_STATES, *UNTIL_SCENE),
        E.PERSON_REFUSES,
        Transition(S.PERSON_REFUSED, CREW, FREE_ALL, team=U.AVAILABLE, van=U.AVAILABLE),
    ),
    **_from(
        (S.ON_SCENE, S.TRANSPORTING, S.ARRIVED),
        E.PERSON_REFUSES,
        Transition(S.PERSON_REFUSED, CREW, FREE_ALL, team=U.CLEARING, van=U.CLEARING),
    ),
    **_from(
        (*WAITING_STATES, *UNTIL_SCENE, S.ON_SCENE),
        E.NOT_LOCATED,
        Transition(S.COULD_NOT_LOCATE, CREW, FREE_ALL, team=U.CLEARING, van=U.AVAILABLE),
    ),
    # Nobody is cancelled out of a moving vehicle.
    **_from(
        (*WAITING_STATES, *UNTIL_SCENE, S.ON_SCENE),
        E.CANCEL,
        Transition(S.CANCELLED, DESK, FREE_ALL, team=U.CLEARING, van=U.AVAILABLE),
    ),
}


def transition(request: CrisisRequest, event: Event, role: Role) -> Transition:
    """The entry for this event, if the role may do it and every rule holds.

    Raises WrongState, NotYours or NotAllowed.
    """
    entry = TABLE.get((request.state, event))
    if entry is None:
        raise WrongState(request.state.value, event.value)
    if role not in entry.who:
        raise NotYours(f"a {role.value} may not {event.value.replace('_', ' ')}")
    for rule in entry.rules:
        if why_not := rule(request):
            raise NotAllowed(rule.__name__, why_not)
    return entry
