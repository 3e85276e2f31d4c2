"""A road network drawn from a short plan: corridors by hand, street nets around settlements.

For regions without a road extract at hand. What comes out is plausible, not surveyed: every
graph that is built here says "schematic" in its note.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import DisjointSet
from scipy.spatial import Delaunay, cKDTree

from geo.places import Places
from geo.points import EARTH_RADIUS_M, Positions, haversine_m, positions
from geo.roads import RoadGraph, road_graph

CORRIDOR_STEP_M = 1_500.0
STREETS_APART = 1.6
"""Junctions up to this many spacings apart are joined by a street."""

FREEWAYS = ("freeway", "city_freeway")
"""Classes that are entered at the named points of a corridor only."""


class RoadClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kmh: float
    winding: float


class Streets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    spacing_m: float
    people_per_km2: float
    least_radius_m: float


class Corridor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"kind": "class"}):
    road: str
    kind: str
    via: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The plan file: speed classes, the street net, named points (lon, lat), corridors."""

    classes: dict[str, RoadClass] = msgspec.field(name="class")
    streets: Streets
    points: dict[str, tuple[float, float]]
    corridors: tuple[Corridor, ...] = msgspec.field(name="corridor")


class BadPlan(ValueError):
    """A plan file that cannot be read, or names what it does not define."""


def read_plan(text: bytes) -> Plan:
    """Read a plan from TOML. Raises BadPlan."""
    try:
        plan = msgspec.toml.decode(text, type=Plan)
    except msgspec.DecodeError as error:
        raise BadPlan(str(error)) from error
    for corridor in plan.corridors:
        missing = {name for name in corridor.via if name not in plan.points}
        if missing or corridor.kind not in plan.classes:
            raise BadPlan(f"{corridor.road}: undefined {corridor.kind} or {sorted(missing)}")
    for needed in ("street", "access"):
        if needed not in plan.classes:
            raise BadPlan(f"class {needed} is needed")
    return plan


def corridor_lines(plan: Plan) -> list[tuple[str, str, Positions]]:
    """(road, class, (n, 2) positions) of every corridor, for maps."""
    return [(c.road, c.kind, positions([plan.points[n] for n in c.via])) for c in plan.corridors]


def build_roads(plan: Plan, settlements: Places) -> RoadGraph:
    """The whole network: corridors, streets around the settlements, and what joins them all.

    The same plan and settlements give the same graph. It is connected, every road both ways.
    """
    draft = _Draft(plan)
    for corridor in plan.corridors:
        draft.add_corridor(corridor)
    draft.add_streets(settlements)
    return draft.graph()


@dataclass(slots=True)
class _Draft:
    plan: Plan
    nodes: list[tuple[float, float]] = field(default_factory=list)
    named: dict[str, int] = field(default_factory=dict)
    freeway_only: set[int] = field(default_factory=set)
    edges: list[tuple[int, int, str]] = field(default_factory=list)

    def add_corridor(self, corridor: Corridor) -> None:
        for start, end in pairwise(corridor.via):
            self._add_stretch(self._named(start), self._named(end), corridor.kind)

    def add_streets(self, settlements: Places) -> None:
        """A net of junctions around every settlement, joined to the corridors it meets."""
        first_street = len(self.nodes)
        self.nodes.extend(_junctions(self.plan.streets, settlements, self.nodes))
        self._join_neighbours(first_street)

    def graph(self) -> RoadGraph:
        at = positions(self.nodes)
        start, end = (np.array([edge[i] for edge in self.edges]) for i in (0, 1))
        speed = {kind: road.kmh / 3.6 / road.winding for kind, road in self.plan.classes.items()}
        straight_m_s = np.array([speed[kind] for _, _, kind in self.edges])
        time_ms = np.maximum(1, np.rint(haversine_m(at[start], at[end]) / straight_m_s * 1000))
        both = np.concatenate
        return road_graph(
            at,
            both((start, end)),
            both((end, start)),
            both((time_ms, time_ms)).astype(np.int64),
            note="schematic",
        )

    def _named(self, name: str) -> int:
        if name not in self.named:
            self.named[name] = len(self.nodes)
            self.nodes.append(self.plan.points[name])
        return self.named[name]

    def _add_stretch(self, start: int, end: int, kind: str) -> None:
        """A straight stretch with a node every so often, so that no position is far from one."""
        ends = np.array([self.nodes[start], self.nodes[end]])
        steps = max(1, round(float(haversine_m(ends[0], ends[1])) / CORRIDOR_STEP_M))
        between = ends[0] + np.linspace(0, 1, steps + 1)[1:-1, None] * (ends[1] - ends[0])
        inner = range(len(self.nodes), len(self.nodes) + len(between))
        self.nodes.extend((lon, lat) for lon, lat in between.tolist())
        if kind in FREEWAYS:
            self.freeway_only.update(inner)
        chain = [start, *inner, end]
        self.edges.extend((a, b, kind) for a, b in pairwise(chain))

    def _join_neighbours(self, first_street: int) -> None:
        """Streets between near junctions, then access roads until everything hangs together.

        The shortest roads that join all parts are edges of the Delaunay triangulation.
        """
        open_nodes = np.array([n for n in range(len(self.nodes)) if n not in self.freeway_only])
        flat = flat_m(positions(self.nodes))[open_nodes]
        triangles = Delaunay(flat).simplices
        pairs = np.sort(np.vstack((triangles[:, :2], triangles[:, 1:], triangles[:, ::2])), axis=1)
        pairs = np.unique(pairs, axis=0)
        length_m = np.linalg.norm(flat[pairs[:, 0]] - flat[pairs[:, 1]], axis=1)
        pairs = open_nodes[pairs]
        near = length_m <= STREETS_APART * self.plan.streets.spacing_m
        street = near & (pairs >= first_street).any(axis=1)
        self.edges.extend((a, b, "street") for a, b in pairs[street].tolist())
        parts = DisjointSet(range(len(self.nodes)))
        for a, b, _ in self.edges:
            parts.merge(a, b)
        for a, b in pairs[np.argsort(length_m, kind="stable")].tolist():
            if parts.merge(a, b):
                self.edges.append((a, b, "access"))


