"""The registry: a bundle's hold against WATCH/MULTI, and a snapshot against pipelined HGETALL."""

import asyncio
import multiprocessing
import random
import statistics
import tempfile
from multiprocessing.synchronize import Barrier
from pathlib import Path
from time import perf_counter
from typing import Any, cast

import msgspec
import numpy as np
from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import WatchError

from benchmarks.rows import Row, row
from caretower.embedded.valkey import running_valkey
from registry.port import Event, Granted, HoldCommand, Position, UnitPosition
from registry.replica import Replica
from registry.server import ServerRegistry, connect
from registry.states import Pool, Resource, Team, UnitStatus, Van

CLAIMANTS = 64
PROCESSES = 2
HOT_POOLS = 4
BEDS = 16
CYCLES, SHORT_CYCLES = 12, 4
VEHICLES, UNITS = 5_000, 4_000

AT_LEAST_TIMES_WATCH = 10.0
AT_LEAST_TIMES_HGETALL = 100.0
ADVANCE_US = 20.0


def run(short: bool) -> list[Row]:
    """Rows {name, value, unit, baseline, ratio, target, holds}; asserts that the answers are right.

    The short form makes fewer holds a claimant; sizes and contention stay.
    """
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_valkey(Path(folder)) as server,
    ):
        cycles = SHORT_CYCLES if short else CYCLES
        script_ms = _p99(_contend(server.url, "script", cycles))
        watch_ms = _p99(_contend(server.url, "watch", cycles))
        replica_ms, hgetall_ms, advance_us = asyncio.run(_snapshots(server.url))
    return [
        row(
            "hold.vs_watch", watch_ms / script_ms, "x", AT_LEAST_TIMES_WATCH,
            lower=False, baseline=watch_ms,
        ),
        row("hold.p99_ms", script_ms, "ms", None),
        row(
            "snapshot.vs_hgetall", hgetall_ms / replica_ms, "x", AT_LEAST_TIMES_HGETALL,
            lower=False, baseline=hgetall_ms,
        ),
        row("snapshot.ms", replica_ms, "ms", None),
        row("replica.advance_us", advance_us, "us", ADVANCE_US),
    ]  # fmt: skip


# holds


