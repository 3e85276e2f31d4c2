"""Star pricing in NumPy, one request after the other: what runs while the kernels compile.

The answers are those of `kernels.py`, bit for bit, ties included; only slower.
"""

import numpy as np

from optimizer.around import TOP
from optimizer.columns import GONE, NONE, SELF, UNSEEN, Rows, Table
from optimizer.counting import Tally
from optimizer.eligibility import Bools, Fault, Flags, Ints
from optimizer.pivots import Floats
from optimizer.remembered import NEVER, Memory
from optimizer.sides import EXTRAS, FAR, GRID, Bundles, Sides


def costs_of(sides: Sides, bundles: Bundles) -> Ints:
    """As `kernels.costs_of`."""
    found = np.empty(len(bundles), dtype=np.int64)
    for i in np.unique(bundles[:, 0]).tolist():  # at a large region only one star fits in memory
        rows = bundles[:, 0] == i
        found[rows] = _costs(sides, i)[tuple(bundles[rows, 1:].T)]
    return found


def state(rows: Rows, capacities: tuple[Ints, Ints, Ints], rhs: Floats) -> None:
    """As `columns.state`."""
    for own, most in zip(rows, (np.ones_like(rows.request), *capacities), strict=True):
        seen = own[: len(most)] >= 0
        rhs[own[: len(most)][seen]] = most[seen]


def reread(sides: Sides, rows: Rows, count: int, opened: Ints, now: Table) -> None:
    """As `columns.reread`."""
    parts, bundles = now.parts, now.bundles
    index = np.full(count, GONE)
    for own in rows:
        index[own[own >= 0]] = np.flatnonzero(own >= 0)
    last = [GONE, *(len(own) - 1 for own in rows[1:])]
    bundles[:] = np.where(parts == NONE, last, index[np.maximum(parts, 0)])
    bundles[parts[:, 1] == SELF, 1] = len(rows.van) - 2
    is_open = ~(np.isin(parts[:, 0], parts[opened, 0]) | now.marked)
    is_open[opened] = True
    here = np.flatnonzero((bundles >= 0).all(axis=1) & is_open)
    now.costs[:] = FAR
    now.costs[here] = np.minimum(costs_of(sides, bundles[here]), FAR)


def enlist(
    rows: Rows, bundles: Bundles, costs: Ints, table: Table, first: int, _slots: Ints, at: Ints,
    are_new: bool,
) -> int:  # fmt: skip
    """As `columns.enlist`."""
    parts = np.column_stack([own[bundles[:, k]] for k, own in enumerate(rows)])
    if (parts == UNSEEN).any():
        return -1
    plain = np.flatnonzero(~table.marked[:first]).tolist()
    known = {tuple(table.parts[n].tolist()): n for n in plain}
    count = first
    for k, own in enumerate(map(tuple, parts.tolist())):
        if own not in known or are_new:
            table.rows[count], table.coef[count] = 0, 0.0
            table.rows[count, :4], table.coef[count, :4] = np.maximum(own, 0), parts[k] >= 0
            table.parts[count], table.bundles[count] = own, bundles[k]
            table.costs[count], table.marked[count] = costs[k], False
            known[own] = count
            count += 1
        at[k] = known[own]
    return count


def cheapest(
    sides: Sides, scope: Ints, prices: tuple[Ints, Ints, Ints],
    _enough: Ints | None = None, _memory: Memory | None = None,
) -> tuple[Ints, Ints]:  # fmt: skip
    """As `kernels.cheapest`; it always looks at everything."""
    values = np.full((len(scope), TOP), NEVER, dtype=np.int64)
    found = np.full((len(scope), TOP, 3), -1, dtype=np.int64)
    for k, i in enumerate(scope.tolist()):
        worth = _values(sides, i, prices).reshape(len(prices[0]), -1)
        least, at = worth.min(axis=1), worth.argmin(axis=1)
        order = [o for o in np.argsort(least, kind="stable")[:TOP].tolist() if least[o] < NEVER]
        for t, o in enumerate(order):
            values[k, t] = least[o]
            found[k, t] = o, *divmod(int(at[o]), len(prices[2]))
    return values, found


