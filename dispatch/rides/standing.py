"""Where a van can be sent off from, and when. Pure.

A van that was not seen lately, and must be driving by now to keep to its plan, is taken to do so:
nobody is told another time only because a telephone is silent.
"""

from collections.abc import Callable, Sequence

import numpy as np

from dispatch.rides.policy import RidesPolicy
from dispatch.rides.ride import Ride, RideState, Spot
from dispatch.whereabouts import unit_at
from registry.states import UnitStatus, Van

Point = tuple[float, float]
"""(lon, lat) in degrees."""
Drive = Callable[[Point, Point], float]
"""Seconds of driving; NaN where there is no way."""


def point(spot: Spot) -> Point:
    return spot.lon, spot.lat


def is_taken(van: Van, *, is_laden: bool) -> bool:
    """Whether a crisis request has the van, or it does something else than its rides."""
    is_held = van.hold is not None or van.request is not None
    return not is_laden and (is_held or van.status is not UnitStatus.AVAILABLE)


def standing(
    van: Van, rides: Sequence[Ride], now_ms: int, policy: RidesPolicy, drive: Drive
) -> tuple[Point, float]:
    """Where, and in how many seconds. One that a crisis request has is counted on at its base, a
    good while after it was taken. `rides`: those that the van has yet to fetch or bring."""
    is_laden = any(ride.state is RideState.ABOARD for ride in rides)
    base = van.base_lon, van.base_lat
    begins_s = max(0.0, (van.shift_start_ms - now_ms) / 1000)
    if is_taken(van, is_laden=is_laden):
        since_s = (now_ms - van.changed_ms) / 1000
        return base, max(begins_s, policy.taken_least_s, policy.taken_s - since_s)
    if begins_s > 0 and not is_laden:
        return base, begins_s
    return _by_plan(van, rides, now_ms, policy, drive)


def _by_plan(
    van: Van, rides: Sequence[Ride], now_ms: int, policy: RidesPolicy, drive: Drive
) -> tuple[Point, float]:
    """Where it was seen; or its next stop, when it must be on the way there by now."""
    stops = _stops(rides)
    if not stops or now_ms - van.position_ms <= policy.seen_s * 1000:
        return unit_at(van), 0.0
    seen_ms, here = _seen(van, rides)
    due_ms, there = min(stops)
    drive_s = drive(here, there)
    if np.isnan(drive_s) or now_ms < due_ms - drive_s * 1000:
        return here, 0.0
    return there, max(0.0, due_ms - now_ms, seen_ms + drive_s * 1000 - now_ms) / 1000


def _seen(van: Van, rides: Sequence[Ride]) -> tuple[int, Point]:
    """When (ms UTC) and where the van was last known to be: by its position, or by whom it picked
    up; at its base since ever, when nothing is known."""
    boarded = [
        (ride.boarded_ms, point(ride.origin))
        for ride in rides
        if ride.state is RideState.ABOARD and ride.boarded_ms is not None
    ]
    return max([(van.position_ms, unit_at(van)), *boarded])


def _stops(rides: Sequence[Ride]) -> list[tuple[int, Point]]:
    """What was told of each ride's next stop: when (ms UTC) and where."""
    stops = []
    for ride in rides:
        if ride.planned is not None and ride.state is RideState.ABOARD:
            stops.append((ride.planned.drop_off_ms, point(ride.destination)))
        elif ride.planned is not None:
            stops.append((ride.planned.pick_up_ms, point(ride.origin)))
    return stops
