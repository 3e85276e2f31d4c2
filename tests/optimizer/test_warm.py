"""Event after event: the relaxation that stays warm finds what a cold start finds."""

from dataclasses import replace
from itertools import permutations
from threading import Event
from typing import Any

import numpy as np
import pytest
from ortools.linear_solver.pywraplp import Solver

from benchmarks.events import later
from benchmarks.plan import COUNTY, region
from optimizer import dense, engine, master
from optimizer.check import check
from optimizer.columns import UNSEEN
from optimizer.generation import Grown, grow
from optimizer.glop import Glop
from optimizer.master import FINE, Master
from optimizer.pivots import ENDLESS
from optimizer.problem import Place, Problem, Request, Team, Van, in_order
from optimizer.sides import GRID
from optimizer.simplex import Simplex
from optimizer.solve import Solved, solve, solve_warm
from optimizer.stars import Stars, stars_of

GAP = 200
"""Tenths that a fractional relaxation may lack; CP-SAT proves the rest."""
NAMES = ("b0",), ("a0", "a1", "a2"), ("c0",)
"""Of three kinds."""


@pytest.mark.parametrize("seed", range(4))
def test_after_every_event_the_warm_plan_costs_what_the_cold_one_costs(seed):
    rng = np.random.default_rng(seed)
    problem = region(COUNTY, seed, 0.5)
    solved = solve_warm(problem)
    for _ in range(25):
        problem = later(problem, rng, solved.plan)
        solved = solve_warm(problem, before=solved)
        _same_sides(solved.stars, stars_of(in_order(problem)))
        cold = solve(problem)
        plan = solved.plan
        assert plan.by_rank == cold.by_rank
        assert plan.proved
        assert plan.bound == plan.objective
        assert check(problem, plan) == ()
        assert all(price > 0 for _, price in plan.prices)
        assert _dual_value(solved) <= plan.objective * GRID
        assert _dual_value(solved) > (plan.objective - GAP) * GRID


def test_the_first_request_after_none_at_all_is_planned_warm():
    problem = region(COUNTY, 0, 0.5)
    nobody, somebody = _of_the_first(problem, 0), _of_the_first(problem, 1)
    warm = solve_warm(somebody, before=solve_warm(nobody))
    _same_sides(warm.stars, stars_of(in_order(somebody)))
    assert warm.plan.by_rank == solve(somebody).by_rank


@pytest.mark.parametrize("kinds", [*permutations(("vans", "teams", "places"))])
def test_an_id_may_be_that_of_another_kind_in_the_next_question(kinds):
    before = _with_ids(**dict(zip(("vans", "teams", "places"), NAMES, strict=True)))
    problem = _with_ids(**dict(zip(kinds, NAMES, strict=True)))
    plan = solve_warm(problem, before=solve_warm(before)).plan
    assert plan.proved
    assert plan.by_rank == solve(problem).by_rank
    assert check(problem, plan) == ()


def _with_ids(vans: tuple[str, ...], teams: tuple[str, ...], places: tuple[str, ...]) -> Problem:
    def ways(rows: int, columns: int) -> np.ndarray:
        return np.full((rows, columns), 600.0)

    people = tuple(
        Request(f"r{k}", weight=3, needs_van=True, place_need="needed") for k in range(3)
    )
    return Problem(
        people, tuple(map(Team, teams)), tuple(map(Van, vans)), tuple(map(Place, places)),
        ways(len(teams), 3), ways(len(vans), 3), ways(3, len(places)),
        ways(len(places), len(vans)),
    )  # fmt: skip


def _of_the_first(problem: Problem, count: int) -> Problem:
    return replace(
        problem,
        requests=problem.requests[:count],
        team_to_request=problem.team_to_request[:, :count],
        van_to_request=problem.van_to_request[:, :count],
        request_to_place=problem.request_to_place[:count],
    )


