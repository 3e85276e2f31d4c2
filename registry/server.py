"""The registry on a real Redis or Valkey server (7 or newer), by one Lua script a command.

The server's clock decides every expiry. With `replicas` > 0 each write waits until so many
replicas have it; a write that fewer confirm in time raises `Unavailable`: its outcome is unknown,
and a retry with the same command id settles it.
"""

from __future__ import annotations

import hashlib
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import asdict, replace
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, OutOfMemoryError, ReadOnlyError
from redis.exceptions import TimeoutError as RedisTimeoutError

from registry import laws
from registry.errors import (
    CommandReused,
    Fenced,
    InUse,
    InvalidCommand,
    NotFound,
    PositionLost,
    Unavailable,
    UnsuitableServer,
)
from registry.gps import CODES, PositionLimits, Verdict
from registry.port import (
    ANYWHERE,
    DEDUPE_S,
    MAX_BATCH,
    MAX_COUNT,
    MAX_FUTURE_MS,
    MAX_TIME_MS,
    ROW_MEMORY_S,
    Applied,
    Card,
    Contradicted,
    Counted,
    Counts,
    Displaced,
    Event,
    Granted,
    HoldCommand,
    Lease,
    OutOfOrder,
    Position,
    PositionVerdict,
    Promise,
    Reason,
    Refused,
    Snapshot,
    UnitPosition,
)
from registry.scripts import KEY_NAMES, script
from registry.states import (
    CARDS,
    RESOURCES,
    STATE_TYPES,
    UNITS,
    Hold,
    Kind,
    Pool,
    Resource,
    Team,
    UnitStatus,
    Van,
    kind_of,
)

Told = TypeVar("Told")

OLDEST_MAJOR = 7
_BLOCK_ROUND_MS = 1_000
# Every command may be sent again, so a short restart of the server is waited out: 2 s at most.
_RETRIES, _RETRY_BASE_S, _RETRY_CAP_S = 3, 0.05, 0.5
_SWEEP_LIMIT = 200


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


