"""The adapters against the real servers, and the built roads against those servers' answers."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import rustworkx
from scipy.stats import spearmanr

from benchmarks.routers import running_osrm, running_valhalla
from geo.chain import Chain
from geo.extract import Built
from geo.osrm import Osrm
from geo.points import Positions, positions
from geo.travel import TravelTimes
from geo.trees import Trees, tree_ms
from geo.valhalla import Valhalla

pytestmark = [pytest.mark.slow]

FAR_AWAY = positions([(30.0, 61.0)])
"""In the extract's country, and 280 km from its last road."""


def client(url: str) -> httpx.Client:
    return httpx.Client(base_url=url)


@pytest.fixture(scope="session")
def osrm(helsinki: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Osrm]:
    with running_osrm(helsinki, tmp_path_factory.mktemp("osrm")) as url, client(url) as http:
        yield Osrm(http)


@pytest.fixture(scope="session")
def turn_free(helsinki: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Osrm]:
    folder = tmp_path_factory.mktemp("osrm")
    with running_osrm(helsinki, folder, turn_free=True) as url, client(url) as http:
        yield Osrm(http)


@pytest.fixture(scope="session")
def valhalla(helsinki: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valhalla]:
    with running_valhalla(helsinki, tmp_path_factory.mktemp("vh")) as url, client(url) as http:
        yield Valhalla(http, within_s=60)


@pytest.fixture(scope="session")
def trees(helsinki_roads: Built) -> Trees:
    return Trees(helsinki_roads.roads.graph)


@pytest.fixture(scope="session")
def junctions(helsinki_roads: Built) -> Positions:
    nodes = helsinki_roads.roads.graph.nodes
    return nodes[np.random.default_rng(988).choice(len(nodes), 200, replace=False)]


def agreement(one: TravelTimes, other: TravelTimes, at: Positions) -> tuple[float, float, float]:
    """Spearman's rank correlation, median relative difference, share of pairs both can answer."""
    a, b = (engine.matrix(at, at).seconds for engine in (one, other))
    told = np.isfinite(a) & np.isfinite(b) & (a > 0) & (b > 0)
    rank = spearmanr(a[told], b[told]).statistic
    return float(rank), float(np.median(np.abs(a - b)[told] / b[told])), float(told.mean())


def test_trees_on_a_real_extract_equal_an_independent_shortest_path(
    helsinki_roads: Built,
) -> None:
    graph = helsinki_roads.roads.graph
    net = rustworkx.PyDiGraph()
    net.add_nodes_from(range(len(graph.nodes)))
    edges = zip(
        graph.sources().tolist(), graph.target.tolist(), graph.time_ms.tolist(), strict=True
    )
    net.add_edges_from(list(edges))
    for root in range(0, len(graph.nodes), 5):
        lengths = rustworkx.dijkstra_shortest_path_lengths(net, root, float)
        truth = np.array([0 if n == root else lengths[n] for n in range(len(graph.nodes))])
        assert np.array_equal(tree_ms(*graph.edges, root), truth)


def test_times_agree_with_osrm_s_where_turns_cost_nothing(
    trees: Trees, turn_free: Osrm, junctions: Positions
) -> None:
    rank, difference, share = agreement(trees, turn_free, junctions)
    assert rank >= 0.995
    assert difference <= 0.01
    assert share >= 0.98


def test_turns_are_what_osrm_counts_besides(trees: Trees, osrm: Osrm, junctions: Positions) -> None:
    rank, difference, _ = agreement(trees, osrm, junctions)
    assert rank >= 0.90
    assert difference <= 0.25


def test_times_go_with_valhalla_s_own_speeds(
    trees: Trees, valhalla: Valhalla, junctions: Positions
) -> None:
    rank, _, share = agreement(trees, valhalla, junctions[:60])
    assert rank >= 0.85
    assert share >= 0.9


def test_osrm_answers_one_matrix_alike_whole_and_in_parts(osrm: Osrm, junctions: Positions) -> None:
    whole = osrm.matrix(junctions[:60], junctions[:40]).seconds
    parts = Osrm(osrm.client, most=17).matrix(junctions[:60], junctions[:40]).seconds
    assert np.array_equal(whole, parts, equal_nan=True)


def test_valhalla_answers_one_matrix_alike_whole_and_in_parts(
    valhalla: Valhalla, junctions: Positions
) -> None:
    whole = valhalla.matrix(junctions[:20], junctions[:30]).seconds
    parts = Valhalla(valhalla.client, most=7, within_s=60).matrix(junctions[:20], junctions[:30])
    told = np.isfinite(whole) & np.isfinite(parts.seconds)
    # Its search ends early in some tables: a second apart is its own rounding.
    assert np.abs(whole - parts.seconds)[told].max() <= 1
    assert told.mean() > 0.9


@pytest.mark.parametrize("name", ["osrm", "valhalla"])
def test_where_no_road_is_near_is_unreachable_and_the_rest_is_answered(
    name: str, junctions: Positions, request: pytest.FixtureRequest
) -> None:
    engine: TravelTimes = request.getfixturevalue(name)
    at = np.vstack((junctions[:3], FAR_AWAY, junctions[3:5]))
    answer = engine.matrix(at, at)
    reached = np.isfinite(answer.seconds)
    assert not reached[3].any()
    assert not reached[:, 3].any()
    others = np.delete(np.delete(reached, 3, axis=0), 3, axis=1)
    assert others.mean() > 0.9
    assert (answer.engine, answer.quality) == (name, "road")


def test_a_server_that_dies_is_replaced_by_the_trees(
    helsinki: Path, trees: Trees, junctions: Positions, tmp_path: Path
) -> None:
    with running_osrm(helsinki, tmp_path) as url, client(url) as http:
        chain = Chain([Osrm(http), trees], clock=lambda: 0.0)
        first = chain.matrix(junctions[:5], junctions[:5]).engine
    with client(url) as http:
        second = Chain([Osrm(http), trees], clock=lambda: 0.0).matrix(junctions[:5], junctions[:5])
    assert (first, second.engine, second.quality) == ("osrm", "trees", "road")
