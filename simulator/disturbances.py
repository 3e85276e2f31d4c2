"""What nobody planned for: storms that slow the roads, closed roads, events with many people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, inf, radians

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.closures import Closure
from simulator.parameters import Parameters
from simulator.streams import Streams, within

KM_PER_DEG = 111.2
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class MassEvent:
    """Many people in need at one place, from `at_ms` on."""

    id: str
    at_ms: int
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class BadRoads:
    """A closure with its time. `reason` is "weather" or "crash"."""

    closure: Closure
    reason: str
    from_ms: int
    until_ms: int


def bad_roads(
    streams: Streams,
    parameters: Parameters,
    towns: NDArray[np.float64],
    corridors: Sequence[NDArray[np.float64]],
    bounds: tuple[float, float, float, float],
    start_ms: int,
    end_ms: int,
) -> list[BadRoads]:
    """Storms over a town, (n, 2) lon/lat, and closed stretches of a main road, by their time.

    Nothing reaches beyond `bounds` (west, south, east, north).
    """
    storm, closed = parameters.storm, parameters.closed_road
    found, inside = [], shapely.box(*bounds)
    rng = streams.of("storms", start_ms)
    for number, from_ms in enumerate(_times(rng, storm.a_day, start_ms, end_ms)):
        lon, lat = towns[int(rng.integers(len(towns)))]
        area = _circle(float(lon), float(lat), within(rng, storm.radius_km)) & inside
        name = streams.id(from_ms, "storm", start_ms, number)
        closure = Closure(name, area, within(rng, storm.slowdown))
        until_ms = from_ms + int(within(rng, storm.hours) * HOUR_MS)
        found.append(BadRoads(closure, "weather", from_ms, until_ms))
    rng = streams.of("closed roads", start_ms)
    for number, from_ms in enumerate(
        _times(rng, closed.a_day if corridors else 0.0, start_ms, end_ms)
    ):
        line = corridors[int(rng.integers(len(corridors)))]
        spot = shapely.LineString(line).interpolate(float(rng.random()), normalized=True)
        area = _circle(spot.x, spot.y, within(rng, closed.radius_km)) & inside
        until_ms = from_ms + int(within(rng, closed.hours) * HOUR_MS)
        closure = Closure(streams.id(from_ms, "closed road", start_ms, number), area, inf)
        found.append(BadRoads(closure, "crash", from_ms, until_ms))
    return sorted(found, key=lambda one: (one.from_ms, one.closure.id))


def mass_events(
    streams: Streams,
    parameters: Parameters,
    points: NDArray[np.float64],
    weights: NDArray[np.float64],
    start_ms: int,
    end_ms: int,
) -> list[MassEvent]:
    """Events at places where many people live; their calls come with the demand."""
    rng = streams.of("mass events", start_ms)
    events = []
    for number, at_ms in enumerate(_times(rng, parameters.mass_event.a_day, start_ms, end_ms)):
        lon, lat = points[int(rng.choice(len(points), p=weights))]
        events.append(MassEvent(f"mass-{start_ms}-{number}", at_ms, float(lon), float(lat)))
    return events


def _times(rng: np.random.Generator, a_day: float, start_ms: int, end_ms: int) -> Iterator[int]:
    """The moments of a Poisson process (ms)."""
    at_ms = float(start_ms)
    while a_day > 0:
        at_ms += float(rng.exponential(DAY_MS / a_day))
        if at_ms >= end_ms:
            return
        yield int(at_ms)


def _circle(lon: float, lat: float, radius_km: float) -> shapely.Polygon:
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    east = radius_km / KM_PER_DEG / cos(radians(lat)) * np.cos(angle)
    north = radius_km / KM_PER_DEG * np.sin(angle)
    return shapely.Polygon(np.round(np.column_stack((lon + east, lat + north)), 5))
