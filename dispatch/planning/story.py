"""A plan and its question, indexed by id so that sentences can be written about them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from directory.participants import EVERYWHERE
from dispatch.planning.question import Question
from dispatch.planning.situation import Vacancy, facility_of
from dispatch.request import CrisisRequest
from optimizer.plan import Assignment, ByRank, Plan
from optimizer.problem import SELF, Bundle

UNKNOWN: Mapping[str, ByRank] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Story:
    """A question and its answer, indexed by id so that sentences can be written."""

    question: Question
    plan: Plan
    requests: Mapping[str, CrisisRequest]
    column: Mapping[str, int]
    team_row: Mapping[str, int]
    van_row: Mapping[str, int]
    place_row: Mapping[str, int]
    holder: Mapping[str, str]
    planned: Counter[str | None]
    team_free_s: NDArray[np.float64]
    place_extra_s: NDArray[np.float64]
    slots: NDArray[np.bool_]
    worth: Mapping[str, ByRank]

    @staticmethod
    def of(question: Question, plan: Plan, worth: Mapping[str, ByRank] = UNKNOWN) -> "Story":
        """Index them. `worth`: what one more of a resource spares, by rank, where it is known."""
        problem = question.problem
        holder = {
            part: assignment.request_id
            for assignment in plan.assignments
            for part in (assignment.bundle.team, assignment.bundle.van)
            if part is not None and part != SELF
        }
        return Story(
            question,
            plan,
            {request.id: request for request in question.situation.requests},
            {request.id: k for k, request in enumerate(problem.requests)},
            {team.id: k for k, team in enumerate(problem.teams)},
            {van.id: k for k, van in enumerate(problem.vans)},
            {place.id: k for k, place in enumerate(problem.places)},
            holder,
            Counter(assignment.bundle.place for assignment in plan.assignments),
            np.array([team.release_s for team in problem.teams]),
            np.array([place.penalty_s for place in problem.places]),
            np.array([place.kind == "slot" for place in problem.places], np.bool_),
            worth,
        )

    def request(self, request: str) -> CrisisRequest:
        """The request itself."""
        return self.requests[request]

    def vacancy(self, place: str) -> Vacancy:
        """The pool or slot."""
        situation = self.question.situation
        return situation.pools[place] if place in situation.pools else situation.slots[place]

    def team_s(self, request: str, team: str | None) -> float | None:
        """When the team would be with the person, seconds from now; None if it cannot."""
        if team is None or team not in self.team_row:
            return None
        row, problem = self.team_row[team], self.question.problem
        drive_s = float(problem.team_to_request[row, self.column[request]])
        return None if isnan(drive_s) else float(round(problem.teams[row].release_s + drive_s))

    def team_of(self, assignment: Assignment) -> str | None:
        """Who is sent; of a request that is carried out, who serves it."""
        return assignment.bundle.team or self.request(assignment.request_id).held.team

    def ride_s(self, request: str, place: str) -> float | None:
        """How long the ride to the place takes; None where there is no way."""
        rides = self.question.problem.request_to_place
        ride_s = float(rides[self.column[request], self.place_row[place]])
        return None if isnan(ride_s) else ride_s

    def arrive_s(self, request: str, bundle: Bundle) -> float | None:
        """When the person would be at the bundle's place, seconds from now."""
        if bundle.place is None or bundle.place not in self.place_row:
            return None
        asked = self.question.problem.requests[self.column[request]]
        there_s = 0.0 if bundle.team is None else self.team_s(request, bundle.team)
        if (bundle.team is None and asked.needs_team) or (bundle.van is None and asked.wants_van):
            return None
        ride_s = self.ride_s(request, bundle.place)
        if there_s is None or ride_s is None:
            return None
        pick_s, load_s = there_s + asked.onscene_s, 0.0
        if bundle.van in self.van_row:
            eta_s = self.van_s(request, bundle.van or "")
            if eta_s is None:
                return None
            pick_s, load_s = max(pick_s, eta_s), asked.load_s
        return float(round(pick_s + load_s + ride_s))

    def van_s(self, request: str, van: str) -> float | None:
        """When the van would be with the person, seconds from now."""
        row, problem = self.van_row[van], self.question.problem
        drive_s = float(problem.van_to_request[row, self.column[request]])
        return None if isnan(drive_s) else problem.vans[row].release_s + drive_s

    def excluded(self, request: str, part: str) -> Counter[str]:
        """Why units or places of a kind are excluded for this request by id, counted."""
        known = {"team": self.team_row, "van": self.van_row, "place": self.place_row}[part]
        asked = self.question.problem.requests[self.column[request]].excluded & known.keys()
        forbidden = self.question.situation.forbidden.get(request, frozenset())
        said_no = self.request(request).excluded_teams
        others = asked - forbidden - said_no if part != "place" else frozenset()
        return Counter(
            {
                "forbidden": len(asked & forbidden),
                "committed": len(others),
                "excluded": len(asked - forbidden - others),
            }
        )

    def next_place(self, request: str, but: str | None) -> str | None:
        """The nearest other place with room that may take the person, old counts last."""
        problem = self.question.problem
        asked = problem.requests[self.column[request]]
        away_s = self.place_extra_s + problem.request_to_place[self.column[request]]
        for k in map(int, np.argsort(away_s, kind="stable")):
            place = problem.places[k]
            if isnan(away_s[k]):
                break
            if (
                place.id != but
                and place.id not in asked.excluded
                and not asked.place_mask & ~place.mask
                and asked.place_kind in ("any", place.kind)
                and place.free > self.planned[place.id]
            ):
                return place.id
        return None

    def nearest_team(self, request: str) -> str | None:
        """The team that would be there first, by whole seconds."""
        problem = self.question.problem
        there_s = np.round(self.team_free_s + problem.team_to_request[:, self.column[request]])
        return None if (k := _least(there_s)) is None else problem.teams[k].id

    def nearest_pool(self, request: str) -> str | None:
        """The pool with the shortest ride, whomever it takes."""
        problem = self.question.problem
        rides_s = problem.request_to_place[self.column[request]]
        k = _least(np.where(self.slots, np.nan, rides_s))
        return None if k is None else problem.places[k].id

    def zone_name(self, zone: str) -> str:
        """How people call the zone."""
        return self.question.situation.names.get(zone, zone)

    def place_name(self, place: str) -> str:
        """How people call the place."""
        found = self.vacancy(place)
        facility = self.question.situation.names.get(facility_of(found))
        return f"{found.name}, {facility}" if facility and facility != found.name else found.name

    def resource_name(self, part: str, resource: str) -> str:
        """How people call a team, a van or a place."""
        situation = self.question.situation
        if part == "team":
            return situation.teams[resource].name
        return situation.vans[resource].name if part == "van" else self.place_name(resource)

    def goes_to(self, holder: str) -> str:
        """Whom a resource is planned for, by tier and zone only."""
        request = self.request(holder)
        there = "" if request.zone == EVERYWHERE else f" in {self.zone_name(request.zone)}"
        return f"goes to a person of the tier {request.tier.value}{there}"


def _least(seconds: NDArray[np.float64]) -> int | None:
    """The first of the least; None where all are nan."""
    return None if np.isnan(seconds).all() else int(np.nanargmin(seconds))
