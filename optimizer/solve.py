"""The recipe: repair or make an instant plan, relax, close, rank after rank; then write it down.

Ranks are lexicographic: the first rank is solved alone; every bundle that keeps it optimal stays
open to the next rank, under a budget, so that nothing is lost and nothing is traded.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.bounds import Certificate, Earlier, relax
from optimizer.closing import Budget, Closed, choose
from optimizer.eligibility import Ints
from optimizer.plan import Plan, Stage
from optimizer.pricing import Prices, price, within
from optimizer.problem import Problem, in_order
from optimizer.sequential import sequential
from optimizer.stars import Choice, Stars, stars_of
from optimizer.writing import written

Deadline = Callable[[], bool]
"""Answers whether the time is up; asked between stages only."""

FIRST_SLACK = 20
"""Tenths of a minute within which bundles are listed first when the relaxation is fractional."""


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """A selection with what is known about it."""

    choices: tuple[Choice, ...]
    bound: int
    stage: Stage
    prices: Prices


def solve(problem: Problem, previous: Plan | None = None, deadline: Deadline | None = None) -> Plan:
    """The best plan that the time allows; without a deadline, a proved one."""
    stars = stars_of(in_order(problem))
    found = solution(stars, previous, deadline)
    return written(stars, found.choices, found.bound, found.stage, found.prices)


def instant(problem: Problem) -> Plan:
    """The sequential plan only."""
    return solve(problem, deadline=lambda: True)


def solution(stars: Stars, previous: Plan | None, deadline: Deadline | None) -> Solution:
    """The best selection that the time allows."""
    is_late = deadline or (lambda: False)
    best, stage = _first(stars, previous)
    earlier, prices, bound = Earlier(), Prices.free(stars), _floor(stars)
    ranks = np.array([request.rank for request in stars.problem.requests], dtype=np.int64)
    for rank in sorted(set(ranks.tolist())):
        if is_late():
            return Solution(best, bound, stage, prices)
        scope = np.flatnonzero(ranks == rank)
        relaxed = relax(stars, scope, earlier, _until(best, ranks, rank))
        best = _better(ranks, best, sequential(stars, [c for _, c in relaxed.solution]))
        prices = relaxed.certificate.prices
        if rank == ranks.max():
            stage, bound = "lp", max(bound, relaxed.certificate.whole)
        if is_late():
            return Solution(best, bound, stage, prices)
        closed = _close(stars, scope, earlier, relaxed.certificate, _until(best, ranks, rank))
        best = sequential(stars, closed.choices)
        if not closed.exact:
            return Solution(best, bound, "lp", prices)
        earlier = _decided(stars, scope, earlier, relaxed.certificate, closed.choices)
    return Solution(best, _cost(best), "proved", prices)


def _first(stars: Stars, previous: Plan | None) -> tuple[tuple[Choice, ...], Stage]:
    """The sequential plan, or the previous one repaired where that is better."""
    ranks = np.array([request.rank for request in stars.problem.requests], dtype=np.int64)
    fresh = sequential(stars)
    if previous is None:
        return fresh, "sequential"
    index = {request.id: i for i, request in enumerate(stars.problem.requests)}
    found = [
        stars.find(index[assignment.request_id], assignment.bundle)
        for assignment in previous.assignments
        if assignment.request_id in index
    ]
    repaired = sequential(stars, [choice for choice in found if choice is not None])
    best = _better(ranks, fresh, repaired)
    return best, "repaired" if best is repaired else "sequential"


def _close(
    stars: Stars, scope: Ints, earlier: Earlier, certificate: Certificate, best: list[Choice]
) -> Closed:
    """The proved optimum of the ranks so far.

    A selection cheaper than the best known one has no bundle whose cost plus prices exceeds its
    request's least by as much as the best exceeds the bound: so those bundles are all it takes.
    """
    upper, slack = _cost(best), float(FIRST_SLACK)
    closed = Closed(tuple(best), exact=True)
    while upper > certificate.whole:
        slack = min(slack, float(upper - 1 - certificate.bound))
        listed = within(stars, scope, certificate.prices, certificate.least + slack)
        closed = choose(stars, [*earlier.choices, *listed], earlier.budgets, closed.choices)
        upper = _cost(closed.choices)
        needed = float(upper - 1 - certificate.bound)
        if not closed.exact or needed <= slack:
            break
        slack = needed
    return closed


def _decided(
    stars: Stars,
    scope: Ints,
    earlier: Earlier,
    certificate: Certificate,
    choices: tuple[Choice, ...],
) -> Earlier:
    """What the next rank may still use of this one: every bundle of an optimal selection."""
    cost = _cost(choices)
    limit = certificate.least + float(cost - certificate.bound)
    kept = tuple(within(stars, scope, certificate.prices, limit))
    budget = Budget(frozenset(choice.request for choice in choices), cost)
    return Earlier((*earlier.choices, *kept), (*earlier.budgets, budget))


def _until(choices: Sequence[Choice], ranks: Ints, rank: int) -> list[Choice]:
    return [choice for choice in choices if ranks[choice.request] <= rank]


def _better(ranks: Ints, a: tuple[Choice, ...], b: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return min(a, b, key=lambda choices: rank_costs(choices, ranks))


def rank_costs(choices: Sequence[Choice], ranks: Ints) -> list[int]:
    """The cost of each rank, the first rank first."""
    return [
        sum(choice.cost for choice in choices if ranks[choice.request] == rank)
        for rank in sorted(set(ranks.tolist()))
    ]


def _cost(choices: Sequence[Choice]) -> int:
    return sum(choice.cost for choice in choices)


def _floor(stars: Stars) -> int:
    """Every request at its cheapest, as if it were alone."""
    everyone = np.arange(len(stars.problem.requests))
    return int(price(stars, everyone, Prices.free(stars)).least.sum())
