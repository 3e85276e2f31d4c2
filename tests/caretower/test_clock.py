"""The region's time comes from the registry's server, whatever this machine's clock says."""

import time

import pytest

from caretower.clock import RegionClock
from registry.model import MemoryRegistry

HOUR_MS = 3_600_000
SLACK_MS = 2_000


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -HOUR_MS])
async def test_a_machine_an_hour_off_tells_the_servers_time(off_ms: int) -> None:
    clock = RegionClock()
    await clock.measure(MemoryRegistry(lambda: now_ms() + off_ms))
    assert abs(clock() - (now_ms() + off_ms)) < SLACK_MS


async def test_before_the_first_measure_it_tells_the_machines_own_time() -> None:
    assert abs(RegionClock()() - now_ms()) < SLACK_MS


async def test_a_stepping_clock_of_the_machine_does_not_move_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = RegionClock()
    await clock.measure(MemoryRegistry(now_ms))
    before = clock()
    true_ns = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: true_ns() + HOUR_MS * 1_000_000)
    assert 0 <= clock() - before < SLACK_MS
