"""What is known of referrals and outreach: the cards, and whom the provider expects."""

from dataclasses import dataclass

from record import Actor
from record.journal import Journal
from referral import store
from referral.cards import Card, referral_card, task_card
from referral.scope import check_own
from referral.store import Row
from referral.turn import earliest_due_ms


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider expects. Kept apart, and every read of it is audited."""

    name: str = ""
    phone: str = ""
    note: str = ""


class Reading:
    """Reads; what tells who a person is leaves an audit line."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def details(self, actor: Actor, referral: str) -> Person:
        """Whom the provider expects. The read is audited; only their own for a provider."""
        async with self._journal.transaction(actor) as tx:
            check_own(actor, await store.one(tx.connection, store.referrals, referral))
            await tx.audit("referral.details", "referral", referral)
            found = await store.one(tx.connection, store.details, referral)
        return Person(found["name"], found["phone"], found["note"])

    async def referral(self, actor: Actor, referral: str) -> Card:
        """The referral's card as it stands."""
        async with self._journal.engine.connect() as db:
            row = await store.one(db, store.referrals, referral)
            check_own(actor, row)
            tasks = await store.open_tasks_of(db, referral)
        return referral_card(row, earliest_due_ms(tasks))

    async def open_referrals(
        self, *, provider: str | None = None, source: str | None = None
    ) -> list[Card]:
        """Cards of the referrals on the screens, of one provider or one source or all."""
        async with self._journal.engine.connect() as db:
            found = await store.shown(db, provider, source)
        return [referral_card(row, due_ms) for row, due_ms in found]

    async def tasks(self, *, provider: str | None = None, source: str | None = None) -> list[Card]:
        """Cards of the open outreach tasks, the most urgent first."""
        async with self._journal.engine.connect() as db:
            found = await store.open_tasks(db, provider, source)
        return [task_card(task, referral) for task, referral in found]

    async def attempts(self, task: str) -> list[Row]:
        """The attempts of a task, oldest first: `at_ms, by, contact, note`."""
        async with self._journal.engine.connect() as db:
            return await store.attempts_of(db, task)
