"""One kind at a time: what changes alone is assigned exactly, and no rank ever pays for another."""

from dataclasses import replace
from itertools import product

import pytest

from benchmarks.plan import COUNTY, region
from optimizer.check import check
from optimizer.pricing import rows_of
from optimizer.problem import ANY, Bundle, Problem, Request, Team, in_order
from optimizer.ranks import rank_costs
from optimizer.sequential import is_possible, sequential
from optimizer.solve import instant, solve
from optimizer.stars import Choice, Stars, stars_of
from optimizer.turns import in_turns


def _with_locks(problem: Problem, seed: int) -> Problem:
    """The first request keeps a team, the second a way and a place."""
    locks = {0: Bundle(f"t{seed % 3}", ANY, ANY), 1: Bundle(ANY, "v0", "p1")}
    requests = tuple(
        replace(r, locked=locks.get(k) if seed % 2 and not r.all_or_nothing else None)
        for k, r in enumerate(problem.requests)
    )
    return replace(problem, requests=requests)


def _last_rank_first(stars: Stars) -> tuple[Choice, ...]:
    """A selection in which each takes the cheapest that is left, the last rank before the first."""
    sizes = (stars.none_option + 1, stars.no_team + 1, stars.no_place + 1)
    order = sorted(range(len(stars.least)), key=lambda i: -stars.problem.requests[i].rank)
    wanted = []
    for i in order:
        found = [stars.choice(i, *parts) for parts in product(*map(range, sizes))]
        wanted += sorted((c for c in found if c is not None), key=lambda c: c.cost)
    return sequential(stars, wanted)


@pytest.mark.parametrize("seed", range(40))
def test_no_rank_is_dearer_and_the_selection_fits(random_problem, seed):
    stars = stars_of(in_order(_with_locks(random_problem(seed, requests=5, places=4), seed)))
    for start in (stars.least, _last_rank_first(stars)):
        better = in_turns(stars, start)
        assert [c.request for c in better] == list(range(5))
        assert is_possible(stars, rows_of(better))
        before, after = (rank_costs(stars, rows_of(c)) for c in (start, better))
        assert all(after[rank] <= before[rank] for rank in before)
        assert all(stars.choice(*c[:4]) == c for c in better)


@pytest.mark.parametrize("seed", range(25))
def test_nothing_is_gained_by_changing_one_kind_alone(random_problem, seed):
    problem = random_problem(seed)
    problem = replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))
    stars = stars_of(in_order(problem))
    found = in_turns(stars, stars.least)
    for column, size in (
        (1, stars.none_option + 1),
        (2, stars.no_team + 1),
        (3, stars.no_place + 1),
    ):
        for parts in product(range(size), repeat=len(found)):
            other = [_with_part(stars, c, column, k) for c, k in zip(found, parts, strict=True)]
            if all(other) and is_possible(stars, rows_of(other)):
                assert sum(c.cost for c in other) >= sum(c.cost for c in found)


def _with_part(stars: Stars, choice: Choice, column: int, part: int) -> Choice | None:
    parts = list(choice[1:4])
    parts[column - 1] = part
    return stars.choice(choice.request, *parts)


def test_a_team_that_is_free_again_nearby_takes_over(small_region):
    teams = [Team("far"), Team("near")]
    drive_s = [[3600.0, 3600.0], [60.0, 900.0]]
    stars = stars_of(
        in_order(small_region([Request("a", 9), Request("b", 3)], teams, drive_s=drive_s))
    )
    shown = [stars.named(0, Bundle("far")), stars.least[1]]
    assert [stars.bundle(c).team for c in in_turns(stars, shown)] == ["near", "far"]


@pytest.mark.parametrize("seed", range(3))
def test_the_judge_passes_a_repaired_plan(seed):
    problem = region(COUNTY, seed)
    previous = solve(problem)
    fewer = replace(problem, teams=tuple(replace(t, release_s=0) for t in problem.teams))
    plan = instant(fewer, previous)
    assert check(fewer, plan) == ()
    assert plan.objective <= previous.objective
