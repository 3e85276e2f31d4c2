"""The variables: every bundle of every request, priced by the factors of `sides.py`.

Around one *option* (a van, SELF, or no transport) a request's bundles form a star: teams on one
side, places on the other. Costs add up, and what joins both sides is one comparison, the end of a
shift. The few bundles whose price does not add up (the shown one is cheaper; the empty one of a
request that wants all or nothing) are listed as extras.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.costs import Numbers, priced, stability_item
from optimizer.eligibility import FAR_S, Fault, Faults, Flags, Ints, Times, whole
from optimizer.engine import Engine, engine
from optimizer.given import OPEN, Given, Index, Names, Rates
from optimizer.pairs import PlaceSide, RideSide, TeamSide, VanSide
from optimizer.problem import SELF, Bundle, InvalidProblemError, Problem, Seconds
from optimizer.remembered import NEVER
from optimizer.sides import EXTRAS, FAR, GRID, Bundles, Sides, price

Array = NDArray[np.int64] | NDArray[np.float64]

LARGEST_TOTAL = 2**50
"""The dearest conceivable plan must stay exact in 64 bits, in grains."""


class Choice(NamedTuple):
    """A priced bundle, by index."""

    request: int
    option: int
    team: int
    place: int
    cost: int


class Homes(NamedTuple):
    """The way home from each place to each van's base: seconds, the horizon where there is no way
    (P, V); seconds, FAR_S where there is none, and what it costs (V, P); the dearest of them."""

    bounded: Ints
    seconds: Ints
    cost: Ints
    dearest: int


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """The model. Capacities (J,), (V,), (P,): raised where locks together take more than there is.
    `missing` (3, R): what each request pays without a team, a van, a place that it needs.
    `least_bundles` (R, 4) and `least_costs` (R,): the choice of each request that is always
    possible, nothing or only what is locked.
    """

    problem: Problem
    given: Given
    rides: RideSide
    homes: Homes
    numbers: Numbers
    faults: Faults
    sides: Sides
    missing: Ints
    team_capacity: Ints
    van_capacity: Ints
    place_capacity: Ints
    least_bundles: Bundles
    least_costs: Ints

    @property
    def least(self) -> tuple[Choice, ...]:
        """The choice of each request that is always possible."""
        rows = zip(*self.least_bundles.T.tolist(), self.least_costs.tolist(), strict=True)
        return tuple(map(Choice._make, rows))

    @property
    def names(self) -> Names:
        """The index of every part."""
        return self.given.names

    @property
    def place_cost(self) -> Ints:
        """What each place by itself would cost (R, P), whether it may be used or not."""
        return self.rides.cost

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


def stars_of(problem: Problem, before: Stars | None = None, way: Engine | None = None) -> Stars:
    """Price every part of every bundle. The problem should be `in_order`.

    What is the same as `before`, the rides and ways home mostly, is not computed again. `way`: to
    compute, the one in use if none is given.
    """
    way = way or engine()
    given = Given.of(problem, None if before is None else before.given)
    requests, rates = given.requests, given.rates
    missing = way.missing(requests, rates)
    team = _team_side(way, problem, given, missing[0])
    van = _van_side(way, problem, given)
    homes = _homes(problem, rates, before)
    rides, preference = _rides(way, problem, given, before)
    faults = Faults(team.faults, van.faults, _place_faults(given, rides, before))
    place = way.place_side(requests, rides.cost, faults.place, missing[2])
    times = Times(
        team.drive, team.arrival, van.eta, van.approach, rides.go, homes.bounded,
        requests.horizon, requests.onscene, requests.load,
    )  # fmt: skip
    numbers = Numbers(rates, times, requests, given.teams, preference)
    near = _nearest(problem, rides.cost, before)
    sides = _sides(given, missing[1], team, van, rides, homes, place, near)
    _check_size(sides, (team, van, rides, homes, place), max(team.latest, van.latest))
    _add_extras(way, given, numbers, sides, missing.sum(axis=0))
    capacities, least = _capacities(given, before), _least(way, given, sides, before)
    return Stars(problem, given, rides, homes, numbers, faults, sides, missing, *capacities, *least)


def _team_side(way: Engine, problem: Problem, given: Given, no_team: Ints) -> TeamSide:
    excluded = given.exclusions(given.names.teams, len(problem.teams))
    drive_s = _rows(problem.team_to_request.T)
    return way.team_side(given.requests, given.teams, given.rates, drive_s, no_team, excluded)


def _van_side(way: Engine, problem: Problem, given: Given) -> VanSide:
    excluded = given.exclusions(given.names.options, len(problem.vans))
    approach_s = _rows(problem.van_to_request.T)
    return way.van_side(given.requests, given.vans, given.rates, approach_s, excluded)


def _rows(seconds: Seconds) -> Seconds:
    """One row a request, in one piece and not to be written to, as the compiled loops know it."""
    rows = np.ascontiguousarray(seconds)
    rows.flags.writeable = False
    return rows


def _homes(problem: Problem, rates: Rates, before: Stars | None) -> Homes:
    """The ways home, as before if they are the same."""
    if (
        before is not None
        and before.given.rates == rates
        and _same(before.problem.place_to_base, problem.place_to_base)
    ):
        return before.homes
    seconds = np.ascontiguousarray(whole(problem.place_to_base).T)
    bounded = np.where(seconds >= FAR_S, rates.horizon_s, seconds)
    cost = priced(rates.van_return, bounded)
    return Homes(bounded.T, seconds, cost, int(cost.max(initial=0)))


def _same(a: Array, b: Array) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=True)


def _rides(
    way: Engine, problem: Problem, given: Given, before: Stars | None
) -> tuple[RideSide, Ints]:
    """The rides to every place and what is preferred, as before if they are the same."""
    if before is not None and _same_rides(before, problem, given):
        return before.rides, before.numbers.preference
    preference = given.preference()
    excluded = given.exclusions(given.names.places, len(problem.places))
    go_s = _rows(problem.request_to_place)
    given_rides = (given.requests, given.places, given.rates, go_s, preference, excluded)
    return way.ride_side(*given_rides), preference


def _same_rides(before: Stars, problem: Problem, given: Given) -> bool:
    """Whether no price or fault of a place can differ, but for how full it is."""
    old = before.given
    return (
        old.rates == given.rates
        and old.names.places is given.names.places
        and old.excluded == given.excluded
        and old.preferences == given.preferences
        and all(map(_same, old.places[1:], given.places[1:]))
        and _same(old.requests.weight, given.requests.weight)
        and _same(old.requests.kind, given.requests.kind)
        and _same(old.requests.place_need, given.requests.place_need)
        and _same(before.problem.request_to_place, problem.request_to_place)
    )


def _place_faults(given: Given, rides: RideSide, before: Stars | None) -> Flags:
    """The faults of the rides, and which places are full."""
    full = given.places.free == 0
    if (
        before is not None
        and before.rides is rides
        and np.array_equal(before.given.places.free == 0, full)
    ):
        return before.faults.place
    faults: Flags = rides.faults | full * np.uint16(Fault.FULL.value)
    return faults


def _sides(
    given: Given, no_van: Ints, team: TeamSide, van: VanSide, rides: RideSide, homes: Homes,
    place: PlaceSide, near: Ints,
) -> Sides:  # fmt: skip
    requests, rates, count = given.requests, given.rates, len(no_van)
    return Sides(
        team=team.cost,
        ready=team.ready,
        drives=team.drives,
        place=place.cost,
        near=near,
        placed=place.placed,
        go=rides.go,
        self_drive=rides.self_drive,
        approach=van.cost,
        eta=van.eta,
        home=homes.seconds,
        way_home=homes.cost,
        van_end=given.vans.end,
        team_end=given.teams.end,
        option=van.option,
        alone=given.alone,
        promised=given.promised,
        wait=rates.van_wait_weighted * requests.weight,
        no_van=no_van,
        load=requests.load,
        strict=~requests.first,
        needs_team=requests.needs_team,
        extra_bundle=np.full((count, EXTRAS, 3), -1, dtype=np.int64),
        extra_cost=np.zeros((count, EXTRAS), dtype=np.int64),
        idle=rates.van_idle,
        horizon=rates.horizon_s,
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


def _capacities(given: Given, before: Stars | None) -> tuple[Ints, Ints, Ints]:
    """What can be given out; never less than what locks hold already (a promise stands)."""
    option, team, place = given.requests.lock.T
    places = _raised(given.places.free, place)
    if before is not None and before.given.requests.lock is given.requests.lock:
        return before.team_capacity, before.van_capacity, places
    teams = _raised(np.ones_like(given.teams.release), team)
    return teams, _raised(np.ones_like(given.vans.release), option), places


def _raised(free: Ints, locked: Ints) -> Ints:
    held = locked[locked != OPEN]
    if not len(held):
        return free
    return np.maximum(free, np.bincount(held, minlength=len(free))[: len(free)])


def _check_size(
    sides: Sides, parts: tuple[TeamSide, VanSide, RideSide, Homes, PlaceSide], latest: int
) -> None:
    """Refuse a problem whose dearest plan would not stay exact."""
    count = len(sides.wait)
    if not count:
        return
    waiting = max(int(sides.wait.max()), sides.idle) * latest // 6000 + 1
    dearest = waiting + int(sides.no_van.max()) + sum(part.dearest for part in parts)
    if GRID * dearest >= NEVER // 4 or dearest * count >= LARGEST_TOTAL:
        raise InvalidProblemError("costs too large to stay exact")


def _add_extras(way: Engine, given: Given, n: Numbers, sides: Sides, nothing: Ints) -> None:
    """The bundles whose price is not the sum of their parts: the empty one of a request that wants
    all or nothing, and the one on the consoles, if it is still possible."""
    whole_only = given.requests.whole
    sides.extra_bundle[whole_only, 0] = given.names.none
    sides.extra_cost[whole_only, 0] = nothing[whole_only]
    costs = way.costs_of(sides, given.shown)
    fits = costs < FAR
    bundles, costs = given.shown[fits], costs[fits]
    rows = bundles[:, 0]
    sides.extra_bundle[rows, 1] = bundles[:, 1:]
    sides.extra_cost[rows, 1] = costs - stability_item(n)[rows]


def _least(way: Engine, given: Given, sides: Sides, before: Stars | None) -> tuple[Bundles, Ints]:
    """Nothing, or only what is locked, and what it costs."""
    lock = given.requests.lock
    if before is not None and before.given.requests.lock is lock:
        bundles = before.least_bundles
    else:
        parts = np.where(lock == OPEN, given.names.none, lock)
        bundles = np.column_stack([np.arange(len(parts)), parts])
    costs = way.costs_of(sides, bundles)
    if costs.max(initial=0) >= FAR:
        raise ValueError("the empty bundle, or what is locked, is always possible")
    return bundles, costs