def _dual_value(solved: Solved) -> int:
    """What the last rank's prices prove, from the raw model: no kernel that remembers anything."""
    stars, step = solved.stars, solved._outcome.steps[-1]
    prices, proof = step.certificate.prices, step.certificate
    assert min(int(of.min(initial=0)) for of in prices.charges) >= 0
    assert min(proof.charges, default=0) >= 0
    least, _ = dense.cheapest(stars.sides, step.scope, prices.charges)
    assert (proof.least <= least[:, 0]).all()
    decided: dict[int, int] = {}
    for choice in step.earlier.choices:
        (value,) = proof.values([choice])
        decided[choice.request] = min(value, decided.get(choice.request, value))
    limits = zip(proof.limits, proof.charges, strict=True)
    charged = sum(-(charge * limit.most) // FINE for limit, charge in limits)
    return int(least[:, 0].sum()) + sum(decided.values()) - prices.worth(stars) + charged


@pytest.mark.parametrize("seed", range(10, 30))
def test_while_the_kernels_compile_a_warm_plan_costs_what_a_cold_one_costs(
    random_problem, seed, monkeypatch
):
    rng = np.random.default_rng(seed)
    problem = in_order(random_problem(seed, requests=4, teams=2, vans=2, places=2))
    ranked = tuple(replace(one, rank=k) for k, one in enumerate(problem.requests))
    problem = replace(problem, requests=ranked)
    compiled = engine._compiled
    solved = None
    for _ in range(8):
        monkeypatch.setattr(engine, "_compiled", Event())
        solved = solve_warm(problem, before=solved)
        monkeypatch.setattr(engine, "_compiled", compiled)
        assert solved.plan.proved
        assert solved.plan.by_rank == solve(problem).by_rank
        problem = _come_and_gone(problem, rng)


def _come_and_gone(problem: Problem, rng: np.random.Generator) -> Problem:
    """Some are away for longer than anybody waits, others are back; beds are taken and free."""

    def away(parts: Any) -> Any:
        return tuple(replace(part, release_s=float(rng.choice([0, 0, 99_000]))) for part in parts)

    places = tuple(replace(place, free=int(rng.integers(0, 3))) for place in problem.places)
    return replace(problem, teams=away(problem.teams), vans=away(problem.vans), places=places)


def _same_sides(warm: Stars, cold: Stars) -> None:
    """What is taken over from the last question is what would be computed anew."""
    for name, taken, anew in zip(warm.sides._fields, warm.sides, cold.sides, strict=True):
        assert np.array_equal(taken, anew), name


def test_a_warm_plan_explains_like_a_cold_one():
    rng = np.random.default_rng(7)
    problem = region(COUNTY, 7)
    solved = solve_warm(problem)
    for _ in range(3):
        problem = later(problem, rng, solved.plan)
        solved = solve_warm(problem, before=solved)
    names = [a.request_id for a in solved.plan.assignments][:6]
    warm, cold = solved.explained(names), solve(problem, solved.plan, explain=names)
    for name in names:
        regrets = [[a.regret for a in plan.of(name).alternatives] for plan in (warm, cold)]
        if warm.of(name).bundle == cold.of(name).bundle:
            assert regrets[0] == regrets[1]


def test_a_resource_that_had_no_row_takes_a_spare_one_while_bundles_are_generated(monkeypatch):
    taken = []

    def watched(*given):
        grown = grow(*given)
        assert grown.looked is not None
        taken.append(grown.taken)
        return grown

    monkeypatch.setattr(master, "grow", watched)
    problem, rng = region(COUNTY, 3), np.random.default_rng(3)
    solved = solve_warm(problem)
    for _ in range(10):
        problem = later(problem, rng, solved.plan)
        solved = solve_warm(problem, before=solved)
        for relaxation in solved.relaxations.values():
            _same_rows(relaxation._master)
    assert any(taken)


def _same_rows(own: Master) -> None:
    """Every resource that has a row has it under its name, with its capacity, and the basic
    variables are those of these right-hand sides."""
    stars, program = own._stars, own._program
    problem = stars.problem
    for part, kind, rows, capacity in (
        ("van", problem.vans, own._van_row, stars.van_capacity),
        ("team", problem.teams, own._team_row, stars.team_capacity),
        ("place", problem.places, own._place_row, stars.place_capacity),
    ):
        named = [own._names.get((part, one.id), UNSEEN) for one in kind]
        assert rows[: len(kind)].tolist() == named
        seen = np.flatnonzero(rows[: len(kind)] >= 0)
        assert (program.rhs[rows[seen]] == capacity[seen]).all()
    basic = (program.rhs + program.widen) @ program.tableau.inverse
    assert program.tableau.x == pytest.approx(basic, abs=1e-6)


def _gives_up(program, *_):
    nothing = np.zeros((0, 5), dtype=np.int64)
    return Grown(None, nothing[:, :4], nothing[:, 4], 0)


def test_where_the_compiled_simplex_gives_up_the_solver_of_record_goes_on(monkeypatch):
    monkeypatch.setattr(master, "grow", _gives_up)
    monkeypatch.setattr(Simplex, "solve", lambda _: ENDLESS)
    asked = []
    monkeypatch.setattr(master, "Glop", lambda *of: asked.append(of) or Glop(*of))
    problem = region(COUNTY, 3)
    plan = solve(problem)
    monkeypatch.undo()
    assert asked
    assert plan.by_rank == solve(problem).by_rank


def test_a_simplex_that_gave_up_once_goes_on_from_where_the_solver_of_record_ended(monkeypatch):
    problem, rng, sound = region(COUNTY, 3), np.random.default_rng(3), Simplex.solve
    known, answers, asked = solve(problem), iter([ENDLESS]), []
    monkeypatch.setattr(master, "grow", _gives_up)
    monkeypatch.setattr(Simplex, "solve", lambda it: next(answers, None) or sound(it))
    monkeypatch.setattr(master, "Glop", lambda *of: asked.append(of) or Glop(*of))
    solved = solve_warm(problem)
    assert solved.plan.by_rank == known.by_rank
    problem = later(problem, rng, solved.plan)
    assert solve_warm(problem, before=solved).plan.by_rank == solve(problem).by_rank
    assert len(asked) == 1


def test_where_the_solver_of_record_loses_its_digits_it_begins_anew(monkeypatch):
    problem = region(COUNTY, 3)
    known = solve(problem)
    sound, statuses = Solver.Solve, []

    def lost_every_other_time(solver, *given):
        statuses.append(Solver.ABNORMAL if len(statuses) % 2 == 0 else sound(solver, *given))
        return statuses[-1]

    monkeypatch.setattr(master, "grow", _gives_up)
    monkeypatch.setattr(Simplex, "solve", lambda _: ENDLESS)
    monkeypatch.setattr(Solver, "Solve", lost_every_other_time)
    assert solve(problem).by_rank == known.by_rank
    assert Solver.ABNORMAL in statuses
