"""The columns of a relaxation, in arrays that have room for more of them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints
from optimizer.pricing import Floats
from optimizer.sides import Bundles

ROOM = 256


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
        for room, part in zip(self._room, self.now, strict=True):
            room[: kept.sum()] = part[kept]
        self._cut(int(kept.sum()))

    def _cut(self, count: int) -> None:
        columns: list[Any] = [part[:count] for part in self._room]
        self.now = Table(*columns)
