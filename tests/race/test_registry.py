"""Many claimants at once on a real server: exact counts, and nothing acknowledged is ever lost."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from caretower.embedded.valkey import running_valkey
from registry.errors import Unavailable
from registry.port import Applied, Claim, Event, Granted, HoldCommand, Position, Promise, Refused
from registry.replica import Replica
from registry.server import ServerRegistry, connect
from registry.states import Pool, Team, Van

pytestmark = pytest.mark.slow

CLAIMANTS = 64


def team(id: str) -> Team:
    return Team(
        id=id, zone="z", name=id, shift_start_ms=0, shift_end_ms=1, base_lon=-111.9, base_lat=40.7
    )


def van(id: str) -> Van:
    return Van(
        id=id, zone="z", name=id, shift_start_ms=0, shift_end_ms=1, base_lon=-111.9, base_lat=40.7
    )


def pool(id: str, capacity: int) -> Pool:
    return Pool(
        id=id, facility="f", zone="z", name=id, type="respite", lon=-112, lat=41, capacity=capacity
    )


def claim(request: int | str, **named: Any) -> HoldCommand:
    return HoldCommand(hold_id=str(uuid7()), request=f"r{request}", ttl_s=600, by="race", **named)


async def all_events(registry: ServerRegistry) -> list[Event]:
    last = (await registry.snapshot()).position
    events = await registry.events(Position(last.epoch, -1), limit=1_000_000)
    assert [event.position.seq for event in events] == list(range(last.seq + 1))
    return events


@pytest.fixture
async def nodes(valkey_url: str) -> AsyncIterator[list[ServerRegistry]]:
    """Four API nodes on one region."""
    region = f"race-{uuid7()}"
    opened = [await connect(valkey_url, region) for _ in range(4)]
    yield opened
    for one in opened:
        await one.close()


async def hold_all(
    nodes: list[ServerRegistry], commands: list[HoldCommand]
) -> list[Granted | Refused]:
    return await asyncio.gather(
        *(nodes[number % len(nodes)].hold(command) for number, command in enumerate(commands))
    )


@pytest.mark.parametrize("beds", [1, 5, 17])
async def test_64_claimants_for_k_beds_get_exactly_k(
    nodes: list[ServerRegistry], beds: int
) -> None:
    await nodes[0].put(pool("p", beds), "define")
    answers = await hold_all(nodes, [claim(number, pool="p") for number in range(CLAIMANTS)])
    granted = [answer for answer in answers if isinstance(answer, Granted)]
    assert len(granted) == beds
    assert {answer for answer in answers if isinstance(answer, Refused)} == {
        Refused("pool", "p", "full")
    }
    snapshot = await nodes[1].snapshot()
    assert (snapshot.pools["p"].held, snapshot.pools["p"].free) == (beds, 0)
    assert snapshot.holds.keys() == {answer.hold.id for answer in granted}


async def test_two_vans_go_to_two_of_64(nodes: list[ServerRegistry]) -> None:
    for id in ("v1", "v2"):
        await nodes[0].put(van(id), f"define {id}")
    commands = [claim(number, van=f"v{number % 2 + 1}") for number in range(CLAIMANTS)]
    granted = [a for a in await hold_all(nodes, commands) if isinstance(a, Granted)]
    assert sorted(str(answer.hold.van) for answer in granted) == ["v1", "v2"]


async def test_nobody_ever_gets_a_part_of_a_bundle(nodes: list[ServerRegistry]) -> None:
    for number in range(8):
        await nodes[0].put(team(f"t{number}"), f"define t{number}")
        await nodes[0].put(van(f"v{number}"), f"define v{number}")
    await nodes[0].put(pool("p", 5), "define p")
    commands = [
        claim(number, team=f"t{number % 8}", van=f"v{number * 3 % 8}", pool="p")
        for number in range(CLAIMANTS)
    ]
    granted = [a.hold for a in await hold_all(nodes, commands) if isinstance(a, Granted)]
    snapshot = await nodes[0].snapshot()
    assert len(granted) == 5
    assert snapshot.pools["p"].held == 5
    assert {t.id: t.hold for t in snapshot.teams.values() if t.hold} == {
        hold.team: hold.id for hold in granted
    }
    assert {v.id: v.hold for v in snapshot.vans.values() if v.hold} == {
        hold.van: hold.id for hold in granted
    }


async def test_a_storm_of_retries_is_one_hold_and_one_event(nodes: list[ServerRegistry]) -> None:
    await nodes[0].put(pool("p", 9), "define")
    command = claim("one", pool="p")
    answers = await hold_all(nodes, [command] * CLAIMANTS)
    assert len(set(map(repr, answers))) == 1
    kinds = [event.kind for event in await all_events(nodes[0])]
    assert kinds.count("hold.granted") == 1
    assert (await nodes[0].snapshot()).pools["p"].held == 1


async def test_one_outbox_row_delivered_by_many_is_applied_once(
    nodes: list[ServerRegistry],
) -> None:
    await nodes[0].put(pool("p", 9), "define")
    row = Promise(
        row_id="row-1", aggregate="request", aggregate_id="r", version=1, kind="accepted",
        effects=(Claim("pool", "p", "r"),), card={"id": "r"},
    )  # fmt: skip
    answers = await asyncio.gather(*(nodes[n % 4].apply(row) for n in range(CLAIMANTS)))
    assert sum(isinstance(answer, Applied) and not answer.already for answer in answers) == 1
    assert len({a.position for a in answers if isinstance(a, Applied)}) == 1
    assert (await nodes[0].snapshot()).pools["p"].reserved == 1


async def test_one_lease_and_one_ticket_have_one_taker(nodes: list[ServerRegistry]) -> None:
    await nodes[0].put_ticket("ticket", b"ada", 60)
    leases = await asyncio.gather(
        *(nodes[n % 4].lease("planner", f"owner-{n}", 60) for n in range(CLAIMANTS))
    )
    tickets = await asyncio.gather(*(nodes[n % 4].take_ticket("ticket") for n in range(CLAIMANTS)))
    assert sum(lease is not None for lease in leases) == 1
    assert sum(ticket is not None for ticket in tickets) == 1


async def test_expiry_promises_and_claims_at_once_keep_the_law(
    nodes: list[ServerRegistry],
) -> None:
    await nodes[0].put(pool("p", 20), "define")
    holds = [claim(number, pool="p") for number in range(20)]
    await hold_all(nodes, holds)
    await nodes[0].set_test_clock(offset_ms=700_000)

    async def promise(number: int) -> None:
        await nodes[number % 4].apply(
            Promise(
                row_id=f"row-{number:02}", aggregate="request", aggregate_id=f"r{number}",
                version=1, kind="accepted", effects=(Claim("pool", "p", f"r{number}"),),
                card={"id": f"r{number}"},
            )
        )  # fmt: skip

    await asyncio.gather(
        *(promise(number) for number in range(0, 20, 2)),
        *(node.sweep() for node in nodes),
        *(nodes[n % 4].release(holds[n].hold_id, f"release {n}") for n in range(1, 20, 4)),
    )
    last = (await nodes[0].snapshot()).pools["p"]
    assert (last.held, last.reserved, last.free, last.deficit) == (0, 10, 10, 0)
    events = await all_events(nodes[0])
    ended = [e.body["hold"] for e in events if e.kind in ("hold.expired", "hold.released")]
    assert len(ended) == len(set(ended))
    for event in events:
        for _, _, state in event.touched:
            if isinstance(state, Pool):
                parts = state.held + state.reserved + state.occupied + state.closed
                assert state.free - state.deficit + parts == state.capacity


async def test_a_waiting_reader_hears_of_a_hold_at_once(nodes: list[ServerRegistry]) -> None:
    await nodes[0].put(pool("p", 1), "define")
    last = (await nodes[0].snapshot()).position
    waiting = asyncio.create_task(nodes[1].events(last, block_ms=30_000))
    await nodes[0].hold(claim(1, pool="p"))
    async with asyncio.timeout(10):
        (event,) = await waiting
    assert event.kind == "hold.granted"


async def test_kill_9_under_load_loses_nothing_that_was_acknowledged() -> None:
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        await kill_and_verify(Path(folder))


async def kill_and_verify(folder: Path) -> None:
    commands = [claim(number, pool="p") for number in range(2_000)]
    acknowledged: dict[str, Granted] = {}
    unknown: list[HoldCommand] = []
    with running_valkey(folder) as server:
        node = await connect(server.url, "utah", timeout_s=2)
        await node.put(pool("p", 10_000), "define")

        async def work(number: int) -> None:
            for command in commands[number::16]:
                try:
                    answer = await node.hold(command)
                except Unavailable:
                    unknown.append(command)
                    break
                assert isinstance(answer, Granted)
                acknowledged[command.hold_id] = answer
                if len(acknowledged) == 200:
                    os.kill(server.pid, signal.SIGKILL)

        await asyncio.gather(*(work(number) for number in range(16)))
        assert unknown
        with running_valkey(folder):
            snapshot = await node.snapshot()
            assert acknowledged.keys() <= snapshot.holds.keys()
            assert snapshot.pools["p"].held == len(snapshot.holds)
            retried = [await node.hold(command) for command in unknown]
            assert all(isinstance(answer, Granted) for answer in retried)
            assert [await node.hold(c) for c in commands if c.hold_id in acknowledged] == [
                acknowledged[c.hold_id] for c in commands if c.hold_id in acknowledged
            ]
            events = await all_events(node)
            granted = [event.body["hold"] for event in events if event.kind == "hold.granted"]
            expected = acknowledged.keys() | {command.hold_id for command in unknown}
            assert sorted(granted) == sorted(expected)
            await replica_agrees(node, events)
            await node.close()


async def replica_agrees(node: ServerRegistry, events: list[Event]) -> None:
    snapshot = await node.snapshot()
    first = events[0].position
    empty = type(snapshot)(
        position=first, at_ms=0, teams={}, vans={}, pools={}, slots={}, holds={},
        cards={kind: {} for kind in snapshot.cards},
    )  # fmt: skip
    replica = Replica.of(empty)
    for event in events[1:]:
        replica.advance(event)
    assert replica.states["hold"] == snapshot.holds
    assert replica.states["pool"] == snapshot.pools
