"""The instant plan: transport, team, place, each assigned exactly, one after the other.

Each step is optimal, the three together are not (`benchmarks/plan.py` measures by how much), but it
is there in milliseconds. With some choices given (an older plan's, a rounded relaxation's) it keeps
what still fits and plans the rest around it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from optimizer.assignment import Assignment
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.pricing import Chosen, choices_of
from optimizer.problem import ANY
from optimizer.sides import FAR
from optimizer.stars import Choice, Stars

OPEN = -1
"""In the locked parts of a request: this part is free to choose."""


def sequential(stars: Stars, wanted: Iterable[Choice] = ()) -> tuple[Choice, ...]:
    """One choice a request, in their order: wanted choices where they fit, then rank by rank."""
    left = Left.of(stars)
    chosen: dict[int, Choice] = {}
    for choice in wanted:
        if choice.request not in chosen and left.has(choice):
            left.take(choice)
            chosen[choice.request] = choice
    requests = stars.problem.requests
    for rank in sorted({request.rank for request in requests}):
        scope = [i for i, r in enumerate(requests) if r.rank == rank and i not in chosen]
        for choice in _plan(stars, np.array(scope, dtype=np.int64), left):
            left.take(choice)
            chosen[choice.request] = choice
    return tuple(chosen[i] for i in range(len(requests)))


@dataclass(frozen=True, slots=True, eq=False)
class Left:
    """What can still be given out beyond the locks; `locked` (R, 3) holds option, team, place."""

    stars: Stars
    team: Ints
    van: Ints
    place: Ints
    locked: Ints

    @staticmethod
    def of(stars: Stars) -> "Left":
        locked = np.full((len(stars.problem.requests), 3), OPEN, dtype=np.int64)
        left = Left(
            stars,
            stars.team_capacity.copy(),
            stars.van_capacity.copy(),
            stars.place_capacity.copy(),
            locked,
        )
        for promised, request in zip(stars.least, stars.problem.requests, strict=True):
            if request.locked is not None:
                left.take(promised)
                parts = (request.locked.van, request.locked.team, request.locked.place)
                for part, (name, index) in enumerate(zip(parts, promised[1:4], strict=True)):
                    locked[promised.request, part] = OPEN if name == ANY else index
        return left

    def has(self, choice: Choice) -> bool:
        return all(stock[k] > 0 for stock, k in self._open_parts(choice))

    def take(self, choice: Choice) -> None:
        for stock, k in self._open_parts(choice):
            stock[k] -= 1

    def _open_parts(self, choice: Choice) -> list[tuple[Ints, int]]:
        stocks = (self.van, self.team, self.place)
        free = self.locked[choice.request] == OPEN
        parts = zip(stocks, choice[1:4], free, strict=True)
        return [(stock, k) for stock, k, is_open in parts if is_open and k < len(stock)]


def around(stars: Stars, choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """These choices, and for whoever has nothing what is left."""
    least = stars.least
    return sequential(stars, [c for c in choices if c != least[c.request]])


def kept(stars: Stars, wanted: Chosen) -> Chosen:
    """One choice a request, in their order, in a moment: these where there is enough for all that
    want the same, else the one that is always possible."""
    chosen = np.full((len(stars.problem.requests), 5), -1, dtype=np.int64)
    chosen[wanted[:, 0]] = wanted
    _leave(stars, chosen, chosen[:, 0] < 0)
    _leave(stars, chosen, _crowded(stars, chosen))
    return chosen


def _leave(stars: Stars, chosen: Chosen, those: Bools) -> None:
    """Give those requests what is always possible."""
    rows = those.nonzero()[0]
    if len(rows):
        chosen[rows, :4], chosen[rows, 4] = stars.least_bundles[rows], stars.least_costs[rows]


def is_possible(stars: Stars, chosen: Chosen) -> bool:
    """Whether a selection stays within capacity."""
    return not np.count_nonzero(_crowded(stars, chosen))


def _crowded(stars: Stars, chosen: Chosen) -> Bools:
    """Which choices take something of which more is taken than there is."""
    capacities = stars.van_capacity, stars.team_capacity, stars.place_capacity
    return engine().crowded(chosen, *capacities)


def _plan(stars: Stars, scope: Ints, left: Left) -> list[Choice]:
    """Team, place and transport of the requests in scope, from what is left: the better of two
    orders. Either every request counts on the van that is best for it, or vans are given out first
    too (a van is worth nothing without a team, nor often a team without a van)."""
    if not len(scope):
        return []
    locked = left.locked[scope]
    teams, places = (np.append(stock > 0, True) for stock in (left.team, left.place))
    if (locked[:, 1:] != OPEN).any():
        teams, places = np.ones_like(teams), np.ones_like(places)
    ways = engine().by_option(stars.sides, scope, teams, places)
    given = _assign_options(ways, left.van, locked[:, 0])
    shared = [ways[:, : stars.self_option].argmin(axis=1)] if stars.self_option else []
    shared += [np.full(len(scope), o) for o in (stars.self_option, stars.none_option)]
    shared = [np.where(locked[:, 0] == OPEN, options, locked[:, 0]) for options in shared]
    plans = [_around_options(stars, scope, left, each, places) for each in (shared, [given])]
    return min(plans, key=lambda plan: sum(choice.cost for choice in plan))


def _around_options(
    stars: Stars, scope: Ints, left: Left, ways: list[Ints], places: Bools
) -> list[Choice]:
    """Teams by what each could do at best in one of these ways, then places, then vans."""
    sides, way, locked = stars.sides, engine(), left.locked[scope]
    nothing = stars.least_costs[scope]
    by_way = np.stack([way.by_team(sides, scope, options, places) for options in ways])
    team = _assign(_or_else(by_way.min(axis=0), nothing), left.team, locked[:, 1])
    rows = np.arange(len(scope))
    options = np.stack(ways)[by_way[:, rows, team].argmin(axis=0), rows]
    alone = np.full((2, len(scope)), [[stars.none_option], [stars.no_place]])
    team_only = way.costs_of(sides, np.column_stack([scope, alone[0], team, alone[1]]))
    by_place = over(stars, scope, options, team, None)
    place = _assign(_or_else(by_place, np.minimum(team_only, nothing)), left.place, locked[:, 2])
    options = _assign_options(over(stars, scope, None, team, place), left.van, locked[:, 0])
    bundles = np.column_stack([scope, options, team, place])
    costs = way.costs_of(sides, bundles)
    none = costs >= FAR
    bundles[none], costs[none] = stars.least_bundles[scope[none]], nothing[none]
    return choices_of(bundles, costs)


def _or_else(costs: Ints, otherwise: Ints) -> Ints:
    """Costs whose last column, "none", is at most what the request pays without all of it."""
    costs[:, -1] = np.minimum(costs[:, -1], otherwise)
    return costs


def over(
    stars: Stars, scope: Ints, options: Ints | None, team: Ints | None, place: Ints | None
) -> Ints:
    """The price of each bundle with the one part that is not given, over all of its kind."""
    parts = (scope, options, team, place)
    sizes = (0, stars.none_option + 1, stars.no_team + 1, stars.no_place + 1)
    size = next(size for size, part in zip(sizes, parts, strict=True) if part is None)
    free = np.tile(np.arange(size), len(scope))
    given = [free if part is None else np.repeat(part, size) for part in parts]
    costs = engine().costs_of(stars.sides, np.column_stack(given))
    return np.minimum(costs, FAR).reshape(len(scope), size)


def _assign(costs: Ints, stock: Ints, locked: Ints) -> Ints:
    """Column by row (the last column is "none"), the cheapest together; locked rows keep theirs."""
    rows = np.flatnonzero(locked == OPEN)
    none = costs.shape[1] - 1
    columns = np.repeat(np.arange(none), np.minimum(stock, len(rows)))
    dear = int(costs[costs < FAR].max(initial=0)) + 1
    given = Assignment(costs[np.ix_(rows, columns)], np.minimum(costs[rows, none], dear))
    result = locked.copy()
    result[rows] = np.append(columns, none)[given.resources]
    return result


def _assign_options(costs: Ints, stock: Ints, locked: Ints) -> Ints:
    """Vans by exact assignment against the better of SELF and no transport."""
    vans = len(stock)
    other = np.where(costs[:, vans] < costs[:, vans + 1], vans, vans + 1)
    against = np.minimum(costs[:, vans], costs[:, vans + 1])
    option = _assign(np.hstack([costs[:, :vans], against[:, None]]), stock, locked)
    return np.where((option == vans) & (locked == OPEN), other, option)
