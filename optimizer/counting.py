"""What a plan's words count over all resources of a kind, compiled: why none of them serves,
who would be there first, which place is the next to ask. `dense.py` gives the same answers."""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Bools, Fault, Flags, Ints
from optimizer.sides import FAR, Bundles, Sides, kernel, part

BITS = len(Fault)
TAKEN, UNFIT = BITS, BITS + 1
"""Beside the faults: nothing is wrong but that it is taken, or not even that."""


class Tally(NamedTuple):
    """Of some requests (n,) and all resources of a kind: how many have each fault, are taken, are
    unfit, `counts` (n, BITS + 2). `users`: who has one that is used up, in the order of the
    resources; the numbers of those whose resource would `fit`, request by request, each up to its
    `ends` (n + 1,)."""

    counts: Ints
    users: Ints
    fit: Ints
    ends: Ints


def tally(flags: Flags, rows: Ints, room: Bools, given: Ints) -> Tally:
    """For these rows of the `flags`. `room`: which resources could still be given out; `given`
    (R,): what each request has, by index; beyond the last one: none."""
    counts = np.zeros((len(rows), BITS + 2), dtype=np.int64)
    users, begin = np.empty(len(given), dtype=np.int64), np.zeros(len(room) + 1, dtype=np.int64)
    fit = np.empty(len(rows) * len(given) + 1, dtype=np.int64)
    ends = np.zeros(len(rows) + 1, dtype=np.int64)
    count = _tally(flags, rows, room, np.ascontiguousarray(given), begin, counts, users, fit, ends)
    return Tally(counts, users[:count], fit[: ends[-1]], ends)


@kernel
def _tally(
    flags: Flags, rows: Ints, room: Bools, given: Ints, begin: Ints, counts: Ints, users: Ints,
    fit: Ints, ends: Ints,
) -> int:  # fmt: skip
    count, found = _users(room, given, begin, users), 0
    for k in range(len(rows)):
        mine = flags[rows[k]]
        for bit in range(BITS):  # so that the loops below are free of branches
            with_it = 0
            for r in range(len(room)):
                with_it += int(mine[r]) >> bit & 1
            counts[k, bit] = with_it
        suited = unfit = 0
        for r in range(len(room)):
            suited += mine[r] == 0
            unfit += (mine[r] == 0) & room[r]
        counts[k, TAKEN], counts[k, UNFIT] = suited - unfit, unfit
        for n in range(count):
            fit[found] = n
            found += mine[given[users[n]]] == 0
        ends[k + 1] = found
    return count


@part
def _users(room: Bools, given: Ints, begin: Ints, users: Ints) -> int:
    """Who has something that is used up, in its order; how many. `begin`: room to work in, 0."""
    for i in range(len(given)):
        if given[i] < len(room) and not room[given[i]]:
            begin[given[i] + 1] += 1
    for r in range(len(room)):
        begin[r + 1] += begin[r]
    count = begin[len(room)]
    for i in range(len(given)):
        if given[i] < len(room) and not room[given[i]]:
            users[begin[given[i]]] = i
            begin[given[i]] += 1
    return int(count)


def first_teams(flags: Flags, arrival: Ints, asked: Bools) -> Ints:
    """The team without a fault that arrives first at each request that asks for one (R,); -1 for
    none. `flags` and `arrival` (R, J)."""
    first = np.full(len(asked), -1, dtype=np.int64)
    _first_teams(flags, arrival, asked, first)
    return first


@kernel
def _first_teams(flags: Flags, arrival: Ints, asked: Bools, first: Ints) -> None:
    for i in range(len(asked)):
        if asked[i]:
            least = FAR
            for j in range(flags.shape[1]):
                if flags[i, j] == 0 and arrival[i, j] < least:
                    first[i], least = j, arrival[i, j]


def next_places(
    sides: Sides, flags: Flags, bundles: Bundles, asked: Bools, possible: Ints, left: Ints,
    chance: int,
) -> tuple[Ints, Bools]:  # fmt: skip
    """The cheapest other place of each request (R,), -1 for none, and whose place more may need
    than it has room for.

    `bundles` (R, 4), the plan; `asked` (R,): who needs a place or may need one; `possible`: those
    who may, the first served first, each taking `chance` of what is `left` (P,).
    """
    best = np.full(len(bundles), -1, dtype=np.int64)
    shared = np.zeros(len(bundles), dtype=np.bool_)
    _next_places(
        sides, flags, np.ascontiguousarray(bundles), asked, possible, left.copy(), chance,
        best, shared,
    )  # fmt: skip
    return best, shared


@kernel
def _next_places(
    sides: Sides, flags: Flags, bundles: Bundles, asked: Bools, possible: Ints, left: Ints,
    chance: int, best: Ints, shared: Bools,
) -> None:  # fmt: skip
    for i in range(len(bundles)):
        if asked[i]:
            best[i] = _cheapest(sides, flags, bundles[i], left, 1)
    for k in range(len(possible)):
        i = possible[k]
        if best[i] >= 0:
            p = _cheapest(sides, flags, bundles[i], left, chance)
            shared[i] = p < 0
            if p >= 0:
                best[i] = p
                left[p] -= chance


@part
def _cheapest(sides: Sides, flags: Flags, bundle: Ints, left: Ints, enough: int) -> int:
    """The cheapest other place that has so much left and is in time; -1 for none."""
    i, o, j = bundle[0], bundle[1], bundle[2]
    for k in range(len(left)):
        p = int(sides.near[i, k])
        fits = left[p] >= enough and flags[i, p] == 0 and p != bundle[3]
        if fits and _in_time(sides, i, o, j, p):
            return p
    return -1


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
