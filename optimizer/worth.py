"""What one more of a resource that somebody else has would spare the region.

A shadow price is a bound: at most so much, and often far more than the truth. It only says which
resources are looked at; for each of those the whole region is solved again with one more like it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from optimizer.plan import Assignment, ByRank, Part, Plan
from optimizer.problem import Problem, Seconds, in_order
from optimizer.remedies import unused_id
from optimizer.solve import Solved, solve_warm

LOOKED_AT = 3
"""So many of what one request lacks are looked at, those with the highest shadow price."""


def worths(
    problem: Problem,
    plan: Plan,
    request_ids: Iterable[str],
    is_late: Callable[[], bool] = lambda: False,
) -> dict[str, ByRank]:
    """By resource, what each rank would pay less with one more just like it: of what these
    requests lack because others have it. The first rank that changes pays less; those after it may
    pay more. What was not looked at in time is not in the answer; nothing is if the plan is no
    proof."""
    problem, found = in_order(problem), dict[str, ByRank]()
    before: Solved | None = None
    if not plan.proved:
        return found
    for part, name in dict.fromkeys(one for id_ in request_ids for one in _taken(plan.of(id_))):
        if is_late():
            break
        before = solve_warm(with_one_more(problem, part, name), deadline=is_late, before=before)
        if before.plan.proved:
            found[name] = plan.spared_by(before.plan)
    return found


def _taken(assignment: Assignment) -> Iterable[tuple[Part, str]]:
    for reason in assignment.reasons:
        priced = {name: price for name, _, price in reason.holders if price}
        for name in sorted(priced, key=lambda name: -priced[name])[:LOOKED_AT]:
            yield reason.part, name


def with_one_more(problem: Problem, part: Part, name: str) -> Problem:
    """The region with another unit just like this one: whoever may not have it may not have the
    other either."""
    if part == "place":
        places = (replace(p, free=p.free + 1) if p.id == name else p for p in problem.places)
        return replace(problem, places=tuple(places))
    may = np.array([name not in request.excluded for request in problem.requests])
    new = unused_id(problem)
    if part == "team":
        k = next(k for k, team in enumerate(problem.teams) if team.id == name)
        return replace(
            problem,
            teams=(*problem.teams, replace(problem.teams[k], id=new)),
            team_to_request=_again(problem.team_to_request, k, may),
        )
    k = next(k for k, van in enumerate(problem.vans) if van.id == name)
    home = problem.place_to_base
    return replace(
        problem,
        vans=(*problem.vans, replace(problem.vans[k], id=new)),
        van_to_request=_again(problem.van_to_request, k, may),
        place_to_base=np.hstack([home, home[:, k : k + 1]]),
    )


def _again(seconds: Seconds, k: int, may: np.ndarray) -> Seconds:
    """The same travel times once more, with no way to whom the unit may not serve."""
    return np.vstack([seconds, np.where(may, seconds[k], np.nan)])
