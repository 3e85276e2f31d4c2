"""The verifier's laws hold on whatever the registry's model does, and break where they should."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from record.history import History, snapshot_states
from registry.model import MemoryRegistry
from registry.port import (
    Claim,
    Counts,
    Effect,
    Free,
    HoldCommand,
    Occupy,
    Promise,
    Status,
    UnitPosition,
)
from registry.states import Pool, Slot, Team, UnitStatus, Van

TEAMS, VANS, POOLS, SLOTS = ("t1", "t2"), ("v1",), ("p1", "p2"), ("s1",)
REQUESTS = ("r1", "r2", "r3")

resources = st.fixed_dictionaries(
    {
        "team": st.sampled_from([*TEAMS, None]),
        "van": st.sampled_from([*VANS, None]),
        "pool": st.sampled_from([*POOLS, None]),
        "slot": st.sampled_from([*SLOTS, None]),
    }
).filter(lambda named: any(named.values()))
claimed = st.sampled_from(
    [("team", name) for name in TEAMS]
    + [("pool", name) for name in POOLS]
    + [("slot", name) for name in SLOTS]
)
effects = st.one_of(
    st.builds(lambda key, who: Claim(*key, who), claimed, st.sampled_from(REQUESTS)),
    st.builds(lambda key, who: Free(*key, who), claimed, st.sampled_from(REQUESTS)),
    st.builds(Occupy, st.sampled_from(POOLS), st.sampled_from(REQUESTS)),
    st.builds(Status, st.just("team"), st.sampled_from(TEAMS), st.sampled_from(sorted(UnitStatus))),
)
steps = st.one_of(
    st.tuples(st.just("hold"), st.sampled_from(REQUESTS), resources),
    st.tuples(st.just("release"), st.integers(0, 30)),
    st.tuples(st.just("promise"), st.sampled_from(REQUESTS), st.lists(effects, max_size=3)),
    st.tuples(st.just("count"), st.sampled_from(POOLS), st.integers(0, 4), st.integers(0, 3)),
    st.tuples(st.just("move"), st.sampled_from(TEAMS), st.floats(-112, -109)),
    st.tuples(st.just("pause"), st.sampled_from(POOLS)),
    st.tuples(st.just("sweep"), st.integers(0, 90_000)),
)


class _Region:
    """A registry's model with a clock of its own, driven by steps."""

    def __init__(self) -> None:
        self.now_ms = 1_700_000_000_000
        self.registry = MemoryRegistry(lambda: self.now_ms)
        self.number = 0
        self.versions: dict[str, int] = {}

    def next_id(self) -> str:
        self.number += 1
        return f"{self.number:06}"

    async def begin(self) -> None:
        shift = {"shift_start_ms": 0, "shift_end_ms": 4 * 10**12, "base_lon": 0.0, "base_lat": 0.0}
        place = {"zone": "z", "lon": 0.0, "lat": 0.0}
        for name in TEAMS:
            await self.registry.put(Team(id=name, name=name, zone="z", **shift), self.next_id())
        for name in VANS:
            await self.registry.put(Van(id=name, name=name, zone="z", **shift), self.next_id())
        for name in POOLS:
            pool = Pool(id=name, name=name, facility="f", type="respite", capacity=2, **place)
            await self.registry.put(pool, self.next_id())
        for name in SLOTS:
            slot = Slot(
                id=name,
                name=name,
                provider="f",
                mode="in_person",
                starts_ms=1,
                duration_s=9,
                **place,
            )
            await self.registry.put(slot, self.next_id())

    async def take(self, step: Any) -> None:
        self.now_ms += 1
        match step:
            case ("hold", request, named):
                command = HoldCommand(
                    hold_id=self.next_id(), request=request, ttl_s=60, by="b", **named
                )
                await self.registry.hold(command)
            case ("release", number):
                await self.registry.release(f"{number:06}", self.next_id())
            case ("promise", request, made):
                await self.promise(request, made)
            case ("count", pool, occupied, closed):
                counts = Counts(occupied=occupied, closed=closed)
                await self.registry.report_counts(pool, counts, self.now_ms, self.next_id())
            case ("move", team, lon):
                point = UnitPosition("team", team, lon, 41.0, self.now_ms)
                await self.registry.report_positions([point], "gps")
            case ("pause", pool):
                await self.registry.pause(pool, "full", self.now_ms + 60_000, self.next_id())
            case ("sweep", later_ms):
                self.now_ms += later_ms
                await self.registry.sweep()

    async def promise(self, request: str, made: list[Effect]) -> None:
        version = self.versions[request] = self.versions.get(request, 0) + 1
        promise = Promise(
            row_id=self.next_id(),
            aggregate="request",
            aggregate_id=request,
            version=version,
            kind="step",
            effects=tuple(made),
            card={"id": request} if version % 3 else None,
        )
        await self.registry.apply(promise)


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


