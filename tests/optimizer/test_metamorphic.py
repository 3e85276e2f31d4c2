"""What must not change when the question changes in a known way."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from optimizer.check import check
from optimizer.plan import Plan
from optimizer.problem import Bundle, Place, Problem, Team
from optimizer.solve import instant, solve

SEEDS = range(12)
SIZE = {"requests": 7, "teams": 5, "vans": 4, "places": 4}


def _shuffled(problem: Problem, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    r, t, v, p = (
        rng.permutation(len(parts))
        for parts in (problem.requests, problem.teams, problem.vans, problem.places)
    )
    return replace(
        problem,
        requests=tuple(problem.requests[k] for k in r),
        teams=tuple(problem.teams[k] for k in t),
        vans=tuple(problem.vans[k] for k in v),
        places=tuple(problem.places[k] for k in p),
        team_to_request=problem.team_to_request[np.ix_(t, r)],
        van_to_request=problem.van_to_request[np.ix_(v, r)],
        request_to_place=problem.request_to_place[np.ix_(r, p)],
        place_to_base=problem.place_to_base[np.ix_(p, v)],
    )


def _with_team(problem: Problem, team: Team, drive_s: float) -> Problem:
    row = np.full((1, len(problem.requests)), drive_s)
    return replace(
        problem,
        teams=(*problem.teams, team),
        team_to_request=np.vstack([problem.team_to_request, row]),
    )


def _costs(plan: Plan) -> list[int]:
    return [cost for _, cost in plan.by_rank]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_of_the_input_changes_nothing(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    assert solve(_shuffled(problem, seed)) == solve(problem)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_question_has_bit_for_bit_the_same_answer(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    names = [request.id for request in problem.requests]
    assert repr(solve(problem, explain=names)) == repr(solve(problem, explain=names))


@pytest.mark.parametrize("seed", SEEDS)
def test_an_ineligible_team_changes_nothing(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    wider = _with_team(problem, Team("zz", mask=0, drives=True), np.nan)
    before, after = solve(problem), solve(wider)
    assert _costs(after) == _costs(before)
    assert all(assignment.bundle.team != "zz" for assignment in after.assignments)


@pytest.mark.parametrize("seed", SEEDS)
def test_another_team_never_hurts(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    wider = _with_team(problem, Team("zz", mask=1 << 70 | 3, drives=True, van_mask=3), 900)
    assert _costs(solve(wider)) <= _costs(solve(problem))


@pytest.mark.parametrize("seed", SEEDS)
def test_another_lock_never_helps(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    problem = replace(problem, requests=tuple(replace(r, shown=None) for r in problem.requests))
    first, *others = problem.requests
    plan = solve(problem)
    kept = replace(first, locked=plan.of(first.id).bundle)
    assert _costs(solve(replace(problem, requests=(kept, *others)))) == _costs(plan)
    nothing = replace(first, locked=Bundle())
    assert _costs(solve(replace(problem, requests=(nothing, *others)))) >= _costs(plan)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_pool_given_twice_is_a_pool_with_twice_the_beds(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    requests = tuple(replace(r, shown=None, place_preference_s=()) for r in problem.requests)
    problem = replace(problem, requests=requests)
    *rest, last = problem.places
    larger = replace(problem, places=(*rest, replace(last, free=2 * last.free)))
    twice = replace(
        problem,
        places=(*problem.places, replace(last, id="zz")),
        request_to_place=np.hstack([problem.request_to_place, problem.request_to_place[:, -1:]]),
        place_to_base=np.vstack([problem.place_to_base, problem.place_to_base[-1:]]),
    )
    assert _costs(solve(twice)) == _costs(solve(larger))


@pytest.mark.parametrize("seed", SEEDS)
def test_regions_without_a_road_between_them_add_up(random_problem, seed):
    a, b = random_problem(seed, 4, 3, 2, 3), random_problem(seed + 100, 4, 3, 2, 3)
    b = replace(
        b,
        requests=tuple(
            replace(r, id=f"x{r.id}", shown=None, place_preference_s=()) for r in b.requests
        ),
        teams=tuple(replace(t, id=f"x{t.id}") for t in b.teams),
        vans=tuple(replace(v, id=f"x{v.id}") for v in b.vans),
        places=tuple(replace(p, id=f"x{p.id}") for p in b.places),
    )

    def apart(left: np.ndarray, right: np.ndarray) -> np.ndarray:
        rows, columns = left.shape
        both = np.full((rows + right.shape[0], columns + right.shape[1]), np.nan)
        both[:rows, :columns], both[rows:, columns:] = left, right
        return both

    together = Problem(
        requests=a.requests + b.requests,
        teams=a.teams + b.teams,
        vans=a.vans + b.vans,
        places=a.places + b.places,
        team_to_request=apart(a.team_to_request, b.team_to_request),
        van_to_request=apart(a.van_to_request, b.van_to_request),
        request_to_place=apart(a.request_to_place, b.request_to_place),
        place_to_base=apart(a.place_to_base, b.place_to_base),
        policy=a.policy,
    )
    by_rank = Counter(dict(solve(a).by_rank))
    by_rank.update(dict(solve(b).by_rank))
    assert dict(solve(together).by_rank) == dict(by_rank)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_previous_plan_is_never_made_worse_and_a_proved_one_is_found_again(random_problem, seed):
    problem = random_problem(seed, **SIZE)
    proved = solve(problem)
    repaired = instant(problem, previous=proved)
    assert repaired.stage == "repaired"
    assert _costs(repaired) == _costs(proved)
    assert _costs(solve(problem, previous=instant(problem))) == _costs(proved)


@pytest.mark.parametrize("stages", range(4))
def test_whenever_the_time_is_up_there_is_a_plan_that_the_judge_passes(random_problem, stages):
    problem = random_problem(5, requests=10, teams=7, vans=5, places=5)
    asked = iter(range(100))
    plan = solve(problem, deadline=lambda: next(asked) >= stages)
    assert check(problem, plan) == ()
    assert plan.bound <= solve(problem).objective
    assert plan.proved is False


def test_an_event_changes_only_what_it_must(random_problem):
    problem = random_problem(3, features=False, requests=8, teams=8, vans=6, places=4)
    before = solve(problem)
    shown = tuple(replace(r, shown=before.of(r.id).bundle) for r in problem.requests)
    again = solve(replace(problem, requests=shown))
    assert [a.bundle for a in again.assignments] == [a.bundle for a in before.assignments]


def test_a_new_place_is_taken_at_once(random_problem):
    problem = random_problem(4, **SIZE)
    wider = replace(
        problem,
        places=(*problem.places, Place("zz", mask=1 << 70 | 3, free=9)),
        request_to_place=np.hstack([problem.request_to_place, np.full((7, 1), 60.0)]),
        place_to_base=np.vstack([problem.place_to_base, np.full((1, 4), 60.0)]),
    )
    after = solve(wider)
    assert any(assignment.bundle.place == "zz" for assignment in after.assignments)
    assert _costs(after) < _costs(solve(problem))
