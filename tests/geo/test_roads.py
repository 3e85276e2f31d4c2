import pytest

from geo.points import BadPosition
from geo.roads import BadRoads, RoadGraph, road_graph

NODES = [(0.0, 0.0), (0.01, 0.0), (0.02, 0.0)]


def edges(graph: RoadGraph) -> set[tuple[int, int, int]]:
    return set(
        zip(graph.sources().tolist(), graph.target.tolist(), graph.time_ms.tolist(), strict=True)
    )


def test_edges_come_out_as_they_went_in() -> None:
    graph = road_graph(NODES, [2, 0, 1], [1, 1, 2], [30, 10, 20], note="test")
    assert edges(graph) == {(0, 1, 10), (1, 2, 20), (2, 1, 30)}


def test_reversing_turns_every_edge_round_and_twice_gives_the_same_roads() -> None:
    graph = road_graph(NODES, [2, 0, 1], [1, 1, 2], [30, 10, 20], note="test")
    assert edges(graph.reversed()) == {(1, 0, 10), (2, 1, 20), (1, 2, 30)}
    assert graph.reversed().reversed().version == graph.version


def test_the_version_changes_with_any_weight_and_not_with_the_order_of_edges() -> None:
    graph = road_graph(NODES, [0, 1], [1, 2], [10, 20], note="test")
    assert road_graph(NODES, [1, 0], [2, 1], [20, 10], note="test").version == graph.version
    assert road_graph(NODES, [0, 1], [1, 2], [10, 21], note="test").version != graph.version


@pytest.mark.parametrize(
    ("source", "target", "time_ms"),
    [([0], [3], [10]), ([-1], [0], [10]), ([0], [1], [0]), ([0], [1], [-5]), ([0, 1], [1], [10])],
)
def test_edges_that_make_no_sense_are_refused(
    source: list[int], target: list[int], time_ms: list[int]
) -> None:
    with pytest.raises(BadRoads):
        road_graph(NODES, source, target, time_ms, note="test")


def test_a_node_off_the_map_is_refused() -> None:
    with pytest.raises(BadPosition):
        road_graph([(0.0, 91.0)], [], [], [], note="test")
