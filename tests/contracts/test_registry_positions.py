"""Positions, on every registry: judged one by one."""

from __future__ import annotations

from registry.gps import PositionLimits
from registry.port import UnitPosition
from registry.states import UnitStatus
from tests.contracts.region import START_MS, Region


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
