"""Large-neighbourhood search: take some rides out, put them back where they cost least.

What is taken out is drawn at random, or dear where it is, or like one another. What goes back next
is the ride with most to lose if its best van were taken (regret), or any. A plan that is a little
worse than the best is kept for a while. The chance is a state in `work`: the same state gives the
same plan on every machine.
"""

from optimizer.rides.insertion import compose, insertion, put_in, take_out
from optimizer.rides.model import FAR, Found, Model, Routes, Work
from optimizer.rides.schedule import price, settle
from optimizer.sides import kernel

CYCLE, SHORTEST = 60, 300
"""Iterations for each ride, and at least, from the most patient to the least. Then again: by turns
from nothing and from the best plan."""
PATIENCE = 10
"""At first a plan may be worse than the best of its cycle by one part in so many."""
BLINK = 8
"""Where the order is any, each van is overlooked one time in so many."""
DRAWS = 12
"""The ride that is taken out is the most fitting of so many drawn."""
LEAST, MOST = 3, 12
"""So many rides are taken out at once, but never more than half of many."""
FEW = 6
RANDOM, WORST, RELATED = 0, 1, 2
DICE, SIDES = 48271, 2**31 - 1


@kernel
def search(
    model: Model, now: Routes, kept: Routes, best: Routes, found: Found, work: Work,
    begin: int, end: int,
) -> None:  # fmt: skip
    """Iterations `begin` to `end`. `now` and `best` are settled; the best plan is in `best`."""
    cycle = max(SHORTEST, CYCLE * len(now.van))
    for iteration in range(begin, end):
        if iteration % cycle == 0:
            copy(best, now)
            if iteration // cycle % 2 == 1:
                start_anew(model, now, found, work)
            work.least[0] = total(model, now)
        copy(now, kept)
        before = total(model, now)
        take_some_out(model, now, work)
        put_back(model, now, found, work, _draw(work, 2))
        after = total(model, now)
        if after < total(model, best):
            copy(now, best)
        work.least[0] = min(work.least[0], after)
        patience = _driven(best) // PATIENCE * (cycle - 1 - iteration % cycle) // cycle
        if after >= before and after > work.least[0] + patience:
            copy(kept, now)


@kernel
def start_anew(model: Model, routes: Routes, found: Found, work: Work) -> None:
    """Take everybody out and put them back in any order."""
    for r in range(len(routes.van)):
        if routes.van[r] >= 0:
            take_out(model, routes, work, r)
    put_back(model, routes, found, work, 0)


@kernel
def total(model: Model, routes: Routes) -> int:
    """What a plan costs; FAR or more if it is not possible."""
    cost = 0
    for v in range(len(routes.cost)):
        cost += routes.cost[v]
    for r in range(len(routes.van)):
        if routes.van[r] < 0:
            cost += model.left_out[r]
    return cost


@kernel
def _driven(routes: Routes) -> int:
    cost = 0
    for v in range(len(routes.cost)):
        cost += routes.cost[v]
    return cost


@kernel
def copy(source: Routes, target: Routes) -> None:
    """Make the target's routes the source's; only those that differ are written."""
    for v in range(len(source.cost)):
        if target.version[v] != source.version[v]:
            n = source.length[v]
            for k in range(n):
                target.route[v, k] = source.route[v, k]
            for k in range(n + 1):
                target.leave[v, k], target.late[v, k] = source.leave[v, k], source.late[v, k]
            target.length[v], target.cost[v] = n, source.cost[v]
            target.version[v] = source.version[v]
    for r in range(len(source.van)):
        target.van[r], target.pick[r] = source.van[r], source.pick[r]


@kernel
def _draw(work: Work, sides: int) -> int:
    work.dice[0] = work.dice[0] * DICE % SIDES
    return int(work.dice[0] % sides)


