"""The plan file: requests, teams, vans and places of anyone's own, planned as the system plans.

The file is checked whole before anything is planned; every complaint names the path of the field.
A field that the file does not know is refused: what nobody can write, nobody can be refused for.
Documented in docs/plan-file.md.
"""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from directory.participants import EVERYWHERE, Agreement
from dispatch.planning import Cast, Drive, Rules, Situation, Times, Travel, driving, question
from dispatch.planning_policy import PlanningFile, planning_policy
from dispatch.policy import load_policy
from dispatch.recommendation import plan_view
from dispatch.request import SELF, Bundle, CrisisRequest, Custody, Needs, Risk
from dispatch.words import (
    CARRIED_OUT,
    WAITING,
    Custodian,
    LegalBasis,
    Need,
    State,
    Tier,
    Transporter,
    Urgency,
)
from geo.estimate import Estimate
from optimizer import problem as asked
from optimizer.check import check
from optimizer.solve import solve
from registry import states
from registry.freshness import load_freshness
from registry.states import UnitStatus
from registry.vocabulary import UnknownWord, Vocabulary, load_vocabulary

POLICY = Path(__file__).resolve().parent.parent / "policy"
MIN_MS = 60_000
H24_MIN = 1440.0

Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s/]+$")]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
Seconds = Annotated[float, Field(ge=0, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Words = tuple[str, ...]
Table = dict[Id, dict[Id, Seconds]]


class PlanFileError(ValueError):
    """The file cannot be planned; the message lists what is wrong, one line a field."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class At(_Part):
    """A position in WGS84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]


NOWHERE = At(lon=0, lat=0)


class CustodyPart(_Part):
    """On what an involuntary status rests, who has custody, who may transport."""

    basis: LegalBasis
    custodian: Custodian
    transport_by: frozenset[Transporter]


class BundlePart(_Part):
    """A team, a van ("self": the team drives), and a pool or slot."""

    team: Id | None = None
    van: Id | None = None
    place: Id | None = None


class RequestPart(_Part):
    """One person's need. `waited_min` counts since the request was opened."""

    id: Id
    at: At | None = None
    zone: str = EVERYWHERE
    tier: Tier
    waited_min: Minutes = 0
    target_min: Minutes | None = None
    needs: Words = ()
    team: bool = True
    place: Need = Need.NONE
    van: Need = Need.NONE
    pool_types: Words = ()
    slot: bool = False
    seats: Annotated[int, Field(ge=1, le=20)] = 1
    facility: Id | None = None
    declined_by: frozenset[Id] = frozenset()
    custody: CustodyPart | None = None
    state: State = State.REQUESTED
    promised: BundlePart = BundlePart()
    shown: BundlePart | None = None

    @model_validator(mode="after")
    def promise_fits_state(self) -> Self:
        if self.state not in WAITING | CARRIED_OUT:
            raise ValueError(f"a request that is {self.state} has ended and is not planned")
        if self.state in WAITING and self.promised != BundlePart():
            raise ValueError("promised: only a request that was accepted has promises")
        return self


class UnitPart(_Part):
    """A team or van. The shift is in minutes from now; without `at` it stands at its base."""

    id: Id
    name: str | None = None
    at: At | None = None
    base: At | None = None
    offers: Words = ()
    seats: Count = 0
    status: UnitStatus = UnitStatus.AVAILABLE
    shift_began_min_ago: Minutes = 0
    shift_ends_in_min: Minutes = H24_MIN


class TeamPart(UnitPart):
    """A mobile crisis team; with seats it can drive a person itself. `lapsed`: crew words."""

    lapsed: Words = ()


class VanPart(UnitPart):
    """A van with its driver."""

    seats: Count = 1
    driver: bool = True


class PoolPart(_Part):
    """Like places of one facility. `counted_min_ago`: since somebody last stood by the count."""

    id: Id
    facility: Id
    name: str | None = None
    type: str
    takes: Words = ()
    zone: str = EVERYWHERE
    at: At | None = None
    capacity: Count
    occupied: Count = 0
    closed: Count = 0
    paused: bool = False
    counted_min_ago: Minutes = 0
    phone: str = ""


class SlotPart(_Part):
    """An appointment that a provider offers."""

    id: Id
    provider: Id
    name: str | None = None
    mode: Literal["in_person", "telehealth"] = "in_person"
    takes: Words = ()
    zone: str = EVERYWHERE
    at: At | None = None
    starts_in_min: Minutes
    duration_min: Annotated[float, Field(gt=0, le=1440)] = 50
    free: Count = 1


class AgreementPart(_Part):
    """A facility takes people of a zone ("*" for all) into these types of places."""

    facility: Id
    zone: str
    pool_types: Words


class TravelPart(_Part):
    """Driving seconds from → to; a pair that is missing has no way. Bases are named by van."""

    team_to_request: Table = {}
    van_to_request: Table = {}
    request_to_place: Table = {}
    place_to_base: Table = {}


class PolicyPart(_Part):
    """What differs from the system's policy files. `planning` is merged into planning.toml."""

    weight: dict[Tier, Annotated[float, Field(ge=1, le=10_000)]] = {}
    target_min: dict[Tier, Minutes] = {}
    planning: dict[str, dict[str, Any]] = {}


class PlanFile(_Part):
    """A whole plan file. Without `travel` every part needs a position. `explain`: alternatives."""

    version: Literal[1]
    now: datetime
    requests: tuple[RequestPart, ...] = ()
    teams: tuple[TeamPart, ...] = ()
    vans: tuple[VanPart, ...] = ()
    pools: tuple[PoolPart, ...] = ()
    slots: tuple[SlotPart, ...] = ()
    agreements: tuple[AgreementPart, ...] = ()
    travel: TravelPart | None = None
    policy: PolicyPart = PolicyPart()
    explain: bool = True

    @model_validator(mode="after")
    def whole(self) -> Self:
        _Whole(self).check()
        return self

    @property
    def now_ms(self) -> int:
        """The moment of planning, ms UTC."""
        return int(self.now.timestamp() * 1000)


class _Whole:
    """What must hold between the parts of a file."""

    def __init__(self, file: PlanFile) -> None:
        self.file = file
        self.vocabulary = load_vocabulary()

    def check(self) -> None:
        if self.file.now.tzinfo is None:
            raise ValueError("now: must name its time zone, such as 2026-11-22T08:00:00Z")
        self.ids()
        self.words()
        if self.file.travel is None:
            self.positions()
        else:
            self.pairs(self.file.travel)
        self.references()

    def parts(self) -> dict[str, Sequence[Any]]:
        return {kind: getattr(self.file, kind) for kind in KINDS}

    def ids(self) -> None:
        requests = [part.id for part in self.file.requests]
        resources = [part.id for kind in RESOURCES for part in getattr(self.file, kind)]
        for ids in (requests, resources):
            twice = {one for one in ids if ids.count(one) > 1}
            if twice:
                raise ValueError(f"the id {min(twice)} appears twice")

    def words(self) -> None:
        for kind, parts in self.parts().items():
            for k, part in enumerate(parts):
                for name in ("needs", "offers", "takes", "lapsed"):
                    _known(self.vocabulary, f"{kind}.{k}.{name}", getattr(part, name, ()))
                for word in getattr(part, "pool_types", ()):
                    _coded(self.vocabulary, f"{kind}.{k}.pool_types", word)
                if kind == "pools":
                    _coded(self.vocabulary, f"pools.{k}.type", part.type)

    def positions(self) -> None:
        for kind, parts in self.parts().items():
            for k, part in enumerate(parts):
                remote = getattr(part, "mode", None) == "telehealth"
                if part.at is None and getattr(part, "base", None) is None and not remote:
                    raise ValueError(f"{kind}.{k}.at: needed, because the file has no travel times")

    def pairs(self, travel: TravelPart) -> None:
        ids = {kind: {part.id for part in parts} for kind, parts in self.parts().items()}
        places = ids["pools"] | ids["slots"]
        for name, origins, destinations in (
            ("team_to_request", ids["teams"], ids["requests"]),
            ("van_to_request", ids["vans"], ids["requests"]),
            ("request_to_place", ids["requests"], places),
            ("place_to_base", places, ids["vans"]),
        ):
            for origin, row in getattr(travel, name).items():
                strange = ({origin} - origins) | (row.keys() - destinations)
                if strange:
                    raise ValueError(f"travel.{name}.{origin}: unknown id {min(strange)}")

    def references(self) -> None:
        known = {part.id for kind in RESOURCES for part in getattr(self.file, kind)} | {SELF}
        for k, request in enumerate(self.file.requests):
            for field in ("promised", "shown"):
                bundle: BundlePart | None = getattr(request, field)
                for part, id_ in bundle or BundlePart():
                    if id_ is not None and id_ not in known:
                        raise ValueError(f"requests.{k}.{field}.{part}: unknown id {id_}")


KINDS = ("requests", "teams", "vans", "pools", "slots")
RESOURCES = KINDS[1:]


def _known(vocabulary: Vocabulary, path: str, words: Words) -> None:
    try:
        vocabulary.check_needs(words)
    except UnknownWord as unknown:
        raise ValueError(f"{path}: {unknown}") from None


def _coded(vocabulary: Vocabulary, path: str, word: str) -> None:
    try:
        vocabulary.check_code("pool_type", word)
    except UnknownWord as unknown:
        raise ValueError(f"{path}: {unknown}") from None


def plan_file(path: Path) -> dict[str, Any]:
    """Plan a file; answers the plan as plain JSON values. Raises PlanFileError, OSError."""
    try:
        return plan_text(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise PlanFileError("this is not text in UTF-8") from None


def plan_text(text: str) -> dict[str, Any]:
    """Plan the text of a file. Raises PlanFileError."""
    try:
        file = PlanFile.model_validate_json(text)
        rules = _rules(file)
    except ValidationError as wrong:
        raise PlanFileError(_complaints(wrong)) from None
    put = question(_situation(file), rules, _drive(file))
    explain = [request.id for request in put.problem.requests] if file.explain else []
    plan = solve(put.problem, explain=explain)
    faults = check(put.problem, plan)
    if faults:
        raise PlanFileError(f"the plan did not pass its checker: {faults[0]}")
    answer: dict[str, Any] = msgspec.to_builtins(plan_view(put, plan, version=1, at=(0, 0)))
    return answer


def plan_file_schema() -> dict[str, Any]:
    """The JSON schema of a plan file."""
    return PlanFile.model_json_schema()


def _complaints(wrong: ValidationError) -> str:
    lines = []
    for error in wrong.errors(include_url=False, include_input=False):
        path = ".".join(str(part) for part in error["loc"])
        what = error["msg"].removeprefix("Value error, ")
        lines.append(f"{path}: {what}" if path else what)
    return "\n".join(lines)


def _rules(file: PlanFile) -> Rules:
    raw = tomllib.loads((POLICY / "planning.toml").read_text(encoding="utf-8"))
    for table, values in file.policy.planning.items():
        if table not in raw or not isinstance(raw[table], dict):
            raise PlanFileError(f"policy.planning.{table}: no such table")
        raw[table] = raw[table] | values
    PlanningFile.model_validate(raw)
    dispatch = load_policy(POLICY / "dispatch.toml")
    return Rules(
        planning=planning_policy(raw),
        freshness=load_freshness(POLICY / "freshness.toml"),
        weight=dispatch.weight | file.policy.weight,
        vocabulary=load_vocabulary(),
    )


def _situation(file: PlanFile) -> Situation:
    dispatch = load_policy(POLICY / "dispatch.toml")
    target_s = {
        tier: file.policy.target_min.get(tier, seconds / 60) * 60
        for tier, seconds in dispatch.target_s.items()
    }
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
        requests=[_request(request, file, target_s) for request in file.requests],
        teams={team.id: _team(team, file, promised) for team in file.teams},
        vans={van.id: _van(van, file, promised) for van in file.vans},
        pools={pool.id: _pool(pool, file) for pool in file.pools},
        slots={slot.id: _slot(slot, file) for slot in file.slots},
        agreements=agreements,
        lapsed={team.id: team.lapsed for team in file.teams if team.lapsed},
        shown={
            request.id: _shown(request.shown)
            for request in file.requests
            if request.shown is not None
        },
    )


def _shown(bundle: BundlePart) -> asked.Bundle:
    return asked.Bundle(bundle.team, asked.SELF if bundle.van == SELF else bundle.van, bundle.place)


def _request(part: RequestPart, file: PlanFile, target_s: Mapping[Tier, float]) -> CrisisRequest:
    at = part.at or NOWHERE
    opened_ms = file.now_ms - round(part.waited_min * MIN_MS)
    goal_s = target_s[part.tier] if part.target_min is None else part.target_min * 60
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
        custody=_custody(part.custody, opened_ms),
        plan=Bundle(held.team, part.promised.van, held.pool, held.slot),
        held=held,
        excluded_teams=part.declined_by,
        excluded_facilities=part.declined_by,
    )


def _custody(part: CustodyPart | None, since_ms: int) -> Custody | None:
    if part is None:
        return None
    return Custody(part.basis, part.custodian, part.transport_by, since_ms)


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
