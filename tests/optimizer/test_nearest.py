"""Nearest first: always possible, by hand's order, and kept where it still fits."""

import pytest
from msgspec.structs import replace as edited

from optimizer.check import check
from optimizer.nearest import nearest_first
from optimizer.problem import Bundle, Request, Team, Van
from optimizer.solve import solve


@pytest.mark.parametrize("seed", range(40))
def test_the_judge_finds_no_fault_and_no_better_plan_than_the_proved_one(random_problem, seed):
    problem = random_problem(seed, requests=4, teams=3, vans=2, places=3)
    plan = nearest_first(problem)
    assert check(problem, plan) == ()
    assert not plan.proved
    assert solve(problem).by_rank <= plan.by_rank
    assert plan.bound <= solve(problem).objective


def test_its_bound_allows_for_the_price_of_keeping_what_is_shown(small_region):
    shown = Request("r", weight=27, shown=Bundle("b"))
    problem = small_region([shown], [Team("a"), Team("b")], drive_s=[[30.0], [60.0]])
    plan, best = nearest_first(problem), solve(problem).objective
    assert plan.bound <= best < 0 < plan.objective
    assert any("bound" in found for found in check(problem, edited(plan, bound=0)))


@pytest.mark.parametrize("seed", range(20))
def test_a_good_plan_is_kept_whole(random_problem, seed):
    problem = random_problem(seed, requests=4, teams=3, vans=2, places=3)
    best = solve(problem)
    kept = {one.request_id: one.bundle for one in best.assignments}
    plan = nearest_first(problem, kept)
    assert check(problem, plan) == ()
    served = [one for one in best.assignments if one.bundle != Bundle()]
    assert [plan.of(one.request_id).bundle for one in served] == [one.bundle for one in served]


def test_a_kept_bundle_whose_parts_are_of_another_kind_by_now_is_built_anew(small_region):
    drive_s = [[60.0]]
    problem = small_region([Request("r", weight=3)], [Team("x")], [Van("y")], drive_s=drive_s)
    plan = nearest_first(problem, {"r": Bundle("y")})
    assert check(problem, plan) == ()
    assert plan.of("r").bundle == Bundle("x")


def test_the_most_urgent_person_gets_the_nearest_team(small_region):
    asked = [Request("calm", weight=1), Request("worse", weight=9), Request("now", 1, rank=0)]
    drive_s = [[100.0, 200.0, 300.0], [900.0, 800.0, 700.0]]
    plan = nearest_first(small_region(asked, [Team("near"), Team("far")], drive_s=drive_s))
    sent = [plan.of(name).bundle.team for name in ("now", "worse", "calm")]
    assert sent == ["near", "far", None]
    assert plan.of("calm").reasons[0].fault == "unexamined"
