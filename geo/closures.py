"""Roads that are closed or slow at the moment: snow, a fire, a parade."""

from dataclasses import dataclass, replace
from math import isnan
from threading import Lock

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.points import Point, Positions
from geo.roads import LONGEST_EDGE_MS, RoadGraph, road_graph
from geo.routes import Route
from geo.travel import TravelMatrix
from geo.trees import MAX_TREES, Trees


@dataclass(frozen=True, slots=True)
class Closure:
    """An area (WGS84 degrees) through which driving takes `slowdown` times as long.

    slowdown: 1 or more; infinity closes the roads. It holds for the whole of every edge that
    touches the area, which is at most a street or a kilometre and a half of a corridor.
    """

    id: str
    area: BaseGeometry
    slowdown: float

    def __post_init__(self) -> None:
        if isnan(self.slowdown) or self.slowdown < 1:
            raise ValueError("a slowdown is 1 or more, infinity for a closed road")
        if self.area.is_empty or not self.area.is_valid:
            raise ValueError("a closure needs a valid area")


def with_closures(roads: RoadGraph, closures: tuple[Closure, ...]) -> RoadGraph:
    """The graph on the same nodes under the closures; where they overlap, the worst counts."""
    if not closures:
        return roads
    source = roads.sources()
    factor = np.ones(len(source))
    edges = shapely.linestrings(np.stack((roads.nodes[source], roads.nodes[roads.target]), axis=1))
    tree = shapely.STRtree(edges)
    for closure in closures:
        touched: NDArray[np.intp] = tree.query(closure.area, predicate="intersects")
        factor[touched] = np.maximum(factor[touched], closure.slowdown)
    open_ = np.isfinite(factor)
    time_ms = np.minimum(np.rint(roads.time_ms[open_] * factor[open_]), LONGEST_EDGE_MS)
    return road_graph(
        roads.nodes,
        source[open_],
        roads.target[open_],
        time_ms.astype(np.int64),
        note=roads.note,
        shapes=roads.shapes and replace(roads.shapes, line=roads.shapes.line[open_]),
    )


class LiveRoads:
    """The tree engine under closures that come and go.

    Each change makes a new engine with a new weights version, from the next question on; one that
    is under way ends on the weights it began with. `warm` spares the next question the new trees.
    """

    def __init__(self, roads: RoadGraph, *, max_trees: int = MAX_TREES) -> None:
        self._roads = roads
        self._engine = Trees(roads, max_trees=max_trees)
        self._closures: dict[str, Closure] = {}
        self._changing = Lock()

    @property
    def closures(self) -> tuple[Closure, ...]:
        return tuple(self._closures.values())

    def put(self, closure: Closure) -> str:
        """Apply a closure, in place of an earlier one of this id; gives the weights version."""
        with self._changing:
            return self._apply({**self._closures, closure.id: closure})

    def lift(self, closure_id: str) -> str:
        """Take a closure away, if it is there; gives the weights version."""
        with self._changing:
            return self._apply({i: c for i, c in self._closures.items() if i != closure_id})

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """See TravelTimes.matrix."""
        return self._engine.matrix(origins, destinations)

    def route(self, origin: Point, destination: Point) -> Route | None:
        """See Trees.route."""
        return self._engine.route(origin, destination)

    def warm(self, destinations: Positions) -> None:
        """See Trees.warm."""
        self._engine.warm(destinations)

    def _apply(self, closures: dict[str, Closure]) -> str:
        roads = with_closures(self._roads, tuple(closures.values()))
        self._engine = self._engine.on(roads)
        self._closures = closures
        return roads.version
