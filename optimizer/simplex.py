"""A small simplex, compiled: made for one linear program that is solved again and again.

    minimise cost . x   subject to   rows x = rhs (requests) or rows x <= rhs (resources),  x >= 0

It keeps the inverse of the basis, nearly all zeros here, and changes only what a pivot touches; so
a new column or another right-hand side costs a few pivots, a few microseconds each. A column that
is closed is held at zero: the dual steps drive it out of the basis like the slack of an equality,
and no large cost ever enters the prices. Right-hand sides are raised by a millionth (another for
each row), so that steps are not of length zero and do not repeat.

Digits are lost with every pivot, so every answer is checked: an optimum by its residuals, "no
solution" by the combination of rows that proves it. An answer that fails is computed once more
from a fresh inverse.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.pivots import (
    ENDLESS,
    FOUND,
    GOLDEN,
    IMPOSSIBLE,
    ONES,
    WIDEN,
    Bools,
    Floats,
    Ints,
    Tableau,
    append,
    enter,
    optimum,
    reenter,
)

ATTEMPTS = 3
"""So often it goes on from a fresh inverse before GLOP is asked."""


class Simplex:
    """The program and its basis."""

    def __init__(self, rhs: Floats, is_equality: Bools, width: int) -> None:
        m, n = len(rhs), 256
        after_y, after_rho = np.zeros(1 + m), np.zeros(1 + m)
        self.rhs = rhs.astype(np.float64)
        self.count = 0
        self.tableau = Tableau(
            rows=np.zeros((n, width), dtype=np.int64),
            coef=np.zeros((n, width)),
            parts=np.zeros((n, ONES), dtype=np.uint32),
            cost=np.zeros(n),
            may=np.zeros(n, dtype=np.bool_),
            at=np.full(n, -1, dtype=np.int64),
            inverse=np.eye(m),
            basis=-1 - np.arange(m),
            slack_at=np.arange(m),
            slack_ok=~is_equality,
            x=np.zeros(m),
            y=after_y[1:],
            after_y=after_y,
            alpha=np.zeros(m),
            rho=after_rho[1:],
            after_rho=after_rho,
            touched=np.zeros(m, dtype=np.int64),
            queue=np.zeros(n + m, dtype=np.int64),
            dear=np.zeros(n + m),
            along=np.zeros(n + m),
        )
        self.widen = np.where(is_equality, 0.0, WIDEN * (1 + np.arange(m) * GOLDEN % 1))
        self._restate()
        self.is_stale = True

    @property
    def y(self) -> Floats:
        """The dual value of each row."""
        return self.tableau.y

    def add(self, rows: Ints, coef: Floats, cost: Floats) -> None:
        """More columns: rows and coefficients (n, width), a coefficient of 0 for none."""
        end = self.count + len(cost)
        if end > len(self.tableau.cost):
            self._make_room(2 * end)
        append(self.tableau, self.count, rows, coef, cost)
        self.count = end

    def add_rows(self, is_equality: Bools) -> None:
        """More rows, with a right-hand side of zero and nothing in them yet."""
        t, old, more = self.tableau, len(self.rhs), len(is_equality)
        m, n = old + more, len(t.cost)
        inverse = np.eye(m)
        inverse[:old, :old] = t.inverse
        fresh = np.arange(old, m)
        zeros = np.zeros(more)
        after_y, after_rho = np.append(t.after_y, zeros), np.zeros(1 + m)
        self.tableau = t._replace(
            inverse=inverse,
            basis=np.append(t.basis, -1 - fresh),
            slack_at=np.append(t.slack_at, fresh),
            slack_ok=np.append(t.slack_ok, ~is_equality),
            x=np.append(t.x, zeros),
            y=after_y[1:],
            after_y=after_y,
            alpha=np.zeros(m),
            rho=after_rho[1:],
            after_rho=after_rho,
            touched=np.zeros(m, dtype=np.int64),
            queue=np.zeros(n + m, dtype=np.int64),
            dear=np.zeros(n + m),
            along=np.zeros(n + m),
        )
        widen = np.where(is_equality, 0.0, WIDEN * (1 + fresh * GOLDEN % 1))
        self.widen = np.append(self.widen, widen)
        self.tableau.x[old:] = widen
        self.rhs = np.append(self.rhs, zeros)

    def keep(self, columns: Bools) -> None:
        """Forget the other columns (count,). None of them may be in the basis."""
        t, kept = self.tableau, np.flatnonzero(columns)
        for array in (t.rows, t.coef, t.parts, t.cost, t.may, t.at):
            array[: len(kept)] = array[kept]
        self.count = len(kept)
        used = np.flatnonzero(t.at[: self.count] >= 0)
        t.basis[t.at[used]] = used

    def price(self, cost: Floats, may: Bools) -> None:
        """New costs of all columns, and which of them may be used."""
        t = self.tableau
        t.cost[: self.count], t.may[: self.count] = cost * may, may
        self.is_stale = True

    def set_rhs(self, rhs: Floats) -> None:
        """New right-hand sides; the basis stays."""
        change = rhs - self.rhs
        rows = np.flatnonzero(change)
        if len(rows):
            self.tableau.x[:] += change[rows] @ self.tableau.inverse[rows]
            self.rhs = rhs.astype(np.float64)

    def enter(self, column: int, row: int) -> None:
        """Put a column into the basis instead of the slack of a row that nothing uses yet."""
        enter(self.tableau, column, row)
        self.is_stale = True

    def solve(self) -> int:
        """FOUND, ENDLESS (give up) or IMPOSSIBLE."""
        for _ in range(ATTEMPTS):
            ended = optimum(self.tableau, self.count, self.rhs, self.widen, self.is_stale, 0)
            self.is_stale = ended != FOUND
            if ended == FOUND or (ended == IMPOSSIBLE and self._is_proved()):
                return int(ended)
            self.rebuild()
        return ENDLESS

    def value(self) -> float:
        """The optimum."""
        return float(self.y @ self.rhs)

    def solution(self) -> tuple[Ints, Floats]:
        """The columns in use, and how much of each."""
        t = self.tableau
        used = np.flatnonzero((t.basis >= 0) & (t.x > 1e-4))
        return t.basis[used], t.x[used]

    def in_basis(self) -> Bools:
        """Which columns are in the basis (count,)."""
        used: Bools = self.tableau.at[: self.count] >= 0
        return used

    def _make_room(self, columns: int) -> None:
        t, m = self.tableau, len(self.rhs)
        more = columns - len(t.cost)

        def longer(array: NDArray[np.generic]) -> NDArray[np.generic]:
            return np.concatenate([array, np.zeros((more, *array.shape[1:]), dtype=array.dtype)])

        longer_ones: dict[str, Any] = {
            name: longer(getattr(t, name))
            for name in ("rows", "coef", "parts", "cost", "may", "at")
        }
        self.tableau = t._replace(
            **longer_ones,
            queue=np.zeros(columns + m, dtype=np.int64),
            dear=np.zeros(columns + m),
            along=np.zeros(columns + m),
        )

    def _restate(self) -> None:
        """The basic variables from the right-hand sides."""
        self.tableau.x[:] = (self.rhs + self.widen) @ self.tableau.inverse

    def _is_proved(self) -> bool:
        """Whether `rho` combines the rows into one that no x >= 0 can fill (Farkas)."""
        t, n = self.tableau, self.count
        entries = (t.coef[:n] * t.rho[t.rows[:n]]).sum(axis=1)[t.may[:n]]
        least = min(entries.min(initial=0.0), t.rho[t.slack_ok].min(initial=0.0))
        return bool(least > -1e-6 and t.rho @ (self.rhs + self.widen) < -1e-3)

    def rebuild(self) -> None:
        """The inverse of the same basis, computed anew (without what depends on the rest)."""
        basis = self.tableau.basis.copy()
        self.begin_at(basis[basis >= 0], -1 - basis[basis < 0])

    def begin_at(self, columns: Ints, slacks: Ints) -> None:
        """Another basis: these columns, and the slacks of these rows."""
        t, m = self.tableau, len(self.rhs)
        is_spare = np.ones(m, dtype=np.bool_)
        is_spare[slacks] = False
        t.inverse[:] = np.eye(m)
        t.basis[:], t.slack_at[:], t.at[:] = -1 - np.arange(m), np.arange(m), -1
        for column in columns.tolist():
            reenter(t, column, is_spare)
        self._restate()
        self.is_stale = True
