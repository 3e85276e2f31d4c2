"""Travel times of a region: routers elsewhere first, its own roads next, a labelled guess last."""

import time
from collections.abc import Sequence

import httpx
from pydantic import HttpUrl

from geo.chain import Chain
from geo.closures import Closure, LiveRoads
from geo.points import Point, Positions
from geo.region import Region
from geo.routes import Route
from geo.travel import TravelMatrix, TravelTimes
from geo.trees import MAX_TREES


class RegionTravel:
    """The one door to travel times in a process; safe to use from several threads.

    routers: OSRM and Valhalla know nothing of closures: while one is in force, the region's own
    roads answer and the routers are not asked. A region without roads of its own has no closures.
    """

    def __init__(
        self, region: Region, routers: Sequence[TravelTimes] = (), *, max_trees: int = MAX_TREES
    ) -> None:
        self._roads = None if region.roads is None else LiveRoads(region.roads, max_trees=max_trees)
        own = [] if self._roads is None else [self._roads]
        self._any = Chain([*routers, *own], clock=time.monotonic)
        self._own = Chain(own, clock=time.monotonic)

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """See TravelTimes.matrix."""
        closed = self._roads is not None and self._roads.closures
        return (self._own if closed else self._any).matrix(origins, destinations)

    def route(self, origin: Point, destination: Point) -> Route | None:
        """A way over the region's own roads as they are; None where none leads there."""
        return None if self._roads is None else self._roads.route(origin, destination)

    def heed(self, closures: tuple[Closure, ...]) -> None:
        """Let these closures hold from the next question on; nothing is done if they do already."""
        if self._roads is not None and self._roads.closures != closures:
            self._roads.put_all(closures)


def routers(osrm: HttpUrl | None, valhalla: HttpUrl | None) -> list[TravelTimes]:
    """The routers that the settings name, in the order in which they are asked."""
    from geo.osrm import Osrm
    from geo.valhalla import Valhalla

    found: list[TravelTimes] = []
    if osrm is not None:
        found.append(Osrm(httpx.Client(base_url=str(osrm))))
    if valhalla is not None:
        found.append(Valhalla(httpx.Client(base_url=str(valhalla))))
    return found
