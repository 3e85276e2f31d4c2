"""The planner's signs of life, and who looks for them.

A process that hangs, or a thread that never comes back, cannot say so itself, and a renewed lease
says only that the process runs. So the loop leaves a sign between plans, also when nothing happens;
it is a lease that lapses by itself, and every api process looks whether it still stands.
"""

import asyncio
from collections.abc import Callable

from registry.errors import Unavailable
from registry.port import Registry

SIGN = "planner.sign"
GIVER = "planner"
"""Whichever process plans: a handover is no silence."""
LOOK_EVERY_S = 1.0


class Signs:
    """Gives them. `ticks` are seconds that only grow; one sign stands for `late_after_s`; `alive`
    is told with each."""

    def __init__(
        self,
        registry: Registry,
        ticks: Callable[[], float],
        late_after_s: float,
        alive: Callable[[], None] = lambda: None,
    ) -> None:
        self.every_s = late_after_s / 3
        self._registry = registry
        self._ticks = ticks
        self._late_after_s = late_after_s
        self._alive = alive
        self._given_s: float | None = None

    async def give(self) -> None:
        """A sign, unless there was one just now. Raises Unavailable."""
        now_s = self._ticks()
        if self._given_s is None or now_s - self._given_s >= self.every_s:
            self._alive()
            await self._registry.lease(SIGN, GIVER, self._late_after_s)
            self._given_s = now_s


class PlannerWatch:
    """Looks for them. `late_since_ms` (UTC) is when the last sign lapsed, None while it stands.

    Where there never was one, it is when the watch began. `clock` gives ms UTC.
    """

    def __init__(self, registry: Registry, clock: Callable[[], int]) -> None:
        self.late_since_ms: int | None = None
        self._registry = registry
        self._clock = clock
        self._began_ms = clock()

    async def look(self) -> None:
        """Look once; while the registry is away, what was seen last stands."""
        try:
            sign = await self._registry.leased(SIGN)
        except Unavailable:
            return
        until_ms = self._began_ms if sign is None else sign.until_ms
        self.late_since_ms = until_ms if until_ms <= self._clock() else None

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)
