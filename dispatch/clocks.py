"""The clocks of a request: when somebody must have answered, arrived or confirmed, and who owns it.

A clock that runs out is escalated: its name goes into `overdue`, and `calls` says in codes what a
person does then. One that nobody answers even so is raised to a supervisor: its name goes into
`raised` too. Each happens once, until the question is asked anew.
"""

from dataclasses import dataclass

from dispatch.policy import Clocks
from dispatch.request import CrisisRequest
from dispatch.words import OPEN, Clock, CrewAnswer, FacilityAnswer, Rescue, Tier


@dataclass(frozen=True, slots=True)
class Deadline:
    """One running clock; `owner` is the account that is responsible, None for nobody yet."""

    clock: Clock
    due_ms: int
    owner: str | None


def deadlines(request: CrisisRequest, clocks: Clocks) -> list[Deadline]:
    """All clocks that run for this request, the earliest first."""
    running = [_rescue(request), _follow_up(request)]
    if request.owed:
        running.append(_owner(request, clocks))
    if request.state in OPEN:
        running += [
            _arrival(request),
            _crew(request),
            _facility(request),
            _place(request, clocks),
            _custody(request),
            _check_in(request),
            _check_in_supervisor(request, clocks),
        ]
    return sorted((d for d in running if d), key=lambda deadline: deadline.due_ms)


def next_due_ms(request: CrisisRequest, clocks: Clocks) -> int | None:
    """When the next clock runs out that was not escalated yet; None when none runs."""
    running = deadlines(request, clocks)
    due = [d.due_ms for d in running if d.clock not in request.overdue]
    due += [raise_ms(d, clocks) for d in running if _unanswered(request, d)]
    return min(due, default=None)


def run_out(request: CrisisRequest, clocks: Clocks, now_ms: int) -> list[Deadline]:
    """The clocks that have run out and were not escalated yet."""
    return [
        deadline
        for deadline in deadlines(request, clocks)
        if deadline.due_ms <= now_ms and deadline.clock not in request.overdue
    ]


def to_raise(request: CrisisRequest, clocks: Clocks, now_ms: int) -> list[Deadline]:
    """The clocks that were escalated, that nobody has answered, and that become a supervisor's."""
    return [
        deadline
        for deadline in deadlines(request, clocks)
        if _unanswered(request, deadline) and raise_ms(deadline, clocks) <= now_ms
    ]


def raise_ms(deadline: Deadline, clocks: Clocks) -> int:
    """When a clock that stays unanswered becomes a supervisor's."""
    return deadline.due_ms + clocks.supervisor_s * 1000


def _unanswered(request: CrisisRequest, deadline: Deadline) -> bool:
    return deadline.clock in request.overdue and deadline.clock not in request.raised


CALLS = {
    Clock.OWNER: "take_ownership",
    Clock.ARRIVAL: "call_person",
    Clock.CREW_ANSWER: "call_crew",
    Clock.FACILITY_ANSWER: "call_facility",
    Clock.PLACE: "find_place",
    Clock.CUSTODY: "call_supervisor",
    Clock.RESCUE: "call_rescuers",
    Clock.FOLLOW_UP: "call_person",
    Clock.CHECK_IN: "call_crew",
    Clock.CHECK_IN_SUPERVISOR: "send_help",
}


def calls(request: CrisisRequest) -> list[str]:
    """What a person does about the overdue clocks, as codes, with the backup where there is one."""
    wanted = [CALLS[clock] for clock in Clock if clock in request.overdue]
    if Clock.ARRIVAL in request.overdue and request.tier is Tier.IMMINENT:
        wanted.append("ask_ems_now")
    if Clock.FACILITY_ANSWER in request.overdue and request.plan.backup:
        wanted.append("ask_backup")
    if request.raised and "call_supervisor" not in wanted:
        wanted.append("call_supervisor")
    return wanted


def _owner(request: CrisisRequest, clocks: Clocks) -> Deadline | None:
    if request.owner is not None:
        return None
    if request.alarms and request.silence is not None:
        return Deadline(Clock.OWNER, request.silence.until_ms, None)
    imminent = request.tier is Tier.IMMINENT and request.ended_ms is None
    owner_s = clocks.owner_imminent_s if imminent else clocks.owner_s
    return Deadline(Clock.OWNER, (request.ended_ms or request.opened_ms) + owner_s * 1000, None)


def _arrival(request: CrisisRequest) -> Deadline | None:
    if request.reached_ms is None:
        return Deadline(Clock.ARRIVAL, request.target_ms, request.owner)
    return None


def _crew(request: CrisisRequest) -> Deadline | None:
    if request.crew_answer is CrewAnswer.ASKED and request.crew_due_ms is not None:
        return Deadline(Clock.CREW_ANSWER, request.crew_due_ms, request.owner)
    return None


def _facility(request: CrisisRequest) -> Deadline | None:
    if request.facility_answer is FacilityAnswer.ASKED and request.answer_due_ms is not None:
        return Deadline(Clock.FACILITY_ANSWER, request.answer_due_ms, request.owner)
    return None


def _place(request: CrisisRequest, clocks: Clocks) -> Deadline | None:
    if request.place_wanted_ms is not None:
        due_ms = request.place_wanted_ms + clocks.place_s * 1000
        return Deadline(Clock.PLACE, due_ms, request.owner)
    return None


def _custody(request: CrisisRequest) -> Deadline | None:
    if request.custody_due_ms is not None:
        return Deadline(Clock.CUSTODY, request.custody_due_ms, request.owner)
    return None


def _check_in(request: CrisisRequest) -> Deadline | None:
    if request.check_in_due_ms is not None:
        return Deadline(Clock.CHECK_IN, request.check_in_due_ms, request.owner)
    return None


def _check_in_supervisor(request: CrisisRequest, clocks: Clocks) -> Deadline | None:
    """Nobody took the overdue check-in on: it is the supervisor's."""
    if request.check_in_due_ms is None or request.check_in_taken_by is not None:
        return None
    due_ms = request.check_in_due_ms + clocks.check_in_supervisor_s * 1000
    return Deadline(Clock.CHECK_IN_SUPERVISOR, due_ms, request.owner)


def _rescue(request: CrisisRequest) -> Deadline | None:
    if request.rescue is Rescue.OPEN and request.rescue_due_ms is not None:
        return Deadline(Clock.RESCUE, request.rescue_due_ms, request.rescue_owner)
    return None


def _follow_up(request: CrisisRequest) -> Deadline | None:
    if request.follow_up_owed and request.follow_up_due_ms is not None:
        return Deadline(Clock.FOLLOW_UP, request.follow_up_due_ms, request.owner)
    return None
