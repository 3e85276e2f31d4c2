"""The rides' planner is asked: rides, vans and roads become the optimizer's problem, and back. Pure
but for the roads.

A pick-up window that was told is kept if it can be; `freed` rides are planned as if nothing had
been told to them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dispatch.rides.policy import RidesPolicy
from dispatch.rides.ride import Lacking, Leg, Planned, RideState, is_begun, is_overdue
from dispatch.rides.ride import Ride as Asked
from dispatch.rides.standing import Drive, Point, is_taken, point, standing
from dispatch.whereabouts import unit_at
from geo.points import positions
from geo.travel import TravelTimes
from optimizer.problem import LARGEST_TIME_S, Seconds
from optimizer.rides.plan import Deed, RidesPlan, Route, Stop
from optimizer.rides.problem import ANY_TIME, Ride, RidesProblem, Van, Window
from registry import states
from registry.states import UnitStatus

HURRY = 1
"""A second that somebody waits for the ride home, or in a window that was told, weighs one second
of driving."""

Row = Callable[[Point], int]
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


def unreported(day: Day) -> frozenset[str]:
    """The rides whose window is over without a word, though their van is still at it.

    Nobody knows how they stand: they keep what was told, the plan goes on without them, and the
    desk asks.
    """
    at_it = _at_it(day)
    return frozenset(
        ride.id for ride in day.rides if is_overdue(ride, day.now_ms) and ride.van in at_it
    )


def near(day: Day) -> list[Asked]:
    """The rides that are planned already: not too far ahead, not without a word, and aboard of vans
    that are known."""
    known, silent = {van.id for van in day.vans}, unreported(day)
    last_ms = day.now_ms + day.policy.ahead_s * 1000
    return [
        ride
        for ride in day.rides
        if ride.id not in silent
        and (ride.van in known if ride.state is RideState.ABOARD else ride.starts_ms <= last_ms)
    ]


def question(day: Day, travel: TravelTimes, freed: frozenset[str] = frozenset()) -> RidesQuestion:
    """The region's rides at this moment. Raises what the roads raise."""
    rides, at_it = near(day), _at_it(day)
    places: dict[Point, int] = {}

    def row(at: Point) -> int:
        return places.setdefault(at, len(places))

    def drive(origin: Point, destination: Point) -> float:
        return float(drive_s[row(origin), row(destination)])

    for ride in rides:
        row(point(ride.origin))
        row(point(ride.destination))
    for van in day.vans:
        row(unit_at(van))
        row((van.base_lon, van.base_lat))
    drive_s = _drive_s(places, travel)
    due = frozenset(ride.id for ride in rides if is_begun(ride, day.now_ms) and ride.van in at_it)
    problem = RidesProblem(
        rides=tuple(
            _ride(ride, day, row, drive, is_freed=ride.id in freed, is_due=ride.id in due - freed)
            for ride in rides
        ),
        vans=tuple(_van(van, rides, day, row, drive) for van in day.vans),
        drive_s=drive_s,
        stability_s=day.policy.stability_s,
    )
    return RidesQuestion(day, problem, {ride.id: ride for ride in rides})


def _at_it(day: Day) -> frozenset[str]:
    """The vans that go on with their scheduled rides."""
    laden = {ride.van for ride in day.rides if ride.state is RideState.ABOARD}
    return frozenset(van.id for van in day.vans if not is_taken(van, is_laden=van.id in laden))


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
                picked_ms = _picked_ms(
                    question.asked[ride_id], begins.get((ride_id, "pick_up")), route.van_id, now_ms
                )
                found[ride_id] = Planned(
                    route.van_id, picked_ms, begins[ride_id, deed], names[route.van_id]
                )
    return found


def _picked_ms(ride: Asked, begin_ms: int | None, van: str, now_ms: int) -> int:
    """When it is picked up. A van that is at the door at this moment came when it was planned."""
    if begin_ms is None:
        return ride.boarded_ms or now_ms
    if ride.planned is None or ride.van != van or begin_ms > now_ms:
        return begin_ms
    return min(begin_ms, ride.planned.pick_up_ms)