def within(
    sides: Sides, scope: Ints, prices: tuple[Ints, Ints, Ints], limit: Ints, room: int
) -> tuple[int, Bundles]:
    """As `listing.within`."""
    listed = [
        (i, *bundle)
        for i, most in zip(scope.tolist(), limit.tolist(), strict=True)
        for bundle in np.argwhere(_values(sides, i, prices) <= min(most, NEVER - 1)).tolist()
    ]
    bundles = np.array(listed, dtype=np.int64).reshape(-1, 4)
    return len(bundles), bundles[:room]


def crowded(chosen: Ints, van: Ints, team: Ints, place: Ints) -> Bools:
    """As `ways.crowded`."""
    found = np.zeros(len(chosen), dtype=np.bool_)
    for taken, capacity in zip(chosen.T[1:4], (van, team, place), strict=True):
        short = np.bincount(taken, minlength=len(capacity))[: len(capacity)] > capacity
        found |= np.append(short, [False, False])[taken]
    return found


def by_option(sides: Sides, scope: Ints, teams: Bools, places: Bools) -> Ints:
    """As `ways.by_option`."""
    left = teams[:, None] & places
    costs = [np.where(left, _costs(sides, i), FAR).min(axis=(1, 2)) for i in scope.tolist()]
    return np.array(costs, dtype=np.int64).reshape(len(scope), -1)


def by_team(sides: Sides, scope: Ints, options: Ints, places: Bools) -> Ints:
    """As `ways.by_team`."""
    pairs = zip(scope.tolist(), options.tolist(), strict=True)
    costs = [np.where(places, _costs(sides, i)[o], FAR).min(axis=1) for i, o in pairs]
    return np.array(costs, dtype=np.int64).reshape(len(scope), -1)


def tally(flags: Flags, rows: Ints, room: Bools, given: Ints) -> Tally:
    """As `counting.tally`."""
    mine = flags[rows]
    found = [np.count_nonzero(mine & fault.value, axis=1) for fault in Fault]
    found += [np.count_nonzero((mine == 0) & which, axis=1) for which in (~room, room)]
    users = (given < len(room)).nonzero()[0]
    users = users[~room[given[users]]]
    users = users[given[users].argsort(kind="stable")]
    at, fit = (mine[:, given[users]] == 0).nonzero()
    ends = at.searchsorted(np.arange(len(rows) + 1))
    return Tally(np.stack(found, axis=1), users, fit, ends)


def first_teams(flags: Flags, arrival: Ints, asked: Bools) -> Ints:
    """As `counting.first_teams`."""
    if not flags.shape[1]:
        return np.full(len(asked), -1)
    eligible = flags == 0
    first = np.where(eligible, arrival, FAR).argmin(axis=1)
    return np.where(eligible.any(axis=1) & asked, first, -1)


def next_places(
    sides: Sides, flags: Flags, bundles: Bundles, asked: Bools, possible: Ints, left: Ints,
    chance: int,
) -> tuple[Ints, Bools]:  # fmt: skip
    """As `counting.next_places`."""
    left, shared = left.copy(), np.zeros(len(bundles), dtype=np.bool_)
    if not len(left):
        return np.full(len(bundles), -1), shared
    fit = (flags == 0) & (left > 0) & asked[:, None] & _in_time(sides, bundles)
    fit &= np.arange(len(left)) != bundles[:, 3:]
    in_turn = np.take_along_axis(fit, sides.near, axis=1)
    nearest = sides.near[np.arange(len(fit)), in_turn.argmax(axis=1)]
    best = np.where(fit.any(axis=1), nearest, -1)
    for i in possible[best[possible] >= 0].tolist():
        still = [p for p in sides.near[i].tolist() if fit[i, p] and left[p] >= chance]
        shared[i] = not still
        if still:
            best[i] = still[0]
            left[still[0]] -= chance
    return best, shared


