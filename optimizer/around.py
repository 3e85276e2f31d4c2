"""The best bundle around one van, or around the team that drives the person itself.

The best team and the best place are found apart, because prices add up; only where that pair breaks
the joint limit (a shift that ends) all pairs are looked at. Places are looked at several at once,
the cheapest by themselves first, until none that follows can be the best.
"""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Ints
from optimizer.remembered import NEVER
from optimizer.sides import ALWAYS, GRID, Sides, part, waiting

TOP = 2
"""So many bundles of a request are offered, each around another option."""
MARGIN = 256 * GRID
"""So far beyond what could win a star's least is found, for the looks that follow."""
AT_ONCE = 8
"""So many places are looked at at once."""


class Work(NamedTuple):
    """Room to work in, for one request at a time: what each option costs at least, each team, each
    place (V + 2,), (J + 1,), (P + 1,); those that could win (the first entry says how many):
    teams in their order; places "none" first, then the cheapest by themselves, with what they cost
    by themselves, what they cost now (`worths`), and now with the way that follows (`ends`).
    Behind the last place there is room for AT_ONCE more, of no place. Where a shift ends: the
    places that are left, with what they cost and the latest moment that each allows (P + 1,).
    """

    least: Ints
    team: Ints
    place: Ints
    options: Ints
    teams: Ints
    places: Ints
    costs: Ints
    worths: Ints
    ends: Ints
    left: Ints
    left_ends: Ints
    left_last: Ints


def work_of(sides: Sides) -> Work:
    """Room for such a region."""
    options, teams, places = len(sides.van_end) + 2, len(sides.team_end) + 1, len(sides.place.T)

    def room(count: int) -> Ints:
        return np.empty(count, dtype=np.int64)

    lists = (room(places + 1 + AT_ONCE) for _ in range(4))
    left = (room(places) for _ in range(3))
    return Work(
        room(options), room(teams), room(places), room(options + 1), room(teams + 1), *lists, *left
    )


@part
def offer(value: int, o: int, j: int, p: int, values: Ints, found: Ints) -> None:
    """Insert into the best TOP, in the order of (value, option)."""
    for t in range(TOP):
        if value < values[t] or (value == values[t] and value < NEVER and o < found[t, 0]):
            for u in range(TOP - 1, t, -1):
                values[u] = values[u - 1]
                for c in range(3):
                    found[u, c] = found[u - 1, c]
            values[t] = value
            found[t, 0], found[t, 1], found[t, 2] = o, j, p
            return


@part
def list_place(work: Work, count: int, p: int, cost: int) -> None:
    """A place that could win, behind so many."""
    at = count + 1
    work.places[at], work.costs[at], work.worths[at] = p, cost, work.place[p]


@part
def end_list(work: Work, count: int) -> None:
    """These are all the places that could win."""
    work.places[0] = count
    for n in range(count + 1, count + 1 + AT_ONCE):
        work.places[n], work.costs[n], work.worths[n] = 0, NEVER, NEVER


@part
def narrow(candidates: Ints, value: Ints, most: int) -> None:
    """Keep the candidates worth at most so much, in order."""
    kept = 0
    for at in range(1, candidates[0] + 1):
        k = candidates[at]
        candidates[kept + 1] = k
        kept += value[k] <= most
    candidates[0] = kept


@part
def narrow_places(work: Work, most: int) -> None:
    """Keep the places worth at most so much, in order."""
    kept = 0
    for n in range(1, work.places[0] + 1):
        is_kept = work.worths[n] <= most
        list_place(work, kept, work.places[n], work.costs[n])
        kept += is_kept
    end_list(work, kept)


@part
def _need(sides: Sides, i: int, o: int, j: int) -> int:
    """The moment that a team asks for: the pick-up, or by how much it overruns its own shift."""
    if o < len(sides.van_end):
        return int(max(sides.eta[i, o], sides.ready[i, j]))
    if j < len(sides.team_end) and sides.strict[i] and not sides.promised[i, o]:
        return int(sides.ready[i, j] - sides.team_end[j])
    return -ALWAYS


@part
def _room(sides: Sides, i: int, o: int, p: int) -> int:
    """The latest such moment that a place allows."""
    if p == sides.go.shape[1] or sides.promised[i, o]:
        return ALWAYS
    if o == len(sides.van_end):
        return int(-sides.go[i, p])
    if sides.home[o, p] > sides.horizon:
        return -ALWAYS
    return int(sides.van_end[o] - sides.load[i] - sides.go[i, p] - sides.home[o, p])


@part
def _start(sides: Sides, i: int, o: int, j: int, team: Ints) -> int:
    """The value of a team together with a van or SELF."""
    if o == len(sides.van_end):
        return int(team[j] if sides.drives[i, j] else NEVER)
    return int(team[j] + GRID * waiting(sides, i, sides.eta[i, o], sides.ready[i, j]))


