"""Reading the region, on every registry: no gap, and nothing of a lost epoch."""

from __future__ import annotations

import pytest

from registry.errors import InvalidCommand, PositionLost
from registry.port import Position
from tests.contracts.region import START_MS, Region


async def test_the_same_server_goes_on_in_its_epoch(region: Region) -> None:
    before = await region.position()
    assert await region.registry.renew_epoch() is None
    assert await region.registry.renew_epoch() is None
    assert await region.position() == before


async def test_the_region_has_one_clock(region: Region) -> None:
    await region.at(START_MS + 5)
    assert await region.registry.now_ms() == START_MS + 5


async def test_positions_are_dense_and_events_can_be_read_in_parts(region: Region) -> None:
    last = await region.position()
    start = Position(last.epoch, -1)
    events = await region.since(start)
    assert [event.position.seq for event in events] == list(range(last.seq + 1))
    assert await region.registry.events(start, limit=2) == events[:2]
    assert await region.registry.events(events[1].position, limit=2) == events[2:4]
    assert await region.since(last) == []


async def test_the_newest_position_is_the_last_event_s(region: Region) -> None:
    before = await region.registry.position()
    assert before == await region.position()
    await region.registry.still_true("p1", region.command())
    assert [event.position for event in await region.since(before)] == [
        await region.registry.position()
    ]
    epoch = await region.registry.open_epoch()
    assert await region.registry.position() == epoch > before


async def test_a_position_that_was_never_or_is_no_more_is_lost(region: Region) -> None:
    last = await region.position()
    with pytest.raises(PositionLost):
        await region.since(Position(last.epoch, last.seq + 1))
    for never in (Position(last.epoch - 5, 0), Position(-1, -7), Position(last.epoch, 10**30)):
        with pytest.raises(PositionLost):
            await region.since(never)
    with pytest.raises(InvalidCommand):
        await region.registry.pause("p1", "staffing", 10**30, region.command())
    assert await region.registry.trim(Position(last.epoch, 1)) == 2
    with pytest.raises(PositionLost):
        await region.since(Position(last.epoch, 0))
    assert len(await region.since(Position(last.epoch, 1))) == last.seq - 1
    await region.registry.trim(last)
    assert await region.since(last) == []
    with pytest.raises(PositionLost):
        await region.since(Position(last.epoch, 1))


async def test_readers_of_an_older_epoch_are_sent_to_a_snapshot(region: Region) -> None:
    old = await region.position()
    new = await region.registry.open_epoch()
    assert new.epoch > old.epoch
    assert new.seq == 0
    newest = await region.registry.open_epoch()
    assert newest == (new.epoch + 1, 0)
    with pytest.raises(PositionLost):
        await region.since(old)
    before_end = Position(old.epoch, old.seq - 1)
    assert [event.position for event in await region.since(before_end)] == [old]
    assert await region.position() == newest
    await region.registry.walk_in("p1", region.command())
    assert [event.position for event in await region.since(newest)] == [(newest.epoch, 1)]


async def test_a_waiting_reader_gives_up_when_nothing_happens(region: Region) -> None:
    assert await region.registry.events(await region.position(), block_ms=20) == []
