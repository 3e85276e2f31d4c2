"""What a wall may show: never where a person is, nor who, nor how few."""

import json
from collections.abc import Set
from math import cos, hypot, radians

from api.live.audiences.wall import Wall, small
from api.live.audiences.zones import grouped
from api.live.world import Key, Object, World
from api.region import WallZone
from registry.model import MemoryRegistry
from registry.port import Claim
from tests.api.builders import ZONES, Clock
from tests.api.life import ADDRESS, BASE, DETOX, Life, Recorder, a_wall


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    north, east = other[1] - one[1], (other[0] - one[0]) * cos(radians(one[1]))
    return hypot(north, east) * 111_195


def guesses(recorder: Recorder) -> set[tuple[float, float]]:
    """Whatever an observer can take for where a person is: points that are not always there."""
    known = {(zone.lon, zone.lat) for zone in ZONES} | {BASE, DETOX, (-111.9, 41.2)}
    points = {
        (shape["lon"], shape["lat"])
        for _, _, shape in recorder.objects()
        if shape and "lon" in shape
    }
    return points - known


class Careless:
    """What a wall must not be: units drawn where they are until they are on scene."""

    def project(self, world: World, touched: Set[Key]) -> dict[Key, Object | None]:
        shown: dict[Key, Object | None] = {}
        for kind, id in touched:
            unit = world.get(kind, id) if kind in ("team", "van") else None
            if unit and unit["status"] not in ("on_scene", "transporting"):
                shown[kind, id] = {"lon": unit["lon"], "lat": unit["lat"]}
        return shown


async def test_nobody_can_read_the_address_off_the_wall(life: Life) -> None:
    await life.whole()
    near = [point for point in guesses(life.seen["wall"]) if metres(point, ADDRESS) < 5_000]
    assert near == []


async def test_no_way_to_or_from_a_person_is_drawn_on_the_wall(life: Life) -> None:
    """Every point shown exactly is within the base's surroundings."""
    await life.whole()
    assert all(metres(point, BASE) <= 500 for point in guesses(life.seen["wall"]))


def stretches(recorder: Recorder) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """What a screen that remembers draws behind units: from one exact place to the next.

    A unit that is obscured, or gone, leaves nothing behind.
    """
    last: dict[str, tuple[float, float]] = {}
    drawn = []
    for kind, id, shape in recorder.objects():
        if kind not in ("team", "van"):
            continue
        if shape is None or shape.get("obscured"):
            last.pop(id, None)
            continue
        at = (shape["lon"], shape["lat"])
        if id in last and at != last[id]:
            drawn.append((last[id], at))
        last[id] = at
    return drawn


async def test_no_trail_on_the_wall_leads_to_or_from_a_person(life: Life) -> None:
    await life.whole()
    drawn = stretches(life.seen["wall"])
    ends = [point for stretch in drawn for point in stretch]
    assert all(metres(point, BASE) <= 500 for point in ends)


async def test_a_trail_on_a_careless_wall_leads_to_the_person(
    memory: MemoryRegistry, clock: Clock
) -> None:
    """Otherwise the test above would prove nothing."""
    life = Life(memory, clock, Careless())
    await life.begin()
    await life.whole()
    ends = [point for stretch in stretches(life.seen["wall"]) for point in stretch]
    assert min(metres(point, ADDRESS) for point in ends) < 50


async def test_the_same_observer_finds_the_address_on_a_careless_wall(
    memory: MemoryRegistry, clock: Clock
) -> None:
    """Otherwise the two tests above would prove nothing."""
    life = Life(memory, clock, Careless())
    await life.begin()
    await life.whole()
    assert min(metres(point, ADDRESS) for point in guesses(life.seen["wall"])) < 50


async def test_the_wall_names_no_request_no_unit_and_no_need(life: Life) -> None:
    await life.whole()
    said = json.dumps(life.seen["wall"].frames)
    for word in ("request-1", "team-1", "van-1", "Team One", "Van One", "substance_use", "Ogden,"):
        assert word not in said


async def test_the_wall_shows_where_a_unit_is_again_when_it_is_home(life: Life) -> None:
    await life.whole()
    last = {(kind, id): shape for kind, id, shape in life.seen["wall"].objects()}
    units = [shape for (kind, _), shape in last.items() if kind in ("team", "van")]
    assert len(units) == 2
    assert all(unit and not unit["obscured"] for unit in units)


async def test_a_unit_that_goes_out_is_obscured_at_once(life: Life) -> None:
    await life.promise("accepted", Claim("team", "team-1", "request-1"), team="team-1")
    last = {(kind, id): shape for kind, id, shape in life.seen["wall"].objects()}
    (unit,) = [shape for (kind, _), shape in last.items() if kind == "team"]
    assert unit is not None
    assert unit["obscured"]
    assert (unit["lon"], unit["lat"]) == (ZONES[0].lon, ZONES[0].lat)
    assert unit["status"] == "committed"


async def test_pseudonyms_differ_from_wall_to_wall(life: Life) -> None:
    other = Wall(ZONES, 20_000, {}, b"another secret")
    assert a_wall().pseudonym("team", "team-1") != other.pseudonym("team", "team-1")


async def test_small_counts_on_the_wall_are_the_same(life: Life) -> None:
    assert [small(count) for count in range(5)] == [0, "<3", "<3", 3, 4]
    await life.promise("requested")
    zones = {id: shape for kind, id, shape in life.seen["wall"].objects() if kind == "zone"}
    assert zones["weber"] is not None
    assert zones["weber"]["waiting"] == {"high": "<3"}
    assert zones["weber"]["oldest_ms"] is None


def test_zones_with_few_people_are_drawn_with_their_neighbour() -> None:
    groups = grouped(ZONES, 20_000)
    assert groups["rich"] == groups["weber"]
    assert groups["rich"].name == "Weber + Rich"
    assert groups["davis"].id == "davis"
    assert {group.population >= 20_000 for group in groups.values()} == {True}


def test_a_region_below_the_limit_is_one_zone() -> None:
    alone = (WallZone("a", "A", 0, 0, 10), WallZone("b", "B", 1, 1, 20))
    assert {group.id for group in grouped(alone, 20_000).values()} == {"b"}
