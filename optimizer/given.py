"""What a problem says of its parts: every field that counts, read once, as arrays.

All times are whole seconds. A compiled loop takes a kind as it is.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import count, repeat
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Bools, Fault, Flags, Ints, limbs, limbs_of
from optimizer.plan import Part
from optimizer.problem import SELF, Bundle, Place, Policy, Problem, Request, Team, Van

OPEN = -1
"""A part that no lock fixes."""
KINDS = {"any": 0, "bed": 1, "slot": 2}

_VAN, _TEAM, _PLACE = attrgetter("van"), attrgetter("team"), attrgetter("place")
_SHOWN, _MASK = attrgetter("shown"), attrgetter("mask")

Index = dict[str | None, int]
Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """The index of every part of a bundle; None is "none"."""

    options: Index
    teams: Index
    places: Index

    @staticmethod
    def of(problem: Problem, before: "Names | None" = None) -> "Names":
        """In the order of the problem; `before`, or an index of it, where that is the same."""
        old = before or Names({}, {}, {})
        names = Names(
            _index([*(v.id for v in problem.vans), SELF, None], old.options),
            _index([*(t.id for t in problem.teams), None], old.teams),
            _index([*(p.id for p in problem.places), None], old.places),
        )
        same = (
            names.options is old.options and names.teams is old.teams and names.places is old.places
        )
        return old if same else names

    def find(self, bundle: Bundle) -> tuple[int, int, int] | None:
        """Option, team and place of a bundle; None if one is unknown."""
        option, team = self.options.get(bundle.van), self.teams.get(bundle.team)
        place = self.places.get(bundle.place)
        if option is None or team is None or place is None:
            return None
        return option, team, place

    def find_all(self, bundles: Sequence[Bundle], parts: Ints) -> None:
        """Write option, team and place of each bundle (n, 3); OPEN where it is ANY or unknown."""
        kinds = (_VAN, self.options), (_TEAM, self.teams), (_PLACE, self.places)
        for column, (part, index) in enumerate(kinds):
            found = map(index.get, map(part, bundles), repeat(OPEN))
            parts[:, column] = np.fromiter(found, np.int64, len(bundles))

    @property
    def none(self) -> Ints:
        """Option, team and place of the bundle without any."""
        return np.array([self.options[None], self.teams[None], self.places[None]])


def _index(names: list[str | None], before: Index) -> Index:
    return before if list(before) == names else dict(zip(names, count(), strict=False))


class Rates(NamedTuple):
    """The policy in whole numbers, under its own names: factors in thousandths, seconds whole."""

    lateness_factor: int
    patience_factor: int
    team_approach: int
    place_drive_weighted: int
    place_drive: int
    van_wait_weighted: int
    van_idle: int
    van_approach: int
    van_return: int
    self_drive: int
    overtime_factor: int
    stability_s: int
    surcharge_s: int
    overtime_grace_s: int
    horizon_s: int
    max_van_drive_s: int
    max_place_drive_s: int
    max_penalty_s: int

    @staticmethod
    def of(policy: Policy) -> "Rates":
        """Seconds half to even, as all times; factors to a thousandth."""
        return Rates(
            *(
                round(getattr(policy, name) * (1 if name.endswith("_s") else 1000))
                for name in Rates._fields
            )
        )


class Requests(NamedTuple):
    """R requests, (R,) each; needs (L, R) are masks in limbs.

    `soft`: what an unmet wish costs; `horizon`: how far ahead arrivals count; `farthest`: the
    longest drive of a team. `first`: of rank 0; `by_self`: a team may drive this person; `whole`:
    all or nothing, and nothing is locked. `lock` (R, 3): option, team and place that a lock fixes,
    or OPEN; `driver`: the team that drives by a lock, or OPEN. `kind`: of the place, in `KINDS`.
    """

    weight: Ints
    waited: Ints
    target: Ints
    onscene: Ints
    load: Ints
    soft: Ints
    horizon: Ints
    farthest: Ints
    first: Bools
    needs_team: Bools
    wants_van: Bools
    wants_place: Bools
    by_self: Bools
    whole: Bools
    kind: Ints
    lock: Ints
    driver: Ints
    team_need: Ints
    soft_need: Ints
    van_need: Ints
    place_need: Ints


class Teams(NamedTuple):
    """J teams, (J,) each: when they are free, their last moment of work, what choosing one costs,
    whether it drives; what it offers and what its car offers (L, J), in limbs."""

    release: Ints
    end: Ints
    penalty: Ints
    drives: Bools
    offer: Ints
    car: Ints


class Vans(NamedTuple):
    """V vans, (V,) each: when they are free, their last moment of work; what they offer (L, V)."""

    release: Ints
    end: Ints
    offer: Ints


class Places(NamedTuple):
    """P places, (P,) each: units to give out, what choosing one costs, its kind in `KINDS`; what
    it offers (L, P)."""

    free: Ints
    penalty: Ints
    kind: Ints
    offer: Ints


class Lasting(NamedTuple):
    """All that a problem says but for what passes with time or by plans (`Given.later`), one row a
    part: while it is the same, most arrays are."""

    policy: Policy
    requests: Rows
    teams: Rows
    vans: Rows
    places: Rows

    @staticmethod
    def of(problem: Problem) -> "Lasting":
        """Read it."""
        return Lasting(
            problem.policy,
            list(map(_OF_REQUEST, problem.requests)),
            list(map(_OF_TEAM, problem.teams)),
            list(map(_OF_VAN, problem.vans)),
            list(map(_OF_PLACE, problem.places)),
        )


def _all_but(kind: type, *passing: str) -> "attrgetter[tuple[object, ...]]":
    return attrgetter(*(field.name for field in fields(kind) if field.name not in passing))


_OF_REQUEST = _all_but(Request, "waited_s", "shown")
_OF_TEAM = _all_but(Team, "release_s", "shift_end_s")
_OF_VAN = _all_but(Van, "release_s", "shift_end_s")
_OF_PLACE = _all_but(Place, "free")


class Given(NamedTuple):
    """A problem in arrays; `shown` (n, 4): request, option, team, place of what the consoles show
    and the problem still knows. The requests' ids and ranks (R,); those of each rank, the first
    rank first; those that are locked, and those that only may need a place. Which ways to travel
    need no team or place, or are promised, as `sides.Sides` has them. Who excludes whom and who
    prefers what, by the request's index. How many of each kind offer what, by their mask."""

    lasting: Lasting
    rates: Rates
    names: Names
    ids: list[str]
    ranks: Ints
    scopes: tuple[Ints, ...]
    locked: list[int]
    possible: list[int]
    alone: Bools
    promised: Bools
    requests: Requests
    teams: Teams
    vans: Vans
    places: Places
    shown: Ints
    excluded: dict[int, frozenset[str]]
    preferences: dict[int, tuple[tuple[str, float], ...]]
    offers: dict[Part, Counter[int]]

    @staticmethod
    def of(problem: Problem, before: "Given | None" = None) -> "Given":
        """Read it; what is the same as before is kept."""
        lasting = Lasting.of(problem)
        if before is not None and lasting == before.lasting:
            return before.later(problem)
        requests, rates = problem.requests, Rates.of(problem.policy)
        names = Names.of(problem, None if before is None else before.names)
        masks = (
            [r.team_mask for r in requests],
            [r.soft_team_mask for r in requests],
            [r.van_mask for r in requests],
            [r.place_mask for r in requests],
        )
        width = max(limbs_of(kind) for kind in masks)
        ranks = np.array([r.rank for r in requests], dtype=np.int64)
        own = _requests(problem, names, [limbs(kind, width) for kind in masks])
        return Given(
            lasting,
            rates,
            names,
            [r.id for r in requests],
            ranks,
            tuple((ranks == rank).nonzero()[0] for rank in sorted(set(ranks.tolist()))),
            [i for i, r in enumerate(requests) if r.locked is not None],
            [i for i, r in enumerate(requests) if r.place_need == "possible"],
            *_locked_ways(own.lock, len(names.options)),
            own,
            _teams(problem.teams, rates, width),
            _vans(problem.vans, rates, width),
            _places(problem.places, width),
            _shown(requests, names),
            excluded={i: r.excluded for i, r in enumerate(requests) if r.excluded},
            preferences={
                i: r.place_preference_s for i, r in enumerate(requests) if r.place_preference_s
            },
            offers={
                "team": Counter(map(_MASK, problem.teams)),
                "van": Counter(map(_MASK, problem.vans)),
                "place": Counter(map(_MASK, problem.places)),
            },
        )

    def later(self, problem: Problem) -> "Given":
        """The same parts at another moment: who waited how long, who is free and works until when,
        how many units there are and what is shown."""
        (waited,) = _seconds([r.waited_s for r in problem.requests])
        free, end = _moments(problem.teams, self.rates)
        idle, leave = _moments(problem.vans, self.rates)
        return self._replace(
            requests=self.requests._replace(waited=waited),
            teams=self.teams._replace(release=free, end=end),
            vans=self.vans._replace(release=idle, end=leave),
            places=self.places._replace(free=_units(problem.places)),
            shown=_shown(problem.requests, self.names),
        )

    def exclusions(self, index: Index, width: int) -> Flags:
        """Whom people exclude among so many of a kind, as flags (R, width)."""
        flags = np.zeros((len(self.requests.weight), width), dtype=np.uint16)
        for i, names in self.excluded.items():
            found = [index.get(name, width) for name in names]
            flags[i, [k for k in found if k < width]] = Fault.EXCLUDED.value
        return flags

    def preference(self) -> Ints:
        """What each place costs each request beside the way (R, P), in seconds."""
        seconds = np.tile(self.places.penalty, (len(self.requests.weight), 1))
        for i, wishes in self.preferences.items():
            for name, extra_s in wishes:
                if name in self.names.places:
                    seconds[i, self.names.places[name]] += round(extra_s)
        return seconds


