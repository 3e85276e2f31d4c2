"""Column generation in one compiled pass: optimise, price the requests, let in the bundles that
are worth it, until none is. After each step only those requests are priced that have reason to; all
of them before it ends. A resource that had no row yet takes a spare one. It ends early where none
is left, or no room: whoever called it lets those bundles in and calls again."""

from typing import NamedTuple

import numpy as np

from optimizer.around import TOP, Work, work_of
from optimizer.certain import Certain, certain_of, lower, note_looked
from optimizer.columns import UNSEEN, Rows
from optimizer.eligibility import Ints
from optimizer.kernels import look
from optimizer.listing import list_within
from optimizer.pivots import FOUND, Floats, Tableau, append, optimum
from optimizer.pricing import LARGEST, LARGEST_PRICE, Prices
from optimizer.remembered import NEVER, Memory
from optimizer.sides import GRID, Bundles, Sides, kernel, part, price
from optimizer.simplex import Simplex

Charges = tuple[Ints, Ints, Ints]
"""Prices of vans, teams and places, in grains."""

SLIP = 4
"""Grains by which a value may be beyond what is certain, because prices are rounded."""
WORTHWHILE = 0.05
"""Tenths by which a bundle must beat its request's value to enter the relaxation."""
CLOSE = 0.5
"""Costs are whole tenths: a bound this near to the relaxation is as good as its value."""
FEW = 8
NEAR = 30 * GRID
"""Where so few requests have a better bundle, all enter that are within so many grains of the best:
or they would come one at a time."""
ROOM = 2048


class Looked(NamedTuple):
    """The last look at the requests in scope (n): the prices, the best offers of each and their
    values, as `kernels.cheapest` gives them."""

    prices: Prices
    values: Ints
    found: Ints


class Spare(NamedTuple):
    """Rows of resources (n,) that nothing uses, in the order in which they are taken; who takes
    them, by kind (1 a van, 2 a team, 3 a place) and index (n, 2); and what they would be for: the
    capacity of each van (V,), team (J,) and place (P,)."""

    rows: Ints
    users: Ints
    van: Ints
    team: Ints
    place: Ints


class Grown(NamedTuple):
    """The last look, None if there is no optimum to be trusted; the bundles that were let in (n, 4)
    with their costs (n,), in tenths; how many spare rows they took."""

    looked: Looked | None
    bundles: Bundles
    costs: Ints
    taken: int


class _Room(NamedTuple):
    """Requests to look at, and their best offers (n, TOP), (n, TOP, 3); those with a better bundle
    and their limits (FEW,); bundles listed (ROOM, 4); and what was let in: bundles, rows, entries
    (ROOM, 4) and costs (ROOM,), in tenths."""

    asked: Ints
    values: Ints
    found: Ints
    few: Ints
    limit: Ints
    listed: Bundles
    bundles: Bundles
    rows: Ints
    coef: Floats
    costs: Floats


def grow(
    program: Simplex, sides: Sides, scope: Ints, rows: Rows, spare: Spare, memory: Memory
) -> Grown:
    """Go on with a program over the bundles of these requests. A resource that takes a spare row is
    given it in `rows`, and its capacity as the right-hand side."""
    prices = Prices(*(np.empty(len(part), dtype=np.int64) for part in rows[1:]))
    enough, values = np.empty(len(scope), np.int64), np.empty((len(scope), TOP), np.int64)
    found = np.empty((len(scope), TOP, 3), dtype=np.int64)
    room = _Room(
        asked=np.empty(len(scope), dtype=np.int64),
        values=np.empty((len(scope), TOP), dtype=np.int64),
        found=np.empty((len(scope), TOP, 3), dtype=np.int64),
        few=np.empty(FEW, dtype=np.int64),
        limit=np.empty(FEW, dtype=np.int64),
        listed=np.empty((ROOM, 4), dtype=np.int64),
        bundles=np.empty((ROOM, 4), dtype=np.int64),
        rows=np.empty((ROOM, 4), dtype=np.int64),
        coef=np.empty((ROOM, 4)),
        costs=np.empty(ROOM),
    )
    ended, count, taken = _grow(
        program.tableau, program.count, program.rhs, program.widen, program.is_stale,
        sides, scope, rows, spare, memory, prices.charges, enough, values, found, work_of(sides),
        certain_of(len(rows.request), prices.charges), room,
    )  # fmt: skip
    program.count += count
    program.is_stale = ended != FOUND
    looked = Looked(prices, values, found) if ended == FOUND else None
    return Grown(looked, room.bundles[:count], room.costs[:count].astype(np.int64), taken)


