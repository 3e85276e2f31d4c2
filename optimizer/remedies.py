"""Which single change of what there is would serve somebody whom the plan leaves without.

A change is one more place, one more team or van by some moment, or a longer shift: it varies
resources, never the person. Each is tried: the whole region is solved again with it, and it is told
only if this request then lacks nothing and nobody else lacks more than before.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from optimizer.eligibility import Fault
from optimizer.plan import Assignment, ByRank, Part, Plan
from optimizer.problem import (
    LARGEST_SIDE,
    LARGEST_TIME_S,
    Place,
    Problem,
    Seconds,
    Team,
    Van,
    in_order,
)
from optimizer.reasons import faults_by_part
from optimizer.solve import Solved, solve_warm
from optimizer.stars import Stars, stars_of

TRIED = 3
"""So many of a kind are tried, the cheapest or earliest first."""
MINUTE_S = 60


@dataclass(frozen=True, slots=True)
class Remedy:
    """One change that serves the request.

    "room": one more place in `resource`. "new": one more unit that offers what the request asks of
    its kind: a team or van that is with the person at `by_s` at the latest, or a place as near as
    `resource`. "shift": `resource` works until `by_s`. `spared_by_rank` is what each rank then
    pays less: the first that changes does, those after it may pay more.
    """

    part: Part
    change: Literal["room", "new", "shift"]
    resource: str | None
    by_s: float | None
    spared_by_rank: ByRank


def remedies(
    problem: Problem,
    plan: Plan,
    request_ids: Iterable[str],
    is_late: Callable[[], bool] = lambda: False,
) -> dict[str, tuple[Remedy, ...]]:
    """The changes found for each of these requests that lacks something, those of a kind the best
    first. Who was not looked at in time is not in the answer; nobody is if the plan is no proof."""
    found: dict[str, tuple[Remedy, ...]] = {}
    if not plan.proved:
        return found
    region = _Region(in_order(problem), plan, is_late)
    for name in request_ids:
        if plan.of(name).missing:
            tried = tuple(_Trial(region, name).found())
            if is_late():
                break
            found[name] = tried
    return found


class _Region:
    """The region, solved again and again, each time with one change; warm from one to the next."""

    def __init__(self, problem: Problem, plan: Plan, is_late: Callable[[], bool]) -> None:
        self.problem, self.plan = problem, plan
        self.stars = stars_of(problem)
        self.new = unused_id(problem)
        self._is_late = is_late
        bundles = [one.bundle for one in plan.assignments]
        self.given = {part for bundle in bundles for part in (bundle.team, bundle.van)}
        self._lacked = {one.request_id: len(one.missing) for one in plan.assignments}
        self._solved: Solved | None = None

    def served(self, changed: Problem, request_id: str) -> tuple[Assignment, ByRank] | None:
        """The request's assignment if the change serves it, and what each rank is spared."""
        if self._is_late():
            return None
        self._solved = solve_warm(changed, deadline=self._is_late, before=self._solved)
        after = self._solved.plan
        assignment = after.of(request_id)
        worse = any(len(one.missing) > self._lacked[one.request_id] for one in after.assignments)
        if not after.proved or assignment.missing or worse:
            return None
        return assignment, self.plan.spared_by(after)


