"""Signs of life of the planner: who gives them, and who sees that they are missing."""

import pytest

from dispatch.planning.signs import SIGN, PlannerWatch, Signs
from registry.errors import Unavailable
from registry.model import MemoryRegistry
from registry.port import Lease

BEGAN_MS = 1_700_000_000_000
LATE_AFTER_S = 6.0


class Clock:
    """One time for all: ms UTC, and seconds that only grow."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> int:
        return BEGAN_MS + round(self.now_s * 1000)

    def ticks(self) -> float:
        return self.now_s


class Registry(MemoryRegistry):
    """One that can be away, and counts the signs."""

    away = False
    signs = 0

    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        self.signs += 1
        return await super().lease(name, owner, ttl_s)

    async def leased(self, name: str) -> Lease | None:
        if self.away:
            raise Unavailable
        return await super().leased(name)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry(clock: Clock) -> Registry:
    return Registry(clock)


async def test_a_planner_that_gives_signs_is_not_late_however_long_nothing_happens(
    registry: Registry, clock: Clock
) -> None:
    signs, watch = Signs(registry, clock.ticks, LATE_AFTER_S), PlannerWatch(registry, clock)
    for _ in range(600):
        await signs.give()
        clock.now_s += signs.every_s
        await watch.look()
        assert watch.late_since_ms is None


async def test_a_planner_without_a_sign_is_late_until_the_next(
    registry: Registry, clock: Clock
) -> None:
    signs, watch = Signs(registry, clock.ticks, LATE_AFTER_S), PlannerWatch(registry, clock)
    await signs.give()
    clock.now_s = LATE_AFTER_S - 0.001
    await watch.look()
    assert watch.late_since_ms is None
    for now_s in (LATE_AFTER_S, 60):
        clock.now_s = now_s
        await watch.look()
        assert watch.late_since_ms == BEGAN_MS + LATE_AFTER_S * 1000
    await signs.give()
    await watch.look()
    assert watch.late_since_ms is None


async def test_a_planner_that_never_was_is_late_since_somebody_looks(
    registry: Registry, clock: Clock
) -> None:
    watch = PlannerWatch(registry, clock)
    clock.now_s = 3
    await watch.look()
    assert watch.late_since_ms == BEGAN_MS


async def test_another_planner_s_sign_is_as_good(registry: Registry, clock: Clock) -> None:
    watch = PlannerWatch(registry, clock)
    await Signs(registry, clock.ticks, LATE_AFTER_S).give()
    clock.now_s = LATE_AFTER_S - 1
    await Signs(registry, clock.ticks, LATE_AFTER_S).give()
    clock.now_s = LATE_AFTER_S + 1
    await watch.look()
    assert watch.late_since_ms is None


async def test_a_busy_planner_does_not_write_a_sign_for_every_plan(
    registry: Registry, clock: Clock
) -> None:
    signs = Signs(registry, clock.ticks, LATE_AFTER_S)
    for _ in range(120):
        await signs.give()
        clock.now_s += 0.05
    assert registry.signs == 3


async def test_the_watchdog_hears_of_every_sign_and_of_nothing_while_there_is_none(
    registry: Registry, clock: Clock
) -> None:
    heard: list[float] = []
    signs = Signs(registry, clock.ticks, LATE_AFTER_S, lambda: heard.append(clock.now_s))
    for _ in range(3):
        await signs.give()
        clock.now_s += signs.every_s
    assert heard == [0, 2, 4]


async def test_while_the_registry_is_away_nothing_new_is_said_of_the_planner(
    registry: Registry, clock: Clock
) -> None:
    watch = PlannerWatch(registry, clock)
    await Signs(registry, clock.ticks, LATE_AFTER_S).give()
    await watch.look()
    registry.away = True
    clock.now_s = 60
    await watch.look()
    assert watch.late_since_ms is None
    registry.away = False
    await watch.look()
    sign = await registry.leased(SIGN)
    assert sign is not None
    assert watch.late_since_ms == sign.until_ms
