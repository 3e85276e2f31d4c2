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
from optimizer.eligibility import Bools, Ints
from optimizer.master import Master
from optimizer.pricing import Floats, Offers, Prices, Rays
from optimizer.stars import FAR, Choice, Stars

COLUMNS_A_REQUEST = 2
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

    def claimed(self, stars: Stars) -> tuple[Bools, Bools, Bools]:
        """Which vans, teams and places every one of those selections uses up."""
        shared: dict[int, set[tuple[int, int]]] = {}
        for choice in self.choices:
            parts = set(enumerate(choice[1:4]))
            shared[choice.request] = shared.get(choice.request, parts) & parts
        count = Counter(part for parts in shared.values() for part in parts)
        capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
        van, team, place = (
            np.array([count[field, k] >= free for k, free in enumerate(capacity)], dtype=np.bool_)
            for field, capacity in enumerate(capacities)
        )
        return van, team, place


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
    """The relaxation's end: the stars that it priced, its certificate, and the bundles it uses,
    the largest share first."""

    rays: Rays
    certificate: Certificate
    solution: list[tuple[float, Choice]]


class Relaxation:
    """The relaxation of one rank; it grows with every solve and stays warm between them."""

    def __init__(
        self, stars: Stars, scope: Ints, earlier: Earlier, start: Iterable[Choice]
    ) -> None:
        """Begin with the empty bundles and any others; those out of scope are passed over."""
        self._stars, self._earlier = stars, earlier
        self.rays = Rays.of(stars, scope)
        self._members = frozenset(scope.tolist())
        self._master = Master(stars, sorted(self._members | earlier.requests), earlier.budgets)
        self._master.add(earlier.choices)
        self._master.add(stars.least[i] for i in sorted(self._members))
        self._master.add(choice for choice in start if choice.request in self._members)

    def solve(self, forced: Choice | None = None) -> Relaxed | None:
        """Generate bundles until the prices prove the relaxation optimal; None if it has no
        solution. `forced` must be used by its request."""
        rays, decided = self.rays, self._earlier.choices
        if forced is not None:
            rays, decided = rays.without(forced.request), (*decided, forced)
        self._master.force(forced)
        best: Certificate | None = None
        while True:
            value = self._master.solve()
            if value is None:
                return None
            prices, multipliers = self._master.prices(), self._master.budget_prices()
            offers = rays.price(prices)
            bound = _bound(self._stars, offers, prices, decided, self._earlier, multipliers)
            if best is None or bound > best.bound:
                best = Certificate(prices, offers.least, bound)
            fresh = _promising(rays, offers, self._master.request_values(rays.scope))
            if best.bound > value - CLOSE or not self._master.add(fresh):
                return Relaxed(rays, best, self._master.solution())

    def columns(self) -> tuple[Choice, ...]:
        """Every bundle of its own requests that it has seen."""
        return tuple(c for c in self._master.columns() if c.request in self._members)


def _bound(
    stars: Stars,
    offers: Offers,
    prices: Prices,
    decided: Iterable[Choice],
    earlier: Earlier,
    multipliers: Floats,
) -> Fraction:
    """What these prices prove; a budget has its price too, by which its bundles are dearer."""
    total = Fraction(float(offers.least.sum())) - Fraction(prices.worth(stars))
    factors = [Fraction(float(mu)) for mu in multipliers]
    least: dict[int, Fraction] = {}
    for choice in decided:
        dearer = 1 + sum(
            mu
            for mu, budget in zip(factors, earlier.budgets, strict=True)
            if choice.request in budget.requests
        )
        worth = choice.cost * dearer + Fraction(prices.of(stars, choice))
        least[choice.request] = min(worth, least.get(choice.request, worth))
    spent = sum(mu * budget.tenths for mu, budget in zip(factors, earlier.budgets, strict=True))
    return total + sum(least.values()) - spent


def _promising(rays: Rays, offers: Offers, values: Floats) -> list[Choice]:
    """The best few bundles of each request that the relaxation would rather use."""
    stars = rays.stars
    columns = [
        stars.extras[i][e]
        for i, e, gain in zip(
            rays.scope.tolist(), offers.extra.tolist(), offers.least - values, strict=True
        )
        if e >= 0 and gain < -NOTHING
    ]
    gain = offers.value - values[rays.row]
    good = np.flatnonzero((gain < -NOTHING) & (offers.value < FAR))
    taken: Counter[int] = Counter()
    for ray in good[np.argsort(gain[good], kind="stable")].tolist():
        row = int(rays.row[ray])
        if taken[row] < COLUMNS_A_REQUEST:
            taken[row] += 1
            team, place = int(offers.team[ray]), int(offers.place[ray])
            choice = stars.choice(int(rays.scope[row]), int(rays.option[ray]), team, place)
            if choice is not None:
                columns.append(choice)
    return columns
