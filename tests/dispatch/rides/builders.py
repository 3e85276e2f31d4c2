"""Rides, vans and days for the tests of scheduled rides; nothing outside is touched."""

from pathlib import Path
from typing import Any

from dispatch.rides.policy import load_rides_policy
from dispatch.rides.question import Day, working
from dispatch.rides.ride import Leg, Ride, RideState, Spot
from registry.states import Van

POLICY = load_rides_policy(Path(__file__).parents[3] / "policy" / "rides.toml", 300)
NOW_MS = 1_800_000_000_000
MIN_MS = 60_000
H_MS = 60 * MIN_MS
WORDS = ("wheelchair", "secure")
BASE = (-112.0, 41.2)
CLINIC = Spot(-111.96, 41.23)
PERSON = Spot(-111.97, 41.1)


def a_van(name: str = "v-1", **changes: Any) -> Van:
    """A van at its base with a driver, on shift for ten hours."""
    given: dict[str, Any] = {
        "id": name,
        "zone": "weber",
        "name": name,
        "seats": 4,
        "driver": "d",
        "shift_start_ms": NOW_MS - H_MS,
        "shift_end_ms": NOW_MS + 10 * H_MS,
        "base_lon": BASE[0],
        "base_lat": BASE[1],
        "changed_ms": NOW_MS - H_MS,
    }
    return Van(**(given | changes))


def a_ride(name: str = "r-1", **changes: Any) -> Ride:
    """To an appointment three hours from now, in the town next to the clinic's."""
    given: dict[str, Any] = {
        "id": name,
        "version": 1,
        "state": RideState.ASKED,
        "appointment": f"a-{name}",
        "slot": f"s-{name}",
        "provider": "clinic",
        "leg": Leg.TO,
        "starts_ms": NOW_MS + 3 * H_MS,
        "ends_ms": NOW_MS + 4 * H_MS,
        "person": PERSON,
        "care": CLINIC,
        "seats": 1,
        "needs": (),
        "shares": True,
        "asked_ms": NOW_MS - H_MS,
    }
    return Ride(**(given | changes))


def a_day(rides: list[Ride], vans: list[Van], now_ms: int = NOW_MS) -> Day:
    return Day(now_ms, tuple(rides), tuple(working(vans, rides, now_ms)), WORDS, POLICY)
