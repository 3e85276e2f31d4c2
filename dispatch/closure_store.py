"""The statements on closed and slow roads."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.errors import NotFound
from dispatch.road_closure import RoadClosure
from dispatch.tables import put_row, road_closure
from dispatch.words import ClosureReason


async def find(connection: AsyncConnection, id: str) -> RoadClosure | None:
    """The closure, locked until the commit; None when there is none of this id."""
    statement = select(road_closure).where(road_closure.c.id == id).with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else _closure(row)


async def load(connection: AsyncConnection, id: str) -> RoadClosure:
    """The closure, locked until the commit. Raises NotFound."""
    found = await find(connection, id)
    if found is None:
        raise NotFound("closure", id)
    return found


async def open_closures(connection: AsyncConnection) -> list[RoadClosure]:
    """Closures that have not ended, the earliest first."""
    statement = (
        select(road_closure)
        .where(road_closure.c.ended_ms.is_(None))
        .order_by(road_closure.c.from_ms, road_closure.c.id)
    )
    return [_closure(row) for row in (await connection.execute(statement)).mappings()]


async def over(connection: AsyncConnection, now_ms: int) -> list[str]:
    """The ids of closures that are over and not marked so."""
    statement = select(road_closure.c.id).where(
        road_closure.c.ended_ms.is_(None), road_closure.c.until_ms <= now_ms
    )
    return list((await connection.execute(statement)).scalars())


async def put(connection: AsyncConnection, closure: RoadClosure, *, new: bool) -> None:
    """Write a new closure, or the next version of one that was loaded and locked."""
    await put_row(connection, road_closure, closure, new=new)


def _closure(row: Mapping[Any, Any]) -> RoadClosure:
    return RoadClosure(**{**row, "reason": ClosureReason(row["reason"])})
