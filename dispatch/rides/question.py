"""The rides' planner is asked: rides, vans and roads become the optimizer's problem, and back. Pure
but for the roads.

A pick-up window that was told is kept if it can be; `freed` rides are planned as if nothing had
been told to them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.rides.policy import RidesPolicy
from dispatch.rides.ride import Lacking, Leg, Planned, RideState, Spot
from dispatch.rides.ride import Ride as Asked
from dispatch.whereabouts import unit_at
from geo.points import positions
from geo.travel import TravelTimes
from optimizer.problem import LARGEST_TIME_S, Seconds
from optimizer.rides.plan import Deed, RidesPlan, Route, Stop
from optimizer.rides.problem import ANY_TIME, Ride, RidesProblem, Van, Window
from registry import states
from registry.states import UnitStatus

HURRY = 1
"""A second that somebody waits for the ride home weighs one second of driving."""

Row = Callable[[float, float], int]
Span = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Day:
    """What is true now. `rides` are open ones; `words` those that a van can offer."""

    now_ms: int
    rides: tuple[Asked, ...]
    vans: tuple[states.Van, ...]
    words: tuple[str, ...]
    policy: RidesPolicy


@dataclass(frozen=True, slots=True, eq=False)
class RidesQuestion:
    """The optimizer's problem, with what is needed to tell its answer."""

    day: Day
    problem: RidesProblem
    asked: Mapping[str, Asked]


def working(vans: Iterable[states.Van], rides: Sequence[Asked], now_ms: int) -> list[states.Van]:
    """The vans that scheduled rides can count on, by id; whoever has riders aboard among them."""
    laden = {ride.van for ride in rides if ride.state is RideState.ABOARD}
    return [
        van
        for van in sorted(vans, key=lambda one: one.id)
        if van.id in laden
        or (
            van.driver is not None
            and van.status is not UnitStatus.OUT_OF_SERVICE
            and van.shift_end_ms > now_ms
        )
    ]


def near(day: Day) -> list[Asked]:
    """The rides that are planned already: not too far ahead, and aboard of vans that are known."""
    known = {van.id for van in day.vans}
    last_ms = day.now_ms + day.policy.ahead_s * 1000
    return [
        ride
        for ride in day.rides
        if (ride.van in known if ride.state is RideState.ABOARD else ride.starts_ms <= last_ms)
    ]


def question(day: Day, travel: TravelTimes, freed: frozenset[str] = frozenset()) -> RidesQuestion:
    """The region's rides at this moment. Raises what the roads raise."""
    rides = near(day)
    places: dict[tuple[float, float], int] = {}

    def row(lon: float, lat: float) -> int:
        return places.setdefault((lon, lat), len(places))

    ends = [(_row(ride.origin, row), _row(ride.destination, row)) for ride in rides]
    laden = {ride.van for ride in rides if ride.state is RideState.ABOARD}
    vans = tuple(_van(van, day, row, is_laden=van.id in laden) for van in day.vans)
    drive_s = _drive_s(places, travel)
    problem = RidesProblem(
        rides=tuple(
            _ride(ride, day, *places_of, drive_s, is_freed=ride.id in freed)
            for ride, places_of in zip(rides, ends, strict=True)
        ),
        vans=vans,
        drive_s=drive_s,
        stability_s=day.policy.stability_s,
    )
    return RidesQuestion(day, problem, {ride.id: ride for ride in rides})


def shown(day: Day) -> RidesPlan:
    """What was told, as a plan: each van's stops in the order of their times."""
    stops: dict[str, list[tuple[int, Stop]]] = {van.id: [] for van in day.vans}
    for ride in near(day):
        plan = ride.planned
        if plan is None or plan.van not in stops:
            continue
        deeds: list[tuple[int, Deed]] = [(plan.drop_off_ms, "drop_off")]
        if ride.state is RideState.PLANNED:
            deeds.insert(0, (plan.pick_up_ms, "pick_up"))
        stops[plan.van] += [(at_ms, Stop(ride.id, deed, 0, 0, 0, 0)) for at_ms, deed in deeds]
    routes = (
        Route(van, tuple(stop for _, stop in sorted(told, key=lambda one: one[0])), 0, 0)
        for van, told in stops.items()
    )
    return RidesPlan(tuple(routes), (), (), (), 0, 0)


def planned_of(question: RidesQuestion, plan: RidesPlan) -> dict[str, Planned]:
    """By ride that is carried: its van and moments."""
    now_ms = question.day.now_ms
    names = {van.id: van.name for van in question.day.vans}
    found = {}
    for route in plan.routes:
        begins = {(stop.ride_id, stop.deed): now_ms + stop.begin_s * 1000 for stop in route.stops}
        for ride_id, deed in begins:
            if deed == "drop_off":
                boarded_ms = question.asked[ride_id].boarded_ms
                picked_ms = begins.get((ride_id, "pick_up"), boarded_ms or now_ms)
                found[ride_id] = Planned(
                    route.van_id, picked_ms, begins[ride_id, deed], names[route.van_id]
                )
    return found


