"""What every star costs at least, as far as it was looked at: so most need no second look.

Prices and costs change little from one look to the next. If no team's side and no place's side
became cheaper by more than so much, then no bundle of the star did by more than the sum: a star
whose bundle cannot win even so is passed over, and that is a proof. What is kept is the least sum
of both sides around each van; it falls with every look by what became cheaper, and is exact again
once the star itself is looked at. Where a bundle may fit now that did not fit before, nothing is
known of that van.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints
from optimizer.sides import FAR, GRID, Sides, part, waiting

Moments = NDArray[np.int32]

NEVER = FAR * GRID
"""The value of what is not possible."""
SPARE = 16
A_6000TH = 1 / 6000
NO_RIDE = 0


class Memory(NamedTuple):
    """One row of each array a request that was looked at; `row` (R,) finds it, -1 for none.

    team (S, J + 1), place (S, P + 1): both sides' values (grains) when it was last looked at;
    ready (S, J + 1), go (S, P), eta, end (S, V): the moments and drives that decided what fits,
    `end` the last moment of each van's pick-up, drives apart; rides (S,): which table of drives
    they are from, and `ride` is the number of the one that holds now; wait (S,): what weighs them;
    least (S, V): what both sides around each van cost at least; known (S,): whether the row holds;
    current (S,): whether this question was looked at.
    """

    row: Ints
    ride: int
    team: Ints
    place: Ints
    ready: Moments
    go: Moments
    eta: Moments
    end: Moments
    rides: Ints
    wait: Ints
    least: Ints
    known: Bools
    current: Bools


def blank(sides: Sides) -> Memory:
    """Nothing is remembered, and nothing will be."""
    return _blank(len(sides.wait), sides.team.shape[1], sides.place.shape[1], len(sides.van_end))


@lru_cache(maxsize=16)
def _blank(requests: int, teams: int, places: int, vans: int) -> Memory:
    def table(width: int) -> Ints:
        return np.zeros((0, width), dtype=np.int64)

    def moments(width: int) -> Moments:
        return np.zeros((0, width), dtype=np.int32)

    return Memory(
        row=np.full(requests, -1, dtype=np.int64),
        ride=NO_RIDE,
        team=table(teams),
        place=table(places),
        ready=moments(teams),
        go=moments(places - 1),
        eta=moments(vans),
        end=moments(vans),
        rides=np.zeros(0, dtype=np.int64),
        wait=np.zeros(0, dtype=np.int64),
        least=table(vans),
        known=np.zeros(0, dtype=np.bool_),
        current=np.zeros(0, dtype=np.bool_),
    )


class Remembered:
    """The memory of one relaxation, from question to question."""

    def __init__(self) -> None:
        self._resources: object = None
        self._rows: dict[str, int] = {}
        self._ids: Sequence[str] | None = None
        self._drives: Ints | None = None
        self._ride = NO_RIDE
        self._fixed: tuple[int | Ints, ...] = ()

    def of(self, ids: Sequence[str], names: object, sides: Sides, scope: Ints) -> Memory:
        """The memory for the requests in scope, known by their `ids`; empty if the resources are
        others: `names` is the same object as long as they are the same."""
        fixed: tuple[int | Ints, ...] = (sides.idle, sides.horizon, sides.way_home, sides.home)
        if names is not self._resources or not all(map(_same, self._fixed, fixed)):
            self._memory, self._rows, self._ids = blank(sides), {}, None
        self._resources, self._fixed = names, fixed
        if ids is not self._ids or not np.array_equal(scope, self._scope):
            self._find_rows(ids, scope)
        self._ride += sides.go is not self._drives
        self._drives = sides.go
        self._memory = self._memory._replace(ride=self._ride)
        self._memory.current[:] = False
        return self._memory

    def _find_rows(self, ids: Sequence[str], scope: Ints) -> None:
        self._ids, self._scope = ids, scope
        asked = [ids[i] for i in scope.tolist()]
        self._make_rows(asked)
        row = np.full(len(ids), -1, dtype=np.int64)
        row[scope] = np.fromiter(map(self._rows.__getitem__, asked), dtype=np.int64)
        self._memory = self._memory._replace(row=row)

    def _make_rows(self, names: list[str]) -> None:
        """A row for each request; those of requests that are gone are used again."""
        fresh = [name for name in names if name not in self._rows]
        if not fresh:
            return
        here = frozenset(names)
        self._rows = {name: k for name, k in self._rows.items() if name in here}
        taken = frozenset(self._rows.values())
        free = (k for k in count() if k not in taken)
        for name, k in zip(fresh, free, strict=False):
            self._rows[name] = k
        most = max(self._rows.values()) + 1
        more = most + SPARE - len(self._memory.known)
        if more > SPARE:
            self._memory = Memory(
                self._memory.row,
                self._memory.ride,
                *(
                    np.concatenate([a, np.zeros((more, *a.shape[1:]), a.dtype)])
                    for a in self._memory[2:]
                ),
            )
        given = [self._rows[name] for name in fresh]
        self._memory.known[given], self._memory.rides[given] = False, NO_RIDE


def _same(a: int | Ints, b: int | Ints) -> bool:
    return a is b or np.array_equal(a, b)


@part
def _kind(sides: Sides, i: int) -> int:
    return int(2 * sides.wait[i] + sides.needs_team[i])


@part
def begin(sides: Sides, i: int, memory: Memory, team: Ints, place: Ints) -> None:
    """Look at all stars of a request at a glance, whether or not both sides fit together; `team`
    (J + 1,), `place` (P + 1,): both sides' values."""
    s = memory.row[i]
    for o in range(len(sides.van_end)):
        start = end = NEVER
        for j in range(len(team) - 1 if sides.needs_team[i] else len(team)):
            if team[j] < start:
                worth = team[j] + GRID * waiting(sides, i, sides.eta[i, o], sides.ready[i, j])
                start = min(start, worth)
        for at in range(len(place) - 1):
            p = sides.near[i, at]
            if place[p] < end:
                end = min(end, place[p] + GRID * sides.way_home[o, p])
            elif sides.place[i, p] < FAR and GRID * sides.place[i, p] >= end:
                break
        memory.least[s, o] = start + end
    memory.wait[s], memory.known[s] = _kind(sides, i), True
    _note_moments(sides, i, memory)
    _note_values(memory, s, team, place)


