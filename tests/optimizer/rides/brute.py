"""Every sequence of stops of every van, each with its exact times.

Written apart from the planner: moments are found by asking Bellman-Ford for the longest paths in
the graph of all rules at once, over plain dictionaries.
"""

from collections.abc import Iterator
from itertools import pairwise, product

from optimizer.rides.problem import Ride, RidesProblem, Van

Stop = tuple[int, bool]
"""Which ride, and whether this is its drop-off."""
NEVER = 10**15


def orders(rides: tuple[int, ...]) -> Iterator[tuple[Stop, ...]]:
    """Every order of the stops in which each ride is picked up before it is dropped off."""

    def grow(done: tuple[Stop, ...]) -> Iterator[tuple[Stop, ...]]:
        if len(done) == 2 * len(rides):
            yield done
            return
        for r in rides:
            if (r, False) not in done:
                yield from grow((*done, (r, False)))
            elif (r, True) not in done:
                yield from grow((*done, (r, True)))

    yield from grow(())


def cost_of(problem: RidesProblem, van: Van, order: tuple[Stop, ...]) -> int:
    """The cost of a van's order, NEVER if it breaks a rule."""
    rides = {r: problem.rides[r] for r, _ in order}
    if not _company(van, rides, order) or not _in_reach(problem, van, rides):
        return NEVER
    places = [rides[r].destination if last else rides[r].origin for r, last in order]
    way = [van.start, *places, van.base]
    legs = [float(problem.drive_s[a, b]) for a, b in pairwise(way)]
    moments = _moments(van, rides, order, legs)
    if moments is None:
        return NEVER
    extra = sum(problem.stability_s for ride in rides.values() if ride.shown not in (None, van.id))
    hurry = sum(
        rides[r].hurry * (moment - rides[r].pick_up_s[0])
        for (r, last), moment in zip(order, moments, strict=True)
        if not last
    )
    return round(sum(legs) + extra + hurry)


def _in_reach(problem: RidesProblem, van: Van, rides: dict[int, Ride]) -> bool:
    drive_s = problem.drive_s
    return all(
        min(drive_s[van.base, ride.origin], drive_s[ride.destination, van.base]) <= ride.reach_s
        for ride in rides.values()
    )


def _company(van: Van, rides: dict[int, Ride], order: tuple[Stop, ...]) -> bool:
    aboard: list[int] = []
    for r, last in order:
        if last:
            aboard.remove(r)
        else:
            aboard.append(r)
        if sum(rides[one].seats for one in aboard) > van.seats:
            return False
        if len(aboard) > 1 and any(not rides[one].shares for one in aboard):
            return False
    return all(ride.mask & ~van.mask == 0 and ride.van in (None, van.id) for ride in rides.values())


def _moments(
    van: Van, rides: dict[int, Ride], order: tuple[Stop, ...], legs: list[float]
) -> list[float] | None:
    """The earliest moments of all stops; None if there are none."""
    stays = [rides[r].alight_s if last else rides[r].board_s for r, last in order]
    windows = [rides[r].drop_off_s if last else rides[r].pick_up_s for r, last in order]
    moments = [
        max(window[0], van.free_s + legs[0] if k == 0 else 0) for k, window in enumerate(windows)
    ]
    rules = [(k, k + 1, stays[k] + legs[k + 1]) for k in range(len(order) - 1)]
    for r, ride in rides.items():
        first, last = order.index((r, False)), order.index((r, True))
        rules.append((last, first, -ride.most_ride_s - stays[first]))
    for _ in range(len(order) + 1):
        changed = False
        for before, behind, least in rules:
            if moments[before] + least > moments[behind]:
                moments[behind] = moments[before] + least
                changed = True
        if not changed:
            break
    else:
        return None
    if any(moment > window[1] for moment, window in zip(moments, windows, strict=True)):
        return None
    end = moments[-1] + stays[-1] + legs[-1] if order else van.free_s + legs[0]
    return moments if end <= van.shift_end_s else None


def optimum(problem: RidesProblem) -> int:
    """The least cost of all plans there are."""
    vans, count = problem.vans, len(problem.rides)
    best: dict[tuple[int, tuple[int, ...]], int] = {}

    def cheapest(v: int, rides: tuple[int, ...]) -> int:
        if (v, rides) not in best:
            costs = [cost_of(problem, vans[v], order) for order in orders(rides)]
            if not rides and costs == [NEVER]:
                costs = [0]
            best[v, rides] = min(costs)
        return best[v, rides]

    return min(
        sum(cheapest(v, tuple(r for r in range(count) if where[r] == v)) for v in range(len(vans)))
        + sum(problem.rides[r].left_out_s for r in range(count) if where[r] == len(vans))
        for where in product(range(len(vans) + 1), repeat=count)
    )
