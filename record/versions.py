"""What became of promises, version by version, as the outbox remembers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from record.tables import outbox


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a promise: when it was kept, some words of its body and its public face (None
    where they say nothing), and what it did to the registry."""

    aggregate_id: str
    at_ms: int
    body: tuple[str | None, ...]
    card: tuple[str | None, ...]
    effects: Sequence[dict[str, Any]]


async def versions(
    connection: AsyncConnection,
    aggregate: str,
    most: int,
    *,
    body: Sequence[str],
    card: Sequence[str],
) -> list[Version]:
    """The newest versions of these promises, at most so many, the oldest of them first.

    `body` and `card` name the words that are wanted, so that a long history stays quickly read.
    """
    statement = (
        select(
            outbox.c.aggregate_id,
            outbox.c.created_ms,
            outbox.c.effects,
            *(outbox.c.body[word].astext for word in body),
            *(outbox.c.card[word].astext for word in card),
        )
        .where(outbox.c.aggregate == aggregate)
        .order_by(outbox.c.row_id.desc())
        .limit(most)
    )
    rows = (await connection.execute(statement)).all()
    words = len(body)
    return [
        Version(id_, at_ms, tuple(said[:words]), tuple(said[words:]), effects)
        for id_, at_ms, effects, *said in reversed(rows)
    ]
