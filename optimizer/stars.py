"""The variables: for each request a star of bundles around one way to travel.

A bundle is a team side plus a place side around an *option* (a van, SELF, or no transport). Costs
add up, and joint feasibility is one comparison:

    cost(i, option, team, place) = team_side[i, option, team] + place_side[i, option, place]
    feasible                     = need[i, option, team] <= room[i, option, place]

For a van, `need` is the moment of picking up and `room` the latest moment that still brings the
driver home in time; for SELF they are the team's overrun of its shift and minus the drive. Option
V is SELF, option V + 1 no transport; team J and place P stand for "none". The few bundles whose
price does not add up (the shown one is cheaper; the empty one of a request that wants all or
nothing) are listed as extras.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optimizer.costs import (
    Items,
    Numbers,
    missing_items,
    numbers_of,
    place_items,
    return_items,
    self_items,
    stability_item,
    team_items,
    van_items,
)
from optimizer.eligibility import Bools, Faults, Ints, faults_of, lacking, times_of, whole
from optimizer.plan import Part
from optimizer.problem import ANY, EMPTY, SELF, Bundle, InvalidProblemError, Problem

FAR = 2**44
"""Stands for an impossible side."""
LARGEST_TOTAL = 2**52
"""The dearest conceivable plan must stay exact in float64, with a bit to spare."""
NEVER = -(2**40)
"""A need that every room satisfies."""
ALWAYS = 2**40
"""A room that satisfies every need."""


class Choice(NamedTuple):
    """A priced bundle, by index."""

    request: int
    option: int
    team: int
    place: int
    cost: int


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """The model; R requests, O = V + 2 options, J teams, P places.

    team_side and need (R, O, J + 1), place_side and room (R, O, P + 1), int64; capacities (J,),
    (V,), (P,): raised where locks together take more than there is. By request: `extras`, and
    `least`, the choice that is always possible: nothing, or only what is locked.
    """

    problem: Problem
    numbers: Numbers
    faults: Faults
    team_side: Ints
    place_side: Ints
    need: Ints
    room: Ints
    team_capacity: Ints
    van_capacity: Ints
    place_capacity: Ints
    extras: tuple[tuple[Choice, ...], ...]
    least: tuple[Choice, ...]

    @property
    def self_option(self) -> int:
        """The option in which the team drives."""
        return len(self.problem.vans)

    @property
    def none_option(self) -> int:
        """The option without transport."""
        return len(self.problem.vans) + 1

    @property
    def no_team(self) -> int:
        """The team index that stands for none."""
        return len(self.problem.teams)

    @property
    def no_place(self) -> int:
        """The place index that stands for none."""
        return len(self.problem.places)

    def choice(self, request: int, option: int, team: int, place: int) -> Choice | None:
        """The bundle at its price, or None if it is not feasible."""
        for extra in self.extras[request]:
            if extra[1:4] == (option, team, place):
                return extra
        return self.plain(request, option, team, place)

    def plain(self, request: int, option: int, team: int, place: int) -> Choice | None:
        """The bundle as the sum of its sides, or None if it is not feasible."""
        cost = int(self.team_side[request, option, team] + self.place_side[request, option, place])
        fits = self.need[request, option, team] <= self.room[request, option, place]
        return Choice(request, option, team, place, cost) if fits and cost < FAR else None

    def bundle(self, choice: Choice) -> Bundle:
        """The choice in the words of the problem."""
        teams, vans, places = self.problem.teams, self.problem.vans, self.problem.places
        van = vans[choice.option].id if choice.option < len(vans) else None
        return Bundle(
            team=teams[choice.team].id if choice.team < len(teams) else None,
            van=SELF if choice.option == self.self_option else van,
            place=places[choice.place].id if choice.place < len(places) else None,
        )

    def find(self, request: int, bundle: Bundle) -> Choice | None:
        """The choice that a bundle of the problem's words names, if it exists and is feasible."""
        try:
            option, team, place = self._indices(bundle)
        except ValueError:
            return None
        return self.choice(request, option, team, place)

    def named(self, request: int, bundle: Bundle) -> Choice:
        """The choice that a bundle names; ValueError if the model has no such choice."""
        choice = self.find(request, bundle)
        if choice is None:
            raise ValueError(f"no such choice for {self.problem.requests[request].id}: {bundle}")
        return choice

    def _indices(self, bundle: Bundle) -> tuple[int, int, int]:
        teams: list[str | None] = [*(t.id for t in self.problem.teams), None]
        options: list[str | None] = [*(v.id for v in self.problem.vans), SELF, None]
        places: list[str | None] = [*(p.id for p in self.problem.places), None]
        return options.index(bundle.van), teams.index(bundle.team), places.index(bundle.place)


