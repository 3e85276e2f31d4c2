"""Every bundle within a limit, compiled: what the closing and the explanation choose among.

As in pricing, a part that is too dear beside the cheapest others is passed over for all bundles, a
way to travel for all of its own.
"""

import numpy as np

from optimizer.around import Work, work_of
from optimizer.eligibility import Ints
from optimizer.kernels import base_of, side_of
from optimizer.remembered import NEVER, Memory, blank, is_known, least_now
from optimizer.sides import EXTRAS, FAR, GRID, Bundles, Sides, kernel, part, price, waiting


def within(
    sides: Sides, scope: Ints, prices: tuple[Ints, Ints, Ints], limit: Ints, room: int
) -> tuple[int, Bundles]:
    """Every bundle whose value is at most its request's limit (grains): how many, and the first
    `room` of them (option by option, team by team)."""
    listed = np.empty((room, 4), dtype=np.int64)
    count = list_within(sides, scope, *prices, limit, listed, blank(sides), work_of(sides))
    return int(count), listed


@kernel
def list_within(
    sides: Sides, scope: Ints, van_price: Ints, team_price: Ints, place_price: Ints,
    limit: Ints, listed: Bundles, memory: Memory, work: Work,
) -> int:  # fmt: skip
    """As `within`, into `listed`; `memory` of a look at these prices saves most of the work."""
    team, place, teams, places = work.team, work.place, work.teams, work.places
    vans, count = len(sides.van_end), 0
    for k in range(len(scope)):
        i, most = scope[k], min(limit[k], NEVER - 1)
        best_team = side_of(sides.team[i], team_price, team)
        best_place = side_of(sides.place[i], place_price, place)
        least = NEVER
        for o in range(vans + 2):
            if sides.option[i, o]:
                least = min(least, base_of(sides, i, o, van_price))
        _near(sides, i, 1, team, most - least - best_place, teams)
        _near(sides, i, 2, place, most - least - best_team, places)
        is_looked_at = memory.row[i] >= 0 and is_known(sides, i, memory)
        for o in range(vans + 2):
            base, both = base_of(sides, i, o, van_price), best_team + best_place
            if is_looked_at and o < vans:
                both = max(both, least_now(sides, i, o, memory))
            if _has_extra(sides, i, o):
                end = -NEVER
            elif not sides.option[i, o] or base + both > most:
                continue
            else:
                end = NEVER
                for at in range(1, places[0] + 1):
                    end = min(end, place[places[at]] + _onward(sides, i, o, places[at]))
                if base + best_team + end > most:
                    continue
            count = _around(
                sides, i, o, base, end, most, team, place, teams, places,
                van_price[o], team_price, place_price, listed, count,
            )  # fmt: skip
    return count


@part
def _around(
    sides: Sides, i: int, o: int, base: int, end: int, most: int, team: Ints, place: Ints,
    teams: Ints, places: Ints, charge: int, team_price: Ints, place_price: Ints,
    listed: Bundles, count: int,
) -> int:  # fmt: skip
    """List the bundles around one way to travel; `end`: what a place costs there at least."""
    for at in range(1, teams[0] + 1):
        j = teams[at]
        side = base + team[j]
        if o < len(sides.van_end):
            side += GRID * waiting(sides, i, sides.eta[i, o], sides.ready[i, j])
        if side + end > most:
            continue
        for to in range(1, places[0] + 1):
            p = places[to]
            is_dear = side + place[p] + _onward(sides, i, o, p) > most
            if is_dear and not _is_extra(sides, i, o, j, p):
                continue
            cost = price(sides, i, o, j, p)
            if cost < FAR and GRID * cost + charge + team_price[j] + place_price[p] <= most:
                if count < len(listed):
                    listed[count, 0], listed[count, 1] = i, o
                    listed[count, 2], listed[count, 3] = j, p
                count += 1
    return count


@part
def _near(sides: Sides, i: int, column: int, value: Ints, most: int, near: Ints) -> None:
    """The candidates worth at most so much, and those in a bundle that has a price of its own."""
    near[0] = 0
    for k in range(len(value)):
        belongs = value[k] <= most
        for e in range(EXTRAS):
            belongs |= sides.extra_bundle[i, e, 0] >= 0 and sides.extra_bundle[i, e, column] == k
        if belongs:
            near[0] += 1
            near[near[0]] = k


@part
def _has_extra(sides: Sides, i: int, o: int) -> bool:
    """Whether a bundle around this option has a price of its own."""
    found = False
    for e in range(EXTRAS):
        found |= sides.extra_bundle[i, e, 0] == o
    return bool(found)


@part
def _is_extra(sides: Sides, i: int, o: int, j: int, p: int) -> bool:
    """Whether a bundle has a price of its own."""
    found = False
    for e in range(EXTRAS):
        same = sides.extra_bundle[i, e]
        found |= same[0] == o and same[1] == j and same[2] == p
    return bool(found)


@part
def _onward(sides: Sides, i: int, o: int, p: int) -> int:
    """What a way to travel adds to the value of a place."""
    if p == sides.go.shape[1] or o > len(sides.van_end):
        return 0
    return int(GRID * (sides.self_drive[i, p] if o == len(sides.van_end) else sides.way_home[o, p]))
