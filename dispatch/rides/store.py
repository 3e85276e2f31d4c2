"""The table of scheduled rides, and whose they are.

`scheduled_ride.body` is the whole ride; the columns beside it are what the database guards and
searches. Who rides, and from which address, stands in `ride_person` and nowhere else.
"""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.errors import Conflict, NotFound, Refused
from dispatch.rides.ride import OPEN, WAITING, Ride, RideState
from record.tables import metadata

_OPEN = text("state IN ('asked', 'planned', 'aboard')")

scheduled_ride = Table(
    "scheduled_ride",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("appointment", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("leg", Text, nullable=False),
    Column("van", Text),
    Column("starts_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("body", JSONB, nullable=False),
    CheckConstraint("version > 0", name="version"),
    CheckConstraint("leg IN ('to', 'home')", name="leg"),
    CheckConstraint("state <> 'aboard' OR van IS NOT NULL", name="aboard_of_a_van"),
    Index("uq_scheduled_ride_leg", "appointment", "leg", unique=True, postgresql_where=_OPEN),
    Index("ix_scheduled_ride_open", "starts_ms", postgresql_where=_OPEN),
    Index("ix_scheduled_ride_van", "van", postgresql_where=text("state = 'aboard'")),
)

ride_person = Table(
    "ride_person",
    metadata,
    Column("ride", Text, ForeignKey("scheduled_ride.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("note", Text, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Rider:
    """Whom the driver fetches, and where: kept apart, and every read of it is audited."""

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""


async def add(connection: AsyncConnection, ride: Ride, rider: Rider) -> None:
    """Write a new ride and who rides."""
    await connection.execute(insert(scheduled_ride).values(_columns(ride)))
    whose = {"ride": ride.id} | {name: getattr(rider, name) for name in rider.__dataclass_fields__}
    await connection.execute(insert(ride_person).values(whose))


async def load(connection: AsyncConnection, id: str, *, lock: bool = False) -> Ride:
    """The ride; `lock` keeps others from changing it until the commit. Raises NotFound."""
    statement = select(scheduled_ride.c.body).where(scheduled_ride.c.id == id)
    if lock:
        statement = statement.with_for_update()
    body = (await connection.execute(statement)).scalar_one_or_none()
    if body is None:
        raise NotFound("ride", id)
    return _ride(body)


async def save(connection: AsyncConnection, before: Ride, after: Ride) -> None:
    """Write the next version. Raises Conflict when `before` is not the last one any more."""
    table = scheduled_ride.c
    this = (table.id == before.id) & (table.version == before.version)
    changed = await connection.execute(update(scheduled_ride).where(this).values(_columns(after)))
    if changed.rowcount != 1:
        raise Conflict("the ride was changed meanwhile: look again")


async def open_rides(connection: AsyncConnection) -> list[Ride]:
    """Rides that are not over, the earliest appointment first."""
    return await _rides(connection, scheduled_ride.c.state.in_(sorted(OPEN)))


async def since(connection: AsyncConnection, ended_ms: int) -> list[Ride]:
    """Rides that are open, or were until then."""
    table = scheduled_ride.c
    return await _rides(connection, or_(table.state.in_(sorted(OPEN)), table.ended_ms >= ended_ms))


async def overdue(connection: AsyncConnection, until_ms: int) -> list[Ride]:
    """Rides that nobody has begun although their appointment was over by then."""
    table = scheduled_ride.c
    return await _rides(connection, table.state.in_(sorted(WAITING)), table.ends_ms <= until_ms)


async def aboard_of(connection: AsyncConnection, van: str) -> list[Ride]:
    """Who sits in a van."""
    table = scheduled_ride.c
    return await _rides(connection, table.state == RideState.ABOARD.value, table.van == van)


async def lock_van(connection: AsyncConnection, van: str) -> None:
    """Let nobody else board this van, or promise it, until the transaction ends."""
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"van:{van}", 0))
    await connection.execute(select(lock))


async def check_empty(connection: AsyncConnection, van: str) -> None:
    """Lock the van against boarding. Raises Refused while scheduled riders are aboard."""
    await lock_van(connection, van)
    if await aboard_of(connection, van):
        raise Refused("van", van, "with_riders")


async def rider_of(connection: AsyncConnection, ride: str) -> Rider:
    """Who rides; the caller writes the audit line. Raises NotFound."""
    found = await connection.execute(select(ride_person).where(ride_person.c.ride == ride))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("rider of ride", ride)
    return Rider(**{name: row[name] for name in Rider.__dataclass_fields__})


async def _rides(connection: AsyncConnection, *where: Any) -> list[Ride]:
    table = scheduled_ride.c
    statement = select(table.body).where(*where).order_by(table.starts_ms, table.id)
    return [_ride(body) for body in (await connection.execute(statement)).scalars()]


def _columns(ride: Ride) -> dict[str, Any]:
    names = ("id", "version", "appointment", "provider", "van", "starts_ms", "ends_ms", "ended_ms")
    flat = {name: getattr(ride, name) for name in names}
    body = msgspec.to_builtins(ride)
    return flat | {"state": ride.state.value, "leg": ride.leg.value, "body": body}


def _ride(body: Any) -> Ride:
    return msgspec.convert(body, Ride)
