"""The real server and the model give the same answers, states and events to any commands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uuid6 import uuid7

from registry.errors import RegistryError
from registry.gps import PositionLimits
from registry.model import MemoryRegistry
from registry.port import (
    ANYWHERE,
    Claim,
    Counts,
    DropHold,
    Event,
    Free,
    HoldCommand,
    Occupy,
    Position,
    Promise,
    Registry,
    Snapshot,
    Status,
    UnitPosition,
)
from registry.replica import Replica
from registry.server import ServerRegistry, connect
from registry.states import RESOURCES, Kind, Pool, Slot, Team, UnitStatus, Van

pytestmark = pytest.mark.slow

START_MS = 1_800_000_000_000
TEAMS = ("team-a", "team-b")
VANS = ("van-a", "van-b")
POOLS = ("pool-a", "pool-b")
SLOTS = ("slot-a",)
REQUESTS = ("request-a", "request-b", "request-c", "request-d")

small = st.integers(0, 4)
nothing = st.none()
ids = {
    "team": st.sampled_from(TEAMS),
    "van": st.sampled_from(VANS),
    "pool": st.sampled_from(POOLS),
    "slot": st.sampled_from(SLOTS),
}
resources = st.sampled_from(
    [
        (kind, id)
        for kind, ids in (("team", TEAMS), ("van", VANS), ("pool", POOLS), ("slot", SLOTS))
        for id in ids
    ]
)
units = st.sampled_from([("team", id) for id in TEAMS] + [("van", id) for id in VANS])
requests = st.sampled_from(REQUESTS)
hold_numbers = st.integers(0, 30)


def effects() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(lambda key, request: Claim(*key, request), resources, requests),
        st.builds(lambda key, request: Claim(*key, request), resources, requests),
        st.builds(lambda key, request: Free(*key, request), resources, requests),
        st.builds(Occupy, ids["pool"], requests),
        st.builds(lambda key, status: Status(*key, status), units, st.sampled_from(UnitStatus)),
        st.builds(lambda number: DropHold(f"hold-{number:03}"), hold_numbers),
    )


def comparable(event: Event) -> Any:
    """An event without its epoch, and what it touches in any order."""
    touched = {(kind, id): state for kind, id, state in event.touched}
    return event.position.seq, event.kind, event.at_ms, touched, event.body


def without_epoch(answer: Any) -> Any:
    position = getattr(answer, "position", None)
    if isinstance(answer, Position):
        return answer.seq
    if position is None:
        return answer
    values = {name: getattr(answer, name) for name in answer.__struct_fields__}
    return type(answer).__name__, {**values, "position": position.seq}


STRICT = PositionLimits(west=-150, east=-50, near_m=500, fastest_m_s=70, oldest_ms=60_000)


class Twins(RuleBasedStateMachine):
    """Every command goes to both; both must answer alike, and end in the same events and states."""

    url: str
    loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        super().__init__()
        self.now_ms = START_MS
        self.commands = 0
        self.holds = 0
        self.rows = 0
        self.versions = dict.fromkeys(REQUESTS, 0)
        self.model = MemoryRegistry(lambda: self.now_ms)
        self.server: ServerRegistry = self.run(connect(self.url, f"twins-{uuid7()}"))
        self.set_clock()
        self.run(self.server.open_epoch())
        self.run(self.model.open_epoch())
        self.replica = Replica.of(self.run(self.server.snapshot()))
        self.read = [self.run(self.both_positions(one)) for one in (self.model, self.server)]

    def run(self, coroutine: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    async def both_positions(self, registry: Registry) -> Position:
        return (await registry.snapshot()).position

    def set_clock(self) -> None:
        self.run(self.server.set_test_clock(stopped_at_ms=self.now_ms))

    def teardown(self) -> None:
        self.run(self.server.close())

    def both(self, ask: Callable[[Registry], Awaitable[Any]]) -> Any:
        answers = []
        for one in (self.model, self.server):
            try:
                answers.append(without_epoch(self.run(ask(one))))
            except RegistryError as error:
                answers.append((type(error), str(error)))
        assert answers[0] == answers[1]
        return answers[0]

    def command(self) -> str:
        self.commands += 1
        return f"command-{self.commands}"

    @initialize(capacity=st.integers(1, 3))
    def define(self, capacity: int) -> None:
        for id in TEAMS:
            self.put(
                Team(
                    id=id,
                    zone="z",
                    name=id,
                    crew=("m",),
                    shift_start_ms=0,
                    shift_end_ms=9,
                    base_lon=-111.912345678901,
                    base_lat=40.7,
                )
            )
        for id in VANS:
            self.put(
                Van(
                    id=id,
                    zone="z",
                    name=id,
                    shift_start_ms=0,
                    shift_end_ms=9,
                    base_lon=-111.912345678901,
                    base_lat=40.7,
                )
            )
        for id in POOLS:
            self.put(
                Pool(
                    id=id,
                    facility="f",
                    zone="z",
                    name=id,
                    type="respite",
                    lon=-112.123456789,
                    lat=41.0,
                    capacity=capacity,
                )
            )
        for id in SLOTS:
            self.put(
                Slot(
                    id=id,
                    provider="p",
                    zone="z",
                    name=id,
                    mode="telehealth",
                    lon=-112.123456789,
                    lat=41.0,
                    starts_ms=START_MS,
                    duration_s=3600,
                    capacity=capacity,
                )
            )

    def put(self, state: Any) -> None:
        command = self.command()
        self.both(lambda one: one.put(state, command))

    @rule(pool=ids["pool"], capacity=small, takes=st.sampled_from([(), ("adult",)]))
    def redefine(self, pool: str, capacity: int, takes: tuple[str, ...]) -> None:
        self.put(
            Pool(
                id=pool,
                facility="f",
                zone="z",
                name="new",
                type="respite",
                lon=-112.123456789,
                lat=41.0,
                capacity=capacity,
                takes=takes,
            )
        )

    @rule(key=resources)
    def remove(self, key: tuple[str, str]) -> None:
        command = self.command()
        self.both(lambda one: one.remove(*key, command))

    @rule(
        points=st.lists(
            st.tuples(
                units,
                st.one_of(st.floats(-200, 200), st.sampled_from([-112.0, -112.001, -112.5])),
                st.integers(-90_000, 60_000),
            ),
            max_size=4,
        ),
        limits=st.sampled_from([ANYWHERE, STRICT]),
    )
    def move(
        self, points: list[tuple[tuple[str, str], float, int]], limits: PositionLimits
    ) -> None:
        batch = [
            UnitPosition(*key, lon, 40.123456789, self.now_ms + late) for key, lon, late in points
        ]
        self.both(lambda one: one.report_positions(batch, "gps", limits))
        self.both(lambda one: one.position_counts())

    @rule(key=units, status=st.sampled_from(UnitStatus))
    def status(self, key: tuple[str, str], status: UnitStatus) -> None:
        command = self.command()
        self.both(lambda one: one.report_status(*key, status, command))

    @rule(
        pool=ids["pool"],
        occupied=small,
        closed=small,
        capacity=nothing | small,
        age=st.integers(-9, 9),
    )
    def count(self, pool: str, occupied: int, closed: int, capacity: int | None, age: int) -> None:
        command, counts = self.command(), Counts(occupied, closed, capacity)
        self.both(lambda one: one.report_counts(pool, counts, self.now_ms - age, command))

    @rule(pool=ids["pool"])
    def walk_in(self, pool: str) -> None:
        command = self.command()
        self.both(lambda one: one.walk_in(pool, command))

    @rule(pool=ids["pool"])
    def confirm(self, pool: str) -> None:
        command = self.command()
        self.both(lambda one: one.still_true(pool, command))

    @rule(pool=ids["pool"], last=st.booleans(), age=st.integers(0, 9_000))
    def not_true(self, pool: str, last: bool, age: int) -> None:
        command = self.command()
        known = self.run(self.model.snapshot()).pools.get(pool)
        withdrawn_ms = known.confirmed_ms if known and last else self.now_ms
        self.both(lambda one: one.not_true(pool, withdrawn_ms, withdrawn_ms - age, command))

    @rule(pool=ids["pool"], until=nothing | st.integers(0, 90_000))
    def pause(self, pool: str, until: int | None) -> None:
        command = self.command()
        until_ms = None if until is None else self.now_ms + until
        self.both(lambda one: one.pause(pool, "staffing", until_ms, command))

    @rule(pool=ids["pool"])
    def resume(self, pool: str) -> None:
        command = self.command()
        self.both(lambda one: one.resume(pool, command))

    @rule(
        request=requests,
        team=nothing | ids["team"],
        van=nothing | ids["van"],
        pool=nothing | ids["pool"],
        slot=nothing | ids["slot"],
        ttl_s=st.integers(0, 60),
        seen=st.dictionaries(resources, st.integers(1, 3), max_size=1),
        again=st.booleans(),
    )
    def hold(self, request: str, again: bool, **named: Any) -> None:
        self.holds += not again
        command = HoldCommand(hold_id=f"hold-{self.holds:03}", request=request, by="test", **named)
        self.both(lambda one: one.hold(command))

    @rule(number=hold_numbers, ttl_s=st.integers(1, 60))
    def extend(self, number: int, ttl_s: int) -> None:
        command = self.command()
        self.both(lambda one: one.extend(f"hold-{number:03}", ttl_s, command))

    @rule(number=hold_numbers)
    def release(self, number: int) -> None:
        command = self.command()
        self.both(lambda one: one.release(f"hold-{number:03}", command))

    @rule(ahead_ms=st.integers(0, 40_000))
    def sweep(self, ahead_ms: int) -> None:
        self.now_ms += ahead_ms
        self.set_clock()
        self.both(lambda one: one.sweep())

    @rule(
        request=requests,
        effects=st.lists(effects(), max_size=4),
        step=st.sampled_from((1, 1, 1, 1, 0, 2)),
        card=st.sampled_from((None, {"state": "accepted", "needs": []})),
        old_row=st.booleans(),
    )
    def apply(self, request: str, effects: list[Any], step: int, card: Any, old_row: bool) -> None:
        self.rows += 1
        version = self.versions[request] + step
        promise = Promise(
            row_id=f"row-{self.rows - 5 * old_row:05}",
            aggregate="request",
            aggregate_id=request,
            version=version,
            kind="accepted",
            effects=tuple(effects),
            card=card,
            body={"reason": []},
        )
        answer = self.both(lambda one: one.apply(promise))
        if isinstance(answer, tuple) and answer[0] == "Applied":
            self.versions[request] = version

    @invariant()
    def same_events(self) -> None:
        told = []
        for index, one in enumerate((self.model, self.server)):
            events = self.run(one.events(self.read[index]))
            if events:
                self.read[index] = events[-1].position
            told.append([comparable(event) for event in events])
        assert told[0] == told[1]
        for event in events:
            self.replica.advance(event)
        for _, _, _, touched, _ in told[1]:
            for state in touched.values():
                if isinstance(state, Pool):
                    assert_whole(state)

    @invariant()
    def same_states(self) -> None:
        model, server = self.run(self.model.snapshot()), self.run(self.server.snapshot())
        for name in ("at_ms", "teams", "vans", "pools", "slots", "holds", "cards"):
            assert getattr(model, name) == getattr(server, name), name
        assert_same_replica(self.replica, server)


def assert_same_replica(replica: Replica, snapshot: Snapshot) -> None:
    assert replica.position == snapshot.position
    assert replica.cards == snapshot.cards
    for kind in (*RESOURCES, Kind.HOLD):
        states = getattr(snapshot, f"{kind}s")
        assert replica.states[kind].keys() == states.keys()
        assert {id: replica.get(kind, id) for id in states} == states
    fresh, followed = Replica.of(snapshot).arrays(), replica.arrays()
    for kind in RESOURCES:
        expected, rows = getattr(fresh, f"{kind}s"), getattr(followed, f"{kind}s")
        assert dict(zip(rows.ids, rows.rows.tolist(), strict=True)) == dict(
            zip(expected.ids, expected.rows.tolist(), strict=True)
        )


def assert_whole(pool: Pool) -> None:
    """The law of capacity, with nothing below zero."""
    parts = (pool.held, pool.reserved, pool.occupied, pool.closed, pool.free, pool.deficit)
    assert min(parts) >= 0
    assert (
        pool.free - pool.deficit + pool.held + pool.reserved + pool.occupied + pool.closed
        == pool.capacity
    )
    assert pool.free == 0 or pool.deficit == 0


def explore(url: str) -> None:
    loop = asyncio.new_event_loop()
    machine = type("Twins", (Twins,), {"url": url, "loop": loop})
    try:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            machine,
            settings=settings(
                max_examples=int(os.environ.get("CARETOWER_TEST_EXAMPLES", "40")),
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        loop.close()


@pytest.mark.parametrize("engine", ["valkey", "redis"])
def test_the_server_keeps_the_laws_of_the_model(
    engine: str, request: pytest.FixtureRequest
) -> None:
    explore(request.getfixturevalue(f"{engine}_url"))
