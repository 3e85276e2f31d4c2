"""Where a ride fits best into a van's route, with nothing else moved; and taking it out again.

Every pair of positions is looked at; what cannot be cheaper or in time is passed over by a
certificate (the driving it adds, the earliest and latest moments), the rest is priced exactly.
"""

from optimizer.rides.model import FAR, Found, Model, Routes, Work
from optimizer.rides.schedule import price, settle
from optimizer.sides import kernel


@kernel
def insertion(model: Model, routes: Routes, found: Found, work: Work, r: int, v: int) -> int:
    """What ride r costs more in van v, at least; FAR if it is not possible. Kept in `found`."""
    if found.version[r, v] != routes.version[v]:
        found.version[r, v] = routes.version[v]
        found.more[r, v] = FAR
        full = routes.length[v] + 2 > routes.route.shape[1]
        if model.extra[r, v] < FAR and routes.cost[v] < FAR and not full:
            _look_everywhere(model, routes, found, work, r, v)
    return int(found.more[r, v])


@kernel
def _look_everywhere(
    model: Model, routes: Routes, found: Found, work: Work, r: int, v: int
) -> None:
    """Every place for the pick-up that seats and moments do not rule out."""
    a, seated, parties, alone = 2 * r, 0, 0, 0
    for i in range(routes.length[v] + 1):
        here = model.start[v] if i == 0 else model.place[routes.route[v, i - 1]]
        begin = max(routes.leave[v, i] + model.drive[here, model.place[a]], model.opens[a])
        has_seat = seated + model.seats[r] <= model.room[v]
        may_ride = parties == 0 or (alone == 0 and not model.alone[r])
        if has_seat and may_ride and begin <= model.closes[a]:
            _look_behind(model, routes, found, work, r, v, i, seated, begin)
        if i < routes.length[v]:
            stop = routes.route[v, i]
            sign = 1 if stop % 2 == 0 else -1
            seated += sign * model.seats[stop // 2]
            parties += sign
            alone += sign * model.alone[stop // 2]


@kernel
def _look_behind(
    model: Model, routes: Routes, found: Found, work: Work,
    r: int, v: int, i: int, seated: int, begin: int,
) -> None:  # fmt: skip
    """Every place for the drop-off, the pick-up being before stop i, where it begins at `begin`
    and `seated` people are aboard."""
    drive, place = model.drive, model.place
    a, b, n = 2 * r, 2 * r + 1, routes.length[v]
    first = model.start[v] if i == 0 else place[routes.route[v, i - 1]]
    here, now, so_far, without = place[a], begin + model.stays[a], drive[first, place[a]], 0
    before = first
    for j in range(i, n + 1):
        there = model.base[v] if j == n else place[routes.route[v, j]]
        drop = max(now + drive[here, place[b]], model.opens[b])
        in_time = drop + model.stays[b] + drive[place[b], there] <= routes.late[v, j]
        more = so_far + drive[here, place[b]] + drive[place[b], there]
        more -= without + drive[before, there]
        if in_time and drop <= model.closes[b] and more + model.extra[r, v] < found.more[r, v]:
            _try(model, routes, found, work, r, v, i, j)
        if j == n:
            return
        # The person stays aboard over stop j.
        stop = routes.route[v, j]
        so_far += drive[here, there]
        without += drive[before, there]
        now = max(now + drive[here, there], model.opens[stop])
        if now > routes.late[v, j] or now > model.closes[b]:
            return
        now += model.stays[stop]
        here = before = there
        if stop % 2 == 0:
            seated += model.seats[stop // 2]
            if seated + model.seats[r] > model.room[v]:
                return
            if model.alone[r] or model.alone[stop // 2]:
                return
        else:
            seated -= model.seats[stop // 2]


@kernel
def _try(
    model: Model, routes: Routes, found: Found, work: Work, r: int, v: int, i: int, j: int
) -> None:
    """Price the route with the two stops before stops i and j, and keep it if it is the best."""
    compose(routes, work, r, v, i, j)
    cost = price(model, v, routes.length[v] + 2, work)
    more = cost - routes.cost[v]
    if cost < FAR and more < found.more[r, v]:
        found.more[r, v], found.before[r, v], found.behind[r, v] = more, i, j


@kernel
def compose(routes: Routes, work: Work, r: int, v: int, i: int, j: int) -> None:
    """Write the route with the two stops into `work.seq`."""
    at = 0
    for k in range(routes.length[v] + 1):
        if k == i:
            work.seq[at] = 2 * r
            at += 1
        if k == j:
            work.seq[at] = 2 * r + 1
            at += 1
        if k < routes.length[v]:
            work.seq[at] = routes.route[v, k]
            at += 1


@kernel
def put_in(model: Model, routes: Routes, found: Found, work: Work, r: int, v: int) -> None:
    """Carry out the insertion that was found."""
    compose(routes, work, r, v, found.before[r, v], found.behind[r, v])
    routes.length[v] += 2
    for k in range(routes.length[v]):
        routes.route[v, k] = work.seq[k]
    settle(model, routes, work, v)


@kernel
def take_out(model: Model, routes: Routes, work: Work, r: int) -> None:
    """Take ride r out of its van."""
    v, kept = routes.van[r], 0
    for k in range(routes.length[v]):
        if routes.route[v, k] // 2 != r:
            routes.route[v, kept] = routes.route[v, k]
            kept += 1
    routes.length[v] = kept
    routes.van[r] = -1
    settle(model, routes, work, v)