def stars_of(problem: Problem) -> Stars:
    """Price every side of every request. The problem should be `in_order`."""
    times = times_of(problem)
    faults = faults_of(problem, times)
    numbers = numbers_of(problem, times)
    may = _may(problem, faults)
    team_side, need = _team_sides(problem, numbers)
    place_side, room = _place_sides(problem, numbers)
    team_ok, place_ok = _allowed(problem, may)
    team_side, place_side = np.where(team_ok, team_side, FAR), np.where(place_ok, place_side, FAR)
    need[may.promised] = NEVER
    none: tuple[tuple[Choice, ...], ...] = ((),) * len(problem.requests)
    stars = Stars(
        problem, numbers, faults, team_side, place_side, need, room, *_capacities(problem), none, ()
    )
    _check_size(stars)
    everyone = range(len(problem.requests))
    stars = replace(stars, extras=tuple(_extras(stars, i) for i in everyone))
    return replace(stars, least=tuple(_least(stars, i) for i in everyone))


def items_of(stars: Stars, choice: Choice) -> dict[str, int]:
    """The components of a choice's price; they add up to it."""
    n, i = stars.numbers, choice.request
    request = stars.problem.requests[i]
    has_team = choice.team < stars.no_team
    has_place = choice.place < stars.no_place
    items: Items = {}
    if has_team:
        items |= team_items(n, i, choice.team)
    if has_place:
        items |= place_items(n, i, choice.place)
    if choice.option < stars.self_option:
        items |= van_items(n, i, choice.option, ready_s(stars, choice))
        items |= return_items(n, choice.option, choice.place) if has_place else {}
    elif choice.option == stars.self_option:
        items |= self_items(n, i, choice.place) if has_place else {}
    missing = missing_parts(stars, choice)
    if missing:
        dear = missing_items(n, i)
        items |= {f"missing_{part}": dear[f"missing_{part}"] for part in missing}
    whole_items = {name: int(cost) for name, cost in items.items() if cost}
    if stars.bundle(choice) == request.shown != EMPTY:
        whole_items["stability"] = -stability_item(n, i)
    return whole_items


def missing_parts(stars: Stars, choice: Choice) -> tuple[Part, ...]:
    """The parts that the request needs and does not get."""
    request = stars.problem.requests[choice.request]
    parts: list[Part] = []
    if request.needs_team and choice.team == stars.no_team:
        parts.append("team")
    if request.wants_van and choice.option == stars.none_option:
        parts.append("van")
    if request.wants_place and choice.place == stars.no_place:
        parts.append("place")
    return tuple(parts)


def ready_s(stars: Stars, choice: Choice) -> int:
    """When the person can be picked up, as far as the team is concerned."""
    times, i = stars.numbers.times, choice.request
    if choice.team < stars.no_team:
        return int(times.ready[i, choice.team])
    waits = stars.problem.requests[i].needs_team
    return int(times.onscene[i] + (times.horizon[i] if waits else 0))


@dataclass(frozen=True, slots=True, eq=False)
class _May:
    """Which parts a request may use: team (R, J + 1), option (R, V + 2), place (R, P + 1); who may
    drive the person (R, J + 1). Over (R, V + 2): `alone`, the option may be used although its
    team or place is missing; `promised`, option and place are locked, so no limit cuts them."""

    team: Bools
    option: Bools
    place: Bools
    drive: Bools
    alone: Bools
    promised: Bools


