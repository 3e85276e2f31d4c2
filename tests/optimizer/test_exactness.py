"""The solver against everything: full enumeration on small regions, and the independent judge."""

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from benchmarks.plan import STATE, region
from optimizer import branching, ranks
from optimizer.check import check
from optimizer.closing import choose
from optimizer.nearest import nearest_first
from optimizer.pricing import rows_of
from optimizer.problem import ANY, Bundle, InvalidProblemError, Policy, Problem, Request, in_order
from optimizer.ranks import optimise, total
from optimizer.sequential import sequential
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


@pytest.mark.parametrize("seed", range(24))
def test_with_locks_in_every_rank_the_plan_is_the_best_that_keeps_them(random_problem, seed):
    problem, rng = random_problem(seed), np.random.default_rng(seed)

    def locked(request: Request) -> Request:
        team, van, place = (
            str(rng.choice([ANY, *(part.id for part in parts)]))
            for parts in (problem.teams, problem.vans, problem.places)
        )
        lock = Bundle(team, van, place) if rng.random() < 0.4 else None
        return replace(request, rank=int(rng.integers(0, 3)), locked=lock)

    problem = replace(problem, requests=tuple(locked(each) for each in problem.requests))
    plan = solve(problem)
    assert plan.proved
    assert check(problem, plan) == ()
    assert tuple(cost for _, cost in plan.by_rank) == _brute_force(problem)


@pytest.mark.parametrize("seed", range(60))
def test_the_judge_passes_every_plan_and_every_instant_plan(random_problem, seed):
    problem = random_problem(seed, requests=8, teams=6, vans=4, places=5)
    plan, quick = solve(problem), instant(problem)
    assert check(problem, plan) == ()
    assert check(problem, quick) == ()
    assert plan.by_rank <= quick.by_rank
    assert quick.bound <= plan.objective


@pytest.mark.parametrize("seed", range(12))
def test_the_plan_equals_cp_sat_over_the_full_enumeration(random_problem, seed):
    problem = random_problem(seed, requests=9, teams=6, vans=4, places=5)
    problem = replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))
    stars = stars_of(in_order(problem))
    everything = [choice for i in range(9) for choice in _all_choices(stars, i)]
    best = choose(stars, everything)
    assert best is not None
    assert best.exact
    assert solve(problem).objective == sum(choice.cost for choice in best.choices)


FRACTIONAL = (406, 905, 1025, 1115, 1166, 1247)
"""Seeds of regions of four requests whose relaxation is below every whole plan."""


def _fractional(random_problem, seed: int) -> Problem:
    problem = random_problem(seed, requests=4, teams=4, vans=3, places=3)
    return replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))


@pytest.mark.parametrize("seed", FRACTIONAL)
def test_a_fractional_relaxation_is_closed_on_true_costs(random_problem, monkeypatch, seed):
    problem = _fractional(random_problem, seed)
    stars = stars_of(in_order(problem))
    outcome = optimise(stars, stars.given.scopes, rows_of(sequential(stars)))
    assert outcome.proved
    assert outcome.steps[-1].certificate.whole < total(outcome.chosen)
    everything = [choice for i in range(4) for choice in _all_choices(stars, i)]
    assert total(outcome.chosen) == choose(stars, everything).cost
    monkeypatch.setattr(ranks, "FIRST_SLACK", 1)
    assert solve(problem).objective == total(outcome.chosen)


def test_where_the_search_takes_too_long_cp_sat_decides(random_problem, monkeypatch):
    problems = [_fractional(random_problem, seed) for seed in FRACTIONAL]
    plans = [solve(problem) for problem in problems]
    asked = []
    monkeypatch.setattr(branching, "NODES", 0)
    monkeypatch.setattr(ranks, "choose", lambda *of: asked.append(of) or choose(*of))
    assert [solve(problem).by_rank for problem in problems] == [plan.by_rank for plan in plans]
    assert len(asked) >= len(problems)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 11])
def test_a_list_that_begins_narrow_is_widened_until_the_proof_holds(monkeypatch, seed):
    problem = region(STATE, seed, 0.12)
    plan = solve(problem)
    monkeypatch.setattr(ranks, "FIRST_SLACK", 1)
    assert solve(problem).by_rank == plan.by_rank


def test_with_too_little_effort_the_plan_says_how_far_it_may_be_from_the_best(random_problem):
    unproved = 0
    for seed in FRACTIONAL:
        problem = _fractional(random_problem, seed)
        plan = solve(problem, effort=0.0)
        assert check(problem, plan) == ()
        best = solve(problem)
        assert plan.bound <= best.objective <= plan.objective
        unproved += not plan.proved
    assert unproved > 0


def test_costs_that_would_not_stay_exact_are_refused(small_region):
    heavy = [Request(f"r{k}", weight=10_000, waited_s=10_000_000) for k in range(2000)]
    policy = Policy(lateness_factor=100, patience_factor=100)
    with pytest.raises(InvalidProblemError, match="exact"):
        solve(small_region(heavy, policy=policy))


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "share_free"), [(0, 1.0), (1, 0.12), (11, 0.12)])
def test_a_whole_state_is_proved_optimal_and_explained(seed, share_free):
    problem = region(STATE, seed, share_free)
    plan = solve(problem, explain=["r0000"])
    assert plan.proved
    assert check(problem, plan) == ()
    assert plan.of("r0000").alternatives
    assert all(other.regret_by_rank >= ((0, 0), (1, 0)) for a in plan.assignments
               for other in a.alternatives)  # fmt: skip
    assert plan.by_rank <= nearest_first(problem).by_rank
    assert solve(problem, previous=plan).by_rank == plan.by_rank