def _in_time(sides: Sides, bundles: Bundles) -> Bools:
    """Which places the same team and transport could take each person to in time (R, P)."""
    i, o, j, _ = bundles.T
    ready = sides.ready[i, j][:, None]
    in_time: Bools = np.ones(sides.go.shape, dtype=np.bool_)
    van = np.flatnonzero(o < len(sides.van_end))
    if len(van):
        v = o[van]
        pick = np.maximum(sides.eta[van, v][:, None], ready[van]) + sides.load[van, None]
        in_time[van] = pick + sides.go[van] + sides.home[v] <= sides.van_end[v, None]
    driven = np.flatnonzero(
        (o == len(sides.van_end)) & sides.strict & (j < len(sides.team_end)),
    )
    if len(driven):
        last: Ints = sides.team_end[j[driven], None]
        in_time[driven] = ready[driven] + sides.go[driven] <= last
    in_time |= sides.promised[i, o][:, None]
    return in_time


def _values(sides: Sides, i: int, prices: tuple[Ints, Ints, Ints]) -> Ints:
    """Cost plus prices of every bundle of a request (O, J + 1, P + 1), in grains."""
    van, team, place = prices
    costs = _costs(sides, i)
    values = GRID * costs + van[:, None, None] + team[:, None] + place
    return np.where(costs < FAR, values, NEVER)


def _costs(sides: Sides, i: int) -> Ints:
    """The price of every bundle of a request (O, J + 1, P + 1) in tenths."""
    vans, ready, eta = len(sides.van_end), sides.ready[i], sides.eta[i][:, None]
    start = np.repeat(sides.team[i][None, :], vans + 2, axis=0)
    start[:vans] += sides.approach[i][:, None]
    start[:vans] += (sides.wait[i] * np.maximum(0, eta - ready) + 3000) // 6000
    start[:vans] += (sides.idle * np.maximum(0, ready - eta) + 3000) // 6000
    start[vans + 1] += sides.no_van[i]
    end = np.repeat(sides.place[i][None, :], vans + 2, axis=0)
    end[:vans, :-1] += sides.way_home
    end[vans, :-1] += sides.self_drive[i]
    costs: Ints = start[:, :, None] + end[:, None, :]
    costs = np.where(_feasible(sides, i), np.minimum(costs, FAR), FAR)
    for e in range(EXTRAS):
        o, j, p = sides.extra_bundle[i, e]
        if o >= 0:
            costs[o, j, p] = sides.extra_cost[i, e]
    return costs


def _feasible(sides: Sides, i: int) -> Bools:
    """Which bundles of a request fit together (O, J + 1, P + 1)."""
    vans, ready = len(sides.van_end), sides.ready[i]
    shape = (vans + 2, len(ready), sides.place.shape[1])
    fits = np.broadcast_to(sides.option[i][:, None, None], shape).copy()
    fits[~sides.alone[i], :, -1] = False
    if sides.needs_team[i]:
        fits[~sides.alone[i], -1] = False
    pick = np.maximum(sides.eta[i][:, None], ready)
    room = sides.van_end[:, None] - sides.home - sides.load[i] - sides.go[i]
    reaches = (pick[:, :, None] <= room[:, None, :]) & (sides.home <= sides.horizon)[:, None, :]
    fits[:vans, :, :-1] &= reaches | sides.promised[i, :vans, None, None]
    fits[vans] &= sides.drives[i][:, None]
    if sides.strict[i] and not sides.promised[i, vans]:
        there = ready[:-1, None] + sides.go[i] <= sides.team_end[:, None]
        fits[vans, :-1, :-1] &= there
    return fits
