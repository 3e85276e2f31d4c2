"""Column generation: prices for every resource, and with them a bound that needs no faith.

For any prices that are not negative, every selection within capacity costs at least
    sum over requests of (cheapest bundle, cost plus prices) - (value of all capacity).
The sum is made of multiples of 1/1024, so it is exact however the relaxation was rounded.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

import numpy as np

from optimizer.closing import Budget
from optimizer.eligibility import Ints
from optimizer.master import Master
from optimizer.pricing import Floats, Offers, Prices, price
from optimizer.stars import FAR, Choice, Stars

COLUMNS_A_REQUEST = 4
NOTHING = 1e-6
CLOSE = 0.5
"""Costs are whole tenths: a bound this near to the relaxation is as good as its value."""


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """Ranks that are decided: every bundle that keeps them optimal, and what they may cost."""

    choices: tuple[Choice, ...] = ()
    budgets: tuple[Budget, ...] = ()

    @property
    def requests(self) -> frozenset[int]:
        """The requests of those ranks."""
        return frozenset(choice.request for choice in self.choices)

    @property
    def settled(self) -> tuple[Choice, ...]:
        """The bundles of requests that have no other left."""
        count = Counter(choice.request for choice in self.choices)
        return tuple(choice for choice in self.choices if count[choice.request] == 1)


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """Prices and what they prove: `bound` (tenths), and the least of each request in scope."""

    prices: Prices
    least: Floats
    bound: Fraction

    @property
    def whole(self) -> int:
        """The bound for whole tenths."""
        return ceil(self.bound)


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """The relaxation's end: its certificate, the bundles it uses (the largest share first) and all
    bundles it saw of its own requests."""

    certificate: Certificate
    solution: list[tuple[float, Choice]]
    columns: tuple[Choice, ...]


def relax(stars: Stars, scope: Ints, earlier: Earlier, start: Iterable[Choice]) -> Relaxed | None:
    """Generate bundles until the prices prove the relaxation optimal; None if it has no solution.

    `start` are any bundles to begin with; those of requests out of scope are passed over.
    """
    members = frozenset(scope.tolist())
    master = Master(stars, sorted(members | earlier.requests), earlier.budgets)
    master.add(earlier.choices)
    master.add(stars.least(i) for i in sorted(members))
    master.add(choice for choice in start if choice.request in members)
    best: Certificate | None = None
    while True:
        value = master.solve()
        if value is None:
            return None
        offers = price(stars, scope, prices := master.prices())
        found = _certificate(stars, offers, prices, earlier, master.budget_prices())
        best = found if best is None or found.bound > best.bound else best
        fresh = _promising(stars, scope, offers, master.request_values(scope))
        if best.bound > value - CLOSE or not master.add(fresh):
            columns = tuple(c for c in master.columns() if c.request in members)
            return Relaxed(best, master.solution(), columns)


def _certificate(
    stars: Stars, offers: Offers, prices: Prices, earlier: Earlier, budget_prices: Floats
) -> Certificate:
    """What these prices prove."""
    total = Fraction(float(offers.least.sum())) - Fraction(prices.worth(stars))
    factors = [Fraction(float(mu)) for mu in budget_prices]
    least: dict[int, Fraction] = {}
    for choice in earlier.choices:
        dearer = 1 + sum(
            mu
            for mu, budget in zip(factors, earlier.budgets, strict=True)
            if choice.request in budget.requests
        )
        worth = choice.cost * dearer + Fraction(prices.of(stars, choice))
        least[choice.request] = min(worth, least.get(choice.request, worth))
    total += sum(least.values())
    total -= sum(mu * budget.tenths for mu, budget in zip(factors, earlier.budgets, strict=True))
    return Certificate(prices, offers.least, total)


def _promising(stars: Stars, scope: Ints, offers: Offers, values: Floats) -> list[Choice]:
    """The best few bundles of each request that the relaxation would rather use."""
    columns = []
    gain = offers.value - values[:, None]
    order = np.argsort(gain, axis=1, kind="stable")[:, :COLUMNS_A_REQUEST]
    for k, i in enumerate(scope.tolist()):
        if offers.extra[k] >= 0 and offers.least[k] < values[k] - NOTHING:
            columns.append(stars.extras[i][int(offers.extra[k])])
        for o in order[k].tolist():
            if gain[k, o] < -NOTHING and offers.value[k, o] < FAR:
                choice = stars.choice(i, o, int(offers.team[k, o]), int(offers.place[k, o]))
                if choice is not None:
                    columns.append(choice)
    return columns
