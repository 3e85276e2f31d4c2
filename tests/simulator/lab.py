"""A small laboratory: the real region, a handful of crews and facilities, the real rules."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dispatch.planning.policy import load_planning_policy
from dispatch.planning.situation import Rules
from dispatch.policy import load_policy
from geo.region import Region, load_region
from registry.freshness import load_freshness
from registry.states import Pool, Team, Van
from registry.vocabulary import load_vocabulary
from simulator.parameters import Parameters, load_parameters
from simulator.policies import POLICIES, Make
from simulator.study import Cast, Laboratory

POLICY = Path(__file__).parents[2] / "policy"
CACHE = Path(__file__).parents[2] / "build" / "region-cache"
DISPATCH = load_policy(POLICY / "dispatch.toml")
PARAMETERS = load_parameters(POLICY / "simulation.toml", load_vocabulary())
TAKES = ("child", "adolescent", "adult", "older_adult", "voluntary", "involuntary", "psychosis")
ALSO = ("substance_use", "wheelchair", "high_acuity", "secure", "aggression")
TOWNS = ((-111.89, 40.76), (-111.66, 40.23), (-111.97, 41.22), (-113.58, 37.10))
DAY_MS = 86_400_000


@cache
def region() -> Region:
    return load_region("utah", CACHE)


def rules() -> Rules:
    return Rules(
        planning=load_planning_policy(POLICY / "planning.toml", load_vocabulary()),
        freshness=load_freshness(POLICY / "freshness.toml"),
        weight=DISPATCH.weight,
        vocabulary=load_vocabulary(),
    )


def zone_at(lon: float, lat: float) -> str:
    found = region().authorities.locate(np.array([[lon, lat]]))[0]
    assert found is not None
    return found


def team(number: int, **more: Any) -> Team:
    lon, lat = TOWNS[number % len(TOWNS)]
    given: dict[str, Any] = {
        "id": f"t-{number}",
        "zone": zone_at(lon, lat),
        "name": f"Team {number}",
        "offers": (*TAKES, *ALSO, "lang_en"),
        "seats": number % 2,
        "shift_start_ms": 0,
        "shift_end_ms": DAY_MS,
        "base_lon": lon + 0.01 * number,
        "base_lat": lat,
    }
    return Team(**(given | more))


def van(number: int) -> Van:
    lon, lat = TOWNS[number % len(TOWNS)]
    return Van(
        id=f"v-{number}",
        zone=zone_at(lon, lat),
        name=f"Van {number}",
        seats=3,
        offers=("wheelchair", "secure"),
        driver="d",
        shift_start_ms=0,
        shift_end_ms=DAY_MS,
        base_lon=lon,
        base_lat=lat,
    )


def pool(number: int, **more: Any) -> Pool:
    lon, lat = TOWNS[number % len(TOWNS)]
    given: dict[str, Any] = {
        "id": f"p-{number}",
        "facility": f"f-{number % len(TOWNS)}",
        "zone": zone_at(lon, lat),
        "name": f"Unit {number}",
        "type": ("receiving", "inpatient_adult", "walk_in")[number % 3],
        "takes": (*TAKES, *ALSO),
        "lon": lon,
        "lat": lat,
        "capacity": 6,
        "occupied": 4,
    }
    return Pool(**(given | more))


def laboratory(
    *,
    teams: int = 8,
    vans: int = 4,
    pools: int = 8,
    parameters: Parameters = PARAMETERS,
    policies: Mapping[str, Make] = POLICIES,
) -> Laboratory:
    cast = Cast(
        teams=[team(n) for n in range(teams)],
        vans=[van(n) for n in range(vans)],
        pools=[pool(n) for n in range(pools)],
    )
    return Laboratory(region(), cast, parameters, rules(), DISPATCH, policies, warm_up_ms=0)
