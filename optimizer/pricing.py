"""Shadow prices, and the bundles that are worth something under them.

Everything is counted in grains (1/1024 of a tenth of a minute), whole numbers, so that every sum is
exact and the same on every machine.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import mul

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Ints
from optimizer.engine import Charges, engine
from optimizer.remembered import NEVER
from optimizer.sides import FAR, GRID, Bundles
from optimizer.stars import Choice, Stars

Floats = NDArray[np.float64]
Chosen = NDArray[np.int64]
"""Choices in rows (n, 5): request, option, team, place, cost."""
ROOM = 2**14
LARGEST = 2**60
"""Grains: the dearest plan that stays exact."""
LARGEST_PRICE = NEVER // 4
"""Grains: a bundle costs less than this, too, so that with its three prices it stays below NEVER. A
higher price proves nothing more."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What a unit of each resource costs, in grains, none below zero: van (V + 2,), team (J + 1,),
    place (P + 1,); the last ones stand for SELF and "none" and cost nothing."""

    van: Ints
    team: Ints
    place: Ints

    @staticmethod
    def of(van: Floats, team: Floats, place: Floats) -> "Prices":
        """Round duals (tenths, zero or less) to whole grains."""
        duals = np.concatenate([van, [0.0, 0.0], team, [0.0], place, [0.0]])
        return Prices.split(duals, len(van) + 2, len(team) + 1)

    @staticmethod
    def split(duals: Floats, options: int, teams: int) -> "Prices":
        """The same of all parts one after the other, SELF and "none" among them."""
        grains = np.minimum(whole_grains(np.maximum(0.0, -duals)), LARGEST_PRICE)
        return Prices(
            grains[:options], grains[options : options + teams], grains[options + teams :]
        )

    @staticmethod
    def free(stars: Stars) -> "Prices":
        """Everything for nothing."""
        sizes = (len(stars.van_capacity) + 2, stars.no_team + 1, stars.no_place + 1)
        return Prices(*(np.zeros(size, dtype=np.int64) for size in sizes))

    @property
    def charges(self) -> Charges:
        """As the engine takes them."""
        return self.van, self.team, self.place

    def worth(self, stars: Stars) -> int:
        """The value of all capacity at these prices."""
        worth = 0
        for prices, capacity in (
            (self.van, stars.van_capacity),
            (self.team, stars.team_capacity),
            (self.place, stars.place_capacity),
        ):
            some = prices.nonzero()[0]
            worth += sum(map(mul, prices[some].tolist(), capacity[some].tolist()))
        return worth

    def of_choice(self, choice: Choice) -> int:
        """Cost plus prices of a choice."""
        own = self.van[choice.option] + self.team[choice.team] + self.place[choice.place]
        return GRID * choice.cost + int(own)

    def of_bundles(self, bundles: Bundles, costs: Ints) -> Ints:
        """Cost plus prices of many."""
        own = self.van[bundles[:, 1]] + self.team[bundles[:, 2]] + self.place[bundles[:, 3]]
        values: Ints = GRID * costs + own
        return values


def whole_grains(tenths: Floats) -> Ints:
    """Duals as whole grains, within what stays exact: a bound may use any prices, and one that is
    larger than this was not worth more either."""
    grains = np.maximum(np.minimum(np.rint(tenths * GRID), LARGEST), -LARGEST)
    whole: Ints = grains.astype(np.int64)
    return whole


def bundles_of(choices: Iterable[Choice]) -> tuple[Bundles, Ints]:
    """Choices as arrays: indices (n, 4) and costs (n,)."""
    rows = rows_of(choices)
    return rows[:, :4], rows[:, 4]


def rows_of(choices: Iterable[Choice]) -> Chosen:
    """Choices as rows."""
    return np.fromiter(chain.from_iterable(choices), dtype=np.int64).reshape(-1, 5)


def choices_in(rows: Chosen) -> list[Choice]:
    """Rows as choices."""
    return list(map(Choice._make, rows.tolist()))


def choices_of(bundles: Bundles, costs: Ints) -> list[Choice]:
    """Arrays as choices."""
    rows = zip(*bundles.T.tolist(), costs.tolist(), strict=True)
    return list(map(Choice._make, rows))


def within(stars: Stars, scope: Ints, prices: Prices, limit: Ints) -> tuple[Bundles, Ints]:
    """Every bundle whose cost plus prices is at most its request's limit (grains), with costs."""
    room = ROOM
    while True:
        count, bundles = engine().within(stars.sides, scope, prices.charges, limit, room)
        if count <= room:
            bundles = np.ascontiguousarray(bundles[:count])
            return bundles, engine().costs_of(stars.sides, bundles)
        room = count


def renamed(old: Stars, new: Stars, chosen: Chosen) -> Chosen:
    """Choices of one question in the indices and at the prices of another, where they exist."""
    rows = chosen.copy()
    for column, (before, after) in enumerate(_names(old, new)):
        if before != after:
            at = {name: k for k, name in enumerate(after)}
            now = np.array([at.get(name, -1) for name in before], dtype=np.int64)
            rows[:, column] = now[rows[:, column]]
            rows = rows[rows[:, column] >= 0]
    rows[:, 4] = engine().costs_of(new.sides, rows[:, :4])
    return rows[rows[:, 4] < FAR]


def _names(*both: Stars) -> Iterator[tuple[Sequence[str | None], ...]]:
    """Of two questions, by the indices of a bundle; those of parts only if they differ."""
    yield tuple(stars.given.ids for stars in both)
    old, new = (stars.names for stars in both)
    if old is not new:
        yield [*old.options], [*new.options]
        yield [*old.teams], [*new.teams]
        yield [*old.places], [*new.places]
