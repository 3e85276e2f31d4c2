"""The proved optimum, rank after rank.

The first rank is solved alone. Every bundle that some optimum of it uses stays open to the next
rank, under a budget of exactly that optimum: so nothing is lost, and nothing is traded.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from optimizer.bounds import Certificate, Earlier, relax
from optimizer.closing import Budget, Closed, choose
from optimizer.eligibility import Ints
from optimizer.pricing import within
from optimizer.sequential import sequential
from optimizer.stars import FAR, Choice, Stars

FIRST_SLACK = 20.0
"""Tenths of a minute within which bundles are listed first when the relaxation is fractional."""
SLACK_GROWTH = 4.0

Choices = tuple[Choice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One rank: its requests, what was decided before it, and what its relaxation found."""

    scope: Ints
    earlier: Earlier
    certificate: Certificate
    columns: Choices


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The best selection of all requests, the ranks relaxed so far, whether all are proved."""

    choices: Choices
    steps: tuple[Step, ...]
    proved: bool


def optimise(
    stars: Stars,
    scopes: Sequence[Ints],
    earlier: Earlier,
    best: Choices,
    pool: Iterable[Choice] = (),
    is_late: Callable[[], bool] = lambda: False,
) -> Outcome | None:
    """Solve each scope in turn; None if what is decided leaves no selection at all.

    `best` is any selection within capacity, `pool` are bundles to begin the relaxations with.
    """
    steps: tuple[Step, ...] = ()
    known = list(pool)
    for scope in scopes:
        if is_late():
            return Outcome(best, steps, proved=False)
        relaxed = relax(stars, scope, earlier, [*known, *_of(best, scope)])
        if relaxed is None:
            return None
        steps = (*steps, Step(scope, earlier, relaxed.certificate, relaxed.columns))
        rounded = sequential(stars, [*earlier.settled, *(c for _, c in relaxed.solution)])
        best = _better(stars, earlier, best, rounded)
        if is_late():
            return Outcome(best, steps, proved=False)
        closed = _close(stars, steps[-1], best)
        if closed is None:
            return None
        best = sequential(stars, closed.choices)
        if not closed.exact:
            return Outcome(best, steps, proved=False)
        earlier = _decided(stars, steps[-1], closed.choices)
    return Outcome(best, steps, proved=True)


def scopes_of(stars: Stars) -> list[Ints]:
    """The requests of each rank, the first rank first."""
    ranks = np.array([request.rank for request in stars.problem.requests], dtype=np.int64)
    return [np.flatnonzero(ranks == rank) for rank in np.unique(ranks)]


def rank_costs(stars: Stars, choices: Iterable[Choice]) -> dict[int, int]:
    """The cost of each rank, in the order of ranks."""
    costs = dict.fromkeys(sorted({r.rank for r in stars.problem.requests}), 0)
    for choice in choices:
        costs[stars.problem.requests[choice.request].rank] += choice.cost
    return costs


def total(choices: Iterable[Choice]) -> int:
    """The cost of a selection."""
    return sum(choice.cost for choice in choices)


def _close(stars: Stars, step: Step, best: Choices) -> Closed | None:
    """The proved optimum of the ranks so far.

    A selection cheaper than the best known one has no bundle whose cost plus prices exceeds its
    request's least by more than the best exceeds the bound: so those bundles are all it takes.
    """
    certificate, earlier = step.certificate, step.earlier
    closed = None
    if _is_allowed(earlier, best):
        closed = Closed(_of(best, [*step.scope, *earlier.requests]), exact=True)
    slack = FIRST_SLACK
    while True:
        upper = inf if closed is None else float(total(closed.choices))
        needed = upper - 1 - float(certificate.bound)
        if upper <= certificate.whole:
            return closed
        slack = min(slack, needed)
        listed = within(stars, step.scope, certificate.prices, certificate.least + slack)
        hint = () if closed is None else closed.choices
        closed = choose(stars, [*earlier.choices, *listed], earlier.budgets, hint)
        if closed is None and slack >= FAR:
            return None
        if closed is not None:
            needed = float(total(closed.choices) - 1 - certificate.bound)
            if not closed.exact or needed <= slack:
                return closed
        slack *= SLACK_GROWTH


def _decided(stars: Stars, step: Step, choices: Choices) -> Earlier:
    """What the next rank may still use: every bundle of an optimal selection, at that cost."""
    cost = total(choices)
    limit = step.certificate.least + float(cost - step.certificate.bound)
    kept = tuple(within(stars, step.scope, step.certificate.prices, limit))
    budget = Budget(frozenset(choice.request for choice in choices), cost)
    return Earlier((*step.earlier.choices, *kept), (*step.earlier.budgets, budget))


def _is_allowed(earlier: Earlier, choices: Choices) -> bool:
    """Whether a selection keeps what is decided."""
    listed = set(earlier.choices)
    if any(c.request in earlier.requests and c not in listed for c in choices):
        return False
    return all(total(_of(choices, b.requests)) <= b.tenths for b in earlier.budgets)


def _better(stars: Stars, earlier: Earlier, a: Choices, b: Choices) -> Choices:
    def order(choices: Choices) -> tuple[bool, list[int]]:
        return not _is_allowed(earlier, choices), list(rank_costs(stars, choices).values())

    return min(a, b, key=order)


def _of(choices: Iterable[Choice], requests: Iterable[int]) -> Choices:
    members = frozenset(int(i) for i in requests)
    return tuple(choice for choice in choices if choice.request in members)
