"""What facilities say of their beds, on every registry."""

from __future__ import annotations

import pytest

from registry.errors import InvalidCommand
from registry.port import MAX_COUNT, MAX_TIME_MS, Claim, Counts, Occupy, Position
from tests.contracts.region import START_MS, Region


async def test_a_confirmation_is_taken_back_while_it_is_the_last_word(region: Region) -> None:
    registry = region.registry
    await registry.report_counts("p1", Counts(0, 0), START_MS, region.command())
    await region.at(START_MS + 5_000)
    former = await registry.still_true("p1", region.command())
    await region.at(START_MS + 9_000)
    slip = await registry.still_true("p1", region.command())
    back = await registry.not_true("p1", slip.confirmed_ms, former.confirmed_ms, region.command())
    assert (back.confirmed_ms, back.updated_ms) == (START_MS + 5_000, START_MS)

    again = await registry.still_true("p1", region.command())
    await region.at(START_MS + 12_000)
    later = await registry.still_true("p1", region.command())
    kept = await registry.not_true("p1", again.confirmed_ms, START_MS, region.command())
    assert kept.confirmed_ms == later.confirmed_ms
    older = await registry.not_true("p1", later.confirmed_ms, 1, region.command())
    assert older.confirmed_ms == START_MS, "no older than the count itself"


async def test_a_count_is_always_taken_and_says_whom_it_concerns(region: Region) -> None:
    hold = await region.granted("r1", pool="p1")
    await region.promise("r2", 1, Claim("pool", "p1", "r2"))
    counted = await region.registry.report_counts(
        "p1", Counts(occupied=2, closed=0), region.now_ms, region.command()
    )
    assert (counted.pool.deficit, counted.pool.free, counted.pool.overcommitted) == (1, 0, True)
    assert (counted.holds, counted.requests) == ((hold,), ("r2",))
    (event,) = await region.since(Position(counted.position.epoch, counted.position.seq - 1))
    assert event.body == {"walk_in": False, "late": False, "holds": [hold], "requests": ["r2"]}


async def test_a_count_made_before_the_one_that_stands_changes_nothing(region: Region) -> None:
    await region.at(START_MS + 9_000)
    await region.registry.report_counts("p1", Counts(2, 0), START_MS + 8_000, region.command())
    before = await region.pool()
    late = await region.registry.report_counts(
        "p1", Counts(0, 0), START_MS + 7_999, region.command()
    )
    assert late.late
    assert late.pool == before == await region.pool()
    same = await region.registry.report_counts(
        "p1", Counts(1, 0), START_MS + 8_000, region.command()
    )
    assert (same.late, same.pool.occupied) == (False, 1)


async def test_a_count_may_change_the_capacity_and_be_changed_back(region: Region) -> None:
    await region.registry.report_counts(
        "p1", Counts(occupied=1, closed=1, capacity=9), region.now_ms, region.command()
    )
    assert ((await region.pool()).free, (await region.pool()).capacity) == (7, 9)
    await region.registry.report_counts("p1", Counts(0, 0), region.now_ms, region.command())
    assert (await region.pool()).free == 9


async def test_a_walk_in_takes_a_place_even_when_there_is_none(region: Region) -> None:
    for _ in range(4):
        counted = await region.registry.walk_in("p1", region.command())
    assert (counted.pool.occupied, counted.pool.deficit) == (4, 1)


async def test_an_arrival_is_not_counted_twice_by_the_next_count(region: Region) -> None:
    await region.promise("r1", 1, Claim("pool", "p1", "r1"))
    await region.promise("r1", 2, Occupy("p1", "r1"))
    pool = await region.pool()
    assert (pool.reserved, pool.occupied, pool.free) == (0, 1, 2)
    await region.registry.report_counts("p1", Counts(1, 0), region.now_ms, region.command())
    assert (await region.pool()).free == 2


async def test_counts_out_of_bounds_are_invalid(region: Region) -> None:
    for counts in (Counts(-1, 0), Counts(0, -1), Counts(0, 0, MAX_COUNT + 1)):
        with pytest.raises(InvalidCommand):
            await region.registry.report_counts("p1", counts, region.now_ms, region.command())
    for at_ms in (-1, MAX_TIME_MS, 10**30):
        with pytest.raises(InvalidCommand):
            await region.registry.report_counts("p1", Counts(0, 0), at_ms, region.command())
    await region.registry.report_counts("p1", Counts(MAX_COUNT, 0), region.now_ms, region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.walk_in("p1", region.command())


async def test_the_three_times_of_a_count(region: Region) -> None:
    await region.at(START_MS + 1_000)
    await region.registry.report_counts("p1", Counts(1, 0), START_MS + 700, region.command())
    await region.at(START_MS + 2_000)
    await region.registry.report_counts("p1", Counts(1, 0), START_MS + 9_999, region.command())
    pool = await region.pool()
    assert pool.changed_ms == START_MS + 1_000
    assert pool.updated_ms == pool.confirmed_ms == START_MS + 2_000
    await region.at(START_MS + 3_000)
    await region.registry.still_true("p1", region.command())
    pool = await region.pool()
    assert (pool.updated_ms, pool.confirmed_ms) == (START_MS + 2_000, START_MS + 3_000)


async def test_a_pause_with_an_end_is_resumed_by_the_sweep(region: Region) -> None:
    await region.registry.pause("p1", "staffing", START_MS + 60_000, region.command())
    await region.at(START_MS + 59_999)
    await region.registry.sweep()
    assert (await region.pool()).paused
    await region.at(START_MS + 60_000)
    before = await region.position()
    assert await region.registry.sweep() == []
    assert [event.kind for event in await region.since(before)] == ["pool.resumed"]
    pool = await region.pool()
    assert (pool.paused, pool.pause_reason, pool.pause_until_ms) == (False, None, None)
    before = await region.position()
    await region.registry.sweep()
    assert await region.position() == before


async def test_a_pause_without_an_end_replaces_one_with_an_end(region: Region) -> None:
    await region.registry.pause("p1", "staffing", START_MS + 60_000, region.command())
    await region.registry.pause("p1", "safety_event", None, region.command())
    await region.at(START_MS + 60_000)
    await region.registry.sweep()
    assert (await region.pool()).pause_reason == "safety_event"
