"""A slip of the finger taken back: attended or no-show was tapped for the wrong person.

The referral, its seat and its outreach tasks stand again as they stood before, while it can still
be a slip and while nobody has acted on it.
"""

from referral import store
from referral.errors import Refused, WrongState
from referral.outreach import close_task, reopen_task
from referral.states import Act, Appointment, Reason, State
from referral.store import Row
from referral.turn import Turn

SAID = {
    State.COMPLETED: (Act.ATTEND, Appointment.FULFILLED),
    State.ON_HOLD: (Act.NO_SHOW, Appointment.NO_SHOW),
}


async def undone(turn: Turn, row: Row) -> Row:
    """The referral as it was before the slip. Raises WrongState and Refused."""
    if State(row["state"]) not in SAID:
        raise WrongState(row["state"], "undo")
    act, seat = SAID[State(row["state"])]
    task = await _no_show_task(turn, row) if act is Act.NO_SHOW else None
    said_ms = task["opened_ms"] if task else row["ended_ms"]
    if turn.now_ms - said_ms > turn.policy.slip_ms:
        raise Refused(row["id"], "this was said too long ago to be a slip")
    if task and task["attempts"]:
        raise Refused(row["id"], "somebody has reached out to the person already")
    if task:
        await close_task(turn, row, task, "undone")
    closed = await store.tasks_closed(turn.db, row["id"], act, said_ms)
    for other in closed:
        await reopen_task(turn, row, other)
    before = _state_before(row, closed)
    if before is not State.ON_HOLD:
        await store.retake_seat(turn.db, row, seat, Appointment.BOOKED)
    return await store.change(
        turn.db, store.referrals, row, state=before.value, ended_ms=None, shown=True
    )


async def _no_show_task(turn: Turn, row: Row) -> Row:
    tasks = await store.open_tasks_of(turn.db, row["id"])
    return next(task for task in tasks if task["reason"] == Reason.NO_SHOW)


def _state_before(row: Row, closed: list[Row]) -> State:
    """On hold is where a no-show task was open; else the provider had seen it, or not yet."""
    if any(task["reason"] == Reason.NO_SHOW for task in closed):
        return State.ON_HOLD
    return State.REQUESTED if row["acknowledged_ms"] is None else State.ACCEPTED
