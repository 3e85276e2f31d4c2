"""The last resort: a guess from the straight line, always labelled an estimate."""

import numpy as np
from numpy.typing import NDArray

from geo.points import Positions, haversine_m, positions
from geo.travel import TravelMatrix

# Fitted on town trips: 12 % median error there, but it picks the wrong nearest team in a quarter
# of cases, and alone it promises speeds at range that no road allows.
POWER_S = 0.897
POWER_EXPONENT = 0.72

FASTEST_M_S = 25.0
"""Cap on the straight-line speed (90 km/h), reached at about 67 km. An assumption: Salt Lake City
to St. George, 426 km apart and some 255 minutes by road, is then guessed at 285 and not at 171."""


def seconds_for(distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Guessed driving seconds for straight-line metres: a power law of capped speed."""
    guess: NDArray[np.float64] = np.maximum(
        POWER_S * distance_m**POWER_EXPONENT, distance_m / FASTEST_M_S
    )
    return guess


class Estimate:
    """Travel times guessed from distance alone: no roads, no water, no mountains."""

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """Guessed seconds between (n, 2) positions; never NaN, quality always "estimate"."""
        distance_m = haversine_m(positions(origins)[:, None], positions(destinations)[None, :])
        return TravelMatrix(seconds_for(distance_m), "straight-line", "estimate", "power-law-1")
