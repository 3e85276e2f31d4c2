"""One promise is one SQL transaction: the room's rows, an audit line, an outbox row."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Executable, Row, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_skip
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from uuid6 import uuid7

from record import outbox
from record.actor import Actor
from record.clock import Clock, wall_clock
from record.errors import CommandReused, ConstraintBroken, GuardFailed, Unaudited
from record.tables import audit, command
from record.tables import outbox as outbox_rows
from registry.errors import Unavailable
from registry.port import Card, Effect, Registry

A = TypeVar("A")


@dataclass(slots=True)
class Transaction:
    """What a room may do between begin and commit.

    `promised` names the outbox rows that it wrote; without an audit line they are not committed.
    """

    connection: AsyncConnection
    actor: Actor
    now_ms: int
    promised: list[str] = field(default_factory=list)
    audited: bool = False

    async def audit(
        self,
        action: str,
        subject_kind: str,
        subject_id: str,
        reason: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Write who did what to whom. `detail` holds ids and codes, never identity."""
        self.audited = True
        await self.connection.execute(
            insert(audit).values(
                id=str(uuid7()),
                at_ms=self.now_ms,
                actor_id=self.actor.id,
                actor_role=self.actor.role,
                actor_scope=self.actor.scope,
                actor_name=self.actor.name,
                action=action,
                subject_kind=subject_kind,
                subject_id=subject_id,
                reason=reason,
                detail=dict(detail or {}),
            )
        )

    async def promise(
        self,
        *,
        aggregate: str,
        aggregate_id: str,
        version: int,
        kind: str,
        effects: Sequence[Effect] = (),
        card: Card | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> str:
        """Write the outbox row of one version of an aggregate and give its id.

        The database numbers the rows. Write the row after what guards it: then of two promises
        that want the same team, the later one has the greater id, whatever any clock says.

        Args:
            version: dense from 1; rows of one aggregate reach the registry in this order.
            effects: the registry's effects, in order.
            card: the promise's new public face, None when it is closed.
        """
        written = await self.connection.execute(
            insert(outbox_rows)
            .values(
                aggregate=aggregate,
                aggregate_id=aggregate_id,
                version=version,
                kind=kind,
                effects=msgspec.to_builtins(list(effects)),
                card=card,
                body=dict(body or {}),
                created_ms=self.now_ms,
            )
            .returning(outbox_rows.c.row_id)
        )
        row_id: str = written.scalar_one()
        self.promised.append(row_id)
        return row_id

    async def once(
        self,
        command_id: str,
        purpose: str,
        answer: type[A],
        work: Callable[[], Awaitable[A]],
        said: object = None,
    ) -> A:
        """Run `work` unless this command was answered before; then give that answer again.

        Two runs of one command wait for each other in the database. A command that was refused
        (its transaction rolled back) has no answer and may be tried again.

        Args:
            purpose: what the command does, so that an id cannot be used for two things.
            answer: the type of the answer, which is kept as JSON.
            said: the command itself, of which a digest is kept; None where `purpose` says it all.

        Raises:
            CommandReused: the id is another actor's, has another purpose or says something else.
        """
        digest = None if said is None else digest_of(said)
        claim = insert_or_skip(command).values(
            id=command_id,
            actor_id=self.actor.id,
            purpose=purpose,
            digest=digest,
            at_ms=self.now_ms,
        )
        claimed = await self.connection.execute(
            claim.on_conflict_do_nothing(index_elements=["id"]).returning(command.c.id)
        )
        this = command.c.id == command_id
        if claimed.first() is None:
            kept = (await self.connection.execute(select(command).where(this))).one()
            if (kept.actor_id, kept.purpose) != (self.actor.id, purpose):
                raise CommandReused(command_id)
            if kept.digest is not None and kept.digest != digest:
                raise CommandReused(command_id)
            return msgspec.convert(kept.answer, answer)
        result = await work()
        await self.connection.execute(
            update(command).where(this).values(answer=msgspec.to_builtins(result))
        )
        return result

    async def guarded(self, statement: Executable) -> Row[Any]:
        """The one row that a guarded statement (`… WHERE version = seen RETURNING …`) changed.

        Raises:
            GuardFailed: it met no row.
        """
        row = (await self.connection.execute(statement)).one_or_none()
        if row is None:
            raise GuardFailed
        return row


@dataclass(frozen=True, slots=True)
class Journal:
    """Opens the transactions in which rooms make promises, and delivers what they promised."""

    engine: AsyncEngine
    clock: Clock = wall_clock

    @asynccontextmanager
    async def transaction(self, actor: Actor) -> AsyncIterator[Transaction]:
        """One SQL transaction of `actor`: committed at the end of the block, or not at all.

        Raises:
            Unaudited: it made a promise and wrote no audit line.
            ConstraintBroken: a unique, exclusion, check or foreign key constraint said no.
        """
        try:
            async with self.engine.begin() as connection:
                await connection.execute(_SIGN, {"actor": actor.id, "role": actor.role})
                tx = Transaction(connection, actor, self.clock())
                yield tx
                if tx.promised and not tx.audited:
                    raise Unaudited
        except IntegrityError as error:
            raise ConstraintBroken(constraint_name(error)) from error

    async def deliver(self, registry: Registry, *row_ids: str) -> None:
        """Apply these committed rows to the registry at once.

        A server that is away by now is no error here: the promise stands, and the keeper applies
        the rows when both are back.
        """
        try:
            for row_id in row_ids:
                await outbox.deliver(self.engine, registry, row_id, self.clock)
        except (Unavailable, SQLAlchemyError, OSError):
            return


def digest_of(said: object) -> str:
    """The same for a retry, another for a command that says anything else; it tells no content."""
    return hashlib.sha256(msgspec.msgpack.encode(_ordered(said))).hexdigest()


def _ordered(said: object) -> object:
    """The same value with every set and mapping, of any keys, as a list in a fixed order.

    What a command leaves at its default is left out: a retry to the next release, whose command has
    one field more, is still the same.
    """
    if is_dataclass(said):
        told = ((one, getattr(said, one.name)) for one in fields(said))
        return [[one.name, _ordered(value)] for one, value in told if value != _default(one)]
    if isinstance(said, Mapping):
        return sorted(([_ordered(key), _ordered(value)] for key, value in said.items()), key=repr)
    if isinstance(said, set | frozenset):
        return sorted((_ordered(one) for one in said), key=repr)
    if isinstance(said, list | tuple):
        return [_ordered(one) for one in said]
    return said


def _default(one: Field[Any]) -> object:
    return one.default if one.default_factory is MISSING else one.default_factory()


def constraint_name(error: IntegrityError) -> str:
    """The name of the constraint that PostgreSQL reports, or an empty string."""
    cause = getattr(error.orig, "__cause__", None)
    return getattr(cause, "constraint_name", None) or ""


# Row-level security reads who acts from these.
_SIGN = text(
    "SELECT set_config('caretower.actor', :actor, true), set_config('caretower.role', :role, true)"
)
