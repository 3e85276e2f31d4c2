"""Holds, on every registry: every part of one, or none."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from registry.errors import InvalidCommand
from registry.port import Counts, Granted, HoldCommand, Refused, UnitPosition
from registry.states import Pool, UnitStatus
from tests.contracts.region import START_MS, Region


async def test_a_hold_claims_team_van_and_bed_together_in_one_event(region: Region) -> None:
    before = await region.position()
    answer = await region.hold(team="t1", van="v1", pool="p1", ttl_s=90)
    assert isinstance(answer, Granted)
    assert answer.hold.expires_ms == START_MS + 90_000
    (event,) = await region.since(before)
    assert (event.kind, event.position) == ("hold.granted", answer.position)
    states = {(kind, id): state for kind, id, state in event.touched}
    assert states["team", "t1"].hold == states["van", "v1"].hold == answer.hold.id
    assert (states["pool", "p1"].held, states["pool", "p1"].free) == (1, 2)
    assert states["hold", answer.hold.id] == answer.hold


async def test_a_refusal_names_what_is_in_the_way_and_claims_nothing(region: Region) -> None:
    await region.granted("r1", van="v1")
    before = await region.registry.snapshot()
    assert await region.hold("r2", team="t1", van="v1", pool="p1") == Refused(
        "van", "v1", "not_free"
    )
    after = await region.registry.snapshot()
    assert (after.position, after.teams, after.pools) == (
        before.position,
        before.teams,
        before.pools,
    )


async def test_each_reason_of_a_refusal(region: Region) -> None:
    registry = region.registry
    assert await region.hold(team="t9") == Refused("team", "t9", "unknown")
    await registry.report_status("team", "t1", UnitStatus.OUT_OF_SERVICE, region.command())
    assert await region.hold(team="t1") == Refused("team", "t1", "out_of_service")
    await registry.report_status("team", "t1", UnitStatus.CLEARING, region.command())
    assert await region.hold(team="t1") == Refused("team", "t1", "not_free")
    await registry.pause("p1", "staffing", None, region.command())
    assert await region.hold(pool="p1") == Refused("pool", "p1", "paused")
    await registry.resume("p1", region.command())
    await registry.report_counts("p1", Counts(2, 1), region.now_ms, region.command())
    assert await region.hold(pool="p1") == Refused("pool", "p1", "full")
    await registry.report_counts("p1", Counts(3, 1), region.now_ms, region.command())
    assert await region.hold(pool="p1") == Refused("pool", "p1", "overcommitted")
    await region.granted("r2", slot="s1")
    assert await region.hold(slot="s1") == Refused("slot", "s1", "full")


async def test_a_closed_slot_gives_nothing(region: Region) -> None:
    slot = (await region.registry.snapshot()).slots["s1"]
    await region.registry.put(replace(slot, open=False), region.command())
    assert await region.hold(slot="s1") == Refused("slot", "s1", "closed")


async def test_a_decision_on_an_older_version_is_refused(region: Region) -> None:
    seen = {("pool", "p1"): (await region.pool()).version}
    await region.granted("r1", pool="p1", seen=seen)
    assert await region.hold("r2", pool="p1", seen=seen) == Refused("pool", "p1", "version_changed")


async def test_a_gps_point_or_a_confirmation_does_not_age_a_decision(region: Region) -> None:
    seen = {
        ("pool", "p1"): (await region.pool()).version,
        ("team", "t1"): (await region.team()).version,
    }
    points = [UnitPosition("team", "t1", -111.9, 41.1, region.now_ms)]
    await region.registry.report_positions(points, "gps")
    await region.registry.still_true("p1", region.command())
    await region.granted(team="t1", pool="p1", seen=seen)


async def test_one_request_has_one_hold(region: Region) -> None:
    first = await region.granted("r1", team="t1")
    assert await region.hold("r1", team="t2") == Refused("hold", first, "request_has_hold")


async def test_a_retried_hold_gives_the_same_answer_and_one_event(region: Region) -> None:
    command = HoldCommand(hold_id="h", request="r1", pool="p1", ttl_s=60, by="ada")
    first = await region.registry.hold(command)
    await region.at(START_MS + 30_000)
    assert await region.registry.hold(command) == first
    await region.registry.release("h", region.command())
    assert await region.registry.hold(command) == first
    assert (await region.pool()).held == 0


async def test_a_retried_refusal_stays_a_refusal(region: Region) -> None:
    holder = await region.granted("r1", team="t1")
    command = HoldCommand(hold_id="late", request="r2", team="t1", ttl_s=60, by="bo")
    refusal = await region.registry.hold(command)
    await region.registry.release(holder, region.command())
    assert await region.registry.hold(command) == refusal
    assert (await region.team()).hold is None


async def test_a_hold_that_names_nothing_or_lasts_for_ever_is_invalid(region: Region) -> None:
    with pytest.raises(InvalidCommand):
        await region.hold()
    with pytest.raises(InvalidCommand):
        await region.hold(team="t1", ttl_s=0)
    with pytest.raises(InvalidCommand):
        await region.hold(team="t1", ttl_s=10**9)
    with pytest.raises(InvalidCommand):
        await region.hold(team="t1", seen={("team", "t1"): 10**30})


async def test_only_the_sweep_ends_a_hold_and_it_says_so(region: Region) -> None:
    hold = await region.granted("r1", team="t1", pool="p1", ttl_s=60)
    await region.at(START_MS + 59_999)
    assert await region.registry.sweep() == []
    await region.at(START_MS + 60_000)
    assert (await region.team()).hold == hold
    before = await region.position()
    assert await region.registry.sweep() == [hold]
    (event,) = await region.since(before)
    assert event.kind == "hold.expired"
    assert event.body == {"hold": hold, "request": "r1"}
    assert ("hold", hold, None) in event.touched
    assert ((await region.team()).hold, (await region.pool()).held) == (None, 0)


async def test_holds_that_expire_together_give_back_one_after_the_other(region: Region) -> None:
    first, second = await region.granted("r1", pool="p1"), await region.granted("r2", pool="p1")
    third = await region.granted("r3", pool="p1")
    await region.registry.release(third, region.command())
    version = (await region.pool()).version
    await region.at(START_MS + 60_000)
    before = await region.position()
    assert await region.registry.sweep() == [first, second]
    shown = [
        (state.version - version, state.held, state.free)
        for event in await region.since(before)
        for _, _, state in event.touched
        if isinstance(state, Pool)
    ]
    assert shown == [(1, 1, 2), (2, 0, 3)]
    assert await region.registry.sweep() == []


async def test_an_extended_hold_lives_on_and_an_ended_one_cannot_be_extended(
    region: Region,
) -> None:
    hold = await region.granted("r1", team="t1", ttl_s=60)
    await region.at(START_MS + 50_000)
    answer = await region.registry.extend(hold, 60, region.command())
    assert isinstance(answer, Granted)
    assert answer.hold.expires_ms == START_MS + 110_000
    await region.at(START_MS + 100_000)
    assert await region.registry.sweep() == []
    assert await region.registry.release(hold, region.command())
    assert not await region.registry.release(hold, region.command())
    ended = await region.registry.extend(hold, 60, region.command())
    assert ended == Refused("hold", hold, "ended")
