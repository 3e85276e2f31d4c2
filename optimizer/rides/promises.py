"""Promises to people already aboard: kept if they can be, else carried out as soon as they can be.

Where a window, a longest ride or a shift can no longer be kept, it is moved to what delivering
everyone aboard in the order of their deadlines needs, and no plan may delay it further. Whom no
road brings to the end of the ride and the van home again is stranded: their van brings the others
who are aboard and takes in nobody.
"""

from dataclasses import dataclass, field

import numpy as np

from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.engine import engine
from optimizer.rides.model import FAR, PROMISED, Model, Work, found_of, is_way, routes_of


@dataclass(frozen=True, slots=True)
class Broken:
    """What cannot be kept, by rows: late rides and vans that come home late, each with the moment;
    the order of the drop-offs from which these follow, by van; stranded rides; vans that take in
    nobody, for those or because they cannot get home."""

    late: dict[int, int] = field(default_factory=dict)
    overtime: dict[int, int] = field(default_factory=dict)
    order: dict[int, list[int]] = field(default_factory=dict)
    stranded: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)


def relax(model: Model, work: Work) -> Broken:
    """Move what cannot be kept."""
    broken = Broken()
    aboard = np.flatnonzero(model.left_out == PROMISED)
    for v in range(len(model.start)):
        seated = [int(r) for r in aboard if model.extra[r, v] < FAR]
        here = _ways(model, v, seated)
        if len(here) < len(seated):
            broken.stranded.update(set(seated) - set(here))
            _close(model, v, here, broken)
        if here and not _kept(model, work, here):
            _deliver(model, v, here, broken)
        if not here and model.free[v] + model.drive[model.start[v], model.base[v]] > model.end[v]:
            model.base[v], model.end[v] = model.start[v], LARGEST_TIME_S
            _close(model, v, here, broken)
    return broken


def _close(model: Model, v: int, here: list[int], broken: Broken) -> None:
    """Nobody but these may go by the van."""
    others = np.ones(len(model.most), np.bool_)
    others[here] = False
    model.extra[others, v] = FAR
    broken.closed.add(v)


def _ways(model: Model, v: int, seated: list[int]) -> list[int]:
    """Who of these can be delivered by existing roads, in the order of their deadlines as far as
    those lead. Everyone needs a way from the start and to the base, and one to or from each other;
    then there is always a position where the next one fits."""
    order: list[int] = []
    for r in sorted(seated, key=lambda r: (_limit(model, v, r), r)):
        there = int(model.place[2 * r + 1])
        places = [int(model.place[2 * one + 1]) for one in order]
        path = [int(model.start[v]), *places, int(model.base[v])]
        fits = [
            k
            for k in range(len(order) + 1)
            if is_way(model, path[k], there) and is_way(model, there, path[k + 1])
        ]
        if fits and is_way(model, path[0], there) and is_way(model, there, path[-1]):
            order.insert(fits[-1], r)
    return order


def _limit(model: Model, v: int, r: int) -> int:
    return int(min(model.closes[2 * r + 1], model.free[v] + model.most[r]))


def _kept(model: Model, work: Work, here: list[int]) -> bool:
    """Whether everyone aboard can be delivered as promised, with nobody else to carry."""
    routes, found = routes_of(model), found_of(model)
    routes.van[:] = 0
    routes.van[here] = -1
    engine().settle_all(model, routes, work)
    engine().put_back(model, routes, found, work, 1)
    return bool((routes.van[here] >= 0).all())


def _deliver(model: Model, v: int, here: list[int], broken: Broken) -> None:
    """Move the limits of the rides aboard to a delivery in this order."""
    broken.order[v] = here
    limit = {r: _limit(model, v, r) for r in here}
    at, now = model.start[v], int(model.free[v])
    for r in here:
        stop = 2 * r + 1
        now = max(now + int(model.drive[at, model.place[stop]]), int(model.opens[stop]))
        if now > limit[r]:
            broken.late[r] = now
        model.closes[stop] = max(now, limit[r])
        model.most[r] = LARGEST_TIME_S
        now += int(model.stays[stop])
        at = model.place[stop]
    home = now + int(model.drive[at, model.base[v]])
    if home > model.end[v]:
        broken.overtime[v] = home
        model.end[v] = home
