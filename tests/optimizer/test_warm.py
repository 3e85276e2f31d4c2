"""Event after event: the relaxation that stays warm finds what a cold start finds."""

import numpy as np
import pytest

from benchmarks.events import later
from benchmarks.plan import COUNTY, region
from optimizer import master
from optimizer.check import check
from optimizer.glop import Glop
from optimizer.simplex import IMPOSSIBLE, Simplex
from optimizer.solve import solve, solve_warm


@pytest.mark.parametrize("seed", range(4))
def test_after_every_event_the_warm_plan_costs_what_the_cold_one_costs(seed):
    rng = np.random.default_rng(seed)
    problem = region(COUNTY, seed, 0.5)
    solved = solve_warm(problem)
    for _ in range(25):
        problem = later(problem, rng, solved.plan)
        solved = solve_warm(problem, before=solved)
        cold = solve(problem)
        assert solved.plan.by_rank == cold.by_rank
        assert solved.plan.proved
        assert check(problem, solved.plan) == ()


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


def test_where_the_compiled_simplex_gives_up_the_solver_of_record_goes_on(monkeypatch):
    monkeypatch.setattr(Simplex, "solve", lambda _: IMPOSSIBLE)
    asked = []
    monkeypatch.setattr(master, "Glop", lambda *of: asked.append(of) or Glop(*of))
    problem = region(COUNTY, 3)
    plan = solve(problem)
    monkeypatch.undo()
    assert asked
    assert plan.by_rank == solve(problem).by_rank
