"""The registry on a real Redis or Valkey server (7 or newer), by one Lua script a command.

The server's clock decides every expiry. With `replicas` > 0 each write waits until so many
replicas have it; a write that fewer confirm in time raises `Unavailable`: its outcome is unknown,
and a retry with the same command id settles it.
"""

from __future__ import annotations

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from registry import laws
from registry.errors import InvalidCommand, UnsuitableServer
from registry.server.holds import Holds
from registry.server.leases import Leases
from registry.server.pools import Pools
from registry.server.positions import Positions
from registry.server.promises import Promises
from registry.server.resources import Resources
from registry.server.stream import Stream

OLDEST_MAJOR = 7
# Every command may be sent again, so a short restart of the server is waited out: 2 s at most.
_RETRIES, _RETRY_BASE_S, _RETRY_CAP_S = 3, 0.05, 0.5


async def connect(
    url: str, region: str, *, replicas: int = 0, timeout_s: float = 5.0, connections: int = 64
) -> ServerRegistry:
    """Open the region's registry at a redis://, rediss:// or unix:// URL.

    Raises UnsuitableServer (too old, evicting, a URL that cannot be read) or Unavailable.
    """
    laws.check_id(region)
    if "{" in region or "}" in region:
        raise InvalidCommand("a region's name has no braces")
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(
                ExponentialBackoff(cap=_RETRY_CAP_S, base=_RETRY_BASE_S),
                _RETRIES,
                supported_errors=(RedisConnectionError,),
            ),
        )
    except ValueError as error:
        raise UnsuitableServer("the Redis URL cannot be read") from error
    registry = ServerRegistry(Redis.from_pool(pool), region, replicas, timeout_s)
    try:
        await registry.check_server()
        await registry.ensure_epoch()
    except BaseException:
        await registry.close()
        raise
    return registry


class ServerRegistry(Resources, Positions, Pools, Holds, Promises, Stream, Leases):
    """`Registry` on a server; made by `connect`. One for many tasks of one event loop."""

    async def check_server(self) -> None:
        """Raises UnsuitableServer when the server is too old or may evict what it acknowledged."""
        async with self._reaching():
            info = await self._redis.info()
        version = str(info.get("redis_version", "0"))
        if int(version.partition(".")[0]) < OLDEST_MAJOR:
            raise UnsuitableServer(f"the server speaks Redis {version}; 7 or newer is needed")
        policy = info.get("maxmemory_policy", "noeviction")
        if info.get("maxmemory", 0) and policy != "noeviction":
            raise UnsuitableServer(f"maxmemory-policy is {policy}; it must be noeviction")

    async def set_test_clock(self, *, offset_ms: int = 0, stopped_at_ms: int | None = None) -> None:
        """Shift this region's clock by an offset, or stop it at a time. Only tests do."""
        value = str(offset_ms) if stopped_at_ms is None else f"={stopped_at_ms}"
        async with self._reaching():
            await self._redis.set(self._key("clock"), value)

    async def ping(self) -> None:
        """See `Registry.ping`."""
        async with self._reaching():
            await self._redis.ping()

    async def close(self) -> None:
        """See `Registry.close`."""
        await self._redis.aclose(close_connection_pool=True)
