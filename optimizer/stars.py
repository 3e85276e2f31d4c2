"""The variables: every bundle of every request, priced by the factors of `sides.py`.

Around one *option* (a van, SELF, or no transport) a request's bundles form a star: teams on one
side, places on the other. Costs add up, and what joins both sides is one comparison, the end of a
shift. The few bundles whose price does not add up (the shown one is cheaper; the empty one of a
request that wants all or nothing) are listed as extras.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from optimizer.costs import (
    Items,
    Numbers,
    approach_items,
    missing_items,
    numbers_of,
    place_prices,
    return_items,
    self_items,
    stability_item,
    team_prices,
)
from optimizer.eligibility import Bools, Faults, Ints, Times, faults_of, lacking, times_of, whole
from optimizer.engine import engine
from optimizer.problem import (
    ANY,
    SELF,
    Bundle,
    InvalidProblemError,
    Place,
    Problem,
    Request,
    Seconds,
)
from optimizer.remembered import NEVER
from optimizer.sides import EXTRAS, FAR, GRID, Sides, compact, price

LARGEST_TOTAL = 2**50
"""The dearest conceivable plan must stay exact in 64 bits, in grains."""


class Choice(NamedTuple):
    """A priced bundle, by index."""

    request: int
    option: int
    team: int
    place: int
    cost: int


Index = dict[str | None, int]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The index of every part of a bundle; None is "none"."""

    options: Index
    teams: Index
    places: Index

    @staticmethod
    def of(problem: Problem) -> "Names":
        """In the order of the problem."""
        return Names(
            _index([*(v.id for v in problem.vans), SELF, None]),
            _index([*(t.id for t in problem.teams), None]),
            _index([*(p.id for p in problem.places), None]),
        )

    def find(self, bundle: Bundle) -> tuple[int, int, int] | None:
        """Option, team and place of a bundle; None if one is unknown."""
        option, team = self.options.get(bundle.van), self.teams.get(bundle.team)
        place = self.places.get(bundle.place)
        if option is None or team is None or place is None:
            return None
        return option, team, place


def _index(names: list[str | None]) -> Index:
    return {name: k for k, name in enumerate(names)}


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """The model. Capacities (J,), (V,), (P,): raised where locks together take more than there is.
    `place_cost` (R, P) is what each place by itself would cost, whether it may be used or not;
    `missing` (3, R) what each request pays without a team, a van, a place that it needs.
    `least`: the choice of each request that is always possible, nothing or only what is locked.
    """

    problem: Problem
    times: Times
    numbers: Numbers
    faults: Faults
    sides: Sides
    names: Names
    place_cost: Ints
    missing: Ints
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

    def beside_locks(self, requests: Iterable[int]) -> "Stars":
        """The same model without what the locks of these requests hold."""
        locks = [lock for i in requests if (lock := self.problem.requests[i].locked) is not None]
        if not locks:
            return self

        def rest(capacity: Ints, index: Index, held: Iterable[str | None]) -> Ints:
            taken = [k for name in held if (k := index.get(name)) is not None and k < len(capacity)]
            return capacity - np.bincount(taken, minlength=len(capacity)).astype(np.int64)

        return replace(
            self,
            team_capacity=rest(self.team_capacity, self.names.teams, (one.team for one in locks)),
            van_capacity=rest(self.van_capacity, self.names.options, (one.van for one in locks)),
            place_capacity=rest(
                self.place_capacity, self.names.places, (one.place for one in locks)
            ),
        )

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
        parts = self.names.find(bundle)
        return None if parts is None else self.choice(request, *parts)

    def named(self, request: int, bundle: Bundle) -> Choice:
        """The choice that a bundle names; ValueError if the model has no such choice."""
        choice = self.find(request, bundle)
        if choice is None:
            raise ValueError(f"no such choice for {self.problem.requests[request].id}: {bundle}")
        return choice


def stars_of(problem: Problem, before: Stars | None = None) -> Stars:
    """Price every part of every bundle. The problem should be `in_order`.

    What is the same as `before`, the rides and ways home mostly, is not computed again.
    """
    last = before
    if before is not None and not _same_places(before.problem, problem):
        before = None
    times = times_of(problem, None if before is None else before.times)
    faults = faults_of(problem, times, None if before is None else before.faults)
    numbers = numbers_of(problem, times, None if before is None else before.numbers)
    names = Names.of(problem)
    missing = _missing(problem, numbers)
    place_cost = place_prices(numbers) if before is None else before.place_cost
    may = _may(problem, faults, names)
    near = _nearest(problem, place_cost, last)
    sides = _sides(problem, numbers, may, missing, place_cost, near, before)
    _check_size(problem, sides)
    _add_extras(problem, numbers, sides, names, missing.sum(axis=0))
    capacities = _capacities(problem)
    stars = Stars(
        problem, times, numbers, faults, sides, names, place_cost, missing, *capacities, ()
    )
    return replace(stars, least=_least(stars))


