"""A small simplex, compiled: made for one linear program that is solved again and again.

    minimise cost . x   subject to   rows x = rhs (requests) or rows x <= rhs (resources),  x >= 0

with at most `K` entries a column. It keeps the inverse of the basis, nearly all zeros here, and
changes only what a pivot touches; so a new column or another right-hand side costs a few pivots, a
few microseconds each. Right-hand sides are raised by a millionth (other for each row), so that no
step is of length zero and none repeats.

Nothing relies on its digits: the prices that it finds are proved by exact pricing, and its x only
suggests a selection.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WIDEN = 1e-6
DEAR = 1e-6
"""A reduced cost counts from here on (tenths of a minute)."""
PIVOT = 1e-7
SHORT = 1e-9
MANY = 20_000
"""Pivots after which a solve gives up."""
FOUND, ENDLESS, IMPOSSIBLE = 0, 1, 2


class Simplex:
    """The program and its basis. A variable is a column (its number) or the slack of row r, which
    is -1 - r; the slack of an equality must stay zero."""

    def __init__(self, rhs: Floats, is_equality: Bools, width: int) -> None:
        m = len(rhs)
        spread = 1 + (np.arange(m) * 7919 % 1009) / 1009
        self._widen = np.where(is_equality, 0.0, WIDEN * spread)
        self._slack_ok = ~is_equality
        self._inverse = np.eye(m)
        self._basis = -1 - np.arange(m)
        self._slack_at = np.arange(m)
        self.x = np.zeros(m)
        self.y = np.zeros(m)
        self.rhs = np.zeros(m)
        self.count = 0
        self._rows = np.zeros((256, width), dtype=np.int64)
        self._coef = np.zeros((256, width))
        self._cost = np.zeros(256)
        self._may = np.zeros(256, dtype=np.bool_)
        self._at = np.full(256, -1, dtype=np.int64)
        self.set_rhs(rhs)

    def add(self, rows: Ints, coef: Floats, cost: Floats) -> None:
        """More columns: rows and coefficients (n, width), a coefficient of 0 for none."""
        end = self.count + len(cost)
        while end > len(self._cost):
            for name in ("_rows", "_coef", "_cost", "_may", "_at"):
                array = getattr(self, name)
                setattr(self, name, np.concatenate([array, np.zeros_like(array)]))
        fresh = slice(self.count, end)
        self._rows[fresh], self._coef[fresh], self._cost[fresh] = rows, coef, cost
        self._may[fresh], self._at[fresh] = True, -1
        self.count = end

    def price(self, cost: Floats, may: Bools) -> None:
        """New costs of all columns, and which of them may be used."""
        self._cost[: self.count], self._may[: self.count] = cost, may
        self._reprice()

    def set_rhs(self, rhs: Floats) -> None:
        """New right-hand sides; the basis stays."""
        self.rhs = rhs.astype(np.float64)
        self.x[:] = (self.rhs + self._widen) @ self._inverse

    def enter(self, column: int, row: int) -> None:
        """Put a column into the basis instead of the slack of a row (for a start)."""
        state = (self._at, self._inverse, self._basis, self._slack_at, self.x, self.y)
        _enter(column, row, self._rows, self._coef, self._cost, *state)

    def solve(self) -> int:
        """FOUND, ENDLESS (give up) or IMPOSSIBLE."""
        ended = _dual(*self._state())
        if ended == FOUND:
            self._reprice()
            ended = _primal(*self._state())
        return int(ended)

    def value(self) -> float:
        """The optimum."""
        return float(self.y @ self.rhs)

    def solution(self) -> tuple[Ints, Floats]:
        """The columns in use, and how much of each."""
        used = np.flatnonzero((self._basis >= 0) & (self.x > 1e-4))
        return self._basis[used], self.x[used]

    def _reprice(self) -> None:
        cost = np.where(self._basis >= 0, self._cost[np.maximum(self._basis, 0)], 0.0)
        self.y[:] = self._inverse @ cost

    def _state(self) -> tuple[Any, ...]:
        return (
            self.count, self._rows, self._coef, self._cost, self._may, self._at,
            self._inverse, self._basis, self._slack_at, self._slack_ok, self.x, self.y,
        )  # fmt: skip


@njit(cache=True, nogil=True)
def _enter(
    q: int, r: int, rows: Ints, coef: Floats, cost: Floats, at: Ints,
    inverse: Floats, basis: Ints, slack_at: Ints, x: Floats, y: Floats,
) -> None:  # fmt: skip
    alpha = _column(q, rows, coef, inverse)
    _pivot(q, r, alpha, _reduced(q, rows, coef, cost, y), at, inverse, basis, slack_at, x, y)


@njit(cache=True, nogil=True, inline="always")
def _column(q: int, rows: Ints, coef: Floats, inverse: Floats) -> Floats:
    """The entering variable in terms of the basis; inverse[k, r] is row r, column k of B^-1."""
    alpha: Floats = np.zeros(inverse.shape[0])
    if q < 0:
        alpha += inverse[-1 - q]
        return alpha
    for k in range(rows.shape[1]):
        if coef[q, k] != 0.0:
            alpha += coef[q, k] * inverse[rows[q, k]]
    return alpha


@njit(cache=True, nogil=True, inline="always")
def _reduced(q: int, rows: Ints, coef: Floats, cost: Floats, y: Floats) -> float:
    if q < 0:
        return float(-y[-1 - q])
    d = float(cost[q])
    for k in range(rows.shape[1]):
        d -= coef[q, k] * y[rows[q, k]]
    return d


@njit(cache=True, nogil=True)
def _pivot(
    q: int, r: int, alpha: Floats, d: float, at: Ints,
    inverse: Floats, basis: Ints, slack_at: Ints, x: Floats, y: Floats,
) -> None:  # fmt: skip
    m = len(x)
    step = x[r] / alpha[r]
    touched = np.flatnonzero(alpha)
    for i in touched:
        x[i] -= step * alpha[i]
    x[r] = step
    for k in range(m):
        w = inverse[k, r]
        if w == 0.0:
            continue
        w /= alpha[r]
        y[k] += d * w
        row = inverse[k]
        for i in touched:
            v = row[i] - w * alpha[i]
            near = np.rint(v)
            row[i] = near if abs(v - near) < SHORT else v
        row[r] = w
    out = basis[r]
    if out >= 0:
        at[out] = -1
    else:
        slack_at[-1 - out] = -1
    basis[r] = q
    if q >= 0:
        at[q] = r
    else:
        slack_at[-1 - q] = r


@njit(cache=True, nogil=True)
def _primal(
    n: int, rows: Ints, coef: Floats, cost: Floats, may: Bools, at: Ints,
    inverse: Floats, basis: Ints, slack_at: Ints, slack_ok: Bools, x: Floats, y: Floats,
) -> int:  # fmt: skip
    """Go on from a feasible basis until no variable would make it cheaper."""
    m = len(x)
    for _ in range(MANY):
        q, least = 0, -DEAR
        found = False
        for j in range(n):
            if may[j] and at[j] < 0:
                d = _reduced(j, rows, coef, cost, y)
                if d < least:
                    q, least, found = j, d, True
        for r in range(m):
            if slack_ok[r] and slack_at[r] < 0 and -y[r] < least:
                q, least, found = -1 - r, -y[r], True
        if not found:
            return FOUND
        alpha = _column(q, rows, coef, inverse)
        leaving, step = -1, np.inf
        for i in range(m):
            a = alpha[i]
            if a < -PIVOT and basis[i] < 0 and not slack_ok[-1 - basis[i]]:
                t, a = 0.0, -a
            elif a > PIVOT:
                t = max(x[i], 0.0) / a
            else:
                t = np.inf
            if t < step - SHORT or (t < step + SHORT and a > alpha[leaving]):
                leaving, step = i, min(t, step)
        if leaving < 0:
            return IMPOSSIBLE
        _pivot(q, leaving, alpha, least, at, inverse, basis, slack_at, x, y)
    return ENDLESS


@njit(cache=True, nogil=True)
def _dual(
    n: int, rows: Ints, coef: Floats, cost: Floats, may: Bools, at: Ints,
    inverse: Floats, basis: Ints, slack_at: Ints, slack_ok: Bools, x: Floats, y: Floats,
) -> int:  # fmt: skip
    """Make the basis feasible again, as cheaply as the prices know. A column that would already be
    cheaper counts as neither dearer nor cheaper: the primal steps that follow see to it."""
    m = len(x)
    for _ in range(MANY):
        r, most = -1, 1e-8
        for i in range(m):
            is_fixed = basis[i] < 0 and not slack_ok[-1 - basis[i]]
            if -x[i] > most or (is_fixed and x[i] > most):
                r, most = i, abs(x[i])
        if r < 0:
            return FOUND
        # The variable rises to zero, or falls to it (the slack of an equality).
        rho = inverse[:, r] * (1.0 if x[r] < 0 else -1.0)
        found, q, best, size = False, 0, np.inf, 0.0
        for j in range(n):
            if may[j] and at[j] < 0:
                a = 0.0
                for k in range(rows.shape[1]):
                    a -= coef[j, k] * rho[rows[j, k]]
                if a > PIVOT:
                    t = max(_reduced(j, rows, coef, cost, y), 0.0) / a
                    if t < best - SHORT or (t < best + SHORT and a > size):
                        found, q, best, size = True, j, min(t, best), a
        for k in range(m):
            if slack_ok[k] and slack_at[k] < 0 and -rho[k] > PIVOT:
                t = max(-y[k], 0.0) / -rho[k]
                if t < best - SHORT or (t < best + SHORT and -rho[k] > size):
                    found, q, best, size = True, -1 - k, min(t, best), -rho[k]
        if not found:
            return IMPOSSIBLE
        alpha = _column(q, rows, coef, inverse)
        _pivot(q, r, alpha, _reduced(q, rows, coef, cost, y), at, inverse, basis, slack_at, x, y)
    return ENDLESS
