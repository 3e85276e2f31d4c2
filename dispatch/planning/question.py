"""From what is true now to the optimizer's question: pure, and the only translation there is.

The optimizer hears no clinical word: it sees seconds, weights and bits. What a request may not get
(a team that declined, a facility that said no) is excluded by id; what nobody may get (paused,
overcommitted, held, off shift) is left out, and `Question.out` remembers why, for the sentences.

Insurance, residency and immigration status are inputs nowhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dispatch.planning.asks import Asks, Offer, may_transport, somebody_of_ours_drives
from dispatch.planning.bits import Bits
from dispatch.planning.driving import Cast, Drive, Times, Travel
from dispatch.planning.expectation import with_reserve
from dispatch.planning.policy import PlanningPolicy
from dispatch.planning.situation import (
    Rules,
    Situation,
    Vacancy,
    being_accepted,
    facility_of,
    freshness,
    is_lost,
    parts_of,
    why_gives_nothing,
    why_out,
)
from dispatch.request import CrisisRequest
from dispatch.whereabouts import Unit, unit_at
from dispatch.words import WAITING, Need, State, Tier, Transporter
from optimizer.problem import (
    ANY,
    LARGEST_TIME_S,
    SELF,
    Bundle,
    Place,
    Problem,
    Request,
    Team,
    Van,
)
from registry import states
from registry.freshness import Freshness

PLACING = frozenset({State.ACCEPTED, State.ACKNOWLEDGED, State.EN_ROUTE, State.ON_SCENE})
RIDING = frozenset({State.TRANSPORTING, State.ARRIVED})


@dataclass(frozen=True, slots=True)
class Question:
    """The optimizer's problem, and what is needed to say its answer in words.

    `out` counts the resources that are not in the problem, by kind and by why.
    """

    problem: Problem
    bits: Bits
    out: Mapping[str, Mapping[str, int]]
    travel: Travel
    situation: Situation
    rules: Rules


def question(situation: Situation, rules: Rules, drive: Drive) -> Question:
    """The region's problem at this moment."""
    promises = _promises(situation)
    cast, out = _cast(situation, rules, promises)
    at = {request.id: _person_at(request, situation) for request in cast.requests}
    units: tuple[Unit, ...] = (*cast.teams, *cast.vans)
    at |= {unit.id: _sets_off(unit, situation) for unit in units}
    times = drive(cast, at)
    bits = Bits()
    requests = tuple(
        _request(request, promises, situation, rules, bits) for request in cast.requests
    )
    requests = _with_preferences(requests, cast, rules)
    requests = _before_custody_ends(requests, cast, times)
    places = tuple(_place(place, situation, rules, bits) for place in cast.places)
    chance, costs_s = rules.planning.cost.possible_chance, rules.planning.reserved_costs_s
    problem = Problem(
        requests=with_reserve(requests, places, times.request_to_place, chance, costs_s),
        teams=tuple(_team(team, situation, rules, bits) for team in cast.teams),
        vans=tuple(_van(van, situation, bits) for van in cast.vans),
        places=places,
        team_to_request=times.team_to_request,
        van_to_request=times.van_to_request,
        request_to_place=times.request_to_place,
        place_to_base=times.place_to_base,
        policy=rules.planning.cost,
    )
    return Question(problem, bits, out, times.travel, situation, rules)


def _sets_off(unit: Unit, situation: Situation) -> tuple[float, float]:
    """Where a unit is, or will be when it is free."""
    release = situation.releases.get(unit.id)
    return unit_at(unit) if release is None else release.at


def _promises(situation: Situation) -> dict[str, Bundle]:
    """What is promised and not planned anew, by request.

    A request that is carried out keeps its team; a van or a place that it has not claimed is open.
    """
    promises = {}
    for request in situation.requests:
        if request.state in PLACING | RIDING and _seeks_place(request):
            team = request.held.team if request.held.team in situation.teams else None
            if request.needs.place is Need.POSSIBLE and team in situation.releases:
                team = None  # nothing is claimed yet: the team may be planned for its next person
            van = request.held.van if request.held.van in situation.vans else ANY
            drives = request.self_transport and team is not None
            promises[request.id] = Bundle(team, SELF if drives else van, ANY)
    return promises


def _lock(promise: Bundle | None, fixed: Bundle | None) -> Bundle | None:
    """What is promised, and what a person fixed of the rest."""
    if promise is None or fixed is None:
        return promise or fixed
    return Bundle(
        fixed.team if promise.team == ANY else promise.team,
        fixed.van if promise.van == ANY else promise.van,
        fixed.place if promise.place == ANY else promise.place,
    )


def _seeks_place(request: CrisisRequest) -> bool:
    return request.needs.place is not Need.NONE and request.held.place is None


