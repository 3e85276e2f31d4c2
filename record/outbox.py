"""Promises on their way to the registry: each row is applied once, in the order of its version.

The script that applies a row is idempotent, so the caller and the keeper may both carry it; the
mark `applied_ms` only says that nobody needs to any more.
"""

from typing import Any

import msgspec
from sqlalchemy import Row, Select, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from record.clock import Clock
from record.tables import outbox
from registry.port import Applied, Contradicted, OutOfOrder, Position, Promise, Registry


async def deliver(
    engine: AsyncEngine, registry: Registry, row_id: str, clock: Clock
) -> Position | None:
    """Apply one committed row, and before it any older row of its aggregate that still waits.

    Answers where the row's event is, or None if it could not be applied: then the row's `trouble`
    says why and the keeper tries again.

    Raises:
        Unavailable: the registry did not answer; the row waits for the keeper.
    """
    this = outbox.alias("this")
    up_to_this = (
        select(outbox)
        .join(
            this,
            (this.c.aggregate == outbox.c.aggregate)
            & (this.c.aggregate_id == outbox.c.aggregate_id)
            & (this.c.version >= outbox.c.version),
        )
        .where(this.c.row_id == row_id)
        .where(outbox.c.applied_ms.is_(None) | (outbox.c.row_id == row_id))
        .order_by(outbox.c.version)
    )
    position = None
    for row in await _rows(engine, up_to_this):
        position = await apply(engine, registry, row, clock)
        if position is None:
            return None
    return position


async def deliver_pending(
    engine: AsyncEngine,
    registry: Registry,
    clock: Clock,
    *,
    min_age_ms: int = 0,
    limit: int = 200,
) -> int:
    """Apply what crashes and outages have left behind, oldest first; answers how many rows.

    A row that the registry contradicts holds back its own aggregate only.

    Args:
        min_age_ms: rows younger than this are left to their callers.

    Raises:
        Unavailable: the registry did not answer; the rest waits for the next round.
    """
    waiting = (
        select(outbox)
        .where(outbox.c.applied_ms.is_(None), outbox.c.created_ms <= clock() - min_age_ms)
        .order_by(outbox.c.row_id)
        .limit(limit)
    )
    stuck: set[tuple[str, str]] = set()
    delivered = 0
    for row in sorted(await _rows(engine, waiting), key=lambda row: (row.version, row.row_id)):
        aggregate = (row.aggregate, row.aggregate_id)
        if aggregate in stuck:
            continue
        if await apply(engine, registry, row, clock) is None:
            stuck.add(aggregate)
        else:
            delivered += 1
    return delivered


async def apply(
    engine: AsyncEngine, registry: Registry, row: Row[Any], clock: Clock
) -> Position | None:
    """Carry one row over and mark it; None when the registry cannot take it now."""
    verdict = await registry.apply(as_promise(row))
    async with engine.begin() as connection:
        await connection.execute(
            update(outbox)
            .where(outbox.c.row_id == row.row_id, outbox.c.applied_ms.is_(None))
            .values(**_outcome(verdict, clock()))
        )
    return verdict.position if isinstance(verdict, Applied) else None


def as_promise(row: Row[Any]) -> Promise:
    """The registry's form of an outbox row."""
    kept = {name: getattr(row, name) for name in Promise.__struct_fields__}
    return msgspec.convert(kept, Promise)


async def _rows(engine: AsyncEngine, statement: Select[Any]) -> list[Row[Any]]:
    async with engine.connect() as connection:
        return list((await connection.execute(statement)).all())


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
        case Contradicted(kind=kind, id=name, reason=reason):
            return {"trouble": f"{kind} {name}: {reason}"}
