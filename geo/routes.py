"""A way from one position to another, and where on it somebody is after a while."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.points import Point, Positions


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A line to drive and when one is where.

    at: (k, 2) float64 (lon, lat), k at least 2. elapsed_s: (k,) float64 seconds since the start
    at each of them, never falling.
    """

    at: Positions
    elapsed_s: NDArray[np.float64]

    @property
    def duration_s(self) -> float:
        return float(self.elapsed_s[-1])

    def after(self, seconds: float) -> Point:
        """The position after so many seconds: the start before it, the end when it is over."""
        lon, lat = (float(np.interp(seconds, self.elapsed_s, axis)) for axis in self.at.T)
        return Point(lon, lat)
