"""The replica follows the registry event by event, and never across a gap."""

from __future__ import annotations

import numpy as np
import pytest

from registry.errors import PositionLost
from registry.model import MemoryRegistry
from registry.port import Claim, Event, HoldCommand, Position, Promise, UnitPosition
from registry.replica import STATUS_CODES, Replica, follow
from registry.states import Pool, Team, UnitStatus, Van

NOW_MS = 1_800_000_000_000


def van(number: int) -> Van:
    return Van(
        id=f"v{number:02}", zone="z", name="van", seats=number, shift_start_ms=0,
        shift_end_ms=NOW_MS + number, base_lon=-111.0 - number / 100, base_lat=40.0,
    )  # fmt: skip


@pytest.fixture
async def registry() -> MemoryRegistry:
    memory = MemoryRegistry(lambda: NOW_MS)
    for number in range(40):
        await memory.put(van(number), f"define {number}")
    return memory


async def test_rows_follow_positions_statuses_and_removals(registry: MemoryRegistry) -> None:
    replica = Replica.of(await registry.snapshot())
    await registry.report_positions([UnitPosition("van", "v07", -112.5, 41.5, NOW_MS)], "gps")
    await registry.report_status("van", "v08", UnitStatus.CLEARING, "a")
    await registry.remove("van", "v00", "b")
    await registry.put(van(99), "c")
    changed = [replica.advance(e) for e in await registry.events(replica.position)]
    assert changed == [[("van", "v07")], [("van", "v08")], [("van", "v00")], [("van", "v99")]]
    vans = replica.arrays().vans
    row = {id: vans.rows[index] for index, id in enumerate(vans.ids)}
    assert "v00" not in row
    assert len(vans.ids) == len(vans.rows) == 40
    assert (row["v07"]["lon"], row["v07"]["position_ms"]) == (-112.5, NOW_MS)
    assert row["v08"]["status"] == STATUS_CODES[UnitStatus.CLEARING]
    assert row["v99"]["seats"] == 99
    moved = replica.get("van", "v07")
    assert isinstance(moved, Van)
    assert (moved.lon, moved.lat, moved.position_ms) == (-112.5, 41.5, NOW_MS)
    assert replica.get("van", "v00") is None


async def test_claims_show_in_rows_and_cards(registry: MemoryRegistry) -> None:
    replica = Replica.of(await registry.snapshot())
    pool = Pool(id="p", facility="f", zone="z", name="p", type="respite", lon=0, lat=0, capacity=2)
    await registry.put(pool, "a")
    await registry.hold(
        HoldCommand(hold_id="h", request="r1", van="v01", pool="p", ttl_s=60, by="ada")
    )
    await registry.apply(
        Promise(
            row_id="1", aggregate="request", aggregate_id="r2", version=1, kind="accepted",
            effects=(Claim("van", "v02", "r2"),), card={"id": "r2"},
        )
    )  # fmt: skip
    for event in await registry.events(replica.position):
        replica.advance(event)
    arrays = replica.arrays()
    vans, pools = arrays.vans, arrays.pools
    assert vans.rows["held"][vans.ids.index("v01")]
    assert vans.rows["engaged"][vans.ids.index("v02")]
    assert np.count_nonzero(vans.rows["held"] | vans.rows["engaged"]) == 2
    assert (pools.rows["free"][0], pools.rows["held"][0]) == (1, 1)
    assert replica.get("request", "r2") == {"id": "r2"}
    assert set(replica.states["hold"]) == {"h"}


async def test_arrays_are_copies(registry: MemoryRegistry) -> None:
    replica = Replica.of(await registry.snapshot())
    before = replica.arrays()
    await registry.report_positions([UnitPosition("van", "v07", -112.5, 41.5, NOW_MS)], "gps")
    for event in await registry.events(replica.position):
        replica.advance(event)
    assert before.vans.rows["lon"][before.vans.ids.index("v07")] == pytest.approx(-111.07)
    assert before.position < replica.position


async def test_a_gap_is_never_taken(registry: MemoryRegistry) -> None:
    replica = Replica.of(await registry.snapshot())
    position = replica.position
    for wrong in (position, Position(position.epoch, position.seq + 2), Position(1, 0)):
        with pytest.raises(PositionLost):
            replica.advance(Event(position=wrong, kind="van.put", at_ms=NOW_MS))
    assert replica.position == position


async def test_following_goes_on_over_a_new_epoch(registry: MemoryRegistry) -> None:
    seen = follow(registry, block_ms=5_000)
    first, event = await anext(seen)
    assert (event, first.position.seq) == (None, 40)
    await registry.remove("van", "v01", "a")
    replica, event = await anext(seen)
    assert replica is first
    assert event is not None
    assert event.kind == "van.removed"
    opened = await registry.open_epoch()
    await registry.put(
        Team(id="t", zone="z", name="t", shift_start_ms=0, shift_end_ms=1, base_lon=0, base_lat=0),
        "b",
    )
    replica, event = await anext(seen)
    assert event is None
    assert replica.position == Position(opened.epoch, 1)
    assert replica.get("team", "t") is not None
    await seen.aclose()  # type: ignore[attr-defined]