def _same_places(old: Problem, new: Problem) -> bool:
    """Whether no price or fault of a place can differ, nor a way home."""
    return (
        old.policy == new.policy
        and len(old.requests) == len(new.requests)
        and len(old.places) == len(new.places)
        and all(map(_same_place, old.places, new.places))
        and all(map(_same_wish, old.requests, new.requests))
        and [van.id for van in old.vans] == [van.id for van in new.vans]
        and _same_times(old.request_to_place, new.request_to_place)
        and _same_times(old.place_to_base, new.place_to_base)
    )


def _same_times(a: Seconds, b: Seconds) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=True)


def _same_place(a: Place, b: Place) -> bool:
    return a is b or (a.id, a.mask, a.kind, a.penalty_s) == (b.id, b.mask, b.kind, b.penalty_s)


def _same_wish(a: Request, b: Request) -> bool:
    return (
        a.id == b.id
        and a.weight == b.weight
        and a.place_mask == b.place_mask
        and a.place_kind == b.place_kind
        and a.place_preference_s == b.place_preference_s
        and a.excluded == b.excluded
    )


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


def _may(problem: Problem, faults: Faults, names: Names) -> _May:
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
    _apply_locks(problem, names, may)
    return may


def _column(values: list[bool]) -> Bools:
    return np.array(values, dtype=np.bool_).reshape(-1, 1)


def _apply_locks(problem: Problem, names: Names, may: _May) -> None:
    """What is locked is the only choice, whatever its faults: a promise is never dropped."""
    for i, request in enumerate(problem.requests):
        lock = request.locked
        if lock is None:
            continue
        for allowed, part, index in (
            (may.team, lock.team, names.teams),
            (may.option, lock.van, names.options),
            (may.place, lock.place, names.places),
        ):
            if part != ANY:
                allowed[i] = False
                allowed[i, index[part]] = True
        if lock.van not in (ANY, None):
            option = names.options[lock.van]
            may.alone[i, option] = True
            may.promised[i, option] = lock.place != ANY
            if lock.van == SELF:
                may.drive[i, names.teams[lock.team]] = True


def _missing(problem: Problem, n: Numbers) -> Ints:
    """What each request pays without a team, a van, a place (3, R); 0 for what it does not need."""
    requests = problem.requests
    missing = missing_items(n, np.arange(len(requests)))
    return np.stack(
        [
            missing["missing_team"] * [r.needs_team for r in requests],
            missing["missing_van"] * [r.wants_van for r in requests],
            missing["missing_place"] * [r.wants_place for r in requests],
        ]
    )


def _sides(
    problem: Problem, n: Numbers, may: _May, missing: Ints, place_cost: Ints, near: Ints,
    before: Stars | None,
) -> Sides:  # fmt: skip
    """Every part's price and moment, with FAR where it may not be used."""
    requests, policy = problem.requests, problem.policy
    every = np.s_[:]
    needs_team = _column([r.needs_team for r in requests])
    no_team, no_van, no_place = missing
    team = np.hstack([team_prices(n), no_team[:, None]])
    place = np.hstack([place_cost, no_place[:, None]])
    unready = n.times.horizon[:, None] * needs_team + n.times.onscene[:, None]
    grace = whole(policy.overtime_grace_s)
    return compact(
        team=np.where(may.team, team, FAR),
        ready=np.hstack([n.times.ready, unready]),
        drives=may.drive,
        place=np.where(may.place, place, FAR),
        near=near,
        placed=may.place[:, :-1].any(axis=1),
        go=n.times.go,
        self_drive=_sum(self_items(n, every, every)) if before is None else before.sides.self_drive,
        approach=_sum(approach_items(n, every, every)),
        eta=n.times.eta,
        home=whole(problem.place_to_base).T if before is None else before.sides.home,
        way_home=_sum(return_items(n, every, every)).T if before is None else before.sides.way_home,
        van_end=whole([van.shift_end_s for van in problem.vans]) + grace,
        team_end=whole([t.shift_end_s for t in problem.teams]) + grace,
        option=may.option,
        alone=may.alone,
        promised=may.promised,
        wait=round(policy.van_wait_weighted * 1000) * n.weight,
        no_van=no_van,
        load=n.times.load,
        strict=n.first == 0,
        needs_team=needs_team[:, 0],
        extra_bundle=np.full((len(requests), EXTRAS, 3), -1, dtype=np.int64),
        extra_cost=np.zeros((len(requests), EXTRAS), dtype=np.int64),
        idle=round(policy.van_idle * 1000),
        horizon=int(whole(policy.horizon_s)),
    )


