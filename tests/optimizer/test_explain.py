"""Exact regret against everything: every alternative of every request in small regions."""

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest

from optimizer.problem import Bundle, Problem, in_order
from optimizer.solve import solve, solve_warm
from optimizer.stars import stars_of


def _best_with(problem: Problem) -> dict[tuple[str, Bundle], tuple[int, ...]]:
    """The least cost rank by rank with each bundle of each request, over all combinations."""
    stars = stars_of(in_order(problem))
    requests = stars.problem.requests
    ranks = sorted({request.rank for request in requests})
    indices = list(
        product(range(stars.none_option + 1), range(stars.no_team + 1), range(stars.no_place + 1))
    )
    choices = [
        [c for index in indices if (c := stars.choice(i, *index)) is not None]
        for i in range(len(requests))
    ]
    capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
    best: dict[tuple[str, Bundle], tuple[int, ...]] = {}
    for found in product(*choices):
        used = [Counter(c[field] for c in found) for field in (1, 2, 3)]
        over = any(
            count > capacity[k]
            for counts, capacity in zip(used, capacities, strict=True)
            for k, count in counts.items()
            if k < len(capacity)
        )
        if over:
            continue
        costs = tuple(sum(c.cost for c in found if requests[c.request].rank == r) for r in ranks)
        for choice in found:
            key = (requests[choice.request].id, stars.bundle(choice))
            best[key] = min(costs, best.get(key, costs))
    return best


@pytest.mark.parametrize("seed", range(14))
def test_the_alternatives_are_the_next_best_with_exact_regret(random_problem, seed):
    problem = random_problem(seed)
    plan = solve(problem, explain=[request.id for request in problem.requests])
    optimum = tuple(cost for _, cost in plan.by_rank)
    ranks = [rank for rank, _ in plan.by_rank]
    best = _best_with(problem)
    for request in problem.requests:
        assignment = plan.of(request.id)
        earlier = ranks.index(request.rank)
        regrets = sorted(
            tuple(cost - least for cost, least in zip(costs, optimum, strict=True))
            for (name, bundle), costs in best.items()
            if name == request.id
            and bundle != assignment.bundle
            and costs[:earlier] == optimum[:earlier]
        )
        told = [tuple(r for _, r in other.regret_by_rank) for other in assignment.alternatives]
        assert told == regrets[:3]
        for other in assignment.alternatives:
            costs = best[request.id, other.bundle]
            assert other.regret == sum(costs) - sum(optimum)


@pytest.mark.parametrize("seed", range(8))
def test_the_regret_is_what_a_lock_on_that_bundle_costs(random_problem, seed):
    problem = random_problem(seed, requests=6, teams=5, vans=4, places=4)
    problem = replace(
        problem,
        requests=tuple(replace(r, rank=1, all_or_nothing=False) for r in problem.requests),
    )
    plan = solve(problem, explain=["r0", "r3"])
    others = [(name, other) for name in ("r0", "r3") for other in plan.of(name).alternatives]
    assert others
    for name, other in others:
        requests = tuple(
            replace(r, locked=other.bundle) if r.id == name else r for r in problem.requests
        )
        forced = solve(replace(problem, requests=requests))
        assert forced.objective - plan.objective == other.regret


def test_why_not_the_nearest_team_is_told_in_minutes(random_problem):
    told = 0
    for seed in range(10):
        problem = random_problem(seed, requests=6, teams=5, vans=4, places=4)
        plan = solve(problem, explain=[request.id for request in problem.requests])
        for assignment in plan.assignments:
            if assignment.nearest is not None:
                assert assignment.nearest.bundle.team == assignment.nearest_team
                assert assignment.nearest.bundle.team != assignment.bundle.team
                told += 1
    assert told > 5


def test_a_plan_can_be_shown_first_and_explained_later(random_problem):
    problem = random_problem(2, requests=6, teams=5, vans=4, places=4)
    solved = solve_warm(problem)
    assert solved.plan == solve(problem)
    assert solved.explained(["r3"]).of("r3") == solve(problem, explain=["r3"]).of("r3")
    assert solved.explained(["r3"], deadline=lambda: True).of("r3").alternatives == ()


def test_a_plan_that_is_not_proved_has_no_regrets(random_problem):
    problem = random_problem(2, requests=6, teams=5, vans=4, places=4)
    plan = solve(problem, deadline=lambda: True, explain=["r3"])
    assert plan.of("r3").alternatives == ()


@pytest.mark.parametrize("seed", [3, 7, 19, 23])
def test_in_tight_regions_no_bundle_at_all_beats_the_alternatives(random_problem, seed):
    """Where relaxations are fractional, the order of the bounds is not the order of the regrets."""
    problem = random_problem(seed, requests=9, teams=7, vans=3, places=3, features=False)
    problem = in_order(
        replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))
    )
    stars = stars_of(problem)
    plan = solve(problem, explain=["r0"])
    indices = product(
        range(stars.none_option + 1), range(stars.no_team + 1), range(stars.no_place + 1)
    )
    bundles = {stars.bundle(c) for index in indices if (c := stars.choice(0, *index)) is not None}
    first, *others = problem.requests
    regrets = sorted(
        solve(replace(problem, requests=(replace(first, locked=bundle), *others))).objective
        - plan.objective
        for bundle in bundles - {plan.of("r0").bundle}
    )
    assert [other.regret for other in plan.of("r0").alternatives] == regrets[:3]
