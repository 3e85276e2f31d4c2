"""The numeric model: a problem as arrays of whole seconds, and routes that a search can change.

Ride r has two stops: 2r is its pick-up, 2r + 1 its drop-off. A route is a row of stops.
"""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import FAR_S, Bools, Ints, lacking, whole
from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.problem import Ride, RidesProblem

FAR = 2**50
"""The cost of what is not possible; above any sum of possible costs."""
PROMISED = 2**40
"""Nobody aboard is ever left out."""
MOST_STOPS = 200
"""A van has at most so many stops in a plan."""


class Model(NamedTuple):
    """R rides (some of them room for new ones), V vans, P places; whole seconds.

    drive (P, P); place, opens, closes, stays (2R,) of stops; seats, most, left_out, hurry (R,),
    alone (R,): shares with nobody; extra (R, V): what the ride costs in that van apart from its
    driving, FAR where it may not go by it; start, base, free, end, room (V,).
    """

    drive: Ints
    place: Ints
    opens: Ints
    closes: Ints
    stays: Ints
    seats: Ints
    alone: Bools
    most: Ints
    left_out: Ints
    hurry: Ints
    extra: Ints
    start: Ints
    base: Ints
    free: Ints
    end: Ints
    room: Ints


class Routes(NamedTuple):
    """What the vans do. `route` (V, W) holds `length` (V,) stops, at the price `cost` (V,).

    leave (V, W + 1): the earliest moment at which the van leaves for its k-th stop; late
    (V, W + 1): the latest at which it may begin there (behind the last: be at its base), as far as
    windows and shift go. van (R,): of each ride, -1 for none; pick (R,): its pick-up's moment.
    version (V,): equal versions of a van are equal routes.
    """

    route: Ints
    length: Ints
    cost: Ints
    leave: Ints
    late: Ints
    van: Ints
    pick: Ints
    version: Ints


class Found(NamedTuple):
    """The cheapest insertion of each ride into each van (R, V), valid for one version of its route:
    what it costs more, before which stops the two of the ride come."""

    more: Ints
    before: Ints
    behind: Ints
    version: Ints


class Work(NamedTuple):
    """Room to work in. seq, moment (W,): a route that is tried; at (R,): where its pick-ups are;
    todo (R,): rides without a van; dice, versions, least (1,): the state of the chance, the last
    version, the least cost of a search's cycle.
    """

    seq: Ints
    moment: Ints
    at: Ints
    todo: Ints
    dice: Ints
    versions: Ints
    least: Ints


def model_of(problem: RidesProblem, room: int = 0) -> Model:
    """The model with room for so many rides more."""
    count, vans = len(problem.rides) + room, problem.vans
    ids = [van.id for van in vans]
    model = Model(
        drive=np.ascontiguousarray(whole(problem.drive_s)),
        **{name: np.zeros(2 * count, np.int64) for name in ("place", "opens", "closes", "stays")},
        **{name: np.zeros(count, np.int64) for name in ("seats", "most", "left_out", "hurry")},
        alone=np.zeros(count, np.bool_),
        extra=np.full((count, len(vans)), FAR, np.int64),
        start=np.array([van.start for van in vans], np.int64),
        base=np.array([van.base for van in vans], np.int64),
        free=whole([van.free_s for van in vans]),
        end=whole([van.shift_end_s for van in vans]),
        room=np.array([van.seats for van in vans], np.int64),
    )
    lacks = lacking([ride.mask for ride in problem.rides], [van.mask for van in vans])
    for r, ride in enumerate(problem.rides):
        put_ride(model, r, ride, ids, lacks[r], problem.stability_s)
    return model


def put_ride(
    model: Model, r: int, ride: Ride, vans: list[str], lacks: Bools, stability_s: int
) -> None:
    """Write a ride into its rows. `lacks` (V,): which vans lack a capability that it needs."""
    a, b = 2 * r, 2 * r + 1
    model.place[a], model.place[b] = ride.origin, ride.destination
    model.opens[a], model.closes[a] = round(ride.pick_up_s[0]), round(ride.pick_up_s[1])
    model.opens[b], model.closes[b] = round(ride.drop_off_s[0]), round(ride.drop_off_s[1])
    model.stays[a], model.stays[b] = round(ride.board_s), round(ride.alight_s)
    model.seats[r], model.alone[r] = ride.seats, not ride.shares
    model.most[r] = round(ride.most_ride_s)
    model.left_out[r], model.hurry[r] = ride.left_out_s, ride.hurry
    for v, name in enumerate(vans):
        fits = not lacks[v] and ride.seats <= model.room[v] and ride.van in (None, name)
        fits = fits and is_in_reach(model, ride, int(model.base[v]))
        moved = ride.shown is not None and ride.shown != name
        model.extra[r, v] = (stability_s if moved else 0) if fits else FAR
    if ride.aboard_since_s is not None:
        _seat(model, r, vans.index(str(ride.van)), round(ride.aboard_since_s))


def _seat(model: Model, r: int, v: int, since: int) -> None:
    """Who is aboard gets in again where and when the van starts; so every rule holds for it too."""
    a = 2 * r
    model.place[a], model.stays[a] = model.start[v], 0
    model.opens[a] = model.closes[a] = model.free[v]
    model.most[r] -= model.free[v] - since
    model.extra[r] = np.where(np.arange(len(model.start)) == v, 0, FAR)
    model.left_out[r], model.hurry[r] = PROMISED, 0


def routes_of(model: Model) -> Routes:
    """Vans without stops, not settled yet."""
    count, vans = len(model.most), len(model.start)
    width = min(MOST_STOPS, 2 * count)
    return Routes(
        route=np.zeros((vans, width), np.int64),
        length=np.zeros(vans, np.int64),
        cost=np.full(vans, FAR, np.int64),
        leave=np.zeros((vans, width + 1), np.int64),
        late=np.zeros((vans, width + 1), np.int64),
        van=np.full(count, -1, np.int64),
        pick=np.zeros(count, np.int64),
        version=np.full(vans, -1, np.int64),
    )


def found_of(model: Model) -> Found:
    """No insertion is known yet."""
    shape = model.extra.shape
    return Found(
        more=np.zeros(shape, np.int64),
        before=np.zeros(shape, np.int64),
        behind=np.zeros(shape, np.int64),
        version=np.full(shape, -2, np.int64),
    )


def work_of(model: Model, seed: int) -> Work:
    """Fresh room; the same seed gives the same search."""
    count = len(model.most)
    width = min(MOST_STOPS, 2 * count)
    return Work(
        seq=np.zeros(width, np.int64),
        moment=np.zeros(width, np.int64),
        at=np.zeros(count, np.int64),
        todo=np.zeros(count, np.int64),
        dice=np.array([seed % (2**31 - 2) + 1], np.int64),
        versions=np.zeros(1, np.int64),
        least=np.zeros(1, np.int64),
    )


def is_in_reach(model: Model, ride: Ride, base: int) -> bool:
    """Whether the base is near enough to either end; without a reach, every base is."""
    way = min(model.drive[base, ride.origin], model.drive[ride.destination, base])
    return bool(ride.reach_s >= LARGEST_TIME_S or way <= round(ride.reach_s))


def is_way(model: Model, origin: int, destination: int) -> bool:
    """Whether a road leads there."""
    return bool(model.drive[origin, destination] < FAR_S)
