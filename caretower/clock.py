"""The region's time, the same on every node: the registry server's, carried by a steady clock."""

import asyncio
import time

import structlog

from registry.errors import Unavailable
from registry.port import Registry

MEASURE_EVERY_S = 30.0
TRIES = 3
WARN_OFF_MS = 2_000

log = structlog.get_logger()


class RegionClock:
    """Gives milliseconds UTC. A wrong or stepping clock of this machine does not touch it."""

    def __init__(self) -> None:
        self._ahead_ms = time.time_ns() // 1_000_000 - _steady_ms()

    def __call__(self) -> int:
        return _steady_ms() + self._ahead_ms

    async def measure(self, registry: Registry) -> None:
        """Sets the clock by the server's, from the quickest of a few answers.

        Raises registry.errors.Unavailable.
        """
        answers = []
        for _ in range(TRIES):
            asked = _steady_ms()
            told = await registry.now_ms()
            answered = _steady_ms()
            answers.append((answered - asked, told - (asked + answered) // 2))
        self._ahead_ms = min(answers)[1]
        if abs(off_ms := time.time_ns() // 1_000_000 - self()) > WARN_OFF_MS:
            log.warning("this machine's clock is off; the registry's is used", off_s=off_ms / 1000)

    async def follow(self, registry: Registry) -> None:
        """Measures again and again, for ever; while the server is away the clock runs on."""
        while True:
            await asyncio.sleep(MEASURE_EVERY_S)
            try:
                await self.measure(registry)
            except Unavailable:
                continue


def _steady_ms() -> int:
    return time.monotonic_ns() // 1_000_000
