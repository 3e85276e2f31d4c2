"""What the keeper does for the record, for ever: recorder, outbox, reconciler."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from record.clock import Clock, wall_clock
from record.outbox import deliver_pending
from record.reconciler import reconcile
from record.recorder import Recorded, Recorder
from registry.errors import Unavailable
from registry.port import Registry

BLOCK_MS = 1_000
OUTBOX_PAUSE_S = 0.25
CALLERS_OWN_MS = 500
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0

Watch = Callable[[Recorded], None]


async def keep(
    engine: AsyncEngine,
    registry: Registry,
    *,
    clock: Clock = wall_clock,
    watch: Watch = lambda _: None,
) -> None:
    """Record facts and deliver promises until cancelled; outlives outages of either server.

    `watch` is called after every round of the recorder, for the measure of its lag.
    """
    recorder = Recorder(engine, registry, clock)

    async def record() -> None:
        round_ = await recorder.run_once(block_ms=BLOCK_MS)
        watch(round_)
        if round_.resumed:
            await reconcile(engine, registry, clock)

    async def deliver() -> None:
        if not await deliver_pending(engine, registry, clock, min_age_ms=CALLERS_OWN_MS):
            await asyncio.sleep(OUTBOX_PAUSE_S)

    async def restore() -> None:
        await reconcile(engine, registry, clock)

    await _until_done("reconciler", restore)
    async with asyncio.TaskGroup() as group:
        group.create_task(_for_ever("recorder", record))
        group.create_task(_for_ever("outbox", deliver))


async def _for_ever(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        await _until_done(name, work)


async def _until_done(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do it once; while a server is away, try again after a growing pause."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return await work()
        except (Unavailable, SQLAlchemyError, OSError) as error:
            structlog.get_logger().warning("waits", part=name, error=type(error).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
