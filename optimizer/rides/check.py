"""The judge: drives every timetable with the raw problem's numbers and checks every promise.

It shares nothing with the planner but the types of the question and the answer. A plan is shown to
nobody before this.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.plan import RidesPlan, Route, Stop
from optimizer.rides.problem import Ride, RidesProblem, Van


def check(problem: RidesProblem, plan: RidesPlan) -> tuple[str, ...]:
    """What is wrong with the plan, in words; empty if nothing is."""
    return tuple(_Judge.of(problem, plan).faults())


@dataclass(frozen=True, slots=True)
class _Judge:
    problem: RidesProblem
    plan: RidesPlan
    rides: dict[str, Ride]
    vans: dict[str, Van]
    late: dict[str, int]
    overtime: dict[str, int]

    @staticmethod
    def of(problem: RidesProblem, plan: RidesPlan) -> "_Judge":
        return _Judge(
            problem,
            plan,
            {ride.id: ride for ride in problem.rides},
            {van.id: van for van in problem.vans},
            dict(plan.late),
            dict(plan.overtime),
        )

    def faults(self) -> Iterator[str]:
        """Everything, the parties first."""
        parties = list(self._parties())
        yield from parties
        if parties:
            return
        for route in self.plan.routes:
            yield from (f"van {route.van_id}: {fault}" for fault in self._driving(route))
            yield from (f"van {route.van_id}: {fault}" for fault in self._company(route))
            for ride, first, last in self._carried(route):
                faults = self._promise(ride, first, last, self.vans[route.van_id])
                yield from (f"ride {ride.id}: {fault}" for fault in faults)
        yield from self._sums()

    def _parties(self) -> Iterator[str]:
        """Every van has one timetable; every ride is carried whole by one, or left out."""
        if Counter(route.van_id for route in self.plan.routes) != Counter(self.vans.keys()):
            yield "every van must have exactly one timetable"
        left = Counter(one.ride_id for one in self.plan.left_out)
        stops = {
            route.van_id: [(stop.ride_id, stop.deed) for stop in route.stops]
            for route in self.plan.routes
        }
        everywhere = Counter(stop for row in stops.values() for stop in row)
        unknown = (left.keys() | {name for name, _ in everywhere}) - self.rides.keys()
        if unknown:
            yield f"unknown rides {sorted(unknown)}"
        for ride in self.rides.values():
            picked, dropped = everywhere[ride.id, "pick_up"], everywhere[ride.id, "drop_off"]
            aboard = ride.aboard_since_s is not None
            wanted = (0, 1) if aboard else (1, 1)
            if left[ride.id] == 1 and (not aboard or self._is_cut_off(ride)):
                wanted = (0, 0)
            if (picked, dropped) != wanted or left[ride.id] > 1:
                yield f"ride {ride.id}: is not carried once or left out once"
            for row in stops.values():
                both = [deed for name, deed in row if name == ride.id]
                if picked and both not in ([], ["pick_up", "drop_off"]):
                    yield f"ride {ride.id}: is not picked up and dropped off in this order"

    def _is_cut_off(self, ride: Ride) -> bool:
        """Whether a way is missing from where the van is to the end of the ride, from there to the
        base, or both ways between it and the end of another ride aboard."""
        van, there = self.vans[str(ride.van)], ride.destination
        others = [
            one.destination
            for one in self.rides.values()
            if one.aboard_since_s is not None and one.van == ride.van
        ]
        return (
            self._drive(van.start, there) is None
            or self._drive(there, van.base) is None
            or any(self._drive(a, there) is None and self._drive(there, a) is None for a in others)
        )

    def _driving(self, route: Route) -> Iterator[str]:
        """The moments follow from driving; the van comes home in time."""
        van = self.vans[route.van_id]
        here, now, driven = van.start, round(van.free_s), 0
        for stop in route.stops:
            ride = self.rides[stop.ride_id]
            place = ride.origin if stop.deed == "pick_up" else ride.destination
            stays = round(ride.board_s if stop.deed == "pick_up" else ride.alight_s)
            drive = self._drive(here, place)
            if stop.place != place:
                yield f"the {stop.deed} of {ride.id} is at another place"
            if drive is None:
                yield f"there is no way to the {stop.deed} of {ride.id}"
                return
            if stop.arrive_s != now + drive or stop.begin_s < stop.arrive_s:
                yield f"is not at the {stop.deed} of {ride.id} when it says"
            if stop.leave_s != stop.begin_s + stays:
                yield f"does not stay as long as the {stop.deed} of {ride.id} takes"
            here, now, driven = place, stop.leave_s, driven + drive
        drive = self._drive(here, van.base)
        if not route.stops and (drive is None or now + drive > round(van.shift_end_s)):
            drive = 0
        if drive is None:
            yield "there is no way home"
        elif route.home_s != now + drive or route.drive_s != driven + drive:
            yield "the driving does not add up"
        elif route.stops and route.home_s > max(van.shift_end_s, self.overtime.get(van.id, 0)):
            yield "comes home after the end of the shift"

    def _drive(self, origin: int, destination: int) -> int | None:
        seconds = float(self.problem.drive_s[origin, destination])
        return None if isnan(seconds) else round(seconds)

    def _company(self, route: Route) -> Iterator[str]:
        """Seats, and nobody with whoever does not share."""
        van = self.vans[route.van_id]
        aboard = {
            ride.id: ride
            for ride in self.rides.values()
            if ride.aboard_since_s is not None and ride.van == van.id
        }
        before = set(aboard)
        for stop in route.stops:
            if stop.deed == "drop_off":
                aboard.pop(stop.ride_id, None)
                continue
            aboard[stop.ride_id] = self.rides[stop.ride_id]
            if sum(ride.seats for ride in aboard.values()) > van.seats:
                yield f"has too few seats when {stop.ride_id} gets in"
            alone = [ride.id for ride in aboard.values() if not ride.shares]
            if alone and len(aboard) > 1 and set(aboard) - before:
                yield f"carries {alone[0]} together with others"

    def _carried(self, route: Route) -> Iterator[tuple[Ride, Stop | None, Stop]]:
        picked: dict[str, Stop] = {}
        for stop in route.stops:
            if stop.deed == "pick_up":
                picked[stop.ride_id] = stop
            else:
                yield self.rides[stop.ride_id], picked.get(stop.ride_id), stop

    def _promise(self, ride: Ride, first: Stop | None, last: Stop, van: Van) -> Iterator[str]:
        """Windows, the longest ride, and whether the van may carry it at all."""
        if ride.van not in (None, van.id):
            yield f"may not go by {van.id}"
        if ride.id in self.late:
            if last.begin_s > self.late[ride.id] or ride.aboard_since_s is None:
                yield "is later than the plan admits"
            return
        if first is None:
            since = round(ride.aboard_since_s or 0)
        else:
            since = first.leave_s
            if not _within(first.begin_s, ride.pick_up_s):
                yield "is not picked up within its window"
            if ride.mask & ~van.mask:
                yield f"needs what {van.id} does not have"
            if not self._is_in_reach(ride, van):
                yield f"is too far away for {van.id}"
        if not _within(last.begin_s, ride.drop_off_s):
            yield "is not dropped off within its window"
        if last.begin_s - since > round(ride.most_ride_s):
            yield "rides too long"

    def _is_in_reach(self, ride: Ride, van: Van) -> bool:
        if ride.reach_s >= LARGEST_TIME_S:
            return True
        ways = self._drive(van.base, ride.origin), self._drive(ride.destination, van.base)
        return any(way is not None and way <= round(ride.reach_s) for way in ways)

    def _sums(self) -> Iterator[str]:
        plan, cost = self.plan, 0
        for route in plan.routes:
            cost += route.drive_s
            for stop in route.stops:
                ride = self.rides[stop.ride_id]
                if stop.deed == "pick_up":
                    cost += ride.hurry * (stop.begin_s - round(ride.pick_up_s[0]))
                    if ride.shown not in (None, route.van_id):
                        cost += self.problem.stability_s
        cost += sum(self.rides[one.ride_id].left_out_s for one in plan.left_out)
        if plan.cost != cost:
            yield "the cost does not add up"
        if plan.drive_s != sum(route.drive_s for route in plan.routes):
            yield "the driving of all vans does not add up"
        for one in plan.left_out:
            counted = Counter(name for obstacle in one.obstacles for name in obstacle.vans)
            if counted != Counter(self.vans.keys()):
                yield f"ride {one.ride_id}: the obstacles do not name every van once"


def _within(moment_s: int, window: tuple[float, float]) -> bool:
    return round(window[0]) <= moment_s <= round(window[1])