def _cast(
    situation: Situation, rules: Rules, promises: Mapping[str, Bundle]
) -> tuple[Cast, dict[str, dict[str, int]]]:
    now_ms = situation.now_ms
    kept = parts_of(promises.values()) | parts_of(situation.fixed.values())
    accepting = being_accepted(situation)
    out: dict[str, Counter[str]] = {"team": Counter(), "van": Counter(), "place": Counter()}

    def may_serve(kind: str, id_: str, why: str | None) -> bool:
        if id_ in situation.withheld:
            why = "withheld"
        if why is None or id_ in kept or (why == "committed" and id_ in situation.releases):
            return True
        out[kind][why] += 1
        return False

    vacancies: Iterable[Vacancy] = (*situation.pools.values(), *situation.slots.values())
    cast = Cast(
        requests=tuple(
            request
            for request in sorted(situation.requests, key=lambda request: request.id)
            if (request.state in WAITING or request.id in promises) and request.id not in accepting
        ),
        teams=tuple(
            team
            for team in sorted(situation.teams.values(), key=lambda team: team.id)
            if may_serve("team", team.id, why_out(team, now_ms))
        ),
        vans=tuple(
            van
            for van in sorted(situation.vans.values(), key=lambda van: van.id)
            if may_serve("van", van.id, why_out(van, now_ms))
        ),
        places=tuple(
            place
            for place in sorted(vacancies, key=lambda place: place.id)
            if may_serve("place", place.id, why_gives_nothing(place, now_ms, rules))
        ),
    )
    return cast, {kind: dict(counted) for kind, counted in out.items()}


def _person_at(request: CrisisRequest, situation: Situation) -> tuple[float, float]:
    """Where the person is: on a ride, where the vehicle is."""
    if request.state in RIDING:
        van, team = request.held.van, request.held.team
        unit = situation.vans.get(van or "") or situation.teams.get(team or "")
        if unit is not None:
            return unit_at(unit)
    return request.lon, request.lat


def _request(
    request: CrisisRequest,
    promises: Mapping[str, Bundle],
    situation: Situation,
    rules: Rules,
    bits: Bits,
) -> Request:
    policy, promise = rules.planning, promises.get(request.id)
    asks = Asks(policy, rules.vocabulary)
    waited_s = max(0, situation.now_ms - request.opened_ms) / 1000
    with_person = request.state in RIDING or request.state is State.ON_SCENE
    return Request(
        id=request.id,
        weight=max(1, round(rules.weight[request.tier])),
        rank=rank_of(request, situation.now_ms, policy),
        waited_s=min(waited_s, LARGEST_TIME_S),
        target_s=max(0, request.target_ms - request.opened_ms) / 1000,
        onscene_s=policy.onscene_s if request.needs.team and not with_person else 0,
        load_s=0 if request.state in RIDING else policy.load_s,
        needs_team=request.needs.team if promise is None else promise.team is not None,
        needs_van=request.needs.van is Need.NEEDED and somebody_of_ours_drives(request),
        place_need=request.needs.place.value,
        place_kind="slot" if request.needs.slot else "bed",
        team_mask=bits.needed(asks.team(request)),
        soft_team_mask=bits.needed(asks.wished(request)),
        soft_team_penalty_s=policy.language_s,
        van_mask=bits.needed(asks.van(request)),
        place_mask=bits.needed(asks.place(request)),
        allow_self_transport=policy.team_may_drive and may_transport(request, Transporter.TEAM),
        all_or_nothing=request.tier in policy.all_or_nothing,
        locked=_lock(promise, situation.fixed.get(request.id)),
        shown=_shown(request, situation),
        excluded=_excluded(request, situation) | _promised_to_others(request, promises),
    )


