"""One more scheduled ride into a region's day that is told already: from the cards to the answer.

What the planner's loop does in between is all in it: the question with its travel times, what was
told taken over, the insertion, the judge, and what is to be told. Only the stores are left out.
"""

from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.plan import SALT_LAKE_CITY, road_s, zip_points
from benchmarks.rows import Row, row
from dispatch.rides.loop import changed, planned
from dispatch.rides.policy import load_rides_policy
from dispatch.rides.question import Day
from dispatch.rides.ride import Leg, Ride, RideState, Spot
from geo.estimate import Estimate
from registry.states import Van

POLICY = load_rides_policy(Path(__file__).parents[1] / "policy" / "rides.toml", 300)
NOW_MS = 1_800_000_000_000
H_MS = 3_600_000
RIDES, VANS = 60, 16
AROUND_S = 2700.0


def new_ride_rows(count: int) -> list[Row]:
    """`rides.told_ms`: wall time from a ride that is asked for to what is told."""
    day = _told(_day(RIDES))
    spent_ms = []
    for number in range(count):
        ride = _ride(np.random.default_rng(1000 + number), f"new{number}")
        asked = replace(day, rides=(*day.rides, ride))
        began = perf_counter()
        changes = changed(*planned(asked, Estimate(), 0))
        spent_ms.append(1000 * (perf_counter() - began))
        if ride.id not in {after.id for _, after in changes}:
            raise AssertionError("the new ride was not answered")
    p50, p99 = (float(np.percentile(spent_ms, q)) for q in (50, 99))
    return [row("rides.told_ms", p50, "ms", None, baseline=p99)]


def _told(day: Day) -> Day:
    after = {now.id: now for _, now in changed(*planned(day, Estimate(), 300))}
    return replace(day, rides=tuple(after.get(ride.id, ride) for ride in day.rides))


def _day(rides: int) -> Day:
    rng = np.random.default_rng(0)
    return Day(
        NOW_MS,
        tuple(_ride(rng, f"r{number:02}") for number in range(rides)),
        tuple(_van(rng, f"v{number:02}") for number in range(VANS)),
        ("wheelchair", "secure"),
        POLICY,
    )


def _spot(rng: np.random.Generator) -> Spot:
    towns = zip_points("UT")
    towns = towns[road_s(towns, SALT_LAKE_CITY)[:, 0] <= AROUND_S]
    lon, lat = towns[int(rng.integers(0, len(towns)))]
    return Spot(float(lon), float(lat))


def _ride(rng: np.random.Generator, name: str) -> Ride:
    starts_ms = NOW_MS + round(float(rng.uniform(1.5, 8)) * H_MS)
    return Ride(
        id=name,
        version=1,
        state=RideState.ASKED,
        appointment=name,
        slot=name,
        provider="clinic",
        leg=Leg.TO if rng.random() < 0.5 else Leg.HOME,
        starts_ms=starts_ms,
        ends_ms=starts_ms + H_MS,
        person=_spot(rng),
        care=_spot(rng),
        seats=1,
        needs=("wheelchair",) if rng.random() < 0.1 else (),
        shares=bool(rng.random() < 0.85),
        asked_ms=NOW_MS,
    )


def _van(rng: np.random.Generator, name: str) -> Van:
    base = _spot(rng)
    return Van(
        id=name,
        zone="z",
        name=name,
        seats=6,
        offers=("wheelchair",) if int(name[1:]) % 2 == 0 else (),
        driver=name,
        shift_start_ms=NOW_MS - H_MS,
        shift_end_ms=NOW_MS + 11 * H_MS,
        base_lon=base.lon,
        base_lat=base.lat,
    )
