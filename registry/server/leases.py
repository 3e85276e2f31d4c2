"""Leases, tickets that are taken once, and counters."""

from __future__ import annotations

from typing import cast

import msgspec

from registry import laws
from registry.port import Lease
from registry.server.asking import Asking

_LEASE = cast("type[Lease | None]", Lease | None)


class Leases(Asking):
    """What several processes share besides the region's state."""

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Registry.lease`."""
        laws.check_ttl(ttl_s)
        command = {"act": "take", "name": name, "owner": owner, "ttl_ms": round(ttl_s * 1000)}
        return await self._ask("lease", command, _LEASE)

    async def renew(self, lease: Lease, ttl_s: float) -> Lease | None:
        """See `Registry.renew`."""
        laws.check_ttl(ttl_s)
        command = {"act": "renew", "name": lease.name, "token": lease.token}
        return await self._ask("lease", {**command, "ttl_ms": round(ttl_s * 1000)}, _LEASE)

    async def leased(self, name: str) -> Lease | None:
        """See `Registry.leased`."""
        async with self._reaching():
            raw = cast("bytes | None", await self._redis.hget(self._key("leases"), name))
        return None if raw is None else msgspec.json.decode(raw, type=Lease)

    async def yield_lease(self, lease: Lease) -> bool:
        """See `Registry.yield_lease`."""
        command = {"act": "yield", "name": lease.name, "token": lease.token}
        return await self._ask("lease", command, _LEASE) is not None

    async def put_ticket(self, ticket: str, payload: bytes, ttl_s: int) -> None:
        """See `Registry.put_ticket`."""
        laws.check_ttl(ttl_s)
        async with self._reaching():
            await self._redis.set(self._key(f"ticket:{ticket}"), payload, px=ttl_s * 1000)

    async def take_ticket(self, ticket: str) -> bytes | None:
        """See `Registry.take_ticket`."""
        async with self._reaching():
            taken = await self._redis.getdel(self._key(f"ticket:{ticket}"))
        return cast("bytes | None", taken)

    async def count(self, key: str, window_s: int) -> int:
        """See `Registry.count`."""
        name = self._key(f"count:{key}")
        async with self._reaching(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(name, 0, px=window_s * 1000, nx=True)
            pipeline.incr(name)
            return int((await pipeline.execute())[1])
