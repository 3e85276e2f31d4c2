"""A region at state scale: 60 teams, 40 vans and 154 bed pools, spread as the population is."""

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caretower.demo.world import Place, World, stable_id
from geo.region import Region
from registry.states import Pool, Team, Van
from registry.vocabulary import load_vocabulary
from simulator.demand import Caller
from simulator.happenings import caller_of, settlement_of
from simulator.parameters import load_parameters
from simulator.people import invent
from simulator.streams import Streams

POLICY = Path(__file__).parents[1] / "policy"
TEAMS, VANS, FACILITIES, POOLS = 60, 40, 48, 154
DAY_MS = 86_400_000
TYPES = ("receiving", "stabilization", "observation_23h", "residential_crisis", "inpatient_adult")
PEOPLE = ("adult", "adolescent", "older_adult", "child", "voluntary", "involuntary")
SUPPORT = ("psychosis", "substance_use", "wheelchair", "secure", "high_acuity", "aggression")


@dataclass(frozen=True, slots=True)
class _Spot:
    lon: float
    lat: float
    zone: str


def crowd(region: Region, seed: int = 7) -> Caller:
    """Whoever may call in the region, as the simulation's parameters have it."""
    parameters = load_parameters(POLICY / "simulation.toml", load_vocabulary())
    return caller_of(region, parameters, Streams(seed))


def crisis(rng: random.Random, people: Caller) -> dict[str, Any]:
    """The body that opens one invented request now."""
    dice = np.random.default_rng(rng.getrandbits(64))
    return invent(dice, people, time.time_ns() // 1_000_000)


def state_world(region: Region, now_ms: int, seed: int = 7) -> World:
    """The same world for the same seed."""
    rng = random.Random(seed)
    people = settlement_of(region)

    def spot() -> _Spot:
        index = rng.choices(range(len(people.names)), people.weights.tolist())[0]
        lon, lat = (float(v) for v in people.points[index])
        zone = region.authorities.locate(np.array([[lon, lat]]))[0]
        return _Spot(lon, lat, zone) if zone else spot()

    facilities = [_facility(n, spot()) for n in range(FACILITIES)]
    return World(
        facilities=tuple(facilities),
        providers=(),
        pools=tuple(_pool(n, facilities[n % FACILITIES], rng) for n in range(POOLS)),
        slots=(),
        teams=tuple(_team(n, spot(), rng, now_ms) for n in range(TEAMS)),
        vans=tuple(_van(n, spot(), now_ms) for n in range(VANS)),
    )


def _facility(number: int, at: _Spot) -> Place:
    return Place(
        id=stable_id("bench", "facility", str(number)),
        slug=f"facility-{number}",
        name=f"Bench facility {number}",
        kind="receiving",
        zone=at.zone,
        lon=at.lon,
        lat=at.lat,
        phone="+1-801-555-0100",
    )


def _pool(number: int, home: Place, rng: random.Random) -> Pool:
    capacity = rng.randint(3, 16)
    return Pool(
        id=stable_id("bench", "pool", str(number)),
        facility=home.id,
        zone=home.zone,
        name=f"Unit {number}",
        type=TYPES[number % len(TYPES)],
        takes=(*PEOPLE, *rng.sample(SUPPORT, 4)),
        lon=home.lon,
        lat=home.lat,
        capacity=capacity,
        occupied=rng.randint(0, capacity),
        phone=home.phone,
    )


def _team(number: int, at: _Spot, rng: random.Random, now_ms: int) -> Team:
    return Team(
        id=stable_id("bench", "team", str(number)),
        zone=at.zone,
        name=f"MCOT {number}",
        offers=(*PEOPLE, *SUPPORT, "lang_en", *(("lang_es",) if rng.random() < 0.3 else ())),
        seats=number % 2,
        shift_start_ms=now_ms - DAY_MS,
        shift_end_ms=now_ms + DAY_MS,
        base_lon=at.lon,
        base_lat=at.lat,
    )


def _van(number: int, at: _Spot, now_ms: int) -> Van:
    return Van(
        id=stable_id("bench", "van", str(number)),
        zone=at.zone,
        name=f"Van {number}",
        seats=3,
        offers=("wheelchair", "secure"),
        shift_start_ms=now_ms - DAY_MS,
        shift_end_ms=now_ms + DAY_MS,
        base_lon=at.lon,
        base_lat=at.lat,
    )
