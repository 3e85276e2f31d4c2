"""What each request pays at least for each way to travel, or each team, with what is left: what
the sequential plan assigns by. Compiled; `dense.py` gives the same answers in NumPy.
"""

import numpy as np

from optimizer.around import TOP, Work, around, end_list, list_place, work_of
from optimizer.eligibility import Bools, Ints
from optimizer.kernels import extra_of, gather
from optimizer.remembered import NEVER
from optimizer.sides import EXTRAS, FAR, GRID, Sides, kernel, part, plain


def crowded(chosen: Ints, van: Ints, team: Ints, place: Ints) -> Bools:
    """Which choices (n, 5) take something of which all together take more than there is."""
    found = np.zeros(len(chosen), dtype=np.bool_)
    _crowded(chosen, van.copy(), team.copy(), place.copy(), found)
    return found


@kernel
def _crowded(chosen: Ints, van: Ints, team: Ints, place: Ints, found: Bools) -> None:
    _hand_out(chosen[:, 1], van, found)
    _hand_out(chosen[:, 2], team, found)
    _hand_out(chosen[:, 3], place, found)


@part
def _hand_out(taken: Ints, left: Ints, found: Bools) -> None:
    for k in taken:
        if k < len(left):
            left[k] -= 1
    for n in range(len(taken)):
        found[n] |= taken[n] < len(left) and left[taken[n]] < 0


def by_option(sides: Sides, scope: Ints, teams: Bools, places: Bools) -> Ints:
    """What each request pays at least for each way to travel (n, V + 2), in tenths, with the teams
    (J + 1,) and places (P + 1,) that are left; FAR where there is nothing."""
    costs = np.full((len(scope), len(sides.van_end) + 2), FAR, dtype=np.int64)
    values, found = np.empty(TOP, dtype=np.int64), np.empty((TOP, 3), dtype=np.int64)
    _by_option(sides, scope, teams, places, costs, values, found, work_of(sides))
    return costs


@kernel
def _by_option(
    sides: Sides, scope: Ints, teams: Bools, places: Bools,
    costs: Ints, values: Ints, found: Ints, work: Work,
) -> None:  # fmt: skip
    team, place = work.team, work.place
    vans, no_team, no_place = len(sides.van_end), len(sides.team_end), sides.go.shape[1]
    for k in range(len(scope)):
        i = scope[k]
        for j in range(no_team + 1):
            team[j] = GRID * sides.team[i, j] if teams[j] else NEVER
        for p in range(no_place + 1):
            place[p] = GRID * sides.place[i, p] if places[p] else NEVER
        best_team, best_place = NEVER, NEVER
        for j in range(no_team + 1):
            best_team = min(best_team, team[j])
        for p in range(no_place + 1):
            best_place = min(best_place, place[p])
        gather(work.teams, team, NEVER - 1)
        _gather_left(sides, i, work)
        for o in range(vans + 2):
            for t in range(TOP):
                values[t] = NEVER
            if sides.option[i, o] and best_team < NEVER and best_place < NEVER:
                if o <= vans:
                    base = GRID * sides.approach[i, o] if o < vans else 0
                    around(sides, i, o, base, work, best_place, values, found)
                else:
                    values[0] = GRID * sides.no_van[i] + best_team + best_place
            costs[k, o] = min(FAR, values[0] // GRID)
        for e in range(EXTRAS):
            o, j, p = extra_of(sides, i, e)
            if o >= 0 and teams[j] and places[p]:
                costs[k, o] = min(costs[k, o], sides.extra_cost[i, e])


def by_team(sides: Sides, scope: Ints, options: Ints, places: Bools) -> Ints:
    """What each request pays at least for each team (n, J + 1), in tenths, travelling by `options`
    (n,), with the places (P + 1,) that are left; FAR where there is nothing."""
    costs = np.full((len(scope), len(sides.team_end) + 1), FAR, dtype=np.int64)
    _by_team(sides, scope, options, places, costs, np.empty(len(places), dtype=np.int64))
    return costs


@kernel
def _by_team(
    sides: Sides, scope: Ints, options: Ints, places: Bools, costs: Ints, end: Ints
) -> None:
    no_team, no_place, vans = len(sides.team_end), sides.go.shape[1], len(sides.van_end)
    for k in range(len(scope)):
        i, o = scope[k], options[k]
        for p in range(no_place + 1):
            end[p] = sides.place[i, p] if places[p] else FAR
            if p < no_place and o <= vans:
                end[p] += sides.self_drive[i, p] if o == vans else sides.way_home[o, p]
        nearest = 0
        for p in range(1, no_place + 1):
            if end[p] < end[nearest]:
                nearest = p
        for j in range(no_team + 1):
            best = plain(sides, i, o, j, nearest) if end[nearest] < FAR else FAR
            if best >= FAR and sides.team[i, j] < FAR:
                for p in range(no_place + 1):
                    if end[p] < FAR:
                        best = min(best, plain(sides, i, o, j, p))
            costs[k, j] = min(best, FAR)
        for e in range(EXTRAS):
            way, j, p = extra_of(sides, i, e)
            if way == o and places[p]:
                costs[k, j] = min(costs[k, j], sides.extra_cost[i, e])


@part
def _gather_left(sides: Sides, i: int, work: Work) -> None:
    """All places that are possible: "none" first, then the cheapest."""
    none, count = len(work.place) - 1, 0
    list_place(work, count, none, work.place[none])
    count += work.place[none] < NEVER
    for at in range(none):
        p = sides.near[i, at]
        list_place(work, count, p, work.place[p])
        count += work.place[p] < NEVER
    end_list(work, count)
