"""The judge: recomputes every price and every limit of a plan from the raw problem.

It shares nothing with the solver but the types of the question and the answer, works on one
assignment at a time in plain integers, and knows no array. A plan is shown to nobody before this.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

from optimizer.plan import Arrivals, Assignment, Plan
from optimizer.problem import ANY, SELF, Bundle, Place, Problem, Request, Team, Van


def check(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """What is wrong with the plan, in words; empty if nothing is."""
    judge = _Judge.of(problem)
    asked = sorted(request.id for request in problem.requests)
    if [assignment.request_id for assignment in plan.assignments] != asked:
        return ("every request must have exactly one assignment, in the order of ids",)
    found = [
        f"{assignment.request_id}: {fault}"
        for assignment in plan.assignments
        for fault in judge.faults(assignment)
    ]
    if found:
        return tuple(found)
    return (*judge.shared(plan), *judge.totals(plan))


@dataclass(frozen=True, slots=True)
class _Judge:
    problem: Problem
    requests: dict[str, int]
    teams: dict[str, int]
    vans: dict[str, int]
    places: dict[str, int]

    @staticmethod
    def of(problem: Problem) -> "_Judge":
        return _Judge(
            problem,
            {request.id: k for k, request in enumerate(problem.requests)},
            {team.id: k for k, team in enumerate(problem.teams)},
            {van.id: k for k, van in enumerate(problem.vans)},
            {place.id: k for k, place in enumerate(problem.places)},
        )

    def faults(self, assignment: Assignment) -> Iterator[str]:
        """What is wrong with one assignment by itself."""
        bundle = assignment.bundle
        unknown = [
            str(name)
            for name, known in (
                (bundle.team, self.teams),
                (bundle.van, {**self.vans, SELF: 0}),
                (bundle.place, self.places),
            )
            if name is not None and name not in known
        ]
        if unknown:
            yield f"names unknown resources {unknown}"
            return
        case = _Case.of(self, assignment)
        yield from case.wrong_parts()
        yield from case.ineligible()
        yield from case.wrong_words(assignment)

    def shared(self, plan: Plan) -> Iterator[str]:
        """What is wrong between assignments: no unit serves two, no place more than it has."""
        stock = {
            **dict.fromkeys(self.teams, 1),
            **dict.fromkeys(self.vans, 1),
            **{place.id: place.free for place in self.problem.places},
        }
        locks = Counter(
            part
            for request in self.problem.requests
            if request.locked is not None
            for part in (request.locked.team, request.locked.van, request.locked.place)
        )
        bundles = [assignment.bundle for assignment in plan.assignments]
        given = Counter(part for b in bundles for part in (b.team, b.van, b.place))
        for name, free in stock.items():
            if given[name] > max(free, locks[name]):
                yield f"{name} is given to {given[name]}, there is {free}"
        for assignment in plan.assignments:
            backup = assignment.backup_place
            if backup is not None and given[backup] >= stock[backup]:
                yield f"{assignment.request_id}: the backup {backup} has no room"

    def totals(self, plan: Plan) -> Iterator[str]:
        """What is wrong with the sums and the proof."""
        by_rank: Counter[int] = Counter({r.rank: 0 for r in self.problem.requests})
        for assignment in plan.assignments:
            rank = self.problem.requests[self.requests[assignment.request_id]].rank
            by_rank[rank] += assignment.cost
        if plan.by_rank != tuple(sorted(by_rank.items())):
            yield "the costs by rank do not add up"
        if plan.objective != sum(by_rank.values()):
            yield "the objective does not add up"
        if plan.bound > plan.objective:
            yield "the bound exceeds the objective"
        if plan.proved != (plan.stage == "proved") or (plan.proved and plan.gap != 0):
            yield "the proof does not fit the stage and the gap"


@dataclass(frozen=True, slots=True)
class _Case:
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
    def of(judge: _Judge, assignment: Assignment) -> "_Case":
        problem, bundle = judge.problem, assignment.bundle
        i = judge.requests[assignment.request_id]
        j, p = judge.teams.get(bundle.team or ""), judge.places.get(bundle.place or "")
        v, b = judge.vans.get(bundle.van or ""), judge.places.get(assignment.backup_place or "")
        return _Case(
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

    def wrong_parts(self) -> Iterator[str]:
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
        missing, served = self._missing(), self.team or self.van or self.place or has.van
        if self.request.all_or_nothing and self.request.locked is None and missing and served:
            yield "all or nothing was asked"

    def ineligible(self) -> Iterator[str]:
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

    def wrong_words(self, assignment: Assignment) -> Iterator[str]:
        """Prices, times, missing parts and backup against what they must be."""
        costs = {name: cost for name, cost in self._costs().items() if cost}
        if dict(assignment.costs) != costs or len(assignment.costs) != len(costs):
            yield f"costs {dict(assignment.costs)}, must be {costs}"
        if assignment.missing != self._missing():
            yield f"missing {assignment.missing}, must be {self._missing()}"
        if assignment.arrivals != self._arrivals():
            yield f"arrivals {assignment.arrivals}, must be {self._arrivals()}"
        if self.backup is not None:
            if self.request.place_need == "none" or self.backup == self.place:
                yield "a backup that makes no sense"
            for fault in self._place_faults(self.backup, self.backup_go):
                yield f"backup: {fault}"
            if assignment.backup_place_s != self._backup_s():
                yield f"backup at {assignment.backup_place_s}, must be {self._backup_s()}"

    def _backup_s(self) -> float | None:
        if self.backup_go is None or (self.team is None and self.request.needs_team):
            return None
        if self.wants_van and self.bundle.van is None:
            return None
        pick = max(self._ready(), self._eta() if self.van is not None else 0)
        load = round(self.request.load_s) if self.van is not None else 0
        return float(pick + load + self.backup_go)

    def _missing(self) -> tuple[str, ...]:
        lacks = {
            "team": self.request.needs_team and self.team is None,
            "van": self.wants_van and self.bundle.van is None,
            "place": self.wants_place and self.place is None,
        }
        return tuple(part for part, is_missing in lacks.items() if is_missing)

    def _arrivals(self) -> Arrivals:
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

    def _costs(self) -> dict[str, int]:
        request, policy = self.request, self.problem.policy
        weight, missing = request.weight, self._missing()
        costs: dict[str, int] = {}
        if self.team is not None:
            wish = round(self.team.penalty_s)
            if request.soft_team_mask & ~self.team.mask:
                wish += round(request.soft_team_penalty_s)
            costs["team_wait"] = _price(1, weight * self._arrival())
            costs["lateness"] = _price(policy.lateness_factor, weight * self._late(self._arrival()))
            costs["team_wish"] = _price(1, weight * wish)
            costs["overtime"] = _price(policy.overtime_factor, weight * self._overtime(self.team))
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
        return costs

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
            return _price(1, weight * wish) + _price(policy.overtime_factor, weight * overtime)
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
