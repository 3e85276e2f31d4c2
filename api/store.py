"""Accounts, revoked tokens, walls' devices and units' trackers in SQL."""

from collections.abc import AsyncIterator, Iterator, Mapping, Set
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Integer,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Update,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from api.errors import PartMissing
from api.tokens import generation_of
from record import Actor
from record.journal import Journal, Transaction
from record.tables import metadata

DATABASE_ERRORS = (DBAPIError, PoolTimeout, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What the driver raises; `database_away` tells which of it passes when the database is back."""

# SQLSTATE classes: connection, resources, operator intervention; deadlock and lock time-outs.
_AWAY = ("08", "53", "57", "40", "55P03")


def database_away(error: BaseException) -> bool:
    """Whether the database was away or too busy: a retry may well succeed."""
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(_AWAY)
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_AWAY)
    return isinstance(error, PoolTimeout | asyncpg.InterfaceError | OSError)


account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("scope", Text),
    Column("password_hash", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("generation", Integer, nullable=False, server_default="0"),
    UniqueConstraint("name"),
    CheckConstraint(
        "role in ('dispatcher', 'supervisor', 'facility', 'field', 'provider', 'law_enforcement')",
        name="role",
    ),
    CheckConstraint(
        "(scope is not null) = (role in ('facility', 'field', 'provider'))", name="scope"
    ),
)

NEXT = {"generation": account.c.generation + 1}
"""Ends every session of an account."""

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("expires_ms", BigInteger, nullable=False),
)

device = Table(
    "device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
)


tracker = Table(
    "tracker",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    CheckConstraint("kind in ('team', 'van')", name="kind"),
)


@asynccontextmanager
async def _database(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    with _translated():
        async with engine.begin() as connection:
            yield connection


@asynccontextmanager
async def _signed(engine: AsyncEngine, actor: Actor) -> AsyncIterator[Transaction]:
    """A transaction of `actor`, for what belongs in the audit."""
    with _translated():
        async with Journal(engine).transaction(actor) as tx:
            yield tx


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        if database_away(error):
            raise PartMissing("the record does not answer; try again") from error
        raise


@dataclass(frozen=True, slots=True)
class Good:
    """Of those asked about: good accounts with their generation, revoked tokens, good devices."""

    accounts: Mapping[str, int]
    revoked: Set[str]
    devices: Set[str]


class Store:
    """Every method raises `PartMissing` while the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def ping(self) -> None:
        async with _database(self._engine) as db:
            await db.execute(text("SELECT 1"))

    async def put_account(self, actor: Actor, **row: Any) -> str:
        """Write an account, or renew the one of that name, which keeps its id. Answers the id."""
        wish = insert(account).values(revoked_ms=None, **row)
        renewed = {name: wish.excluded[name] for name in row if name not in ("id", "created_ms")}
        statement = wish.on_conflict_do_update(
            index_elements=["name"], set_=renewed | {"revoked_ms": None} | NEXT
        ).returning(account.c.id)
        async with _signed(self._engine, actor) as tx:
            id = str((await tx.connection.execute(statement)).scalar_one())
            action = "account.created" if id == row["id"] else "account.changed"
            detail = {"role": row["role"], "scope": row["scope"]}
            await tx.audit(action, "account", id, detail=detail)
        return id

    async def revoke_account(self, actor: Actor, name: str, now_ms: int) -> bool:
        statement = (
            update(account)
            .where(account.c.name == name)
            .values(revoked_ms=now_ms, **NEXT)
            .returning(account.c.id)
        )
        async with _signed(self._engine, actor) as tx:
            revoked = (await tx.connection.execute(statement)).scalar_one_or_none()
            if revoked is not None:
                await tx.audit("account.disabled", "account", revoked)
        return revoked is not None

    async def add_account(self, actor: Actor, **row: Any) -> Row[Any] | None:
        """Write an account unless its id is there already; None if another has its name."""
        wish = insert(account).values(**row).on_conflict_do_nothing().returning(account.c.id)
        async with _signed(self._engine, actor) as tx:
            if (await tx.connection.execute(wish)).first() is not None:
                detail = {"role": row["role"], "scope": row["scope"]}
                await tx.audit("account.created", "account", row["id"], detail=detail)
            there = select(account).where(account.c.id == row["id"])
            return (await tx.connection.execute(there)).one_or_none()

    async def disable_account(self, actor: Actor, id: str, now_ms: int) -> Row[Any] | None:
        """Disable it, once; answers what is there."""
        good = (account.c.id == id) & account.c.revoked_ms.is_(None)
        statement = update(account).where(good).values(revoked_ms=now_ms, **NEXT)
        return await self._change(actor, id, statement, "account.disabled")

    async def renew_account(self, actor: Actor, id: str, hashed: str) -> Row[Any] | None:
        """Another password for it; answers what is there."""
        new = {"password_hash": hashed, "revoked_ms": None, **NEXT}
        statement = update(account).where(account.c.id == id).values(**new)
        return await self._change(actor, id, statement, "account.renewed")

    async def _change(
        self, actor: Actor, id: str, statement: Update, action: str
    ) -> Row[Any] | None:
        async with _signed(self._engine, actor) as tx:
            if (await tx.connection.execute(statement)).rowcount:
                await tx.audit(action, "account", id)
            there = select(account).where(account.c.id == id)
            return (await tx.connection.execute(there)).one_or_none()

    async def accounts(self) -> list[Row[Any]]:
        """All of them, by name."""
        async with _database(self._engine) as db:
            return list((await db.execute(select(account).order_by("name"))).all())

    async def audit(self, actor: Actor, action: str, account: str) -> None:
        """One line about an account's session."""
        async with _signed(self._engine, actor) as tx:
            await tx.audit(action, "account", account)

    async def account_named(self, name: str) -> Row[Any] | None:
        """The account of that log-in name, if it is good."""
        good = (account.c.name == name) & account.c.revoked_ms.is_(None)
        async with _database(self._engine) as db:
            return (await db.execute(select(account).where(good))).one_or_none()

    async def accounts_of(self, roles: list[str]) -> list[Row[Any]]:
        good = account.c.role.in_(roles) & account.c.revoked_ms.is_(None)
        async with _database(self._engine) as db:
            return list((await db.execute(select(account).where(good).order_by("name"))).all())

    async def account_good(self, id: str, token: str) -> bool:
        """Whether the account is good and this token of it neither revoked nor outlived."""
        good = select(account.c.id).where(
            account.c.id == id,
            account.c.revoked_ms.is_(None),
            account.c.generation == generation_of(token),
            ~select(revoked_token.c.id).where(revoked_token.c.id == token).exists(),
        )
        async with _database(self._engine) as db:
            return (await db.execute(good)).one_or_none() is not None

    async def good_among(self, accounts: Set[str], tokens: Set[str], devices: Set[str]) -> Good:
        """What is good of these, and which of these tokens are revoked."""
        people = select(account.c.id, account.c.generation).where(
            account.c.id.in_(accounts), account.c.revoked_ms.is_(None)
        )
        revoked = select(revoked_token.c.id).where(revoked_token.c.id.in_(tokens))
        walls = select(device.c.id).where(device.c.id.in_(devices), device.c.revoked_ms.is_(None))
        async with _database(self._engine) as db:
            return Good(
                {row.id: row.generation for row in await db.execute(people)},
                set((await db.scalars(revoked)).all()),
                set((await db.scalars(walls)).all()),
            )

    async def revoke_token(self, actor: Actor, token: str, expires_ms: int, now_ms: int) -> None:
        """Refuse a token from now on; what has expired is forgotten."""
        revoke = insert(revoked_token).values(id=token, expires_ms=expires_ms)
        async with _signed(self._engine, actor) as tx:
            db = tx.connection
            await db.execute(delete(revoked_token).where(revoked_token.c.expires_ms < now_ms))
            await db.execute(revoke.on_conflict_do_nothing())
            await tx.audit("session.closed", "account", actor.id)

    async def put_device(self, actor: Actor, **row: Any) -> Row[Any]:
        """Write a device unless its id is there already; answers what is there."""
        wish = insert(device).values(**row).on_conflict_do_nothing().returning(device.c.id)
        async with _signed(self._engine, actor) as tx:
            if (await tx.connection.execute(wish)).first() is not None:
                await tx.audit("wall.made", "wall", row["id"])
            there = select(device).where(device.c.id == row["id"])
            return (await tx.connection.execute(there)).one()

    async def devices(self) -> list[Row[Any]]:
        good = select(device).where(device.c.revoked_ms.is_(None)).order_by(device.c.created_ms)
        async with _database(self._engine) as db:
            return list((await db.execute(good)).all())

    async def device_good(self, id: str) -> Row[Any] | None:
        good = (device.c.id == id) & device.c.revoked_ms.is_(None)
        async with _database(self._engine) as db:
            return (await db.execute(select(device).where(good))).one_or_none()

    async def revoke_device(self, actor: Actor, id: str, now_ms: int) -> bool:
        good = (device.c.id == id) & device.c.revoked_ms.is_(None)
        statement = update(device).where(good).values(revoked_ms=now_ms)
        async with _signed(self._engine, actor) as tx:
            revoked = (await tx.connection.execute(statement)).rowcount == 1
            if revoked:
                await tx.audit("wall.revoked", "wall", id)
        return revoked

    async def put_tracker(self, actor: Actor, **row: Any) -> Row[Any]:
        """Write a tracker unless its id is there already; answers what is there."""
        wish = insert(tracker).values(**row).on_conflict_do_nothing().returning(tracker.c.id)
        async with _signed(self._engine, actor) as tx:
            if (await tx.connection.execute(wish)).first() is not None:
                unit = {"unit": f"{row['kind']}:{row['unit']}"}
                await tx.audit("tracker.made", "tracker", row["id"], detail=unit)
            there = select(tracker).where(tracker.c.id == row["id"])
            return (await tx.connection.execute(there)).one()

    async def trackers(self) -> list[Row[Any]]:
        good = select(tracker).where(tracker.c.revoked_ms.is_(None)).order_by(tracker.c.created_ms)
        async with _database(self._engine) as db:
            return list((await db.execute(good)).all())

    async def tracker_good(self, id: str) -> Row[Any] | None:
        good = (tracker.c.id == id) & tracker.c.revoked_ms.is_(None)
        async with _database(self._engine) as db:
            return (await db.execute(select(tracker).where(good))).one_or_none()

    async def revoke_tracker(self, actor: Actor, id: str, now_ms: int) -> bool:
        good = (tracker.c.id == id) & tracker.c.revoked_ms.is_(None)
        statement = update(tracker).where(good).values(revoked_ms=now_ms)
        async with _signed(self._engine, actor) as tx:
            revoked = (await tx.connection.execute(statement)).rowcount == 1
            if revoked:
                await tx.audit("tracker.revoked", "tracker", id)
        return revoked
