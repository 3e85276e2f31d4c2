"""Promises, on every registry: each row once and in order."""

from __future__ import annotations

from typing import Any

from registry.port import (
    ROW_MEMORY_S,
    Applied,
    Claim,
    Contradicted,
    Counts,
    Displaced,
    Free,
    OutOfOrder,
    Position,
    Promise,
    Refused,
    Status,
)
from registry.states import UnitStatus
from tests.contracts.region import START_MS, Region


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