def rank_of(request: CrisisRequest, now_ms: int, policy: PlanningPolicy) -> int:
    """Imminent comes first, and under a strict policy each tier before the next: there, whoever is
    late moves up a tier now and then, but never to imminent."""
    if request.tier is Tier.IMMINENT:
        return 0
    if not policy.strict:
        return 1
    late_s = max(0, now_ms - request.target_ms) / 1000
    moved_up = int(late_s // policy.promoted_after_s) if policy.promoted_after_s else 0
    return max(1, Tier.IMMINENT.rank - request.tier.rank - moved_up)


def _shown(request: CrisisRequest, situation: Situation) -> Bundle | None:
    return situation.shown.get(request.id) if request.state in WAITING else None


def _excluded(request: CrisisRequest, situation: Situation) -> frozenset[str]:
    """Whoever declined is not asked again: teams by id, facilities with all that they have."""
    said_no = request.excluded_facilities
    refused = request.excluded_teams | situation.forbidden.get(request.id, frozenset())
    if not said_no:
        return refused
    pools = {pool.id for pool in situation.pools.values() if pool.facility in said_no}
    slots = {slot.id for slot in situation.slots.values() if slot.provider in said_no}
    return refused | pools | slots


def _promised_to_others(request: CrisisRequest, promises: Mapping[str, Bundle]) -> frozenset[str]:
    """Nobody is diverted: what is promised to one person is nobody else's to be planned."""
    return parts_of(promise for name, promise in promises.items() if name != request.id)


def _with_preferences(
    requests: tuple[Request, ...], cast: Cast, rules: Rules
) -> tuple[Request, ...]:
    """Less preferred types, and other facilities than the person chose, cost minutes."""
    known: dict[tuple[tuple[str, ...], str | None], tuple[tuple[str, float], ...]] = {}
    done = []
    for problem, request in zip(requests, cast.requests, strict=True):
        wish = (request.needs.pool_types, request.needs.facility)
        if wish not in known:
            known[wish] = _preferences(*wish, cast.places, rules.planning)
        done.append(replace(problem, place_preference_s=known[wish]))
    return tuple(done)


def _before_custody_ends(
    requests: tuple[Request, ...], cast: Cast, times: Times
) -> tuple[Request, ...]:
    """A custody ends at a place. Its clock is a target too: the last moment at which a team can
    reach the person and still bring them there in time, by the shortest ride there is."""
    done = []
    for i, (problem, request) in enumerate(zip(requests, cast.requests, strict=True)):
        if request.custody_due_ms is not None and request.needs.place is not Need.NONE:
            due_s = (request.custody_due_ms - request.opened_ms) / 1000
            rides_s = times.request_to_place[i]
            ride_s = float(np.nanmin(rides_s)) if np.isfinite(rides_s).any() else 0.0
            latest_s = max(0.0, due_s - problem.onscene_s - problem.load_s - ride_s)
            problem = replace(problem, target_s=min(problem.target_s, latest_s))
        done.append(problem)
    return tuple(done)


def _preferences(
    types: tuple[str, ...],
    facility: str | None,
    places: Sequence[Vacancy],
    policy: PlanningPolicy,
) -> tuple[tuple[str, float], ...]:
    extras = []
    for place in places:
        extra_s = 0.0
        if isinstance(place, states.Pool) and place.type in types:
            extra_s += types.index(place.type) * policy.less_preferred_type_s
        if facility is not None and facility != facility_of(place):
            extra_s += policy.other_than_chosen_s
        if extra_s:
            extras.append((place.id, extra_s))
    return tuple(extras)


def _team(team: states.Team, situation: Situation, rules: Rules, bits: Bits) -> Team:
    policy, offers = rules.planning, frozenset(team.offers)
    lost = is_lost(team, situation.now_ms, rules)
    penalty_s = policy.position_lost_costs_s if lost else 0
    penalty_s += policy.lapsed_credential_s if situation.lapsed.get(team.id) else 0
    return Team(
        id=team.id,
        mask=bits.offered(Offer(words=offers)),
        shift_end_s=_until_s(team.shift_end_ms, situation),
        release_s=_planned_s(team, situation),
        drives=team.seats > 0,
        van_mask=bits.offered(Offer(words=offers, seats=team.seats, transporter=Transporter.TEAM)),
        penalty_s=penalty_s,
    )


def _van(van: states.Van, situation: Situation, bits: Bits) -> Van:
    offer = Offer(frozenset(van.offers), seats=van.seats, transporter=Transporter.VAN)
    return Van(
        id=van.id,
        mask=bits.offered(offer),
        release_s=_planned_s(van, situation),
        shift_end_s=_until_s(van.shift_end_ms, situation),
    )


def _planned_s(unit: Unit, situation: Situation) -> float:
    """When the planner may count on a unit: now, or some time after a busy one is expected."""
    release = situation.releases.get(unit.id)
    return 0.0 if release is None else release.planned_s


def _until_s(time_ms: int, situation: Situation) -> float:
    left_s = (time_ms - situation.now_ms) / 1000
    return max(-LARGEST_TIME_S, min(LARGEST_TIME_S, left_s))


def _place(place: Vacancy, situation: Situation, rules: Rules, bits: Bits) -> Place:
    policy = rules.planning
    cost_s = {
        Freshness.FRESH: 0.0,
        Freshness.AGEING: policy.count_ageing_costs_s,
        Freshness.STALE: policy.count_stale_costs_s,
        Freshness.NO_RESPONSE: policy.count_stale_costs_s,
    }
    is_pool = isinstance(place, states.Pool)
    return Place(
        id=place.id,
        mask=bits.offered(
            Offer(
                words=frozenset(place.takes),
                type=place.type if isinstance(place, states.Pool) else None,
                agreements=situation.agreements.get(facility_of(place), ()) if is_pool else (),
            )
        ),
        free=place.free,
        kind="bed" if is_pool else "slot",
        penalty_s=cost_s[freshness(place, situation.now_ms, rules)],
    )
