"""Compile the kernels before they are needed: call `warm_up` once, in a thread of its own."""

import numpy as np

from optimizer.columns import NONE, SELF, Columns, Rows
from optimizer.engine import COMPILED, use_compiled
from optimizer.generation import Spare, grow
from optimizer.matching import ALONE, Matching
from optimizer.problem import Place, Problem, Request, Team, Van
from optimizer.remembered import Memory, Remembered
from optimizer.rides import engine as rides_engine
from optimizer.rides.model import found_of, model_of, routes_of, work_of
from optimizer.rides.problem import Ride, RidesProblem
from optimizer.rides.problem import Van as RideVan
from optimizer.sides import GRID
from optimizer.simplex import Simplex
from optimizer.stars import Stars, stars_of


def warm_up() -> None:
    """Compile every kernel (or load it from numba's cache), then let all plans use them.

    Takes some ten seconds the first time on a machine, a second or so after that. Plans made
    meanwhile are computed the plain way, slower: what is proved costs the same, but
    among equally good plans it may be another, because GLOP may end at another optimum.
    """
    stars = _stars()
    sides, scope = stars.sides, np.arange(2)
    prices = (np.zeros(3, np.int64), np.zeros(3, np.int64), np.zeros(2, np.int64))
    memory = Remembered().of(stars.given.ids, stars.names, sides, scope)
    values, found = COMPILED.cheapest(sides, scope, prices, None, memory)
    COMPILED.within(sides, scope, prices, values[:, 0] + GRID, 4)
    COMPILED.crowded(np.zeros((2, 5), np.int64), *prices)
    COMPILED.by_option(sides, scope, np.ones(3, np.bool_), np.ones(2, np.bool_))
    COMPILED.by_team(sides, scope, found[:, 0, 0].copy(), np.ones(2, np.bool_))
    bundles = np.column_stack([scope, found[:, 0]])
    COMPILED.costs_of(sides, bundles)
    flags, asked = stars.faults.place, np.ones(2, np.bool_)
    COMPILED.tally(flags, scope, asked[:1], scope)
    COMPILED.itemised(sides, stars.numbers, stars.missing, bundles, np.zeros(2, np.int64))
    COMPILED.first_teams(stars.faults.team, stars.numbers.times.arrival, asked)
    COMPILED.next_places(sides, flags, bundles, asked, scope, stars.place_capacity, 1)
    COMPILED.mend(Matching.of(np.ones((2, 2), np.int64), np.full(2, 9)), ALONE, ALONE)
    program = COMPILED.program(np.array([1.0, 1.0, 1.0]), np.array([True, True, False]), 2)
    rows, coef = (
        np.array([[0, 0], [1, 0], [0, 2], [1, 2]]),
        np.array([[1.0, 0.0]] * 2 + [[1, 1]] * 2),
    )
    program.add(rows, coef, np.array([9.0, 9.0, 1.0, 2.0]))
    program.enter(0, 0)
    program.solve()
    program.set_rhs(np.array([1.0, 1.0, 0.0]))
    program.solve()
    program.rebuild()
    _warm_up_generation(stars, memory)
    use_compiled()


def _warm_up_generation(stars: Stars, memory: Memory) -> None:
    """Two requests of which each may have nothing, or one of the bundles that are generated."""
    sides, scope = stars.sides, np.arange(2)
    rows = Rows(scope, np.array([2, SELF, NONE]), np.array([3, 4, NONE]), np.array([5, NONE]))
    table, at, rhs = Columns(4), np.empty(2, dtype=np.int64), np.zeros(6)
    slots, bundles, costs = table.slots, stars.least_bundles, stars.least_costs
    table.cut(COMPILED.enlist(rows, bundles, costs, table.room, 0, slots, at, False))
    COMPILED.reread(sides, rows, 6, at, table.now)
    capacities = stars.van_capacity, stars.team_capacity, stars.place_capacity
    COMPILED.state(rows, capacities, rhs)
    program = Simplex(rhs, np.arange(6) < 2, 4)
    program.add(table.now.rows, table.now.coef, costs.astype(np.float64))
    for i in scope.tolist():
        program.enter(i, i)
    nothing = np.zeros((0, 2), dtype=np.int64)
    spare = Spare(nothing[:, 0].copy(), nothing, *capacities)
    grow(program, sides, scope, rows, spare, memory)


def warm_up_rides() -> None:
    """The same for the loops of scheduled rides, which have a switch of their own."""
    loops, problem = rides_engine.COMPILED, _rides()
    model = model_of(problem)
    now, kept, best = (routes_of(model) for _ in range(3))
    found, work = found_of(model), work_of(model, 0)
    loops.settle_all(model, now, work)
    loops.settle(model, now, work, 0)
    loops.price(model, 0, 0, work)
    loops.insertion(model, now, found, work, 0, 0)
    loops.put_in(model, now, found, work, 0, 0)
    loops.offered(model, now, found, work, 1)
    loops.put_back(model, now, found, work, 1)
    loops.copy(now, best)
    loops.search(model, now, kept, best, found, work, 0, 1)
    rides_engine.use_compiled()


def _rides() -> RidesProblem:
    return RidesProblem(
        rides=(Ride("a", 0, 1), Ride("b", 1, 0)),
        vans=(RideVan("v", 0, 0, seats=2),),
        drive_s=np.full((2, 2), 60.0),
    )


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
        ),
        way=COMPILED,
    )
