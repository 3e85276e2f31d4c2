"""The solver against everything: full enumeration on small regions, and the independent judge."""

from collections import Counter
from itertools import product

import pytest

from optimizer.check import check
from optimizer.problem import Problem, in_order
from optimizer.solve import instant, solve
from optimizer.stars import Choice, Stars, stars_of


def _all_choices(stars: Stars, request: int) -> list[Choice]:
    indices = product(
        range(stars.none_option + 1), range(stars.no_team + 1), range(stars.no_place + 1)
    )
    found = (stars.choice(request, *index) for index in indices)
    return [choice for choice in found if choice is not None]


def _is_within_capacity(stars: Stars, combination: tuple[Choice, ...]) -> bool:
    capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
    for field, capacity in enumerate(capacities, start=1):
        used = Counter(choice[field] for choice in combination if choice[field] < len(capacity))
        if any(count > capacity[resource] for resource, count in used.items()):
            return False
    return True


def _brute_force(problem: Problem) -> tuple[int, ...]:
    """The least cost rank by rank, over every combination of bundles."""
    stars = stars_of(in_order(problem))
    requests = stars.problem.requests
    ranks = sorted({request.rank for request in requests})
    everything = product(*(_all_choices(stars, i) for i in range(len(requests))))
    return min(
        tuple(sum(c.cost for c in found if requests[c.request].rank == rank) for rank in ranks)
        for found in everything
        if _is_within_capacity(stars, found)
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_plan_is_the_best_of_all_combinations(random_problem, seed):
    problem = random_problem(seed)
    plan = solve(problem)
    assert plan.proved
    assert plan.gap == 0
    assert tuple(cost for _, cost in plan.by_rank) == _brute_force(problem)


@pytest.mark.parametrize("seed", range(60))
def test_the_judge_passes_every_plan_and_every_instant_plan(random_problem, seed):
    problem = random_problem(seed, requests=8, teams=6, vans=4, places=5)
    plan, quick = solve(problem), instant(problem)
    assert check(problem, plan) == ()
    assert check(problem, quick) == ()
    assert plan.by_rank <= quick.by_rank
    assert quick.bound <= plan.objective
