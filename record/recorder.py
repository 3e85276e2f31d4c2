"""Writes down every event of the registry, with the cursor in the same SQL transaction.

So a recorder that is killed at any moment leaves nothing out and writes nothing twice: either the
facts and the cursor moved together, or neither did.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from record.clock import Clock, wall_clock
from record.reconciler import reconcile
from record.tables import base, cursor, fact
from registry.errors import PositionLost
from registry.port import Event, Position, Registry, Snapshot

CURSOR = "recorder"
BEFORE_FIRST = -1


@dataclass(frozen=True, slots=True)
class Recorded:
    """One round: how many facts, up to where, and how old the newest of them was (ms).

    `resumed` is true when the stream had been lost and the record begins again from a base.
    """

    facts: int
    position: Position
    lag_ms: int = 0
    resumed: bool = False


@dataclass(slots=True)
class Recorder:
    """Moves the registry's events into the record.

    Several may run at once, by mistake or in a hand-over of the lease: the cursor is moved by a
    guarded statement, and whoever comes second starts over from where the first one is.

    `keep_events` is how much of the stream stays in the registry for clients that reconnect. `_at`
    is the cursor as this recorder knows it, None when it must be read.
    """

    engine: AsyncEngine
    registry: Registry
    clock: Clock = wall_clock
    keep_events: int = 20_000
    trim_every: int = 1_000
    _at: Position | None = field(default=None, init=False)

    async def run_once(self, *, block_ms: int = 0, limit: int = 1_000) -> Recorded:
        """Record what has happened since the last time, at most `limit` events.

        Raises:
            Unavailable: the registry did not answer.
            SQLAlchemyError, OSError: the database did not.
        """
        after, self._at = self._at or await read_cursor(self.engine), None
        if after is None:
            return await self._begin()
        try:
            events = await self.registry.events(after, block_ms=block_ms, limit=limit)
        except PositionLost:
            return await self._resume(after)
        if not events:
            self._at = after
            return Recorded(0, after)
        return await self._write(after, events)

    async def _write(self, after: Position, events: list[Event]) -> Recorded:
        now_ms = self.clock()
        last = events[-1].position
        async with self.engine.begin() as connection:
            if not await self._move(connection, after, last):
                return Recorded(0, after)
            await connection.execute(insert(fact), [_row(event, now_ms) for event in events])
        self._at = last
        if (
            last.seq // self.trim_every != after.seq // self.trim_every
            and last.seq > self.keep_events
        ):
            await self.registry.trim(Position(last.epoch, last.seq - self.keep_events))
        return Recorded(len(events), last, max(0, now_ms - events[-1].at_ms))

    async def _begin(self) -> Recorded:
        """The first round of all: a base, and the epoch's events from the first if it is there."""
        snapshot = await self.registry.snapshot()
        start = await self._start_of(snapshot) or snapshot.position
        row = {"name": CURSOR, **self._cursor_row(start)}
        async with self.engine.begin() as connection:
            made = await connection.execute(upsert(cursor).values(row).on_conflict_do_nothing())
            if made.rowcount == 1:
                await self._write_base(connection, snapshot, "first", None)
        return Recorded(0, start)

    async def _resume(self, lost: Position) -> Recorded:
        """Events after `lost` are gone: keep the whole state, and say since when it is unknown.

        A new epoch is read from its first event if that is still there, so that only what the
        registry itself lost is missing. Promises among that are sent again.
        """
        await reconcile(self.engine, self.registry)
        snapshot = await self.registry.snapshot()
        if snapshot.position.epoch == lost.epoch and snapshot.position < lost:
            # A tail is gone that was recorded: its numbers must not be given a second time.
            await self.registry.open_epoch()
            snapshot = await self.registry.snapshot()
        new_epoch = snapshot.position.epoch != lost.epoch
        start = await self._start_of(snapshot) if new_epoch else None
        async with self.engine.begin() as connection:
            if not await self._move(connection, lost, start or snapshot.position):
                return Recorded(0, lost)
            await self._write_base(connection, snapshot, "epoch" if new_epoch else "gap", lost)
        return Recorded(0, start or snapshot.position, resumed=True)

    async def _start_of(self, snapshot: Snapshot) -> Position | None:
        """The position before the first event of the snapshot's epoch, if it can be read from."""
        start = Position(snapshot.position.epoch, BEFORE_FIRST)
        try:
            await self.registry.events(start, limit=1)
        except PositionLost:
            return None
        return start

    async def _move(self, connection: AsyncConnection, old: Position, new: Position) -> bool:
        moved = await connection.execute(
            update(cursor)
            .where(cursor.c.name == CURSOR)
            .where(cursor.c.epoch == old.epoch, cursor.c.seq == old.seq)
            .values(**self._cursor_row(new))
        )
        return moved.rowcount == 1

    def _cursor_row(self, position: Position) -> dict[str, int]:
        return {"epoch": position.epoch, "seq": position.seq, "moved_ms": self.clock()}

    async def _write_base(
        self, connection: AsyncConnection, snapshot: Snapshot, reason: str, after: Position | None
    ) -> None:
        await connection.execute(
            insert(base).values(
                epoch=snapshot.position.epoch,
                seq=snapshot.position.seq,
                reason=reason,
                after_epoch=after.epoch if after else None,
                after_seq=after.seq if after else None,
                recorded_ms=self.clock(),
                state=msgspec.to_builtins(snapshot),
            )
        )


async def read_cursor(engine: AsyncEngine) -> Position | None:
    """Up to where the record goes; None before the first round."""
    statement = select(cursor.c.epoch, cursor.c.seq).where(cursor.c.name == CURSOR)
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Position(row.epoch, row.seq)


def _row(event: Event, now_ms: int) -> dict[str, Any]:
    return {
        "epoch": event.position.epoch,
        "seq": event.position.seq,
        "kind": event.kind,
        "at_ms": event.at_ms,
        "recorded_ms": now_ms,
        "touched": msgspec.to_builtins(event.touched),
        "body": event.body,
    }
