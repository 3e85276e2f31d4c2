from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import rustworkx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geo.points import BadPosition, haversine_m, positions
from geo.roads import RoadGraph, road_graph
from geo.trees import CONNECTOR_M_S, HORIZON_MS, Trees, tree_ms

SEEDS = st.integers(0, 2**32 - 1)


def random_roads(seed: int, n: int = 60, m: int = 200) -> RoadGraph:
    """Nodes in a square degree, one-way edges at random: parts of it are unreachable."""
    rng = np.random.default_rng(seed)
    nodes = rng.uniform((-112, 40), (-111, 41), (n, 2))
    return road_graph(
        nodes, rng.integers(0, n, m), rng.integers(0, n, m), rng.integers(1, 900_000, m), note="t"
    )


def exact_ms(graph: RoadGraph) -> np.ndarray:
    """All pairs by rustworkx, which shares nothing with the trees; infinity where no way leads."""
    net = rustworkx.PyDiGraph()
    net.add_nodes_from(range(len(graph.nodes)))
    net.add_edges_from(
        list(
            zip(
                graph.sources().tolist(), graph.target.tolist(), graph.time_ms.tolist(), strict=True
            )
        )
    )
    paths = rustworkx.all_pairs_dijkstra_path_lengths(net, float)
    out = np.full((len(graph.nodes),) * 2, np.inf)
    np.fill_diagonal(out, 0)
    for start, ends in paths.items():
        for end, length in ends.items():
            out[start, end] = length
    return out


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_trees_equal_an_independent_shortest_path_exactly(seed: int) -> None:
    graph = random_roads(seed)
    truth = exact_ms(graph)
    for root in range(0, len(graph.nodes), 7):
        tree = tree_ms(graph.first, graph.target, graph.time_ms, root).astype(float)
        tree[tree < 0] = np.inf
        assert (tree == truth[root]).all()


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_matrix_between_nodes_is_the_shortest_path_in_seconds(seed: int) -> None:
    graph = random_roads(seed)
    truth_s = np.floor((exact_ms(graph) + 500) / 1000)
    truth_s[np.isinf(truth_s)] = np.nan
    seconds = Trees(graph).matrix(graph.nodes, graph.nodes).seconds
    assert np.array_equal(seconds, truth_s, equal_nan=True)


def test_a_larger_network_equals_scipy() -> None:
    rng = np.random.default_rng(5)
    graph = random_roads(7, n=3_000, m=12_000)
    net = csr_array((graph.time_ms.astype(float), graph.target, graph.first), shape=(3_000, 3_000))
    starts, ends = rng.choice(3_000, 40, replace=False), rng.choice(3_000, 30, replace=False)
    truth_s = np.floor((dijkstra(net, indices=starts)[:, ends] + 500) / 1000)
    truth_s[np.isinf(truth_s)] = np.nan
    seconds = Trees(graph).matrix(graph.nodes[starts], graph.nodes[ends]).seconds
    assert np.array_equal(seconds, truth_s, equal_nan=True)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_no_detour_over_a_third_node_is_shorter(seed: int) -> None:
    graph = random_roads(seed)
    seconds = Trees(graph).matrix(graph.nodes, graph.nodes).seconds
    via = seconds[:, :, None] + seconds[None, :, :]
    direct = np.broadcast_to(seconds[:, None, :], via.shape)
    assert not np.isnan(direct[~np.isnan(via)]).any()
    # Each leg is rounded to a second by itself.
    assert np.nanmax(direct - via, initial=0) <= 1.5


def line() -> RoadGraph:
    """Three nodes about 8.5 km apart, one-way from west to east."""
    nodes = [(-112.0, 40.0), (-111.9, 40.0), (-111.8, 40.0)]
    return road_graph(nodes, [0, 1], [1, 2], [600_000, 700_000], note="test")


def test_a_one_way_road_is_not_driven_backwards() -> None:
    seconds = Trees(line()).matrix(line().nodes, line().nodes).seconds
    assert seconds[0].tolist() == [0, 600, 1300]
    assert np.isnan(seconds[2, :2]).all()


