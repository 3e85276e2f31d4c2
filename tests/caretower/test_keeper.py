"""The keeper works only under its lease and outlives faults of the stores."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from caretower.keeper import keep
from registry.errors import Unavailable
from registry.model import MemoryRegistry


@asynccontextmanager
async def running(*tasks: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def until(holds: object) -> None:
    async with asyncio.timeout(10):
        while not holds():  # type: ignore[operator]
            await asyncio.sleep(0.01)


def registry() -> MemoryRegistry:
    return MemoryRegistry(lambda: 1_000_000)


async def test_only_one_of_two_keepers_works() -> None:
    shared = registry()
    worked: list[str] = []

    def keeper(name: str) -> asyncio.Task[None]:
        async def work() -> None:
            worked.append(name)

        return asyncio.create_task(keep(shared, name, {"work": (0.01, work)}, (Unavailable,)))

    async with running(keeper("a"), keeper("b")):
        await until(lambda: len(worked) > 20)
    assert len(set(worked)) == 1


async def test_whoever_takes_the_lease_first_makes_registry_and_record_agree() -> None:
    shared, done = registry(), []

    async def first() -> None:
        done.append("first")
        if len(done) == 1:
            raise Unavailable("away")

    async def work() -> None:
        done.append("work")

    works = {"work": (0.01, work)}
    task = asyncio.create_task(keep(shared, "a", works, (Unavailable,), first))
    async with running(task):
        await until(lambda: done.count("work") > 2)
    assert done[:3] == ["first", "first", "work"]
    assert done.count("first") == 2


async def test_a_fault_of_a_store_is_survived() -> None:
    calls = 0

    async def work() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise Unavailable("away")

    task = asyncio.create_task(keep(registry(), "a", {"work": (0.01, work)}, (Unavailable,)))
    async with running(task):
        await until(lambda: calls >= 3)
