"""Promises on their way to the registry: each row is applied once, in the order of its version."""

import msgspec
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from record.clock import Clock
from record.tables import outbox
from registry.port import Applied, Contradicted, OutOfOrder, Promise, Registry


async def deliver(engine: AsyncEngine, registry: Registry, row_id: str, clock: Clock) -> None:
    """Apply one committed row, and before it any older row of its aggregate that still waits.

    Raises:
        Unavailable: the registry did not answer; the row waits for the keeper.
    """
    async with engine.connect() as connection:
        this = select(outbox.c.aggregate, outbox.c.aggregate_id, outbox.c.version).where(
            outbox.c.row_id == row_id
        )
        aggregate, aggregate_id, version = (await connection.execute(this)).one()
        waiting = (
            select(outbox)
            .where(outbox.c.aggregate == aggregate, outbox.c.aggregate_id == aggregate_id)
            .where(outbox.c.version <= version, outbox.c.applied_ms.is_(None))
            .order_by(outbox.c.version)
        )
        rows = (await connection.execute(waiting)).all()
    for row in rows:
        if not await _apply(engine, registry, row, clock):
            return


async def deliver_pending(
    engine: AsyncEngine, registry: Registry, clock: Clock, *, limit: int = 200
) -> int:
    """Apply what crashes and outages have left behind, oldest first; answers how many rows.

    A row that the registry contradicts holds back its own aggregate only; its `trouble` says why.

    Raises:
        Unavailable: the registry did not answer; the rest waits for the next round.
    """
    async with engine.connect() as connection:
        rows = await _pending(connection, limit)
    stuck: set[tuple[str, str]] = set()
    delivered = 0
    for row in rows:
        aggregate = (row.aggregate, row.aggregate_id)
        if aggregate in stuck:
            continue
        if await _apply(engine, registry, row, clock):
            delivered += 1
        else:
            stuck.add(aggregate)
    return delivered


async def _pending(connection: AsyncConnection, limit: int) -> list[Row[tuple[object, ...]]]:
    statement = (
        select(outbox)
        .where(outbox.c.applied_ms.is_(None))
        .order_by(outbox.c.created_ms, outbox.c.version)
        .limit(limit)
    )
    return list((await connection.execute(statement)).all())


async def _apply(
    engine: AsyncEngine, registry: Registry, row: Row[tuple[object, ...]], clock: Clock
) -> bool:
    verdict = await registry.apply(as_promise(row))
    async with engine.begin() as connection:
        await connection.execute(
            update(outbox)
            .where(outbox.c.row_id == row.row_id, outbox.c.applied_ms.is_(None))
            .values(**_outcome(verdict, clock()))
        )
    return isinstance(verdict, Applied)


def as_promise(row: Row[tuple[object, ...]]) -> Promise:
    """The registry's form of an outbox row."""
    kept = {name: getattr(row, name) for name in Promise.__struct_fields__ if name != "whole"}
    return msgspec.convert(kept, Promise)


def _outcome(
    verdict: Applied | OutOfOrder | Contradicted, now_ms: int
) -> dict[str, int | str | None]:
    match verdict:
        case Applied(position=position):
            return {
                "applied_ms": now_ms,
                "applied_epoch": position.epoch,
                "applied_seq": position.seq,
                "trouble": None,
            }
        case OutOfOrder(expected_version=version):
            return {"trouble": f"the registry expects version {version}"}
        case Contradicted(kind=kind, id=id_, reason=reason):
            return {"trouble": f"{kind} {id_} is {reason}"}
