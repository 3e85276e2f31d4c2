"""Star pricing, compiled: the cheapest bundles of every request under shadow prices, exactly.

An option whose least conceivable price cannot win is passed over: a certificate, not a rule of
thumb.

Values are grains: GRID x tenths, plus shadow prices. `dense.py` gives the same answers in NumPy.
"""

import numpy as np

from optimizer.around import (
    MARGIN,
    TOP,
    Work,
    around,
    end_list,
    list_place,
    narrow,
    narrow_places,
    offer,
    work_of,
)
from optimizer.eligibility import Ints
from optimizer.remembered import NEVER, Memory, begin, blank, go_on, is_known, least_now
from optimizer.sides import EXTRAS, FAR, GRID, Bundles, Sides, kernel, part, price


def costs_of(sides: Sides, bundles: Bundles) -> Ints:
    """The price in tenths of each bundle (n, 4); FAR or more where it is not feasible."""
    costs = np.empty(len(bundles), dtype=np.int64)
    _costs_of(sides, np.ascontiguousarray(bundles), costs)
    return costs


@kernel
def _costs_of(sides: Sides, bundles: Bundles, costs: Ints) -> None:
    for k in range(len(bundles)):
        costs[k] = price(sides, bundles[k, 0], bundles[k, 1], bundles[k, 2], bundles[k, 3])


@part
def side_of(costs: Ints, prices: Ints, values: Ints) -> int:
    """The value of each part on one side; the least of them."""
    least = NEVER
    for k in range(len(values)):
        values[k] = min(GRID * costs[k] + prices[k], NEVER)
    for k in range(len(values)):
        least = min(least, values[k])
    return int(least)


@part
def _plain(sides: Sides, i: int, charge: Ints, both: int, least: Ints) -> int:
    """What each van and SELF cost at least beside both sides that cost so much; the least of the
    vans."""
    vans, of_vans = len(sides.van_end), NEVER
    for o in range(vans):
        own = GRID * sides.approach[i, o] + charge[o] + both
        least[o] = own if sides.option[i, o] else NEVER
    least[vans] = charge[vans] + both if sides.option[i, vans] else NEVER
    for o in range(vans):
        of_vans = min(of_vans, least[o])
    return int(of_vans)


@part
def _first(values: Ints, value: int) -> int:
    """Where a value is first."""
    at = 0
    while values[at] != value:
        at += 1
    return at


@part
def gather(candidates: Ints, value: Ints, most: int) -> None:
    """All of a kind that are worth at most so much, "none" too. Each is written, and counts if it
    is: nobody could tell which way a branch goes."""
    count = 0
    for k in range(len(value)):
        candidates[count + 1] = k
        count += value[k] <= most
    candidates[0] = count


@part
def _least_place(sides: Sides, i: int, prices: Ints, place: Ints) -> tuple[int, int]:
    """What a place is worth at least, and the first one that is; those looked at are in `place`."""
    none = len(place) - 1
    place[none] = min(GRID * sides.place[i, none] + prices[none], NEVER)
    least, best = place[none], none
    if sides.placed[i]:
        for at in range(none):
            p = sides.near[i, at]
            if sides.place[i, p] < FAR:
                if GRID * sides.place[i, p] > least:
                    break
                place[p] = min(GRID * sides.place[i, p] + prices[p], NEVER)
                if place[p] < least or (place[p] == least and p < best):
                    least, best = place[p], p
    return int(least), int(best)


@part
def _gather_places(sides: Sides, i: int, work: Work, prices: Ints, most: int) -> None:
    """The places worth at most so much: "none" first, then the cheapest."""
    place = work.place
    none, count = len(place) - 1, 0
    list_place(work, count, none, GRID * sides.place[i, none])
    count += place[none] <= most
    if sides.placed[i]:
        for at in range(none):
            p = sides.near[i, at]
            cost, is_open = GRID * sides.place[i, p], sides.place[i, p] < FAR
            if is_open and cost > most:
                break
            place[p] = min(cost + prices[p], NEVER)
            list_place(work, count, p, cost)
            count += is_open & (place[p] <= most)
    end_list(work, count)


@part
def extra_of(sides: Sides, i: int, e: int) -> tuple[int, int, int]:
    return sides.extra_bundle[i, e, 0], sides.extra_bundle[i, e, 1], sides.extra_bundle[i, e, 2]


@part
def _offer_extras(
    sides: Sides, i: int, van_price: Ints, team_price: Ints, place_price: Ints,
    values: Ints, found: Ints,
) -> None:  # fmt: skip
    """Offer the bundles that have a price of their own, each instead of a dearer one around the
    same option."""
    for e in range(EXTRAS):
        o, j, p = extra_of(sides, i, e)
        if o < 0:
            continue
        value = GRID * sides.extra_cost[i, e] + van_price[o] + team_price[j] + place_price[p]
        for t in range(TOP):
            if found[t, 0] == o:
                if values[t] < value or (
                    values[t] == value and (found[t, 1], found[t, 2]) < (j, p)
                ):
                    value = NEVER
                else:
                    for u in range(t, TOP - 1):
                        values[u] = values[u + 1]
                        for c in range(3):
                            found[u, c] = found[u + 1, c]
                    values[TOP - 1] = NEVER
                    found[TOP - 1, 0] = -1
        if value < NEVER:
            offer(value, o, j, p, values, found)


