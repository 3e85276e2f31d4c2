"""Branch and bound among listed bundles, on true costs: it closes most plans whose relaxation is
fractional, with proof, before CP-SAT would have read its model.

Where the relaxation uses half of one bundle and half of another, some part (a way to travel, a
team, a place) is used by a request in part. The search asks both ways: with this part, without it.
Two bundles of a request differ in some part; so where no part is used in part, no bundle is.

Every "no" is computed in whole numbers: the linear program only suggests prices, and what they
prove is summed up in integers. And no program is ever impossible: each request may also go
elsewhere, at a cost that alone makes a selection no better than the best one known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.closing import Budget, Closed
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.glop import Glop
from optimizer.pivots import FOUND, Floats
from optimizer.pricing import choices_of, rows_of
from optimizer.sides import Bundles
from optimizer.simplex import Simplex
from optimizer.stars import Choice

NODES = 100
"""Programs solved at most, and for a unit of effort; hardly any plan takes more than a dozen."""
SCALE = 2**20
"""Prices are whole numbers, so many to a tenth; budgets hold whole costs and need fine ones."""
LARGEST = 2.0**61
FARTHER = 100
"""Elsewhere costs so many times what would do, so that a hundredth of it does."""
WHOLE = 0.999
"""From here on a part is used as a whole."""


def search(
    capacities: tuple[Ints, Ints, Ints],
    requests: Sequence[int],
    listed: tuple[Bundles, Ints],
    budgets: Sequence[Budget],
    hint: Sequence[Choice],
    most: int,
    effort: float,
) -> Closed:
    """The cheapest selection that costs `most` or less, one listed bundle for each of the requests
    (in their order); empty if there is none. Not exact if the effort did not suffice.

    `capacities` of vans, teams and places. `listed`: bundles (n, 4), none twice, and costs (n,).
    `hint`: a selection to begin from, or none.
    """
    order = np.argsort(listed[0][:, 0], kind="stable")
    bundles, costs = (of[order] for of in listed)
    packing = _packing(capacities, bundles, costs, budgets, requests)
    settled = _settled(packing, len(requests))
    if settled is None:
        return Closed((), exact=True)
    alone, others = settled
    rest = _rest(packing, alone, others)
    if (rest.most < 0).any():
        return Closed((), exact=True)
    start = _among(bundles[others], hint, max(requests, default=-1) + 1)
    upper = most + 1 - int(costs[alone].sum())
    tree = _Tree(rest, upper, start)
    is_exact = tree.is_searched(min(NODES, int(effort * NODES)))
    if tree.found is None:
        return Closed((), is_exact)
    columns = np.sort(np.concatenate([alone, others[tree.found]]))
    return Closed(tuple(choices_of(bundles[columns], costs[columns])), is_exact)


@dataclass(frozen=True, slots=True, eq=False)
class _Packing:
    """One column of each owner, the cheapest together, within limits.

    In the order of owners, counted from 0: `owner`, `costs` (n,), `parts` (n, 3). `rows`, `takes`
    (n, K): what each column takes from which limit; `most` (M,): what each limit allows; the last
    ones, beyond `units`, are budgets.
    """

    owner: Ints
    costs: Ints
    parts: Ints
    rows: Ints
    takes: Ints
    most: Ints
    units: int

    def used(self, columns: Ints) -> Ints:
        """What these columns take from each limit."""
        used = np.zeros(len(self.most), dtype=np.int64)
        np.add.at(used, self.rows[columns], self.takes[columns])
        return used


def _packing(
    capacities: tuple[Ints, Ints, Ints],
    bundles: Bundles,
    costs: Ints,
    budgets: Sequence[Budget],
    requests: Sequence[int],
) -> _Packing:
    rows = np.zeros((len(costs), 3 + len(budgets)), dtype=np.int64)
    takes, units = np.zeros_like(rows), 0
    for k, capacity in enumerate(capacities):
        part = bundles[:, k + 1]
        takes[:, k] = part < len(capacity)
        rows[:, k] = np.where(takes[:, k], units + part, 0)
        units += len(capacity)
    for k, budget in enumerate(budgets, start=3):
        rows[:, k] = units + k - 3
        takes[:, k] = np.where(np.isin(bundles[:, 0], list(budget.requests)), costs, 0)
    most = np.concatenate([*capacities, [budget.tenths for budget in budgets]]).astype(np.int64)
    owner = np.searchsorted(requests, bundles[:, 0])
    return _Packing(owner, costs, bundles[:, 1:], rows, takes, most, units)


def _among(bundles: Bundles, hint: Sequence[Choice], count: int) -> Bools:
    """Which bundles the hint, at most one choice of each of so many requests, consists of."""
    chosen = np.full((count, 3), -1, dtype=np.int64)
    rows = rows_of(hint)
    chosen[rows[:, 0]] = rows[:, 1:4]
    among: Bools = (bundles[:, 1:] == chosen[bundles[:, 0]]).all(axis=1)
    return among


def _settled(packing: _Packing, owners: int) -> tuple[Ints, Ints] | None:
    """The columns of owners that have no other, and the others that fit beside them; None if the
    owners cannot have one each."""
    fits = np.ones(len(packing.costs), dtype=np.bool_)
    while True:
        count = np.bincount(packing.owner[fits], minlength=owners)
        lone = fits & (count == 1)[packing.owner]
        left = packing.most - packing.used(np.flatnonzero(lone))
        if not count.all() or (left < 0).any():
            return None
        stays = fits & (lone | (packing.takes <= left[packing.rows]).all(axis=1))
        if stays.sum() == fits.sum():
            return np.flatnonzero(lone), np.flatnonzero(fits & ~lone)
        fits = stays


def _rest(packing: _Packing, alone: Ints, others: Ints) -> _Packing:
    """What is left to choose, with the limits that can still bind. A budget counts what a column
    costs beyond its owner's cheapest."""
    left = packing.most - packing.used(alone)
    rows, takes = packing.rows[others], packing.takes[others].copy()
    _, first, owner = np.unique(packing.owner[others], return_index=True, return_inverse=True)
    for k in range(3, takes.shape[1]):
        least = np.minimum.reduceat(takes[:, k], first) if len(first) else first
        takes[:, k] -= least[owner]
        left[packing.units + k - 3] -= least.sum()
    pairs = np.unique((rows * len(others) + owner[:, None])[takes > 0])
    users = np.bincount(pairs // max(1, len(others)), minlength=len(left))
    binding = users > left
    binding[packing.units :] = True
    binding[:1] |= not binding.any()  # a column without limits refers to the first one
    takes[~binding[rows]] = 0
    at = np.cumsum(binding) - 1
    rows = np.where(takes > 0, at[rows], 0)
    units = int(binding[: packing.units].sum())
    return _Packing(
        owner, packing.costs[others], packing.parts[others], rows, takes, left[binding], units
    )


class _Tree:
    """The search for something cheaper than `upper`; `found` (its columns) is None until then."""

    def __init__(self, packing: _Packing, upper: int, hint: Bools) -> None:
        """`hint` (n,): the columns of the best selection known."""
        self._packing, self._upper = packing, upper
        self._first = np.flatnonzero(np.diff(packing.owner, prepend=-1))
        self.found: Ints | None = None
        if not len(self._first):
            return
        least = np.minimum.reduceat(packing.costs, self._first)
        self._elsewhere = least + FARTHER * max(1, upper - int(least.sum()))
        self._unit = np.ones(len(packing.most), dtype=np.int64)
        np.maximum.at(self._unit, packing.rows, packing.takes)
        self._program = self._stated(hint)

    def is_searched(self, nodes: int) -> bool:
        """Whether so many programs are enough to know that nothing is cheaper than `found`."""
        if not len(self._first):
            self._keep(np.zeros(0, dtype=np.int64))
            return True
        waiting = [np.ones(len(self._packing.costs), dtype=np.bool_)]
        for _ in range(nodes):
            if not waiting:
                return True
            children = self._branches(waiting.pop())
            if children is None:
                return False
            waiting += children
        return not waiting

    def _stated(self, hint: Bools) -> Simplex | Glop:
        """The linear program: a row an owner, a row a limit; going elsewhere, then the columns."""
        packing, owners = self._packing, len(self._first)
        is_owner = np.arange(owners + len(packing.most)) < owners
        most = packing.most / self._unit
        program = engine().program(
            np.append(np.ones(owners), most), is_owner, 1 + packing.rows.shape[1]
        )
        rows = np.zeros((owners + len(packing.costs), 1 + packing.rows.shape[1]), dtype=np.int64)
        coef = np.zeros(rows.shape)
        rows[:, 0] = np.append(np.arange(owners), packing.owner)
        coef[:, 0] = 1
        rows[owners:, 1:] = np.where(packing.takes > 0, owners + packing.rows, 0)
        coef[owners:, 1:] = packing.takes / self._unit[packing.rows]
        program.add(rows, coef, np.append(self._elsewhere, packing.costs).astype(np.float64))
        start = np.arange(owners)
        start[packing.owner[hint]] = owners + np.flatnonzero(hint)
        for row, column in enumerate(start.tolist()):
            program.enter(column, row)
        return program

    def _branches(self, is_open: Bools) -> list[Bools] | None:
        """What remains to be searched among the open columns, the more likely part last; None if
        the program gives up."""
        packing, owners = self._packing, len(self._first)
        costs = np.append(self._elsewhere, packing.costs).astype(np.float64)
        self._program.price(costs, np.append(np.ones(owners, dtype=np.bool_), is_open))
        if self._program.solve() != FOUND:
            return None
        spared = self._spared(is_open)
        if spared is None:
            return None
        if not spared.any():
            return []
        used, share = self._program.solution()
        columns, share = used[used >= owners] - owners, share[used >= owners]
        divided = _divided(packing, columns, share)
        if divided is None:
            return [] if self._keep(np.sort(columns)) and self._is_done(is_open) else None
        owner, kind, index, more = divided
        others = packing.owner != owner
        has = packing.parts[:, kind] == index
        with_it, without = spared & (others | has), spared & (others | ~has)
        return [without, with_it] if more else [with_it, without]

    def _keep(self, columns: Ints) -> bool:
        """Whether these columns are a cheaper selection; the next one must be cheaper still."""
        packing = self._packing
        cost = int(packing.costs[columns].sum())
        if cost >= self._upper or len(columns) != len(self._first):
            return False
        if (packing.used(columns) > packing.most).any():
            return False
        self._upper, self.found = cost, columns
        return True

    def _is_done(self, is_open: Bools) -> bool:
        spared = self._spared(is_open)
        return spared is not None and not spared.any()

    def _spared(self, is_open: Bools) -> Bools | None:
        """The open columns that a cheaper selection may use, by whole numbers; None if these would
        become too large."""
        packing, owners = self._packing, len(self._first)
        y = np.maximum(0.0, -self._program.y[owners:])
        if SCALE * float(y @ (1 + packing.most / self._unit) + self._elsewhere.sum()) > LARGEST:
            return None
        price = np.rint(y / self._unit * SCALE).astype(np.int64)
        worth = SCALE * packing.costs + (price[packing.rows] * packing.takes).sum(axis=1)
        dear = SCALE * self._elsewhere
        own = np.where(is_open, worth, dear[packing.owner])
        least = np.minimum(np.minimum.reduceat(own, self._first), dear)
        bound = int(least.sum()) - int(price @ packing.most)
        spare = (self._upper - 1) * SCALE - bound
        spared: Bools = is_open & (worth - least[packing.owner] <= spare)
        return spared


def _divided(packing: _Packing, columns: Ints, share: Floats) -> tuple[int, int, int, bool] | None:
    """The owner, kind and index of the part that is nearest to being used by half, and whether by
    more than half; None if all are used as a whole."""
    used: dict[tuple[int, int, int], float] = {}
    for k in np.flatnonzero(share < WHOLE).tolist():
        column = columns[k]
        for kind, index in enumerate(packing.parts[column].tolist()):
            part = (int(packing.owner[column]), kind, index)
            used[part] = used.get(part, 0.0) + float(share[k])
    divided = {part: of for part, of in used.items() if of < WHOLE}
    if not divided:
        return None
    nearest = min(divided, key=lambda part: (round(abs(divided[part] - 0.5), 3), part))
    return *nearest, divided[nearest] >= 0.5
