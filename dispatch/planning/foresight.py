"""Who is busy now and free soon: when, and where. Pure but for the roads that it asks.

Only whoever is with a person already, or clearing, is foreseen: before that too much is open. So is
it while a place is sought, and with vans until they have the person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dispatch.planning.release import Law, ReleaseModel, Stage
from dispatch.planning.situation import Release, Situation, why_out
from dispatch.request import CrisisRequest
from dispatch.whereabouts import Unit, unit_at
from dispatch.words import State
from geo.points import positions
from geo.travel import TravelTimes
from registry.states import Team, UnitStatus

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A unit drives to `goal` first, if there is one; `rest` follows; then it is free there."""

    unit: Unit
    goal: Position | None
    rest: Law


def foreseen(situation: Situation, model: ReleaseModel, travel: TravelTimes) -> Situation:
    """The situation with the releases of those that are free soon."""
    policy = model.policy
    units: list[Unit] = list(situation.teams.values())
    units += situation.vans.values() if policy.vans else ()
    requests = {request.id: request for request in situation.requests}
    ahead = [one for unit in units for one in _ahead(unit, requests, situation, model)]
    drives_s = _drives_s(ahead, travel)
    releases = {}
    margin_s = policy.light_margin_s if busy_share(situation) < policy.light_below else 0.0
    for one in ahead:
        expected_s = drives_s.get(one.unit.id, 0.0) + one.rest.mean_s
        planned_s = policy.risk_factor * expected_s + policy.risk_s + margin_s
        if planned_s <= policy.soon_s:
            at = one.goal or unit_at(one.unit)
            releases[one.unit.id] = Release(expected_s, one.rest.spread_s, planned_s, at)
    return replace(situation, releases=releases)


def busy_share(situation: Situation) -> float:
    """The share of the teams on shift that have a task, or are clearing."""
    why = [why_out(team, situation.now_ms) for team in situation.teams.values()]
    on_shift = [one for one in why if one not in ("out_of_service", "off_shift")]
    return sum(one == "committed" for one in on_shift) / max(1, len(on_shift))


def _drives_s(ahead: list[_Ahead], travel: TravelTimes) -> Mapping[str, float]:
    """What is left of each drive, by unit; NaN, which is never soon, where there is no way."""
    driving = [(one.unit, one.goal) for one in ahead if one.goal is not None]
    if not driving:
        return {}
    goals = sorted({goal for _, goal in driving})
    starts = positions([unit_at(unit) for unit, _ in driving])
    times = travel.matrix(starts, positions(goals)).seconds
    column = {goal: k for k, goal in enumerate(goals)}
    return {unit.id: float(times[row, column[goal]]) for row, (unit, goal) in enumerate(driving)}


def _ahead(
    unit: Unit, requests: Mapping[str, CrisisRequest], situation: Situation, model: ReleaseModel
) -> Iterator[_Ahead]:
    """What a unit has before it, if that is known."""
    if why_out(unit, situation.now_ms) != "committed":
        return
    clear = model.law(Stage.CLEAR, None, None)
    if unit.request is None:
        if unit.status is UnitStatus.CLEARING:
            yield _Ahead(unit, None, clear.left((situation.now_ms - unit.changed_ms) / 1000))
        return
    request = requests.get(unit.request)
    if request is None or request.needs_place_now:
        return
    since_s = (situation.now_ms - request.stepped_ms) / 1000
    at_place = model.law(Stage.PLACE, None, None)
    match request.state:
        case State.ON_SCENE if isinstance(unit, Team):
            visit = model.law(Stage.VISIT, request.tier, request.needs.place)
            yield _Ahead(unit, None, visit.left(since_s).then(clear))
        case State.TRANSPORTING if place := _place(request, situation):
            yield _Ahead(unit, place, at_place.then(clear))
        case State.ARRIVED:
            yield _Ahead(unit, None, at_place.left(since_s).then(clear))


def _place(request: CrisisRequest, situation: Situation) -> Position | None:
    held = request.held
    found = situation.pools.get(held.pool or "") or situation.slots.get(held.slot or "")
    return None if found is None else (found.lon, found.lat)
