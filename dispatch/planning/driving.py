"""Who is in the optimizer's problem, and how long they take to each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dispatch.planning.situation import Vacancy, is_remote
from dispatch.request import CrisisRequest
from geo.points import Positions, positions
from geo.travel import Quality, TravelMatrix, TravelTimes
from registry import states


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is in the problem, in the order of its arrays."""

    requests: tuple[CrisisRequest, ...]
    teams: tuple[states.Team, ...]
    vans: tuple[states.Van, ...]
    places: tuple[Vacancy, ...]


@dataclass(frozen=True, slots=True)
class Travel:
    """Where the travel times come from; the worst quality of them all."""

    engine: str
    quality: Quality


@dataclass(frozen=True, slots=True)
class Times:
    """Driving seconds as the optimizer wants them, see `Problem`, and where they come from."""

    team_to_request: NDArray[np.float64]
    van_to_request: NDArray[np.float64]
    request_to_place: NDArray[np.float64]
    place_to_base: NDArray[np.float64]
    travel: Travel


Drive = Callable[[Cast, Mapping[str, tuple[float, float]]], Times]
"""Gives the travel times of a cast; the mapping says where each request's person is, and from where
each unit sets off."""


def driving(travel: TravelTimes) -> Drive:
    """Travel times by road. An appointment by telehealth is reached at once.

    The ways home are kept from one question to the next: while the roads' weights stay, they change
    only with the places and the vans that are asked about.
    """
    homes: dict[str, tuple[Positions, Positions, TravelMatrix]] = {}

    def way_home(places: Positions, bases: Positions, version: str) -> TravelMatrix:
        kept = homes.get(version)
        if kept and np.array_equal(kept[0], places) and np.array_equal(kept[1], bases):
            return kept[2]
        home = travel.matrix(places, bases)
        homes.clear()
        homes[home.weights_version] = (places, bases, home)
        return home

    def drive(cast: Cast, at: Mapping[str, tuple[float, float]]) -> Times:
        people = positions([at[request.id] for request in cast.requests])
        places = positions([(place.lon, place.lat) for place in cast.places])
        teams = travel.matrix(positions([at[team.id] for team in cast.teams]), people)
        vans = travel.matrix(positions([at[van.id] for van in cast.vans]), people)
        rides = travel.matrix(people, places)
        home = way_home(places, _bases(cast.vans), rides.weights_version)
        told = (teams, vans, rides, home)
        remote = [k for k, place in enumerate(cast.places) if is_remote(place)]
        to_place = np.array(rides.seconds)
        to_place[:, remote] = 0.0
        return Times(
            teams.seconds,
            vans.seconds,
            to_place,
            home.seconds,
            Travel(
                engine=", ".join(dict.fromkeys(one.engine for one in told)),
                quality="estimate" if any(one.quality == "estimate" for one in told) else "road",
            ),
        )

    return drive


def _bases(vans: Sequence[states.Van]) -> Positions:
    return positions([(van.base_lon, van.base_lat) for van in vans])