def _contend(url: str, way: str, cycles: int) -> list[float]:
    """Milliseconds of every hold of 64 claimants in 2 processes; exactly BEDS get a last one."""
    asyncio.run(_define(url))
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    with context.Manager() as manager:
        told = manager.list()
        workers = [
            context.Process(target=_claim, args=(url, way, part, cycles, barrier, told))
            for part in range(PROCESSES)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        answers = list(told)
    assert len(answers) == PROCESSES, "a client process failed"
    granted = sum(last for _, last in answers)
    assert granted == BEDS, f"{granted} claimants got one of {BEDS} beds"
    return [taken for times, _ in answers for taken in times]


async def _define(url: str) -> None:
    redis = Redis.from_url(url)
    await redis.flushall()
    registry = await connect(url, "bench")
    for state in _resources():
        stored = await registry.put(state, f"define {state.id}")
        await redis.set(f"{{watch}}:{state.id}", msgspec.json.encode(stored))
    await registry.close()
    await redis.aclose()


def _resources() -> list[Resource]:
    pools = [_pool(f"hot-{n}", (-112.0, 41.0), 999) for n in range(HOT_POOLS)]
    last = _pool("last", (-112.0, 41.0), BEDS)
    teams = [
        Team(
            id=f"team-{n}", zone="z", name="t", base_lon=-112.0, base_lat=41.0,
            shift_start_ms=0, shift_end_ms=1,
        )
        for n in range(CLAIMANTS)
    ]  # fmt: skip
    vans = [_van(f"van-{n}", (-112.0, 41.0), 1) for n in range(CLAIMANTS)]
    return [*pools, last, *teams, *vans]


def _pool(name: str, at: tuple[float, float], capacity: int) -> Pool:
    lon, lat = at
    return Pool(
        id=name, facility="f", zone="z", name="p", type="respite",
        lon=lon, lat=lat, capacity=capacity,
    )  # fmt: skip


def _van(name: str, base: tuple[float, float], shift_end_ms: int) -> Van:
    lon, lat = base
    return Van(
        id=name, zone="z", name="v", base_lon=lon, base_lat=lat,
        shift_start_ms=0, shift_end_ms=shift_end_ms,
    )  # fmt: skip


def _claim(url: str, way: str, part: int, cycles: int, barrier: Barrier, told: Any) -> None:
    """One client process: its claimants, all at once."""
    told.append(asyncio.run(_claim_all(url, way, part, cycles, barrier)))


async def _claim_all(
    url: str, way: str, part: int, cycles: int, barrier: Barrier
) -> tuple[list[float], int]:
    claimants = range(part, CLAIMANTS, PROCESSES)
    client = await (_Script.open(url) if way == "script" else _Watch.open(url))
    times: list[float] = []

    async def warm(claimant: int) -> None:
        """Opens the connection: a standing claimant's hold does not pay for it."""
        hold = await client.hold(claimant, f"hot-{claimant % HOT_POOLS}")
        assert hold is not None, "a hot pool has room for everyone"
        await client.release(hold)

    async def work(claimant: int) -> bool:
        for cycle in range(cycles):
            began = perf_counter()
            hold = await client.hold(claimant, f"hot-{(claimant + cycle) % HOT_POOLS}")
            times.append((perf_counter() - began) * 1000)
            assert hold is not None, "a hot pool has room for everyone"
            await client.release(hold)
        return await client.hold(claimant, "last") is not None

    await asyncio.gather(*(warm(claimant) for claimant in claimants))
    barrier.wait()
    granted = sum(await asyncio.gather(*(work(claimant) for claimant in claimants)))
    await client.close()
    return times, granted


class _Script:
    """The registry's own way: one script."""

    def __init__(self, registry: ServerRegistry) -> None:
        self.registry = registry
        self.made = 0

    @classmethod
    async def open(cls, url: str) -> "_Script":
        return cls(await connect(url, "bench"))

    async def hold(self, claimant: int, pool: str) -> str | None:
        self.made += 1
        command = HoldCommand(
            hold_id=f"hold-{claimant}-{self.made}",
            request=f"request-{claimant}",
            team=f"team-{claimant}",
            van=f"van-{claimant}",
            pool=pool,
            ttl_s=600,
            by="bench",
        )
        return command.hold_id if isinstance(await self.registry.hold(command), Granted) else None

    async def release(self, hold: str) -> None:
        await self.registry.release(hold, f"release {hold}")

    async def close(self) -> None:
        await self.registry.close()


class _Watch:
    """The same change and event by optimistic locking: WATCH, GET, MULTI, EXEC, and again."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.made: dict[str, tuple[int, str]] = {}

    @classmethod
    async def open(cls, url: str) -> "_Watch":
        return cls(Redis.from_pool(BlockingConnectionPool.from_url(url, max_connections=64)))

    async def hold(self, claimant: int, pool: str) -> str | None:
        hold = f"hold-{claimant}"
        self.made[hold] = (claimant, pool)
        return hold if await self._change(claimant, pool, hold) else None

    async def release(self, hold: str) -> None:
        await self._change(*self.made[hold], None)

    async def _change(self, claimant: int, pool: str, hold: str | None) -> bool:
        keys = [f"{{watch}}:{id}" for id in (f"team-{claimant}", f"van-{claimant}", pool)]
        while True:
            async with self.redis.pipeline() as pipeline:
                await pipeline.watch(*keys)
                found = cast("list[bytes]", await pipeline.mget(keys))
                team, van, beds = [msgspec.json.decode(raw) for raw in found]
                if hold and (team["hold"] or van["hold"] or beds["free"] == 0):
                    return False
                step = 1 if hold else -1
                states = {
                    keys[0]: {**team, "hold": hold},
                    keys[1]: {**van, "hold": hold},
                    keys[2]: {**beds, "held": beds["held"] + step, "free": beds["free"] - step},
                }
                pipeline.multi()  # type: ignore[no-untyped-call]
                encoded: dict[Any, Any] = {
                    key: msgspec.json.encode(state) for key, state in states.items()
                }
                pipeline.mset(encoded)
                pipeline.xadd("{watch}:events", encoded)
                try:
                    await pipeline.execute()
                except WatchError:
                    continue
                return True

    async def close(self) -> None:
        await self.redis.aclose(close_connection_pool=True)


# snapshots


async def _snapshots(url: str) -> tuple[float, float, float]:
    """Median ms of the replica's arrays and of pipelined HGETALL; median µs of an event."""
    redis = Redis.from_url(url)
    await redis.flushall()
    registry = await connect(url, "bench")
    states = _fleet(random.Random(988))
    for start in range(0, len(states), 500):
        part = states[start : start + 500]
        await asyncio.gather(*(registry.put(state, f"define {state.id}") for state in part))
        async with redis.pipeline(transaction=False) as pipeline:
            for state in part:
                pipeline.hset(f"{{plain}}:{state.id}", mapping=_numbers(state))
            await pipeline.execute()
    replica = Replica.of(await registry.snapshot())
    ids = [(state.id, isinstance(state, Van)) for state in states]
    hgetall, arrays = [], []
    for _ in range(5):
        began = perf_counter()
        plain = await _by_hgetall(redis, ids)
        hgetall.append((perf_counter() - began) * 1000)
    for _ in range(50):
        began = perf_counter()
        copied = replica.arrays()
        arrays.append((perf_counter() - began) * 1000)
    for (of_vans, names), rows in zip(_COLUMNS, (copied.vans, copied.pools), strict=True):
        order = np.argsort(np.array(rows.ids))
        expected = plain[of_vans]
        for column, name in enumerate(names):
            assert np.array_equal(rows.rows[name][order], expected[:, column]), name
    advance_us = await _advance(registry, replica)
    await registry.close()
    await redis.aclose()
    return statistics.median(arrays), statistics.median(hgetall), advance_us


_COLUMNS = ((True, ("lon", "lat", "shift_end_ms")), (False, ("lon", "lat", "free")))


def _fleet(chance: random.Random) -> list[Resource]:
    def place() -> tuple[float, float]:
        return round(chance.uniform(-114, -109), 6), round(chance.uniform(37, 42), 6)

    vans = [_van(f"van-{n:05}", place(), chance.randrange(10**12)) for n in range(VEHICLES)]
    pools = [_pool(f"pool-{n:05}", place(), chance.randrange(40)) for n in range(UNITS)]
    return [*vans, *pools]


def _numbers(state: Resource) -> dict[Any, float]:
    """A hash as one would write it by hand: the fields that a planner reads."""
    if isinstance(state, Van):
        return {"lon": state.base_lon, "lat": state.base_lat, "shift_end_ms": state.shift_end_ms}
    assert isinstance(state, Pool)
    return {"lon": state.lon, "lat": state.lat, "free": state.capacity}


async def _by_hgetall(redis: Redis, ids: list[tuple[str, bool]]) -> dict[bool, np.ndarray]:
    async with redis.pipeline(transaction=False) as pipeline:
        for id, _ in ids:
            pipeline.hgetall(f"{{plain}}:{id}")
        hashes = await pipeline.execute()
    return {
        of_vans: np.array(
            [
                [float(found[name.encode()]) for name in names]
                for found, (_, is_van) in zip(hashes, ids, strict=True)
                if is_van == of_vans
            ]
        )
        for of_vans, names in _COLUMNS
    }


async def _advance(registry: ServerRegistry, replica: Replica) -> float:
    """Median µs that the replica takes for an event (statuses and single GPS points)."""
    now_ms = (await registry.snapshot()).at_ms
    for number in range(200):
        await registry.report_status(
            "van", f"van-{number:05}", UnitStatus.CLEARING, f"status {number}"
        )
        point = UnitPosition("van", f"van-{number:05}", -111.5, 40.5, now_ms + number)
        await registry.report_positions([point], "bench")
    events: list[Event] = await registry.events(Position(*replica.position), limit=1_000)
    assert len(events) == 400
    taken = []
    for event in events:
        began = perf_counter()
        replica.advance(event)
        taken.append((perf_counter() - began) * 1e6)
    return statistics.median(taken)


def _p99(times: list[float]) -> float:
    return float(np.percentile(times, 99))
