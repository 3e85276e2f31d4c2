"""The keeper of a region: it finishes what others began and watches the clocks.

One holder of the lease runs the recorder, delivers outbox rows that a crash left behind, sweeps
expired holds and lets the deadlines of dispatch and referral act. Losing the lease stops all of
it; whoever takes it first makes registry and record agree, and goes on from the stored cursor.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from registry.cancelling import end_tasks
from registry.port import Lease, Registry

log = structlog.get_logger()

LEASE_NAME = "keeper"
LEASE_S = 6.0
RENEW_S = 2.0
PAUSE_AFTER_FAULT_S = 1.0

Work = Callable[[], Awaitable[object]]


async def every(
    period_s: float, name: str, work: Work, expected: tuple[type[Exception], ...]
) -> None:
    """Repeats a piece of work; an expected fault (a store that is away) is logged and retried."""
    while True:
        try:
            await work()
        except expected as error:
            log.warning("keeper.fault", work=name, fault=type(error).__name__)
            await asyncio.sleep(PAUSE_AFTER_FAULT_S)
        await asyncio.sleep(period_s)


async def work_through(
    works: dict[str, tuple[float, Work]],
    expected: tuple[type[Exception], ...],
    first: Work | None,
) -> None:
    """The first work until it succeeds, then all the others side by side, for ever."""
    while first is not None:
        try:
            await first()
            break
        except expected as error:
            log.warning("keeper.fault", work="first", fault=type(error).__name__)
            await asyncio.sleep(PAUSE_AFTER_FAULT_S)
    async with asyncio.TaskGroup() as group:
        for name, (period_s, work) in works.items():
            group.create_task(every(period_s, name, work, expected), name=name)


async def hold_lease(
    registry: Registry, lease: Lease, expected: tuple[type[Exception], ...]
) -> None:
    """Returns when the lease is lost."""
    while True:
        await asyncio.sleep(RENEW_S)
        try:
            renewed = await registry.renew(lease, LEASE_S)
        except expected:
            renewed = None
        if renewed is None:
            return
        lease = renewed


async def keep(
    registry: Registry,
    owner: str,
    works: dict[str, tuple[float, Work]],
    expected: tuple[type[Exception], ...],
    first: Work | None = None,
) -> None:
    """Runs the works for ever, always under the lease.

    Args:
        first: done once whenever the lease was taken, before everything else.
        owner: this process's name for the lease.
        works: name → (period in seconds, what to do).
        expected: faults of the stores, after which a retry is right.
    """
    while True:
        lease = None
        with contextlib.suppress(*expected):
            lease = await registry.lease(LEASE_NAME, owner, LEASE_S)
        if lease is None:
            await asyncio.sleep(RENEW_S)
            continue
        log.info("keeper.leads", token=lease.token)
        watch = asyncio.create_task(hold_lease(registry, lease, expected), name="lease")
        work = asyncio.create_task(work_through(works, expected, first), name="works")
        try:
            done, _ = await asyncio.wait({watch, work}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks((watch, work))
        log.warning("keeper.stepped_down")
        for task in done - {watch}:
            task.result()
        with contextlib.suppress(*expected):
            await registry.yield_lease(lease)
