"""After the registry lost what it had acknowledged: let the outbox carry it over again."""

from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from record.outbox import as_promise
from record.tables import outbox
from registry.port import Applied, Contradicted, OutOfOrder, Registry


async def reconcile(engine: AsyncEngine, registry: Registry) -> int:
    """Find the promises, open here or shown there, that the registry has in an older version.

    The last row of each is offered again: the registry takes it, or has it, or answers from which
    version on it has forgotten; those rows wait in the outbox anew. Answers how many rows it had
    forgotten.

    Raises:
        Unavailable: the registry did not answer; call it again.
    """
    snapshot = await registry.snapshot()
    shown = {(kind, name) for kind, cards in snapshot.cards.items() for name in cards}
    forgotten = 0
    for last in await _last_rows(engine):
        if last.card is None and (last.aggregate, last.aggregate_id) not in shown:
            continue
        match await registry.apply(as_promise(last)):
            case OutOfOrder(expected_version=first):
                forgotten += await _send_again(engine, last, first)
            case Applied(already=False):
                forgotten += 1
            case Contradicted():
                forgotten += await _send_again(engine, last, last.version)
    return forgotten


async def _last_rows(engine: AsyncEngine) -> list[Row[Any]]:
    newest = (
        select(outbox.c.aggregate, outbox.c.aggregate_id, func.max(outbox.c.version).label("last"))
        .group_by(outbox.c.aggregate, outbox.c.aggregate_id)
        .subquery()
    )
    rows = (
        select(outbox)
        .join(
            newest,
            (newest.c.aggregate == outbox.c.aggregate)
            & (newest.c.aggregate_id == outbox.c.aggregate_id)
            & (newest.c.last == outbox.c.version),
        )
        .order_by(outbox.c.row_id)
    )
    async with engine.connect() as connection:
        return list((await connection.execute(rows)).all())


async def _send_again(engine: AsyncEngine, last: Row[Any], first_version: int) -> int:
    statement = (
        update(outbox)
        .where(outbox.c.aggregate == last.aggregate, outbox.c.aggregate_id == last.aggregate_id)
        .where(outbox.c.version >= first_version)
        .values(applied_ms=None, applied_epoch=None, applied_seq=None)
    )
    async with engine.begin() as connection:
        return (await connection.execute(statement)).rowcount
