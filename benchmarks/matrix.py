"""Travel-time matrices: warm trees against scipy's Dijkstra, on a road-like planar graph."""

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree
from scipy.spatial import Delaunay

from benchmarks.rows import Row, row
from geo.points import EARTH_RADIUS_M
from geo.roads import RoadGraph, road_graph
from geo.trees import Trees

A = TypeVar("A")

NODES = 70_000
SHORT_NODES = 12_000
ENDS = 500

AT_LEAST_TIMES_DIJKSTRA = 100.0
WARM_MS = 3.0
NEW_DESTINATION_MS = 20.0


def run(short: bool) -> list[Row]:
    """Rows {name, value, unit, baseline, ratio, target, holds}; asserts the answers are equal.

    The short form uses a graph of 12,000 nodes in place of 70,000.
    """
    rng = np.random.default_rng(988)
    roads = road_like(SHORT_NODES if short else NODES, rng)
    starts, ends = (rng.choice(len(roads.nodes), ENDS, replace=False) for _ in range(2))
    origins, destinations = roads.nodes[starts], roads.nodes[ends]

    truth_ms, dijkstra_ms = timed(lambda: _by_dijkstra(roads, starts, ends), repeats=1)
    trees = Trees(roads)
    trees.warm(destinations)
    answer, warm_ms = timed(lambda: trees.matrix(origins, destinations).seconds, repeats=20)
    assert np.array_equal(answer, np.floor((truth_ms + 500) / 1000)), "trees and Dijkstra differ"

    fresh = np.setdiff1d(np.arange(len(roads.nodes)), ends)[:: len(roads.nodes) // 25][:20]
    new_ms = np.median(
        [timed(partial(trees.warm, roads.nodes[n : n + 1]), repeats=1)[1] for n in fresh]
    )
    return [
        row(
            "matrix.500x500.vs_dijkstra", dijkstra_ms / warm_ms, "x", AT_LEAST_TIMES_DIJKSTRA,
            lower=False, baseline=dijkstra_ms,
        ),
        row("matrix.500x500_warm_ms", warm_ms, "ms", WARM_MS),
        row("matrix.new_destination_ms", float(new_ms), "ms", NEW_DESTINATION_MS),
    ]  # fmt: skip


def road_like(count: int, rng: np.random.Generator) -> RoadGraph:
    """A planar network: junctions at random and in towns, Delaunay neighbours, some half left out.

    Not a grid, on which shortest paths are untypically many. A tenth of the roads are one-way,
    speeds lie between 30 and 110 km/h; a spanning part stays two-way, so all is reachable.
    """
    towns = rng.uniform(-100_000, 100_000, (count // 500, 2))
    in_town = towns[rng.integers(0, len(towns), count // 2)]
    flat_m = np.vstack(
        (
            in_town + rng.normal(0, 3_000, in_town.shape),
            rng.uniform(-110_000, 110_000, (count - len(in_town), 2)),
        )
    )
    edges = _delaunay_edges(flat_m)
    tree = _spanning(edges, len(flat_m), rng)
    kept = tree | (rng.random(len(edges)) < 0.5)
    two_way = tree | (rng.random(len(edges)) < 0.9)
    speed_m_s = rng.uniform(30, 110, len(edges)) / 3.6
    length_m = np.linalg.norm(flat_m[edges[:, 0]] - flat_m[edges[:, 1]], axis=1)
    time_ms = np.maximum(1, np.rint(1_000 * length_m / speed_m_s)).astype(np.int64)
    there, back = edges[kept], edges[kept & two_way][:, ::-1]
    both = np.vstack((there, back))
    times = np.concatenate((time_ms[kept], time_ms[kept & two_way]))
    lon_lat = np.degrees(flat_m / EARTH_RADIUS_M) / (np.cos(np.radians(40)), 1) + (-111.5, 40)
    return road_graph(lon_lat, both[:, 0], both[:, 1], times, note="generated for a benchmark")


def _delaunay_edges(flat_m: NDArray[np.float64]) -> NDArray[np.int64]:
    triangles = Delaunay(flat_m).simplices
    pairs = np.vstack((triangles[:, :2], triangles[:, 1:], triangles[:, ::2]))
    return np.unique(np.sort(pairs, axis=1), axis=0).astype(np.int64)


def _spanning(edges: NDArray[np.int64], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Which edges belong to a random spanning tree."""
    weight = rng.uniform(1, 2, len(edges))
    tree = minimum_spanning_tree(csr_array((weight, edges.T), shape=(count, count))).tocoo()
    chosen = set(zip(tree.row.tolist(), tree.col.tolist(), strict=True))
    return np.array([(a, b) in chosen for a, b in edges.tolist()])


def _by_dijkstra(
    roads: RoadGraph, starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.float64]:
    size = len(roads.nodes)
    net = csr_array((roads.time_ms.astype(np.float64), roads.target, roads.first), (size, size))
    times_ms: NDArray[np.float64] = dijkstra(net, indices=starts)[:, ends]
    return times_ms


def timed(work: Callable[[], A], repeats: int) -> tuple[A, float]:
    """The answer, and the median milliseconds of one call."""
    taken_ms = []
    for _ in range(repeats):
        began = perf_counter()
        answer = work()
        taken_ms.append((perf_counter() - began) * 1000)
    return answer, float(np.median(taken_ms))
