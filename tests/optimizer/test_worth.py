"""What one more of what others have would spare: the region solved again, never a shadow price."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.problem import Place, Problem, Request, Team, Van
from optimizer.solve import instant, solve
from optimizer.worth import LOOKED_AT, worths


def _with_another(problem: Problem, name: str) -> Problem:
    """By hand: one more bed, or the unit twice."""
    teams, vans = ([one.id for one in kind] for kind in (problem.teams, problem.vans))
    if name in teams:
        k = teams.index(name)
        drive = problem.team_to_request
        return replace(
            problem,
            teams=(*problem.teams, replace(problem.teams[k], id="zz")),
            team_to_request=np.vstack([drive, drive[k]]),
        )
    if name in vans:
        k = vans.index(name)
        drive, home = problem.van_to_request, problem.place_to_base
        return replace(
            problem,
            vans=(*problem.vans, replace(problem.vans[k], id="zz")),
            van_to_request=np.vstack([drive, drive[k]]),
            place_to_base=np.column_stack([home, home[:, k]]),
        )
    places = (replace(p, free=p.free + (p.id == name)) for p in problem.places)
    return replace(problem, places=tuple(places))


@pytest.mark.parametrize("seed", range(8))
def test_it_is_the_difference_to_the_region_with_one_more_solved_anew(random_problem, seed):
    problem = random_problem(seed, requests=6, teams=3, vans=2, places=2)
    plan = solve(problem)
    found = worths(problem, plan, [request.id for request in problem.requests])
    for name, spares in found.items():
        after = dict(solve(_with_another(problem, name)).by_rank)
        assert spares == tuple((rank, tenths - after[rank]) for rank, tenths in plan.by_rank)
        assert spares >= ((0, 0), (1, 0))


def test_who_is_planned_first_is_spared_first_though_others_pay_more(small_region):
    """A second van lets the other person of the first rank have a bed, which the second loses."""
    first = {"rank": 0, "needs_van": True, "place_need": "needed", "all_or_nothing": True}
    second = {"rank": 1, "place_need": "needed"}
    problem = small_region(
        [
            Request("a", weight=3, **first),
            Request("b", weight=27, **first),
            Request("c", weight=9, needs_van=True, **second),
            Request("d", weight=3, **second),
        ],
        [Team("t1"), Team("t2"), Team("t3")],
        [Van("v")],
        [Place("p", free=2)],
    )
    plan = solve(problem)
    ((_, gains), (_, pays)) = worths(problem, plan, ["a"])["v"]
    assert gains > 0 > gains + pays


def test_the_dearest_of_what_is_lacked_are_looked_at_and_no_price_is_told(small_region):
    requests = [Request(f"r{k}", weight=1 + k) for k in range(8)]
    problem = small_region(requests, [Team(f"t{k}") for k in range(5)])
    plan = solve(problem)
    found = worths(problem, plan, ["r0"])
    assert len(found) == LOOKED_AT
    with_one = solve(_with_another(problem, "t0")).objective
    assert {sum(spared for _, spared in one) for one in found.values()} == {
        plan.objective - with_one
    }


def test_whoever_may_not_have_the_unit_may_not_have_another_like_it(small_region):
    declined = Request("b", weight=3, excluded=frozenset({"t"}))
    problem = small_region([Request("a", weight=9), declined], [Team("t")])
    assert worths(problem, solve(problem), ["a", "b"]) == {}
    third = small_region([Request("a", weight=9), declined, Request("c", weight=1)], [Team("t")])
    plan = solve(third)
    ((_, spared),) = worths(third, plan, ["c"])["t"]
    assert 0 < spared < plan.of("c").cost


def test_what_is_not_proved_or_not_looked_at_in_time_has_no_worth(small_region):
    problem = small_region([Request("a", weight=9), Request("b", weight=3)], [Team("t")])
    assert worths(problem, solve(problem), ["b"]).keys() == {"t"}
    assert worths(problem, instant(problem), ["b"]) == {}
    assert worths(problem, solve(problem), ["b"], lambda: True) == {}
