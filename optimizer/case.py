"""One request with one bundle, in plain integers: whether it may be, when, and what it costs.

It works on the raw question, knows no array and none of the solver's modules: the judge's
arithmetic, and all that the stand-in plan has when the solver fails.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from optimizer.plan import Arrivals, Part
from optimizer.problem import ANY, SELF, Bundle, Place, Problem, Request, Team, Van


@dataclass(frozen=True, slots=True)
class Known:
    """Where each id stands in a problem."""

    problem: Problem
    requests: dict[str, int]
    teams: dict[str, int]
    vans: dict[str, int]
    places: dict[str, int]

    @staticmethod
    def of(problem: Problem) -> "Known":
        """Index the problem."""
        return Known(
            problem,
            {request.id: k for k, request in enumerate(problem.requests)},
            {team.id: k for k, team in enumerate(problem.teams)},
            {van.id: k for k, van in enumerate(problem.vans)},
            {place.id: k for k, place in enumerate(problem.places)},
        )

    def least_cost(self) -> int:
        """What no plan can cost less than: everybody nothing, and what is shown is kept."""
        stability_s = round(self.problem.policy.stability_s)
        shown = (one for one in self.problem.requests if one.shown not in (None, Bundle()))
        return -sum(_price(1, one.weight * stability_s) for one in shown)


@dataclass(frozen=True, slots=True)
class Case:
    """One request with the parts of its bundle and the raw times between them, whole seconds."""

    problem: Problem
    request: Request
    bundle: Bundle
    team: Team | None
    van: Van | None
    place: Place | None
    drive: int | None
    approach: int | None
    go: int | None
    home: int | None
    backup: Place | None
    backup_go: int | None

    @staticmethod
    def of(
        known: Known, request_id: str, bundle: Bundle, backup_place: str | None = None
    ) -> "Case":
        """KeyError for an unknown request; unknown resources count as none."""
        problem, i = known.problem, known.requests[request_id]
        j, p = known.teams.get(bundle.team or ""), known.places.get(bundle.place or "")
        v, b = known.vans.get(bundle.van or ""), known.places.get(backup_place or "")
        return Case(
            problem=problem,
            request=problem.requests[i],
            bundle=bundle,
            team=None if j is None else problem.teams[j],
            van=None if v is None else problem.vans[v],
            place=None if p is None else problem.places[p],
            drive=None if j is None else _seconds(problem.team_to_request[j, i]),
            approach=None if v is None else _seconds(problem.van_to_request[v, i]),
            go=None if p is None else _seconds(problem.request_to_place[i, p]),
            home=None if p is None or v is None else _seconds(problem.place_to_base[p, v]),
            backup=None if b is None else problem.places[b],
            backup_go=None if b is None else _seconds(problem.request_to_place[i, b]),
        )

    @property
    def lock(self) -> Bundle:
        return self.request.locked or Bundle(ANY, ANY, ANY)

    @property
    def wants_place(self) -> bool:
        return self.request.place_need == "needed"

    @property
    def wants_van(self) -> bool:
        return self.wants_place and self.request.needs_van

    def faults(self) -> Iterator[str]:
        """Why this bundle may not be, but for a half of what was asked whole."""
        yield from self._wrong_parts()
        yield from self._ineligible()

    @property
    def is_half(self) -> bool:
        """Whether all or nothing was asked, and this is neither."""
        served = self.bundle != Bundle()
        return (
            self.request.all_or_nothing
            and self.request.locked is None
            and served
            and bool(self.missing())
        )

    def _wrong_parts(self) -> Iterator[str]:
        """Parts against the lock, parts nobody asked for, parts that make no sense alone."""
        lock, has = self.lock, self.bundle
        pairs = ((lock.team, has.team), (lock.van, has.van), (lock.place, has.place))
        if any(locked not in (ANY, part) for locked, part in pairs):
            yield "the lock is ignored"
        if has.team is not None and lock.team == ANY and not self.request.needs_team:
            yield "a team that nobody asked for"
        if has.place is not None and lock.place == ANY and not self.wants_place:
            yield "a place that nobody asked for"
        if has.van is not None and lock.van == ANY:
            if not self.wants_van:
                yield "a van that nobody asked for"
            if self.place is None or (self.team is None and self.request.needs_team):
                yield "a van without a team or a place"

    def _ineligible(self) -> Iterator[str]:
        """Chosen parts that may not serve this request; what is locked may."""
        if self.team is not None and self.lock.team == ANY:
            yield from self._team_faults(self.team)
        if self.van is not None and self.lock.van == ANY:
            yield from self._van_faults(self.van)
        if self.place is not None and self.lock.place == ANY:
            yield from self._place_faults(self.place, self.go)
        if self.bundle.van == SELF and self.lock.van == ANY:
            yield from self._self_faults()
        promised = self.lock.van != ANY and self.lock.place != ANY
        if not promised and self.place is not None:
            yield from self._shift_faults()

    def _team_faults(self, team: Team) -> Iterator[str]:
        request, policy = self.request, self.problem.policy
        if team.id in request.excluded or request.team_mask & ~team.mask:
            yield f"{team.id} may not serve"
        if self.drive is None or self.drive > round(self._max_drive_s()):
            yield f"{team.id} is too far"
        elif self._arrival() > self._horizon():
            yield f"{team.id} comes after the horizon"
        elif request.rank > 0:
            last = round(team.shift_end_s) + round(policy.overtime_grace_s)
            if self._ready() > last:
                yield f"{team.id} works beyond its shift"

    def _van_faults(self, van: Van) -> Iterator[str]:
        if van.id in self.request.excluded or self.request.van_mask & ~van.mask:
            yield f"{van.id} may not serve"
        if self.approach is None or self.approach > round(self.problem.policy.max_van_drive_s):
            yield f"{van.id} is too far"
        elif self._eta() > self._horizon() + round(self.request.onscene_s):
            yield f"{van.id} comes after the horizon"

    def _place_faults(self, place: Place, go: int | None) -> Iterator[str]:
        request = self.request
        if place.id in request.excluded or request.place_mask & ~place.mask:
            yield f"{place.id} may not take the person"
        if request.place_kind not in ("any", place.kind):
            yield f"{place.id} is of another kind"
        if place.free == 0:
            yield f"{place.id} is full"
        if go is None or go > round(self.problem.policy.max_place_drive_s):
            yield f"{place.id} is too far"

    def _self_faults(self) -> Iterator[str]:
        if self.team is None or not self.team.drives or self.request.van_mask & ~self.team.van_mask:
            yield "the team cannot drive the person"
        if not self.request.allow_self_transport:
            yield "the team may not drive the person"

    def _shift_faults(self) -> Iterator[str]:
        grace, go = round(self.problem.policy.overtime_grace_s), self._go()
        if self.van is not None:
            if self.home is None or self.home > round(self.problem.policy.horizon_s):
                yield f"{self.van.id} is too far from its base"
            arrive = max(self._ready(), self._eta()) + round(self.request.load_s) + go
            if arrive + self._home() > round(self.van.shift_end_s) + grace:
                yield f"{self.van.id} comes home after its shift"
        elif self.bundle.van == SELF and self.team is not None:
            late = self._ready() + go > round(self.team.shift_end_s) + grace
            if late and self.request.rank > 0:
                yield f"{self.team.id} drives beyond its shift"

    def backup_faults(self) -> Iterator[str]:
        """Why the backup may not be; nothing where there is none."""
        if self.backup is not None:
            if self.request.place_need == "none" or self.backup == self.place:
                yield "a backup that makes no sense"
            for fault in self._place_faults(self.backup, self.backup_go):
                yield f"backup: {fault}"

    def backup_s(self) -> float | None:
        """When the person would be at the backup."""
        if self.backup_go is None or (self.team is None and self.request.needs_team):
            return None
        if self.wants_van and self.bundle.van is None:
            return None
        pick = max(self._ready(), self._eta() if self.van is not None else 0)
        load = round(self.request.load_s) if self.van is not None else 0
        return float(pick + load + self.backup_go)

    def missing(self) -> tuple[Part, ...]:
        """The parts that the request needs and does not get."""
        lacks: dict[Part, bool] = {
            "team": self.request.needs_team and self.team is None,
            "van": self.wants_van and self.bundle.van is None,
            "place": self.wants_place and self.place is None,
        }
        return tuple(part for part, is_missing in lacks.items() if is_missing)

    def arrivals(self) -> Arrivals:
        """When each step happens."""
        if self.team is None and self.request.needs_team:
            return Arrivals()
        team = None if self.team is None else float(self._arrival())
        eta = None if self.van is None else float(self._eta())
        if self.place is None or (self.wants_van and self.bundle.van is None):
            return Arrivals(team, float(self._ready()), eta)
        pick = max(self._ready(), self._eta() if self.van is not None else 0)
        load = round(self.request.load_s) if self.van is not None else 0
        return Arrivals(
            team, float(self._ready()), eta, float(pick), float(pick + load + self._go())
        )

    def costs(self) -> dict[str, int]:
        """The price by component, tenths of a minute; what costs nothing is left out."""
        request, policy = self.request, self.problem.policy
        weight, missing = request.weight, self.missing()
        costs: dict[str, int] = {}
        if self.team is not None:
            wish = round(self.team.penalty_s)
            if request.soft_team_mask & ~self.team.mask:
                wish += round(request.soft_team_penalty_s)
            costs["team_wait"] = _price(1, weight * self._arrival())
            costs["lateness"] = _price(policy.lateness_factor, weight * self._late(self._arrival()))
            costs["team_wish"] = _price(1, weight * wish)
            costs["overtime"] = _price(policy.overtime_factor, weight * self._overtime(self.team))
            drive = self._horizon() if self.drive is None else self.drive
            costs["team_approach"] = _price(policy.team_approach, drive)
        if self.place is not None:
            liked = sum(
                round(extra) for name, extra in request.place_preference_s if name == self.place.id
            )
            costs["place_ride"] = _price(policy.place_drive_weighted, weight * self._go())
            costs["place_ride"] += _price(policy.place_drive, self._go())
            costs["place_preference"] = _price(1, weight * (round(self.place.penalty_s) + liked))
        if self.van is not None:
            waits, idles = self._eta() - self._ready(), self._ready() - self._eta()
            costs["van_wait"] = _price(policy.van_wait_weighted, weight * max(0, waits))
            costs["van_idle"] = _price(policy.van_idle, max(0, idles))
            costs["van_approach"] = _price(policy.van_approach, self._approach())
            if self.place is not None:
                costs["van_return"] = _price(policy.van_return, self._home())
        elif self.bundle.van == SELF and self.place is not None:
            costs["self_drive"] = _price(policy.self_drive, self._go())
        for part in missing:
            costs[f"missing_{part}"] = self._alone() + self._dearest(part)
        if self.bundle == request.shown and self.bundle != Bundle():
            costs["stability"] = -_price(1, weight * round(policy.stability_s))
        return {name: cost for name, cost in costs.items() if cost}

    def _alone(self) -> int:
        """Waiting and lateness over the horizon, the surcharge, and the lateness so far."""
        weight, policy, horizon = self.request.weight, self.problem.policy, self._horizon()
        waiting = _price(1, weight * (horizon + round(policy.surcharge_s)))
        waiting += _price(policy.lateness_factor, weight * self._late(horizon))
        return waiting + _price(policy.patience_factor, weight * self._late(0))

    def _dearest(self, part: str) -> int:
        """More than this part could cost beside its arrival."""
        weight, policy, horizon = self.request.weight, self.problem.policy, self._horizon()
        most, far = round(policy.max_penalty_s), round(policy.max_place_drive_s)
        latest = horizon + round(self.request.onscene_s)
        if part == "team":
            wish = round(self.request.soft_team_penalty_s) + most
            overtime = horizon if self.request.rank == 0 else 0
            late = _price(policy.overtime_factor, weight * overtime)
            return _price(1, weight * wish) + late + _price(policy.team_approach, horizon)
        if part == "place":
            ride = _price(policy.place_drive_weighted, weight * far) + _price(
                policy.place_drive, far
            )
            return ride + _price(1, weight * 2 * most)
        by_van = (
            _price(policy.van_wait_weighted, weight * latest)
            + _price(policy.van_idle, latest)
            + _price(policy.van_approach, round(policy.max_van_drive_s))
            + _price(policy.van_return, horizon)
        )
        return max(by_van, _price(policy.self_drive, far))

    def _horizon(self) -> int:
        own = self.request.waiting_horizon_s
        return round(self.problem.policy.horizon_s if own is None else own)

    def _max_drive_s(self) -> float:
        own = self.request.max_drive_s
        return self.problem.policy.max_team_drive_s if own is None else own

    def _arrival(self) -> int:
        """The team's arrival; without a way there (only a lock has that) the horizon stands in."""
        if self.team is None or self.drive is None:
            return self._horizon()
        return round(self.team.release_s) + self.drive

    def _ready(self) -> int:
        waits = self.team is not None or self.request.needs_team
        return (self._arrival() if waits else 0) + round(self.request.onscene_s)

    def _late(self, arrival: int) -> int:
        return max(0, round(self.request.waited_s) + arrival - round(self.request.target_s))

    def _overtime(self, team: Team) -> int:
        if self.request.rank > 0:
            return 0
        last = round(team.shift_end_s) + round(self.problem.policy.overtime_grace_s)
        return min(max(0, self._ready() - last), self._horizon())

    def _eta(self) -> int:
        if self.van is None or self.approach is None:
            return self._horizon() + round(self.request.onscene_s)
        return round(self.van.release_s) + self.approach

    def _approach(self) -> int:
        limit = round(self.problem.policy.max_van_drive_s)
        return limit if self.approach is None else self.approach

    def _go(self) -> int:
        return round(self.problem.policy.max_place_drive_s) if self.go is None else self.go

    def _home(self) -> int:
        return round(self.problem.policy.horizon_s) if self.home is None else self.home


def _seconds(value: float) -> int | None:
    """Whole seconds, half to even; None if there is no way."""
    return None if isnan(value) else round(float(value))


def _price(factor: float, weighted_s: int) -> int:
    """Tenths of a minute, half up; the factor to a thousandth."""
    return (round(factor * 1000) * weighted_s + 3000) // 6000
