"""What it costs the region that no rank gives up anything for a later one.

Ranks come one after the other, and nothing is traded between them. The same question with all ranks
but the first made one is a region in which weights trade; the difference of the two optima is the
price of strictness. It is never negative: the strict plan is one of those that trading may choose.
"""

from collections.abc import Callable
from dataclasses import replace

from optimizer.plan import Plan
from optimizer.problem import Problem
from optimizer.solve import solve


def traded(problem: Problem) -> Problem:
    """The same question with weights that trade among all ranks but the first."""
    requests = tuple(replace(request, rank=min(request.rank, 1)) for request in problem.requests)
    return replace(problem, requests=requests)


def price_of_strictness(
    problem: Problem, plan: Plan, deadline: Callable[[], bool] | None = None
) -> int | None:
    """What this plan of the problem costs more than trading would, in tenths of a minute.

    None where one of the two could not be proved in time.
    """
    if not plan.proved:
        return None
    if len({rank for rank, _ in plan.by_rank if rank > 0}) < 2:
        return 0
    trading = solve(traded(problem), deadline=deadline)
    return plan.objective - trading.objective if trading.proved else None
