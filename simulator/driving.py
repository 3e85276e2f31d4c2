"""Driving along the roads: who is where at any moment."""

from dataclasses import dataclass, field
from math import isnan
from typing import Protocol

import numpy as np

from geo.points import Point, Positions, haversine_m, positions
from geo.routes import Route
from geo.travel import TravelMatrix

BESIDE_ROADS_M_S = 8.0
"""Straight-line speed where no road leads: on a closed road somebody finds a way, slowly."""


class Roads(Protocol):
    """Times and ways, as `geo.closures.LiveRoads` gives them."""

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix: ...
    def route(self, origin: Point, destination: Point) -> Route | None: ...


@dataclass(slots=True)
class Trip:
    """A drive from one place to another; its way is looked up when somebody asks where it is."""

    roads: Roads = field(repr=False)
    origin: Point
    destination: Point
    began_ms: int
    duration_s: float
    _route: Route | None = field(default=None, repr=False)

    @property
    def ends_ms(self) -> int:
        return self.began_ms + int(1000 * self.duration_s)

    def at(self, now_ms: int) -> Point:
        """The position on the road; it fits the trip's duration, not the road's own time."""
        if now_ms >= self.ends_ms or self.duration_s <= 0:
            return self.destination
        if now_ms <= self.began_ms:
            return self.origin
        if self._route is None:
            self._route = self.roads.route(self.origin, self.destination) or _straight(self)
        share = (now_ms - self.began_ms) / 1000 / self.duration_s
        return self._route.after(share * self._route.duration_s)


def drive(roads: Roads, origin: Point, destination: Point, now_ms: int, factor: float) -> Trip:
    """Sets off now; it takes the roads' time multiplied by `factor`."""
    ends = positions([origin, destination])
    seconds = float(roads.matrix(ends[:1], ends[1:]).seconds[0, 0])
    if isnan(seconds):
        seconds = float(haversine_m(ends[:1], ends[1:])[0]) / BESIDE_ROADS_M_S
    return Trip(roads, origin, destination, now_ms, seconds * factor)


def _straight(trip: Trip) -> Route:
    ends = positions([trip.origin, trip.destination])
    return Route(ends, np.array((0.0, max(trip.duration_s, 1e-3))))
