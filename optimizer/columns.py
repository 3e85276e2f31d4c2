"""The columns of a relaxation, in arrays that have room for more of them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints
from optimizer.pivots import Floats
from optimizer.sides import FAR, Bundles, Sides, kernel, part, price

ROOM = 256
UNSEEN, GONE, SELF, NONE = -4, -1, -2, -3
"""Where there is no row: no column uses it, not in this question, the team drives, without."""


class Rows(NamedTuple):
    """The row of each part: request (R,), van (V + 2,), team (J + 1,), place (P + 1,)."""

    request: Ints
    van: Ints
    team: Ints
    place: Ints


class Table(NamedTuple):
    """N columns: the rows of request, van, team and place (N, 4); the bundle that they mean in
    this question (N, 4) and what it costs (N,); whether they take from a limit (N,); every row
    and entry (N, K), an entry of 0 for none."""

    parts: Bundles
    bundles: Bundles
    costs: Ints
    marked: Bools
    rows: Ints
    coef: Floats


def reread(
    sides: Sides, rows: Rows, index: Ints, parts: Bundles, is_open: Bools, bundles: Bundles,
    costs: Ints,
) -> None:  # fmt: skip
    """What columns mean in this question and what they cost, FAR where a part is gone or the column
    is not open, into `bundles` and `costs`. `index` (M,) has room for the index of every row."""
    index[:] = GONE
    _reread(sides, rows, index, parts, is_open, bundles, costs)


@kernel
def _reread(
    sides: Sides, rows: Rows, index: Ints, parts: Bundles, is_open: Bools, bundles: Bundles,
    costs: Ints,
) -> None:  # fmt: skip
    _point(rows.request, index)
    _point(rows.van, index)
    _point(rows.team, index)
    _point(rows.place, index)
    last = (GONE, len(rows.van) - 1, len(rows.team) - 1, len(rows.place) - 1)
    for n in range(len(parts)):
        there = True
        for c in range(4):
            row = parts[n, c]
            if row >= 0:
                bundles[n, c] = index[row]
            else:
                bundles[n, c] = last[c] if row == NONE else len(rows.van) - 2
            there &= bundles[n, c] >= 0
        costs[n] = FAR
        if there and is_open[n]:
            i, o, j, p = bundles[n]
            costs[n] = min(FAR, price(sides, i, o, j, p))


@part
def _point(rows: Ints, index: Ints) -> None:
    """Let each row say which of its kind it is."""
    for k in range(len(rows)):
        if rows[k] >= 0:
            index[rows[k]] = k


class Columns:
    """A table that grows; `now` are its columns."""

    def __init__(self, width: int) -> None:
        def room(dtype: type, *shape: int) -> NDArray[Any]:
            return np.zeros((ROOM, *shape), dtype=dtype)

        self._room = Table(
            parts=room(np.int64, 4),
            bundles=room(np.int64, 4),
            costs=room(np.int64),
            marked=room(np.bool_),
            rows=room(np.int64, width),
            coef=room(np.float64, width),
        )
        self._cut(0)

    def __len__(self) -> int:
        return len(self.now.costs)

    def append(self, more: Table) -> None:
        """More columns, after the others."""
        old, end = len(self), len(self) + len(more.costs)
        if end > len(self._room.costs):
            longer: list[Any] = [
                np.concatenate([p, np.zeros_like(p, shape=(end, *p.shape[1:]))]) for p in self._room
            ]
            self._room = Table(*longer)
        for room, fresh in zip(self._room, more, strict=True):
            room[old:end] = fresh
        self._cut(end)

    def keep(self, kept: Bools) -> None:
        """Forget the other columns."""
        for room, column in zip(self._room, self.now, strict=True):
            room[: kept.sum()] = column[kept]
        self._cut(int(kept.sum()))

    def _cut(self, count: int) -> None:
        columns: list[Any] = [part[:count] for part in self._room]
        self.now = Table(*columns)
