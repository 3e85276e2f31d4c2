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
    person_may_refuse,
    place_is_claimed,
    transporter_is_authorised,
)
from dispatch.words import OPEN, Event, Role, State
from registry.states import UnitStatus


class Effect(StrEnum):
    """What a transition does to the resources of the request."""

    CLAIM_CREW = "claim_crew"  # the team, and the van where the need is certain
    CLAIM_PLACE = "claim_place"  # the bed or slot, where the need is certain
    FREE_TEAM = "free_team"
    FREE_TEAM_UNLESS_RIDING = "free_team_unless_riding"  # stays if it drives or escorts
    FREE_VAN = "free_van"
    FREE_PLACE = "free_place"
    FREE_UNNEEDED = "free_unneeded"  # place and van that turned out not to be needed
    OCCUPY_PLACE = "occupy_place"  # reserved → occupied


@dataclass(frozen=True, slots=True)
class Transition:
    """One entry. `lead` is what the team does from now on (the van, where no team goes), `van` what
    the van does; None leaves it. A unit that is freed is left in this status.
    """

    to: State
    who: frozenset[Role]
    effects: tuple[Effect, ...] = ()
    lead: UnitStatus | None = None
    van: UnitStatus | None = None
    rules: tuple[Rule, ...] = ()


DESK = frozenset({Role.DISPATCHER, Role.SUPERVISOR})
CREW = DESK | {Role.FIELD}
PLACE = DESK | {Role.FACILITY}
PLANNER = frozenset({Role.SYSTEM})

FREE_ALL = (Effect.FREE_TEAM, Effect.FREE_VAN, Effect.FREE_PLACE)
TO_DRIVE = (
    place_is_claimed,
    facility_has_accepted,
    transporter_is_authorised,
    minor_is_accompanied,
)

Table = dict[tuple[State, Event], Transition]
S, E, U = State, Event, UnitStatus

WAITING = (S.REQUESTED, S.RECOMMENDED)
UNTIL_SCENE = (S.ACCEPTED, S.ACKNOWLEDGED, S.EN_ROUTE)
WITH_PERSON = (S.ON_SCENE, S.TRANSPORTING, S.ARRIVED)
BEFORE_SCENE = (*WAITING, *UNTIL_SCENE)


def _go(states: Iterable[State], event: Event, transition: Transition) -> Table:
    return {(state, event): transition for state in states}


def _stay(states: Iterable[State], event: Event, who: frozenset[Role], *effects: Effect) -> Table:
    return {(state, event): Transition(state, who, effects) for state in states}


def _end(
    states: Iterable[State], event: Event, to: State, who: frozenset[Role], *rules: Rule
) -> Table:
    """Everything is freed; units that were with the person are clearing, the others available."""
    return {
        (state, event): Transition(to, who, FREE_ALL, left, left, rules)
        for state in states
        for left in [U.CLEARING if state in WITH_PERSON else U.AVAILABLE]
    }


TABLE: Table = {
    # The planner shows or withdraws a recommendation; nothing is claimed by that.
    **_go([S.REQUESTED], E.RECOMMEND, Transition(S.RECOMMENDED, PLANNER)),
    **_go([S.RECOMMENDED], E.WITHDRAW_RECOMMENDATION, Transition(S.REQUESTED, PLANNER)),
    # What is known changes at any time while the request is open.
    **_stay(sorted(OPEN), E.TRIAGE, CREW, Effect.FREE_UNNEEDED),
    # A person at the desk accepts: all that is certainly needed is claimed, or nothing.
    **_go(WAITING, E.ACCEPT, Transition(S.ACCEPTED, DESK, (Effect.CLAIM_CREW, Effect.CLAIM_PLACE))),
    # The crew answers.
    **_go([S.ACCEPTED], E.CREW_ACKNOWLEDGE, Transition(S.ACKNOWLEDGED, CREW)),
    **_end(UNTIL_SCENE, E.CREW_DECLINE, S.REQUESTED, CREW),
    # The desk takes a slip back before anybody has answered.
    **_end([S.ACCEPTED], E.TAKE_BACK, S.REQUESTED, DESK),
    # A person takes the team away for somebody else; the planner never does.
    **_end(UNTIL_SCENE, E.DIVERT, S.REQUESTED, DESK),
    # The facility answers. A crew that has its task carries on while another place is asked.
    **_stay((*UNTIL_SCENE, *WITH_PERSON), E.FACILITY_ACCEPT, PLACE),
    **_stay((*UNTIL_SCENE, *WITH_PERSON), E.FACILITY_DECLINE, PLACE, Effect.FREE_PLACE),
    **_end(UNTIL_SCENE, E.FACILITY_DECLINE_WITHOUT_CREW, S.REQUESTED, PLACE),
    # After its assessment the team asks for the place and the van that were only possible; when a
    # facility declines, the backup is asked by rule.
    **_stay((*UNTIL_SCENE, *WITH_PERSON), E.ASK_PLACE, CREW | PLANNER, Effect.CLAIM_PLACE),
    # The crew carries it out.
    **_go([S.ACCEPTED, S.ACKNOWLEDGED], E.DEPART, Transition(S.EN_ROUTE, CREW, lead=U.EN_ROUTE)),
    **_go(UNTIL_SCENE, E.REACH_PERSON, Transition(S.ON_SCENE, CREW, lead=U.ON_SCENE)),
    **_stay([S.ON_SCENE], E.ALL_WELL, CREW),
    **_go(
        [S.ON_SCENE, S.ARRIVED],
        E.LEAVE_WITH_PERSON,
        Transition(
            S.TRANSPORTING,
            CREW,
            (Effect.FREE_TEAM_UNLESS_RIDING,),
            lead=U.TRANSPORTING,
            van=U.TRANSPORTING,
            rules=TO_DRIVE,
        ),
    ),
    **_go(
        [S.TRANSPORTING],
        E.REACH_PLACE,
        Transition(S.ARRIVED, CREW | PLACE, lead=U.AT_FACILITY, van=U.AT_FACILITY),
    ),
    **_go(
        [S.TRANSPORTING, S.ARRIVED],
        E.HAND_OVER_PERSON,
        Transition(
            S.HANDED_OVER,
            CREW | PLACE,
            (Effect.OCCUPY_PLACE, Effect.FREE_TEAM, Effect.FREE_VAN),
            lead=U.CLEARING,
            van=U.CLEARING,
            rules=(place_is_claimed,),
        ),
    ),
    # The ends that are not a place.
    **_end([S.ON_SCENE], E.RESOLVE_ON_SCENE, S.RESOLVED_ON_SCENE, CREW),
    **_end(BEFORE_SCENE, E.RESOLVE_BY_PHONE, S.RESOLVED_BY_PHONE, DESK),
    **_end((*BEFORE_SCENE, *WITH_PERSON), E.HAND_OVER_TO_EMS, S.EMS_HANDED_OVER, CREW),
    **_end(
        (*BEFORE_SCENE, *WITH_PERSON), E.PERSON_REFUSES, S.PERSON_REFUSED, CREW, person_may_refuse
    ),
    **_end((*BEFORE_SCENE, S.ON_SCENE), E.NOT_LOCATED, S.COULD_NOT_LOCATE, CREW),
    # Nobody is cancelled or joined out of a moving vehicle.
    **_end((*BEFORE_SCENE, S.ON_SCENE), E.CANCEL, S.CANCELLED, DESK),
    **_end(BEFORE_SCENE, E.JOIN, S.CANCELLED, DESK),
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
