"""The registry's laws in memory: the reference that the real server is tested against.

It has no durability and serves one event loop. The clock is handed in (milliseconds UTC).
"""

from __future__ import annotations

from registry.model.leases import Leases
from registry.model.pools import Pools
from registry.model.positions import Positions
from registry.model.stream import Stream
from registry.model.sweep import Sweep


class MemoryRegistry(Positions, Pools, Sweep, Stream, Leases):
    """`Registry` in memory. `clock()` gives milliseconds UTC."""

    async def ping(self) -> None:
        """See `Registry.ping`."""

    async def close(self) -> None:
        """See `Registry.close`."""
