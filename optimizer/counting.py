"""What a plan's words count over all resources of a kind, compiled: why none of them serves, and
which place is the next to ask. `dense.py` gives the same answers in NumPy."""

import numpy as np

from optimizer.eligibility import Bools, Fault, Flags, Ints
from optimizer.sides import FAR, Bundles, Sides, kernel, part

BITS = len(Fault)
TAKEN, UNFIT = BITS, BITS + 1
"""Beside the faults: nothing is wrong but that it is taken, or not even that."""


def tally(flags: Flags, rows: Ints, room: Bools) -> Ints:
    """How many resources of a kind have each fault, are taken, are unfit (n, BITS + 2), for these
    rows of the `flags`; `room`: those that could still be given out."""
    counts = np.zeros((len(rows), BITS + 2), dtype=np.int64)
    _tally(flags, rows, room, counts)
    return counts


@kernel
def _tally(flags: Flags, rows: Ints, room: Bools, counts: Ints) -> None:
    for k in range(len(rows)):
        for r in range(len(room)):
            found = int(flags[rows[k], r])
            if found == 0:
                counts[k, UNFIT if room[r] else TAKEN] += 1
            bit = 0
            while found:
                counts[k, bit] += found & 1
                found >>= 1
                bit += 1


def next_places(
    sides: Sides, flags: Flags, costs: Ints, bundles: Bundles, asked: Bools,
    possible: Ints, left: Ints, chance: int,
) -> tuple[Ints, Bools]:  # fmt: skip
    """The cheapest other place of each request (R,), -1 for none, and whose place more may need
    than it has room for.

    `bundles` (R, 4), the plan; `asked` (R,): who needs a place or may need one; `possible`: those
    who may, the first served first, each taking `chance` of what is `left` (P,).
    """
    best = np.full(len(bundles), -1, dtype=np.int64)
    shared = np.zeros(len(bundles), dtype=np.bool_)
    _next_places(
        sides, flags, costs, np.ascontiguousarray(bundles), asked, possible, left.copy(), chance,
        best, shared,
    )  # fmt: skip
    return best, shared


@kernel
def _next_places(
    sides: Sides, flags: Flags, costs: Ints, bundles: Bundles, asked: Bools, possible: Ints,
    left: Ints, chance: int, best: Ints, shared: Bools,
) -> None:  # fmt: skip
    for i in range(len(bundles)):
        if asked[i]:
            best[i] = _cheapest(sides, flags, costs, bundles[i], left, 1)
    for k in range(len(possible)):
        i = possible[k]
        if best[i] >= 0:
            p = _cheapest(sides, flags, costs, bundles[i], left, chance)
            shared[i] = p < 0
            if p >= 0:
                best[i] = p
                left[p] -= chance


@part
def _cheapest(
    sides: Sides, flags: Flags, costs: Ints, bundle: Ints, left: Ints, enough: int
) -> int:
    """The cheapest other place that has so much left and is in time; -1 for none."""
    i, o, j = bundle[0], bundle[1], bundle[2]
    best, least = -1, FAR
    for p in range(len(left)):
        fits = flags[i, p] == 0 and left[p] >= enough and p != bundle[3]
        if fits and costs[i, p] < least and _in_time(sides, i, o, j, p):
            best, least = p, costs[i, p]
    return best


@part
def _in_time(sides: Sides, i: int, o: int, j: int, p: int) -> bool:
    """Whether the same team and transport could take the person there before their shift ends."""
    vans, ready = len(sides.van_end), sides.ready[i, j]
    if sides.promised[i, o]:
        return True
    if o < vans:
        pick = max(sides.eta[i, o], ready) + sides.load[i]
        return bool(pick + sides.go[i, p] + sides.home[o, p] <= sides.van_end[o])
    if o == vans and sides.strict[i] and j < len(sides.team_end):
        return bool(ready + sides.go[i, p] <= sides.team_end[j])
    return True
