"""From a plan file to the optimizer's question, by the running system's own translation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caretower.planfile.form import (
    At,
    BundlePart,
    CustodyPart,
    FixedPart,
    GuardianPart,
    PlanFile,
    PoolPart,
    RequestPart,
    SlotPart,
    Table,
    TeamPart,
    UnitPart,
    VanPart,
)
from directory.participants import EVERYWHERE, Agreement
from dispatch.planning.driving import Cast, Drive, Times, Travel, driving
from dispatch.planning.question import Question, question
from dispatch.planning.situation import Rules, Situation
from dispatch.policy import Policy
from dispatch.request import SELF, Bundle, CrisisRequest, Custody, Guardianship, Needs, Risk
from dispatch.words import Tier, Urgency
from geo.estimate import Estimate
from optimizer import problem as asked
from registry import states

MIN_MS = 60_000
NOWHERE = At(lon=0, lat=0)


@dataclass(frozen=True, slots=True)
class _Targets:
    """The promises that count: by tier since the opening, and for a custody since it began."""

    tier_s: Mapping[Tier, float]
    custody_ms: int


def ask(
    file: PlanFile, rules: Rules, policy: Policy, shown: Mapping[str, asked.Bundle]
) -> Question:
    """The question that the file asks; `policy` is the region's, `shown` is an earlier plan. Raises
    ValueError."""
    own_s = {tier: minutes * 60 for tier, minutes in file.policy.target_min.items()}
    targets = _Targets({**policy.target_s, **own_s}, policy.clocks.custody_s * 1000)
    situation = _situation(file, targets)
    return question(replace(situation, shown={**shown, **situation.shown}), rules, _drive(file))


def _situation(file: PlanFile, targets: _Targets) -> Situation:
    promised = {
        id_: request.id
        for request in file.requests
        for id_ in (request.promised.team, request.promised.van)
        if id_ is not None
    }
    agreements: dict[str, list[Agreement]] = {}
    for one in file.agreements:
        agreements.setdefault(one.facility, []).append(
            Agreement(one.facility, one.zone, one.pool_types)
        )
    return Situation(
        now_ms=file.now_ms,
        requests=[_request(request, file, targets) for request in file.requests],
        teams={team.id: _team(team, file, promised) for team in file.teams},
        vans={van.id: _van(van, file, promised) for van in file.vans},
        pools={pool.id: _pool(pool, file) for pool in file.pools},
        slots={slot.id: _slot(slot, file) for slot in file.slots},
        agreements=agreements,
        lapsed={team.id: team.lapsed for team in file.teams if team.lapsed},
        shown={name: _planned(bundle) for name, bundle in file.previous.items()},
        fixed={one.id: _fixed(one.fixed) for one in file.requests if one.fixed is not None},
        forbidden={one.id: one.forbidden for one in file.requests if one.forbidden},
        withheld=file.forbidden,
    )


def _planned(bundle: BundlePart) -> asked.Bundle:
    return asked.Bundle(bundle.team, asked.SELF if bundle.van == SELF else bundle.van, bundle.place)


def _fixed(part: FixedPart) -> asked.Bundle:
    """What is not named is open."""
    whole = _planned(part)
    named = part.model_fields_set
    return asked.Bundle(
        whole.team if "team" in named else asked.ANY,
        whole.van if "van" in named else asked.ANY,
        whole.place if "place" in named else asked.ANY,
    )


def _request(part: RequestPart, file: PlanFile, targets: _Targets) -> CrisisRequest:
    at = part.at or NOWHERE
    opened_ms = file.now_ms - round(part.waited_min * MIN_MS)
    goal_s = targets.tier_s[part.tier] if part.target_min is None else part.target_min * 60
    custody = _custody(part.custody, file.now_ms, opened_ms)
    slots = {slot.id for slot in file.slots}
    place = part.promised.place
    held = Bundle(
        team=part.promised.team,
        van=None if part.promised.van == SELF else part.promised.van,
        pool=None if place in slots else place,
        slot=place if place in slots else None,
    )
    return CrisisRequest(
        id=part.id,
        version=1,
        state=part.state,
        opened_ms=opened_ms,
        zone=part.zone,
        place=part.zone,
        lon=at.lon,
        lat=at.lat,
        needs=Needs(
            words=frozenset(part.needs),
            team=part.team,
            place=part.place,
            van=part.van,
            pool_types=part.pool_types,
            slot=part.slot,
            seats=part.seats,
            facility=part.facility,
        ),
        risk=Risk(),
        urgency=Urgency.URGENT,
        tier=part.tier,
        target_ms=opened_ms + round(goal_s * 1000),
        policy="plan file",
        custody=custody,
        custody_due_ms=None if custody is None else custody.since_ms + targets.custody_ms,
        guardianship=_guardianship(part.guardian),
        plan=Bundle(held.team, part.promised.van, held.pool, held.slot),
        held=held,
        excluded_teams=part.declined_by,
        excluded_facilities=part.declined_by,
    )


def _custody(part: CustodyPart | None, now_ms: int, opened_ms: int) -> Custody | None:
    if part is None:
        return None
    ago_min = part.began_min_ago
    since_ms = opened_ms if ago_min is None else now_ms - round(ago_min * MIN_MS)
    return Custody(part.basis, part.custodian, part.transport_by, since_ms)


def _guardianship(part: GuardianPart | None) -> Guardianship | None:
    return None if part is None else Guardianship(part.consent, part.escort)


def _unit(part: UnitPart, file: PlanFile, promised: Mapping[str, str]) -> dict[str, Any]:
    base = part.base or part.at or NOWHERE
    at = part.at or base
    return {
        "id": part.id,
        "zone": EVERYWHERE,
        "name": part.name or part.id,
        "seats": part.seats,
        "offers": part.offers,
        "shift_start_ms": file.now_ms - round(part.shift_began_min_ago * MIN_MS),
        "shift_end_ms": file.now_ms + round(part.shift_ends_in_min * MIN_MS),
        "base_lon": base.lon,
        "base_lat": base.lat,
        "lon": at.lon,
        "lat": at.lat,
        "position_ms": file.now_ms,
        "status": part.status,
        "request": promised.get(part.id),
    }


def _team(part: TeamPart, file: PlanFile, promised: Mapping[str, str]) -> states.Team:
    return states.Team(**_unit(part, file, promised))


def _van(part: VanPart, file: PlanFile, promised: Mapping[str, str]) -> states.Van:
    return states.Van(**_unit(part, file, promised), driver="driver" if part.driver else None)


def _pool(part: PoolPart, file: PlanFile) -> states.Pool:
    at, counted_ms = part.at or NOWHERE, file.now_ms - round(part.counted_min_ago * MIN_MS)
    left = part.capacity - part.occupied - part.closed
    return states.Pool(
        id=part.id,
        facility=part.facility,
        zone=part.zone,
        name=part.name or part.id,
        type=part.type,
        takes=part.takes,
        lon=at.lon,
        lat=at.lat,
        capacity=part.capacity,
        occupied=part.occupied,
        closed=part.closed,
        free=max(0, left),
        deficit=max(0, -left),
        paused=part.paused,
        phone=part.phone,
        updated_ms=counted_ms,
        confirmed_ms=counted_ms,
    )


def _slot(part: SlotPart, file: PlanFile) -> states.Slot:
    at = part.at or NOWHERE
    return states.Slot(
        id=part.id,
        provider=part.provider,
        zone=part.zone,
        name=part.name or part.id,
        mode=part.mode,
        takes=part.takes,
        lon=at.lon,
        lat=at.lat,
        starts_ms=file.now_ms + round(part.starts_in_min * MIN_MS),
        duration_s=round(part.duration_min * 60),
        capacity=part.free,
        free=part.free,
    )


def _drive(file: PlanFile) -> Drive:
    """The file's own travel times; else an estimate from the distance, labelled as one."""
    travel = file.travel
    if travel is None:
        return driving(Estimate())

    def drive(cast: Cast, _: Mapping[str, tuple[float, float]]) -> Times:
        requests, teams = _ids(cast.requests), _ids(cast.teams)
        vans, places = _ids(cast.vans), _ids(cast.places)
        return Times(
            _matrix(travel.team_to_request, teams, requests),
            _matrix(travel.van_to_request, vans, requests),
            _matrix(travel.request_to_place, requests, places),
            _matrix(travel.place_to_base, places, vans),
            Travel("file", "road"),
        )

    return drive


def _ids(parts: Sequence[Any]) -> list[str]:
    return [part.id for part in parts]


def _matrix(table: Table, origins: list[str], destinations: list[str]) -> NDArray[np.float64]:
    rows = [[table.get(o, {}).get(d, np.nan) for d in destinations] for o in origins]
    return np.array(rows, dtype=np.float64).reshape(len(origins), len(destinations))