def lacking_of(day: Day, plan: RidesPlan) -> dict[str, tuple[Lacking, ...]]:
    """By ride that is not carried: why. A ride too far ahead waits for its day."""
    found: dict[str, tuple[Lacking, ...]] = {ride.id: (Lacking("later", 0),) for ride in day.rides}
    for one in plan.left_out:
        reasons = tuple(Lacking(why.fault, len(why.vans)) for why in one.obstacles)
        found[one.ride_id] = reasons or (Lacking("no_van", 0),)
    return found


def _row(spot: Spot, row: Row) -> int:
    return row(spot.lon, spot.lat)


def _drive_s(places: Mapping[tuple[float, float], int], travel: TravelTimes) -> Seconds:
    if not places:
        return np.zeros((0, 0))
    at = positions(list(places))
    return travel.matrix(at, at).seconds


def _ride(
    ride: Asked, day: Day, origin: int, destination: int, drive_s: Seconds, *, is_freed: bool
) -> Ride:
    policy, aboard = day.policy, ride.state is RideState.ABOARD
    pick_up, drop_off = _windows(ride, policy)
    is_kept = ride.told is not None and not is_freed
    if ride.told is not None and is_kept:
        first_ms, last_ms = pick_up or ride.told
        pick_up = max(first_ms, ride.told[0]), min(last_ms, ride.told[1])
    return Ride(
        id=ride.id,
        origin=origin,
        destination=destination,
        pick_up_s=_from_now(pick_up, day.now_ms),
        drop_off_s=_from_now(drop_off, day.now_ms),
        most_ride_s=_most_ride_s(float(drive_s[origin, destination]), policy),
        board_s=policy.board_s,
        alight_s=policy.alight_s,
        seats=ride.seats,
        mask=_mask(ride.needs, day.words) | _nowhere(ride.needs, day.words),
        shares=ride.shares,
        van=ride.van if aboard else None,
        aboard_since_s=_since_s(ride, day) if aboard else None,
        shown=ride.van,
        hurry=HURRY if ride.leg is Leg.HOME and not aboard else 0,
        reach_s=LARGEST_TIME_S if is_kept or aboard else policy.reach_s,
    )


def _windows(ride: Asked, policy: RidesPolicy) -> tuple[Span, Span]:
    """Pick-up and drop-off as the appointment asks for them (ms UTC); None: any time."""
    if ride.leg is Leg.TO:
        first_ms = ride.starts_ms - round(policy.early_s * 1000)
        return None, (first_ms, ride.starts_ms - round(policy.before_s * 1000))
    return (ride.ends_ms, ride.ends_ms + round(policy.home_within_s * 1000)), None


def _from_now(span: Span, now_ms: int) -> Window:
    """Whole seconds within the span: a plan never reaches over what was told, not by rounding."""
    if span is None:
        return ANY_TIME
    first_s, last_s = -((now_ms - span[0]) // 1000), (span[1] - now_ms) // 1000
    return max(0, first_s), max(0, first_s, last_s)


def _most_ride_s(direct_s: float, policy: RidesPolicy) -> float:
    if np.isnan(direct_s):
        return policy.detour_s
    return max(policy.detour_factor * direct_s, direct_s + policy.detour_s)


def _since_s(ride: Asked, day: Day) -> float:
    return min(0.0, ((ride.boarded_ms or day.now_ms) - day.now_ms) / 1000)


def _van(van: states.Van, day: Day, row: Row, *, is_laden: bool) -> Van:
    at, free_s = _free(van, day, is_laden=is_laden)
    return Van(
        id=van.id,
        start=row(*at),
        base=row(van.base_lon, van.base_lat),
        seats=van.seats,
        mask=_mask(van.offers, day.words),
        free_s=free_s,
        shift_end_s=(van.shift_end_ms - day.now_ms) / 1000,
    )


def _free(van: states.Van, day: Day, *, is_laden: bool) -> tuple[tuple[float, float], float]:
    """Where and when the van can be sent off. One that a crisis request has is counted on at its
    base, a good while after it was taken."""
    begins_s = max(0.0, (van.shift_start_ms - day.now_ms) / 1000)
    if is_laden:
        return unit_at(van), 0.0
    taken = van.hold is not None or van.request is not None
    if taken or van.status is not UnitStatus.AVAILABLE:
        since_s = (day.now_ms - van.changed_ms) / 1000
        left_s = max(day.policy.taken_least_s, day.policy.taken_s - since_s)
        return (van.base_lon, van.base_lat), max(begins_s, left_s)
    if begins_s > 0:
        return (van.base_lon, van.base_lat), begins_s
    return unit_at(van), 0.0


def _nowhere(needs: Iterable[str], known: Sequence[str]) -> int:
    """The flag that no van has: of a need that vans are not asked for, which is not met by that."""
    return 0 if set(needs) <= set(known) else 1 << len(known)


def _mask(words: Iterable[str], known: Sequence[str]) -> int:
    return sum(1 << known.index(word) for word in set(words) if word in known)
