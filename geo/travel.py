"""What every travel-time engine answers, and the one door through which it is asked."""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from geo.points import Positions

Quality: TypeAlias = Literal["road", "estimate"]


class EngineFailed(Exception):
    """A travel-time engine could not answer at all; another one may be asked."""


@dataclass(frozen=True, slots=True, eq=False)
class TravelMatrix:
    """Driving seconds from every origin to every destination.

    seconds: float64 of shape (n_origins, n_destinations); NaN means unreachable.
    quality: "road" if it follows roads, "estimate" if it is a guess from the distance.
    weights_version: names the road weights it was computed with.
    """

    seconds: NDArray[np.float64]
    engine: str
    quality: Quality
    weights_version: str


class TravelTimes(Protocol):
    """A source of travel times. Synchronous, and safe to call from several threads."""

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """Travel times between (n, 2) arrays of (lon, lat) degrees.

        Raises BadPosition for positions off the map, EngineFailed if there is no answer at all.
        """
        ...