@part
def is_known(sides: Sides, i: int, memory: Memory) -> bool:
    """Whether all stars of a request were looked at."""
    s = memory.row[i]
    return bool(memory.known[s] and memory.wait[s] == _kind(sides, i))


@part
def go_on(
    sides: Sides, i: int, memory: Memory, team: Ints, place: Ints, most_team: int, most_place: int,
    most: int,
) -> None:  # fmt: skip
    """Let what is known hold for these values, too: as much less as they are cheaper. Teams and
    places beyond `most_team` and `most_place` are passed over: both sides of any bundle with one of
    them cost more than `most` together."""
    s = memory.row[i]
    drop = _most_drop(memory.team[s], team, most_team)
    drop += _most_drop(memory.place[s], place, most_place)
    if not memory.current[s]:
        drop += _pass(sides, i, memory, team, place, most_team, most_place)
        _note_moments(sides, i, memory)
    for o in range(len(sides.van_end)):
        memory.least[s, o] = min(max(memory.least[s, o] - drop, 0), most)
    _note_values(memory, s, team, place)


@part
def _most_drop(before: Ints, now: Ints, most: int) -> int:
    """By how much a value that is at most so large fell at most (below zero if all rose)."""
    drop = -NEVER
    for k in range(len(now)):
        drop = max(drop, before[k] - now[k] if now[k] <= most else -NEVER)
    return int(drop)


@part
def _pass(
    sides: Sides, i: int, memory: Memory, team: Ints, place: Ints, most_team: int, most_place: int
) -> int:
    """Moments are others now: know nothing of vans with which more may fit than before. By how much
    waiting may be cheaper because teams come at other times, in grains; for vans at other times it
    is taken off."""
    s = memory.row[i]
    shift = sooner = shorter = 0
    for j in range(len(team)):
        change = memory.ready[s, j] - sides.ready[i, j] if team[j] <= most_team else 0
        sooner, shift = max(sooner, change), max(shift, abs(change))
    if memory.rides[s] != memory.ride:
        for p in range(sides.go.shape[1]):
            change = memory.go[s, p] - sides.go[i, p] if place[p] <= most_place else 0
            shorter = max(shorter, change)
    for o in range(len(sides.van_end)):
        change = memory.eta[s, o] - sides.eta[i, o]
        known = memory.least[s, o] - _shift(sides, i, abs(change))
        may_fit = max(sooner, change) > memory.end[s, o] - _end(sides, i, o) - shorter
        memory.least[s, o] = 0 if may_fit else known
    return _shift(sides, i, shift)


@part
def _note_moments(sides: Sides, i: int, memory: Memory) -> None:
    s = memory.row[i]
    for j in range(sides.ready.shape[1]):
        memory.ready[s, j] = sides.ready[i, j]
    if memory.rides[s] != memory.ride:
        for p in range(sides.go.shape[1]):
            memory.go[s, p] = sides.go[i, p]
    for o in range(len(sides.van_end)):
        memory.eta[s, o] = sides.eta[i, o]
        memory.end[s, o] = _end(sides, i, o)
    memory.rides[s], memory.current[s] = memory.ride, True


@part
def _note_values(memory: Memory, s: int, team: Ints, place: Ints) -> None:
    for j in range(len(team)):
        memory.team[s, j] = team[j]
    for p in range(len(place)):
        memory.place[s, p] = place[p]


@part
def _end(sides: Sides, i: int, o: int) -> int:
    """The last moment of a pick-up, but for the drives that follow."""
    return int(sides.van_end[o] - sides.load[i])


@part
def least_now(sides: Sides, i: int, o: int, memory: Memory) -> int:
    """What both sides around a van cost at least; nothing is known of one that may go without a
    team or a place, or is locked to them."""
    if sides.alone[i, o] or sides.promised[i, o]:
        return 0
    return int(memory.least[memory.row[i], o])


@part
def _shift(sides: Sides, i: int, seconds: int) -> int:
    """By how much waiting may be cheaper if one of both comes at another time, in grains."""
    most = max(sides.wait[i], sides.idle) * seconds
    return 0 if most == 0 else int(GRID * (int(most * A_6000TH) + 2))
