"""What became of promises, version by version, as the outbox remembers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from record.tables import outbox


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a promise: its public face (None when it was closed) and what it did."""

    aggregate_id: str
    at_ms: int
    card: dict[str, Any] | None
    body: dict[str, Any]
    effects: Sequence[dict[str, Any]]


async def versions(connection: AsyncConnection, aggregate: str, most: int) -> list[Version]:
    """The newest versions of these promises, at most so many, the oldest of them first."""
    statement = (
        select(
            outbox.c.aggregate_id,
            outbox.c.created_ms,
            outbox.c.card,
            outbox.c.body,
            outbox.c.effects,
        )
        .where(outbox.c.aggregate == aggregate)
        .order_by(outbox.c.row_id.desc())
        .limit(most)
    )
    rows = (await connection.execute(statement)).all()
    return [Version(*row) for row in reversed(rows)]
