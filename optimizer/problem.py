"""What the optimizer is asked: requests, teams, vans, places, travel times and the policy.

All times are seconds from the moment of planning ("now" is 0); needs and offers are bit masks
whose meaning only the caller knows. Travel times are float64 seconds, NaN where there is no way;
inside, every time counts in whole seconds and every cost in whole tenths of a minute, so that a
plan is the same on every machine.
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

SELF = "SELF"
"""In the van's place of a bundle: the team drives the person itself."""
ANY = "ANY"
"""In a lock only: this part is still free to choose."""
RESERVED_WORDS = frozenset({SELF, ANY, ""})

LARGEST_TIME_S = 10_000_000
LARGEST_WEIGHT = 10_000
LARGEST_FACTOR = 100.0
LARGEST_SIDE = 100_000

PlaceNeed = Literal["none", "possible", "needed"]
PlaceKind = Literal["bed", "slot", "any"]


class InvalidProblemError(ValueError):
    """The problem contradicts itself; the message names the field."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """One choice for one request. None means: without this part.

    `van` may be SELF. Only in a lock, a part may be ANY.
    """

    team: str | None = None
    van: str | None = None
    place: str | None = None


EMPTY = Bundle()


@dataclass(frozen=True, slots=True)
class Request:
    """One person's need.

    `rank` 0 is planned first and never traded; `weight` trades within a rank. `waited_s` counts
    since the request was opened, `target_s` is the promise on the same clock. `place_need`
    "possible" claims nothing: it only receives a backup. A van is planned only together with a
    needed place. `locked` fixes the parts that are not ANY, whatever the eligibility says;
    `shown` is the bundle now on the consoles. `waiting_horizon_s` and `max_drive_s` replace the
    policy's. `place_preference_s` holds (place id, extra seconds) pairs: less restrictive and
    wished places cost less.
    """

    id: str
    weight: int
    rank: int = 1
    waited_s: float = 0
    target_s: float = 3600
    onscene_s: float = 0
    load_s: float = 0
    needs_team: bool = True
    needs_van: bool = False
    place_need: PlaceNeed = "none"
    place_kind: PlaceKind = "bed"
    team_mask: int = 0
    van_mask: int = 0
    place_mask: int = 0
    soft_team_mask: int = 0
    soft_team_penalty_s: float = 0
    allow_self_transport: bool = False
    all_or_nothing: bool = False
    locked: Bundle | None = None
    shown: Bundle | None = None
    excluded: frozenset[str] = frozenset()
    place_preference_s: tuple[tuple[str, float], ...] = ()
    waiting_horizon_s: float | None = None
    max_drive_s: float | None = None

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check(1 <= self.weight <= LARGEST_WEIGHT, f"request {self.id}: weight")
        _check(self.rank >= 0, f"request {self.id}: rank")
        for name in ("waited_s", "target_s", "onscene_s", "load_s", "soft_team_penalty_s"):
            _check_duration(getattr(self, name), f"request {self.id}: {name}")
        for name in ("waiting_horizon_s", "max_drive_s"):
            if getattr(self, name) is not None:
                _check_duration(getattr(self, name), f"request {self.id}: {name}")
        for name in ("team_mask", "van_mask", "place_mask", "soft_team_mask"):
            _check(getattr(self, name) >= 0, f"request {self.id}: {name}")
        for place, extra_s in self.place_preference_s:
            _check_duration(extra_s, f"request {self.id}: preference for {place}")

    @property
    def wants_place(self) -> bool:
        """Whether a place is to be claimed now."""
        return self.place_need == "needed"

    @property
    def wants_van(self) -> bool:
        """Whether transport is to be claimed now."""
        return self.needs_van and self.wants_place


@dataclass(frozen=True, slots=True)
class Team:
    """A team: what it offers, when it is free, until when it works.

    `drives` says that it can take the person along; its car then offers `van_mask`.
    """

    id: str
    mask: int = 0
    release_s: float = 0
    shift_end_s: float = LARGEST_TIME_S
    drives: bool = False
    van_mask: int = 0
    penalty_s: float = 0

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check_duration(self.release_s, f"team {self.id}: release_s")
        _check_time(self.shift_end_s, f"team {self.id}: shift_end_s")
        _check_duration(self.penalty_s, f"team {self.id}: penalty_s")
        _check(min(self.mask, self.van_mask) >= 0, f"team {self.id}: mask")


@dataclass(frozen=True, slots=True)
class Van:
    """A van with its driver: what it offers, when it is free, until when it works."""

    id: str
    mask: int = 0
    release_s: float = 0
    shift_end_s: float = LARGEST_TIME_S

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check_duration(self.release_s, f"van {self.id}: release_s")
        _check_time(self.shift_end_s, f"van {self.id}: shift_end_s")
        _check(self.mask >= 0, f"van {self.id}: mask")


@dataclass(frozen=True, slots=True)
class Place:
    """A pool of equal beds, or an appointment slot.

    `free` counts what this problem may give out, including what its own locks hold already;
    `penalty_s` makes a place rank later (a count that is not fresh, for example).
    """

    id: str
    mask: int = 0
    free: int = 0
    kind: Literal["bed", "slot"] = "bed"
    penalty_s: float = 0

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check(self.mask >= 0, f"place {self.id}: mask")
        _check(0 <= self.free <= LARGEST_SIDE, f"place {self.id}: free")
        _check_duration(self.penalty_s, f"place {self.id}: penalty_s")


@dataclass(frozen=True, slots=True)
class Policy:
    """The weights of the cost, as data. Factors multiply minutes; `*_s` are seconds.

    Factors are honoured to a thousandth. A part that arrives after `horizon_s` is not planned,
    so the price of leaving a request alone (the wait over the horizon, its lateness and
    `surcharge_s`) is above every arrival that can be planned. That price grows by
    `patience_factor` with every minute already late: where there is not enough for all, who was
    passed over often enough comes before heavier requests. `team_approach` prices each minute of a
    team's road, whoever it goes to: who is on the road is nobody else's. `possible_chance` is how
    likely a possible place is needed: one unit of a place is the backup of as many people as need
    it once in expectation.
    """

    lateness_factor: float = 2.0
    patience_factor: float = 2.0
    team_approach: float = 0.0
    place_drive_weighted: float = 0.5
    place_drive: float = 0.5
    van_wait_weighted: float = 0.7
    van_idle: float = 0.3
    van_approach: float = 0.3
    van_return: float = 0.3
    self_drive: float = 2.0
    overtime_factor: float = 2.0
    stability_s: float = 180
    surcharge_s: float = 3600
    overtime_grace_s: float = 1800
    horizon_s: float = 10_800
    max_team_drive_s: float = 7200
    max_van_drive_s: float = 7200
    max_place_drive_s: float = 21_600
    max_penalty_s: float = 3600
    possible_chance: float = 1.0

    def __post_init__(self) -> None:
        """Refuse weights under which the laws of the model would not hold."""
        for name in self.__slots__:
            value = getattr(self, name)
            if name.endswith("_s"):
                _check_duration(value, f"policy: {name}")
            else:
                _check(0 <= value <= LARGEST_FACTOR, f"policy: {name}")
        _check(0.001 <= self.possible_chance <= 1, "policy: possible_chance")
        _check(
            self.surcharge_s >= self.stability_s + 60,
            "policy: surcharge_s must be at least stability_s and 60",
        )
        for name in ("max_team_drive_s", "max_van_drive_s"):
            _check(getattr(self, name) <= self.horizon_s, f"policy: {name} exceeds horizon_s")


Seconds = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """One region at one moment.

    Travel times: `team_to_request` (teams, requests), `van_to_request` (vans, requests),
    `request_to_place` (requests, places), `place_to_base` (places, vans): the way home of the van.
    """

    requests: tuple[Request, ...]
    teams: tuple[Team, ...]
    vans: tuple[Van, ...]
    places: tuple[Place, ...]
    team_to_request: Seconds
    van_to_request: Seconds
    request_to_place: Seconds
    place_to_base: Seconds
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        """Check shapes, ids, limits and references; freeze the arrays."""
        n_requests, n_teams = len(self.requests), len(self.teams)
        n_vans, n_places = len(self.vans), len(self.places)
        shapes = {
            "team_to_request": (n_teams, n_requests),
            "van_to_request": (n_vans, n_requests),
            "request_to_place": (n_requests, n_places),
            "place_to_base": (n_places, n_vans),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, _frozen_times(getattr(self, name), shape, name))
        _check(max(n_requests, n_teams, n_vans, n_places) <= LARGEST_SIDE, "too many of a kind")
        _check_ids([request.id for request in self.requests], "requests")
        _check_ids(
            [t.id for t in self.teams] + [v.id for v in self.vans] + [p.id for p in self.places],
            "resources",
        )
        self._check_penalties()
        self._check_references()

    def horizon_s(self, request: Request) -> float:
        """How far ahead arrivals count for this request."""
        own = request.waiting_horizon_s
        return self.policy.horizon_s if own is None else own

    def max_team_drive_s(self, request: Request) -> float:
        """The longest drive of a team to this request."""
        own = request.max_drive_s
        return self.policy.max_team_drive_s if own is None else own

    def _check_penalties(self) -> None:
        most_s = self.policy.max_penalty_s
        for team in self.teams:
            _check(team.penalty_s <= most_s, f"team {team.id}: penalty_s too large")
        for place in self.places:
            _check(place.penalty_s <= most_s, f"place {place.id}: penalty_s too large")
        for request in self.requests:
            extras = [extra for _, extra in request.place_preference_s]
            _check(max(extras, default=0) <= most_s, f"request {request.id}: preference too large")
            _check(
                max(self.max_team_drive_s(request), self.policy.max_van_drive_s)
                <= self.horizon_s(request),
                f"request {request.id}: max_drive_s exceeds its waiting horizon",
            )

    def _check_references(self) -> None:
        teams = {team.id for team in self.teams} | {None, ANY}
        vans = {van.id for van in self.vans} | {None, ANY, SELF}
        places = {place.id for place in self.places} | {None, ANY}
        for request in self.requests:
            lock = request.locked
            if lock is not None:
                known = lock.team in teams and lock.van in vans and lock.place in places
                _check(known, f"request {request.id}: lock names an unknown resource")
                driven = lock.van != SELF or lock.team not in (None, ANY)
                _check(driven, f"request {request.id}: a lock with SELF names its team")


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidProblemError(what)


def _check_duration(value_s: float, what: str) -> None:
    _check(math.isfinite(value_s) and 0 <= value_s <= LARGEST_TIME_S, what)


def _check_time(value_s: float, what: str) -> None:
    _check(math.isfinite(value_s) and abs(value_s) <= LARGEST_TIME_S, what)


def _check_ids(ids: list[str], kind: str) -> None:
    _check(len(set(ids)) == len(ids), f"{kind}: an id appears twice")
    _check(RESERVED_WORDS.isdisjoint(ids), f"{kind}: an id is a reserved word")


def _frozen_times(times: Seconds, shape: tuple[int, int], name: str) -> Seconds:
    is_ours = isinstance(times, np.ndarray) and times.base is None and not times.flags.writeable
    # A problem made from another one shares what it did not change.
    frozen = times if is_ours and times.dtype == np.float64 else np.array(times, dtype=np.float64)
    _check(frozen.shape == shape, f"{name}: shape {frozen.shape}, expected {shape}")
    known = frozen[~np.isnan(frozen)]
    within = bool(np.all((known >= 0) & (known <= LARGEST_TIME_S)))
    _check(within, f"{name}: a time is negative or too large")
    frozen.flags.writeable = False
    return frozen


def in_order(problem: Problem) -> Problem:
    """The same problem with every part in the order of its id, so that ties never depend on it."""
    ids = (
        [r.id for r in problem.requests],
        [t.id for t in problem.teams],
        [v.id for v in problem.vans],
        [p.id for p in problem.places],
    )
    if all(names == sorted(names) for names in ids):
        return problem
    requests, teams, vans, places = map(_order, ids)
    return Problem(
        requests=tuple(problem.requests[k] for k in requests),
        teams=tuple(problem.teams[k] for k in teams),
        vans=tuple(problem.vans[k] for k in vans),
        places=tuple(problem.places[k] for k in places),
        team_to_request=problem.team_to_request[np.ix_(teams, requests)],
        van_to_request=problem.van_to_request[np.ix_(vans, requests)],
        request_to_place=problem.request_to_place[np.ix_(requests, places)],
        place_to_base=problem.place_to_base[np.ix_(places, vans)],
        policy=problem.policy,
    )


def _order(ids: list[str]) -> list[int]:
    return sorted(range(len(ids)), key=ids.__getitem__)