def _requests(problem: Problem, names: Names, needs: list[Ints]) -> Requests:
    requests, policy = problem.requests, problem.policy
    horizons = [policy.horizon_s if (s := r.waiting_horizon_s) is None else s for r in requests]
    drives = [policy.max_team_drive_s if (s := r.max_drive_s) is None else s for r in requests]
    waited, target, onscene, load, soft, horizon, farthest = _seconds(
        [r.waited_s for r in requests],
        [r.target_s for r in requests],
        [r.onscene_s for r in requests],
        [r.load_s for r in requests],
        [r.soft_team_penalty_s for r in requests],
        horizons,
        drives,
    )
    first, needs_team, needs_van, wants_place, by_self, all_or_nothing, is_open = _flags(
        [r.rank == 0 for r in requests],
        [r.needs_team for r in requests],
        [r.needs_van for r in requests],
        [r.place_need == "needed" for r in requests],
        [r.allow_self_transport for r in requests],
        [r.all_or_nothing for r in requests],
        [r.locked is None for r in requests],
    )
    lock = _locks(requests, names)
    wants_van = wants_place & needs_van
    return Requests(
        np.array([r.weight for r in requests], dtype=np.int64),
        waited, target, onscene, load, soft, horizon, farthest,
        first, needs_team, wants_van, wants_place,
        by_self=wants_van & by_self,
        whole=all_or_nothing & is_open,
        kind=np.array([KINDS[r.place_kind] for r in requests], dtype=np.int64),
        lock=lock,
        driver=np.where(lock[:, 0] == names.options[SELF], lock[:, 1], OPEN),
        team_need=needs[0],
        soft_need=needs[1],
        van_need=needs[2],
        place_need=needs[3],
    )  # fmt: skip


