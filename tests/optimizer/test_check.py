"""The judge must find what is wrong: every seeded fault in a good plan is caught."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from msgspec.structs import replace as edited

from optimizer.check import check
from optimizer.plan import Assignment, Plan
from optimizer.problem import SELF, Bundle, Place, Problem, Request, Team, Van
from optimizer.solve import solve


def _changed(plan: Plan, request_id: str, **what: object) -> Plan:
    assignments = tuple(
        edited(a, **what) if a.request_id == request_id else a for a in plan.assignments
    )
    return edited(plan, assignments=assignments)


def _dropped(plan: Plan) -> Plan:
    return edited(plan, assignments=plan.assignments[1:])


def _bundle(**parts: str | None) -> Callable[[Plan], Plan]:
    return lambda plan: _changed(plan, "a", bundle=replace(plan.of("a").bundle, **parts))


def _theirs(part: str) -> Callable[[Plan], Plan]:
    """Request a receives what b has; both are alike, so that every price stays right."""
    return lambda plan: _bundle(**{part: getattr(plan.of("b").bundle, part)})(plan)


FAULTS: dict[str, tuple[Callable[[Plan], Plan], str]] = {
    "a request is left out": (_dropped, "exactly one assignment"),
    "a resource is unknown": (_bundle(team="ghost"), "unknown"),
    "a team serves two": (_theirs("team"), "is given to 2"),
    "a van serves two": (_theirs("van"), "is given to 2"),
    "a bed is given twice": (_theirs("place"), "is given to 2"),
    "a team that may not serve": (_bundle(team="unfit"), "unfit may not serve"),
    "a team that may not drive": (_bundle(van=SELF), "may not drive"),
    "a van without a place": (_bundle(place=None), "without a team or a place"),
    "a price is wrong": (lambda p: _changed(p, "a", costs=(("team_wait", 1),)), "costs"),
    "a price is left out": (lambda p: _changed(p, "a", costs=p.of("a").costs[1:]), "costs"),
    "an arrival is wrong": (
        lambda p: _changed(p, "a", arrivals=edited(p.of("a").arrivals, team_s=1.0)),
        "arrivals",
    ),
    "a missing part is hidden": (lambda p: _changed(p, "c", missing=()), "missing"),
    "the backup is the place itself": (
        lambda p: _changed(p, "a", backup_place=p.of("a").bundle.place),
        "backup",
    ),
    "the backup is full": (
        lambda p: _changed(p, "a", backup_place=p.of("b").bundle.place, backup_place_s=1200.0),
        "no room",
    ),
    "the sum is wrong": (lambda p: edited(p, objective=p.objective - 1), "objective"),
    "a rank's sum is wrong": (lambda p: edited(p, by_rank=((1, 0),)), "by rank"),
    "the bound is too high": (lambda p: edited(p, bound=p.objective + 1), "bound"),
    "proved with a gap": (lambda p: edited(p, bound=p.objective - 1), "proof"),
    "proved, but not by its stage": (lambda p: edited(p, stage="lp"), "proof"),
}


@pytest.fixture
def problem(small_region) -> Problem:
    """Two served requests and one that nobody can reach."""
    served = [
        Request(name, weight=9, needs_van=True, place_need="needed", team_mask=1) for name in "ab"
    ]
    return small_region(
        [*served, Request("c", weight=9, team_mask=2)],
        [Team("t0", mask=1), Team("t1", mask=1), Team("unfit")],
        [Van("v0"), Van("v1")],
        [Place("p0", free=1), Place("p1", free=1), Place("spare", free=1)],
        go_s=[[600, 600, 3000]] * 3,
    )


def test_the_plan_itself_is_good(problem):
    assert check(problem, solve(problem)) == ()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_judge_finds_that(problem, fault):
    change, told = FAULTS[fault]
    assert any(told in found for found in check(problem, change(solve(problem))))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"team_to_request": 7300.0}, "too far"),
        ({"van_to_request": 7300.0}, "too far"),
        ({"request_to_place": 22_000.0}, "too far"),
        ({"place_to_base": 11_000.0}, "too far from its base"),
    ],
)
def test_the_judge_uses_the_true_travel_times(problem, change, told):
    plan = solve(problem)
    (name, value), *_ = change.items()
    slower = replace(problem, **{name: getattr(problem, name) * 0 + value})
    assert any(told in fault for fault in check(slower, plan))


@pytest.mark.parametrize("kind", ["teams", "vans"])
def test_the_judge_sees_a_shift_that_ends(problem, kind):
    plan = solve(problem)
    tired = tuple(replace(part, shift_end_s=-1500) for part in getattr(problem, kind))
    assert any("shift" in fault for fault in check(replace(problem, **{kind: tired}), plan))


def test_the_judge_sees_an_ignored_lock_and_half_of_all_or_nothing(problem):
    plan = solve(problem)
    first, *others = problem.requests
    locked = replace(first, locked=Bundle("t0", "v0", "spare"))
    assert any("lock" in f for f in check(replace(problem, requests=(locked, *others)), plan))
    whole = replace(first, all_or_nothing=True)
    half = _changed(plan, "a", bundle=Bundle("t0"))
    told = check(replace(problem, requests=(whole, *others)), half)
    assert any("all or nothing" in fault for fault in told)


def test_an_unserved_request_may_be_dropped_by_nobody(problem):
    plan = solve(problem)
    empty = Assignment("a", Bundle(), plan.of("c").arrivals, costs=())
    worse = edited(plan, assignments=(empty, *plan.assignments[1:]))
    assert check(problem, worse) != ()