class _Trial:
    """The changes that may serve one request."""

    def __init__(self, region: _Region, request_id: str) -> None:
        self._region, self._problem = region, region.problem
        self._i = next(i for i, r in enumerate(region.problem.requests) if r.id == request_id)
        self._request = self._problem.requests[self._i]

    def found(self) -> Iterator[Remedy]:
        stars = self._region.stars
        for part in self._region.plan.of(self._request.id).missing:
            if part == "place":
                yield from self._room(stars)
            else:
                yield from self._longer_shift(stars, part)
                yield from self._new_unit(part)

    def _served(self, changed: Problem) -> tuple[Assignment, ByRank] | None:
        return self._region.served(changed, self._request.id)

    def _room(self, stars: Stars) -> Iterator[Remedy]:
        """One more place where one would fit; where none would, one as near as the nearest."""
        flags, i = stars.faults.place[self._i], self._i
        fits = np.flatnonzero(flags & ~np.uint16(Fault.FULL.value) == 0)
        order = fits[np.argsort(stars.place_cost[i, fits], kind="stable")]
        served = False
        for k in order[:TRIED].tolist():
            place = self._problem.places[k]
            more = replace(place, free=min(place.free + 1, LARGEST_SIDE))
            found = self._served(_with_place(self._problem, more))
            if found is not None:
                yield Remedy("place", "room", place.id, None, found[1])
                served = True
        ride_s = self._problem.request_to_place[i]
        if served or not np.isfinite(ride_s).any():
            return
        near = self._problem.places[int(np.nanargmin(ride_s))]
        kind = near.kind if self._request.place_kind == "any" else self._request.place_kind
        new = Place(self._region.new, mask=self._request.place_mask, free=1, kind=kind)
        found = self._served(_with_new_place(self._problem, new, near.id))
        if found is not None:
            yield Remedy("place", "new", near.id, None, found[1])

    def _longer_shift(self, stars: Stars, part: Part) -> Iterator[Remedy]:
        """A unit that is kept away by the end of its shift alone: at once, or, if it is free, on
        the way with the person."""
        flags = faults_by_part(stars)[part][self._i]
        times = stars.numbers.times
        moment = (times.arrival if part == "team" else times.eta)[self._i]
        units = self._problem.teams if part == "team" else self._problem.vans
        free = np.array([unit.id not in self._region.given for unit in units], dtype=np.bool_)
        fits = np.flatnonzero((flags == Fault.SHIFT.value) | ((flags == 0) & free))
        order = fits[np.argsort(moment[fits], kind="stable")]
        for unit in [units[k] for k in order[:TRIED].tolist()]:
            endless = self._served(_with_shift(self._problem, unit, LARGEST_TIME_S))
            if endless is None or unit.id not in (endless[0].bundle.team, endless[0].bundle.van):
                continue
            end_s = self._ends_s(endless[0], part)
            found = self._served(_with_shift(self._problem, unit, end_s))
            if found is not None and end_s > unit.shift_end_s:
                yield Remedy(part, "shift", unit.id, end_s, found[1])

    def _ends_s(self, assignment: Assignment, part: Part) -> float:
        """Until when the unit must work for this assignment, without the grace after a shift."""
        problem, bundle, times = self._problem, assignment.bundle, assignment.arrivals
        if part == "team":
            done_s = times.ready_s or 0.0
        else:
            v = next(k for k, van in enumerate(problem.vans) if van.id == bundle.van)
            p = next(k for k, place in enumerate(problem.places) if place.id == bundle.place)
            done_s = (times.place_s or 0.0) + float(np.rint(problem.place_to_base[p, v]))
        return done_s - problem.policy.overtime_grace_s

    def _new_unit(self, part: Part) -> Iterator[Remedy]:
        """One more team or van, and the latest whole minute at which it still serves."""
        latest_s = self._problem.horizon_s(self._request)
        latest_s += self._request.onscene_s if part == "van" else 0.0
        low, high = 0, int(latest_s // MINUTE_S)
        best = self._with_new(part, high)
        if best is not None:
            low = high
        elif (best := self._with_new(part, 0)) is None:
            return
        while high - low > 1:
            middle = (low + high) // 2
            found = self._with_new(part, middle)
            low, high = (low, middle) if found is None else (middle, high)
            best = found or best
        yield Remedy(part, "new", None, float(low * MINUTE_S), best[1])

    def _with_new(self, part: Part, minutes: int) -> tuple[Assignment, ByRank] | None:
        by_s, request = float(minutes * MINUTE_S), self._request
        if part == "team":
            team = Team(self._region.new, mask=request.team_mask, release_s=by_s)
            return self._served(_with_new_team(self._problem, team, self._i))
        van = Van(self._region.new, mask=request.van_mask, release_s=by_s)
        return self._served(_with_new_van(self._problem, van, self._i))


def unused_id(problem: Problem) -> str:
    """An id for a resource that is tried, which none of the problem's has."""
    ids = {one.id for kind in (problem.teams, problem.vans, problem.places) for one in kind}
    new = "+new"
    while new in ids:
        new = f"+{new}"
    return new


def _with_place(problem: Problem, place: Place) -> Problem:
    places = tuple(place if one.id == place.id else one for one in problem.places)
    return replace(problem, places=places)


def _with_new_place(problem: Problem, new: Place, near: str) -> Problem:
    """A place at the same spot as another one."""
    k = next(k for k, place in enumerate(problem.places) if place.id == near)
    to_place = problem.request_to_place
    home = problem.place_to_base
    return replace(
        problem,
        places=(*problem.places, new),
        request_to_place=np.hstack([to_place, to_place[:, k : k + 1]]),
        place_to_base=np.vstack([home, home[k : k + 1]]),
    )


def _with_shift(problem: Problem, unit: Team | Van, end_s: float) -> Problem:
    longer = replace(unit, shift_end_s=end_s)
    if isinstance(longer, Team):
        teams = tuple(longer if one.id == unit.id else one for one in problem.teams)
        return replace(problem, teams=teams)
    vans = tuple(longer if one.id == unit.id else one for one in problem.vans)
    return replace(problem, vans=vans)


def _with_new_team(problem: Problem, team: Team, request: int) -> Problem:
    """A team for this request alone."""
    drive = np.vstack([problem.team_to_request, _there(problem, request)])
    return replace(problem, teams=(*problem.teams, team), team_to_request=drive)


def _with_new_van(problem: Problem, van: Van, request: int) -> Problem:
    """A van for this request alone, whose driver may end anywhere."""
    home = problem.place_to_base
    return replace(
        problem,
        vans=(*problem.vans, van),
        van_to_request=np.vstack([problem.van_to_request, _there(problem, request)]),
        place_to_base=np.hstack([home, np.zeros((len(problem.places), 1))]),
    )


def _there(problem: Problem, request: int) -> Seconds:
    """One row of travel times: there already, and no way to anybody else."""
    row = np.full((1, len(problem.requests)), np.nan)
    row[0, request] = 0.0
    return row
