"""The recipe: price every star, take an instant plan, prove the best one, write it down."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from optimizer.bounds import Relaxation
from optimizer.closing import EFFORT
from optimizer.engine import engine
from optimizer.explain import Explanation, explained
from optimizer.plan import Plan, Stage
from optimizer.pricing import Chosen, Prices, renamed, rows_of
from optimizer.problem import Problem, in_order
from optimizer.ranks import Outcome, optimise, rank_costs, total
from optimizer.sequential import around, kept, sequential
from optimizer.sides import GRID
from optimizer.stars import Stars, stars_of
from optimizer.turns import in_turns
from optimizer.writing import written

Deadline = Callable[[], bool]
"""Answers whether the time is up; asked between stages only."""


def solve(
    problem: Problem,
    previous: Plan | None = None,
    deadline: Deadline | None = None,
    explain: Iterable[str] = (),
    effort: float = EFFORT,
) -> Plan:
    """The best plan that the time allows; without a deadline, a proved one.

    `previous` is repaired first and kept if nothing better is found in time. The requests named
    in `explain` receive their next best bundles with exact regret, in that order, once the plan
    is proved and until the time is up; each takes about as long as the plan itself. `effort` bounds
    a single search of the closing, in deterministic seconds: give little where the time is short.
    """
    solved = solve_warm(problem, previous, deadline, effort)
    return solved.explained(explain, deadline)


def solve_warm(
    problem: Problem,
    previous: Plan | None = None,
    deadline: Deadline | None = None,
    effort: float = EFFORT,
    before: "Solved | None" = None,
) -> "Solved":
    """Like `solve`, with the plan at once and its explanation later.

    `before` is the answer to the last question: its relaxations go on with this one, so that an
    event costs a few pivots. It can explain nothing any more.
    """
    is_late = deadline or _never
    stars = stars_of(in_order(problem), None if before is None else before.stars)
    if before is None:
        first, stage = _first(stars, previous)
        outcome = optimise(stars, stars.given.scopes, first, is_late, effort)
    else:
        first, stage = kept(stars, before.still_possible(stars)), "repaired"
        outcome = optimise(stars, stars.given.scopes, first, is_late, effort, before.relaxations)
    goes_on = previous is not None or before is not None
    if goes_on and not outcome.proved:
        chosen = rows_of(in_turns(stars, around(stars, outcome.choices)))
        outcome = replace(outcome, chosen=chosen)
    return Solved(stars, outcome, _stage(stars, outcome, stage))


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A solved region whose relaxations are still warm. Not for two threads at once."""

    stars: Stars
    _outcome: Outcome
    _stage: Stage

    @property
    def relaxations(self) -> dict[int, Relaxation]:
        """By rank, what the next question may begin with."""
        ranks = self.stars.given.ranks
        return {int(ranks[step.scope[0]]): step.relaxation for step in self._outcome.steps}

    def still_possible(self, stars: Stars) -> Chosen:
        """The choices of this answer that another question still has."""
        return renamed(self.stars, stars, self._outcome.chosen)

    @property
    def plan(self) -> Plan:
        """The plan without explanation."""
        return self._written({})

    def explained(self, request_ids: Iterable[str], deadline: Deadline | None = None) -> Plan:
        """The plan with those requests explained, in that order, until the time is up.

        A plan that is not proved has no exact regrets and is not explained. KeyError for a
        request that was not asked.
        """
        stars, outcome = self.stars, self._outcome
        index = {request.id: i for i, request in enumerate(stars.problem.requests)}
        further = {
            index[name]: explained(stars, outcome, index[name], deadline or _never)
            for name in request_ids
            if outcome.proved
        }
        return self._written(further)

    def _written(self, explanations: Mapping[int, Explanation]) -> Plan:
        stars, outcome = self.stars, self._outcome
        prices = outcome.steps[-1].certificate.prices if outcome.steps else Prices.free(stars)
        bound = _bound(stars, outcome)
        return written(stars, outcome.chosen, bound, self._stage, prices, explanations)


def _never() -> bool:
    return False


def instant(problem: Problem, previous: Plan | None = None) -> Plan:
    """The sequential plan, or the previous one repaired where that is better."""
    return solve(problem, previous, deadline=lambda: True)


def _first(stars: Stars, previous: Plan | None) -> tuple[Chosen, Stage]:
    fresh = rows_of(sequential(stars))
    if previous is None:
        return fresh, "sequential"
    index = {request.id: i for i, request in enumerate(stars.problem.requests)}
    found = [
        stars.find(index[assignment.request_id], assignment.bundle)
        for assignment in previous.assignments
        if assignment.request_id in index
    ]
    repaired = rows_of(sequential(stars, [choice for choice in found if choice is not None]))
    fresh_costs, repaired_costs = (list(rank_costs(stars, c).values()) for c in (fresh, repaired))
    return (repaired, "repaired") if repaired_costs <= fresh_costs else (fresh, "sequential")


def _stage(stars: Stars, outcome: Outcome, first: Stage) -> Stage:
    if outcome.proved:
        return "proved"
    return "lp" if len(outcome.steps) == len(stars.given.scopes) else first


def _bound(stars: Stars, outcome: Outcome) -> int:
    """The optimum if it is proved; else what the last rank's prices prove; else the least that
    every request would cost alone."""
    if outcome.proved:
        return total(outcome.chosen)
    if len(outcome.steps) == len(stars.given.scopes):
        return outcome.steps[-1].certificate.whole
    everyone = np.arange(len(stars.problem.requests))
    values, _ = engine().cheapest(stars.sides, everyone, Prices.free(stars).charges)
    return int(values[:, 0].sum()) // GRID