def _may(problem: Problem, faults: Faults) -> _May:
    requests = problem.requests
    whole_only = _column([r.all_or_nothing and r.locked is None for r in requests])
    needs_team = _column([r.needs_team for r in requests])
    wants_place = _column([r.wants_place for r in requests])
    wants_van = _column([r.wants_van for r in requests])
    by_self = wants_van & _column([r.allow_self_transport for r in requests])
    drivers = np.array([t.drives for t in problem.teams], dtype=np.bool_)
    seats = lacking([r.van_mask for r in requests], [t.van_mask for t in problem.teams])
    team = np.hstack([(faults.team == 0) & needs_team, ~(whole_only & needs_team)])
    option = np.hstack([(faults.van == 0) & wants_van, by_self, ~(whole_only & wants_van)])
    place = np.hstack([(faults.place == 0) & wants_place, ~(whole_only & wants_place)])
    drive = np.hstack([drivers[None, :] & ~seats, np.zeros_like(needs_team)])
    alone = np.zeros_like(option)
    alone[:, -1] = True
    may = _May(team, option, place, drive, alone, np.zeros_like(option))
    _apply_locks(problem, may)
    return may


def _column(values: list[bool]) -> Bools:
    return np.array(values, dtype=np.bool_).reshape(-1, 1)


def _apply_locks(problem: Problem, may: _May) -> None:
    """What is locked is the only choice, whatever its faults: a promise is never dropped."""
    teams: list[str | None] = [*(t.id for t in problem.teams), None]
    options: list[str | None] = [*(v.id for v in problem.vans), SELF, None]
    places: list[str | None] = [*(p.id for p in problem.places), None]
    for i, request in enumerate(problem.requests):
        lock = request.locked
        if lock is None:
            continue
        for allowed, part, names in (
            (may.team, lock.team, teams),
            (may.option, lock.van, options),
            (may.place, lock.place, places),
        ):
            if part != ANY:
                allowed[i] = [name == part for name in names]
        if lock.van not in (ANY, None):
            may.alone[i, options.index(lock.van)] = True
            may.promised[i, options.index(lock.van)] = lock.place != ANY
            may.drive[i] |= [lock.van == SELF and name == lock.team for name in teams]


def _team_sides(problem: Problem, n: Numbers) -> tuple[Ints, Ints]:
    requests, teams, vans = problem.requests, problem.teams, len(problem.vans)
    i = np.arange(len(requests))[:, None]
    missing = missing_items(n, i)
    alone = missing["missing_team"] * _column([r.needs_team for r in requests])
    team = np.hstack([_sum(team_items(n, i, np.arange(len(teams))[None, :])), alone])
    waits = n.times.horizon[:, None] * _column([r.needs_team for r in requests])
    ready = np.hstack([n.times.ready, waits + n.times.onscene[:, None]])[:, None, :]

    side = np.empty((len(requests), vans + 2, len(teams) + 1), dtype=np.int64)
    need = np.full(side.shape, NEVER, dtype=np.int64)
    van = _sum(van_items(n, i[:, :, None], np.arange(vans)[None, :, None], ready))
    side[:, :vans] = team[:, None, :] + van
    side[:, vans] = team
    side[:, vans + 1] = team + missing["missing_van"] * _column([r.wants_van for r in requests])

    end = whole([t.shift_end_s for t in teams]) + whole(problem.policy.overtime_grace_s)
    strict = n.first == 0
    need[:, :vans] = np.maximum(n.times.eta[:, :, None], ready)
    need[strict, vans, :-1] = (n.times.ready - end[None, :])[strict]
    return side, need


