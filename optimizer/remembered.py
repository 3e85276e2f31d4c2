"""What every star cost at least when it was last looked at: so it need not be looked at again.

Prices and costs change little from one look to the next. If no team's side and no place's side that
still matters became cheaper by more than so much, then no bundle of the star did by more than the
sum: a star whose bundle cannot win even so is passed over, and that is a proof. What is kept is the
least sum of both sides around each van, whether or not they fit together.
"""

from itertools import count
from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Bools, Ints
from optimizer.problem import Problem
from optimizer.sides import FAR, GRID, Sides, part, waiting

NEVER = FAR * GRID
"""The value of what is not possible."""
SPARE = 16


class Memory(NamedTuple):
    """One row of each array a request that was looked at; `row` (R,) finds it, -1 for none.

    team, ready (S, J + 1), place (S, P + 1), eta (S, V), wait (S,): both sides' values (grains)
    and moments at that time; least (S, V): the sum of both sides around each van; known (S,).
    """

    row: Ints
    team: Ints
    ready: Ints
    place: Ints
    eta: Ints
    least: Ints
    wait: Ints
    known: Bools


def blank(sides: Sides) -> Memory:
    """Nothing is remembered, and nothing will be."""
    teams, places, vans = (len(side) for side in (sides.team.T, sides.place.T, sides.van_end))

    def table(width: int) -> Ints:
        return np.zeros((0, width), dtype=np.int64)

    return Memory(
        row=np.full(len(sides.wait), -1, dtype=np.int64),
        team=table(teams),
        ready=table(teams),
        place=table(places),
        eta=table(vans),
        least=table(vans),
        wait=np.zeros(0, dtype=np.int64),
        known=np.zeros(0, dtype=np.bool_),
    )


class Remembered:
    """The memory of one relaxation, from question to question."""

    def __init__(self) -> None:
        self._resources: object = None
        self._idle = 0
        self._rows: dict[str, int] = {}
        self._way_home: Ints | None = None

    def of(self, problem: Problem, names: object, sides: Sides, scope: Ints) -> Memory:
        """The memory for these requests; empty if the resources are others: `names` is the same
        object as long as they are the same."""
        same = names is self._resources and sides.idle == self._idle
        if not same or not _same(self._way_home, sides.way_home):
            self._memory, self._rows = blank(sides), {}
        self._resources, self._idle, self._way_home = names, sides.idle, sides.way_home
        asked = [problem.requests[i].id for i in scope.tolist()]
        self._make_rows(asked)
        row = np.full(len(problem.requests), -1, dtype=np.int64)
        row[scope] = [self._rows[name] for name in asked]
        self._memory = self._memory._replace(row=row)
        return self._memory

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
                *(
                    np.concatenate([a, np.zeros((more, *a.shape[1:]), a.dtype)])
                    for a in self._memory[1:]
                ),
            )
        self._memory.known[[self._rows[name] for name in fresh]] = False


def _same(a: Ints | None, b: Ints) -> bool:
    return a is b or (a is not None and np.array_equal(a, b))


@part
def remember(sides: Sides, i: int, memory: Memory, team: Ints, place: Ints) -> None:
    """Look at all stars of a request; `team` (J + 1,), `place` (P + 1,): both sides' values."""
    s = memory.row[i]
    for j in range(len(team)):
        memory.team[s, j], memory.ready[s, j] = team[j], sides.ready[i, j]
    for p in range(len(place)):
        memory.place[s, p] = place[p]
    for o in range(len(sides.van_end)):
        memory.eta[s, o] = sides.eta[i, o]
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


@part
def is_known(sides: Sides, i: int, memory: Memory) -> bool:
    """Whether all stars of a request were looked at."""
    s = memory.row[i]
    return bool(memory.known[s] and memory.wait[s] == _kind(sides, i))


@part
def _kind(sides: Sides, i: int) -> int:
    return int(2 * sides.wait[i] + sides.needs_team[i])


@part
def cheaper_by(
    sides: Sides, i: int, memory: Memory, team: Ints, place: Ints, teams: Ints, places: Ints
) -> int:
    """By how much any bundle of these teams and places (the first entry says how many) may have
    become cheaper on both sides together."""
    s = memory.row[i]
    team_drop = place_drop = 0
    for at in range(1, teams[0] + 1):
        j = teams[at]
        sooner = _shift(sides, i, memory.ready[s, j] - sides.ready[i, j])
        team_drop = max(team_drop, memory.team[s, j] - team[j] + sooner)
    for at in range(1, places[0] + 1):
        p = places[at]
        place_drop = max(place_drop, memory.place[s, p] - place[p])
    return int(team_drop + place_drop)


@part
def least_now(sides: Sides, i: int, o: int, memory: Memory, drop: int) -> int:
    """What both sides around a van cost at least now; nothing is known of one that may go without
    a team or a place."""
    s = memory.row[i]
    if sides.alone[i, o]:
        return 0
    return int(memory.least[s, o] - drop - _shift(sides, i, memory.eta[s, o] - sides.eta[i, o]))


@part
def _shift(sides: Sides, i: int, seconds: int) -> int:
    """By how much waiting may be cheaper if one of both comes at another time, in grains."""
    if seconds == 0:
        return 0
    return int(GRID * (max(sides.wait[i], sides.idle) * abs(seconds) // 6000 + 2))
