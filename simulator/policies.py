"""Who decides: the interface of a policy under study, and the policies that come with caretower.

A policy sees what dispatch may know at a moment (`Situation`) and answers a bundle for whoever it
would serve. It may name a team that is still busy: then nobody else is sent, and the person waits
for that team. It never sees the future, nor how the world draws it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

import numpy as np

from dispatch.planning.driving import Drive
from dispatch.planning.foresight import foreseen
from dispatch.planning.question import Question, question
from dispatch.planning.release import ReleaseModel
from dispatch.planning.situation import Rules, Situation
from dispatch.request import SELF, Bundle
from dispatch.words import Need
from geo.travel import TravelTimes
from optimizer import problem as asked
from optimizer.eligibility import FAR_S
from optimizer.plan import Assignment
from optimizer.solve import Solved, instant, solve_warm
from optimizer.stars import stars_of


class Policy(Protocol):
    """One dispatcher's mind during one run; it may keep what it likes from call to call."""

    def plan(self, situation: Situation) -> Mapping[str, Bundle]:
        """A bundle by request. A request without one waits; one that seeks a place names it."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What every policy is given at the start of a run: the rules, the roads, and what is known of
    how long visits take."""

    rules: Rules
    roads: TravelTimes
    releases: ReleaseModel
    drive: Drive


Make: TypeAlias = Callable[[Means], Policy]


@dataclass(slots=True)
class Nearest:
    """The baseline: tier by tier, the oldest first, each the nearest idle team that may serve.

    The same for places and vans, one after the other: what a dispatcher with a good map does.
    """

    means: Means

    def plan(self, situation: Situation) -> Mapping[str, Bundle]:
        put = question(situation, self.means.rules, self.means.drive)
        return nearest_first(put)


@dataclass(slots=True)
class Caretower:
    """All requests together, proved optimal, stable against what is shown."""

    means: Means
    shown: Mapping[str, asked.Bundle] | None = None
    before: Solved | None = None

    def plan(self, situation: Situation) -> Mapping[str, Bundle]:
        means = self.means
        known = foreseen(replace(situation, shown=self.shown or {}), means.releases, means.roads)
        put = question(known, means.rules, means.drive)
        self.before = solve_warm(put.problem, before=self.before)
        plan = self.before.plan
        self.shown = {
            one.request_id: one.bundle for one in plan.assignments if one.bundle != asked.EMPTY
        }
        return {one.request_id: bundle_of(put, one) for one in plan.assignments}


@dataclass(slots=True)
class Sequential:
    """Each team exactly, then each place, then each van: what separate tools would do."""

    means: Means

    def plan(self, situation: Situation) -> Mapping[str, Bundle]:
        put = question(situation, self.means.rules, self.means.drive)
        plan = instant(put.problem)
        return {one.request_id: bundle_of(put, one) for one in plan.assignments}


POLICIES: Mapping[str, Make] = {
    "nearest": Nearest,
    "caretower": Caretower,
    "sequential": Sequential,
}
"""By the names that `caretower study --policies` takes."""
BASELINE = "nearest"


def bundle_of(put: Question, one: Assignment) -> Bundle:
    """The optimizer's answer in dispatch's words; of a possible place, the one to be asked."""
    need = next(r.needs.place for r in put.situation.requests if r.id == one.request_id)
    place = one.backup_place if need is Need.POSSIBLE else one.bundle.place
    backup = one.backup_place if need is Need.NEEDED else None
    return _bundle(put, one.bundle.team, one.bundle.van, place, backup)


def _bundle(
    put: Question, team: str | None, van: str | None, place: str | None, backup: str | None = None
) -> Bundle:
    pools = put.situation.pools
    return Bundle(
        team=team,
        van=SELF if van == asked.SELF else van,
        pool=place if place in pools else None,
        slot=place if place is not None and place not in pools else None,
        backup=backup if backup in pools else None,
    )


def nearest_first(put: Question) -> dict[str, Bundle]:
    """Tier-priority nearest idle on the optimizer's own eligibility, one request at a time."""
    problem = put.problem
    stars = stars_of(problem)
    times, faults = stars.numbers.times, stars.faults
    left = _Left.of(problem)
    tier = {request.id: request.tier for request in put.situation.requests}
    order = sorted(
        range(len(problem.requests)),
        key=lambda i: (
            problem.requests[i].locked is None,
            -tier[problem.requests[i].id].rank,
            -problem.requests[i].waited_s,
            problem.requests[i].id,
        ),
    )
    chosen = {}
    for i in order:
        request = problem.requests[i]
        team, van = _promised(left, request)
        if team is None and request.needs_team and request.locked is None:
            team = left.take("team", times.arrival[i], faults.team[i])
        place = None
        if request.place_need != "none":
            taking = request.place_need == "needed"
            place = left.take("place", times.go[i], faults.place[i], taking=taking)
        open_van = van is None or van == asked.ANY
        if open_van:
            van = None
            if request.wants_van and place is not None:
                van = _transport(left, request, team) or left.take(
                    "van", times.eta[i], faults.van[i]
                )
        chosen[request.id] = _bundle(put, team, van, place)
    return chosen


def _promised(left: "_Left", request: asked.Request) -> tuple[str | None, str | None]:
    if request.locked is None:
        return None, None
    team, van = request.locked.team, request.locked.van
    left.use(team)
    left.use(van)
    return team, van


def _transport(left: "_Left", request: asked.Request, team: str | None) -> str | None:
    """SELF, where the team can take the person along."""
    found = left.teams.get(team or "")
    drives = found is not None and found.drives and request.allow_self_transport
    fits = found is not None and request.van_mask & ~found.van_mask == 0
    return asked.SELF if drives and fits else None


@dataclass(slots=True)
class _Left:
    """What is still to be had, by kind, in the order of the problem."""

    names: Mapping[str, list[str]]
    stock: Mapping[str, np.ndarray[tuple[int], np.dtype[np.int64]]]
    teams: Mapping[str, asked.Team]

    @staticmethod
    def of(problem: asked.Problem) -> "_Left":
        return _Left(
            names={
                "team": [team.id for team in problem.teams],
                "van": [van.id for van in problem.vans],
                "place": [place.id for place in problem.places],
            },
            stock={
                "team": np.ones(len(problem.teams), dtype=np.int64),
                "van": np.ones(len(problem.vans), dtype=np.int64),
                "place": np.array([place.free for place in problem.places], dtype=np.int64),
            },
            teams={team.id: team for team in problem.teams},
        )

    def take(
        self,
        kind: str,
        time_s: np.ndarray[tuple[int], np.dtype[np.int64]],
        faults: np.ndarray[tuple[int], np.dtype[np.uint16]],
        *,
        taking: bool = True,
    ) -> str | None:
        """The nearest that may serve and is left; None if there is none."""
        stock = self.stock[kind]
        if not len(stock):
            return None
        far = np.where((faults == 0) & (stock > 0), time_s, FAR_S)
        best = int(far.argmin())
        if far[best] >= FAR_S:
            return None
        stock[best] -= taking
        return self.names[kind][best]

    def use(self, name: str | None) -> None:
        """A unit that is promised is nobody else's."""
        for kind in ("team", "van"):
            if name in self.names[kind]:
                self.stock[kind][self.names[kind].index(name)] = 0
