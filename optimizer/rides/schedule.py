"""When a van would be where, exactly: the earliest moments that keep every promise of a route.

All rules push moments up: drive after stop, windows, and "a pick-up is not earlier than its
drop-off minus the longest ride". Such rules have one least solution, and it is the earliest at
every stop at once. So a route is possible if and only if that solution keeps the latest moments.
"""

from optimizer.eligibility import Ints
from optimizer.rides.model import FAR, PROMISED, Model, Routes, Work
from optimizer.sides import kernel


@kernel
def price(model: Model, v: int, n: int, work: Work) -> int:
    """The cost of the first n stops of `work.seq` in van v, their moments in `work.moment`; FAR if
    they are not possible."""
    seq = work.seq
    if not fits(model, v, n, work):
        return FAR
    for k in range(n):
        work.moment[k] = model.opens[seq[k]]
    # Each sweep settles one more ride on the longest chain of pushes; a further one would push
    # for ever.
    for _ in range(n // 2 + 1):
        pushed = sweep(model, v, n, work)
        if pushed < 0:
            return FAR
        if pushed == 0:
            return bill(model, v, n, work)
    return FAR


@kernel
def fits(model: Model, v: int, n: int, work: Work) -> bool:
    """Whether everyone has a seat, whoever rides alone is alone, and nobody gets in or out before
    those who are aboard. Notes where pick-ups are."""
    seated, parties, alone, aboard = 0, 0, 0, 0
    for k in range(n):
        r = work.seq[k] // 2
        if work.seq[k] % 2 == 0:
            if model.left_out[r] == PROMISED:
                if k > aboard:
                    return False
                aboard += 1
            work.at[r] = k
            seated += model.seats[r]
            parties += 1
            alone += model.alone[r]
            if seated > model.room[v] or (alone > 0 and parties > 1):
                return False
        else:
            seated -= model.seats[r]
            parties -= 1
            alone -= model.alone[r]
    return True


@kernel
def sweep(model: Model, v: int, n: int, work: Work) -> int:
    """Drive along once: how many pick-ups must be later because their ride would be too long; -1
    if a stop or the base is reached too late."""
    here, now, pushed = model.start[v], model.free[v], 0
    for k in range(n):
        stop = work.seq[k]
        now = max(now + model.drive[here, model.place[stop]], work.moment[k])
        if now > model.closes[stop]:
            return -1
        work.moment[k] = now
        if stop % 2 == 1:
            first = work.at[stop // 2]
            earliest = now - model.most[stop // 2] - model.stays[stop - 1]
            if work.moment[first] < earliest:
                work.moment[first] = earliest
                pushed += 1
        now += model.stays[stop]
        here = model.place[stop]
    if now + model.drive[here, model.base[v]] > model.end[v]:
        return -1
    return pushed


@kernel
def bill(model: Model, v: int, n: int, work: Work) -> int:
    """What the route costs: driving, waiting that is urgent, and what the van is for each ride."""
    here, cost = model.start[v], 0
    for k in range(n):
        stop = work.seq[k]
        cost += model.drive[here, model.place[stop]]
        here = model.place[stop]
        if stop % 2 == 0:
            r = stop // 2
            cost += model.extra[r, v] + model.hurry[r] * (work.moment[k] - model.opens[stop])
    return int(cost + model.drive[here, model.base[v]])


@kernel
def settle(model: Model, routes: Routes, work: Work, v: int) -> None:
    """Work out everything about van v's route anew; its cost is FAR if it is not possible."""
    n = routes.length[v]
    for k in range(n):
        work.seq[k] = routes.route[v, k]
    routes.cost[v] = price(model, v, n, work)
    for k in range(n):
        if work.seq[k] % 2 == 0:
            routes.van[work.seq[k] // 2] = v
            routes.pick[work.seq[k] // 2] = work.moment[k]
    outlook(model, v, n, work.seq, routes.leave[v], routes.late[v])
    work.versions[0] += 1
    routes.version[v] = work.versions[0]


@kernel
def outlook(model: Model, v: int, n: int, seq: Ints, leave: Ints, late: Ints) -> None:
    """The earliest departure for each stop and the latest begin there, by windows and shift."""
    here, leave[0] = model.start[v], model.free[v]
    for k in range(n):
        stop = seq[k]
        there = leave[k] + model.drive[here, model.place[stop]]
        leave[k + 1] = max(there, model.opens[stop]) + model.stays[stop]
        here = model.place[stop]
    late[n] = model.end[v]
    there = model.base[v]
    for k in range(n - 1, -1, -1):
        stop = seq[k]
        latest = late[k + 1] - model.drive[model.place[stop], there] - model.stays[stop]
        late[k] = min(latest, model.closes[stop])
        there = model.place[stop]
