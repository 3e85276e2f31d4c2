"""What facilities say of their beds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from registry import laws
from registry.model.world import Key, World
from registry.port import Counted, Counts
from registry.states import Kind, Pool, State

RESUMED = {"paused": False, "pause_reason": None, "pause_until_ms": None}


class Pools(World):
    """Counts, walk-ins, confirmations and pauses."""

    async def report_counts(
        self, pool: str, counts: Counts, at_ms: int, command_id: str
    ) -> Counted:
        """See `Registry.report_counts`."""
        laws.check_counts(counts, at_ms)

        def change() -> Counted:
            old = self._pool(pool)
            if at_ms < old.updated_ms:
                return self._counted(old, None, walk_in=False)
            capacity = old.capacity if counts.capacity is None else counts.capacity
            return self._counted(
                replace(old, capacity=capacity, occupied=counts.occupied, closed=counts.closed),
                min(at_ms, self._clock()),
                walk_in=False,
            )

        return self._once(command_id, ("counts", pool, counts, at_ms), change)

    async def walk_in(self, pool: str, command_id: str) -> Counted:
        """See `Registry.walk_in`."""

        def change() -> Counted:
            old = self._pool(pool)
            laws.check_count("occupied", old.occupied + 1)
            more = replace(old, occupied=old.occupied + 1)
            return self._counted(more, self._clock(), walk_in=True)

        return self._once(command_id, ("walk_in", pool), change)

    def _counted(self, pool: Pool, at_ms: int | None, *, walk_in: bool) -> Counted:
        """`at_ms` None is a late count: it changes nothing."""
        late = at_ms is None
        if at_ms is not None:
            pool = laws.recount_pool(replace(pool, updated_ms=at_ms, confirmed_ms=at_ms))
        claims = self._claims_on(Kind.POOL, pool.id)
        holds = sorted(claims.holds) if pool.overcommitted else []
        requests = sorted(claims.requests) if pool.overcommitted else []
        body = {"walk_in": walk_in, "late": late, "holds": holds, "requests": requests}
        touched: dict[Key, State | None] = {} if late else {(Kind.POOL, pool.id): pool}
        position = self._emit("pool.counted", touched, body)
        return Counted(self._pool(pool.id), tuple(holds), tuple(requests), position, late)

    async def still_true(self, pool: str, command_id: str) -> Pool:
        """See `Registry.still_true`."""
        return self._set_pool("pool.confirmed", pool, command_id, lambda now: {"confirmed_ms": now})

    async def not_true(self, pool: str, withdrawn_ms: int, former_ms: int, command_id: str) -> Pool:
        """See `Registry.not_true`."""
        laws.check_time("withdrawn_ms", withdrawn_ms)
        laws.check_time("former_ms", former_ms)

        def change() -> Pool:
            known = self._pool(pool)
            if known.confirmed_ms != withdrawn_ms:
                return known
            again_ms = max(known.updated_ms, min(former_ms, withdrawn_ms))
            self._emit("pool.doubted", {(Kind.POOL, pool): replace(known, confirmed_ms=again_ms)})
            return self._pool(pool)

        return self._once(command_id, ("not_true", pool, withdrawn_ms, former_ms), change)

    async def pause(self, pool: str, reason: str, until_ms: int | None, command_id: str) -> Pool:
        """See `Registry.pause`."""
        laws.check_time("until_ms", until_ms)
        new = {"paused": True, "pause_reason": reason, "pause_until_ms": until_ms}
        return self._set_pool("pool.paused", pool, command_id, lambda _: new)

    async def resume(self, pool: str, command_id: str) -> Pool:
        """See `Registry.resume`."""
        return self._set_pool("pool.resumed", pool, command_id, lambda _: dict(RESUMED))

    def _set_pool(
        self, event: str, pool: str, command_id: str, values: Callable[[int], dict[str, Any]]
    ) -> Pool:
        def change() -> Pool:
            new = replace(self._pool(pool), **values(self._clock()))
            self._emit(event, {(Kind.POOL, pool): new})
            return self._pool(pool)

        return self._once(command_id, (event, pool, values(0)), change)
