"""Tasks end even when one of them loses a cancellation."""

import asyncio

from registry.cancelling import end_tasks


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