def test_the_ways_to_and_from_the_nodes_are_added() -> None:
    trees, graph = Trees(line()), line()
    start, end = positions([(-112.0, 40.01)]), positions([(-111.9, 40.02)])
    off_road_m = haversine_m(start, graph.nodes[:1]) + haversine_m(end, graph.nodes[1:2])
    expected = 600 + off_road_m[0] / CONNECTOR_M_S
    assert trees.matrix(start, end).seconds[0, 0] == pytest.approx(expected, abs=1e-3)


def test_two_positions_at_one_node_are_joined_directly() -> None:
    start, end = positions([(-112.0, 40.010)]), positions([(-112.0, 40.011)])
    straight_s = haversine_m(start, end)[0] / CONNECTOR_M_S
    seconds = Trees(line()).matrix(np.vstack((start, end)), end).seconds
    assert seconds[:, 0] == pytest.approx([straight_s, 0])


def test_a_position_far_from_every_road_is_unreachable() -> None:
    seconds = Trees(line(), reach_m=5_000).matrix(positions([(-112.0, 41.0)]), line().nodes).seconds
    assert np.isnan(seconds).all()


def test_a_trip_beyond_the_horizon_is_unreachable() -> None:
    nodes = [(-112.0, 40.0), (-111.9, 40.0), (-111.8, 40.0)]
    graph = road_graph(nodes, [0, 1], [1, 2], [HORIZON_MS, 1], note="test")
    seconds = Trees(graph).matrix(positions(nodes), positions(nodes)).seconds
    assert seconds[0, 1] == 65_534
    assert np.isnan(seconds[0, 2])


def test_fewer_trees_than_destinations_give_the_same_answers() -> None:
    graph = random_roads(3)
    roomy, tight = Trees(graph), Trees(graph, max_trees=7)
    for rows in (slice(0, 60), slice(30, 40), slice(0, 60, 3)):
        expected = roomy.matrix(graph.nodes, graph.nodes[rows]).seconds
        answer = tight.matrix(graph.nodes, graph.nodes[rows]).seconds
        assert np.array_equal(answer, expected, equal_nan=True)


def test_threads_that_evict_each_others_trees_still_read_right_answers() -> None:
    graph = random_roads(11)
    expected = Trees(graph).matrix(graph.nodes, graph.nodes).seconds
    tight = Trees(graph, max_trees=5)

    def ask(seed: int) -> bool:
        columns = np.random.default_rng(seed).integers(0, 60, 12)
        seconds = tight.matrix(graph.nodes, graph.nodes[columns]).seconds
        return np.array_equal(seconds, expected[:, columns], equal_nan=True)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(200)))


def test_no_more_trees_are_kept_than_there_is_room_for() -> None:
    graph = random_roads(4)
    tight = Trees(graph, max_trees=7)
    assert tight.kept == 0
    tight.warm(graph.nodes[:5])
    assert tight.kept == 5
    tight.warm(graph.nodes)
    assert tight.kept == 7


def test_warming_changes_no_answer() -> None:
    graph = random_roads(2)
    trees = Trees(graph)
    trees.warm(graph.nodes)
    cold = Trees(graph).matrix(graph.nodes, graph.nodes).seconds
    assert np.array_equal(trees.matrix(graph.nodes, graph.nodes).seconds, cold, equal_nan=True)


@pytest.mark.parametrize("bad", [[[np.nan, 40.0]], [[np.inf, 40.0]], [[-112.0, 400.0]], [[1.0]]])
def test_nonsense_positions_are_refused_on_either_side(bad: list[list[float]]) -> None:
    trees = Trees(line())
    with pytest.raises(BadPosition):
        trees.matrix(np.array(bad), line().nodes)
    with pytest.raises(BadPosition):
        trees.matrix(line().nodes, np.array(bad))


def test_nothing_asked_is_an_empty_answer_labelled_as_a_road_answer() -> None:
    answer = Trees(line()).matrix(positions([]), positions([]))
    assert answer.seconds.shape == (0, 0)
    assert (answer.quality, answer.engine) == ("road", "trees")
    assert answer.weights_version == line().version
