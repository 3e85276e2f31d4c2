"""The states of teams, vans, pools, slots and holds, as commands, events and snapshots carry them.

Times are integer milliseconds UTC (`_ms`), positions degrees (lon, lat), durations seconds (`_s`).
`version` counts the changes that a decision depends on: a GPS point or a "still true" leaves it.
Of the three times of a fact, `changed_ms` is when its value last became another one, `updated_ms`
when it was last reported, `confirmed_ms` when a human or a system last stood by it.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What the registry keeps: resources, holds, and the cards of open promises."""

    TEAM = "team"
    VAN = "van"
    POOL = "pool"
    SLOT = "slot"
    HOLD = "hold"
    REQUEST = "request"
    REFERRAL = "referral"
    TASK = "task"
    PANIC = "panic"
    CLOSURE = "closure"
    RIDE = "ride"


UNITS = (Kind.TEAM, Kind.VAN)
RESOURCES = (Kind.TEAM, Kind.VAN, Kind.POOL, Kind.SLOT)
CARDS = (Kind.REQUEST, Kind.REFERRAL, Kind.TASK, Kind.PANIC, Kind.CLOSURE, Kind.RIDE)


class UnitStatus(StrEnum):
    """What a team or van is doing. Only an available one can be held."""

    AVAILABLE = "available"
    DISPATCHED = "dispatched"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    TRANSPORTING = "transporting"
    AT_FACILITY = "at_facility"
    CLEARING = "clearing"
    OUT_OF_SERVICE = "out_of_service"


class _Fact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    version: int = 0
    changed_ms: int = 0
    updated_ms: int = 0
    confirmed_ms: int = 0


class Team(_Fact, frozen=True, kw_only=True):
    """A mobile crisis team. `hold` is an unconfirmed claim, `request` the promise it serves.

    `out_reason` is the code of why it is out of service, as it said itself.
    """

    zone: str
    name: str
    crew: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    seats: int = 0
    shift_start_ms: int
    shift_end_ms: int
    base_lon: float
    base_lat: float
    lon: float = 0.0
    lat: float = 0.0
    position_ms: int = 0
    accuracy_m: int | None = None
    status: UnitStatus = UnitStatus.AVAILABLE
    out_reason: str | None = None
    hold: str | None = None
    request: str | None = None
    phone: str = ""


class Van(_Fact, frozen=True, kw_only=True):
    """A transport van. `position_ms` 0 means that it never reported: it stands at its base."""

    zone: str
    name: str
    seats: int = 0
    offers: tuple[str, ...] = ()
    driver: str | None = None
    shift_start_ms: int
    shift_end_ms: int
    base_lon: float
    base_lat: float
    lon: float = 0.0
    lat: float = 0.0
    position_ms: int = 0
    accuracy_m: int | None = None
    status: UnitStatus = UnitStatus.AVAILABLE
    out_reason: str | None = None
    hold: str | None = None
    request: str | None = None
    phone: str = ""


class Pool(_Fact, frozen=True, kw_only=True):
    """Like places of one facility.

    `capacity` is licensed, `occupied` and `closed` are the facility's own count (closed includes
    unstaffed), `held` and `reserved` are ours: expiring claims, and persons on their way.
    free − deficit + held + reserved + occupied + closed = capacity, at every event.
    """

    facility: str
    zone: str
    name: str
    type: str
    takes: tuple[str, ...] = ()
    lon: float
    lat: float
    capacity: int
    occupied: int = 0
    closed: int = 0
    held: int = 0
    reserved: int = 0
    deficit: int = 0
    free: int = 0
    paused: bool = False
    pause_reason: str | None = None
    pause_until_ms: int | None = None
    phone: str = ""

    @property
    def overcommitted(self) -> bool:
        """More is claimed than there is: gives nothing new."""
        return self.deficit > 0


class Slot(_Fact, frozen=True, kw_only=True):
    """An appointment that a provider offers. `free` is never below 0, even when overbooked."""

    provider: str
    zone: str
    name: str
    mode: str
    takes: tuple[str, ...] = ()
    lon: float
    lat: float
    starts_ms: int
    duration_s: int
    capacity: int = 1
    held: int = 0
    booked: int = 0
    free: int = 0
    open: bool = True


class Hold(_Fact, frozen=True, kw_only=True):
    """An expiring claim over a team, a van and a pool or slot at once. It ends by the sweep."""

    request: str
    team: str | None = None
    van: str | None = None
    pool: str | None = None
    slot: str | None = None
    state: str = "held"
    expires_ms: int
    by: str


Unit = Team | Van
Resource = Team | Van | Pool | Slot
State = Team | Van | Pool | Slot | Hold

STATE_TYPES: dict[str, type[State]] = {
    Kind.TEAM: Team,
    Kind.VAN: Van,
    Kind.POOL: Pool,
    Kind.SLOT: Slot,
    Kind.HOLD: Hold,
}


def kind_of(state: State) -> Kind:
    """The kind of a state."""
    return _KIND_OF[type(state)]


_KIND_OF: dict[type[State], Kind] = {
    Team: Kind.TEAM,
    Van: Kind.VAN,
    Pool: Kind.POOL,
    Slot: Kind.SLOT,
    Hold: Kind.HOLD,
}
