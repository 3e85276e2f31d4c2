"""The instant plan: first the team, then the place, then the van, each assigned exactly.

Each step is optimal, the three together are not (`benchmarks/plan.py` measures by how much), but it
is there in milliseconds. With some choices given (an older plan's, a rounded relaxation's) it keeps
what still fits and plans the rest around it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from optimizer.eligibility import Ints
from optimizer.problem import ANY
from optimizer.stars import FAR, Choice, Stars

OPEN = -1
"""In the locked parts of a request: this part is free to choose."""


def sequential(stars: Stars, wanted: Iterable[Choice] = ()) -> tuple[Choice, ...]:
    """One choice a request, in their order: wanted choices where they fit, then rank by rank."""
    left = _Left.of(stars)
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
class _Left:
    """What can still be given out beyond the locks; `locked` (R, 3) holds option, team, place."""

    stars: Stars
    team: Ints
    van: Ints
    place: Ints
    locked: Ints

    @staticmethod
    def of(stars: Stars) -> "_Left":
        locked = np.full((len(stars.problem.requests), 3), OPEN, dtype=np.int64)
        left = _Left(
            stars,
            stars.team_capacity.copy(),
            stars.van_capacity.copy(),
            stars.place_capacity.copy(),
            locked,
        )
        for i, request in enumerate(stars.problem.requests):
            if request.locked is not None:
                promised = stars.least[i]
                left.take(promised)
                parts = (request.locked.van, request.locked.team, request.locked.place)
                for part, (name, index) in enumerate(zip(parts, promised[1:4], strict=True)):
                    locked[i, part] = OPEN if name == ANY else index
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


def _plan(stars: Stars, scope: Ints, left: _Left) -> list[Choice]:
    """Team, place and transport of the requests in scope, from what is left.

    Each step knows what the steps after it could cost at best, with whatever is left: a request
    without a team goes without a van and a place too, and a team may be too late for any driver.
    """
    if not len(scope):
        return []
    locked = left.locked[scope]
    place_side = stars.place_side[scope].copy()
    place_side[np.ix_(locked[:, 2] == OPEN, *_out_of(left.place, place_side))] = FAR
    team_side = stars.team_side[scope].copy()
    team_side[np.ix_(locked[:, 0] == OPEN, np.flatnonzero(left.van == 0))] = FAR
    best_end = place_side.min(axis=2, keepdims=True)
    team = _assign((team_side + best_end).min(axis=1), left.team, locked[:, 1])
    rows = np.arange(len(scope))
    start, need = (side[rows, :, team] for side in (team_side, stars.need[scope]))
    fits = need[:, :, None] <= stars.room[scope]
    through = np.where(fits, start[:, :, None] + place_side, FAR).min(axis=1)
    place = _assign(through, left.place, locked[:, 2])
    costs = start + stars.place_side[scope, :, place]
    fits = need <= stars.room[scope, :, place]
    option = _assign_options(np.where(fits, costs, FAR), left.van, locked[:, 0])
    return [
        stars.choice(i, o, j, p) or stars.least[i]
        for i, o, j, p in zip(scope.tolist(), option, team.tolist(), place.tolist(), strict=True)
    ]


def _out_of(stock: Ints, side: Ints) -> tuple[Ints, Ints]:
    """Every option, and the ends of which nothing is left."""
    return np.arange(side.shape[1]), np.flatnonzero(stock == 0)


def _assign(costs: Ints, stock: Ints, locked: Ints) -> Ints:
    """Column by row (the last column is "none"), the cheapest together; locked rows keep theirs."""
    rows = np.flatnonzero(locked == OPEN)
    none = costs.shape[1] - 1
    columns = np.repeat(np.arange(none), np.minimum(stock, len(rows)))
    finite = costs[costs < FAR]
    dear = int(finite.max(initial=0)) + 1
    own = np.full((len(rows), len(rows)), 4 * dear, dtype=np.float64)
    np.fill_diagonal(own, np.minimum(costs[rows, none], dear))
    given = np.minimum(costs[np.ix_(rows, columns)], 4 * dear).astype(np.float64)
    row, column = linear_sum_assignment(np.hstack([given, own]))
    index = np.where(
        column < len(columns), np.append(columns, none)[np.minimum(column, len(columns))], none
    )
    result = locked.copy()
    result[rows[row]] = index
    return result


def _assign_options(costs: Ints, stock: Ints, locked: Ints) -> list[int]:
    """Vans by exact assignment against the better of SELF and no transport."""
    vans = len(stock)
    other = np.where(costs[:, vans] < costs[:, vans + 1], vans, vans + 1)
    against = np.minimum(costs[:, vans], costs[:, vans + 1])
    option = _assign(np.hstack([costs[:, :vans], against[:, None]]), stock, locked)
    return [
        int(o if o != vans or fixed != OPEN else alternative)
        for o, alternative, fixed in zip(option, other, locked, strict=True)
    ]
