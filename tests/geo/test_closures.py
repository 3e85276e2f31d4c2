from concurrent.futures import ThreadPoolExecutor
from math import inf, nan

import numpy as np
import pytest
import shapely

from geo.closures import Closure, LiveRoads, with_closures
from geo.points import positions
from geo.roads import RoadGraph, road_graph
from geo.trees import Trees

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
