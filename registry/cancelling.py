"""Ending tasks that talk to the server."""

import asyncio
from collections.abc import Iterable
from typing import Any


async def end_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel until it is heard: before Python 3.12 `wait_for`, which redis-py uses, may lose it.

    Whatever the tasks raise is theirs: it is neither raised nor reported here.
    """
    everyone = set(tasks)
    left = everyone
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=0.1)
    await asyncio.gather(*everyone, return_exceptions=True)
