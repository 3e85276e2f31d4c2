"""After the registry lost what it had acknowledged: carry the promises over again."""

from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from record import outbox
from record.clock import Clock
from record.tables import outbox as rows
from registry.port import Applied, OutOfOrder, Registry


async def reconcile(engine: AsyncEngine, registry: Registry, clock: Clock) -> int:
    """Bring every promise that is open, here or there, to the version that SQL has.

    The last row is offered anew: the registry answers that it has it, or which version it expects;
    then the rows from there on follow in their order. Answers how many rows were applied.

    Raises:
        Unavailable: the registry did not answer; nothing is lost, call it again.
    """
    snapshot = await registry.snapshot()
    shown = {(kind, name) for kind, cards in snapshot.cards.items() for name in cards}
    applied = 0
    for last in await _last_rows(engine):
        if last.card is None and (last.aggregate, last.aggregate_id) not in shown:
            continue
        verdict = await registry.apply(outbox.as_promise(last))
        if isinstance(verdict, Applied):
            applied += not verdict.already
        elif isinstance(verdict, OutOfOrder):
            for row in await _history(engine, last, verdict.expected_version):
                if await outbox.apply(engine, registry, row, clock) is None:
                    break
                applied += 1
    return applied


async def _last_rows(engine: AsyncEngine) -> list[Row[Any]]:
    newest = (
        select(rows.c.aggregate, rows.c.aggregate_id, func.max(rows.c.version).label("version"))
        .group_by(rows.c.aggregate, rows.c.aggregate_id)
        .subquery()
    )
    statement = (
        select(rows)
        .join(
            newest,
            (newest.c.aggregate == rows.c.aggregate)
            & (newest.c.aggregate_id == rows.c.aggregate_id)
            & (newest.c.version == rows.c.version),
        )
        .order_by(rows.c.row_id)
    )
    async with engine.connect() as connection:
        return list((await connection.execute(statement)).all())


async def _history(engine: AsyncEngine, last: Row[Any], first_version: int) -> list[Row[Any]]:
    statement = (
        select(rows)
        .where(rows.c.aggregate == last.aggregate, rows.c.aggregate_id == last.aggregate_id)
        .where(rows.c.version >= first_version)
        .order_by(rows.c.version)
    )
    async with engine.connect() as connection:
        return list((await connection.execute(statement)).all())
