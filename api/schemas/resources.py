"""Teams, vans, pools and slots: definitions, reports and what is true of them now."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.edge import (
    Answer,
    Command,
    Count,
    Happened,
    Id,
    Lat,
    Lon,
    Millis,
    Name,
    Phone,
    PlaceId,
    Shift,
    UnitStatus,
    Until,
    Word,
    Words,
    ZoneId,
)

Seats = Annotated[int, Field(ge=0, le=60)]


class Fact(Answer):
    """The three times of everything reported: changed, reported, confirmed as still true."""

    id: Id
    version: int
    changed_ms: Millis
    updated_ms: Millis
    confirmed_ms: Millis
    zone: str
    name: str


class Unit(Fact):
    seats: int
    offers: list[str]
    shift_start_ms: Millis
    shift_end_ms: Millis
    base_lon: float
    base_lat: float
    lon: float
    lat: float
    position_ms: Millis
    accuracy_m: int | None = Field(description="how far off the position may be, if that was told")
    status: UnitStatus
    out_reason: str | None
    hold: str | None
    request: str | None
    phone: str


class Team(Unit):
    crew: list[str]


class Van(Unit):
    driver: str | None


class Pool(Fact):
    """A pool of like beds. free − deficit + held + reserved + occupied + closed = capacity."""

    facility: str
    type: str
    takes: list[str]
    lon: float
    lat: float
    capacity: int
    occupied: int
    closed: int
    held: int
    reserved: int
    deficit: int
    free: int
    paused: bool
    pause_reason: str | None
    pause_until_ms: int | None
    phone: str


class Slot(Fact):
    provider: str
    mode: Literal["in_person", "telehealth"]
    takes: list[str]
    lon: float
    lat: float
    starts_ms: Millis
    duration_s: int
    capacity: int
    held: int
    booked: int
    free: int
    open: bool


class Teams(Answer):
    server_ms: Millis
    items: list[Team]


class Vans(Answer):
    server_ms: Millis
    items: list[Van]


class Pools(Answer):
    server_ms: Millis
    items: list[Pool]


class Slots(Answer):
    server_ms: Millis
    items: list[Slot]


class UnitDefinition(Command):
    name: Name
    zone: ZoneId
    seats: Seats
    offers: Words
    shift_start_ms: Shift
    shift_end_ms: Shift
    base_lon: Lon
    base_lat: Lat
    phone: Phone | Literal[""] = ""


class TeamDefinition(UnitDefinition):
    crew: list[Name] = Field(default=[], max_length=8)


class VanDefinition(UnitDefinition):
    driver: Name | None = None


class PoolDefinition(Command):
    facility: PlaceId
    name: Name
    zone: ZoneId
    type: Word
    takes: Words
    lon: Lon
    lat: Lat
    capacity: Count
    phone: Phone | Literal[""] = ""


class SlotDefinition(Command):
    provider: PlaceId
    name: Name
    zone: ZoneId
    mode: Literal["in_person", "telehealth"]
    takes: Words
    lon: Lon
    lat: Lat
    starts_ms: Until
    duration_s: Annotated[int, Field(ge=60, le=86_400)]
    capacity: Annotated[int, Field(ge=1, le=500)] = 1


class CountReport(Command):
    """A facility's own count. It is always taken, also where it contradicts what was promised."""

    capacity: Count | None = Field(default=None, description="licensed beds, if they changed")
    occupied: Count
    closed: Count
    at_ms: Happened = Field(description="when it was counted; not in the future")


class Counted(Answer):
    """The new state, and whom it concerns if the pool is overcommitted now."""

    pool: Pool
    overcommitted: bool
    holds: list[str]
    requests: list[str]
    late: bool = Field(description="made before the count that stands: it changed nothing")


class Pause(Command):
    reason: Word = Field(description="coded: a pause_reason", examples=["staffing"])
    until_ms: Until | None = None


class NotTrue(Command):
    """Undo "still true" while it is the last word on the pool."""

    withdrawn_ms: Happened = Field(description="`confirmed_ms` that the confirmation gave the pool")
    former_ms: Millis = Field(description="`confirmed_ms` before it")


class StatusReport(Command):
    """Signing on is `available`; a break or signing off is `out_of_service` with its reason."""

    status: UnitStatus
    reason: Word | None = Field(
        default=None,
        description="an `out_of_service` code of the vocabulary; with that status only",
    )
