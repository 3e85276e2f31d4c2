"""Closed and slow roads: on record, on the screens, over by themselves."""

from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import commands
from dispatch.errors import Invalid, NotFound, NotYours, WrongState
from dispatch.road_closure import RoadClosure, card, checked, ended, followed_by, in_force
from dispatch.words import ClosureReason
from tests.dispatch.house import CREW, DANA, ERIN, House, an_id

H_S = 3600
NOW_MS = 1_800_000_000_000
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[-112, 41], [-111.9, 41], [-111.9, 41.1], [-112, 41.1], [-112, 41]]],
}
LINE = {"type": "LineString", "coordinates": [[-112, 41], [-111.9, 41.05]]}


def a_closure(**changes: Any) -> RoadClosure:
    given: dict[str, Any] = {
        "id": "c",
        "version": 1,
        "area": SQUARE,
        "slowdown": None,
        "reason": ClosureReason.WEATHER,
        "note": None,
        "from_ms": NOW_MS,
        "until_ms": NOW_MS + H_S * 1000,
    }
    return RoadClosure(**(given | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"slowdown": 1.0},
        {"slowdown": 0.5},
        {"slowdown": 21.0},
        {"until_ms": NOW_MS},
        {"until_ms": NOW_MS - 1},
        {"from_ms": NOW_MS + 2 * H_S * 1000},
        {"until_ms": NOW_MS + 100 * 24 * H_S * 1000},
        {"area": {"type": "Point", "coordinates": [0, 0]}},
        {"area": {"type": "LineString", "coordinates": [[0, 0]]}},
        {"area": {"type": "LineString", "coordinates": [[200, 0], [201, 0]]}},
        {"area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
        {"area": {"type": "Polygon", "coordinates": "everywhere"}},
        {"area": {}},
    ],
)
def test_a_closure_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        checked(a_closure(**changes), NOW_MS)


@given(
    st.integers(-10, 10),
    st.integers(1, 20),
    st.one_of(st.none(), st.floats(1.01, 20)),
    st.booleans(),
)
def test_a_closure_holds_from_its_beginning_until_its_end_and_not_when_lifted(
    begins_h: int, lasts_h: int, slowdown: float | None, lifted: bool
) -> None:
    one = a_closure(
        from_ms=NOW_MS + begins_h * H_S * 1000,
        until_ms=NOW_MS + (begins_h + lasts_h) * H_S * 1000,
        slowdown=slowdown,
    )
    shown = card(ended(one, NOW_MS) if lifted else one)
    holding = in_force([shown] if shown else [], NOW_MS)
    assert bool(holding) is (not lifted and begins_h <= 0 < begins_h + lasts_h)
    assert all(closure.slowdown == (inf if slowdown is None else slowdown) for closure in holding)


def test_what_has_ended_is_not_changed_and_not_lifted_again() -> None:
    over = ended(a_closure(), NOW_MS)
    with pytest.raises(WrongState):
        followed_by(over, a_closure())
    with pytest.raises(WrongState):
        ended(over, NOW_MS)


def a_put(house: House, **changes: Any) -> commands.PutClosure:
    given: dict[str, Any] = {
        "command_id": an_id(),
        "closure": an_id(),
        "area": LINE,
        "slowdown": 3.0,
        "reason": "crash",
        "until_ms": house.time() + H_S * 1000,
        "note": "truck across both lanes",
    }
    return commands.PutClosure(**(given | changes))


async def shown(house: House) -> dict[str, Any]:
    return (await house.registry.snapshot()).cards["closure"]


async def test_a_closure_is_on_every_screen_without_its_note_until_it_is_lifted(
    house: House,
) -> None:
    put = a_put(house)
    first = await house.dispatch.closures.put(DANA, put)
    assert await house.dispatch.closures.put(DANA, put) == first
    on_screen = (await shown(house))[put.closure]
    assert (on_screen["slowdown"], on_screen["reason"]) == (3.0, "crash")
    assert "note" not in on_screen
    changed = await house.dispatch.closures.put(
        ERIN, a_put(house, closure=put.closure, slowdown=None)
    )
    assert (changed.version, changed.slowdown) == (2, None)
    assert await house.dispatch.closures.open() == [changed]
    await house.dispatch.closures.lift(DANA, commands.LiftClosure(an_id(), put.closure))
    assert (await shown(house), await house.dispatch.closures.open()) == ({}, [])
    kept = await house.rows("SELECT action, reason FROM audit WHERE subject_kind = 'closure'")
    assert [row.action for row in kept] == ["closure.put", "closure.put", "closure.lifted"]
    assert kept[0].reason == put.note


async def test_a_closure_that_is_over_ends_once_by_itself(house: House) -> None:
    put = a_put(house)
    await house.dispatch.closures.put(DANA, put)
    assert await house.dispatch.watch.tick() == 0
    house.time.pass_s(H_S + 1)
    assert (await house.dispatch.watch.tick(), await house.dispatch.watch.tick()) == (1, 0)
    assert await shown(house) == {}
    with pytest.raises(WrongState):
        await house.dispatch.closures.lift(DANA, commands.LiftClosure(an_id(), put.closure))
    kept = await house.rows("SELECT actor_id FROM audit WHERE action = 'closure.ran_out'")
    assert [row.actor_id for row in kept] == ["system:keeper"]


async def test_only_the_desk_closes_roads_and_only_known_ones_are_lifted(house: House) -> None:
    with pytest.raises(NotYours):
        await house.dispatch.closures.put(CREW, a_put(house))
    with pytest.raises(NotFound):
        await house.dispatch.closures.lift(DANA, commands.LiftClosure(an_id(), an_id()))
