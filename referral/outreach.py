"""Somebody reaches out: tasks that open, take attempts, and close."""

from typing import Any

from uuid6 import uuid7

from referral import clocks, store
from referral.states import Act, Contact, Outcome, Reason
from referral.store import Row
from referral.turn import Turn


async def follow(turn: Turn, row: Row, act: Act) -> None:
    """Open or close the outreach tasks that the act calls for."""
    if act is Act.NO_SHOW:
        await close_tasks(turn, row, act, keep={Reason.CARING_CONNECTION})
        await open_task(turn, row, Reason.NO_SHOW)
    elif act is Act.REJECT:
        await close_tasks(turn, row, act, keep={Reason.CARING_CONNECTION})
        await open_task(turn, row, Reason.REJECTED)
    elif act in (Act.ATTEND, Act.END):
        await close_tasks(turn, row, act, keep=set())
    elif act is Act.CANCEL:
        await close_tasks(turn, row, act, keep={Reason.CARING_CONNECTION})


async def close_tasks(turn: Turn, row: Row, act: Act, keep: set[Reason]) -> None:
    """Close the open tasks of a referral; `act` says how."""
    for task in await store.open_tasks_of(turn.db, row["id"]):
        if task["reason"] not in keep:
            await close_task(turn, row, task, act.value)


async def close_task(turn: Turn, row: Row, task: Row, how: str) -> None:
    """Close one task of a referral."""
    closed = await store.change(turn.db, store.tasks, task, closed_ms=turn.now_ms, closed_by=how)
    await turn.show_task(closed, row, "closed")


async def reopen_task(turn: Turn, row: Row, task: Row) -> None:
    """Open a task again that was closed by a slip, with the clock that it had."""
    again = await store.change(turn.db, store.tasks, task, closed_ms=None, closed_by=None)
    await turn.show_task(again, row, "reopened")


async def open_task(turn: Turn, row: Row, reason: Reason, due_ms: int | None = None) -> None:
    """Open a task; without `due_ms` the policy's clock for the first attempt runs."""
    task = {
        "id": str(uuid7()),
        "version": 1,
        "referral": row["id"],
        "reason": reason.value,
        "opened_ms": turn.now_ms,
        "due_ms": due_ms or clocks.outreach_due_ms(turn.policy, turn.now_ms, 0),
        "attempts": 0,
        "escalated": False,
        "raised": False,
        "closed_ms": None,
        "closed_by": None,
    }
    await store.add(turn.db, store.tasks, **task)
    await turn.show_task(task, row, "opened")


def after_attempt(turn: Turn, task: Row, contact: Contact) -> dict[str, Any]:
    """What an attempt changes in its task. Only a Caring Connection ends by attempts alone."""
    made = task["attempts"] + 1
    reason = Reason(task["reason"])
    due_ms = clocks.task_due_ms(turn.policy, reason, task["opened_ms"], task["due_ms"], made)
    changes: dict[str, Any] = {
        "attempts": made,
        "due_ms": due_ms,
        "escalated": False,
        "raised": False,
    }
    tried_enough = made >= turn.policy.attempts_max
    if reason is Reason.CARING_CONNECTION:
        answered = contact in (Contact.REACHED, Contact.DECLINED)
        if answered or tried_enough:
            how = contact if answered else Outcome.COULD_NOT_CONTACT
            changes |= {"closed_ms": turn.now_ms, "closed_by": how.value}
    elif tried_enough:
        changes["escalated"] = True
    return changes
