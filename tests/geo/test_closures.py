from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.closures import Closure, LiveRoads, with_closures
from geo.extract import build_from_extract
from geo.points import positions
from geo.roads import RoadGraph, road_graph
from geo.trees import Trees
from tests.geo.osm_files import osm_file

WEST, MIDDLE, EAST = (-112.0, 40.0), (-111.9, 40.0), (-111.8, 40.0)
AROUND_THE_WEST_ROAD = shapely.box(-111.96, 39.99, -111.94, 40.01)


def line() -> RoadGraph:
    """Three nodes in a row; both roads two-way, 600 s and 700 s."""
    return road_graph(
        [WEST, MIDDLE, EAST],
        [0, 1, 1, 2],
        [1, 0, 2, 1],
        [600_000, 600_000, 700_000, 700_000],
        note="test",
    )


def seconds(engine: LiveRoads, start: tuple[float, float], end: tuple[float, float]) -> float:
    return float(engine.matrix(positions([start]), positions([end])).seconds[0, 0])


def test_a_closed_road_is_not_driven_and_opens_again() -> None:
    live = LiveRoads(line())
    before = live.matrix(positions([WEST]), positions([EAST]))
    closed = live.put(Closure("fire", AROUND_THE_WEST_ROAD, inf))
    assert np.isnan(seconds(live, WEST, EAST))
    assert seconds(live, MIDDLE, EAST) == 700
    assert closed != before.weights_version
    assert live.lift("fire") == before.weights_version
    assert seconds(live, WEST, EAST) == 1300


def test_a_slow_road_takes_longer_and_the_worst_closure_counts() -> None:
    live = LiveRoads(line())
    live.put(Closure("snow", AROUND_THE_WEST_ROAD, 2))
    live.put(Closure("parade", AROUND_THE_WEST_ROAD, 1.5))
    assert seconds(live, WEST, EAST) == 1900
    live.put(Closure("snow", AROUND_THE_WEST_ROAD, 1))
    assert seconds(live, WEST, EAST) == 1600
    assert [closure.id for closure in live.closures] == ["snow", "parade"]


def test_lifting_what_is_not_there_changes_nothing() -> None:
    live = LiveRoads(line())
    assert live.lift("never") == line().version


@pytest.mark.parametrize("slowdown", [0.5, 0, -1, nan])
def test_a_closure_never_makes_a_road_faster(slowdown: float) -> None:
    with pytest.raises(ValueError, match="slowdown"):
        Closure("wrong", AROUND_THE_WEST_ROAD, slowdown)


def test_a_closure_needs_an_area() -> None:
    with pytest.raises(ValueError, match="area"):
        Closure("nowhere", shapely.Polygon(), 2)


def test_other_weights_on_other_nodes_are_refused() -> None:
    with pytest.raises(ValueError, match="same nodes"):
        Trees(line()).on(road_graph([WEST], [], [], [], note="test"))


def test_the_old_engine_goes_on_with_the_old_weights() -> None:
    old = Trees(line())
    new = old.on(with_closures(line(), (Closure("x", AROUND_THE_WEST_ROAD, 2),)))
    for _ in range(2):
        assert old.matrix(positions([WEST]), positions([EAST])).seconds[0, 0] == 1300
        assert new.matrix(positions([WEST]), positions([EAST])).seconds[0, 0] == 1900


def test_a_matrix_never_mixes_two_states_of_the_roads() -> None:
    live = LiveRoads(line())
    expected = {
        live.put(Closure("x", AROUND_THE_WEST_ROAD, slowdown)): 600 * slowdown + 700
        for slowdown in (1, 2, 3)
    }

    def ask(_: int) -> bool:
        answer = live.matrix(positions([WEST] * 3), positions([EAST, MIDDLE]))
        return bool((answer.seconds[:, 0] == expected[answer.weights_version]).all())

    def change(turn: int) -> bool:
        return live.put(Closure("x", AROUND_THE_WEST_ROAD, 1 + turn % 3)) in expected

    with ThreadPoolExecutor(6) as pool:
        work = [pool.submit(change if turn % 5 == 0 else ask, turn) for turn in range(300)]
        assert all(job.result() for job in work)


def test_a_line_closes_the_roads_along_it_and_not_those_across() -> None:
    cross = road_graph(
        [WEST, MIDDLE, EAST, (-111.9, 40.05), (-111.9, 39.95)],
        [0, 1, 3, 1],
        [1, 2, 1, 4],
        [600_000, 700_000, 500_000, 400_000],
        note="test",
    )
    along = shapely.linestrings([(-112.0, 40.0), (-111.85, 40.0)])
    closed = with_closures(cross, (Closure("parade", along, inf),))
    kept = set(zip(closed.sources().tolist(), closed.target.tolist(), strict=True))
    assert kept == {(3, 1), (1, 4)}


def test_a_closure_counts_where_a_road_bends_and_not_where_it_would_go_straight(
    tmp_path: Path,
) -> None:
    bow = {1: (25.0, 60.0), 2: (25.0, 60.001), 3: (25.002, 60.001), 4: (25.002, 60.0)}
    extract = osm_file(tmp_path, bow, [([1, 2, 3, 4], {"highway": "residential"})])
    roads = build_from_extract(extract).roads.graph
    on_the_chord = shapely.box(25.0009, 59.9999, 25.0011, 60.0001)
    on_the_bow = shapely.box(25.0009, 60.0009, 25.0011, 60.0011)
    assert with_closures(roads, (Closure("a", on_the_chord, inf),)).version == roads.version
    closed = with_closures(roads, (Closure("b", on_the_bow, inf),))
    assert len(closed.target) == len(roads.target) - 2
    assert len(closed.shapes.line) == len(closed.target)


def test_these_closures_and_no_others_hold() -> None:
    live = LiveRoads(line())
    snow = Closure("snow", AROUND_THE_WEST_ROAD, 2)
    live.put(Closure("fire", AROUND_THE_WEST_ROAD, inf))
    live.put_all((snow,))
    assert live.closures == (snow,)
    assert seconds(live, WEST, EAST) == 1900
    live.put_all(())
    assert seconds(live, WEST, EAST) == 1300
