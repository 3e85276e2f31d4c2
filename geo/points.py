"""Positions on the earth: WGS84 degrees, always in (lon, lat) order, distances in metres."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Positions: TypeAlias = NDArray[np.float64]
"""Float64 array of shape (n, 2): longitude and latitude in WGS84 degrees."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius of the earth (IUGG R1), metres."""


class BadPosition(ValueError):
    """A position that is not finite or not on the earth."""


@dataclass(frozen=True, slots=True)
class Point:
    """One WGS84 position in degrees. Raises BadPosition if not finite or out of range."""

    lon: float
    lat: float

    def __post_init__(self) -> None:
        if not (isfinite(self.lon) and isfinite(self.lat)):
            raise BadPosition("a position must be two finite numbers")
        if not (-180 <= self.lon <= 180 and -90 <= self.lat <= 90):
            raise BadPosition("a position must lie within ±180° longitude and ±90° latitude")


def positions(source: Iterable[Point] | ArrayLike) -> Positions:
    """Turn points, or anything of shape (n, 2), into a checked array of positions.

    Raises BadPosition for another shape, for NaN and infinity, and for what is off the map.
    """
    array = _as_floats(source)
    if array.size == 0:
        return array.reshape(0, 2)
    if array.ndim != 2 or array.shape[1] != 2:
        raise BadPosition(f"positions have shape (n, 2), not {array.shape}")
    # NaN fails every comparison, so one test refuses NaN, infinity and what is out of range.
    if not (np.abs(array) <= (180.0, 90.0)).all():
        raise BadPosition("every position must be finite, within ±180° longitude and ±90° latitude")
    return array


def points(array: Positions) -> list[Point]:
    """The rows of a position array as points."""
    return [Point(lon, lat) for lon, lat in positions(array).tolist()]


def haversine_m(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Great-circle distance in metres between positions of shape (..., 2), broadcast together."""
    lon_a, lat_a = np.radians(np.moveaxis(np.asarray(a, dtype=np.float64), -1, 0))
    lon_b, lat_b = np.radians(np.moveaxis(np.asarray(b, dtype=np.float64), -1, 0))
    chord = (
        np.sin((lat_b - lat_a) / 2) ** 2
        + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    )
    distance: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(chord, 1)))
    return distance


def unit_vectors(at: Positions) -> NDArray[np.float64]:
    """Positions (n, 2) on the unit sphere, shape (n, 3), where nearest by chord is nearest."""
    lon, lat = np.radians(at).T
    return np.column_stack((np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _as_floats(source: Iterable[Point] | ArrayLike) -> Positions:
    try:
        if isinstance(source, np.ndarray):
            return np.ascontiguousarray(source, dtype=np.float64)
        rows = [(p.lon, p.lat) if isinstance(p, Point) else p for p in source]  # type: ignore[union-attr]
        return np.array(rows, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadPosition("positions must be pairs of numbers") from error