def _place_sides(problem: Problem, n: Numbers) -> tuple[Ints, Ints]:
    requests, places, vans = problem.requests, len(problem.places), len(problem.vans)
    i, p = np.arange(len(requests))[:, None], np.arange(places)[None, :]
    v = np.arange(vans)
    alone = missing_items(n, i)["missing_place"] * _column([r.wants_place for r in requests])
    place = np.hstack([_sum(place_items(n, i, p)), alone])

    side = np.repeat(place[:, None, :], vans + 2, axis=1)
    side[:, :vans, :-1] += _sum(return_items(n, v[:, None], p))[None, :, :]
    side[:, vans, :-1] += _sum(self_items(n, i, p))

    room = np.full(side.shape, ALWAYS, dtype=np.int64)
    end = whole([van.shift_end_s for van in problem.vans]) + whole(problem.policy.overtime_grace_s)
    ride = n.times.load[:, None] + n.times.go
    room[:, :vans, :-1] = (end[:, None] - n.times.home.T)[None, :, :] - ride[:, None, :]
    room[:, vans, :-1] = -n.times.go
    return side, room


def _allowed(problem: Problem, may: _May) -> tuple[Bools, Bools]:
    """Which sides exist: (R, O, J + 1) and (R, O, P + 1).

    To travel takes a team (where one is needed) and a place, unless the way to travel is locked;
    a van whose way home exceeds the horizon does not go there, unless that is locked.
    """
    vans = len(problem.vans)
    needs_team = _column([r.needs_team for r in problem.requests])
    team = may.team[:, None, :] & may.option[:, :, None]
    team[:, vans] &= may.drive
    team[:, :, -1] &= may.alone | ~needs_team
    place = may.place[:, None, :] & may.option[:, :, None]
    place[:, :, -1] &= may.alone
    near = whole(problem.policy.horizon_s) >= whole(problem.place_to_base).T
    place[:, :vans, :-1] &= near[None, :, :] | may.promised[:, :vans, None]
    return team, place


def _capacities(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """What can be given out; never less than what locks hold already (a promise stands)."""
    locks = [r.locked for r in problem.requests if r.locked is not None]

    def raised(free: dict[str, int], locked: list[str | None]) -> Ints:
        return np.array(
            [max(count, locked.count(name)) for name, count in free.items()], dtype=np.int64
        )

    return (
        raised({team.id: 1 for team in problem.teams}, [lock.team for lock in locks]),
        raised({van.id: 1 for van in problem.vans}, [lock.van for lock in locks]),
        raised({place.id: place.free for place in problem.places}, [lock.place for lock in locks]),
    )


def _extras(stars: Stars, i: int) -> tuple[Choice, ...]:
    """The bundles whose price is not the sum of their sides."""
    request = stars.problem.requests[i]
    extras = []
    if request.all_or_nothing and request.locked is None:
        empty = Choice(i, stars.none_option, stars.no_team, stars.no_place, 0)
        if stars.plain(*empty[:4]) is None:
            extras.append(empty._replace(cost=sum(items_of(stars, empty).values())))
    if request.shown not in (None, EMPTY):
        shown = stars.find(i, request.shown)
        if shown is not None:
            extras.append(shown._replace(cost=shown.cost - stability_item(stars.numbers, i)))
    return tuple(extras)


def _least(stars: Stars, i: int) -> Choice:
    lock = stars.problem.requests[i].locked
    if lock is None:
        empty = stars.choice(i, stars.none_option, stars.no_team, stars.no_place)
        return empty or stars.named(i, EMPTY)
    parts = (lock.team, lock.van, lock.place)
    return stars.named(i, Bundle(*(None if part == ANY else part for part in parts)))


def _check_size(stars: Stars) -> None:
    """Refuse a problem whose dearest plan would not stay exact."""
    sides = [side[side < FAR] for side in (stars.team_side, stars.place_side)]
    dearest = sum(int(side.max(initial=0)) for side in sides)
    if dearest >= FAR or dearest * len(stars.problem.requests) >= LARGEST_TOTAL:
        raise InvalidProblemError("costs too large to stay exact")


def _sum(items: Items) -> Ints:
    total: Ints = np.sum(np.broadcast_arrays(*items.values()), axis=0)
    return total
