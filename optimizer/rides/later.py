"""The same day some time later, driven as planned: what is left to plan, and who is aboard."""

from dataclasses import replace

from optimizer.rides.plan import RidesPlan, Route
from optimizer.rides.problem import Ride, RidesProblem, Van, Window


def later(problem: RidesProblem, plan: RidesPlan, now_s: int) -> RidesProblem:
    """The problem at `now_s`, its moments counted from then.

    Who was dropped off is gone, who was picked up is aboard, each van is free where it is bound for
    as soon as it is there, and the plan is what the consoles show. A ride that was left out is
    still asked for as long as its pick-up's window is open.
    """
    routes = {route.van_id: route for route in plan.routes}
    done, aboard = _past(plan, now_s)
    for ride in problem.rides:
        if ride.aboard_since_s is not None and ride.id not in done:
            aboard.setdefault(ride.id, (str(ride.van), round(ride.aboard_since_s)))
    shown = {stop.ride_id: route.van_id for route in plan.routes for stop in route.stops}
    return replace(
        problem,
        rides=tuple(
            _moved(ride, now_s, aboard.get(ride.id), shown.get(ride.id))
            for ride in problem.rides
            if ride.id not in done
            and (ride.id in shown or ride.id in aboard or ride.pick_up_s[1] >= now_s)
        ),
        vans=tuple(_bound(van, routes[van.id], now_s) for van in problem.vans),
    )


def _past(plan: RidesPlan, now_s: int) -> tuple[set[str], dict[str, tuple[str, int]]]:
    """Who was dropped off; who is aboard, of which van, since when."""
    done: set[str] = set()
    aboard: dict[str, tuple[str, int]] = {}
    for route in plan.routes:
        for stop in route.stops:
            if stop.begin_s <= now_s and stop.deed == "pick_up":
                aboard[stop.ride_id] = route.van_id, stop.leave_s
            elif stop.begin_s <= now_s:
                done.add(stop.ride_id)
                aboard.pop(stop.ride_id, None)
    return done, aboard


def _moved(ride: Ride, now_s: int, aboard: tuple[str, int] | None, shown: str | None) -> Ride:
    ride = replace(
        ride,
        pick_up_s=_window(ride.pick_up_s, now_s),
        drop_off_s=_window(ride.drop_off_s, now_s),
        shown=shown,
    )
    if aboard is None:
        return ride
    return replace(ride, van=aboard[0], aboard_since_s=aboard[1] - now_s)


def _window(window: Window, now_s: int) -> Window:
    return max(0, window[0] - now_s), max(0, window[1] - now_s)


def _bound(van: Van, route: Route, now_s: int) -> Van:
    """Where the van can be sent elsewhere from, and when: where it stands as long as it need not
    leave for its next stop, else there; nobody turns on the road."""
    place, free_s = van.start, round(van.free_s)
    for stop in route.stops:
        drive_s = stop.arrive_s - free_s
        if now_s < stop.begin_s - drive_s:
            break
        place, free_s = stop.place, stop.begin_s
        if now_s < stop.begin_s:
            break
        free_s = stop.leave_s
    else:
        if now_s > free_s and route.drive_s > 0:
            place, free_s = van.base, route.home_s
    end_s = van.shift_end_s - now_s
    return replace(van, start=place, free_s=max(0, free_s - now_s), shift_end_s=end_s)
