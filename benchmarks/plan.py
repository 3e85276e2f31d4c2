"""The planner at county and state scale: cold time, proof, and what nearest-first would cost.

Places are real Utah ZIP points; demand, crews and beds are synthetic, from a seed; times are
great-circle distances at road speed, which is enough to compare planners on the same region.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median
from time import process_time

import numpy as np
import zipcodes
from numpy.typing import NDArray

from optimizer.check import check
from optimizer.plan import Plan
from optimizer.problem import Place, Policy, Problem, Request, Team, Van
from optimizer.solve import solve

EARTH_KM = 6371.0
DETOUR = 1.3
ROAD_KM_H = 75.0
CREWED = 0.7
"""The share of teams and vans that are free now; the others free later."""

CHILD, WHEELCHAIR, SECURE = 1, 2, 4
WEIGHTS = ((27, 0, 0.07), (9, 1, 0.25), (3, 1, 0.38), (1, 1, 0.30))
"""(weight, rank, share) of the tiers."""
TARGETS_S = {27: 1800, 9: 2400, 3: 3600, 1: 7200}

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of each; beds are spread over pools of a facility."""

    name: str
    requests: int
    teams: int
    vans: int
    beds: int
    radius_km: float


COUNTY = Scale("county", 20, 10, 8, 60, 40.0)
STATE = Scale("state", 100, 60, 40, 600, 1000.0)


def region(scale: Scale, seed: int, share_free: float = 1.0) -> Problem:
    """A synthetic region of that scale; `share_free` of its beds are free."""
    rng = np.random.default_rng(seed)
    towns = _towns(scale.radius_km)
    where = {
        kind: towns[rng.integers(0, len(towns), count)]
        for kind, count in (
            ("requests", scale.requests),
            ("teams", scale.teams),
            ("vans", scale.vans),
            ("bases", scale.vans),
        )
    }
    places, place_points = _pools(rng, towns, scale.beds, share_free)
    return Problem(
        requests=tuple(_request(rng, k) for k in range(scale.requests)),
        teams=tuple(_team(rng, k) for k in range(scale.teams)),
        vans=tuple(_van(rng, k) for k in range(scale.vans)),
        places=places,
        team_to_request=_drive_s(where["teams"], where["requests"]),
        van_to_request=_drive_s(where["vans"], where["requests"]),
        request_to_place=_drive_s(where["requests"], place_points),
        place_to_base=_drive_s(place_points, where["bases"]),
        policy=Policy(max_team_drive_s=10_800),
    )


def _towns(radius_km: float) -> Points:
    """(n, 2) lon, lat of Utah's ZIP points within reach of Salt Lake City."""
    found = [
        (float(entry["long"]), float(entry["lat"]))
        for entry in zipcodes.filter_by(state="UT", zip_code_type="STANDARD")
    ]
    towns = np.array(sorted(set(found)))
    centre = np.array([[-111.89, 40.76]])
    return towns[_distance_km(towns, centre)[:, 0] <= radius_km]


def _distance_km(a: Points, b: Points) -> Points:
    lon_a, lat_a = np.radians(a).T[:, :, None]
    lon_b, lat_b = np.radians(b).T[:, None, :]
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half = half + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    distance: Points = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    return distance


def _drive_s(a: Points, b: Points) -> Points:
    """Seconds by road: the great circle with a detour, and two minutes at the ends."""
    return np.round(120 + _distance_km(a, b) * DETOUR / ROAD_KM_H * 3600)


def _request(rng: np.random.Generator, k: int) -> Request:
    pick = int(rng.choice(len(WEIGHTS), p=[share for _, _, share in WEIGHTS]))
    weight, rank, _ = WEIGHTS[pick]
    child = CHILD * int(rng.random() < 0.15)
    need = str(rng.choice(["none", "possible", "needed"], p=[0.2, 0.2, 0.6]))
    return Request(
        id=f"r{k:04}",
        weight=weight,
        rank=rank,
        waited_s=float(rng.integers(0, 2400)),
        target_s=TARGETS_S[weight],
        onscene_s=float(rng.integers(1200, 4500)),
        load_s=300,
        needs_van=bool(rng.random() < 0.8),
        place_need=need,  # type: ignore[arg-type]
        team_mask=child,
        van_mask=WHEELCHAIR * int(rng.random() < 0.08) + SECURE * int(rng.random() < 0.1),
        place_mask=child,
        allow_self_transport=bool(rng.random() < 0.4),
    )


def _busy_s(rng: np.random.Generator) -> float:
    return 0.0 if rng.random() < CREWED else float(rng.integers(300, 5400))


def _team(rng: np.random.Generator, k: int) -> Team:
    return Team(
        id=f"t{k:04}",
        mask=CHILD * int(rng.random() < 0.6),
        release_s=_busy_s(rng),
        shift_end_s=float(rng.integers(7200, 36_000)),
        drives=bool(rng.random() < 0.5),
        van_mask=SECURE * int(rng.random() < 0.3),
    )


def _van(rng: np.random.Generator, k: int) -> Van:
    return Van(
        id=f"v{k:04}",
        mask=WHEELCHAIR * int(rng.random() < 0.5) + SECURE * int(rng.random() < 0.5),
        release_s=_busy_s(rng),
        shift_end_s=float(rng.integers(10_800, 36_000)),
    )


def _pools(
    rng: np.random.Generator, towns: Points, beds: int, share_free: float
) -> tuple[tuple[Place, ...], Points]:
    """Pools of about four beds, two to a facility."""
    count = max(2, beds // 4)
    sites = towns[rng.integers(0, len(towns), (count + 1) // 2)]
    sizes = rng.multinomial(beds, np.full(count, 1 / count))
    pools = tuple(
        Place(
            id=f"p{k:04}",
            mask=CHILD * int(rng.random() < 0.4),
            free=int(rng.binomial(size, share_free)),
            penalty_s=float(rng.choice([0, 0, 300])),
        )
        for k, size in enumerate(sizes.tolist())
    )
    return pools, np.repeat(sites, 2, axis=0)[:count]
