"""Rank after rank, and what that costs compared with weights that trade."""

from dataclasses import replace

import pytest

from optimizer.check import check
from optimizer.problem import Problem, Request, Team
from optimizer.solve import instant, solve
from optimizer.strictness import price_of_strictness, traded


def _by_tier(problem: Problem) -> Problem:
    """Four ranks, each of which has somebody."""
    requests = tuple(replace(r, rank=k % 4) for k, r in enumerate(problem.requests))
    return replace(problem, requests=requests)


@pytest.mark.parametrize("seed", range(20))
def test_no_rank_gives_up_anything_for_a_later_one(random_problem, seed):
    problem = _by_tier(random_problem(seed, requests=8, teams=5, vans=3, places=3))
    plan = solve(problem)
    assert check(problem, plan) == ()
    strict = [cost for _, cost in plan.by_rank]
    for ranks in range(1, 4):
        only = tuple(r for r in problem.requests if r.rank < ranks)
        columns = [k for k, r in enumerate(problem.requests) if r.rank < ranks]
        alone = solve(
            replace(
                problem,
                requests=only,
                team_to_request=problem.team_to_request[:, columns],
                van_to_request=problem.van_to_request[:, columns],
                request_to_place=problem.request_to_place[columns],
            )
        )
        assert [cost for _, cost in alone.by_rank] == strict[:ranks]


@pytest.mark.parametrize("seed", range(20))
def test_the_price_of_strictness_is_the_difference_of_two_optima(random_problem, seed):
    problem = _by_tier(random_problem(seed, requests=8, teams=5, vans=3, places=3))
    plan, trading = solve(problem), solve(traded(problem))
    price = price_of_strictness(problem, plan)
    assert price == plan.objective - trading.objective
    assert price >= 0
    assert dict(plan.by_rank)[0] == dict(trading.by_rank)[0]


def test_strictness_costs_what_the_heavier_rank_keeps_from_two_lighter_ones(small_region):
    high = Request("high", weight=9, rank=1)
    low = Request("low", weight=3, rank=2)
    drive_s = [[600.0, 600.0], [660.0, 6600.0]]
    problem = small_region([high, low], [Team("near"), Team("far")], drive_s=drive_s)
    plan = solve(problem)
    assert plan.of("high").bundle.team == "near"
    # Trading, high waits 1 minute more (9 weighted) and low 100 minutes less (300 weighted),
    # and 60 minutes of lateness, counted twice, are spared too.
    late_min = 110 - 60
    assert price_of_strictness(problem, plan) == 10 * (3 * 100 + 2 * 3 * late_min - 9)


def test_without_two_ranks_to_trade_between_strictness_costs_nothing(small_region):
    problem = small_region([Request("a", weight=9), Request("b", weight=1, rank=0)], [Team("t")])
    assert price_of_strictness(problem, solve(problem)) == 0


def test_what_is_not_proved_has_no_price(random_problem):
    problem = _by_tier(random_problem(3, requests=8, teams=5, vans=3, places=3))
    assert price_of_strictness(problem, instant(problem)) is None
    assert price_of_strictness(problem, solve(problem), deadline=lambda: True) is None
