"""What every registry keeps, law by law: in memory, on Valkey, and on a second engine if given."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace
from uuid6 import uuid7

from registry.errors import CommandReused, Fenced, InUse, InvalidCommand, NotFound, PositionLost
from registry.gps import PositionLimits
from registry.model import MemoryRegistry
from registry.port import (
    DEDUPE_S,
    MAX_COUNT,
    MAX_TIME_MS,
    ROW_MEMORY_S,
    Applied,
    Claim,
    Contradicted,
    Counts,
    Displaced,
    Effect,
    Event,
    Free,
    Granted,
    HoldCommand,
    Lease,
    Occupy,
    OutOfOrder,
    Position,
    Promise,
    Refused,
    Registry,
    Status,
    UnitPosition,
)
from registry.server import ServerRegistry, connect
from registry.states import Pool, Slot, Team, UnitStatus, Van

START_MS = 1_800_000_000_000


@dataclass
class Region:
    """A registry with a clock that the test moves, and short ways to speak to it."""

    registry: Registry
    now_ms: int = START_MS
    spoken: int = 0

    async def at(self, now_ms: int) -> None:
        self.now_ms = now_ms
        if isinstance(self.registry, ServerRegistry):
            await self.registry.set_test_clock(stopped_at_ms=now_ms)

    def command(self) -> str:
        self.spoken += 1
        return f"command-{self.spoken:04}"

    async def hold(self, request: str = "r1", ttl_s: int = 60, **named: Any) -> Granted | Refused:
        return await self.registry.hold(
            HoldCommand(hold_id=self.command(), request=request, ttl_s=ttl_s, by="ada", **named)
        )

    async def granted(self, request: str = "r1", **named: Any) -> str:
        answer = await self.hold(request, **named)
        assert isinstance(answer, Granted)
        return answer.hold.id

    async def promise(
        self, request: str, version: int, *effects: Effect, card: Any = None, row: str = ""
    ) -> Any:
        return await self.registry.apply(
            Promise(
                row_id=row or self.command(),
                aggregate="request",
                aggregate_id=request,
                version=version,
                kind="accepted",
                effects=effects,
                card=card or {"id": request, "version": version},
                body={"why": "test"},
            )
        )

    async def pool(self) -> Pool:
        return (await self.registry.snapshot()).pools["p1"]

    async def team(self) -> Team:
        return (await self.registry.snapshot()).teams["t1"]

    async def since(self, position: Position) -> list[Event]:
        return await self.registry.events(position)

    async def position(self) -> Position:
        return (await self.registry.snapshot()).position


ENGINES = ("memory", "valkey", "redis")


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.slow] if name != "memory" else []) for name in ENGINES
    ]
)
async def region(request: pytest.FixtureRequest) -> AsyncIterator[Region]:
    if request.param == "memory":
        region = Region(None)  # type: ignore[arg-type]
        region.registry = MemoryRegistry(lambda: region.now_ms)
    else:
        url = request.getfixturevalue(f"{request.param}_url")
        region = Region(await connect(url, f"test-{uuid7()}"))
        await region.at(START_MS)
    hours = {"shift_start_ms": START_MS, "shift_end_ms": START_MS + 3_600_000}
    base = {"zone": "weber", "base_lon": -111.97, "base_lat": 41.22, **hours}
    place = {"zone": "weber", "lon": -111.97, "lat": 41.22}
    for state in (
        Team(id="t1", name="Team 1", crew=("mia",), offers=("lang_es",), seats=2, **base),
        Team(id="t2", name="Team 2", **base),
        Van(id="v1", name="Van 1", seats=3, driver="bo", **base),
        Pool(id="p1", facility="f1", name="Adults", type="receiving", capacity=3, **place),
        Slot(
            id="s1", provider="x", name="Intake", mode="telehealth", starts_ms=START_MS,
            duration_s=1800, capacity=1, **place,
        ),
    ):  # fmt: skip
        await region.registry.put(state, region.command())
    yield region
    await region.registry.close()


# holds


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


async def test_a_command_id_with_another_body_is_refused_and_changes_nothing(
    region: Region,
) -> None:
    registry, now_ms = region.registry, region.now_ms
    first = await registry.report_counts("p1", Counts(1, 0), now_ms, "once")
    assert await registry.report_counts("p1", Counts(1, 0), now_ms, "once") == first
    for other in (
        registry.report_counts("p1", Counts(2, 0), now_ms, "once"),
        registry.walk_in("p1", "once"),
        registry.pause("p1", "staffing", None, "once"),
        registry.report_status("team", "t1", UnitStatus.CLEARING, "once"),
        registry.remove("van", "v1", "once"),
    ):
        with pytest.raises(CommandReused):
            await other
    assert await region.pool() == first.pool


async def test_a_closed_promise_is_opened_again_even_when_its_versions_are_forgotten(
    region: Region,
) -> None:
    def row(version: int, card: Any, **body: Any) -> Promise:
        return Promise(
            row_id=region.command(),
            aggregate="request",
            aggregate_id="r1",
            version=version,
            kind="test",
            card=card,
            body=body,
        )

    await region.registry.apply(row(1, {"id": "r1"}))
    await region.registry.apply(row(2, None))
    await region.at(region.now_ms + ROW_MEMORY_S * 1000 + 1)
    await region.registry.sweep()
    assert await region.registry.apply(row(3, {"id": "r1"})) == OutOfOrder(1)
    again = row(3, {"id": "r1", "again": True}, resumes=True)
    assert isinstance(await region.registry.apply(again), Applied)
    assert (await region.registry.snapshot()).cards["request"]["r1"] == again.card
    late = await region.registry.apply(row(5, None, resumes=True))
    assert late == OutOfOrder(4), "what is remembered stays in order"


async def test_the_same_server_goes_on_in_its_epoch(region: Region) -> None:
    before = await region.position()
    assert await region.registry.renew_epoch() is None
    assert await region.registry.renew_epoch() is None
    assert await region.position() == before


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


# counts


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


# promises


async def test_a_promise_takes_over_its_own_hold(region: Region) -> None:
    hold = await region.granted("r1", team="t1", van="v1", pool="p1")
    claims = (Claim("team", "t1", "r1"), Claim("van", "v1", "r1"), Claim("pool", "p1", "r1"))
    answer = await region.promise("r1", 1, *claims)
    assert isinstance(answer, Applied)
    assert answer.displaced == ()
    snapshot = await region.registry.snapshot()
    assert hold not in snapshot.holds
    assert (snapshot.teams["t1"].hold, snapshot.teams["t1"].request) == (None, "r1")
    assert (snapshot.pools["p1"].held, snapshot.pools["p1"].reserved) == (0, 1)
    assert snapshot.cards["request"] == {"r1": {"id": "r1", "version": 1}}
    (event,) = await region.since(Position(answer.position.epoch, answer.position.seq - 1))
    assert event.kind == "promise.accepted"
    assert event.body["body"] == {"why": "test"}


async def test_a_promise_displaces_a_foreign_hold_whole_and_says_whose(region: Region) -> None:
    hold = await region.granted("r1", team="t1", van="v1", pool="p1")
    answer = await region.promise("r2", 1, Claim("team", "t1", "r2"))
    assert answer.displaced == (Displaced(hold, "r1", "ada"),)
    snapshot = await region.registry.snapshot()
    assert snapshot.holds == {}
    assert snapshot.teams["t1"].request == "r2"
    assert (snapshot.vans["v1"].hold, snapshot.pools["p1"].held) == (None, 0)


async def test_the_newest_hold_gives_way_when_a_bed_is_promised(region: Region) -> None:
    await region.registry.report_counts("p1", Counts(1, 0), region.now_ms, region.command())
    first, second = await region.granted("r1", pool="p1"), await region.granted("r2", pool="p1")
    answer = await region.promise("r3", 1, Claim("pool", "p1", "r3"))
    assert answer.displaced == (Displaced(second, "r2", "ada"),)
    assert list((await region.registry.snapshot()).holds) == [first]


async def test_a_promise_without_room_goes_into_deficit(region: Region) -> None:
    await region.registry.report_counts("p1", Counts(3, 0), region.now_ms, region.command())
    answer = await region.promise("r1", 1, Claim("pool", "p1", "r1"))
    assert isinstance(answer, Applied)
    pool = await region.pool()
    assert (pool.reserved, pool.deficit, pool.overcommitted) == (1, 1, True)


async def test_a_booked_slot_is_full_until_it_is_freed(region: Region) -> None:
    await region.promise("r1", 1, Claim("slot", "s1", "r1"))
    assert await region.hold("r2", slot="s1") == Refused("slot", "s1", "full")
    await region.promise("r1", 2, Free("slot", "s1", "r1"))
    await region.granted("r2", slot="s1")


async def test_rows_of_one_promise_apply_once_and_in_order(region: Region) -> None:
    assert await region.promise("r1", 2, Claim("pool", "p1", "r1")) == OutOfOrder(1)
    first = await region.promise("r1", 1, Claim("pool", "p1", "r1"))
    again = await region.promise("r1", 1, Claim("pool", "p1", "r1"))
    assert again == Applied(first.position, already=True)
    assert (await region.pool()).reserved == 1
    second = await region.promise("r1", 2, Free("pool", "p1", "r1"))
    assert not second.already
    assert (await region.promise("r1", 1, Claim("pool", "p1", "r1"))).already
    assert (await region.pool()).reserved == 0


async def test_an_older_claim_that_comes_late_does_not_take_a_team_back(region: Region) -> None:
    await region.promise("r2", 1, Claim("team", "t1", "r2"), row="row-5")
    await region.promise("r1", 1, Claim("team", "t1", "r1"), row="row-2")
    await region.promise("r1", 2, Free("team", "t1", "r1"), row="row-3")
    assert (await region.team()).request == "r2"


async def test_a_newer_claim_stands_before_the_older_one_is_freed(region: Region) -> None:
    await region.promise("r1", 1, Claim("team", "t1", "r1"), row="row-1")
    await region.promise("r2", 1, Claim("team", "t1", "r2"), row="row-3")
    await region.promise("r1", 2, Free("team", "t1", "r1"), row="row-2")
    assert (await region.team()).request == "r2"


async def test_an_unknown_resource_contradicts_and_changes_nothing(region: Region) -> None:
    before = await region.position()
    effects = (Claim("team", "t1", "r1"), Claim("pool", "gone", "r1"))
    assert await region.promise("r1", 1, *effects) == Contradicted("pool", "gone", "unknown")
    assert await region.position() == before
    assert (await region.team()).request is None
    assert isinstance(await region.promise("r1", 1, Claim("team", "t1", "r1")), Applied)


async def test_a_closed_promise_is_remembered_for_late_rows_and_then_forgotten(
    region: Region,
) -> None:
    row = Promise(row_id="1", aggregate="task", aggregate_id="k", version=1, kind="closed")
    await region.registry.apply(row)
    assert (await region.registry.snapshot()).cards["task"] == {}
    await region.at(START_MS + ROW_MEMORY_S * 1000 - 1)
    await region.registry.sweep()
    assert (await region.registry.apply(row)).already  # type: ignore[union-attr]
    await region.at(START_MS + ROW_MEMORY_S * 1000)
    await region.registry.sweep()
    assert not (await region.registry.apply(row)).already  # type: ignore[union-attr]


async def test_a_promise_that_was_opened_again_is_not_forgotten(region: Region) -> None:
    closed = Promise(row_id="1", aggregate="task", aggregate_id="k", version=1, kind="closed")
    again = Promise(
        row_id="2", aggregate="task", aggregate_id="k", version=2, kind="opened", card={"id": "k"}
    )
    await region.registry.apply(closed)
    await region.registry.apply(again)
    await region.at(START_MS + ROW_MEMORY_S * 1000)
    await region.registry.sweep()
    assert (await region.registry.apply(again)).already  # type: ignore[union-attr]


async def test_a_step_sets_the_status_with_the_promise(region: Region) -> None:
    await region.promise(
        "r1", 1, Claim("team", "t1", "r1"), Status("team", "t1", UnitStatus.EN_ROUTE)
    )
    team = await region.team()
    assert (team.status, team.request) == (UnitStatus.EN_ROUTE, "r1")


# definitions


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


async def test_unknown_kinds_and_ids_are_told_apart(region: Region) -> None:
    with pytest.raises(InvalidCommand):
        await region.registry.remove("hold", "h", region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.report_status("pool", "p1", UnitStatus.AVAILABLE, region.command())
    with pytest.raises(NotFound):
        await region.registry.report_status("van", "v9", UnitStatus.AVAILABLE, region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.report_status("van", "v1", "flying", region.command())  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await region.registry.not_true("p9", 2, 1, region.command())
    for ask in (region.registry.walk_in, region.registry.still_true, region.registry.resume):
        with pytest.raises(NotFound):
            await ask("p9", region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.apply(
            Promise(row_id="1", aggregate="team", aggregate_id="t1", version=1, kind="x")
        )


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


async def test_text_of_any_kind_comes_back_as_it_was(region: Region) -> None:
    for name in ('a "b\\":{}', "Ñandú, здоровье, 健康", "{}", "[]", "null", "\u2028 \x7f"):
        team = replace(await region.team(), name=name, crew=(name,), offers=())
        stored = await region.registry.put(team, region.command())
        assert (stored.name, stored.crew, stored.offers) == (name, (name,), ())
        assert await region.team() == stored


# positions


async def test_points_are_judged_one_by_one_and_told_in_one_event(region: Region) -> None:
    points = [
        UnitPosition("team", "t1", -112.0, 41.0, START_MS),
        UnitPosition("team", "t1", -112.1, 41.1, START_MS + 1),
        UnitPosition("team", "t1", -112.2, 41.2, START_MS),
        UnitPosition("van", "v1", -112.3, 41.3, START_MS + 31_000),
        UnitPosition("van", "v9", -112.3, 41.3, START_MS),
        UnitPosition("van", "v1", 181.0, 41.3, START_MS),
        UnitPosition("van", "v1", float("nan"), 41.3, START_MS),
        UnitPosition("pool", "p1", -112.0, 41.0, START_MS),
        UnitPosition("van", "v1", -112.1234567, 41.3, START_MS),
    ]
    before = await region.position()
    verdicts = await region.registry.report_positions(points, "gps")
    assert [one.verdict for one in verdicts] == [
        "taken", "taken", "late", "future", "unknown", "invalid", "invalid", "invalid", "taken",
    ]  # fmt: skip
    (event,) = await region.since(before)
    assert (event.kind, event.touched) == ("unit.moved", ())
    assert event.body == {
        "moved": [
            ["team", "t1", -112.0, 41.0, START_MS, None],
            ["team", "t1", -112.1, 41.1, START_MS + 1, None],
            ["van", "v1", -112.123457, 41.3, START_MS, None],
        ],
        "late": 1,
        "source": "gps",
    }
    team = await region.team()
    assert (team.lon, team.lat, team.position_ms) == (-112.1, 41.1, START_MS + 1)


NEAR_OGDEN = PositionLimits(
    west=-113.0,
    south=40.0,
    east=-111.0,
    north=42.0,
    near_m=500,
    fastest_m_s=70,
    oldest_ms=86_400_000,
    inexact_m=500,
)


async def test_points_that_cannot_be_true_are_ignored_and_counted(region: Region) -> None:
    def at(seconds: float, lon: float = -112.0, lat: float = 41.0) -> UnitPosition:
        return UnitPosition("van", "v1", lon, lat, START_MS + int(seconds * 1000))

    before = await region.registry.position_counts()
    points = [
        at(-90_000), at(0), at(0), at(0, -112.001), at(-5), at(1, -112.003), at(2, 2.35, 48.85),
        at(3, -112.5), at(60, -112.01),
    ]  # fmt: skip
    await region.at(START_MS + 60_000)
    verdicts = await region.registry.report_positions(points, "avl", NEAR_OGDEN)
    told = [one.verdict for one in verdicts]
    assert told == [
        "old", "taken", "repeat", "late", "late", "taken", "outside", "jump", "taken",
    ]  # fmt: skip
    counts = await region.registry.position_counts()
    assert before == {}
    assert counts == {("avl", verdict): told.count(verdict) for verdict in told}


async def test_how_far_off_a_position_may_be_is_kept_and_too_far_moves_nothing(
    region: Region,
) -> None:
    points = [
        UnitPosition("van", "v1", -112.0, 41.0, START_MS - 9, 12.6),
        UnitPosition("van", "v1", -112.0, 41.001, START_MS - 8, 500.4),
        UnitPosition("van", "v1", -112.0, 41.1, START_MS - 7, 501.0),
    ]
    verdicts = await region.registry.report_positions(points, "avl", NEAR_OGDEN)
    assert [one.verdict for one in verdicts] == ["taken", "taken", "inexact"]
    van = (await region.registry.snapshot()).vans["v1"]
    assert (van.lat, van.accuracy_m) == (41.001, 500)
    silent = UnitPosition("van", "v1", -112.0, 41.002, START_MS - 6)
    await region.registry.report_positions([silent], "avl", NEAR_OGDEN)
    kept = await region.registry.report_status("van", "v1", UnitStatus.CLEARING, region.command())
    assert (kept.lat, kept.accuracy_m) == (41.002, None)


async def test_a_second_point_near_a_jump_says_that_the_unit_is_there(region: Region) -> None:
    def at(seconds: int, lon: float) -> UnitPosition:
        return UnitPosition("van", "v1", lon, 41.0, START_MS + seconds * 1000)

    async def told(*points: UnitPosition) -> list[str]:
        verdicts = await region.registry.report_positions(points, "avl", NEAR_OGDEN)
        return [one.verdict for one in verdicts]

    await region.at(START_MS + 60_000)
    assert await told(at(0, -112.0), at(10, -112.9)) == ["taken", "jump"]
    assert await told(at(20, -112.0005)) == ["taken"], "the jump was an error of the receiver"
    assert await told(at(30, -112.9), at(40, -112.9005)) == ["jump", "taken"]
    (van,) = (await region.registry.snapshot()).vans.values()
    assert van.lon == -112.9005


async def test_a_new_unit_stands_at_its_base(region: Region) -> None:
    team = await region.team()
    assert (team.lon, team.lat, team.position_ms) == (-111.97, 41.22, 0)


# the stream


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


# plan, leases, tickets, counters


async def test_a_plan_of_an_older_planner_is_fenced(region: Region) -> None:
    registry = region.registry
    assert await registry.plan() is None
    with pytest.raises(Fenced):
        await registry.publish_plan(b"{}", 0)
    first = await registry.lease("planner", "a", 10)
    assert first is not None
    await registry.publish_plan(b'{"version":1}', first.token)
    await region.at(START_MS + 10_000)
    second = await registry.lease("planner", "b", 10)
    assert second is not None
    assert second.token > first.token
    with pytest.raises(Fenced):
        await registry.publish_plan(b'{"version":2}', first.token)
    before = await region.position()
    await registry.publish_plan(b"\x00\xff any bytes", second.token)
    assert await registry.plan() == b"\x00\xff any bytes"
    (event,) = await region.since(before)
    assert (event.kind, event.body) == ("plan.published", {"fence": second.token, "bytes": 12})


async def test_a_lease_has_one_holder_at_a_time(region: Region) -> None:
    registry = region.registry
    first = await registry.lease("keeper", "a", 10)
    assert first == Lease("keeper", "a", 1, START_MS + 10_000)
    assert await registry.lease("keeper", "b", 10) is None
    await region.at(START_MS + 9_000)
    renewed = await registry.renew(first, 10)
    assert renewed == Lease("keeper", "a", 1, START_MS + 19_000)
    await region.at(START_MS + 19_000)
    assert await registry.renew(first, 10) is None
    second = await registry.lease("keeper", "b", 10)
    assert second == Lease("keeper", "b", 2, START_MS + 29_000)
    assert not await registry.yield_lease(first)
    assert await registry.yield_lease(second)
    assert await registry.lease("keeper", "a", 10) == Lease("keeper", "a", 3, START_MS + 29_000)


async def test_a_restarted_owner_fences_its_former_self(region: Region) -> None:
    first = await region.registry.lease("planner", "a", 10)
    second = await region.registry.lease("planner", "a", 10)
    assert first is not None
    assert second is not None
    assert second.token == first.token + 1
    assert await region.registry.renew(first, 10) is None


async def test_a_ticket_is_taken_once(region: Region) -> None:
    await region.registry.put_ticket("t", b"ada", 30)
    assert await region.registry.take_ticket("t") == b"ada"
    assert await region.registry.take_ticket("t") is None
    assert await region.registry.take_ticket("never") is None


async def test_a_counter_counts_each_key_for_itself(region: Region) -> None:
    assert [await region.registry.count("sign-in:ada", 60) for _ in range(3)] == [1, 2, 3]
    assert await region.registry.count("sign-in:bo", 60) == 1


async def test_every_command_is_idempotent_by_its_id(region: Region) -> None:
    registry = region.registry
    team = await region.team()
    asks = (
        lambda: registry.put(team, "a"),
        lambda: registry.report_status("team", "t1", UnitStatus.ON_SCENE, "b"),
        lambda: registry.report_counts("p1", Counts(1, 0), START_MS, "c"),
        lambda: registry.walk_in("p1", "d"),
        lambda: registry.still_true("p1", "e"),
        lambda: registry.pause("p1", "staffing", None, "f"),
        lambda: registry.resume("p1", "g"),
        lambda: registry.remove("van", "v1", "h"),
    )
    first = [await ask() for ask in asks]
    position = await region.position()
    await region.at(START_MS + (DEDUPE_S - 1) * 1000)
    assert [await ask() for ask in asks] == first
    assert await region.position() == position
