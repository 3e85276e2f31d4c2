"""One transaction of this room: what it writes, and the cards that it shows."""

from record.journal import Transaction
from referral import store
from referral.cards import Card, referral_card, task_card
from referral.policy import Policy
from referral.store import Row
from registry.port import Effect


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


async def locked_task(turn: Turn, task: str) -> tuple[Row, Row]:
    """The referral, locked, and its task."""
    about = await store.one(turn.db, store.tasks, task)
    referral = await store.locked_referral(turn.db, about["referral"])
    return referral, await store.one(turn.db, store.tasks, task)


def earliest_due_ms(tasks: list[Row]) -> int | None:
    """The clock that runs out first; None where no task is open."""
    return min((task["due_ms"] for task in tasks), default=None)
