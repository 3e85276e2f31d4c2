"""From where can a place be reached in time? Areas for the wall and the console."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.points import EARTH_RADIUS_M, Point, Positions, positions
from geo.travel import Quality, TravelTimes

FASTEST_M_S = 36.0
"""Nobody comes from farther than this times the limit (130 km/h along the straight line)."""

CELL_M = 2_000.0
MOST_CELLS = 250_000


@dataclass(frozen=True, slots=True)
class Isochrone:
    """The area from which the destination is reached within `limit_s`, in square cells.

    area: (multi)polygon in WGS84 degrees, empty if nobody gets there in time.
    quality: "estimate" where the travel times were guessed.
    """

    limit_s: float
    area: BaseGeometry
    quality: Quality


def isochrones(
    travel: TravelTimes, destination: Point, limits_s: Sequence[float], *, cell_m: float = CELL_M
) -> list[Isochrone]:
    """One area for each limit (seconds), each holding the shorter ones.

    The centre of each cell is asked of the engine, so that areas and matrices agree. Raises
    ValueError for limits that are not positive, or cells too small for the longest limit.
    """
    if not limits_s or min(limits_s) <= 0:
        raise ValueError("limits must be positive")
    reach_m = max(limits_s) * FASTEST_M_S
    if (2 * reach_m / cell_m + 1) ** 2 > MOST_CELLS:
        raise ValueError(f"more than {MOST_CELLS} cells: take larger ones")
    centres, half = _grid(destination, reach_m, cell_m)
    answer = travel.matrix(centres, positions([destination]))
    seconds = answer.seconds[:, 0]
    return [
        Isochrone(limit_s, _area(centres[seconds <= limit_s], half), answer.quality)
        for limit_s in limits_s
    ]


def _grid(middle: Point, reach_m: float, cell_m: float) -> tuple[Positions, NDArray[np.float64]]:
    """Centres of the cells that lie within reach and on the map, and half a cell in degrees."""
    steps = int(np.ceil(reach_m / cell_m))
    offset_m = np.arange(-steps, steps + 1) * cell_m
    east_m, north_m = (axis.ravel() for axis in np.meshgrid(offset_m, offset_m))
    near = np.hypot(east_m, north_m) <= reach_m
    degrees_per_m = np.degrees(1 / EARTH_RADIUS_M) / np.array((np.cos(np.radians(middle.lat)), 1))
    centres = np.column_stack((east_m, north_m))[near] * degrees_per_m + (middle.lon, middle.lat)
    on_map = (np.abs(centres) <= (180, 90)).all(axis=1)
    return centres[on_map], cell_m / 2 * degrees_per_m


def _area(centres: Positions, half: NDArray[np.float64]) -> BaseGeometry:
    # Corners are rounded, so that neighbouring cells share theirs exactly.
    low, high = np.round(centres - half, 9), np.round(centres + half, 9)
    return shapely.coverage_union_all(shapely.box(*low.T, *high.T))
