"""The roads that units drive: for the map of a dispatcher, by the roads as they are now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely

from api.live.world import Object, World
from api.reach import Travel
from dispatch.request import CrisisRequest
from dispatch.road_closure import in_force
from dispatch.words import State
from geo.points import Point, haversine_m

SHORT_OF_PERSON_M = 1_000.0
"""A way to a person ends so far away: who reads the address of a request is in the audit."""

SMOOTH_DEG = 0.0004
TO_PERSON = frozenset({State.ACCEPTED, State.ACKNOWLEDGED, State.EN_ROUTE})

Line = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Way:
    """Points (lon, lat) to drive along and the seconds it takes."""

    line: Line
    seconds: float


@dataclass(frozen=True, slots=True)
class Leg:
    """A unit on its way to a person or with a person to a place."""

    kind: Literal["team", "van"]
    unit: str
    request: str
    to: Literal["person", "place"]
    start: Point
    end: Point


def ways(
    travel: Travel,
    closures: Mapping[str, Object],
    legs: Iterable[tuple[Point, Point]],
    now_ms: int,
) -> list[Way | None]:
    """A fastest way for each leg; None where no road of the region leads there."""
    travel.heed(in_force(closures.values(), now_ms))
    return [_way(travel, start, end) for start, end in legs]


def _way(travel: Travel, start: Point, end: Point) -> Way | None:
    found = travel.route(start, end)
    if found is None:
        return None
    line = shapely.simplify(shapely.linestrings(found.at), SMOOTH_DEG)
    points = np.round(shapely.get_coordinates(line), 5).tolist()
    return Way([(lon, lat) for lon, lat in points], found.duration_s)


def short_of(line: Line, end: Point) -> Line:
    """The line up to `SHORT_OF_PERSON_M` of its end; empty where it is not that long."""
    apart_m = haversine_m(np.array(line), (end.lon, end.lat))
    near = np.flatnonzero(apart_m <= SHORT_OF_PERSON_M)
    kept = line[: near[0]] if len(near) else line
    return kept if len(kept) > 1 else []


def moving(world: World, requests: Iterable[CrisisRequest]) -> Iterator[Leg]:
    """Who is under way now, where to, for which request."""
    for request in requests:
        if request.state in TO_PERSON:
            goal, to = Point(request.lon, request.lat), "person"
            kind, unit = _lead(request)
        elif request.state is State.TRANSPORTING:
            place = world.get("pool", request.held.pool or "")
            if place is None:
                continue
            goal, to = Point(place["lon"], place["lat"]), "place"
            kind, unit = ("van", request.held.van) if request.held.van else _lead(request)
        else:
            continue
        found = world.get(kind, unit or "")
        if found is not None:
            yield _leg(kind, found, request.id, to, goal)


def _leg(kind: Any, unit: Object, request: str, to: Any, goal: Point) -> Leg:
    return Leg(kind, unit["id"], request, to, Point(unit["lon"], unit["lat"]), goal)


def _lead(request: CrisisRequest) -> tuple[str, str | None]:
    """The team, or the van where no team goes."""
    return ("team", request.held.team) if request.held.team else ("van", request.held.van)
