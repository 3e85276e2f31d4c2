"""Watches what time does to referrals: clocks that run out, and what a crash has left undone."""

from collections.abc import Callable
from dataclasses import dataclass

from record import Actor
from record.journal import Journal
from referral import store
from referral.cards import Card
from referral.follow_ups import FollowUps
from referral.outreach import open_task
from referral.policy import Policy
from referral.states import Reason, State
from referral.turn import Turn, Turns, locked_task

OF_TASKS = {"outreach": "escalated", "raise_outreach": "raised"}
"""What a clock of an outreach task that ran out makes of the task."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """A clock that ran out: what was owed, and by whom."""

    kind: str
    id: str
    provider: str
    due_ms: int


class Watch:
    """What the keeper asks of referrals every so often."""

    def __init__(
        self,
        journal: Journal,
        turns: Turns,
        follow_ups: FollowUps,
        policy: Policy,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._turns = turns
        self._follow_ups = follow_ups
        self._policy = policy
        self._clock = clock

    async def due(self, now_ms: int) -> list[Escalation]:
        """Clocks that have run out and that `tick` has not acted on yet."""
        async with self._journal.engine.connect() as db:
            late = await store.overdue(
                db, now_ms, self._policy.ended_shown_ms, self._policy.supervisor_ms
            )
        return [Escalation(*clock) for clock in late]

    async def tick(self, actor: Actor) -> list[Escalation]:
        """Act on every clock that has run out, each in a transaction of its own."""
        found = await self.due(self._clock())
        for escalation in found:
            await self._escalate(actor, escalation)
        for referral, request in await self._follow_ups.unsettled():
            await self._follow_ups.settle(actor, referral, request)
        await self._follow_ups.reopen(None)
        return found

    async def _escalate(self, actor: Actor, late: Escalation) -> None:
        async def work(turn: Turn) -> Card:
            if late.kind in OF_TASKS:
                return await self._escalate_task(turn, late.id, OF_TASKS[late.kind])
            row = await store.locked_referral(turn.db, late.id)
            if late.kind == "attendance" and State(row["state"]) in store.EXPECTED:
                await open_task(turn, row, Reason.ATTENDANCE_UNKNOWN)
                row = await store.change(turn.db, store.referrals, row)
            elif late.kind == "acknowledge" and row["state"] == State.REQUESTED:
                row = await store.change(turn.db, store.referrals, row, escalated=True)
            elif late.kind == "raise_acknowledge" and row["state"] == State.REQUESTED:
                row = await store.change(turn.db, store.referrals, row, raised=True)
            elif late.kind == "ended" and row["shown"]:
                row = await store.change(turn.db, store.referrals, row, shown=False)
            else:
                return {}
            await turn.tx.audit(f"referral.late.{late.kind}", "referral", late.id)
            return await turn.show_referral(row, late.kind)

        await self._turns.take(actor, work)

    async def _escalate_task(self, turn: Turn, task: str, how: str) -> Card:
        referral, row = await locked_task(turn, task)
        if row["closed_ms"] is not None or row[how]:
            return {}
        row = await store.change(turn.db, store.tasks, row, **{how: True})
        await turn.tx.audit(f"referral.late.outreach.{how}", "task", task)
        return await turn.show_task(row, referral, "late")
