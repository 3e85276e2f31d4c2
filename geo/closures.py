"""Roads that are closed or slow at the moment: snow, a fire, a parade."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import isnan
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.points import EARTH_RADIUS_M, Point, Positions
from geo.roads import LONGEST_EDGE_MS, RoadGraph, road_graph
from geo.routes import Route
from geo.travel import TravelMatrix
from geo.trees import MAX_TREES, Trees

LINE_M = 30.0
"""A line closes the roads along it: those that lie within so many metres of it."""

LINE_SHARE = 0.5
MOST_POINTS = 500
SHAPES = ("Polygon", "MultiPolygon", "LineString")


class BadClosure(ValueError):
    """A closure's area that is none, in a sentence."""


@dataclass(frozen=True, slots=True)
class Closure:
    """An area or a line (WGS84 degrees) where driving takes `slowdown` times as long.

    slowdown: 1 or more; infinity closes the roads. It holds for the whole of every edge that
    touches the area, or that lies by half along the line: a street, or a stretch of a corridor.
    """

    id: str
    area: BaseGeometry
    slowdown: float

    def __post_init__(self) -> None:
        if isnan(self.slowdown) or self.slowdown < 1:
            raise ValueError("a slowdown is 1 or more, infinity for a closed road")
        if self.area.is_empty or not self.area.is_valid:
            raise ValueError("a closure needs a valid area")


def closure_area(geojson: Mapping[str, Any]) -> BaseGeometry:
    """The area of a closure from a GeoJSON geometry. Raises BadClosure."""
    if geojson.get("type") not in SHAPES:
        raise BadClosure("a closure is a Polygon, a MultiPolygon or a LineString")
    try:
        area = shapely.from_geojson(json.dumps(geojson))
    except (shapely.GEOSException, ValueError) as error:
        raise BadClosure("the closure's coordinates are no GeoJSON") from error
    at = shapely.get_coordinates(area)
    if not 2 <= len(at) <= MOST_POINTS:
        raise BadClosure(f"a closure has 2 to {MOST_POINTS} points")
    if not (np.abs(at) <= (180.0, 90.0)).all():
        raise BadClosure("a closure's points are degrees, longitude before latitude")
    if area.is_empty or not area.is_valid:
        raise BadClosure("the closure crosses itself or is empty")
    return area


def with_closures(roads: RoadGraph, closures: tuple[Closure, ...]) -> RoadGraph:
    """The graph on the same nodes under the closures; where they overlap, the worst counts."""
    if not closures:
        return roads
    source = roads.sources()
    factor = np.ones(len(source))
    edges = _edge_lines(roads, source)
    tree = shapely.STRtree(edges)
    for closure in closures:
        touched = _touched(tree, edges, closure.area)
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


def _edge_lines(roads: RoadGraph, source: NDArray[np.int32]) -> NDArray[np.object_]:
    """Every edge as it bends."""
    ends = np.stack((roads.nodes[source], roads.nodes[roads.target]), axis=1)
    if roads.shapes is None:
        straight: NDArray[np.object_] = shapely.linestrings(ends)
        return straight
    line = np.where(roads.shapes.line < 0, ~roads.shapes.line, roads.shapes.line)
    count = np.diff(roads.shapes.first)[line]
    owner = np.repeat(np.arange(len(line)), count)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    against = roads.shapes.line[owner] < 0
    step = np.where(against, count[owner] - 1 - step, step)
    bends = roads.shapes.at[roads.shapes.first[line[owner]] + step]
    after = np.cumsum(count)
    at = np.insert(bends.astype(np.float64), after, ends[:, 1], axis=0)
    first = np.concatenate(([0], (after + np.arange(1, len(line) + 1))[:-1]))
    at = np.insert(at, first, ends[:, 0], axis=0)
    whose = np.repeat(np.arange(len(line)), count + 2)
    bent: NDArray[np.object_] = shapely.linestrings(at, indices=whose)
    return bent


def _touched(
    tree: shapely.STRtree, edges: NDArray[np.object_], area: BaseGeometry
) -> NDArray[np.intp]:
    """Edges that touch an area, or lie by half along a line."""
    if area.geom_type != "LineString":
        touched: NDArray[np.intp] = tree.query(area, predicate="intersects")
        return touched
    # Degrees of longitude are made as long as those of latitude, so that metres are round.
    narrow = np.array((np.cos(np.radians(area.centroid.y)), 1.0))
    strip = shapely.buffer(
        shapely.transform(area, lambda at: at * narrow), np.degrees(LINE_M / EARTH_RADIUS_M)
    )
    near = tree.query(shapely.transform(strip, lambda at: at / narrow), predicate="intersects")
    lines = shapely.transform(edges[near], lambda at: at * narrow)
    along = shapely.length(shapely.intersection(lines, strip))
    within: NDArray[np.intp] = near[along >= LINE_SHARE * shapely.length(lines)]
    return within


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

    def put_all(self, closures: Iterable[Closure]) -> str:
        """Let these closures hold and no others; gives the weights version."""
        with self._changing:
            return self._apply({closure.id: closure for closure in closures})

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