def flat_m(at: Positions) -> NDArray[np.float64]:
    """Positions (n, 2) in metres east and north on a plane that fits the middle of them."""
    middle = np.radians(at[:, 1].mean()) if len(at) else 0.0
    return np.radians(at) * EARTH_RADIUS_M * (np.cos(middle), 1.0)


def _junctions(
    streets: Streets, settlements: Places, taken: list[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Junctions on a jittered triangular lattice wherever a settlement is near enough.

    None is laid where a corridor has a node already; every settlement gets one of its own.
    """
    everywhere = positions([*taken, *settlements.at.tolist()])
    plane = flat_m(everywhere)
    corridor, town = plane[: len(taken)], plane[len(taken) :]
    radius_m = np.maximum(
        streets.least_radius_m,
        1_000 * np.sqrt(settlements.population / streets.people_per_km2 / np.pi),
    )
    cells = np.unique(
        np.vstack([_cells(c, r, streets.spacing_m) for c, r in zip(town, radius_m, strict=True)]),
        axis=0,
    )
    rng = np.random.default_rng(cells.size)
    spots = _cell_centres(cells, streets.spacing_m)
    spots += rng.uniform(-0.25, 0.25, spots.shape) * streets.spacing_m
    spots = np.vstack((np.unique(town, axis=0), spots))
    spots = spots[_apart(spots, streets.spacing_m / 2)]
    free = cKDTree(corridor).query(spots)[0] > streets.spacing_m / 2
    scale = EARTH_RADIUS_M * np.array((np.cos(np.radians(everywhere[:, 1].mean())), 1.0))
    return [(lon, lat) for lon, lat in np.degrees(spots[free] / scale).tolist()]


def _cells(centre: NDArray[np.float64], radius_m: float, spacing_m: float) -> NDArray[np.int64]:
    """Lattice cells (row, column) whose centre lies within the radius."""
    reach = int(radius_m / spacing_m * 1.2) + 2
    row = np.round(centre[1] / (spacing_m * np.sqrt(0.75))) + np.arange(-reach, reach + 1)
    column = np.round(centre[0] / spacing_m) + np.arange(-reach, reach + 1)
    grid = np.stack(np.meshgrid(row, column), axis=-1).reshape(-1, 2).astype(np.int64)
    off_m = np.linalg.norm(_cell_centres(grid, spacing_m) - centre, axis=1)
    within: NDArray[np.int64] = grid[off_m <= radius_m]
    return within


def _cell_centres(cells: NDArray[np.int64], spacing_m: float) -> NDArray[np.float64]:
    row, column = cells.T
    return np.column_stack(((column + row % 2 / 2) * spacing_m, row * spacing_m * np.sqrt(0.75)))


def _apart(spots: NDArray[np.float64], least_m: float) -> NDArray[np.bool_]:
    """Which spots to keep so that no two are too near: of a close pair the earlier stays."""
    keep = np.ones(len(spots), dtype=np.bool_)
    for a, b in np.sort(cKDTree(spots).query_pairs(least_m, output_type="ndarray"), axis=1):
        if keep[a]:
            keep[b] = False
    return keep
