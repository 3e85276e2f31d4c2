"""The statements on calls for help of crews and drivers."""

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.errors import NotFound
from dispatch.panic import Panic
from dispatch.tables import field_panic, put_row


async def load(connection: AsyncConnection, id: str) -> Panic:
    """The panic, locked until the commit. Raises NotFound."""
    found = await _panic(connection, field_panic.c.id == id)
    if found is None:
        raise NotFound("panic", id)
    return found


async def open_of(connection: AsyncConnection, kind: str, unit: str) -> Panic | None:
    """The unit's open panic, locked until the commit; None when it has none."""
    this = (field_panic.c.kind == kind) & (field_panic.c.unit == unit)
    return await _panic(connection, this & field_panic.c.ended_ms.is_(None))


async def put(connection: AsyncConnection, panic: Panic, *, new: bool) -> None:
    """Write a new panic, or the next version of one that was loaded and locked."""
    await put_row(connection, field_panic, panic, new=new)


async def unanswered(connection: AsyncConnection, now_ms: int) -> list[str]:
    """The ids of open panics that nobody acknowledged in time and that are not marked so."""
    statement = select(field_panic.c.id).where(
        field_panic.c.ended_ms.is_(None),
        field_panic.c.overdue.is_(False),
        field_panic.c.answer_due_ms <= now_ms,
    )
    return list((await connection.execute(statement)).scalars())


async def _panic(connection: AsyncConnection, this: ColumnElement[bool]) -> Panic | None:
    statement = select(field_panic).where(this).with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else Panic(**row)
