"""Leases, tickets that are taken once, and counters."""

from __future__ import annotations

from msgspec.structs import replace

from registry import laws
from registry.model.world import World
from registry.port import Lease


class Leases(World):
    """What several processes share besides the region's state."""

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Registry.lease`."""
        laws.check_ttl(ttl_s)
        now, last = self._clock(), self._leases.get(name)
        if last and last.owner != owner and last.until_ms > now:
            return None
        lease = Lease(name, owner, (last.token if last else 0) + 1, now + round(ttl_s * 1000))
        self._leases[name] = lease
        return lease

    async def renew(self, lease: Lease, ttl_s: float) -> Lease | None:
        """See `Registry.renew`."""
        laws.check_ttl(ttl_s)
        last = self._leases.get(lease.name)
        if last is None or last.token != lease.token or last.until_ms <= self._clock():
            return None
        renewed = replace(last, until_ms=self._clock() + round(ttl_s * 1000))
        self._leases[lease.name] = renewed
        return renewed

    async def leased(self, name: str) -> Lease | None:
        """See `Registry.leased`."""
        return self._leases.get(name)

    async def yield_lease(self, lease: Lease) -> bool:
        """See `Registry.yield_lease`."""
        last = self._leases.get(lease.name)
        if last is None or last.token != lease.token or last.until_ms <= self._clock():
            return False
        self._leases[lease.name] = replace(last, until_ms=self._clock())
        return True

    async def put_ticket(self, ticket: str, payload: bytes, ttl_s: int) -> None:
        """See `Registry.put_ticket`."""
        laws.check_ttl(ttl_s)
        self._tickets[ticket] = (self._clock() + ttl_s * 1000, payload)

    async def take_ticket(self, ticket: str) -> bytes | None:
        """See `Registry.take_ticket`."""
        until_ms, payload = self._tickets.pop(ticket, (0, b""))
        return payload if until_ms > self._clock() else None

    async def count(self, key: str, window_s: int) -> int:
        """See `Registry.count`."""
        now = self._clock()
        until_ms, seen = self._counters.get(key, (0, 0))
        if until_ms <= now:
            until_ms, seen = now + window_s * 1000, 0
        self._counters[key] = (until_ms, seen + 1)
        return seen + 1
