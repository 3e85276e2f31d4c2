"""Star pricing, compiled: the cheapest bundles of every request under shadow prices, exactly.

Around one option the best team and the best place are found apart, because prices add up; only
where that pair breaks the joint limit (a shift that ends) are all pairs looked at. An option whose
least conceivable price cannot win is passed over: a certificate, not a rule of thumb.

Values are grains: GRID x tenths, plus shadow prices. `dense.py` gives the same answers in NumPy.
"""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Ints
from optimizer.remembered import NEVER, Memory, begin, blank, go_on, is_known, least_now
from optimizer.sides import (
    ALWAYS,
    EXTRAS,
    FAR,
    GRID,
    Bundles,
    Sides,
    kernel,
    part,
    price,
    waiting,
)

TOP = 2
"""So many bundles of a request are offered, each around another option."""
MARGIN = 256 * GRID
"""So far beyond what could win a star's least is found exactly, for the looks that follow."""


def costs_of(sides: Sides, bundles: Bundles) -> Ints:
    """The price in tenths of each bundle (n, 4); FAR or more where it is not feasible."""
    costs = np.empty(len(bundles), dtype=np.int64)
    _costs_of(sides, np.ascontiguousarray(bundles), costs)
    return costs


@kernel
def _costs_of(sides: Sides, bundles: Bundles, costs: Ints) -> None:
    for k in range(len(bundles)):
        costs[k] = price(sides, bundles[k, 0], bundles[k, 1], bundles[k, 2], bundles[k, 3])


class Work(NamedTuple):
    """Room to work in, for one request at a time: what each option costs at least, each team, each
    place (V + 2,), (J + 1,), (P + 1,); those that could win (one longer: the first entry says how
    many); what is left of both sides where a shift ends (P + 1, 3)."""

    least: Ints
    team: Ints
    place: Ints
    options: Ints
    teams: Ints
    places: Ints
    ends: Ints


def work_of(sides: Sides) -> Work:
    """Room for such a region."""
    options, teams, places = len(sides.van_end) + 2, len(sides.team_end) + 1, len(sides.place.T)

    def room(*shape: int) -> Ints:
        return np.empty(shape, dtype=np.int64)

    return Work(
        room(options), room(teams), room(places),
        room(options + 1), room(teams + 1), room(places + 1), room(places, 3),
    )  # fmt: skip


@part
def _offer(value: int, o: int, j: int, p: int, values: Ints, found: Ints) -> None:
    """Insert into the best TOP, in the order of (value, option)."""
    for t in range(TOP):
        if value < values[t] or (value == values[t] and value < NEVER and o < found[t, 0]):
            for u in range(TOP - 1, t, -1):
                values[u] = values[u - 1]
                for c in range(3):
                    found[u, c] = found[u - 1, c]
            values[t] = value
            found[t, 0], found[t, 1], found[t, 2] = o, j, p
            return


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
def _first(values: Ints, value: int) -> int:
    """Where a value is first."""
    at = 0
    while values[at] != value:
        at += 1
    return at


@part
def _need(sides: Sides, i: int, o: int, j: int) -> int:
    """The moment that a team asks for: the pick-up, or by how much it overruns its own shift."""
    if o < len(sides.van_end):
        return int(max(sides.eta[i, o], sides.ready[i, j]))
    if j < len(sides.team_end) and sides.strict[i] and not sides.promised[i, o]:
        return int(sides.ready[i, j] - sides.team_end[j])
    return -ALWAYS


@part
def _room(sides: Sides, i: int, o: int, p: int) -> int:
    """The latest such moment that a place allows."""
    if p == sides.go.shape[1] or sides.promised[i, o]:
        return ALWAYS
    if o == len(sides.van_end):
        return int(-sides.go[i, p])
    if sides.home[o, p] > sides.horizon:
        return -ALWAYS
    return int(sides.van_end[o] - sides.load[i] - sides.go[i, p] - sides.home[o, p])


@part
def _start(sides: Sides, i: int, o: int, j: int, team: Ints) -> int:
    """The value of a team together with a van or SELF."""
    if o == len(sides.van_end):
        return int(team[j] if sides.drives[i, j] else NEVER)
    return int(team[j] + GRID * waiting(sides, i, sides.eta[i, o], sides.ready[i, j]))


@part
def _end(sides: Sides, i: int, o: int, p: int, place: Ints) -> int:
    """The value of a place together with a van or SELF."""
    if p == sides.go.shape[1]:
        return int(place[p])
    extra = sides.self_drive[i, p] if o == len(sides.van_end) else sides.way_home[o, p]
    return int(place[p] + GRID * extra)