def lacking_of(day: Day, plan: RidesPlan) -> dict[str, tuple[Lacking, ...]]:
    """By ride that is not carried: why. A ride too far ahead waits for its day."""
    found: dict[str, tuple[Lacking, ...]] = {ride.id: (Lacking("later", 0),) for ride in day.rides}
    for one in plan.left_out:
        reasons = tuple(Lacking(why.fault, len(why.vans)) for why in one.obstacles)
        found[one.ride_id] = reasons or (Lacking("no_van", 0),)
    return found


def _drive_s(places: Mapping[Point, int], travel: TravelTimes) -> Seconds:
    if not places:
        return np.zeros((0, 0))
    at = positions(list(places))
    return travel.matrix(at, at).seconds


def _ride(ride: Asked, day: Day, row: Row, drive: Drive, *, is_freed: bool, is_due: bool) -> Ride:
    """`is_due`: its window has begun, so its van comes for it, late if need be."""
    policy, aboard = day.policy, ride.state is RideState.ABOARD
    ends = point(ride.origin), point(ride.destination)
    pick_up, drop_off = _windows(ride, policy)
    is_kept = ride.told is not None and not is_freed
    if ride.told is not None and is_kept:
        first_ms, last_ms = pick_up or ride.told
        pick_up = max(first_ms, ride.told[0]), min(last_ms, ride.told[1])
    pick_up_s, drop_off_s = _from_now(pick_up, day.now_ms), _from_now(drop_off, day.now_ms)
    if is_due:
        pick_up_s, drop_off_s = ANY_TIME, (drop_off_s[0], ANY_TIME[1])
    return Ride(
        id=ride.id,
        origin=row(ends[0]),
        destination=row(ends[1]),
        pick_up_s=pick_up_s,
        drop_off_s=drop_off_s,
        most_ride_s=_most_ride_s(drive(*ends), policy),
        board_s=_board_left_s(ride, day) if is_due else policy.board_s,
        alight_s=policy.alight_s,
        seats=ride.seats,
        mask=_mask(ride.needs, day.words) | _nowhere(ride.needs, day.words),
        shares=ride.shares,
        van=ride.van if aboard or is_due else None,
        aboard_since_s=_since_s(ride, day) if aboard else None,
        shown=ride.van,
        hurry=HURRY if (ride.leg is Leg.HOME or is_due) and not aboard else 0,
        reach_s=LARGEST_TIME_S if is_kept or aboard else policy.reach_s,
    )


def _windows(ride: Asked, policy: RidesPolicy) -> tuple[Span, Span]:
    """Pick-up and drop-off as the appointment asks for them (ms UTC); None: any time."""
    if ride.leg is Leg.TO:
        first_ms = ride.starts_ms - round(policy.early_s * 1000)
        return None, (first_ms, ride.starts_ms - round(policy.before_s * 1000))
    return (ride.ends_ms, ride.ends_ms + round(policy.home_within_s * 1000)), None


def _board_left_s(ride: Asked, day: Day) -> float:
    """A van that came as planned has them aboard by and by: nobody reports before."""
    since_ms = 0 if ride.planned is None else max(0, day.now_ms - ride.planned.pick_up_ms)
    return max(0.0, day.policy.board_s - since_ms / 1000)


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


def _van(van: states.Van, rides: Sequence[Asked], day: Day, row: Row, drive: Drive) -> Van:
    own = [ride for ride in rides if ride.van == van.id]
    at, free_s = standing(van, own, day.now_ms, day.policy, drive)
    return Van(
        id=van.id,
        start=row(at),
        base=row((van.base_lon, van.base_lat)),
        seats=van.seats,
        mask=_mask(van.offers, day.words),
        free_s=free_s,
        shift_end_s=(van.shift_end_ms - day.now_ms) / 1000,
    )


def _nowhere(needs: Iterable[str], known: Sequence[str]) -> int:
    """The flag that no van has: of a need that vans are not asked for, which is not met by that."""
    return 0 if set(needs) <= set(known) else 1 << len(known)


def _mask(words: Iterable[str], known: Sequence[str]) -> int:
    return sum(1 << known.index(word) for word in set(words) if word in known)
