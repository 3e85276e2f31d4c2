"""Tasks end even when one of them loses a cancellation."""

import asyncio

from registry.cancelling import end_tasks
from registry.model import MemoryRegistry
from registry.states import Team

A_TEAM = Team(
    id="t", zone="z", name="t", shift_start_ms=0, shift_end_ms=1, base_lon=-111.9, base_lat=40.7
)


async def test_a_task_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                lost += 1
                if lost > 1:
                    raise

    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await end_tasks([task])
    assert task.cancelled()
    assert lost == 2


async def test_what_a_task_raised_stays_with_it() -> None:
    async def broken() -> None:
        raise ValueError("mine")

    task = asyncio.create_task(broken())
    await asyncio.wait([task])
    await end_tasks([task])
    assert isinstance(task.exception(), ValueError)


async def test_a_reader_cancelled_as_an_event_arrives_reads_no_more() -> None:
    registry = MemoryRegistry(lambda: 0)
    reader = asyncio.create_task(_read_for_ever(registry))
    await asyncio.sleep(0.01)
    await registry.put(A_TEAM, "define")
    reader.cancel()
    await asyncio.wait([reader], timeout=5)
    assert reader.cancelled()


async def _read_for_ever(registry: MemoryRegistry) -> None:
    at = (await registry.snapshot()).position
    while True:
        for event in await registry.events(at, block_ms=60_000):
            at = event.position
