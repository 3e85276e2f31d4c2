"""Settlements and postal points: where people live, as far as the sources say."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.points import Positions


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Named positions with the people who live there.

    ids: unique; names: need not be. at: (n, 2) float64 (lon, lat). population: (n,) int64.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    at: Positions
    population: NDArray[np.int64]

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.names) == len(self.at) == len(self.population):
            raise ValueError("every place needs an id, a name, a position and a population")

    def __len__(self) -> int:
        return len(self.ids)
