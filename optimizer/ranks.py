"""The proved optimum, rank after rank.

The first rank is solved alone. Every bundle that some optimum of it uses stays open to the next
rank, under a budget of exactly that optimum: so nothing is lost, and nothing is traded. What the
locks of later ranks hold is nobody else's: it is taken out before.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from optimizer.bounds import Certificate, Earlier, Relaxation, Relaxed
from optimizer.branching import search
from optimizer.closing import EFFORT, Budget, Closed, choose
from optimizer.eligibility import Ints
from optimizer.master import Limit
from optimizer.pricing import Chosen, bundles_of, choices_in, choices_of, rows_of, within
from optimizer.sequential import is_possible, sequential
from optimizer.sides import FAR, GRID, Bundles
from optimizer.stars import Choice, Stars

FIRST_SLACK = 60
"""Tenths of a minute within which bundles are listed first when the relaxation is fractional."""

Choices = tuple[Choice, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One rank: its requests, what was decided before it, what its relaxation proved, and the
    relaxation itself for further questions."""

    scope: Ints
    earlier: Earlier
    certificate: Certificate
    relaxation: Relaxation


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The best selection of all requests in their order, the ranks relaxed so far with the effort
    allowed, and whether all are proved."""

    chosen: Chosen
    steps: tuple[Step, ...]
    effort: float
    proved: bool

    @property
    def choices(self) -> Choices:
        """The selection as choices."""
        return tuple(choices_in(self.chosen))


def optimise(
    stars: Stars,
    scopes: Sequence[Ints],
    best: Chosen,
    is_late: Callable[[], bool] = lambda: False,
    effort: float = EFFORT,
    warm: Mapping[int, Relaxation] | None = None,
) -> Outcome:
    """Solve each scope in turn. `best` is any selection within capacity; `effort` bounds each
    search of the closing, in CP-SAT's deterministic time; `warm` are the relaxations of an earlier
    outcome by rank, which go on with this question."""
    outcome = _rank_by_rank(stars, _Start(scopes, Earlier(), best, effort, warm or {}), is_late)
    if outcome is None:
        raise RuntimeError("the empty selection is always possible, yet none was found")
    return outcome


def relax_forced(outcome: Outcome, choice: Choice) -> Relaxed | None:
    """The relaxation of its rank with this choice made; None if earlier ranks do not allow it."""
    return _step_of(outcome, choice.request)[1].relaxation.solve(choice)


def close_forced(
    stars: Stars, outcome: Outcome, choice: Choice, relaxed: Relaxed
) -> Outcome | None:
    """The optimum with this choice made; None if earlier ranks do not allow it."""
    position, step = _step_of(outcome, choice.request)
    later = outcome.steps[position + 1 :]
    start = _Start(
        scopes=[relaxed.scope, *(other.scope for other in later)],
        earlier=replace(step.earlier, choices=(*step.earlier.choices, choice)),
        best=rows_of(sequential(stars, [choice, *outcome.choices])),
        effort=outcome.effort,
        first=(step.relaxation, relaxed),
        known=tuple(other.relaxation for other in later),
    )
    return _rank_by_rank(stars, start, lambda: False)


def _step_of(outcome: Outcome, request: int) -> tuple[int, Step]:
    return next((k, step) for k, step in enumerate(outcome.steps) if request in step.scope)


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    """Ranks to solve, what is decided before them, any selection, the effort; relaxations that may
    be taken over; the first rank's relaxation if it is solved already, and relaxations whose
    bundles the later ranks begin with."""

    scopes: Sequence[Ints]
    earlier: Earlier
    best: Chosen
    effort: float
    warm: Mapping[int, Relaxation] = field(default_factory=dict)
    first: tuple[Relaxation, Relaxed] | None = None
    known: tuple[Relaxation, ...] = ()

    def relaxation(self, stars: Stars, k: int, earlier: Earlier, best: Chosen) -> Relaxation:
        """The relaxation of the k-th rank."""
        warm = self.warm.get(int(stars.given.ranks[self.scopes[k][0]]))
        if warm is not None:
            warm.ask(stars, self.scopes[k], earlier, best)
            return warm
        relaxation = Relaxation(stars, self.scopes[k], earlier, best)
        if self.known:
            relaxation.offer(*self.known[k - 1].known())
        return relaxation


def _rank_by_rank(stars: Stars, start: _Start, is_late: Callable[[], bool]) -> Outcome | None:
    """None if what is decided leaves no selection."""
    steps: tuple[Step, ...] = ()
    earlier, best = start.earlier, start.best
    for k, scope in enumerate(start.scopes):
        if is_late():
            return Outcome(best, steps, start.effort, proved=False)
        later = chain.from_iterable(scope.tolist() for scope in start.scopes[k + 1 :])
        room = stars.beside_locks(later)
        mine = _members(scope, earlier)
        if k == 0 and start.first is not None:
            relaxation, relaxed = start.first
        else:
            relaxation = start.relaxation(room, k, earlier, best)
            found = relaxation.solve()
            if found is None:
                return None
            relaxed = found
        steps = (*steps, Step(scope, earlier, relaxed.certificate, relaxation))
        rounded = selection(stars, relaxed.solution, best)
        best = rounded if relaxed.is_whole else _better(stars, earlier, best, rounded)
        if is_late():
            return Outcome(best, steps, start.effort, proved=False)
        is_allowed, cost = _is_allowed(earlier, best), total(best[mine])
        if not is_allowed or cost > relaxed.certificate.whole:
            known = Closed(tuple(choices_in(best[mine])), exact=True) if is_allowed else None
            closed = _close(room, steps[-1], known, start.effort)
            if closed is None:
                return None
            closing = rows_of(closed.choices)
            best, cost = selection(stars, closing, best), total(closing)
            if not closed.exact:
                return Outcome(best, steps, start.effort, proved=False)
        if k + 1 < len(start.scopes):
            earlier = _decided(room, steps[-1], mine, cost)
    return Outcome(best, steps, start.effort, proved=True)


def _members(scope: Ints, earlier: Earlier) -> Ints:
    """The requests of a rank and of those before it."""
    if not earlier.choices:
        return scope
    return np.array([*scope.tolist(), *sorted(earlier.requests)])


def selection(stars: Stars, *wanted: Chosen) -> Chosen:
    """The first wanted choice of each request, if they fit; else what fits around them. Every
    request wants something."""
    rows = np.concatenate(wanted)
    chosen = np.empty((len(stars.problem.requests), rows.shape[1]), dtype=np.int64)
    chosen[rows[::-1, 0]] = rows[::-1]  # where more are wanted, the last one written stays
    if is_possible(stars, chosen):
        return chosen
    return rows_of(sequential(stars, choices_in(rows)))


def rank_costs(stars: Stars, chosen: Chosen) -> dict[int, int]:
    """What a selection costs each rank, in the order of ranks."""
    ranks = stars.given.ranks
    return {int(ranks[scope[0]]): total(chosen[scope]) for scope in stars.given.scopes}


def total(chosen: Chosen) -> int:
    """The cost of a selection."""
    return int(chosen[:, -1].sum())


def _close(stars: Stars, step: Step, closed: Closed | None, effort: float) -> Closed | None:
    """The proved optimum of the ranks so far; `closed` is any selection of them.

    A selection that costs so much more than the bound has no bundle whose cost plus prices exceeds
    its request's least by more than that: so these bundles are all it takes. Either there is one,
    or the best selection costs more, and the list must be longer.
    """
    certificate = step.certificate
    slack = FIRST_SLACK * GRID
    while True:
        upper = FAR if closed is None else closed.cost
        if upper <= certificate.whole:
            return closed
        slack = min(slack, (upper - 1) * GRID - certificate.bound)
        closed = _cheapest(stars, step, slack, closed, effort)
        if closed is None and slack >= FAR:
            return None
        if closed is not None:
            needed = (closed.cost - 1) * GRID - certificate.bound
            if not closed.exact or needed <= slack:
                return closed
        slack += slack // 2


def _cheapest(
    stars: Stars, step: Step, slack: int, known: Closed | None, effort: float
) -> Closed | None:
    """The cheapest selection that costs at most so much more than the bound (grains), else the
    known one. Where the search would take too long, CP-SAT decides."""
    earlier, (bundles, costs) = step.earlier, _listed(stars, step, slack)
    hint = () if known is None else known.choices
    decided, prices = bundles_of(earlier.choices)
    listed = np.concatenate([decided, bundles]), np.concatenate([prices, costs])
    requests = sorted([*step.scope.tolist(), *earlier.requests])
    most = (step.certificate.bound + slack) // GRID
    capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
    found = search(capacities, requests, listed, earlier.budgets, hint, most, effort)
    if found.exact:
        return found if found.choices else known
    return choose(stars, choices_of(*listed), earlier.budgets, hint, effort)


def _listed(stars: Stars, step: Step, slack: int) -> tuple[Bundles, Ints]:
    """The bundles of a rank that cost at most so much more than its prices prove (grains)."""
    limit = step.certificate.least + slack
    return within(stars, step.scope, step.certificate.prices, limit)


def _decided(stars: Stars, step: Step, members: Ints, cost: int) -> Earlier:
    """What the next rank may still use: every bundle of an optimal selection, which costs so much
    for these requests."""
    proof, earlier = step.certificate, step.earlier
    gap = cost * GRID - proof.bound
    bundles, costs = _listed(stars, step, gap)
    listed = [*earlier.choices, *choices_of(bundles, costs)]
    best = proof.least_of(earlier.choices)
    best |= dict(zip(step.scope.tolist(), proof.least.tolist(), strict=True))
    values = proof.prices.of_bundles(bundles, costs).tolist()
    valued = zip(listed, [*proof.values(earlier.choices), *values], strict=True)
    excess = {c: e for c, value in valued if (e := value - best[c.request]) <= gap}
    budget = Budget(frozenset(members.tolist()), cost)
    limits = _full_use(stars, step, excess, gap)
    if limits is None:
        limits = _spending(excess, budget)
    return Earlier(tuple(excess), (*earlier.budgets, budget), (*earlier.limits, *limits))


def _full_use(
    stars: Stars, step: Step, excess: dict[Choice, int], gap: int
) -> tuple[Limit, ...] | None:
    """Limits that leave just the optimal selections of these bundles, as ones and zeros: a resource
    whose price is beyond the gap is used up by them, or else the selection costs more. None if
    the rest of the excess could add up to a whole tenth."""
    prices = step.certificate.prices
    most: Counter[int] = Counter()
    for choice, beyond in excess.items():
        most[choice.request] = max(most[choice.request], beyond)
    loose = most.total()
    limits = []
    problem = stars.problem
    for part, price, capacity, kind in (
        (1, prices.van, stars.van_capacity, problem.vans),
        (2, prices.team, stars.team_capacity, problem.teams),
        (3, prices.place, stars.place_capacity, problem.places),
    ):
        for k in price[: len(capacity)].nonzero()[0].tolist():
            if price[k] <= gap:
                loose += int(price[k] * capacity[k])
                continue
            users = [choice for choice in excess if choice[part] == k]
            others = {choice.request for choice in excess if choice[part] != k}
            if len({choice.request for choice in users} - others) < capacity[k]:
                limits.append(
                    Limit(
                        (len(step.earlier.budgets), kind[k].id),
                        dict.fromkeys(users, -1),
                        -int(capacity[k]),
                    )
                )
    return tuple(limits) if loose < GRID + gap else None


def _spending(excess: Iterable[Choice], budget: Budget) -> tuple[Limit, ...]:
    """The budget itself as a limit: what each choice costs beyond its request's cheapest one."""
    own = [choice for choice in excess if choice.request in budget.requests]
    least: dict[int, int] = {}
    for choice in own:
        least[choice.request] = min(choice.cost, least.get(choice.request, choice.cost))
    takes = {choice: choice.cost - least[choice.request] for choice in own}
    return (Limit((len(budget.requests), ""), takes, budget.tenths - sum(least.values())),)


def _is_allowed(earlier: Earlier, chosen: Chosen) -> bool:
    """Whether a selection keeps what is decided."""
    if not earlier.choices:
        return True
    decided = choices_in(chosen[list(earlier.requests)])
    if not set(earlier.choices).issuperset(decided):
        return False
    return all(total(chosen[list(b.requests)]) <= b.tenths for b in earlier.budgets)


def _better(stars: Stars, earlier: Earlier, a: Chosen, b: Chosen) -> Chosen:
    def order(chosen: Chosen) -> tuple[bool, list[int]]:
        return not _is_allowed(earlier, chosen), list(rank_costs(stars, chosen).values())

    return min(a, b, key=order)
