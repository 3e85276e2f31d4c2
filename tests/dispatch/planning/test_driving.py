"""How long everybody takes to each other, asked of the roads."""

from dataclasses import dataclass

import numpy as np

from dispatch.planning.driving import driving
from dispatch.planning.question import question
from dispatch.planning.situation import Situation
from geo.points import Positions
from geo.travel import TravelMatrix
from tests.dispatch.planning.situation import (
    NOW_MS,
    RULES,
    a_pool,
    a_team,
    a_van,
    by,
    riding,
)


@dataclass
class Roads:
    """Every way takes as long, until the roads change."""

    minutes: float = 10
    version: str = "open"

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        seconds = np.full((len(origins), len(destinations)), self.minutes * 60.0)
        return TravelMatrix(seconds, "test", "road", self.version)


def test_when_the_roads_change_every_travel_time_is_asked_anew() -> None:
    travel = Roads()
    drive = driving(travel)
    situation = Situation(
        now_ms=NOW_MS,
        requests=[riding()],
        teams=by(a_team()),
        vans=by(a_van()),
        pools=by(a_pool()),
    )
    names = ("team_to_request", "van_to_request", "request_to_place", "place_to_base")
    for minutes, version in ((10, "open"), (10, "open"), (45, "closed"), (10, "open")):
        travel.minutes, travel.version = minutes, version
        problem = question(situation, RULES, drive).problem
        assert [getattr(problem, name).max() for name in names] == [minutes * 60] * 4
