"""How a promise is kept: one transaction, then the registry, once per command id."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from dispatch import store
from dispatch.card import card, face
from dispatch.commands import Command, OfRequest, Receipt
from dispatch.errors import CommandReused, Conflict, DispatchError, Refused
from dispatch.policy import Clocks
from dispatch.request import CrisisRequest
from dispatch.rides.store import check_empty
from record import Actor
from record.errors import CommandReused as IdReused
from record.errors import ConstraintBroken
from record.journal import Journal, Transaction
from registry.port import Effect, Registry

NO_ROOM: Mapping[str, int] = {}


@dataclass(frozen=True, slots=True)
class Change:
    """The next version of a request. `verb` names it in audit and outbox, `detail` holds codes.

    `resumes`: the request was closed, perhaps for so long that the registry has forgotten it.
    """

    after: CrisisRequest
    verb: str
    effects: tuple[Effect, ...] = ()
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    resumes: bool = False


class Kept(Protocol):
    """The answer to a command, with the outbox rows that it promised."""

    @property
    def rows(self) -> tuple[str, ...]: ...


K = TypeVar("K", bound=Kept)


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of a command that concerns several requests."""

    each: tuple[Receipt, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(row for receipt in self.each for row in receipt.rows)


How = Callable[[Transaction, CrisisRequest], Awaitable[Change]]


@dataclass(frozen=True, slots=True)
class Promises:
    """Keeps what a command promises: mostly the next version of a request, with its clocks."""

    journal: Journal
    registry: Registry
    clocks: Clocks

    async def change(self, actor: Actor, command: OfRequest, purpose: str, how: How) -> Receipt:
        """Load the request locked, let `how` say its next version, and keep that."""

        async def work(tx: Transaction) -> Receipt:
            before = await store.load(tx.connection, command.request, lock=True)
            return await self.keep(tx, before, await how(tx, before))

        return await self.once(actor, command, f"{purpose}:{command.request}", Receipt, work)

    async def once(
        self,
        actor: Actor,
        command: Command,
        purpose: str,
        answer: type[K],
        work: Callable[[Transaction], Awaitable[K]],
    ) -> K:
        """Do the work and apply what it promised; a command answered before has that answer."""
        async with self.transaction(actor) as tx:
            kept = await tx.once(
                command.command_id, purpose, answer, lambda: work(tx), said=command
            )
        await self.journal.deliver(self.registry, *kept.rows)
        return kept

    async def keep(
        self,
        tx: Transaction,
        before: CrisisRequest | None,
        change: Change,
        room: Mapping[str, int] = NO_ROOM,
    ) -> Receipt:
        """Write the change; `before` None creates the request. `room`: see `store.promise_place`.

        Raises Conflict when `before` is not the last version, Refused when a place has no room or
        scheduled riders are aboard of the van.
        """
        after = _still_raised(change.after)
        van = after.held.claimed_van
        if van is not None and (before is None or van != before.held.claimed_van):
            await check_empty(tx.connection, van)
        if before is None:
            await store.create(tx.connection, after, self.clocks)
        else:
            await store.save(tx.connection, before, after, self.clocks)
            if after.held.place != before.held.place:
                await store.promise_place(tx.connection, after, room, tx.now_ms)
        action = f"request.{change.verb}"
        await tx.audit(action, "request", after.id, change.reason, change.detail)
        row = await tx.promise(
            aggregate="request",
            aggregate_id=after.id,
            version=after.version,
            kind=action,
            effects=change.effects,
            card=card(after),
            body={"state": after.state.value, "by": tx.actor.id}
            | ({"resumes": True} if change.resumes else {}),
        )
        return Receipt(after.id, after.version, after.state, face(after), (row,), change.warnings)

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[Transaction]:
        """A transaction whose broken guards are this room's errors."""
        try:
            async with self.journal.transaction(actor) as tx:
                yield tx
        except IdReused as error:
            raise CommandReused from error
        except ConstraintBroken as error:
            if error.constraint not in BROKEN:
                raise
            raise BROKEN[error.constraint]() from error


def _still_raised(request: CrisisRequest) -> CrisisRequest:
    """A clock that was answered is nobody's any more; when it runs out again it begins anew."""
    return replace(request, raised=request.raised & request.overdue)


# A unit's name is not in the constraint's answer: who claims it fills it in.
BROKEN: Mapping[str, Callable[[], DispatchError]] = {
    "uq_crisis_request_team": lambda: Refused("team", "", "promised"),
    "uq_crisis_request_van": lambda: Refused("van", "", "promised"),
    "uq_field_panic_open": lambda: Conflict("this unit has called for help a moment ago"),
    "pk_field_panic": lambda: Conflict("there is a panic with this id"),
    "pk_road_closure": lambda: Conflict("there is a closure with this id"),
    "uq_scheduled_ride_leg": lambda: Conflict("this appointment has such a ride already"),
    "pk_scheduled_ride": lambda: Conflict("there is a ride with this id"),
    "pk_crisis_request": lambda: Conflict("there is a request with this id"),
}
