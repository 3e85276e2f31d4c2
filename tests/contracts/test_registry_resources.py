"""Definitions and the status of units, on every registry."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from registry.errors import InUse, InvalidCommand
from registry.port import Claim, Counts, Free, Position, UnitPosition
from registry.states import Team, UnitStatus
from tests.contracts.region import START_MS, Region


async def test_a_unit_says_why_it_is_out_of_service_until_it_is_not(region: Region) -> None:
    registry = region.registry
    out = UnitStatus.OUT_OF_SERVICE
    unit = await registry.report_status("team", "t1", out, region.command(), "meal")
    assert (unit.status, unit.out_reason) == (out, "meal")
    known = await registry.put(unit, region.command())
    assert isinstance(known, Team)
    assert known.out_reason == "meal"
    unit = await registry.report_status("team", "t1", UnitStatus.AVAILABLE, region.command())
    assert unit.out_reason is None
    with pytest.raises(InvalidCommand):
        await registry.report_status("team", "t1", UnitStatus.CLEARING, region.command(), "meal")


async def test_a_redefinition_keeps_what_was_reported_and_claimed(region: Region) -> None:
    await region.registry.report_counts("p1", Counts(1, 1, 5), region.now_ms, region.command())
    await region.granted("r1", pool="p1", team="t1")
    points = [UnitPosition("team", "t1", -112.5, 41.5, region.now_ms)]
    await region.registry.report_positions(points, "gps")
    before = await region.registry.snapshot()
    await region.registry.put(
        replace(before.pools["p1"], name="New", capacity=99, occupied=9, held=7), region.command()
    )
    await region.registry.put(replace(before.teams["t1"], crew=(), lon=1.0), region.command())
    after = await region.registry.snapshot()
    pool, team = after.pools["p1"], after.teams["t1"]
    assert (pool.name, pool.capacity, pool.occupied, pool.held, pool.free) == ("New", 5, 1, 1, 2)
    assert (team.crew, team.lon, team.hold) == ((), -112.5, before.teams["t1"].hold)
    assert pool.version == before.pools["p1"].version + 1


async def test_what_is_claimed_cannot_be_removed(region: Region) -> None:
    await region.granted("r1", team="t1", pool="p1")
    for key in (("team", "t1"), ("pool", "p1")):
        with pytest.raises(InUse):
            await region.registry.remove(*key, region.command())
    position = await region.registry.remove("van", "v1", region.command())
    (event,) = await region.since(Position(position.epoch, position.seq - 1))
    assert (event.kind, event.touched) == ("van.removed", (("van", "v1", None),))


async def test_what_was_removed_comes_back_without_its_past(region: Region) -> None:
    registry, team, pool = region.registry, await region.team(), await region.pool()
    points = [UnitPosition("team", "t1", -112.5, 41.5, region.now_ms)]
    await registry.report_positions(points, "gps")
    await region.promise("r5", 1, Claim("team", "t1", "r5"), row="row-5")
    await region.promise("r5", 2, Free("team", "t1", "r5"), row="row-6")
    await registry.pause("p1", "staffing", START_MS + 60_000, region.command())
    for key in (("team", "t1"), ("pool", "p1")):
        await registry.remove(*key, region.command())
    await region.at(START_MS + 60_000)
    assert await registry.sweep() == []
    for state in (team, pool):
        await registry.put(state, region.command())
    again = await region.team()
    assert (again.lon, again.position_ms, again.version) == (team.base_lon, 0, 1)
    assert not (await region.pool()).paused
    await region.promise("r2", 1, Claim("team", "t1", "r2"), row="row-2")
    assert (await region.team()).request == "r2"


async def test_a_definition_off_the_earth_or_below_zero_is_invalid(region: Region) -> None:
    snapshot = await region.registry.snapshot()
    pool, team, slot = snapshot.pools["p1"], snapshot.teams["t1"], snapshot.slots["s1"]
    for state in (
        replace(pool, lat=91.0),
        replace(pool, capacity=-1),
        replace(pool, id=""),
        replace(team, base_lon=float("nan")),
        replace(slot, duration_s=0),
        replace(slot, starts_ms=10**30),
        replace(team, shift_end_ms=-1),
    ):
        with pytest.raises(InvalidCommand):
            await region.registry.put(state, region.command())


async def test_places_are_kept_to_a_tenth_of_a_metre(region: Region) -> None:
    pool, team = await region.pool(), await region.team()
    pool = await region.registry.put(replace(pool, lon=-111.123456789012345), region.command())
    team = await region.registry.put(replace(team, base_lat=40.98765432109), region.command())
    assert (pool.lon, team.base_lat) == (-111.123457, 40.987654)
    assert (await region.pool(), await region.team()) == (pool, team)