async def _told(taken: list[Any]) -> tuple[History, dict[Any, Any], list[tuple[str, str]]]:
    region, broken = _Region(), []
    await region.begin()
    for step in taken:
        await region.take(step)
    snapshot = await region.registry.snapshot()
    history = History()
    for event in await region.registry.events(snapshot.position._replace(seq=-1)):
        history.advance(
            event.kind,
            _plain(event.touched),
            _plain(event.body),
            lambda law, text: broken.append((law, text)),
        )
    return history, dict(snapshot_states(_plain(snapshot))), broken


@settings(max_examples=300, deadline=None)
@given(st.lists(steps, max_size=25))
def test_the_facts_add_up_to_the_registry_and_break_no_law(taken: list[Any]) -> None:
    history, states, broken = asyncio.run(_told(taken))
    assert history.states == states
    assert broken == []


POOL = {
    "capacity": 3,
    "free": 1,
    "held": 0,
    "reserved": 1,
    "occupied": 1,
    "closed": 0,
    "deficit": 0,
}
TEAM = {"hold": None, "request": None, "status": "available"}
SLOT = {"capacity": 1, "free": 1, "held": 0, "booked": 0}


def _broken_by(kind: str, touched: list[Any], history: History | None = None) -> list[str]:
    laws: list[str] = []
    (history or History()).advance(kind, touched, {}, lambda law, _: laws.append(law))
    return laws


@pytest.mark.parametrize(
    ("kind", "state", "laws"),
    [
        ("pool", POOL, []),
        ("pool", POOL | {"free": 2}, ["capacity"]),
        ("pool", POOL | {"free": -1, "occupied": 3}, ["capacity"]),
        ("pool", POOL | {"free": 2, "deficit": 1}, ["capacity"]),
        ("pool", POOL | {"held": 1, "free": 0}, ["holds"]),
        ("slot", SLOT, []),
        ("slot", SLOT | {"booked": 1}, ["capacity"]),
        ("slot", SLOT | {"booked": 2, "free": 0}, []),
        ("team", TEAM, []),
        ("team", TEAM | {"hold": "h1"}, ["holds"]),
    ],
)
def test_a_state_that_does_not_add_up_is_named(kind: str, state: Any, laws: list[str]) -> None:
    assert _broken_by("any", [[kind, "x", state]]) == laws


def test_a_unit_both_held_and_promised_is_a_double_booking() -> None:
    hold = {"team": "x", "van": None, "pool": None, "slot": None}
    touched = [["hold", "h1", hold], ["team", "x", TEAM | {"hold": "h1", "request": "r1"}]]
    assert _broken_by("any", touched) == ["double booking"]


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        ("team", TEAM | {"request": "r1"}),
        ("team", TEAM | {"status": "en_route"}),
        ("pool", POOL | {"free": 0, "occupied": 2}),
        ("pool", POOL | {"paused": True}),
    ],
)
def test_a_grant_of_what_could_not_be_given_is_found(kind: str, before: Any) -> None:
    history = History(states={(kind, "x"): before})
    after = POOL | {"free": 0, "held": 1} if kind == "pool" else TEAM | {"hold": "h1"}
    hold = {"team": None, "van": None, "pool": None, "slot": None, kind: "x"}
    touched = [["hold", "h1", hold], [kind, "x", after]]
    assert _broken_by("hold.granted", touched, history) == ["grant"]
