"""The record: a promise's way from commit to event, and how far the recorder is behind.

Both stores are real and durable (fsync on). The run ends with a verification of all that it wrote.
"""

import asyncio
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from benchmarks.rows import Row, row
from caretower.embedded.postgres import running_postgres
from caretower.embedded.valkey import running_valkey
from caretower.migrations import migrate
from record.actor import system
from record.engine import make_engine
from record.journal import Journal
from record.recorder import Recorder
from record.tables import fact
from record.verify import verify
from registry.port import Claim, Effect, Free, HoldCommand
from registry.server import ServerRegistry, connect
from registry.states import Pool

BENCH = system("bench")
PROMISES, SHORT_PROMISES = 400, 60
HOLDERS = 8
HOLDS, SHORT_HOLDS = 250, 40
SINGLE_ROUNDS = 100
AT_LEAST_TIMES_SINGLE = 5.0


def run(short: bool) -> list[Row]:
    """Rows {name, value, unit, baseline, ratio, target, holds}; asserts a sound record."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        tempfile.TemporaryDirectory(prefix="ct-") as other,
        running_valkey(Path(other)) as valkey,
        running_postgres(Path(folder)) as postgres,
    ):
        asyncio.run(migrate(postgres.owner_url))
        return asyncio.run(_measure(postgres.app_url, valkey.url, short))


async def _measure(database_url: str, registry_url: str, short: bool) -> list[Row]:
    engine = make_engine(database_url)
    registry = await connect(registry_url, region="bench")
    pool = Pool(
        id="p1", facility="f1", zone="z", name="p1", type="respite",
        lon=0.0, lat=0.0, capacity=1_000,
    )  # fmt: skip
    await registry.put(pool, str(uuid7()))
    await Recorder(engine, registry).run_once()

    commit_ms, apply_ms = await _promises(
        Journal(engine), registry, SHORT_PROMISES if short else PROMISES
    )
    lag_ms = await _lag(engine, registry, SHORT_HOLDS if short else HOLDS)
    batched, single = await _speeds(engine, registry, SHORT_HOLDS if short else HOLDS)
    report = await verify(engine, registry)
    assert report.sound, report.findings
    await registry.close()
    await engine.dispose()
    return [
        row("promise.commit_p99_ms", _p99(commit_ms), "ms", None),
        row("promise.apply_p99_ms", _p99(apply_ms), "ms", None),
        row("recorder.lag_p99_ms", _p99(lag_ms), "ms", None),
        row("recorder.facts_per_s", batched, "1/s", None),
        row(
            "recorder.vs_single", batched / single, "x", AT_LEAST_TIMES_SINGLE,
            lower=False, baseline=single,
        ),
    ]  # fmt: skip


async def _promises(
    journal: Journal, registry: ServerRegistry, count: int
) -> tuple[list[float], list[float]]:
    """Claim and free a place, one after the other: ms until committed, and from there applied."""
    commit_ms, apply_ms = [], []
    for _ in range(count):
        request = str(uuid7())
        steps: list[Effect] = [Claim("pool", "p1", request), Free("pool", "p1", request)]
        for version, effect in enumerate(steps, start=1):
            began = perf_counter()
            async with journal.transaction(BENCH) as tx:
                await tx.audit("bench.step", "request", request)
                row_id = await tx.promise(
                    aggregate="request",
                    aggregate_id=request,
                    version=version,
                    kind="step",
                    effects=[effect],
                    card={"id": request} if version == 1 else None,
                )
            committed = perf_counter()
            await journal.deliver(registry, row_id)
            commit_ms.append((committed - began) * 1e3)
            apply_ms.append((perf_counter() - committed) * 1e3)
    return commit_ms, apply_ms


async def _hold(registry: ServerRegistry, rounds: int) -> None:
    async def one(name: str) -> None:
        for number in range(rounds):
            hold_id = str(uuid7())
            await registry.hold(
                HoldCommand(
                    hold_id=hold_id, request=f"{name}-{number}", pool="p1", ttl_s=60, by=name
                )
            )
            await registry.release(hold_id, str(uuid7()))

    await asyncio.gather(*(one(str(number)) for number in range(HOLDERS)))


async def _lag(engine: AsyncEngine, registry: ServerRegistry, rounds: int) -> list[float]:
    """Milliseconds from the registry's clock to the record's, for each event under load."""
    recorder = Recorder(engine, registry)
    await _drain(recorder)
    first = (await registry.snapshot()).position
    load = asyncio.create_task(_hold(registry, rounds))
    while not load.done():
        await recorder.run_once(block_ms=20)
    await _drain(recorder)
    since = select(fact.c.recorded_ms - fact.c.at_ms).where(fact.c.seq > first.seq)
    async with engine.connect() as connection:
        return [float(lag) for lag in (await connection.execute(since)).scalars()]


async def _speeds(
    engine: AsyncEngine, registry: ServerRegistry, rounds: int
) -> tuple[float, float]:
    """Facts a second, in batches and one by one."""
    recorder = Recorder(engine, registry)
    await _hold(registry, rounds)
    began = perf_counter()
    for _ in range(SINGLE_ROUNDS):
        await recorder.run_once(limit=1)
    single = SINGLE_ROUNDS / (perf_counter() - began)
    began = perf_counter()
    batched = await _drain(recorder) / (perf_counter() - began)
    return batched, single


async def _drain(recorder: Recorder) -> int:
    facts = 0
    while done := (await recorder.run_once()).facts:
        facts += done
    return facts


def _p99(values: list[float]) -> float:
    return float(np.percentile(values, 99))
