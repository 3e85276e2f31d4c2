"""The form of a plan file: what may be written in it, part by part.

A field that is not here is refused: what nobody can write, nobody can be refused for.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from directory.participants import EVERYWHERE
from dispatch.never_inputs import speaks_of_status
from dispatch.request import SELF
from dispatch.words import (
    CARRIED_OUT,
    WAITING,
    Consent,
    Custodian,
    Escort,
    LegalBasis,
    Need,
    State,
    Tier,
    Transporter,
)
from registry.states import UnitStatus

H24_MIN = 1440.0

ONE_WORD = r"^[^\s/]+$"
DATE = re.compile(r"\d{4}-\d\d-\d\d")
POLICY_FILE = r"^[^/\\]+\.(toml|json)$"

Id = Annotated[str, Field(min_length=1, max_length=100, pattern=ONE_WORD)]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
Seconds = Annotated[float, Field(ge=0, le=1_000_000)]
Count = Annotated[int, Field(ge=0, le=100_000)]
Words = tuple[str, ...]
Table = dict[Id, dict[Id, Seconds]]


def _no_status(zone: str) -> str:
    if speaks_of_status(zone):
        raise ValueError("a zone is a part of the map; nobody is refused for payer, home or papers")
    return zone


def _written_out(moment: object) -> object:
    """A number could be seconds or milliseconds, of any epoch: only what is written out is read."""
    if isinstance(moment, datetime) or (isinstance(moment, str) and DATE.match(moment)):
        return moment
    raise PydanticCustomError("datetime_type", "must be a moment")


Moment = Annotated[datetime, BeforeValidator(_written_out)]
Zone = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_no_status)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class At(_Part):
    """A position in WGS84 degrees."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]


class CustodyPart(_Part):
    """On what an involuntary status rests, who has custody, who may transport, since when (else
    since the request was opened)."""

    basis: LegalBasis
    custodian: Custodian
    transport_by: frozenset[Transporter]
    began_min_ago: Minutes | None = None


class GuardianPart(_Part):
    """A minor's guardian: whether they consent, and who rides along."""

    consent: Consent = Consent.NOT_REACHED
    escort: Escort | None = None


class BundlePart(_Part):
    """A team, a van ("self": the team drives), and a pool or slot."""

    team: Id | None = None
    van: Id | None = None
    place: Id | None = None


class FixedPart(BundlePart):
    """What is decided for a request: a part that is not named stays open, null means without."""

    @model_validator(mode="after")
    def names_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name a team, a van or a place, or leave it out")
        if self.van == SELF and self.team is None:
            raise ValueError('van: "self" drives only together with a fixed team')
        return self


class RequestPart(_Part):
    """One person's need. `waited_min` counts since the request was opened."""

    id: Id
    at: At | None = None
    zone: Zone = EVERYWHERE
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
    guardian: GuardianPart | None = None
    state: State = State.REQUESTED
    promised: BundlePart = BundlePart()
    fixed: FixedPart | None = None
    forbidden: frozenset[Id] = frozenset()

    @model_validator(mode="after")
    def promise_fits_state(self) -> Self:
        if self.state not in WAITING | CARRIED_OUT:
            raise ValueError(f"a request that is {self.state} has ended and is not planned")
        if self.state in WAITING and self.promised != BundlePart():
            raise ValueError("promised: only a request that was accepted has promises")
        if self.promised.van == SELF and self.promised.team is None:
            raise ValueError('promised.van: "self" drives only together with a promised team')
        return self

    @model_validator(mode="after")
    def fixed_fits(self) -> Self:
        if self.fixed is None:
            return self
        for part, id_ in self.fixed:
            if part not in self.fixed.model_fields_set:
                continue
            if id_ is not None and id_ in self.forbidden:
                raise ValueError(f"fixed.{part}: {id_} is forbidden for this request")
            promised = getattr(self.promised, part)
            if promised not in (None, id_):
                raise ValueError(f"fixed.{part}: another one is promised already")
            if promised != id_ and not self._is_planned(part):
                raise ValueError(f"fixed.{part}: nothing of it is planned for {self.state}")
        if self.fixed.place is not None and self.place is not Need.NEEDED:
            raise ValueError("fixed.place: only a place that is needed is claimed")
        return self

    def _is_planned(self, part: str) -> bool:
        """Whether a part is planned at all: of what is carried out, only what a place takes."""
        seeks_place = self.place is not Need.NONE and self.promised.place is None
        return self.state in WAITING or (seeks_place and part != "team")


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
    zone: Zone = EVERYWHERE
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
    zone: Zone = EVERYWHERE
    at: At | None = None
    starts_in_min: Minutes
    duration_min: Annotated[float, Field(gt=0, le=1440)] = 50
    free: Count = 1


class AgreementPart(_Part):
    """A facility takes people of a zone ("*" for all) into these types of places."""

    facility: Id
    zone: Zone
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
    """A whole plan file. Without `travel` every part needs a position. `forbidden` resources are
    given to nobody; `previous` is the plan that is shown now; `policy_file`, beside this file, has
    the form of `policy`; `strict` overrides the policy."""

    version: Literal[1]
    now: Moment
    requests: tuple[RequestPart, ...] = ()
    teams: tuple[TeamPart, ...] = ()
    vans: tuple[VanPart, ...] = ()
    pools: tuple[PoolPart, ...] = ()
    slots: tuple[SlotPart, ...] = ()
    agreements: tuple[AgreementPart, ...] = ()
    travel: TravelPart | None = None
    forbidden: frozenset[Id] = frozenset()
    previous: dict[Id, BundlePart] = {}
    policy: PolicyPart = PolicyPart()
    policy_file: Annotated[str, Field(pattern=POLICY_FILE)] | None = None
    strict: bool | None = None
    deadline_s: Annotated[float, Field(ge=0, le=3600)] | None = None
    explain: Literal["full", "brief"] = "full"

    @model_validator(mode="after")
    def moment_and_policy(self) -> Self:
        if self.now.tzinfo is None:
            raise ValueError("now: must name its time zone, such as 2026-11-22T08:00:00Z")
        if self.policy_file is not None and self.policy != PolicyPart():
            raise ValueError("policy_file: name a file or write the policy here, not both")
        return self

    @property
    def now_ms(self) -> int:
        """The moment of planning, ms UTC."""
        return int(self.now.timestamp() * 1000)
