"""From where a place is reached in time, and which teams are within: asked of the travel times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from api.live.world import Object
from dispatch.road_closure import in_force
from geo.closures import Closure
from geo.isochrones import Isochrone, isochrones
from geo.points import Point, positions
from geo.routes import Route
from geo.travel import TravelTimes

FINEST_M = 100.0
COARSEST_M = 2_000.0
CELL_M_PER_S = 0.6
"""Cells grow with the limit: 2 km for an hour, 360 m for ten minutes."""

_OUT = "out_of_service"


class Travel(TravelTimes, Protocol):
    """Travel times under the closures that it was last told."""

    def heed(self, closures: tuple[Closure, ...]) -> None: ...

    def route(self, origin: Point, destination: Point) -> Route | None:
        """A way over the region's own roads; None where none leads there."""
        ...


@dataclass(frozen=True, slots=True)
class Reach:
    """Areas by limit, and seconds by team of those within the longest, the nearest first."""

    engine: str
    areas: list[Isochrone]
    teams: list[tuple[str, float]]


def reach(
    travel: Travel,
    closures: Mapping[str, Object],
    teams: Mapping[str, Object],
    to: Point,
    limits_s: Sequence[float],
    now_ms: int,
) -> Reach:
    """Who and what is within the limits of a place, by the roads as they are now. Takes a while."""
    travel.heed(in_force(closures.values(), now_ms))
    cell_m = min(COARSEST_M, max(FINEST_M, max(limits_s) * CELL_M_PER_S))
    areas = isochrones(travel, to, limits_s, cell_m=cell_m)
    on_duty = {id: team for id, team in teams.items() if team["status"] != _OUT}
    at = positions([(team["lon"], team["lat"]) for team in on_duty.values()])
    answer = travel.matrix(at, positions([to]))
    seconds = dict(zip(on_duty, answer.seconds[:, 0].tolist(), strict=True))
    within = [(id, took) for id, took in seconds.items() if took <= max(limits_s)]
    return Reach(answer.engine, areas, sorted(within, key=lambda one: (one[1], one[0])))