@kernel
def _grow(
    t: Tableau, n: int, rhs: Floats, widen: Floats, is_stale: bool,
    sides: Sides, scope: Ints, rows: Rows, spare: Spare, memory: Memory, prices: Charges,
    enough: Ints, values: Ints, found: Ints, work: Work, certain: Certain, room: _Room,
) -> tuple[int, int, int]:  # fmt: skip
    count, taken, more, is_all, is_first = 0, 0, 0, True, True
    while True:
        ended = optimum(t, n + count, rhs, widen, is_stale, more)
        if ended != FOUND:
            return ended, count, taken
        is_stale = False
        _state(rows.van, t.y, prices[0], certain, 0, certain.vans)
        _state(rows.team, t.y, prices[1], certain, 1, certain.teams)
        _state(rows.place, t.y, prices[2], certain, 2, certain.places)
        asked = scope
        if not is_first:
            lower(sides, scope, memory, certain, prices)
        if not is_all:
            asked = room.asked[: _uncertain(t, scope, rows, certain, room)]
        for k in range(len(asked)):
            enough[k] = _whole(t.y[rows.request[asked[k]]]) + GRID
        look(
            sides, asked, prices[0], prices[1], prices[2], enough, memory, room.values, room.found,
            certain.parts, work,
        )  # fmt: skip
        note_looked(certain, asked, room.values)
        is_first = False
        is_done = _gap(t, scope, rows, certain) < CLOSE * GRID
        more = 0
        if not is_done:
            more = _better(t, sides, asked, rows, prices, memory, work, room)
        end = count + more
        has_room = more > 0 and end <= ROOM and n + end <= len(t.cost)
        if has_room:
            taken = _take_rows(t, rhs, rows, spare, taken, room.listed[:more])
        if has_room and _let_in(sides, rows, room, count, more):
            append(t, n + count, room.rows[count:end], room.coef[count:end], room.costs[count:end])
            count, is_all = end, False
        elif is_done or is_all:
            _tell(scope, asked, certain, room, values, found)
            return FOUND, count, taken
        else:
            more, is_all = 0, True


@part
def _uncertain(t: Tableau, scope: Ints, rows: Rows, certain: Certain, room: _Room) -> int:
    """Ask for the requests that may have a bundle below their value; how many."""
    count = 0
    for k in range(len(scope)):
        i = scope[k]
        if _whole(t.y[rows.request[i]]) > certain.least[i] + SLIP:
            room.asked[count] = i
            count += 1
    return count


@part
def _gap(t: Tableau, scope: Ints, rows: Rows, certain: Certain) -> int:
    """How far the bound may be below the relaxation's value, in grains."""
    gap = 0
    for k in range(len(scope)):
        gap += _whole(t.y[rows.request[scope[k]]]) - certain.least[scope[k]]
    return gap


@part
def _tell(
    scope: Ints, asked: Ints, certain: Certain, room: _Room, values: Ints, found: Ints
) -> None:  # fmt: skip
    """The offers of those that were looked at last; of the others what is certain."""
    at = 0
    for k in range(len(scope)):
        if at < len(asked) and asked[at] == scope[k]:
            for top in range(TOP):
                values[k, top] = room.values[at, top]
                for c in range(3):
                    found[k, top, c] = room.found[at, top, c]
            at += 1
        else:
            values[k, 0] = certain.least[scope[k]]
            for top in range(1, TOP):
                values[k, top] = NEVER


@part
def _whole(tenths: float) -> int:
    """As `pricing.whole_grains`."""
    return int(max(min(np.rint(tenths * GRID), LARGEST), -LARGEST))


