"""The variables: every bundle of every request, priced by the factors of `sides.py`.

Around one *option* (a van, SELF, or no transport) a request's bundles form a star: teams on one
side, places on the other. Costs add up, and what joins both sides is one comparison, the end of a
shift. The few bundles whose price does not add up (the shown one is cheaper; the empty one of a
request that wants all or nothing) are listed as extras.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optimizer.costs import (
    Items,
    Numbers,
    approach_items,
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
from optimizer.problem import ANY, EMPTY, SELF, Bundle, InvalidProblemError, Problem, Request
from optimizer.sides import EXTRAS, FAR, Sides, compact, price

LARGEST_TOTAL = 2**50
"""The dearest conceivable plan must stay exact in 64 bits, in grains."""


class Choice(NamedTuple):
    """A priced bundle, by index."""

    request: int
    option: int
    team: int
    place: int
    cost: int


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """The model. Capacities (J,), (V,), (P,): raised where locks together take more than there is.
    `least`: the choice of each request that is always possible, nothing or only what is locked.
    """

    problem: Problem
    numbers: Numbers
    faults: Faults
    sides: Sides
    team_capacity: Ints
    van_capacity: Ints
    place_capacity: Ints
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
        cost = price.py_func(self.sides, request, option, team, place)
        return Choice(request, option, team, place, cost) if cost < FAR else None

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
    """Price every part of every bundle. The problem should be `in_order`."""
    times = times_of(problem)
    faults = faults_of(problem, times)
    numbers = numbers_of(problem, times)
    sides = _sides(problem, numbers, faults)
    _check_size(problem, sides)
    stars = Stars(problem, numbers, faults, sides, *_capacities(problem), ())
    for i, request in enumerate(problem.requests):
        for e, extra in enumerate(_extras(stars, i, request)):
            sides.extra_bundle[i, e] = extra[1:4]
            sides.extra_cost[i, e] = extra.cost
    return replace(stars, least=tuple(_least(stars, i) for i in range(len(problem.requests))))


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


def _sides(problem: Problem, n: Numbers, faults: Faults) -> Sides:
    """Every part's price and moment, with FAR where it may not be used."""
    requests, teams, policy = problem.requests, problem.teams, problem.policy
    may = _may(problem, faults)
    i = np.arange(len(requests))[:, None]
    v, p = np.arange(len(problem.vans)), np.arange(len(problem.places))
    needs_team = _column([r.needs_team for r in requests])
    wants_van = _column([r.wants_van for r in requests])
    wants_place = _column([r.wants_place for r in requests])
    missing = missing_items(n, i)
    team = np.hstack(
        [_sum(team_items(n, i, np.arange(len(teams)))), missing["missing_team"] * needs_team]
    )
    place = np.hstack([_sum(place_items(n, i, p)), missing["missing_place"] * wants_place])
    unready = n.times.horizon[:, None] * needs_team + n.times.onscene[:, None]
    grace = whole(policy.overtime_grace_s)
    return compact(
        team=np.where(may.team, team, FAR),
        ready=np.hstack([n.times.ready, unready]),
        drives=may.drive,
        place=np.where(may.place, place, FAR),
        go=n.times.go,
        self_drive=_sum(self_items(n, i, p)),
        approach=approach_items(n, i, v)["van_approach"],
        eta=n.times.eta,
        home=whole(problem.place_to_base).T,
        way_home=_sum(return_items(n, v[:, None], p)),
        van_end=whole([van.shift_end_s for van in problem.vans]) + grace,
        team_end=whole([t.shift_end_s for t in teams]) + grace,
        option=may.option,
        alone=may.alone,
        promised=may.promised,
        wait=round(policy.van_wait_weighted * 1000) * n.weight,
        no_van=(missing["missing_van"] * wants_van)[:, 0],
        load=n.times.load,
        strict=n.first == 0,
        needs_team=needs_team[:, 0],
        extra_bundle=np.full((len(requests), EXTRAS, 3), -1, dtype=np.int64),
        extra_cost=np.zeros((len(requests), EXTRAS), dtype=np.int64),
        idle=round(policy.van_idle * 1000),
        horizon=int(whole(policy.horizon_s)),
    )


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


def _extras(stars: Stars, i: int, request: Request) -> list[Choice]:
    """The bundles whose price is not the sum of their parts."""
    extras = []
    if request.all_or_nothing and request.locked is None:
        empty = Choice(i, stars.none_option, stars.no_team, stars.no_place, 0)
        if stars.choice(*empty[:4]) is None:
            extras.append(empty._replace(cost=sum(items_of(stars, empty).values())))
    if request.shown not in (None, EMPTY):
        shown = stars.find(i, request.shown)
        if shown is not None:
            extras.append(shown._replace(cost=shown.cost - stability_item(stars.numbers, i)))
    return extras


def _least(stars: Stars, i: int) -> Choice:
    lock = stars.problem.requests[i].locked
    if lock is None:
        empty = stars.choice(i, stars.none_option, stars.no_team, stars.no_place)
        return empty or stars.named(i, EMPTY)
    parts = (lock.team, lock.van, lock.place)
    return stars.named(i, Bundle(*(None if part == ANY else part for part in parts)))


def _check_size(problem: Problem, sides: Sides) -> None:
    """Refuse a problem whose dearest plan would not stay exact."""
    latest = max(int(sides.ready.max(initial=0)), int(sides.eta.max(initial=0)))
    waiting = max(int(sides.wait.max(initial=0)), sides.idle) * latest // 6000 + 1
    parts = (
        sides.team,
        sides.place,
        sides.approach,
        sides.way_home,
        sides.self_drive,
        sides.no_van,
    )
    dearest = waiting + sum(int(part[part < FAR].max(initial=0)) for part in parts)
    if dearest >= FAR or dearest * len(problem.requests) >= LARGEST_TOTAL:
        raise InvalidProblemError("costs too large to stay exact")


def _sum(items: Items) -> Ints:
    total: Ints = np.sum(np.broadcast_arrays(*items.values()), axis=0)
    return total