@part
def _look_at_some(work: Work, at: int, onward: Ints) -> int:
    """What the next places cost with the way that follows; the least of them."""
    least = NEVER
    for n in range(at, at + AT_ONCE):
        work.ends[n] = work.worths[n] + GRID * onward[np.uint64(work.places[n])]
    for n in range(at, at + AT_ONCE):
        least = min(least, work.ends[n])
    return int(least)


@part
def _least_end(work: Work, onward: Ints, may_be_none: bool, most: int) -> tuple[int, int]:
    """What a place costs at least with the way that follows, if that is at most so much; up to
    where places were looked at."""
    end, at = NEVER, 1
    if work.places[0] > 0 and work.places[1] == len(onward):
        end = work.ends[1] = work.worths[1] if may_be_none else NEVER
        at = 2
    while at <= work.places[0] and work.costs[at] <= min(end, most):
        end = min(end, _look_at_some(work, at, onward))
        at += AT_ONCE
    return int(end), at


@part
def _first_place(work: Work, stop: int, end: int) -> int:
    """The first place, by index, among those of so much."""
    best = len(work.place)
    for n in range(1, min(stop, work.places[0] + 1)):
        if work.ends[n] == end:
            best = min(best, work.places[n])
    return int(best)


@part
def _leave_open(
    sides: Sides, i: int, o: int, work: Work, start: int, stop: int, most: int
) -> int:  # fmt: skip
    """Only places that are still open at the earliest pick-up, and cheap enough, matter: they are
    what is left; how many."""
    earliest, count = ALWAYS, 0
    for at in range(1, work.teams[0] + 1):
        earliest = min(earliest, _need(sides, i, o, work.teams[at]))
    for n in range(1, min(stop, work.places[0] + 1)):
        if start + work.ends[n] <= most:
            last = _room(sides, i, o, work.places[n])
            if earliest <= last:
                work.left[count], work.left_ends[count] = work.places[n], work.ends[n]
                work.left_last[count] = last
                count += 1
    return count


@part
def _open_at(work: Work, count: int, pick: int) -> int:
    """What a place that is left costs at least, at such a moment."""
    least = NEVER
    for t in range(count):
        least = min(least, work.left_ends[t] if pick <= work.left_last[t] else NEVER)
    return int(least)


@part
def _first_open_at(work: Work, count: int, pick: int, end: int) -> int:
    """The first place, by index, among those of so much."""
    best = len(work.place)
    for t in range(count):
        if work.left_ends[t] == end and pick <= work.left_last[t]:
            best = min(best, work.left[t])
    return int(best)


@part
def _together(
    sides: Sides, i: int, o: int, work: Work, onward: Ints, start: int, end: int, stop: int,
    most: int,
) -> tuple[int, int, int]:  # fmt: skip
    """The best pair of a team and a place that keeps the joint limit: its value (more than `most`
    if there is none), team and place. `start`, `end`: what each side costs at least; `stop`: up to
    where places were looked at."""
    team, total, j_best, p_best = work.team, most + 1, -1, -1
    may_be_none = sides.alone[i, o] or not sides.needs_team[i]
    while stop <= work.places[0] and start + work.costs[stop] <= most:
        _look_at_some(work, stop, onward)
        stop += AT_ONCE
    count = _leave_open(sides, i, o, work, start, stop, most)
    for at in range(1, work.teams[0] + 1):
        j = work.teams[at]
        if team[j] + end >= total or (j == len(team) - 1 and not may_be_none):
            continue
        side, pick = _start(sides, i, o, j, team), _need(sides, i, o, j)
        if side + end < total:
            both = side + _open_at(work, count, pick)
            if both < total:
                total, j_best, p_best = both, j, _first_open_at(work, count, pick, both - side)
    return int(total), j_best, p_best


@part
def around(
    sides: Sides, i: int, o: int, base: int, work: Work, least_place: int, values: Ints, found: Ints
) -> int:
    """Offer the best bundle around a van or SELF, if it is among the best. What both sides cost
    together at least, as far as that is within a MARGIN beyond what could win. `base`: the option's
    own value; `least_place`: what a place costs at least. Of equal places the first wins."""
    teams, team, no_team = work.teams, work.team, len(work.team) - 1
    most = min(values[TOP - 1] + MARGIN, NEVER - 1) - base
    start, j_best = NEVER, -1
    for at in range(1, teams[0] + 1):
        j = teams[at]
        if team[j] + least_place <= most and team[j] < start:
            if j == no_team and not sides.alone[i, o] and sides.needs_team[i]:
                continue
            worth = _start(sides, i, o, j, team)
            if worth < start:
                start, j_best = worth, j
    onward = sides.self_drive[i] if o == len(sides.van_end) else sides.way_home[o]
    end, stop = _least_end(work, onward, sides.alone[i, o], most - start)
    if start + end > most:
        return int(most + 1)
    if base + start + end <= values[TOP - 1]:
        p_best = _first_place(work, stop, end)
        if _need(sides, i, o, j_best) > _room(sides, i, o, p_best):
            start, j_best, p_best = _together(sides, i, o, work, onward, start, end, stop, most)
            end = 0
        if j_best >= 0:
            offer(base + start + end, o, j_best, p_best, values, found)
    return int(start + end)