def _nearest(problem: Problem, place_cost: Ints, before: Stars | None) -> Ints:
    """The places of each request by what they cost, cheapest first (R, P)."""
    if before is None or not before.problem.requests:
        return _sorted(place_cost)
    if before.place_cost.shape[1:] != place_cost.shape[1:]:
        return _sorted(place_cost)
    if before.place_cost is place_cost:
        return before.sides.near
    at = {request.id: k for k, request in enumerate(before.problem.requests)}
    known = np.array([at.get(request.id, -1) for request in problem.requests], dtype=np.int64)
    same = (known >= 0) & (before.place_cost[known] == place_cost).all(axis=1)
    near = before.sides.near[known]
    near[~same] = _sorted(place_cost[~same])
    return near


def _sorted(costs: Ints) -> Ints:
    order: Ints = np.argsort(costs, axis=1, kind="stable").astype(np.int32)
    return order


def _capacities(problem: Problem) -> tuple[Ints, Ints, Ints]:
    """What can be given out; never less than what locks hold already (a promise stands)."""
    locks = [r.locked for r in problem.requests if r.locked is not None]

    def raised(free: dict[str, int], locked: list[str | None]) -> Ints:
        held = Counter(locked)
        return np.array([max(count, held[name]) for name, count in free.items()], dtype=np.int64)

    return (
        raised({team.id: 1 for team in problem.teams}, [lock.team for lock in locks]),
        raised({van.id: 1 for van in problem.vans}, [lock.van for lock in locks]),
        raised({place.id: place.free for place in problem.places}, [lock.place for lock in locks]),
    )


def _add_extras(problem: Problem, n: Numbers, sides: Sides, names: Names, nothing: Ints) -> None:
    """The bundles whose price is not the sum of their parts: the empty one of a request that wants
    all or nothing, and the one on the consoles, if it is still possible."""
    none = (len(problem.vans) + 1, len(problem.teams), len(problem.places))
    shown = []
    for i, request in enumerate(problem.requests):
        if request.all_or_nothing and request.locked is None:
            sides.extra_bundle[i, 0], sides.extra_cost[i, 0] = none, nothing[i]
        bundle = request.shown
        if bundle is None or (bundle.team is bundle.van is bundle.place is None):
            continue
        if (parts := names.find(bundle)) is not None:
            shown.append((i, *parts))
    bundles = np.array(shown, dtype=np.int64).reshape(-1, 4)
    costs = engine().costs_of(sides, bundles)
    bundles, costs = bundles[costs < FAR], costs[costs < FAR]
    rows = bundles[:, 0]
    sides.extra_bundle[rows, 1] = bundles[:, 1:]
    sides.extra_cost[rows, 1] = costs - stability_item(n)[rows]


def _least(stars: Stars) -> tuple[Choice, ...]:
    """Nothing, or only what is locked."""
    count = len(stars.problem.requests)
    parts = (stars.none_option, stars.no_team, stars.no_place)
    bundles = np.column_stack([np.arange(count), *(np.full(count, part) for part in parts)])
    for i, request in enumerate(stars.problem.requests):
        lock = request.locked
        if lock is not None:
            kept = (None if part == ANY else part for part in (lock.team, lock.van, lock.place))
            bundles[i, 1:] = stars.names.find(Bundle(*kept))
    costs = engine().costs_of(stars.sides, bundles)
    if (costs >= FAR).any():
        raise ValueError("the empty bundle, or what is locked, is always possible")
    rows = zip(*bundles.T.tolist(), costs.tolist(), strict=True)
    return tuple(Choice(i, o, j, p, cost) for i, o, j, p, cost in rows)


def _check_size(problem: Problem, sides: Sides) -> None:
    """Refuse a problem whose dearest plan would not stay exact."""
    if not problem.requests:
        return
    latest = max(int(sides.ready.max(initial=0)), int(sides.eta.max(initial=0)))
    waiting = max(int(sides.wait.max(initial=0)), sides.idle) * latest // 6000 + 1
    dearest = waiting + sum(int((part % FAR).max(initial=0)) for part in (sides.team, sides.place))
    always = (sides.approach, sides.way_home, sides.self_drive, sides.no_van)
    dearest += sum(int(part.max(initial=0)) for part in always)
    if GRID * dearest >= NEVER // 4 or dearest * len(problem.requests) >= LARGEST_TOTAL:
        raise InvalidProblemError("costs too large to stay exact")


def _sum(items: Items) -> Ints:
    total: Ints = np.sum(np.broadcast_arrays(*items.values()), axis=0)
    return total
