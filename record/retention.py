"""Takes away what has served: answers kept for retries, and promises that were closed long ago.

A promise that still has a claim on something (an attended appointment keeps its seat) stays, so
that registry and record go on saying the same. `verify` knows up to when rows may be missing.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by, array_agg
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from record.promises import Promises
from record.tables import command, outbox, pruned
from registry.keys import check_keys
from registry.port import ROW_MEMORY_S

DAY_MS = 86_400_000
SLACK_MS = 3_600_000
"""How far the clocks of nodes and servers may lie apart."""
NEVER_MS = 2**62

Key = tuple[str, str]


class RetentionInvalid(ValueError):
    """The policy file keeps rows for a shorter time than they are needed."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long answered commands and closed promises are kept, in ms."""

    version: str
    command_ms: int
    outbox_ms: int

    def __post_init__(self) -> None:
        if self.command_ms < DAY_MS or self.outbox_ms <= ROW_MEMORY_S * 1000 + SLACK_MS:
            raise RetentionInvalid("commands are kept for a day at least, promises for eight")


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows one round took away."""

    commands: int
    promises: int


def load_retention(path: Path) -> Retention:
    """Read policy/record.toml. Raises RetentionInvalid, BadTable."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    check_keys("", raw, ("version", "command", "outbox"))
    for name in ("command", "outbox"):
        check_keys(name, raw[name], ("days", "source"))
        if type(raw[name]["days"]) is not int:
            raise RetentionInvalid(f"{name}.days: must be a whole number")
    return Retention(
        version=str(raw["version"]),
        command_ms=int(raw["command"]["days"]) * DAY_MS,
        outbox_ms=int(raw["outbox"]["days"]) * DAY_MS,
    )


async def prune(engine: AsyncEngine, retention: Retention, now_ms: int) -> Pruned:
    """One round. A retry of a command that was pruned is a new command."""
    async with engine.begin() as connection:
        old = command.c.at_ms < now_ms - retention.command_ms
        commands = (await connection.execute(delete(command).where(old))).rowcount
        promises = await _prune_outbox(connection, now_ms - retention.outbox_ms)
    return Pruned(commands, promises)


async def pruned_before_ms(connection: AsyncConnection) -> int:
    """Promises that were closed before this time may be gone; 0 where none is."""
    statement = select(pruned.c.before_ms).where(pruned.c.name == "outbox")
    return (await connection.execute(statement)).scalar_one_or_none() or 0


async def _prune_outbox(connection: AsyncConnection, before_ms: int) -> int:
    closed = [key for key, rows in await _closed(connection, before_ms) if not _claims(rows)]
    if not closed:
        return 0
    horizon = upsert(pruned).values(name="outbox", before_ms=before_ms)
    further = func.greatest(pruned.c.before_ms, horizon.excluded.before_ms)
    await connection.execute(
        horizon.on_conflict_do_update(index_elements=["name"], set_={"before_ms": further})
    )
    these = tuple_(outbox.c.aggregate, outbox.c.aggregate_id).in_(closed)
    return (await connection.execute(delete(outbox).where(these))).rowcount


async def _closed(
    connection: AsyncConnection, before_ms: int
) -> Iterable[tuple[Key, list[Row[Any]]]]:
    """The rows of promises that were closed and delivered before then, by promise."""
    last = array_agg(  # type: ignore[no-untyped-call]
        aggregate_order_by(outbox.c.card.is_(None), outbox.c.version.desc())
    )
    keys = (
        select(outbox.c.aggregate, outbox.c.aggregate_id)
        .group_by(outbox.c.aggregate, outbox.c.aggregate_id)
        .having(
            func.max(outbox.c.created_ms) < before_ms - SLACK_MS,
            func.max(func.coalesce(outbox.c.applied_ms, NEVER_MS)) < before_ms - SLACK_MS,
            last[1],
        )
    )
    statement = (
        select(outbox)
        .where(tuple_(outbox.c.aggregate, outbox.c.aggregate_id).in_(keys))
        .order_by(outbox.c.aggregate, outbox.c.aggregate_id, outbox.c.version)
    )
    found: dict[Key, list[Row[Any]]] = {}
    for row in await connection.execute(statement):
        found.setdefault((row.aggregate, row.aggregate_id), []).append(row)
    return found.items()


def _claims(rows: list[Row[Any]]) -> bool:
    """Whether a claim of this promise still stands."""
    promises = Promises()
    for row in rows:
        promises.advance(row)
    return any(promises.claims.values())
