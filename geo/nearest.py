"""Which of many positions are nearest, along the ground as the crow flies."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.points import EARTH_RADIUS_M, Positions, unit_vectors


class Nearest:
    """An index over (n, 2) positions; n at least 1."""

    def __init__(self, at: Positions) -> None:
        self._tree = cKDTree(unit_vectors(at))

    def find(self, wanted: Positions, count: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Metres and places of the `count` nearest to each of (m, 2) positions, both (m, count).

        The nearest comes first. Where there are fewer, metres are infinite and the place is n.
        """
        chord, place = self._tree.query(unit_vectors(wanted), k=range(1, count + 1))
        metres: NDArray[np.float64] = 2 * EARTH_RADIUS_M * np.arcsin(np.minimum(chord / 2, 1))
        metres[np.isinf(chord)] = np.inf
        return metres, place
