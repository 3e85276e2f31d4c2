"""The demo's participants: stable, in the region, with shifts that cover now."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from caretower.demo.world import load_world, slot_starts
from registry.vocabulary import load_vocabulary

DENVER = ZoneInfo("America/Denver")


def at(hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 11, 22, hour, minute, tzinfo=DENVER).timestamp() * 1000)


def test_ids_are_the_same_at_every_start() -> None:
    first = load_world("utah", lambda *_: "zone", at(3), DENVER)
    second = load_world("utah", lambda *_: "zone", at(4), DENVER)
    assert [t.id for t in first.teams] == [t.id for t in second.teams]
    assert [p.id for p in first.pools] == [p.id for p in second.pools]


def test_every_word_is_of_the_vocabulary() -> None:
    words = load_vocabulary()
    world = load_world("utah", lambda *_: "zone", at(3), DENVER)
    for pool in world.pools:
        words.check_needs(pool.takes)
        words.check_code("pool_type", pool.type)
    for unit in (*world.teams, *world.vans):
        words.check_needs(unit.offers)


def test_counts_fit_into_the_capacity() -> None:
    world = load_world("utah", lambda *_: "zone", at(3), DENVER)
    assert all(p.occupied + p.closed <= p.capacity for p in world.pools)


@pytest.mark.parametrize("hour", range(24))
def test_a_shift_has_not_ended_yet(hour: int) -> None:
    now_ms = at(hour, 30)
    world = load_world("utah", lambda *_: "zone", now_ms, DENVER)
    assert all(t.shift_end_ms > now_ms for t in world.teams)
    on_duty = [t for t in world.teams if t.shift_start_ms <= now_ms]
    assert len(on_duty) > len(world.teams) / 2


def test_every_name_and_number_is_marked_as_invented() -> None:
    world = load_world("utah", lambda *_: "zone", at(3), DENVER)
    assert all(place.name.startswith("Demo ") for place in world.facilities)
    assert all("-555-01" in place.phone for place in (*world.facilities, *world.teams))


def test_a_participant_outside_every_zone_is_named() -> None:
    with pytest.raises(ValueError, match="outside every zone"):
        load_world("utah", lambda *_: None, at(3), DENVER)


def test_only_future_appointments_are_offered() -> None:
    now = datetime(2026, 11, 22, 12, 15, tzinfo=DENVER)
    starts = list(slot_starts(now, (9, 17), 60))
    assert all(start > now for start in starts)
    assert starts[0] == datetime(2026, 11, 22, 13, 0, tzinfo=DENVER)
