"""Travel times from cached shortest-path trees, one for each destination.

A destination of the directory (a facility, a base) stays where it is while vehicles move. So the
tree of all shortest paths *to* it is built once, on the reversed graph, and a moving vehicle then
costs one search for the nearest node and one look-up.
"""

from collections import OrderedDict
from copy import copy
from threading import Lock

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geo.nearest import Nearest
from geo.points import Point, Positions, haversine_m, positions
from geo.roads import RoadGraph
from geo.routes import Route
from geo.travel import TravelMatrix

UNREACHED = 65_535
"""Mark of a node without a way to the destination."""

HORIZON_MS = 65_534_499
"""Trees end here, at 18.2 hours: what is farther counts as unreachable."""

BUCKET_MS = 4_000
"""Width of a bucket while a tree is built: about the time of a short road."""

CONNECTOR_M_S = 8.0
"""Straight-line speed from a position to the nearest node: about 38 km/h on a road 1.3 times as
long as the straight line. An assumption."""

REACH_M = 20_000.0
MAX_TREES = 1_024
BLOCK = 256


class Trees:
    """Shortest-path trees over one road graph: the embedded travel-time engine.

    reach_m: a position farther than this from every node is unreachable (NaN).
    max_trees: how many destinations' trees are kept, two bytes a node each; the one that was
        used longest ago makes way.
    """

    def __init__(
        self, roads: RoadGraph, *, reach_m: float = REACH_M, max_trees: int = MAX_TREES
    ) -> None:
        if len(roads.nodes) == 0 or max_trees < 1:
            raise ValueError("needs a graph with nodes and room for one tree")
        self._roads = roads
        self._backwards = roads.reversed()
        self._nodes = Nearest(roads.nodes)
        self._reach_m = reach_m
        self._max_trees = max_trees
        self._forget()

    def _forget(self) -> None:
        self._lock = Lock()
        self._slots: OrderedDict[int, int] = OrderedDict()
        # Node-major within a block of trees, so that one origin's times to many destinations lie
        # together. The system gives memory to a block when its first tree is written.
        width = min(BLOCK, self._max_trees)
        shape = (-(-self._max_trees // width), len(self._roads.nodes), width)
        self._seconds = np.empty(shape, dtype=np.uint16)

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """Seconds by road between (n, 2) positions; NaN where no road leads or none is near.

        The time is that from node to node (rounded to a second) and the way to and from the
        nodes; where both ends share a node, the straight way if that is shorter.
        """
        start, end = positions(origins), positions(destinations)
        start_node, start_s = self._snap(start)
        end_node, end_s = self._snap(end)
        seconds = np.empty((len(start), len(end)))
        for part in _in_parts(end_node, self._max_trees):
            built = self._build_missing(end_node[part])
            with self._lock:
                slot = self._keep(built, end_node[part])
                _sum_up(seconds, part, self._seconds, start_node, start_s, slot, end_s[part])
        _shorten_within_a_node(seconds, start, start_node, end, end_node)
        return TravelMatrix(seconds, "trees", "road", self._roads.version)

    def route(self, origin: Point, destination: Point) -> Route | None:
        """A fastest way by road, None where `matrix` has NaN; it takes the matrix's time.

        Positions that share a node are joined by the straight line.
        """
        ends = positions([origin, destination])
        (start, end), (start_s, end_s) = self._snap(ends)
        if np.isnan(start_s + end_s):
            return None
        to_end_ms = tree_ms(*self._backwards.edges, end)
        if to_end_ms[start] < 0:
            return None
        if start == end:
            direct_s = haversine_m(ends[0], ends[1]) / CONNECTOR_M_S
            return Route(ends, np.array((0, direct_s)))
        edges = _descend(*self._roads.edges, to_end_ms, start)
        nodes = np.concatenate(((start,), self._roads.target[edges]))
        at_node_s = start_s + (to_end_ms[start] - to_end_ms[nodes]) / 1000
        at, at_s = self._bent(edges, nodes, at_node_s)
        at = np.vstack((ends[:1], at, ends[1:]))
        return Route(at, np.concatenate(((0.0,), at_s, (at_s[-1] + end_s,))))

    def _bent(
        self, edges: NDArray[np.int64], nodes: NDArray[np.int64], at_node_s: NDArray[np.float64]
    ) -> tuple[Positions, NDArray[np.float64]]:
        """The way along the bends of its edges, each of them driven at one speed."""
        at = self._roads.nodes[nodes]
        if self._roads.shapes is None:
            return at, at_node_s
        lines, times = [at[:1]], [at_node_s[:1]]
        for step, edge in enumerate(edges.tolist()):
            line = np.vstack((at[step], self._roads.shapes.bends(edge), at[step + 1]))
            along_m = np.cumsum(haversine_m(line[:-1], line[1:]))
            share = along_m / along_m[-1] if along_m[-1] > 0 else np.ones(len(along_m))
            lines.append(line[1:])
            times.append(at_node_s[step] + share * (at_node_s[step + 1] - at_node_s[step]))
        return np.vstack(lines), np.concatenate(times)

    @property
    def kept(self) -> int:
        """How many trees are kept at present."""
        return len(self._slots)

    def warm(self, destinations: Positions) -> None:
        """Build the trees to these (n, 2) positions ahead of the first question."""
        node, _ = self._snap(positions(destinations))
        for part in _in_parts(node, self._max_trees):
            built = self._build_missing(node[part])
            with self._lock:
                self._keep(built, node[part])

    def on(self, roads: RoadGraph) -> "Trees":
        """The same engine on other weights: the same nodes, edges slower, faster, closed or open.

        It begins without trees: a tree spans the whole region, so next to any change touches next
        to every tree. This engine goes on answering with the old weights.
        """
        if not np.array_equal(roads.nodes, self._roads.nodes):
            raise ValueError("other weights need the same nodes")
        other = copy(self)
        other._roads, other._backwards = roads, roads.reversed()
        other._forget()
        return other

    def _snap(self, at: Positions) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Nearest node of each position and the seconds to it, NaN beyond reach."""
        if len(at) == 0:
            return np.empty(0, dtype=np.intp), np.empty(0)
        distance_m, node = self._nodes.find(at, 1)
        distance_m[distance_m > self._reach_m] = np.nan
        return node[:, 0], distance_m[:, 0] / CONNECTOR_M_S

    def _build_missing(self, nodes: NDArray[np.intp]) -> dict[int, NDArray[np.uint16]]:
        """Trees that are not kept yet; built without the lock, so that readers go on."""
        with self._lock:
            missing = [n for n in dict.fromkeys(nodes.tolist()) if n not in self._slots]
        return {n: self._tree(n) for n in missing}

    def _tree(self, node: int) -> NDArray[np.uint16]:
        return tree_s(*self._backwards.edges, node)  # type: ignore[no-any-return]

    def _keep(
        self, built: dict[int, NDArray[np.uint16]], nodes: NDArray[np.intp]
    ) -> NDArray[np.intp]:
        """Put new trees into slots, mark all as used, name the slot of each; under the lock."""
        wanted = list(dict.fromkeys(nodes.tolist()))
        for node in wanted:
            if node in self._slots:
                self._slots.move_to_end(node)
        for node in wanted:
            if node not in self._slots:
                slot = self._free_slot()
                # Another thread may have evicted it since we looked: then it is built anew.
                tree = built[node] if node in built else self._tree(node)
                width = self._seconds.shape[2]
                self._seconds[slot // width, :, slot % width] = tree
                self._slots[node] = slot
        return np.array([self._slots[n] for n in nodes.tolist()], dtype=np.intp)

    def _free_slot(self) -> int:
        if len(self._slots) == self._max_trees:
            return self._slots.popitem(last=False)[1]
        return len(self._slots)


def _in_parts(nodes: NDArray[np.intp], most: int) -> list[NDArray[np.intp]]:
    """Index arrays that split destinations into parts of at most `most` different nodes."""
    _, kind = np.unique(nodes, return_inverse=True)
    if len(nodes) == 0:
        return []
    return [
        np.flatnonzero((kind >= low) & (kind < low + most))
        for low in range(0, int(kind.max()) + 1, most)
    ]


def _shorten_within_a_node(
    seconds: NDArray[np.float64],
    start: Positions,
    start_node: NDArray[np.intp],
    end: Positions,
    end_node: NDArray[np.intp],
) -> None:
    """Where both ends hang on one node, nobody drives to the node and back."""
    shared = np.flatnonzero(np.isin(start_node, end_node))
    row, column = np.nonzero(start_node[shared, None] == end_node)
    row = shared[row]
    direct_s = haversine_m(start[row], end[column]) / CONNECTOR_M_S
    seconds[row, column] = np.minimum(seconds[row, column], direct_s)


@njit(cache=True, nogil=True)
def _sum_up(out, column, seconds, start_node, start_s, slot, end_s):  # type: ignore[no-untyped-def]
    """Fill columns of `out`: node-to-node seconds and the ways to and from the nodes."""
    block, lane = slot // seconds.shape[2], slot % seconds.shape[2]
    for i in range(len(start_node)):
        for j in range(len(slot)):
            between = seconds[block[j], start_node[i], lane[j]]
            if between == UNREACHED:
                out[i, column[j]] = np.nan
            else:
                out[i, column[j]] = start_s[i] + between + end_s[j]


@njit(cache=True, nogil=True)
def tree_ms(first, target, time_ms, root):  # type: ignore[no-untyped-def]
    """Shortest times from `root` along the edges, up to the horizon.

    Gives (n,) int32 exact milliseconds, -1 where there is no way. Nodes wait in buckets of time and
    are scanned bucket by bucket; one that gets nearer within its bucket is scanned again. On roads
    that is several times as fast as a heap, and as exact. (Dial 1969, with wide buckets.)
    """
    size = len(first) - 1
    buckets = HORIZON_MS // BUCKET_MS + 1
    best_ms = np.full(size, HORIZON_MS + 1, dtype=np.int32)
    best_ms[root] = 0
    # Each bucket is a ring that begins at a node of its own, number size + bucket. A node that
    # waits nowhere is a ring by itself, so that taking it out changes nothing.
    after = np.arange(size + buckets, dtype=np.int32)
    before = after.copy()
    after[root] = before[root] = size
    after[size] = before[size] = root
    for bucket in range(size, size + buckets):
        while after[bucket] != bucket:
            node = after[bucket]
            after[bucket], before[after[node]] = after[node], bucket
            after[node] = before[node] = node
            here_ms = best_ms[node]
            for edge in range(first[node], first[node + 1]):
                other, reach_ms = target[edge], here_ms + time_ms[edge]
                if reach_ms < best_ms[other]:
                    best_ms[other] = reach_ms
                    after[before[other]], before[after[other]] = after[other], before[other]
                    home = size + reach_ms // BUCKET_MS
                    next_ = after[home]
                    after[home] = before[next_] = other
                    before[other], after[other] = home, next_
    for node in range(size):
        if best_ms[node] > HORIZON_MS:
            best_ms[node] = -1
    return best_ms


@njit(cache=True, nogil=True)
def tree_s(first, target, time_ms, root):  # type: ignore[no-untyped-def]
    """The same in whole seconds, rounded half up: (n,) uint16, UNREACHED where there is no way."""
    exact_ms = tree_ms(first, target, time_ms, root)
    seconds = np.empty(len(exact_ms), dtype=np.uint16)
    for node in range(len(exact_ms)):
        known = exact_ms[node] >= 0
        seconds[node] = (exact_ms[node] + 500) // 1000 if known else UNREACHED
    return seconds


@njit(cache=True, nogil=True)
def _descend(first, target, time_ms, to_end_ms, node):  # type: ignore[no-untyped-def]
    """The edges of a shortest path: from `node`, each of them losing no time, to the end."""
    path = []
    while to_end_ms[node] > 0:
        for edge in range(first[node], first[node + 1]):
            other = target[edge]
            if to_end_ms[other] >= 0 and to_end_ms[other] + time_ms[edge] == to_end_ms[node]:
                node = other
                path.append(edge)
                break
    return np.array(path)
