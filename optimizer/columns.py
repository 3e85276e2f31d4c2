"""The columns of a relaxation, in arrays that have room for more of them."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints
from optimizer.pivots import Floats
from optimizer.sides import FAR, Bundles, Sides, kernel, part, price

ROOM = 256
SLOTS = 2
"""For each column that there is room for, at least; so many that their number is a power of two."""
EMPTY = -1
FACTOR = 1_000_003
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


def state(rows: Rows, capacities: tuple[Ints, Ints, Ints], rhs: Floats) -> None:
    """What each row may hold at most: a request one bundle, vans, teams and places what there
    is."""
    _state(rows, *capacities, rhs)


@kernel
def _state(rows: Rows, van: Ints, team: Ints, place: Ints, rhs: Floats) -> None:
    for row in rows.request:
        if row >= 0:
            rhs[row] = 1.0
    _fill(rows.van, van, rhs)
    _fill(rows.team, team, rhs)
    _fill(rows.place, place, rhs)


@part
def _fill(rows: Ints, capacity: Ints, rhs: Floats) -> None:
    for k in range(len(capacity)):
        if rows[k] >= 0:
            rhs[rows[k]] = capacity[k]


def reread(sides: Sides, rows: Rows, count: int, opened: Ints, now: Table) -> None:
    """What columns mean in this question and what they cost, FAR where a part is gone. Of a request
    that has any among the columns opened only those are open; of all that take from a limit, too.
    `count`: of all rows."""
    index, settled = np.full(count, GONE), np.zeros(count, dtype=np.bool_)
    _reread(sides, rows, index, settled, opened, now.parts, now.marked, now.bundles, now.costs)


@kernel
def _reread(
    sides: Sides, rows: Rows, index: Ints, settled: Bools, opened: Ints, parts: Bundles,
    marked: Bools, bundles: Bundles, costs: Ints,
) -> None:  # fmt: skip
    _point(rows.request, index)
    _point(rows.van, index)
    _point(rows.team, index)
    _point(rows.place, index)
    for k in range(len(opened)):
        settled[parts[opened[k], 0]] = True
    last = (GONE, len(rows.van) - 1, len(rows.team) - 1, len(rows.place) - 1)
    for n in range(len(parts)):
        for c in range(4):
            row = parts[n, c]
            if row >= 0:
                bundles[n, c] = index[row]
            else:
                bundles[n, c] = last[c] if row == NONE else len(rows.van) - 2
        is_open = not marked[n] and not settled[parts[n, 0]]
        costs[n] = _cost(sides, bundles[n]) if is_open else FAR
    for k in range(len(opened)):
        costs[opened[k]] = _cost(sides, bundles[opened[k]])


@part
def _cost(sides: Sides, bundle: Ints) -> int:
    """What a bundle costs; FAR if a part of it is gone."""
    for c in range(4):
        if bundle[c] < 0:
            return FAR
    return min(FAR, price(sides, bundle[0], bundle[1], bundle[2], bundle[3]))


@part
def _point(rows: Ints, index: Ints) -> None:
    """Let each row say which of its kind it is."""
    for k in range(len(rows)):
        if rows[k] >= 0:
            index[rows[k]] = k


def enlist(
    rows: Rows, bundles: Bundles, costs: Ints, table: Table, first: int, slots: Ints, at: Ints,
    are_new: bool,
) -> int:  # fmt: skip
    """Write bundles that no column is for as columns, from the first that is free in a table with
    room for all; which column is for each of them, into `at`. How many columns there are then; -1,
    and nothing is written, where a part has no row. `are_new`: none of them has a column."""
    return int(_enlist(rows, bundles, costs, table, first, slots, at, are_new))


@kernel
def _enlist(
    rows: Rows, bundles: Bundles, costs: Ints, table: Table, first: int, slots: Ints, at: Ints,
    are_new: bool,
) -> int:  # fmt: skip
    for k in range(len(bundles)):
        _, o, j, p = bundles[k]
        if rows.van[o] == UNSEEN or rows.team[j] == UNSEEN or rows.place[p] == UNSEEN:
            return -1
    for n in range(slots[-1], first):
        if not table.marked[n]:
            slots[_slot(slots, table.parts, table.parts[n])] = n
    count = first
    for k in range(len(bundles)):
        i, o, j, p = bundles[k]
        # Written where the next column would be, for a look at whether there is one already.
        own = table.parts[count]
        own[0], own[1], own[2], own[3] = rows.request[i], rows.van[o], rows.team[j], rows.place[p]
        slot = _slot(slots, table.parts, own)
        if slots[slot] < 0 or are_new:
            _write(table, count, bundles[k], costs[k])
            slots[slot] = count
            count += 1
        at[k] = slots[slot]
    slots[-1] = count
    return count


@part
def _write(table: Table, n: int, bundle: Ints, cost: int) -> None:
    """A column of whose parts the rows are there."""
    for c in range(table.rows.shape[1]):
        is_used = c < 4 and table.parts[n, c] >= 0
        table.rows[n, c] = table.parts[n, c] if is_used else 0
        table.coef[n, c] = 1.0 if is_used else 0.0
    for c in range(4):
        table.bundles[n, c] = bundle[c]
    table.costs[n], table.marked[n] = cost, False


@part
def _slot(slots: Ints, parts: Bundles, own: Ints) -> int:
    """Where the column with these rows is noted, or would be. Those that take from a limit are not:
    rows do not tell them apart."""
    mixed, last = 0, len(slots) - 2
    for c in range(4):
        mixed = mixed * FACTOR ^ own[c]
    at = (mixed ^ mixed >> 16) & last
    while slots[at] >= 0:
        same = True
        for c in range(4):
            same &= parts[slots[at], c] == own[c]
        if same:
            break
        at = (at + 1) & last
    return at


class Columns:
    """A table that grows: `now` are its columns, in a `room` for more. `slots` find columns by
    their rows; the last entry says how many of the columns they know."""

    def __init__(self, width: int) -> None:
        def room(dtype: type, *shape: int) -> NDArray[Any]:
            return np.zeros((ROOM, *shape), dtype=dtype)

        self.room = Table(
            parts=room(np.int64, 4),
            bundles=room(np.int64, 4),
            costs=room(np.int64),
            marked=room(np.bool_),
            rows=room(np.int64, width),
            coef=room(np.float64, width),
        )
        self.cut(0)
        self._forget()

    def __len__(self) -> int:
        return len(self.now.costs)

    def make_room(self, more: int) -> None:
        """Let so many more columns fit."""
        end = len(self) + more
        if end <= len(self.room.costs):
            return
        longer: list[Any] = [
            np.concatenate([now, np.zeros_like(now, shape=(2 * end - len(self), *now.shape[1:]))])
            for now in self.now
        ]
        self.room = Table(*longer)
        self.cut(len(self))
        self._forget()

    def append(self, more: Table) -> None:
        """More columns that take from limits, after the others."""
        old, end = len(self), len(self) + len(more.costs)
        self.make_room(end - old)
        for room, fresh in zip(self.room, more, strict=True):
            room[old:end] = fresh
        self.cut(end)

    def keep(self, kept: Bools) -> None:
        """Forget the other columns."""
        for room, column in zip(self.room, self.now, strict=True):
            room[: kept.sum()] = column[kept]
        self.cut(int(kept.sum()))
        self._forget()

    def cut(self, count: int) -> None:
        """So many of the columns that there is room for."""
        columns: list[Any] = [part[:count] for part in self.room]
        self.now = Table(*columns)

    def _forget(self) -> None:
        """Know no column's slot any more."""
        slots = 1 << (SLOTS * len(self.room.costs)).bit_length()
        self.slots = np.full(slots + 1, EMPTY)
        self.slots[-1] = 0
