"""Promises to people already aboard: kept if they can be, else carried out as soon as they can be.

Where a window, a longest ride or a shift can no longer be kept, it is moved to what delivering
everyone aboard in the order of their deadlines needs, and no plan may delay it further.
"""

import numpy as np

from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.engine import engine
from optimizer.rides.model import FAR, PROMISED, Model, Work, found_of, routes_of


def relax(model: Model, work: Work) -> tuple[dict[int, int], dict[int, int]]:
    """Move what cannot be kept. Answers the late rides and the vans that come home late, each with
    the moment. A van that cannot get home from where it is carries nobody."""
    late: dict[int, int] = {}
    overtime: dict[int, int] = {}
    aboard = np.flatnonzero(model.left_out == PROMISED)
    for v in range(len(model.start)):
        here = [int(r) for r in aboard if model.extra[r, v] < FAR]
        if here and not _kept(model, work, here):
            _deliver(model, v, here, late, overtime)
        if not here and model.free[v] + model.drive[model.start[v], model.base[v]] > model.end[v]:
            model.base[v], model.end[v] = model.start[v], LARGEST_TIME_S
            model.extra[:, v] = FAR
    return late, overtime


def _kept(model: Model, work: Work, here: list[int]) -> bool:
    """Whether everyone aboard can be delivered as promised, with nobody else to carry."""
    routes, found = routes_of(model), found_of(model)
    routes.van[:] = 0
    routes.van[here] = -1
    engine().settle_all(model, routes, work)
    engine().put_back(model, routes, found, work, 1)
    return bool((routes.van[here] >= 0).all())


def _deliver(
    model: Model, v: int, here: list[int], late: dict[int, int], overtime: dict[int, int]
) -> None:
    """Move the limits of the rides aboard to a delivery in the order of their deadlines."""
    limit = {r: int(min(model.closes[2 * r + 1], model.free[v] + model.most[r])) for r in here}
    at, now = model.start[v], int(model.free[v])
    for r in sorted(here, key=lambda r: (limit[r], r)):
        stop = 2 * r + 1
        now = max(now + int(model.drive[at, model.place[stop]]), int(model.opens[stop]))
        if now > limit[r]:
            late[r] = now
        model.closes[stop] = max(now, limit[r])
        model.most[r] = LARGEST_TIME_S
        now += int(model.stays[stop])
        at = model.place[stop]
    home = now + int(model.drive[at, model.base[v]])
    if home > model.end[v]:
        overtime[v] = home
        model.end[v] = home
