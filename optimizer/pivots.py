"""The steps of the simplex, compiled: what a pivot does to the inverse of the basis, and which
pivot comes next. `simplex.py` keeps the program that they work on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.sides import kernel, part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Parts = NDArray[np.uint32]

ONES = 4
"""A column of so many ones, or fewer, is priced by its rows alone: nearly all are."""
MIXED = 2**32 - 1
WIDEN = 1e-6
GOLDEN = 0.6180339887498949
DEAR = 1e-4
"""A reduced cost counts from here on (tenths of a minute)."""
PIVOT = 1e-3
"""No step is taken by an entry below this: it is digits, not a fraction of small numbers."""
SOUND = 1e-5
"""A pivot below this is a last resort."""
ZERO = 1e-11
SHORT = 1e-9
CLEAN = 1e-7
"""So near to a whole number an entry of the inverse is one: entries are ones and zeros, and what
bases of them make of these are fractions of small numbers."""
WRONG = 1e-8
"""A variable below zero by so much is infeasible."""
EXACT = 1e-5
"""Residuals up to here are digits, above an inverse that has decayed."""
MANY = 500
"""Pivots after which the inverse is made anew: one that stalls would take GLOP's time many times
over."""
FOUND, ENDLESS, IMPOSSIBLE = 0, 1, 2


class Tableau(NamedTuple):
    """N columns of K entries each (a coefficient of 0 ends them) over M rows.

    rows, coef (N, K); parts (N, ONES): each row of a column of ones, plus one, then zeros (MIXED
    comes first if it has other entries, or more); cost, may (N,): a column that may not is held at
    zero; at (N,), slack_at (M,): where in the basis, or -1; inverse (M, M): [k, r] is row r, column
    k of B^-1; basis (M,): a column (its number) or the slack of row k (-1 - k); slack_ok (M,): that
    slack may be used; x (M,) of the basis; y (M,) of the rows. Room to work in: alpha, rho, touched
    (M,), queue, dear and along (N + M,). after_y and after_rho (1 + M,) are y and rho, after a
    zero.
    """

    rows: Ints
    coef: Floats
    parts: Parts
    cost: Floats
    may: Bools
    at: Ints
    inverse: Floats
    basis: Ints
    slack_at: Ints
    slack_ok: Bools
    x: Floats
    y: Floats
    after_y: Floats
    alpha: Floats
    rho: Floats
    after_rho: Floats
    touched: Ints
    queue: Ints
    dear: Floats
    along: Floats


@part
def _column(t: Tableau, q: int) -> int:
    """The entering variable in terms of the basis (`alpha`); how many entries are `touched`."""
    for i in range(len(t.x)):
        t.alpha[i] = 0.0
    for e in range(t.rows.shape[1]):
        k, c = (-1 - q, 1.0) if q < 0 else (t.rows[q, e], t.coef[q, e])
        if c == 0.0:
            break
        if t.slack_at[k] >= 0:
            t.alpha[t.slack_at[k]] += c
        else:
            for i in range(len(t.x)):
                t.alpha[i] += c * t.inverse[k, i]
        if q < 0:
            break
    count = 0
    for i in range(len(t.x)):
        if abs(t.alpha[i]) > ZERO:
            t.touched[count] = i
            count += 1
    return count


@part
def _row(t: Tableau, r: int) -> None:
    """Row r of the inverse, as `rho`."""
    for k in range(len(t.x)):
        # The slack of row k elsewhere in the basis: a unit column.
        is_unit = t.slack_at[k] >= 0 and t.slack_at[k] != r
        t.rho[k] = 0.0 if is_unit else t.inverse[k, r]


@part
def _times(t: Tableau, after: Floats, j: int) -> float:
    """A row vector, after a zero, times the column of a variable."""
    if j < 0:
        return float(after[-j])
    a, b, c, d = t.parts[j, 0], t.parts[j, 1], t.parts[j, 2], t.parts[j, 3]
    if a != MIXED:
        return float(after[a] + after[b] + after[c] + after[d])
    total = 0.0
    for e in range(t.rows.shape[1]):
        total += t.coef[j, e] * after[1 + t.rows[j, e]]
    return total


@part
def _reduced(t: Tableau, j: int) -> float:
    """What a unit of a variable costs beyond the prices."""
    own = 0.0 if j < 0 else t.cost[j]
    return float(own - _times(t, t.after_y, j))


@part
def _is_free(t: Tableau, j: int) -> bool:
    """Whether a variable could enter."""
    if j < 0:
        return bool(t.slack_ok[-1 - j] and t.slack_at[-1 - j] < 0)
    return bool(t.may[j] and t.at[j] < 0)


@part
def _is_fixed(t: Tableau, i: int) -> bool:
    """Whether the variable at a place in the basis is held at zero."""
    b = t.basis[i]
    return bool(not t.slack_ok[-1 - b] if b < 0 else not t.may[b])


@part
def _pivot(t: Tableau, q: int, r: int, count: int, d: float) -> None:
    """Variable q, described by `alpha`, takes place r; `rho` is row r."""
    step = t.x[r] / t.alpha[r]
    for u in range(count):
        i = t.touched[u]
        t.x[i] -= step * t.alpha[i]
    t.x[r] = step
    for k in range(len(t.x)):
        if t.rho[k] == 0.0:
            continue
        w = t.rho[k] / t.alpha[r]
        t.y[k] += d * w
        for u in range(count):
            i = t.touched[u]
            v = t.inverse[k, i] - w * t.alpha[i]
            near = np.rint(v)
            t.inverse[k, i] = near if abs(v - near) < CLEAN else v
        t.inverse[k, r] = w
    out = t.basis[r]
    if out >= 0:
        t.at[out] = -1
    else:
        t.slack_at[-1 - out] = -1
    t.basis[r] = q
    if q >= 0:
        t.at[q] = r
    else:
        t.slack_at[-1 - q] = r
        for i in range(len(t.x)):
            t.inverse[-1 - q, i] = 0.0
        t.inverse[-1 - q, r] = 1.0
        t.y[-1 - q] = 0.0


@kernel
def append(t: Tableau, first: int, rows: Ints, coef: Floats, cost: Floats) -> None:
    """More columns from that number on: rows and coefficients, a coefficient of 0 for none."""
    for k in range(len(cost)):
        j, count = first + k, 0
        for e in range(t.coef.shape[1]):
            t.coef[j, e] = 0.0
        for e in range(rows.shape[1]):
            if coef[k, e] != 0.0:
                t.rows[j, count], t.coef[j, count] = rows[k, e], coef[k, e]
                count += 1
        _note_parts(t, j, count)
        t.cost[j], t.may[j], t.at[j] = cost[k], True, -1


@part
def _note_parts(t: Tableau, j: int, count: int) -> None:
    """The parts of a column that has so many entries."""
    for e in range(ONES):
        t.parts[j, e] = 1 + t.rows[j, e] if e < count else 0
    for e in range(count):
        if e >= ONES or t.coef[j, e] != 1.0:
            t.parts[j, 0] = MIXED


@kernel
def holds(t: Tableau, rhs: Floats, widen: Floats) -> bool:
    """Whether the basic variables fill the rows, and the prices pay for the basis; `alpha` holds
    what is left of each row."""
    dearest, holds = 0.0, True
    for k in range(len(rhs)):
        t.alpha[k] = rhs[k] + widen[k]
    for i in range(len(t.x)):
        b = t.basis[i]
        if b < 0:
            t.alpha[-1 - b] -= t.x[i]
            continue
        dearest = max(dearest, abs(t.cost[b]))
        for e in range(t.rows.shape[1]):
            t.alpha[t.rows[b, e]] -= t.coef[b, e] * t.x[i]
    for k in range(len(rhs)):
        b = t.basis[k]
        unpaid = 0.0 if b < 0 else _reduced(t, b)
        holds &= abs(t.alpha[k]) < EXACT and abs(unpaid) < EXACT * (1 + dearest)
    return bool(holds)


@kernel
def enter(t: Tableau, q: int, row: int) -> None:
    r = t.slack_at[row]
    count = _column(t, q)
    if r >= 0 and t.at[q] < 0 and abs(t.alpha[r]) > SOUND:
        _row(t, r)
        _pivot(t, q, r, count, 0.0)


@kernel
def reenter(t: Tableau, q: int, is_spare: Bools) -> None:
    """Put a column into the basis at the best place that a spare slack holds."""
    count, r = _column(t, q), -1
    for u in range(count):
        i = t.touched[u]
        b = t.basis[i]
        if b < 0 and is_spare[-1 - b] and (r < 0 or abs(t.alpha[i]) > abs(t.alpha[r])):
            r = i
    if r >= 0 and abs(t.alpha[r]) > SOUND:
        _row(t, r)
        _pivot(t, q, r, count, 0.0)


@part
def _product(a: Floats, b: Floats) -> float:
    """The sum of products, in four sums that do not wait for each other."""
    w = x = y = z = 0.0
    whole = len(a) - len(a) % 4
    for i in range(0, whole, 4):
        w += a[i] * b[i]
        x += a[i + 1] * b[i + 1]
        y += a[i + 2] * b[i + 2]
        z += a[i + 3] * b[i + 3]
    for i in range(whole, len(a)):
        w += a[i] * b[i]
    return w + x + y + z


@kernel
def reprice(t: Tableau) -> None:
    for i in range(len(t.x)):
        t.alpha[i] = t.cost[t.basis[i]] if t.basis[i] >= 0 else 0.0
    for k in range(len(t.y)):
        t.y[k] = 0.0
        if t.slack_at[k] < 0:
            t.y[k] = _product(t.inverse[k], t.alpha)


@part
def _most_worth(t: Tableau, n: int, waiting: int) -> tuple[int, int, float, bool]:
    """The variable that pays most among the first so many in the queue, else among all; how many
    wait now; its reduced cost; whether there is one."""
    for turn in range(2):
        q, least, kept = 0, -DEAR, 0
        for c in range(waiting if turn == 0 else n + len(t.x)):
            j = t.queue[c] if turn == 0 else (c if c < n else n - 1 - c)
            d = _reduced(t, j)
            if d < -DEAR and _is_free(t, j):
                t.queue[kept] = j
                kept += 1
                if d < least:
                    q, least = j, d
        if kept > 0:
            return q, kept, least, True
    return 0, 0, 0.0, False


@kernel
def primal(t: Tableau, n: int, waiting: int) -> int:
    """Go on from a feasible basis until no variable would make it cheaper; so many that may wait in
    the queue."""
    for _ in range(MANY):
        q, waiting, d, found = _most_worth(t, n, waiting)
        if not found:
            return FOUND
        count = _column(t, q)
        leaving, step, size = -1, np.inf, 0.0
        for u in range(count):
            i = t.touched[u]
            a = t.alpha[i]
            if _is_fixed(t, i) and abs(a) > PIVOT:
                ratio, a = 0.0, abs(a)
            elif a > PIVOT:
                ratio = max(t.x[i], 0.0) / a
            else:
                continue
            if ratio < step - SHORT or (ratio < step + SHORT and a > size):
                leaving, step, size = i, min(ratio, step), a
        if leaving < 0:
            return ENDLESS
        _row(t, leaving)
        _pivot(t, q, leaving, count, d)
    return ENDLESS


@part
def _worst(t: Tableau) -> int:
    """The place in the basis furthest from where it may be; -1 if all are fine."""
    r, most = -1, WRONG
    for i in range(len(t.x)):
        beyond = -t.x[i]
        if beyond < 0 and _is_fixed(t, i):
            beyond = -beyond
        if beyond > most:
            r, most = i, beyond
    return r


@kernel
def dual(t: Tableau, n: int) -> int:
    """Make the basis feasible again, as cheaply as the prices know.

    Variables that would already be cheaper are given the price of none (`dear` is 0): so the steps
    go up for certain, and the primal steps that follow see to them. IMPOSSIBLE leaves in `rho` the
    combination of rows that says so.
    """
    r = _worst(t)
    if r < 0:
        return FOUND
    m = len(t.x)
    for c in range(n + m):
        j = c if c < n else n - 1 - c
        t.dear[c] = max(_reduced(t, j), 0.0) + DEAR * (1 + c * GOLDEN % 1)
    for _ in range(MANY):
        _row(t, r)
        # The variable rises to zero, or falls to it (one that is held there).
        sign = 1.0 if t.x[r] < 0 else -1.0
        for k in range(m):
            t.rho[k] *= sign
        farthest = np.inf
        for c in range(n + m):
            j = c if c < n else n - 1 - c
            t.along[c] = -_times(t, t.after_rho, j) if _is_free(t, j) else 0.0
            if t.along[c] > PIVOT:
                farthest = min(farthest, (t.dear[c] + DEAR) / t.along[c])
        if farthest == np.inf:
            return IMPOSSIBLE
        q, size, step = 0, 0.0, 0.0
        for c in range(n + m):
            a = t.along[c]
            if a > max(PIVOT, size) and t.dear[c] <= farthest * a:
                q, size, step = c if c < n else n - 1 - c, a, t.dear[c] / a
        for c in range(n + m):
            t.dear[c] = max(0.0, t.dear[c] - step * t.along[c])
        out = t.basis[r]
        t.dear[out if out >= 0 else n - 1 - out] = step
        for k in range(m):
            t.rho[k] *= sign
        count = _column(t, q)
        _pivot(t, q, r, count, _reduced(t, q))
        r = _worst(t)
        if r < 0:
            return FOUND
    return ENDLESS


@kernel
def optimum(t: Tableau, n: int, rhs: Floats, widen: Floats, is_stale: bool, fresh: int) -> int:
    """Go on from the basis to the optimum: FOUND if it can be trusted, IMPOSSIBLE (see `dual`) or
    ENDLESS. `is_stale`: the prices are not those of the basis any more. The last so many columns
    are fresh, and the first to be tried."""
    if is_stale:
        reprice(t)
    ended = dual(t, n)
    if ended == FOUND:
        for k in range(fresh):
            t.queue[k] = n - fresh + k
        ended = primal(t, n, fresh)
    if ended == FOUND and not holds(t, rhs, widen):
        return ENDLESS
    return ended
