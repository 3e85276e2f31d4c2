"""The service of panics: each press, acknowledgement and end is one promise, on record first."""

from dataclasses import dataclass
from typing import Any

from dispatch import panic as pure
from dispatch import panic_store, store
from dispatch.commands import AcknowledgePanic, EndPanic, PressPanic
from dispatch.errors import Invalid, NotAllowed, NotYours
from dispatch.panic import Panic
from dispatch.promise import Promises
from dispatch.scope import check_role, role_of
from dispatch.transitions import CREW, DESK
from dispatch.words import Role
from record import Actor
from record.actor import system
from record.journal import Transaction

KEEPER = system("keeper")


@dataclass(frozen=True, slots=True)
class PanicReceipt:
    """The answer to a command about a panic: how it stands now."""

    panic: str
    version: int
    card: dict[str, Any]
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Panics:
    """Takes calls for help, and escalates those that nobody acknowledges."""

    promises: Promises

    async def press(self, actor: Actor, command: PressPanic) -> PanicReceipt:
        """A crew or driver calls for help; the desk may press for a crew that calls by telephone.

        A unit has one open panic: another press asks anew.
        """
        check_role(actor, CREW)
        if command.kind not in pure.UNITS:
            raise Invalid("a panic is a team's or a van's")
        if role_of(actor) is Role.FIELD and actor.scope != command.unit:
            raise NotYours("a crew calls for itself")
        answer_s = self.promises.clocks.panic_s

        async def work(tx: Transaction) -> PanicReceipt:
            # A clock that runs ahead is no reason to refuse a call for help.
            at_ms = tx.now_ms if command.at_ms is None else min(command.at_ms, tx.now_ms)
            open_ = await panic_store.open_of(tx.connection, command.kind, command.unit)
            if open_ is not None:
                after = pure.pressed_again(open_, at_ms, tx.now_ms, answer_s)
            else:
                request = await store.holder(tx.connection, command.kind, command.unit)
                after = pure.pressed(
                    command.panic, command.kind, command.unit, request, at_ms, tx.now_ms, answer_s
                )
            return await self._keep(tx, open_, after, "pressed", detail={"happened_ms": at_ms})

        purpose = f"panic:{command.kind}:{command.unit}"
        return await self.promises.once(actor, command, purpose, PanicReceipt, work)

    async def acknowledge(self, actor: Actor, command: AcknowledgePanic) -> PanicReceipt:
        """Somebody at the desk sees to it: the crew reads the name."""
        check_role(actor, DESK)

        async def work(tx: Transaction) -> PanicReceipt:
            before = await panic_store.load(tx.connection, command.panic)
            after = pure.acknowledged(before, actor.name, tx.now_ms)
            return await self._keep(tx, before, after, "acknowledged")

        purpose = f"panic_acknowledge:{command.panic}"
        return await self.promises.once(actor, command, purpose, PanicReceipt, work)

    async def end(self, actor: Actor, command: EndPanic) -> PanicReceipt:
        """The desk ends it, with a note of what was found."""
        check_role(actor, DESK)
        if not command.note.strip():
            raise NotAllowed("note", "the end of a panic needs a note")

        async def work(tx: Transaction) -> PanicReceipt:
            before = await panic_store.load(tx.connection, command.panic)
            after = pure.ended(before, tx.now_ms)
            return await self._keep(tx, before, after, "ended", reason=command.note)

        purpose = f"panic_end:{command.panic}"
        return await self.promises.once(actor, command, purpose, PanicReceipt, work)

    async def tick(self, now_ms: int) -> int:
        """Mark every panic that nobody acknowledged in time, each once; answers how many."""
        async with self.promises.journal.engine.connect() as connection:
            late = await panic_store.unanswered(connection, now_ms)
        return sum([await self._escalate(panic) for panic in late])

    async def _escalate(self, panic: str) -> bool:
        async with self.promises.transaction(KEEPER) as tx:
            before = await panic_store.load(tx.connection, panic)
            after = pure.unanswered(before, tx.now_ms)
            if after is None:
                return False
            receipt = await self._keep(tx, before, after, "unanswered")
        await self.promises.journal.deliver(self.promises.registry, *receipt.rows)
        return True

    async def _keep(
        self,
        tx: Transaction,
        before: Panic | None,
        after: Panic,
        verb: str,
        reason: str | None = None,
        detail: dict[str, Any] | None = None,
    ) -> PanicReceipt:
        """Write the next version; one that changes nothing is answered and not written again."""
        if after == before:
            return PanicReceipt(after.id, after.version, pure.face(after))
        await panic_store.put(tx.connection, after, new=before is None)
        await tx.audit(f"panic.{verb}", "panic", after.id, reason, _about(after) | (detail or {}))
        row = await tx.promise(
            aggregate="panic",
            aggregate_id=after.id,
            version=after.version,
            kind=f"panic.{verb}",
            card=pure.card(after),
            body={"by": tx.actor.id},
        )
        if after.request is not None:
            await tx.audit(f"request.panic_{verb}", "request", after.request, reason, detail)
        return PanicReceipt(after.id, after.version, pure.face(after), (row,))


def _about(panic: Panic) -> dict[str, Any]:
    return {"kind": panic.kind, "unit": panic.unit, "request": panic.request}