@part
def _state(rows: Ints, y: Floats, prices: Ints, certain: Certain, kind: int, fell: Ints) -> None:
    """The prices of a kind, in whole grains and never negative; those that fell are noted."""
    count = most = 0
    for k in range(len(rows)):
        dual = y[rows[k]] if rows[k] >= 0 else 0.0
        price_now = min(_whole(max(0.0, -dual)), LARGEST_PRICE)
        if price_now < prices[k]:
            fell[count] = k
            count += 1
            most = max(most, prices[k] - price_now)
        prices[k] = price_now
    certain.fallen[kind], certain.most[kind] = count, most


@part
def _own(t: Tableau, rows: Rows, i: int) -> float:
    """What a bundle of a request must be below to enter, in grains."""
    return float((t.y[rows.request[i]] - WORTHWHILE) * GRID)


@kernel
def _better(
    t: Tableau, sides: Sides, scope: Ints, rows: Rows, prices: Charges, memory: Memory, work: Work,
    room: _Room,
) -> int:  # fmt: skip
    """As `Relaxation._grow` lists them: how many, or -1 if there is no room for them."""
    few, values, found = 0, room.values, room.found
    for k in range(len(scope)):
        own = _own(t, rows, scope[k])
        if values[k, 0] < own:
            if few < FEW:
                room.few[few] = scope[k]
                room.limit[few] = min(int(np.floor(own)), values[k, 0] + NEAR)
            few += 1
    if few <= FEW:
        count = list_within(
            sides, room.few[:few], prices[0], prices[1], prices[2], room.limit[:few], room.listed,
            memory, work,
        )  # fmt: skip
        return count if count <= ROOM else -1
    count = 0
    for k in range(len(scope)):
        own = _own(t, rows, scope[k])
        for top in range(TOP):
            if values[k, top] < own:
                if count == ROOM:
                    return -1
                room.listed[count, 0] = scope[k]
                for c in range(3):
                    room.listed[count, 1 + c] = found[k, top, c]
                count += 1
    return count


@kernel
def _take_rows(
    t: Tableau, rhs: Floats, rows: Rows, spare: Spare, taken: int, bundles: Bundles
) -> int:
    """Give the resources of these bundles rows, as long as there are spare ones beyond those taken;
    how many are taken now."""
    for _, o, j, p in bundles:
        taken = _take_row(t, rhs, rows.van, spare.van, spare, taken, (1, o))
        taken = _take_row(t, rhs, rows.team, spare.team, spare, taken, (2, j))
        taken = _take_row(t, rhs, rows.place, spare.place, spare, taken, (3, p))
    return taken


@part
def _take_row(
    t: Tableau, rhs: Floats, rows: Ints, capacity: Ints, spare: Spare, taken: int,
    user: tuple[int, int],
) -> int:  # fmt: skip
    """The next spare row for a resource, if it has none."""
    kind, k = user
    if rows[k] != UNSEEN or taken == len(spare.rows):
        return taken
    row = rows[k] = spare.rows[taken]
    spare.users[taken, 0], spare.users[taken, 1] = kind, k
    # Nothing is in the row, so its own slack alone is what fills it.
    t.x[t.slack_at[row]] += capacity[k] - rhs[row]
    rhs[row] = capacity[k]
    return taken + 1


@kernel
def _let_in(sides: Sides, rows: Rows, room: _Room, first: int, more: int) -> bool:
    """Write the bundles listed as columns; False if one of them lacks a row."""
    for b in range(more):
        i, o, j, p = room.listed[b]
        at = first + b
        own = room.rows[at]
        own[0], own[1], own[2], own[3] = rows.request[i], rows.van[o], rows.team[j], rows.place[p]
        for e in range(4):
            if own[e] == UNSEEN:
                return False
            room.coef[at, e] = 1.0 if own[e] >= 0 else 0.0
            own[e] = max(own[e], 0)
            room.bundles[at, e] = room.listed[b, e]
        room.costs[at] = price(sides, i, o, j, p)
    return True
