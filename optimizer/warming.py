"""Compile the kernels before they are needed: call `warm_up` once, in a thread of its own."""

import numpy as np

from optimizer.engine import COMPILED, use_compiled
from optimizer.matching import ALONE, Matching
from optimizer.problem import Place, Problem, Request, Team, Van
from optimizer.sides import GRID
from optimizer.stars import Stars, stars_of


def warm_up() -> None:
    """Compile every kernel (or load it from numba's cache), then let all plans use them.

    Takes some ten seconds the first time on a machine, a second or so after that. Plans made
    meanwhile are computed the plain way: the same answers, only slower.
    """
    stars = _stars()
    sides, scope = stars.sides, np.arange(2)
    prices = (np.zeros(3, np.int64), np.zeros(3, np.int64), np.zeros(2, np.int64))
    values, found = COMPILED.cheapest(sides, scope, prices)
    COMPILED.within(sides, scope, prices, values[:, 0] + GRID, 4)
    COMPILED.by_option(sides, scope, np.ones(3, np.bool_), np.ones(2, np.bool_))
    COMPILED.by_team(sides, scope, found[:, 0, 0].copy(), np.ones(2, np.bool_))
    COMPILED.costs_of(sides, np.column_stack([scope, found[:, 0]]))
    COMPILED.mend(Matching.of(np.ones((2, 2), np.int64), np.full(2, 9)), ALONE, ALONE)
    program = COMPILED.program(np.array([1.0, 1.0, 1.0]), np.array([True, True, False]), 2)
    rows, coef = (
        np.array([[0, 0], [1, 0], [0, 2], [1, 2]]),
        np.array([[1.0, 0.0]] * 2 + [[1, 1]] * 2),
    )
    program.add(rows, coef, np.array([9.0, 9.0, 1.0, 2.0]))
    program.enter(0, 0)
    program.solve()
    use_compiled()


def _stars() -> Stars:
    drive = np.full((2, 2), 600.0)
    return stars_of(
        Problem(
            requests=tuple(
                Request(name, 3, needs_van=True, place_need="needed", allow_self_transport=True)
                for name in "ab"
            ),
            teams=(Team("s", drives=True), Team("t")),
            vans=(Van("v"),),
            places=(Place("p", free=1),),
            team_to_request=drive,
            van_to_request=drive[:1],
            request_to_place=drive[:, :1],
            place_to_base=drive[:1, :1],
        )
    )