@kernel
def take_some_out(model: Model, routes: Routes, work: Work) -> None:
    """Take out some rides that have something in common."""
    riding = 0
    for r in range(len(routes.van)):
        riding += routes.van[r] >= 0
    most = min(MOST, max(riding // 2, min(riding, FEW)))
    count = min(most, LEAST) + _draw(work, max(1, most - LEAST + 1))
    kind, last = _draw(work, 3), -1
    for _ in range(count):
        chosen, highest = -1, -FAR
        for _ in range(DRAWS if kind != RANDOM else 1):
            r = _draw_ride(routes, work)
            fitting = 0
            if kind == WORST:
                fitting = _saving(model, routes, r)
            elif last >= 0:
                fitting = -_apart(model, routes, r, last)
            if fitting > highest:
                chosen, highest = r, fitting
        take_out(model, routes, work, chosen)
        last = chosen


@kernel
def _draw_ride(routes: Routes, work: Work) -> int:
    """One that is in a van; there must be one."""
    r = _draw(work, len(routes.van))
    while routes.van[r] < 0:
        r = (r + 1) % len(routes.van)
    return r


@kernel
def _saving(model: Model, routes: Routes, r: int) -> int:
    """How much less would be driven without the ride."""
    v, saved = routes.van[r], 0
    before = here = model.start[v]
    skipped = False
    for k in range(routes.length[v] + 1):
        last = k == routes.length[v]
        there = model.base[v] if last else model.place[routes.route[v, k]]
        saved += model.drive[here, there]
        here = there
        skipped = not last and routes.route[v, k] // 2 == r
        if not skipped:
            saved -= model.drive[before, there]
            before = there
    return int(saved)


@kernel
def _apart(model: Model, routes: Routes, r: int, other: int) -> int:
    """How little two rides have in common: where they begin and end, and when."""
    place, drive = model.place, model.drive
    begin = drive[place[2 * r], place[2 * other]]
    end = drive[place[2 * r + 1], place[2 * other + 1]]
    return int(begin + end + abs(routes.pick[r] - routes.pick[other]))


@kernel
def put_back(model: Model, routes: Routes, found: Found, work: Work, by_regret: int) -> None:
    """Insert every ride without a van where it costs least: the heaviest first, then by regret, or
    in any order and now and then not in the best van. What costs more than leaving it out stays
    out."""
    left = 0
    for r in range(len(routes.van)):
        if routes.van[r] < 0 and model.left_out[r] > 0:
            work.todo[left] = r
            left += 1
    while left > 0:
        chosen, van, weight, highest = -1, -1, -1, -FAR
        for t in range(left):
            r = work.todo[t]
            v, more, second = _two_best(model, routes, found, work, r, by_regret)
            if v >= 0 and more < model.left_out[r]:
                regret = second - more if by_regret else _draw(work, FAR)
                if model.left_out[r] > weight or (model.left_out[r] == weight and regret > highest):
                    chosen, van, weight, highest = t, v, model.left_out[r], regret
        if chosen < 0:
            return
        put_in(model, routes, found, work, work.todo[chosen], van)
        left -= 1
        for t in range(chosen, left):
            work.todo[t] = work.todo[t + 1]


@kernel
def _two_best(
    model: Model, routes: Routes, found: Found, work: Work, r: int, every: int
) -> tuple[int, int, int]:
    """The van in which the ride costs least (-1 for none), that, and the next best (at most what
    leaving it out weighs). Unless `every` van is looked at, some are overlooked."""
    van, least, second = -1, FAR, model.left_out[r]
    for v in range(len(routes.length)):
        if not every and _draw(work, BLINK) == 0:
            continue
        more = insertion(model, routes, found, work, r, v)
        if more < least:
            if van >= 0:
                second = min(second, least)
            van, least = v, more
        elif more < second:
            second = more
    return van, least, second


@kernel
def offered(model: Model, routes: Routes, found: Found, work: Work, r: int) -> int:
    """The van in which one ride costs least, -1 for none or if leaving it out weighs less; the
    route with it is then in `work.seq`, its moments in `work.moment`."""
    v, more, _ = _two_best(model, routes, found, work, r, 1)
    if v < 0 or more >= model.left_out[r]:
        return -1
    compose(routes, work, r, v, found.before[r, v], found.behind[r, v])
    price(model, v, routes.length[v] + 2, work)
    return v


@kernel
def settle_all(model: Model, routes: Routes, work: Work) -> None:
    """Work out everything about every van."""
    for v in range(len(routes.length)):
        settle(model, routes, work, v)