def _teams(teams: tuple[Team, ...], rates: Rates, width: int) -> Teams:
    (penalty,) = _seconds([t.penalty_s for t in teams])
    return Teams(
        *_moments(teams, rates),
        penalty,
        drives=np.array([t.drives for t in teams], dtype=np.bool_),
        offer=limbs([t.mask for t in teams], width),
        car=limbs([t.van_mask for t in teams], width),
    )


def _vans(vans: tuple[Van, ...], rates: Rates, width: int) -> Vans:
    return Vans(*_moments(vans, rates), limbs([v.mask for v in vans], width))


def _moments(units: tuple[Team, ...] | tuple[Van, ...], rates: Rates) -> tuple[Ints, Ints]:
    """When they are free, their last moment of work."""
    release, end = _seconds([u.release_s for u in units], [u.shift_end_s for u in units])
    return release, end + rates.overtime_grace_s


def _places(places: tuple[Place, ...], width: int) -> Places:
    return Places(
        free=_units(places),
        penalty=_seconds([p.penalty_s for p in places])[0],
        kind=np.array([KINDS[p.kind] for p in places], dtype=np.int64),
        offer=limbs([p.mask for p in places], width),
    )


def _units(places: tuple[Place, ...]) -> Ints:
    return np.array([p.free for p in places], dtype=np.int64)


def _seconds(*fields: list[float]) -> Ints:
    """Whole seconds, half to even, one row a field."""
    seconds: Ints = np.rint(np.array(fields, dtype=np.float64)).astype(np.int64)
    return seconds


def _flags(*fields: list[bool]) -> Bools:
    return np.array(fields, dtype=np.bool_)


def _locks(requests: tuple[Request, ...], names: Names) -> Ints:
    """What locks fix (R, 3)."""
    lock = np.full((len(requests), 3), OPEN, dtype=np.int64)
    locked = [(i, r.locked) for i, r in enumerate(requests) if r.locked is not None]
    if locked:
        parts = np.empty((len(locked), 3), dtype=np.int64)
        names.find_all([bundle for _, bundle in locked], parts)
        lock[[i for i, _ in locked]] = parts
    return lock


def _locked_ways(lock: Ints, options: int) -> tuple[Bools, Bools]:
    """Which ways to travel may go without a team or a place: none at all, and a locked one. Which
    are locked together with their place, so that no limit cuts them (R, V + 2)."""
    alone = np.zeros((len(lock), options), dtype=np.bool_)
    promised = np.zeros_like(alone)
    alone[:, -1] = True
    for i in np.flatnonzero(lock[:, 0] != OPEN).tolist():
        option, _, to = lock[i].tolist()
        alone[i, option] = True
        promised[i, option] = option < options - 1 and to != OPEN
    return alone, promised


def _shown(requests: tuple[Request, ...], names: Names) -> Ints:
    """Nothing at all is not worth showing."""
    shown = [*map(_SHOWN, requests)]
    asked = [i for i, bundle in enumerate(shown) if bundle is not None]
    bundles = np.empty((len(asked), 4), dtype=np.int64)
    bundles[:, 0] = asked
    parts = bundles[:, 1:]
    names.find_all([bundle for bundle in shown if bundle is not None], parts)
    known = (parts.min(axis=1) >= 0) & (parts != names.none).any(axis=1)
    found: Ints = bundles[known]
    return found
