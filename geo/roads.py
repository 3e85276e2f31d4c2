"""A road network as a directed graph in compressed rows."""

from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.points import Positions, positions

LONGEST_EDGE_MS = 24 * 3600 * 1000


class BadRoads(ValueError):
    """Edges that name no node, or times that are not positive."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """The bends of the edges, for drawing; both directions of a road share one line.

    line: (m,) int32 for each edge its line, or ~line where the edge runs against it.
    first: (lines + 1,) int64; the bends of line i are at[first[i]:first[i + 1]], ends left out.
    at: (k, 2) float32 (lon, lat) degrees, good to two metres.
    """

    line: NDArray[np.int32]
    first: NDArray[np.int64]
    at: NDArray[np.float32]

    def bends(self, edge: int) -> NDArray[np.float32]:
        """The (j, 2) positions between the ends of an edge, in its direction."""
        line = int(self.line[edge])
        backwards = line < 0
        line = ~line if backwards else line
        between = self.at[self.first[line] : self.first[line + 1]]
        return between[::-1] if backwards else between


@dataclass(frozen=True, slots=True, eq=False)
class RoadGraph:
    """A directed road network; a two-way road is two edges.

    nodes: (n, 2) float64 (lon, lat) degrees.
    first: (n + 1,) int32; the edges leaving node i are first[i]:first[i + 1].
    target: (m,) int32 node each edge leads to.
    time_ms: (m,) int32 driving time of each edge, whole milliseconds, so that sums are exact.
    note: what the network is and is not, for people ("schematic", an extract's date).
    version: names these weights; differs whenever a node, edge or time differs.
    shapes: how the edges bend between their nodes; None where all of them are straight.
    """

    nodes: Positions
    first: NDArray[np.int32]
    target: NDArray[np.int32]
    time_ms: NDArray[np.int32]
    note: str
    version: str
    shapes: Shapes | None = None

    def reversed(self) -> "RoadGraph":
        """The same network with every edge turned round (same node numbers, straight)."""
        return road_graph(self.nodes, self.target, self.sources(), self.time_ms, note=self.note)

    @property
    def edges(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """`first`, `target` and `time_ms`, as the compiled loops take them."""
        return self.first, self.target, self.time_ms

    def sources(self) -> NDArray[np.int32]:
        """(m,) int32 node each edge leaves from."""
        return np.repeat(np.arange(len(self.nodes), dtype=np.int32), np.diff(self.first))


def road_graph(
    nodes: ArrayLike,
    source: ArrayLike,
    target: ArrayLike,
    time_ms: ArrayLike,
    *,
    note: str,
    shapes: Shapes | None = None,
) -> RoadGraph:
    """Build the graph from edge lists: node numbers (m,) and driving times (m,) in ms.

    shapes: one line for each edge, in the order of these lists.

    Raises BadPosition for bad nodes and BadRoads for edges outside them or times not in 1 ms..24 h.
    """
    at = positions(nodes)
    tail, head = np.asarray(source), np.asarray(target)
    time = np.asarray(time_ms, dtype=np.int64)
    if not (tail.shape == head.shape == time.shape and tail.ndim == 1):
        raise BadRoads("edge sources, targets and times must be as many")
    if tail.size:
        if min(tail.min(), head.min()) < 0 or max(tail.max(), head.max()) >= len(at):
            raise BadRoads("an edge names a node that does not exist")
        if time.min() < 1 or time.max() > LONGEST_EDGE_MS:
            raise BadRoads("an edge must take between 1 ms and 24 h")
    order = np.lexsort((head, tail))
    first = np.zeros(len(at) + 1, dtype=np.int32)
    np.cumsum(np.bincount(tail.astype(np.int64), minlength=len(at)), out=first[1:])
    head, time_int32 = head[order].astype(np.int32), time[order].astype(np.int32)
    bent = replace(shapes, line=shapes.line[order]) if shapes is not None else None
    version = _version(at, first, head, time_int32)
    return RoadGraph(at, first, head, time_int32, note, version, bent)


def _version(*arrays: NDArray[np.generic]) -> str:
    digest = sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]
