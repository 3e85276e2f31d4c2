"""Why a ride is left out: for every van, the first thing that keeps it from carrying the ride."""

from typing import Literal

import numpy as np

from optimizer.eligibility import Bools
from optimizer.rides.engine import engine
from optimizer.rides.model import (
    FAR,
    PROMISED,
    Model,
    Work,
    found_of,
    is_in_reach,
    is_way,
    routes_of,
)
from optimizer.rides.plan import Obstacle
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.promises import Broken

Fault = Literal["lacks", "seats", "other_van", "no_way", "far", "hours", "busy"]
ORDER: tuple[Fault, ...] = ("lacks", "seats", "other_van", "no_way", "far", "hours", "busy")


def obstacles_of(
    problem: RidesProblem,
    rides: tuple[Ride, ...],
    model: Model,
    work: Work,
    left: list[int],
    broken: Broken,
) -> dict[int, tuple[Obstacle, ...]]:
    """By row of the ride, each van counted once."""
    if not left:
        return {}
    could = _could(model, work, left)
    crowded = {rides[r].van for r in broken.stranded}
    found = {}
    for k, r in enumerate(left):
        ride = rides[r]
        faults: list[Fault] = [
            "no_way"
            if r in broken.stranded and ride.van == van.id
            else _fault(model, r, ride, van, bool(could[k, v]) or van.id in crowded)
            for v, van in enumerate(problem.vans)
        ]
        found[r] = tuple(
            Obstacle(
                fault,
                tuple(van.id for van, f in zip(problem.vans, faults, strict=True) if f == fault),
                _bits(ride, problem.vans) if fault == "lacks" else (),
            )
            for fault in ORDER
            if fault in faults
        )
    return found


def _could(model: Model, work: Work, left: list[int]) -> Bools:
    """(left, vans): whether a van could carry the ride besides those who are aboard by now."""
    routes, found = routes_of(model), found_of(model)
    routes.van[model.left_out < PROMISED] = 0
    engine().settle_all(model, routes, work)
    engine().put_back(model, routes, found, work, 1)
    return np.array(
        [
            [
                engine().insertion(model, routes, found, work, r, v) < FAR
                for v in range(len(model.start))
            ]
            for r in left
        ],
        dtype=np.bool_,
    ).reshape(len(left), len(model.start))


def _fault(model: Model, r: int, ride: Ride, van: Van, could: bool) -> Fault:
    a, b = model.place[2 * r], model.place[2 * r + 1]
    if ride.mask & ~van.mask:
        return "lacks"
    if ride.seats > van.seats:
        return "seats"
    if ride.van not in (None, van.id):
        return "other_van"
    if not (is_way(model, van.start, a) and is_way(model, a, b) and is_way(model, b, van.base)):
        return "no_way"
    if not is_in_reach(model, ride, van.base):
        return "far"
    if could:
        return "busy"
    # A van is planned from its way home, so without one it is given nothing.
    return "hours" if is_way(model, van.start, van.base) else "no_way"


def _bits(ride: Ride, vans: tuple[Van, ...]) -> tuple[int, ...]:
    """The capabilities that some van lacks, as bit positions."""
    missing = 0
    for van in vans:
        missing |= ride.mask & ~van.mask
    return tuple(bit for bit in range(missing.bit_length()) if missing >> bit & 1)
