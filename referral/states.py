"""What may follow what: a referral is a FHIR Task, its appointment a FHIR Appointment.

Two ends must never be taken for each other. `completed` means that the person attended: the loop
is closed. `failed` means that it ended and nobody attended: it has a coded outcome and is never
shown as closed.
"""

from enum import StrEnum

from referral.errors import WrongState


class State(StrEnum):
    """FHIR Task states that a referral goes through."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ON_HOLD = "on-hold"
    CANCELLED = "cancelled"
    FAILED = "failed"
    COMPLETED = "completed"


class Act(StrEnum):
    """What somebody does to a referral."""

    ACKNOWLEDGE = "acknowledge"
    REJECT = "reject"
    ATTEND = "attend"
    NO_SHOW = "no_show"
    REBOOK = "rebook"
    CANCEL = "cancel"
    END = "end"


class Appointment(StrEnum):
    """FHIR Appointment states of a booked seat."""

    BOOKED = "booked"
    FULFILLED = "fulfilled"
    NO_SHOW = "noshow"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """Why a referral ended although nobody attended."""

    GOT_HELP = "got_help"
    COULD_NOT_CONTACT = "could_not_contact"
    NOT_ELIGIBLE = "not_eligible"
    NO_CAPACITY = "no_capacity"
    NO_LONGER_INTERESTED = "no_longer_interested"


class Reason(StrEnum):
    """Why somebody has to reach out."""

    NO_SHOW = "no_show"
    REJECTED = "rejected"
    ATTENDANCE_UNKNOWN = "attendance_unknown"
    CARING_CONNECTION = "caring_connection"


class Contact(StrEnum):
    """What came of one attempt to reach a person."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    DECLINED = "declined"


CLOSED = frozenset({State.COMPLETED})
ENDED = CLOSED | {State.FAILED, State.CANCELLED}
"""No one owes anything any more; only CLOSED of these is a closed loop."""

TRANSITIONS: dict[tuple[State, Act], State] = {
    (State.REQUESTED, Act.ACKNOWLEDGE): State.ACCEPTED,
    (State.REQUESTED, Act.REJECT): State.REJECTED,
    (State.REQUESTED, Act.ATTEND): State.COMPLETED,
    (State.REQUESTED, Act.NO_SHOW): State.ON_HOLD,
    (State.REQUESTED, Act.REBOOK): State.REQUESTED,
    (State.REQUESTED, Act.CANCEL): State.CANCELLED,
    (State.REQUESTED, Act.END): State.FAILED,
    (State.ACCEPTED, Act.REJECT): State.REJECTED,
    (State.ACCEPTED, Act.ATTEND): State.COMPLETED,
    (State.ACCEPTED, Act.NO_SHOW): State.ON_HOLD,
    (State.ACCEPTED, Act.REBOOK): State.REQUESTED,
    (State.ACCEPTED, Act.CANCEL): State.CANCELLED,
    (State.ACCEPTED, Act.END): State.FAILED,
    (State.REJECTED, Act.REBOOK): State.REQUESTED,
    (State.REJECTED, Act.CANCEL): State.CANCELLED,
    (State.REJECTED, Act.END): State.FAILED,
    (State.ON_HOLD, Act.ATTEND): State.COMPLETED,
    (State.ON_HOLD, Act.REBOOK): State.REQUESTED,
    (State.ON_HOLD, Act.CANCEL): State.CANCELLED,
    (State.ON_HOLD, Act.END): State.FAILED,
}
"""A late arrival may still turn a no-show into attendance; nothing leaves an ended state."""


def after(state: State, act: Act) -> State:
    """The state that follows; raises WrongState where the act is not possible."""
    following = TRANSITIONS.get((state, act))
    if following is None:
        raise WrongState(state, act)
    return following


def appointment_after(act: Act) -> Appointment | None:
    """What the act makes of the seat that is booked; None leaves it as it is."""
    return {
        Act.ATTEND: Appointment.FULFILLED,
        Act.NO_SHOW: Appointment.NO_SHOW,
        Act.REJECT: Appointment.CANCELLED,
        Act.REBOOK: Appointment.CANCELLED,
        Act.CANCEL: Appointment.CANCELLED,
        Act.END: Appointment.CANCELLED,
    }.get(act)
