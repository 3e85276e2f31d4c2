"""The next place to ask: a fact of the plan that claims nothing.

Whoever needs a place gets the best other one. Whoever only may need one gets the best one that, in
expectation, still has room beside all the others who may need it.
"""

import numpy as np

from optimizer.eligibility import Bools, Ints
from optimizer.items import Table
from optimizer.reasons import Selection
from optimizer.sides import FAR

WHOLE = 1000
"""Room and chances are counted in thousandths of a unit."""


def backups_of(selection: Selection, table: Table) -> tuple[list[int | None], frozenset[int]]:
    """The best other place with room left that the same team and van could reach, by request; and
    whose place more people may need than it has room for."""
    stars = selection.stars
    requests = stars.problem.requests
    if not stars.no_place:
        return [None] * len(requests), frozenset()
    asked = np.array([r.place_need != "none" for r in requests], dtype=np.bool_)
    fit = selection.has_room("place") & (stars.faults.place == 0) & asked[:, None]
    fit &= np.arange(stars.no_place) != table.place[:, None]
    fit &= _reaches(table)
    costs = np.where(fit, stars.place_cost, FAR)
    best = costs.argmin(axis=1)
    shared = _in_expectation(selection, costs, best)
    found = fit[np.arange(len(best)), best].tolist()
    return [p if fits else None for p, fits in zip(best.tolist(), found, strict=True)], shared


def _in_expectation(selection: Selection, costs: Ints, best: Ints) -> frozenset[int]:
    """Give out what is left in expectation, the most urgent first; changes `best`."""
    stars = selection.stars
    requests, capacity = stars.problem.requests, stars.place_capacity
    chance = round(stars.problem.policy.possible_chance * WHOLE)
    left = (capacity - selection.used["place"]) * WHOLE
    possible = [i for i, request in enumerate(requests) if request.place_need == "possible"]
    possible.sort(key=lambda i: (requests[i].rank, -requests[i].weight, -requests[i].waited_s, i))
    shared = set()
    for i in possible:
        if costs[i, best[i]] >= FAR:
            continue
        open_costs = np.where(left >= chance, costs[i], FAR)
        place = int(open_costs.argmin())
        if open_costs[place] >= FAR:
            shared.add(i)
            continue
        best[i] = place
        left[place] -= chance
    return frozenset(shared)


def _reaches(table: Table) -> Bools:
    """Which places the same team and transport could take each person to in time (R, P)."""
    sides, i = table.stars.sides, table.request
    promised = sides.promised[i, table.option][:, None]
    reaches: Bools = np.ones(sides.go.shape, dtype=np.bool_)
    van = np.flatnonzero(table.has_van)
    if len(van):
        v = table.option[van]
        pick = np.maximum(sides.eta[van, v], table.ready[van]) + sides.load[van]
        reaches[van] = pick[:, None] + sides.go[van] + sides.home[v] <= sides.van_end[v][:, None]
    driven = np.flatnonzero(table.is_self & sides.strict & table.has_team)
    if len(driven):
        last: Ints = sides.team_end[table.team[driven]]
        reaches[driven] = table.ready[driven][:, None] + sides.go[driven] <= last[:, None]
    return reaches | promised
