"""What a reader gets: the snapshot, the events after it, and the plan."""

from __future__ import annotations

import asyncio
from typing import Any

from registry.errors import Fenced, PositionLost
from registry.model.world import World
from registry.port import Card, Event, Position, Snapshot
from registry.states import CARDS, Kind


class Stream(World):
    """Reading, the plan, and epochs."""

    async def snapshot(self) -> Snapshot:
        """See `Registry.snapshot`."""

        def all_of(kind: Kind) -> dict[str, Any]:
            return {id: state for (of, id), state in self._states.items() if of == kind}

        cards: dict[str, dict[str, Card]] = {kind: {} for kind in CARDS}
        for (kind, id), card in self._cards.items():
            cards[kind][id] = card
        return Snapshot(
            position=self._position,
            at_ms=self._clock(),
            teams=all_of(Kind.TEAM),
            vans=all_of(Kind.VAN),
            pools=all_of(Kind.POOL),
            slots=all_of(Kind.SLOT),
            holds=all_of(Kind.HOLD),
            cards=cards,
        )

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        """See `Registry.events`."""
        found = self._after(after, limit)
        if not found and block_ms > 0:
            self._grown.clear()
            try:
                async with asyncio.timeout(block_ms / 1000):
                    await self._grown.wait()
            except TimeoutError:
                return []
            found = self._after(after, limit)
        return found

    def _after(self, after: Position, limit: int) -> list[Event]:
        found = [event for event in self._events if event.position > after][:limit]
        if not found and after != self._position:
            raise PositionLost(f"{after} is not in the stream")
        if found and found[0].position != (after.epoch, after.seq + 1):
            raise PositionLost(f"{after} was trimmed or is of another epoch")
        return [event for event in found if event.position.epoch == after.epoch]

    async def position(self) -> Position:
        """See `Registry.position`."""
        return self._position

    async def trim(self, through: Position) -> int:
        """See `Registry.trim`."""
        kept = [event for event in self._events if event.position > through]
        trimmed = len(self._events) - len(kept)
        self._events = kept
        return trimmed

    async def publish_plan(self, plan: bytes, fence: int) -> Position:
        """See `Registry.publish_plan`."""
        newest = self._leases.get("planner")
        if newest is None or newest.token != fence:
            raise Fenced("a newer planner exists")
        self._plan = plan
        return self._emit("plan.published", {}, {"fence": fence, "bytes": len(plan)})

    async def plan(self) -> bytes | None:
        """See `Registry.plan`."""
        return self._plan

    async def open_epoch(self) -> Position:
        """See `Registry.open_epoch`."""
        return self._open(self._clock())

    async def renew_epoch(self) -> Position | None:
        """See `Registry.renew_epoch`. `run` says which server this would be."""
        noted, self._noted_run = self._noted_run, self.run
        return None if noted in (None, self.run) else await self.open_epoch()

    async def now_ms(self) -> int:
        """See `Registry.now_ms`."""
        return self._clock()
