"""Transactions of this room: what they write, the cards that they show, what the registry hears."""

from collections.abc import Awaitable, Callable
from typing import Any

from record import Actor
from record.errors import CommandReused as IdReused
from record.errors import ConstraintBroken
from record.journal import Journal, Transaction
from referral import store
from referral.cards import Card, referral_card, task_card
from referral.errors import CommandReused, Conflict, ReferralError, Refused
from referral.policy import Policy
from referral.store import Row
from registry.port import Effect, Registry


class Turn:
    """One transaction of this room, and how its changes are shown."""

    def __init__(self, tx: Transaction, policy: Policy) -> None:
        self.tx = tx
        self.policy = policy
        self.db = tx.connection
        self.now_ms = tx.now_ms

    async def show_referral(self, row: Row, kind: str, effects: list[Effect] | None = None) -> Card:
        """Write the referral's card and what its change does to the registry."""
        card = referral_card(row, earliest_due_ms(await store.open_tasks_of(self.db, row["id"])))
        await self._promise("referral", row, kind, effects or [], card if row["shown"] else None)
        return card

    async def show_task(self, row: Row, referral: Row, kind: str) -> Card:
        """Write the task's card; a closed task leaves the screens."""
        card = task_card(row, referral)
        await self._promise("task", row, kind, [], card if row["closed_ms"] is None else None)
        return card

    async def _promise(
        self, aggregate: str, row: Row, kind: str, effects: list[Effect], card: Card | None
    ) -> None:
        await self.tx.promise(
            aggregate=aggregate,
            aggregate_id=row["id"],
            version=row["version"],
            kind=f"{aggregate}.{kind}",
            effects=effects,
            card=card,
        )


Work = Callable[[Turn], Awaitable[Card]]
"""What is done in one transaction, and the card that it answers."""

Said = tuple[str, str, object]
"""A command: its id, its purpose, and what it says besides; None where the purpose says it all."""


class Turns:
    """Transactions of this room, each applied to the registry when it is committed."""

    def __init__(self, journal: Journal, registry: Registry, policy: Policy) -> None:
        self._journal = journal
        self._registry = registry
        self._policy = policy

    async def command(self, actor: Actor, command: Said, work: Work) -> Card:
        """Do the work of a command; a retry is answered the same. Raises CommandReused."""
        command_id, purpose, said = command

        async def once(turn: Turn) -> Card:
            return await turn.tx.once(
                command_id, purpose, dict[str, Any], lambda: work(turn), said=said
            )

        return await self.take(actor, once)

    async def take(self, actor: Actor, work: Work) -> Card:
        """Do the work in one transaction. Raises Refused or Conflict where the record says no."""
        try:
            async with self._journal.transaction(actor) as tx:
                card = await work(Turn(tx, self._policy))
        except ConstraintBroken as broken:
            raise _as_refusal(broken.constraint) from None
        except IdReused:
            raise CommandReused from None
        await self._journal.deliver(self._registry, *tx.promised)
        return card


async def locked_task(turn: Turn, task: str) -> tuple[Row, Row]:
    """The referral, locked, and its task."""
    about = await store.one(turn.db, store.tasks, task)
    referral = await store.locked_referral(turn.db, about["referral"])
    return referral, await store.one(turn.db, store.tasks, task)


def earliest_due_ms(tasks: list[Row]) -> int | None:
    """The clock that runs out first; None where no task is open."""
    return min((task["due_ms"] for task in tasks), default=None)


def _as_refusal(constraint: str) -> ReferralError:
    if constraint == store.ONE_PLACE:
        return Refused("appointment", "the person has another appointment at that time")
    return Conflict(f"somebody else was first ({constraint})")