@part
def base_of(sides: Sides, i: int, o: int, charge: Ints) -> int:
    """The value of a way to travel by itself."""
    vans = len(sides.van_end)
    own = sides.approach[i, o] if o < vans else (0 if o == vans else sides.no_van[i])
    return int(GRID * own + charge[o])


def cheapest(
    sides: Sides, scope: Ints, prices: tuple[Ints, Ints, Ints],
    enough: Ints | None = None, memory: Memory | None = None,
) -> tuple[Ints, Ints]:  # fmt: skip
    """The best TOP offers of each request in scope: values (n, TOP), NEVER where there is none, and
    option, team, place (n, TOP, 3). `prices`: van (V + 2,), team (J + 1,), place (P + 1,).

    Where nothing is worth `enough` (n,) or less, that is the value, and any bundle or none is
    offered. `memory` of earlier looks saves most of the work.
    """
    values = np.empty((len(scope), TOP), dtype=np.int64)
    found = np.empty((len(scope), TOP, 3), dtype=np.int64)
    if enough is None:
        enough = np.full(len(scope), NEVER)
    if memory is None:
        memory = blank(sides)
    parts = np.empty((len(sides.wait), 3), dtype=np.int64)
    look(sides, scope, *prices, enough, memory, values, found, parts, work_of(sides))
    return values, found


@kernel
def look(
    sides: Sides, scope: Ints, van_price: Ints, team_price: Ints, place_price: Ints, enough: Ints,
    memory: Memory, values: Ints, found: Ints, parts: Ints, work: Work,
) -> None:  # fmt: skip
    """As `cheapest`, into `values` and `found`; and into `parts` (R, 3) what a way to travel, a
    team and a place cost each request at least."""
    least, team, place, options, teams = work[:5]
    vans = len(sides.van_end)
    least[vans + 1] = NEVER
    for k in range(len(scope)):
        i = scope[k]
        for t in range(TOP):
            values[k, t] = min(enough[k] + 1, NEVER)
            found[k, t, 0] = found[k, t, 1] = found[k, t, 2] = -1
        best_team = side_of(sides.team[i], team_price, team)
        best_place, p_least = _least_place(sides, i, place_price, place)
        parts[i, 0], parts[i, 1], parts[i, 2] = NEVER, best_team, best_place
        if best_team < NEVER and best_place < NEVER:
            if sides.option[i, vans + 1]:
                value = GRID * sides.no_van[i] + best_team + best_place
                offer(value, vans + 1, _first(team, best_team), p_least, values[k], found[k])
            both = best_team + best_place
            van_least = _plain(sides, i, van_price, both, least)
            plain_least, has_van = min(van_least, least[vans]), van_least < NEVER
            if plain_least < NEVER:
                parts[i, 0] = plain_least - both
            if sides.option[i, vans + 1]:
                parts[i, 0] = min(parts[i, 0], base_of(sides, i, vans + 1, van_price))
            # No option is cheaper by itself: what is too dear here is so for all of them.
            slack = min(values[k, TOP - 1], NEVER - 1) - plain_least + MARGIN
            s = memory.row[i]
            if has_van and s >= 0:
                side_of(sides.place[i], place_price, place)
                if is_known(sides, i, memory):
                    go_on(
                        sides, i, memory, team, place, best_team + slack, best_place + slack,
                        both + slack,
                    )  # fmt: skip
                else:
                    begin(sides, i, memory, team, place)
                for o in range(vans):
                    more = max(least_now(sides, i, o, memory) - both, 0)
                    least[o] += more if least[o] < NEVER else 0
            gather(options, least, min(values[k, TOP - 1], NEVER - 1))
            if options[0] > 0:
                gather(teams, team, best_team + slack)
                _gather_places(sides, i, work, place_price, best_place + slack)
            for _ in range(options[0]):
                o = options[1]
                for at in range(2, options[0] + 1):
                    if least[options[at]] < least[o]:
                        o = options[at]
                if least[o] > values[k, TOP - 1]:
                    break
                if values[k, TOP - 1] + MARGIN < plain_least + slack:
                    slack = values[k, TOP - 1] + MARGIN - plain_least
                    narrow(teams, team, best_team + slack)
                    narrow_places(work, best_place + slack)
                least[o] = NEVER + 1
                base = base_of(sides, i, o, van_price)
                star = around(sides, i, o, base, work, best_place, values[k], found[k])
                if o < vans and s >= 0:
                    memory.least[s, o] = star
        _offer_extras(sides, i, van_price, team_price, place_price, values[k], found[k])
        for t in range(TOP):
            if found[k, t, 0] < 0:
                values[k, t] = enough[k] if t == 0 else NEVER