class ServerRegistry:
    """`Registry` on a server; made by `connect`. One for many tasks of one event loop."""

    def __init__(self, redis: Redis, region: str, replicas: int, timeout_s: float) -> None:
        self.region = region
        self._redis = redis
        self._replicas = replicas
        self._timeout_s = timeout_s
        self._prefix = f"{{{region}}}:"
        self._keys = [self._prefix + name for name in KEY_NAMES]

    # definitions
    async def put(self, state: Resource, command_id: str) -> Resource:
        """See `Registry.put`."""
        laws.check_definition(state)
        kind = kind_of(state)
        command = {"kind": kind, "state": laws.redefine(None, state), "keeps": _KEEPS[kind]}
        return await self._ask("put", command, type(state), command_id)

    async def remove(self, kind: str, id: str, command_id: str) -> Position:
        """See `Registry.remove`."""
        laws.check_kind(kind, RESOURCES)
        return await self._ask("remove", {"kind": kind, "id": id}, Position, command_id)

    # facts
    async def report_positions(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits = ANYWHERE
    ) -> list[PositionVerdict]:
        """See `Registry.report_positions`."""
        laws.check_id(source)
        verdicts: list[PositionVerdict] = []
        for start in range(0, len(points), MAX_BATCH):
            batch = points[start : start + MAX_BATCH]
            moved, packed = _packed(batch)
            command = {
                "keys": [f"{point.kind}:{point.id}" for point in batch],
                "source": source,
                "future_ms": MAX_FUTURE_MS,
                "limits": limits,
            }
            codes = await self._ask("positions", command, str, None, moved, packed)
            verdicts += [
                PositionVerdict(point.kind, point.id, CODES[code])
                for point, code in zip(batch, codes, strict=True)
            ]
        return verdicts

    async def position_counts(self) -> dict[tuple[str, Verdict], int]:
        """See `Registry.position_counts`."""
        async with self._reaching():
            raw = cast("dict[bytes, bytes]", await self._redis.hgetall(self._key("gps_counts")))
        told = {name.decode().rpartition(" "): int(count) for name, count in raw.items()}
        return {(source, CODES[code]): count for (source, _, code), count in told.items()}

    async def report_status(
        self,
        kind: str,
        id: str,
        status: UnitStatus,
        command_id: str,
        reason: str | None = None,
    ) -> Team | Van:
        """See `Registry.report_status`."""
        laws.check_kind(kind, UNITS)
        laws.check_out(status, reason)
        command = {"kind": kind, "id": id, "status": status, "reason": reason}
        unit = await self._ask("status", _without_none(command), STATE_TYPES[kind], command_id)
        return cast("Team | Van", unit)

    async def report_counts(
        self, pool: str, counts: Counts, at_ms: int, command_id: str
    ) -> Counted:
        """See `Registry.report_counts`."""
        laws.check_counts(counts, at_ms)
        command = _without_none({"pool": pool, "at_ms": at_ms, **asdict(counts)})
        return await self._ask("counts", command, Counted, command_id)

    async def walk_in(self, pool: str, command_id: str) -> Counted:
        """See `Registry.walk_in`."""
        command = {"pool": pool, "walk_in": True, "max_count": MAX_COUNT}
        return await self._ask("counts", command, Counted, command_id)

    async def still_true(self, pool: str, command_id: str) -> Pool:
        """See `Registry.still_true`."""
        return await self._ask("confirm", {"pool": pool}, Pool, command_id)

    async def not_true(self, pool: str, withdrawn_ms: int, former_ms: int, command_id: str) -> Pool:
        """See `Registry.not_true`."""
        laws.check_time("withdrawn_ms", withdrawn_ms)
        laws.check_time("former_ms", former_ms)
        command = {"pool": pool, "withdrawn_ms": withdrawn_ms, "former_ms": former_ms}
        return await self._ask("confirm", command, Pool, command_id)

    async def pause(self, pool: str, reason: str, until_ms: int | None, command_id: str) -> Pool:
        """See `Registry.pause`."""
        laws.check_time("until_ms", until_ms)
        command = {"pool": pool, "paused": True, "reason": reason, "until_ms": until_ms}
        return await self._ask("pause", _without_none(command), Pool, command_id)

    async def resume(self, pool: str, command_id: str) -> Pool:
        """See `Registry.resume`."""
        return await self._ask("pause", {"pool": pool, "paused": False}, Pool, command_id)

    # holds
    async def hold(self, command: HoldCommand) -> Granted | Refused:
        """See `Registry.hold`."""
        laws.check_hold(command)
        told = await self._ask(
            "hold",
            {
                "id": command.hold_id,
                "request": command.request,
                "by": command.by,
                "ttl_ms": command.ttl_s * 1000,
                "resources": laws.held_by(command),
                "seen": {f"{kind}:{id}": seen for (kind, id), seen in command.seen.items()},
            },
            _HoldAnswer,
            command.hold_id,
        )
        return told.answer()

    async def extend(self, hold: str, ttl_s: int, command_id: str) -> Granted | Refused:
        """See `Registry.extend`."""
        laws.check_ttl(ttl_s)
        command = {"hold": hold, "ttl_ms": ttl_s * 1000}
        return (await self._ask("extend", command, _HoldAnswer, command_id)).answer()

    async def release(self, hold: str, command_id: str) -> bool:
        """See `Registry.release`."""
        return await self._ask("release", {"hold": hold}, bool, command_id)

    async def sweep(self) -> list[str]:
        """See `Registry.sweep`."""
        expired: list[str] = []
        more = True
        while more:
            told = await self._ask("sweep", {"limit": _SWEEP_LIMIT}, _SweepAnswer)
            expired += told.expired
            more = told.more
        return expired

    # promises
    async def apply(self, promise: Promise) -> Applied | OutOfOrder | Contradicted:
        """See `Registry.apply`."""
        laws.check_promise(promise)
        command = {
            "row_id": promise.row_id,
            "aggregate": promise.aggregate,
            "id": promise.aggregate_id,
            "version": promise.version,
            "kind": promise.kind,
            "effects": promise.effects,
            "memory_ms": ROW_MEMORY_S * 1000,
            "resumes": promise.resumes,
        }
        texts = (msgspec.json.encode(promise.card), msgspec.json.encode(promise.body))
        return (await self._ask("apply", command, _ApplyAnswer, None, *texts)).answer()

    # reading
    async def snapshot(self) -> Snapshot:
        """See `Registry.snapshot`."""
        kinds = (*STATE_TYPES, *CARDS, "position")
        async with self._reaching(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(self._key("meta"), ["epoch", "seq"])
            pipeline.time()
            pipeline.get(self._key("clock"))
            for kind in kinds:
                pipeline.hgetall(self._key(kind))
            meta, (second, micro), clock, *maps = await pipeline.execute()
        read = dict(zip(kinds, maps, strict=True))
        states = {kind: _decode_states(kind, read[kind]) for kind in STATE_TYPES}
        for name, raw in read["position"].items():
            kind, _, id = name.decode().partition(":")
            if id in states[kind]:
                states[kind][id] = _at(states[kind][id], raw)
        return Snapshot(
            position=_position(meta),
            at_ms=_shifted(second * 1000 + micro // 1000, clock),
            teams=states[Kind.TEAM],
            vans=states[Kind.VAN],
            pools=states[Kind.POOL],
            slots=states[Kind.SLOT],
            holds=states[Kind.HOLD],
            cards={kind: _decode_cards(read[kind]) for kind in CARDS},
        )

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        """See `Registry.events`."""
        if not (0 <= after.epoch < MAX_TIME_MS and -1 <= after.seq < MAX_TIME_MS):
            raise PositionLost(f"{after} is not in the stream")
        deadline = time.monotonic() + block_ms / 1000
        found = await self._read(after, 0, limit)
        while not found and (left_ms := round((deadline - time.monotonic()) * 1000)) > 0:
            found = await self._read(after, min(left_ms, _BLOCK_ROUND_MS), limit)
        return found

    async def _read(self, after: Position, block_ms: int, limit: int) -> list[Event]:
        key = self._key("events")
        start = _stream_id(after)
        async with self._reaching():
            entries = _entries(await self._redis.xread({key: start}, limit, block_ms or None))
            if not entries:
                last = _position(await self._redis.hmget(self._key("meta"), ["epoch", "seq"]))
                if last == after:
                    return []
                if last < after:
                    raise PositionLost(f"{after} is not in the stream")
                entries = _entries(await self._redis.xread({key: start}, limit))
        events = [_event(id, fields) for id, fields in entries]
        if not events or events[0].position != (after.epoch, after.seq + 1):
            raise PositionLost(f"{after} was trimmed or is of another epoch")
        return [event for event in events if event.position.epoch == after.epoch]

    async def trim(self, through: Position) -> int:
        """See `Registry.trim`."""
        first = f"{through.epoch}-{through.seq + 1}"
        async with self._reaching():
            return int(await self._redis.xtrim(self._key("events"), minid=first, approximate=False))

    # the plan
    async def publish_plan(self, plan: bytes, fence: int) -> Position:
        """See `Registry.publish_plan`."""
        return await self._ask("publish_plan", {"fence": fence}, Position, None, plan)

    async def plan(self) -> bytes | None:
        """See `Registry.plan`."""
        async with self._reaching():
            return cast("bytes | None", await self._redis.get(self._key("plan")))

    # leases, tickets, counters, epochs
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

    async def open_epoch(self) -> Position:
        """See `Registry.open_epoch`."""
        return await self._ask("open_epoch", {}, Position)

    async def renew_epoch(self) -> Position | None:
        """See `Registry.renew_epoch`. A server's run id changes with every start of its process."""
        async with self._reaching():
            run = str((await self._redis.info("server"))["run_id"])
        return await self._ask("open_epoch", {"if_other": run}, _RENEWED)

    async def ensure_epoch(self) -> Position:
        """Open the first epoch of a new region."""
        return await self._ask("open_epoch", {"if_none": True}, Position)

    async def now_ms(self) -> int:
        """See `Registry.now_ms`."""
        async with self._reaching(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.get(self._key("clock"))
            (second, micro), clock = await pipeline.execute()
        return _shifted(second * 1000 + micro // 1000, clock)

    async def ping(self) -> None:
        """See `Registry.ping`."""
        async with self._reaching():
            await self._redis.ping()

    async def close(self) -> None:
        """See `Registry.close`."""
        await self._redis.aclose(close_connection_pool=True)

    # for tests and for wiring
    async def set_test_clock(self, *, offset_ms: int = 0, stopped_at_ms: int | None = None) -> None:
        """Shift this region's clock by an offset, or stop it at a time. Only tests do."""
        value = str(offset_ms) if stopped_at_ms is None else f"={stopped_at_ms}"
        async with self._reaching():
            await self._redis.set(self._key("clock"), value)

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

    # how a script is asked
    async def _ask(
        self,
        name: str,
        command: dict[str, Any],
        answer: type[Told],
        command_id: str | None = None,
        *texts: bytes,
    ) -> Told:
        keys = [*self._keys, self._key(f"done:{command_id or ''}")]
        try:
            if command_id is not None:
                laws.check_id(command_id)
                command = {**command, "once_ms": DEDUPE_S * 1000, "digest": _digest(command)}
            asked = msgspec.json.encode(command)
        except (UnicodeEncodeError, OverflowError) as error:
            raise InvalidCommand("no text or number that can be kept") from error
        raw = await self._run(name, keys, [asked, *texts])
        if raw.startswith(b'{"error"'):
            _raise(msgspec.json.decode(raw, type=_ErrorAnswer).error)
        return msgspec.json.decode(raw, type=answer)

    async def _run(self, name: str, keys: list[str], args: list[bytes]) -> bytes:
        lua = script(name)
        async with self._reaching():
            try:
                return await self._durably("EVALSHA", lua.sha, keys, args)
            except NoScriptError:
                return await self._durably("EVAL", lua.source, keys, args)

    async def _durably(self, verb: str, code: str, keys: list[str], args: list[bytes]) -> bytes:
        call = (verb, code, len(keys), *keys, *args)
        if not self._replicas:
            return cast("bytes", await self._redis.execute_command(*call))  # type: ignore[no-untyped-call]
        async with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.execute_command(*call)
            pipeline.wait(self._replicas, round(self._timeout_s * 500))
            answer, confirmed = await pipeline.execute()
        if confirmed < self._replicas:
            raise Unavailable("too few replicas confirmed the write; its outcome is unknown")
        return cast("bytes", answer)

    def _key(self, name: str) -> str:
        return self._prefix + name

    @asynccontextmanager
    async def _reaching(self) -> AsyncIterator[None]:
        try:
            yield
        except _NOT_NOW as error:
            raise Unavailable(f"the registry's server did not do it: {error}") from error


_NOT_NOW = (
    RedisConnectionError,  # a refused password too: the client makes no difference
    RedisTimeoutError,
    ReadOnlyError,
    OutOfMemoryError,
)
_LEASE = cast("type[Lease | None]", Lease | None)
_RENEWED = cast("type[Position | None]", Position | None)
_KEEPS = {
    Kind.TEAM: laws.UNIT_LIVES,
    Kind.VAN: laws.UNIT_LIVES,
    Kind.POOL: laws.POOL_LIVES,
    Kind.SLOT: laws.SLOT_LIVES,
}


class _Error(msgspec.Struct, frozen=True):
    name: str
    kind: str
    id: str


class _ErrorAnswer(msgspec.Struct, frozen=True):
    error: _Error


class _HoldAnswer(msgspec.Struct, frozen=True):
    hold: Hold | None = None
    position: Position | None = None
    refused: tuple[str, str, Reason] | None = None

    def answer(self) -> Granted | Refused:
        if self.hold and self.position:
            return Granted(self.hold, self.position)
        return Refused(*cast("tuple[str, str, Reason]", self.refused))


class _SweepAnswer(msgspec.Struct, frozen=True):
    expired: list[str]
    more: bool


class _ApplyAnswer(msgspec.Struct, frozen=True):
    applied: Position | None = None
    already: bool = False
    displaced: tuple[tuple[str, str, str], ...] = ()
    expected: int = 0
    unknown: tuple[str, str] | None = None

    def answer(self) -> Applied | OutOfOrder | Contradicted:
        if self.unknown is not None:
            return Contradicted(*self.unknown, "unknown")
        if self.applied is None:
            return OutOfOrder(self.expected)
        return Applied(self.applied, self.already, tuple(Displaced(*one) for one in self.displaced))


def _digest(command: dict[str, Any]) -> str | None:
    """What the command says. A hold says what its caller's command does, and may see more."""
    if "ttl_ms" in command:
        return None
    said = msgspec.json.encode(command, order="deterministic")
    return hashlib.sha256(said).hexdigest()[:32]


def _raise(error: _Error) -> NoReturn:
    if error.name == "Reused":
        raise CommandReused("this command id was used for something else")
    if error.name == "NotFound":
        raise NotFound(error.kind, error.id)
    if error.name == "InUse":
        raise InUse(error.kind, error.id)
    if error.name == "Fenced":
        raise Fenced("a newer planner exists")
    raise InvalidCommand(f"{error.name}: {error.kind} {error.id}")


def _without_none(command: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in command.items() if value is not None}


def _shifted(now_ms: int, clock: bytes | None) -> int:
    if clock is None:
        return now_ms
    return int(clock[1:]) if clock.startswith(b"=") else now_ms + int(clock)


def _decode_states(kind: str, raw: dict[bytes, bytes]) -> dict[str, Any]:
    decoder = _DECODERS[kind]
    return {id.decode(): decoder.decode(state) for id, state in raw.items()}


def _decode_cards(raw: dict[bytes, bytes]) -> dict[str, Card]:
    return {id.decode(): msgspec.json.decode(card) for id, card in raw.items()}


_NOWHERE_E6 = 2_000_000_000
_FIX = np.dtype([("lon", "<i4"), ("lat", "<i4"), ("at_ms", "<f8"), ("accuracy_m", "<i4")])
_FIX_BEFORE = struct.Struct("<iid")


def _packed(points: Sequence[UnitPosition]) -> tuple[bytes, bytes]:
    """The points as the event has them (JSON) and as the script reads them (20 bytes each)."""
    fixes = np.empty(len(points), _FIX)
    fixes["lon"] = _micro_degrees([point.lon for point in points], 180.0)
    fixes["lat"] = _micro_degrees([point.lat for point in points], 90.0)
    fixes["at_ms"] = [point.at_ms for point in points]
    accuracies = [laws.whole_metres(point.accuracy_m) for point in points]
    fixes["accuracy_m"] = [-1 if one is None else one for one in accuracies]
    lons, lats = (fixes["lon"] / 1e6).tolist(), (fixes["lat"] / 1e6).tolist()
    rounded = [
        (point.kind, point.id, lon, lat, point.at_ms, accuracy_m)
        for point, lon, lat, accuracy_m in zip(points, lons, lats, accuracies, strict=True)
    ]
    try:
        return msgspec.json.encode(rounded), fixes.tobytes()
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidCommand("no text or number that can be kept") from error


def _micro_degrees(degrees: list[float], limit: float) -> npt.NDArray[np.float64]:
    """Whole millionths of a degree; what is not on Earth becomes `_NOWHERE_E6`."""
    given = np.array(degrees)
    on_earth = np.abs(given) <= limit
    return np.where(on_earth, np.rint(np.where(on_earth, given, 0) * 1e6), _NOWHERE_E6)


def _at(unit: Team | Van, raw: bytes) -> Team | Van:
    if len(raw) in (_FIX.itemsize, _FIX_BEFORE.size):
        lon_e6, lat_e6, at = _FIX_BEFORE.unpack_from(raw)
        (off,) = struct.unpack_from("<i", raw, _FIX_BEFORE.size) if len(raw) > 16 else (-1,)
        known = None if off < 0 else off
        place = {"lon": lon_e6 / 1e6, "lat": lat_e6 / 1e6, "position_ms": int(at)}
        return replace(unit, **place, accuracy_m=known)
    lon, lat, at_ms = raw.split()
    return replace(unit, lon=float(lon), lat=float(lat), position_ms=int(at_ms))


def _position(meta: Sequence[Any]) -> Position:
    """(0, -1) where the server has forgotten the region."""
    epoch, seq = meta
    return Position(int(epoch), int(seq)) if epoch is not None else Position(0, -1)


def _stream_id(after: Position) -> str:
    if after.seq >= 0:
        return f"{after.epoch}-{after.seq}"
    return f"{max(after.epoch - 1, 0)}-{2**64 - 1}"


def _entries(read: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of one stream in an answer to XREAD, of protocol 2 (lists) or 3 (a map)."""
    if not read:
        return []
    if isinstance(read, dict):
        (found,) = read.values()
        return cast("list[tuple[bytes, dict[bytes, bytes]]]", found[0] if found else [])
    return cast("list[tuple[bytes, dict[bytes, bytes]]]", read[0][1])


def _event(id: bytes, fields: dict[bytes, bytes]) -> Event:
    epoch, _, seq = id.partition(b"-")
    touched = [
        (kind, name, _DECODERS[kind].decode(state))
        for kind, name, state in _TOUCHED.decode(fields[b"touched"])
    ]
    return Event(
        position=Position(int(epoch), int(seq)),
        kind=fields[b"kind"].decode(),
        at_ms=int(fields[b"at"]),
        touched=tuple(touched),
        body=msgspec.json.decode(fields[b"body"]),
    )


_TOUCHED = msgspec.json.Decoder(list[tuple[str, str, msgspec.Raw]])
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    **{kind: msgspec.json.Decoder(type | None) for kind, type in STATE_TYPES.items()},
    **{kind: msgspec.json.Decoder(dict | None) for kind in CARDS},
}
