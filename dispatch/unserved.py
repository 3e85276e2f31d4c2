"""Who is left without a team or a place by the published plan, and why. Pure.

The planner only ever says so on a screen. What stays so for longer than the policy allows becomes
a line of the unmet-need log, once an episode; an episode ends when the plan serves the person.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from dispatch.request import CrisisRequest
from dispatch.words import Need

TEAM, PLACE = "team", "place"

Key = tuple[str, str]
"""A request's id and the kind of resource that it is left without."""


class Ground(msgspec.Struct, frozen=True):
    """Why `count` resources of a kind cannot serve."""

    resource: str
    reason: str
    count: int


class Advice(msgspec.Struct, frozen=True):
    """What is read here of a recommendation."""

    team: str | None
    pool: str | None
    slot: str | None
    unserved: list[Ground] = []


class Plan(msgspec.Struct, frozen=True):
    """What is read here of the published plan."""

    recommendations: dict[str, Advice] = {}


@dataclass(frozen=True, slots=True)
class Episode:
    """Since when somebody is left without, and when that was written down."""

    since_ms: int
    logged_ms: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What has changed: episodes that begin, that are over, and that have lasted too long."""

    begun: frozenset[Key]
    over: frozenset[Key]
    too_long: frozenset[Key]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.begun or self.over or self.too_long)


def decode(plan: bytes) -> Plan:
    """The part of a published plan that is read here. Raises msgspec.ValidationError."""
    return msgspec.json.decode(plan, type=Plan)


def lacks(requests: Collection[CrisisRequest], plan: Plan) -> dict[Key, str]:
    """What the plan does not give although it is needed now, with the most frequent reason."""
    return {
        (request.id, resource): _reason(plan.recommendations[request.id], resource)
        for request in requests
        if request.id in plan.recommendations
        for resource in _missing(request, plan.recommendations[request.id])
    }


def turn(
    lacking: Mapping[Key, str], known: Mapping[Key, Episode], now_ms: int, after_s: int
) -> Turn:
    """How the episodes go on. `after_s`: how long one lasts before it is written down."""
    due_ms = now_ms - after_s * 1000
    return Turn(
        begun=frozenset(lacking.keys() - known.keys()),
        over=frozenset(known.keys() - lacking.keys()),
        too_long=frozenset(
            key
            for key in lacking.keys() & known.keys()
            if known[key].logged_ms is None and known[key].since_ms <= due_ms
        ),
    )


def _missing(request: CrisisRequest, advice: Advice) -> list[str]:
    team = request.waiting and request.needs.team and advice.team is None
    needed = request.waiting and request.needs.place is Need.NEEDED
    place = (needed or request.needs_place_now) and advice.pool is None and advice.slot is None
    return [kind for kind, missing in ((TEAM, team), (PLACE, place)) if missing]


def _reason(advice: Advice, resource: str) -> str:
    grounds = [ground for ground in advice.unserved if ground.resource == resource]
    return max(grounds, key=lambda ground: ground.count).reason if grounds else "none_exists"
