"""A plan made better one kind at a time: teams, places and transport in turns, each assigned
exactly while the other two stay.

Whoever gets another team has other costs for places and vans: one event, one shortest path. So
after the first turns only those who changed are looked at. It is what there is time for when the
region has changed and nothing can be proved by the deadline.
"""

from collections.abc import Iterable

import numpy as np

from optimizer.assignment import Assignment
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.matching import ALONE
from optimizer.pricing import bundles_of, choices_of
from optimizer.sequential import OPEN, Left, over
from optimizer.sides import FAR, Bundles
from optimizer.stars import Choice, Stars


def in_turns(stars: Stars, choices: Iterable[Choice]) -> tuple[Choice, ...]:
    """A selection that no other choice of one kind alone makes cheaper within a rank; no rank is
    dearer than before."""
    chosen = {choice.request: choice for choice in choices}
    ranks = stars.given.ranks
    for rank in np.unique(ranks):
        scope = np.flatnonzero(ranks == rank)
        left = Left.of(stars)
        for choice in chosen.values():
            if ranks[choice.request] != rank:
                left.take(choice)
        improved = _improved(stars, left, bundles_of(chosen[i] for i in scope.tolist())[0])
        chosen |= {choice.request: choice for choice in improved}
    return tuple(chosen[i] for i in sorted(chosen))


def _improved(stars: Stars, left: Left, bundles: Bundles) -> list[Choice]:
    """The bundles of one rank, each kind in its turn until none has anything to gain."""
    locked = left.locked[bundles[:, 0]]
    kinds = [
        _Kind(stars, 2, left.team, locked[:, 1]),
        _Kind(stars, 3, left.place, locked[:, 2]),
        _Kind(stars, 1, left.van, locked[:, 0]),
    ]
    news = np.ones((len(kinds), len(bundles)), dtype=np.bool_)
    while news.any():
        for k, kind in enumerate(kinds):
            better = kind.turn(bundles, news[k])
            news[k] = False
            news[np.arange(len(kinds)) != k] |= (better != bundles).any(axis=1)
            bundles = better
    return choices_of(bundles, engine().costs_of(stars.sides, bundles))


class _Kind:
    """The assignment of one part (the column of a bundle), kept from turn to turn."""

    def __init__(self, stars: Stars, column: int, stock: Ints, locked: Ints) -> None:
        self._stars, self._column, self._count = stars, column, len(stock)
        self._units = np.repeat(np.arange(len(stock)), np.minimum(stock, len(locked)))
        self._open = locked == OPEN
        self._instead = np.zeros(len(locked), dtype=np.int64)
        self._given: Assignment | None = None

    def turn(self, bundles: Bundles, news: Bools) -> Bundles:
        """The bundles with this part assigned anew, if that is cheaper. `news`: those whose other
        parts have changed."""
        rows = np.flatnonzero(news & self._open)
        if not len(rows):
            return bundles
        self._hear(bundles, rows)
        units = self._given.resources if self._given else np.zeros(0, dtype=np.int64)
        part = np.append(self._units, 0)[units]
        better = bundles.copy()
        found = np.where(units == ALONE, self._instead, part)
        better[self._open, self._column] = found[self._open]
        price = engine().costs_of
        after = price(self._stars.sides, better)
        gains = after.max() < FAR and after.sum() < price(self._stars.sides, bundles).sum()
        return better if gains else bundles

    def _hear(self, bundles: Bundles, rows: Ints) -> None:
        parts: list[Ints | None] = list(bundles[rows, 1:].T)
        parts[self._column - 1] = None
        costs = over(self._stars, bundles[rows, 0], *parts)
        self._instead[rows] = self._count + costs[:, self._count :].argmin(axis=1)
        alone = np.minimum(costs[:, self._count :].min(axis=1), FAR - 1)
        if self._given is None:
            pairs = np.full((len(bundles), len(self._units)), FAR)
            nothing = np.zeros(len(bundles), dtype=np.int64)
            pairs[rows], nothing[rows] = costs[:, self._units], alone
            self._given = Assignment(pairs, nothing)
            return
        for row, own, otherwise in zip(rows.tolist(), costs, alone.tolist(), strict=True):
            self._given.change_request(row, own[self._units], otherwise)
