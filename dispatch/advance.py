"""One event on one request: the request after it, and what the registry must do for it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from dispatch.policy import Clocks
from dispatch.request import SELF, Bundle, CrisisRequest
from dispatch.transitions import WITH_PERSON, Effect, Transition, transition
from dispatch.words import (
    ENDED,
    FOLLOWED_UP,
    WAITING,
    Clock,
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
from registry.port import Effect as RegistryEffect
from registry.states import UnitStatus

CHECK_IN = frozenset({Clock.CHECK_IN, Clock.CHECK_IN_SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Advance:
    """The request after an event, and the effects for the registry, in order."""

    request: CrisisRequest
    effects: tuple[RegistryEffect, ...]


def advance(
    request: CrisisRequest,
    event: Event,
    role: Role,
    now_ms: int,
    clocks: Clocks,
    at_ms: int | None = None,
) -> Advance:
    """Let `event` happen, at `at_ms` where it is told later than it happened (else now).

    Raises WrongState, NotYours or NotAllowed.
    """
    at_ms = now_ms if at_ms is None else at_ms
    entry = transition(request, event, role)
    held = request.held
    for effect in entry.effects:
        held = HELD[effect](request, held)
    after = replace(
        request, version=request.version + 1, state=entry.to, held=held, changed_ms=now_ms
    )
    after = ANSWERS.get(event, _nothing_asked)(after, at_ms, clocks)
    # A recommendation is made now, and no step: what paper tells may well lie before it.
    if entry.to is not request.state and not {request.state, entry.to} <= WAITING:
        after = replace(after, stepped_ms=max(request.stepped_ms, at_ms))
    if entry.to is State.REQUESTED:
        after = _reopened(after)
    if entry.to in ENDED:
        after = _ended(after, at_ms, clocks)
    if entry.to is not State.ON_SCENE:
        after = _nobody_on_scene(after)
    after = _place_wanted(after, at_ms)
    return Advance(after, tuple(_effects(request, held, entry)))


def _crew(request: CrisisRequest, held: Bundle) -> Bundle:
    van = request.plan.claimed_van if request.needs.van is Need.NEEDED else None
    return replace(held, team=request.plan.team, van=van)


def _place(request: CrisisRequest, held: Bundle) -> Bundle:
    if request.needs.place is not Need.NEEDED:
        return held
    van = request.plan.claimed_van if request.needs.van is Need.NEEDED else held.van
    return replace(held, pool=request.plan.pool, slot=request.plan.slot, van=van)


def _without_team_unless_riding(request: CrisisRequest, held: Bundle) -> Bundle:
    escorts = request.guardianship is not None and request.guardianship.escort is Escort.CREW
    drives = request.plan.van == SELF or held.van is None
    return held if drives or escorts else replace(held, team=None)


def _without_unneeded(request: CrisisRequest, held: Bundle) -> Bundle:
    if request.needs.place is Need.NONE:
        held = replace(held, pool=None, slot=None)
    return replace(held, van=None) if request.needs.van is Need.NONE else held


HELD: dict[Effect, Callable[[CrisisRequest, Bundle], Bundle]] = {
    Effect.CLAIM_CREW: _crew,
    Effect.CLAIM_PLACE: _place,
    Effect.FREE_TEAM: lambda _, held: replace(held, team=None),
    Effect.FREE_TEAM_UNLESS_RIDING: _without_team_unless_riding,
    Effect.FREE_VAN: lambda _, held: replace(held, van=None),
    Effect.FREE_PLACE: lambda _, held: replace(held, pool=None, slot=None),
    Effect.FREE_UNNEEDED: _without_unneeded,
    Effect.OCCUPY_PLACE: lambda _, held: replace(held, pool=None),
}


def _effects(request: CrisisRequest, after: Bundle, entry: Transition) -> list[RegistryEffect]:
    before = request.held
    left = UnitStatus.CLEARING if entry.to in WITH_PERSON else entry.lead or UnitStatus.AVAILABLE
    changes: list[RegistryEffect] = []
    if Effect.OCCUPY_PLACE in entry.effects and before.pool:
        changes.append(Occupy(before.pool, request.id))
        before = replace(before, pool=None)
    for kind, old, new in _pairs(before, after):
        if old and old != new:
            changes.append(Free(kind, old, request.id))
            if kind in ("team", "van"):
                changes.append(Status(kind, old, left))
        if new and old != new:
            changes.append(Claim(kind, new, request.id))
            if kind in ("team", "van"):
                changes.append(Status(kind, new, UnitStatus.DISPATCHED))
    return changes + _doing(after, entry, request)


def _pairs(before: Bundle, after: Bundle) -> list[tuple[str, str | None, str | None]]:
    return [
        ("team", before.team, after.team),
        ("van", before.van, after.van),
        ("pool", before.pool, after.pool),
        ("slot", before.slot, after.slot),
    ]


def _doing(after: Bundle, entry: Transition, request: CrisisRequest) -> list[RegistryEffect]:
    """What the units that stay are doing; where no team goes, the van is the crew."""
    van = entry.van if request.held.team else entry.van or entry.lead
    doing: list[RegistryEffect] = []
    if after.team and entry.lead:
        doing.append(Status("team", after.team, entry.lead))
    if after.van and van:
        doing.append(Status("van", after.van, van))
    return doing


def _place_wanted(request: CrisisRequest, now_ms: int) -> CrisisRequest:
    """Since when a crew has its task while no place is claimed that is needed."""
    if not request.needs_place_now:
        return replace(request, place_wanted_ms=None, overdue=request.overdue - {Clock.PLACE})
    return replace(request, place_wanted_ms=request.place_wanted_ms or now_ms)


def _nothing_asked(request: CrisisRequest, _now_ms: int, _clocks: Clocks) -> CrisisRequest:
    return request


def _ask_crew(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    if not (request.held.team or request.held.van):
        return request
    return replace(
        request,
        crew_answer=CrewAnswer.ASKED,
        crew_due_ms=now_ms + clocks.crew_answer_s * 1000,
        overdue=request.overdue - {Clock.CREW_ANSWER},
    )


def _ask_facility(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    if request.held.pool is None:
        return request
    return replace(
        request,
        facility_answer=FacilityAnswer.ASKED,
        facility_by=None,
        answer_due_ms=now_ms + clocks.facility_answer_s * 1000,
        overdue=request.overdue - {Clock.FACILITY_ANSWER},
    )


def _place_unneeded(request: CrisisRequest, _now_ms: int, _clocks: Clocks) -> CrisisRequest:
    if request.needs.place is not Need.NONE or request.facility is None:
        return request
    return replace(_facility_forgotten(request), plan=replace(request.plan, pool=None, slot=None))


def _facility_forgotten(request: CrisisRequest) -> CrisisRequest:
    return replace(
        request,
        facility=None,
        facility_answer=None,
        facility_by=None,
        answer_due_ms=None,
        overdue=request.overdue - {Clock.FACILITY_ANSWER},
    )


def _ask_both(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    return _ask_facility(_ask_crew(request, now_ms, clocks), now_ms, clocks)


def _crew_answered(request: CrisisRequest, _now_ms: int, _clocks: Clocks) -> CrisisRequest:
    return replace(
        request,
        crew_answer=CrewAnswer.ACKNOWLEDGED,
        crew_due_ms=None,
        overdue=request.overdue - {Clock.CREW_ANSWER},
    )


def _reached(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    there = replace(request, reached_ms=now_ms, overdue=request.overdue - {Clock.ARRIVAL})
    return _well(_crew_answered(there, now_ms, clocks), now_ms, clocks)


def _well(request: CrisisRequest, at_ms: int, clocks: Clocks) -> CrisisRequest:
    """The crew was well at `at_ms`; an older word that comes late changes nothing."""
    if at_ms < (request.check_in_from_ms or 0):
        return request
    return replace(
        request,
        check_in_from_ms=at_ms,
        check_in_due_ms=at_ms + clocks.check_in_s * 1000,
        check_in_taken_by=None,
        overdue=request.overdue - CHECK_IN,
    )


def _nobody_on_scene(request: CrisisRequest) -> CrisisRequest:
    return replace(
        request,
        check_in_from_ms=None,
        check_in_due_ms=None,
        check_in_taken_by=None,
        overdue=request.overdue - CHECK_IN,
    )


def _facility_accepted(request: CrisisRequest, _now_ms: int, _clocks: Clocks) -> CrisisRequest:
    return replace(
        request,
        facility_answer=FacilityAnswer.ACCEPTED,
        answer_due_ms=None,
        overdue=request.overdue - {Clock.FACILITY_ANSWER},
    )


def _facility_declined(request: CrisisRequest, _now_ms: int, _clocks: Clocks) -> CrisisRequest:
    return replace(
        request,
        plan=replace(request.plan, pool=None, slot=None),
        facility_answer=FacilityAnswer.DECLINED,
        answer_due_ms=None,
        arrive_ms=None,
        overdue=request.overdue - {Clock.FACILITY_ANSWER},
    )


def _rescued_by_ems(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    """An imminent person who is handed to EMS is not done until contact is confirmed."""
    if request.tier is Tier.IMMINENT and request.rescue is None:
        return rescue_called(request, request.owner, now_ms, clocks)
    return request


def rescue_called(
    request: CrisisRequest, owner: str | None, now_ms: int, clocks: Clocks
) -> CrisisRequest:
    """The rescue loop opens: contact must be confirmed before its clock runs out."""
    return replace(
        request,
        rescue=Rescue.OPEN,
        rescue_due_ms=now_ms + clocks.rescue_s * 1000,
        rescue_owner=owner,
    )


def _reopened(request: CrisisRequest) -> CrisisRequest:
    """Back to the planner: nothing of the old plan is left but whom it excludes."""
    return replace(
        _facility_forgotten(request),
        plan=Bundle(),
        eta_ms=None,
        arrive_ms=None,
        crew_answer=None,
        crew_due_ms=None,
        overdue=request.overdue - {Clock.CREW_ANSWER, Clock.FACILITY_ANSWER},
    )


def _ended(request: CrisisRequest, now_ms: int, clocks: Clocks) -> CrisisRequest:
    """Nobody is asked any more; what is left is a rescue, and the follow-up of the person."""
    crew_asked = request.crew_answer is CrewAnswer.ASKED
    facility_asked = request.facility_answer is FacilityAnswer.ASKED
    follow_up_s = clocks.follow_up_s
    if request.state is State.COULD_NOT_LOCATE:
        follow_up_s = clocks.not_located_s
    followed_up = request.state in FOLLOWED_UP
    return replace(
        request,
        ended_ms=now_ms,
        crew_answer=None if crew_asked else request.crew_answer,
        crew_due_ms=None,
        facility_answer=None if facility_asked else request.facility_answer,
        answer_due_ms=None,
        custody_due_ms=None,
        follow_up_due_ms=now_ms + follow_up_s * 1000 if followed_up else None,
        overdue=request.overdue & {Clock.RESCUE},
    )


Answered = Callable[[CrisisRequest, int, Clocks], CrisisRequest]
ANSWERS: dict[Event, Answered] = {
    Event.TRIAGE: _place_unneeded,
    Event.ACCEPT: _ask_both,
    Event.ASK_PLACE: _ask_facility,
    Event.CREW_ACKNOWLEDGE: _crew_answered,
    Event.DEPART: _crew_answered,
    Event.REACH_PERSON: _reached,
    Event.ALL_WELL: _well,
    Event.FACILITY_ACCEPT: _facility_accepted,
    Event.FACILITY_DECLINE: _facility_declined,
    Event.HAND_OVER_TO_EMS: _rescued_by_ems,
}