@part
def around(
    sides: Sides, i: int, o: int, base: int, team: Ints, place: Ints, least_place: int,
    teams: Ints, places: Ints, ends: Ints, values: Ints, found: Ints,
) -> int:  # fmt: skip
    """Offer the best bundle around a van or SELF, if it is among the best. What both sides cost
    together at least: exact up to a MARGIN beyond what could win. `base`: the option's
    own value; `least_place`: what a place costs at least; `teams`, `places`: those that could win,
    the first entry says how many: teams in their order, places "none" first, then the cheapest;
    `ends` (P + 1, 3) is room to work in. Of equal places the lowest index wins."""
    alone = sides.alone[i, o]
    no_team, no_place = len(team) - 1, len(place) - 1
    most = min(values[TOP - 1] + MARGIN, NEVER - 1) - base
    start, end, j_best, p_best = NEVER, NEVER, -1, -1
    for at in range(1, teams[0] + 1):
        j = teams[at]
        if team[j] + least_place <= most and team[j] < start:
            if j == no_team and not alone and sides.needs_team[i]:
                continue
            worth = _start(sides, i, o, j, team)
            if worth < start:
                start, j_best = worth, j
    for at in range(1, places[0] + 1):
        p = places[at]
        if p < no_place and GRID * sides.place[i, p] > min(end, most - start):
            break
        if start + place[p] <= most and place[p] <= end:
            if p == no_place and not alone:
                continue
            worth = _end(sides, i, o, p, place)
            if worth < end or (worth == end and p < p_best):
                end, p_best = worth, p
    if j_best >= 0 and p_best >= 0 and start + end <= most:
        if _need(sides, i, o, j_best) > _room(sides, i, o, p_best):
            # Only places that are still open at the earliest pick-up, and cheap enough, matter.
            earliest, total = ALWAYS, most + 1
            for at in range(1, teams[0] + 1):
                earliest = min(earliest, _need(sides, i, o, teams[at]))
            count = 0
            for at in range(1, places[0] + 1):
                p = places[at]
                if p < no_place and start + GRID * sides.place[i, p] >= total:
                    break
                if start + place[p] < total and (p < no_place or alone):
                    worth, last = _end(sides, i, o, p, place), _room(sides, i, o, p)
                    if start + worth < total and earliest <= last:
                        ends[count, 0], ends[count, 1], ends[count, 2] = worth, last, p
                        count += 1
            j_best = -1
            for at in range(1, teams[0] + 1):
                j = teams[at]
                if team[j] + end >= total:
                    continue
                if j == no_team and not alone and sides.needs_team[i]:
                    continue
                side, pick = _start(sides, i, o, j, team), _need(sides, i, o, j)
                if side + end >= total:
                    continue
                for t in range(count):
                    both, p = side + ends[t, 0], ends[t, 2]
                    wins = both < total or (both == total and j == j_best and p < p_best)
                    if wins and pick <= ends[t, 1]:
                        total, j_best, p_best = both, j, p
            start, end = total, 0
        if j_best >= 0:
            _offer(base + start + end, o, j_best, p_best, values, found)
        return int(start + end)
    return int(most + 1)


@part
def gather(candidates: Ints, value: Ints, most: int) -> None:
    """All of a kind that are worth at most so much, "none" too."""
    count = 0
    for k in range(len(value)):
        if value[k] <= most:
            count += 1
            candidates[count] = k
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
def _gather_places(
    sides: Sides, i: int, candidates: Ints, prices: Ints, place: Ints, most: int
) -> None:
    """The places worth at most so much: "none" first, then the cheapest."""
    none, count = len(place) - 1, 0
    if place[none] <= most:
        count += 1
        candidates[count] = none
    if sides.placed[i]:
        for at in range(none):
            p = sides.near[i, at]
            if sides.place[i, p] < FAR:
                if GRID * sides.place[i, p] > most:
                    break
                place[p] = min(GRID * sides.place[i, p] + prices[p], NEVER)
                if place[p] <= most:
                    count += 1
                    candidates[count] = p
    candidates[0] = count


@part
def _narrow(candidates: Ints, value: Ints, most: int) -> None:
    """Keep the candidates worth at most so much, in order."""
    kept = 0
    for at in range(1, candidates[0] + 1):
        if value[candidates[at]] <= most:
            kept += 1
            candidates[kept] = candidates[at]
    candidates[0] = kept


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
            _offer(value, o, j, p, values, found)


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
    least, team, place, options, teams, places, ends = work
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
                _offer(value, vans + 1, _first(team, best_team), p_least, values[k], found[k])
            plain_least, has_van = NEVER, False
            for o in range(vans + 1):
                least[o] = NEVER
                if sides.option[i, o]:
                    least[o] = base_of(sides, i, o, van_price) + best_team + best_place
                    plain_least = min(plain_least, least[o])
                    has_van |= o < vans
            if plain_least < NEVER:
                parts[i, 0] = plain_least - best_team - best_place
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
                        best_team + best_place + slack,
                    )  # fmt: skip
                else:
                    begin(sides, i, memory, team, place)
                for o in range(vans):
                    if least[o] < NEVER:
                        both = max(best_team + best_place, least_now(sides, i, o, memory))
                        least[o] += both - best_team - best_place
            gather(options, least, min(values[k, TOP - 1], NEVER - 1))
            if options[0] > 0:
                gather(teams, team, best_team + slack)
                _gather_places(sides, i, places, place_price, place, best_place + slack)
            for _ in range(options[0]):
                o = options[1]
                for at in range(2, options[0] + 1):
                    if least[options[at]] < least[o]:
                        o = options[at]
                if least[o] > values[k, TOP - 1]:
                    break
                if values[k, TOP - 1] + MARGIN < plain_least + slack:
                    slack = values[k, TOP - 1] + MARGIN - plain_least
                    _narrow(teams, team, best_team + slack)
                    _narrow(places, place, best_place + slack)
                least[o] = NEVER + 1
                base = base_of(sides, i, o, van_price)
                both = around(
                    sides, i, o, base, team, place, best_place, teams, places, ends,
                    values[k], found[k],
                )  # fmt: skip
                if o < vans and s >= 0:
                    memory.least[s, o] = both
        _offer_extras(sides, i, van_price, team_price, place_price, values[k], found[k])
        for t in range(TOP):
            if found[k, t, 0] < 0:
                values[k, t] = enough[k] if t == 0 else NEVER
