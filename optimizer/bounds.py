"""Column generation: prices for every resource, and with them a bound that needs no faith.

For any prices that are not negative, every selection within capacity costs at least
    sum over requests of (cheapest bundle, cost plus prices) - (value of all capacity).
The sum is one of whole grains, so it is exact however the relaxation was rounded.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.closing import Budget
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.generation import CLOSE, FEW, NEAR, WORTHWHILE, Looked
from optimizer.master import FINE, Limit, Master
from optimizer.pricing import Chosen, Floats, Prices, bundles_of, renamed, within
from optimizer.remembered import Remembered
from optimizer.sides import GRID, Bundles
from optimizer.stars import Choice, Stars

SHARE = 0.999
"""From here on a bundle is used as a whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """Ranks that are decided: every bundle that keeps them optimal, what they may cost, and the
    limits that say the same."""

    choices: tuple[Choice, ...] = ()
    budgets: tuple[Budget, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def requests(self) -> frozenset[int]:
        """The requests of those ranks."""
        return frozenset(choice.request for choice in self.choices)

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
    """Prices and what they prove, in grains: `bound`, and the least of each request in scope.
    `charges` are the prices of the limits, in 1/FINE grains."""

    prices: Prices
    least: Ints
    bound: int
    limits: tuple[Limit, ...] = ()
    charges: tuple[int, ...] = ()

    @staticmethod
    def of(
        stars: Stars, prices: Prices, least: Ints, earlier: Earlier, charges: Ints
    ) -> "Certificate":
        """What these prices prove about the requests in scope together with those decided, of which
        one choice each is made, within the limits."""
        total = int(least.sum()) - prices.worth(stars)
        for limit, charge in zip(earlier.limits, charges.tolist(), strict=True):
            total += -charge * limit.most // FINE
        proof = Certificate(prices, least, total, earlier.limits, tuple(charges.tolist()))
        if not earlier.choices:
            return proof
        return proof.raised(sum(proof.least_of(earlier.choices).values()))

    def raised(self, more: int) -> "Certificate":
        """The same prices, which prove so much more."""
        return Certificate(self.prices, self.least, self.bound + more, self.limits, self.charges)

    def values(self, choices: Sequence[Choice]) -> list[int]:
        """Cost plus prices of each, those of the limits too."""
        values: list[int] = self.prices.of_bundles(*bundles_of(choices)).tolist()
        for limit, charge in zip(self.limits, self.charges, strict=True):
            takes = [charge * limit.takes.get(choice, 0) // FINE for choice in choices]
            values = [value + taken for value, taken in zip(values, takes, strict=True)]
        return values

    def least_of(self, choices: Sequence[Choice]) -> dict[int, int]:
        """The least of these values of each request."""
        least: dict[int, int] = {}
        for choice, value in zip(choices, self.values(choices) if choices else (), strict=True):
            least[choice.request] = min(value, least.get(choice.request, value))
        return least

    @property
    def whole(self) -> int:
        """The bound for whole tenths."""
        return -(-self.bound // GRID)


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """The relaxation's end: the requests that it priced, its certificate, and the bundles it uses
    with their costs and shares."""

    scope: Ints
    certificate: Certificate
    bundles: Bundles
    costs: Ints
    share: Floats

    @property
    def is_whole(self) -> bool:
        """Whether every bundle is used as a whole or not at all."""
        return bool((self.share > SHARE).all())

    @property
    def total(self) -> int:
        """What the bundles cost together, if they are whole."""
        return int(self.costs.sum())

    @property
    def solution(self) -> Chosen:
        """The bundles, the largest share first if they are not whole."""
        chosen = np.column_stack([self.bundles, self.costs])
        if self.is_whole:
            return chosen
        return chosen[np.lexsort((*self.bundles.T[::-1], -np.round(self.share, 3)))]


class Relaxation:
    """The relaxation of one rank; it grows with every solve and stays warm between them."""

    def __init__(self, stars: Stars, scope: Ints, earlier: Earlier, start: Chosen) -> None:
        """`start`: a selection of all requests in their order, within capacity."""
        self._stars, self._scope, self._earlier = stars, scope, earlier
        self._master = Master(stars, scope, earlier.choices, start, earlier.limits)
        self._remembered = Remembered()
        self._memory = self._remembered.of(stars.given.ids, stars.names, stars.sides, scope)

    def ask(self, stars: Stars, scope: Ints, earlier: Earlier, start: Chosen) -> None:
        """Take on another question, warm if it is like the last one."""
        question = (stars, scope, earlier.choices, start, earlier.limits)
        before = self._stars
        self._stars, self._scope, self._earlier = stars, scope, earlier
        if not self._master.adopt(*question):
            known = renamed(before, stars, np.column_stack(self._master.known()))
            self._master = Master(*question)
            self.offer(known[:, :4], known[:, 4])
        self._memory = self._remembered.of(stars.given.ids, stars.names, stars.sides, scope)

    def offer(self, bundles: Bundles, costs: Ints) -> None:
        """Bundles that may be useful; those out of scope are passed over."""
        mine = np.isin(bundles[:, 0], self._scope)
        self._master.add(bundles[mine], costs[mine])

    def solve(self, forced: Choice | None = None) -> Relaxed | None:
        """Generate bundles until the prices prove the relaxation optimal; None if it has no
        solution. `forced` must be used by its request."""
        master = self._master
        scope = self._scope if forced is None else self._scope[self._scope != forced.request]
        master.force(forced)
        best: Certificate | None = None
        while (found := master.look(scope, self._memory)) is not None:
            value, looked = found
            prices, least = looked.prices, looked.values[:, 0]
            charges = master.limit_prices()
            proof = Certificate.of(self._stars, prices, least, self._earlier, charges)
            if forced is not None:
                proof = proof.raised(prices.of_choice(forced))
            if best is None or proof.bound > best.bound:
                best = proof
            if best.bound > (value - CLOSE) * GRID or not self._grow(scope, looked):
                return Relaxed(scope, best, *master.solution())
        return None

    def known(self) -> tuple[Bundles, Ints]:
        """Every bundle of its own requests that it has seen."""
        return self._master.known()

    def _grow(self, scope: Ints, looked: Looked) -> int:
        """The best few bundles of each request that the relaxation would rather use; all of them
        where hardly any request has one, or they would come one at a time."""
        prices, values, found = looked
        own = (self._master.request_values(scope) - WORTHWHILE) * GRID
        k, t = np.nonzero(values < own[:, None])
        few = np.unique(k)
        if len(few) <= FEW:
            near = values[few, 0] + NEAR
            limit = np.minimum(np.floor(own[few]).astype(np.int64), near)
            return self._master.add(*within(self._stars, scope[few], prices, limit))
        bundles = np.column_stack([scope[k], found[k, t]])
        costs = engine().costs_of(self._stars.sides, bundles)
        return self._master.add(bundles, costs)
