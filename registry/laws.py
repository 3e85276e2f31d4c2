"""The arithmetic and the bounds that every registry keeps, as pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

from msgspec.structs import replace

from registry.errors import InvalidCommand
from registry.port import (
    MAX_ACCURACY_M,
    MAX_COUNT,
    MAX_TIME_MS,
    MAX_TTL_S,
    Claim,
    Counts,
    Free,
    HoldCommand,
    Promise,
    Reason,
    Status,
    UnitPosition,
)
from registry.states import (
    CARDS,
    RESOURCES,
    UNITS,
    Hold,
    Kind,
    Pool,
    Resource,
    Slot,
    State,
    Team,
    UnitStatus,
    Van,
)

TIMES = frozenset({"version", "changed_ms", "updated_ms", "confirmed_ms"})
PLACE = frozenset({"lon", "lat", "position_ms", "accuracy_m"})

# What a redefinition does not touch.
UNIT_LIVES = (
    "lon",
    "lat",
    "position_ms",
    "accuracy_m",
    "status",
    "out_reason",
    "hold",
    "request",
)
SLOT_LIVES = ("held", "booked")
POOL_LIVES = (
    "capacity",
    "occupied",
    "closed",
    "held",
    "reserved",
    "paused",
    "pause_reason",
    "pause_until_ms",
)
UNCLAIMED_POOL = {"held": 0, "reserved": 0}
UNCLAIMED_SLOT = {"held": 0, "booked": 0}

Kept = TypeVar("Kept", Team | Van, Pool, Slot)


def recount_pool(pool: Pool) -> Pool:
    """`free` and `deficit` from the other counts; at most one of them is above 0."""
    free = pool.capacity - pool.closed - pool.occupied - pool.held - pool.reserved
    return replace(pool, free=max(0, free), deficit=max(0, -free))


def recount_slot(slot: Slot) -> Slot:
    """`free` from the other counts; an overbooked slot has 0."""
    return replace(slot, free=max(0, slot.capacity - slot.held - slot.booked))


def why_not(state: Resource) -> Reason | None:
    """Why this resource cannot be held now; None if it can."""
    if isinstance(state, Pool):
        if state.paused:
            return "paused"
        if state.overcommitted:
            return "overcommitted"
        return "full" if state.free == 0 else None
    if isinstance(state, Slot):
        if not state.open:
            return "closed"
        return "full" if state.free == 0 else None
    if state.status == UnitStatus.OUT_OF_SERVICE:
        return "out_of_service"
    taken = state.hold is not None or state.request is not None
    return "not_free" if taken or state.status != UnitStatus.AVAILABLE else None


def differs(before: State, after: State) -> bool:
    """Is anything another that a decision depends on (not its times, not a unit's position)?"""
    passing = TIMES if isinstance(after, Pool | Slot | Hold) else TIMES | PLACE
    return any(
        getattr(before, name) != getattr(after, name)
        for name in after.__struct_fields__
        if name not in passing
    )


def redefine(old: Resource | None, new: Resource) -> Resource:
    """The definition of `new` with what was reported or claimed in `old` (None: nothing yet)."""
    new = _rounded(new)
    if isinstance(new, Pool):
        return recount_pool(_keep(old, new, POOL_LIVES) if old else replace(new, **UNCLAIMED_POOL))
    if isinstance(new, Slot):
        return recount_slot(_keep(old, new, SLOT_LIVES) if old else replace(new, **UNCLAIMED_SLOT))
    if old:
        return _keep(old, new, UNIT_LIVES)
    at_base = replace(new, lon=new.base_lon, lat=new.base_lat, position_ms=0, accuracy_m=None)
    return replace(at_base, hold=None, request=None)


def _rounded(state: Resource) -> Resource:
    if isinstance(state, Pool | Slot):
        return replace(state, lon=rounded(state.lon), lat=rounded(state.lat))
    return replace(state, base_lon=rounded(state.base_lon), base_lat=rounded(state.base_lat))


def _keep(old: State, new: Kept, names: Iterable[str]) -> Kept:
    return replace(new, **{name: getattr(old, name) for name in names})


def check_definition(state: Resource) -> None:
    """Raises InvalidCommand on an empty id or a number that is out of its bounds."""
    check_id(state.id)
    names = ("capacity", "occupied", "closed", "seats")
    for name in names:
        if name in state.__struct_fields__:
            check_count(name, getattr(state, name))
    for name in state.__struct_fields__:
        if name.endswith("_ms"):
            check_time(name, getattr(state, name))
    if isinstance(state, Slot) and not 0 < state.duration_s <= MAX_TTL_S:
        raise InvalidCommand(f"a slot lasts longer than 0 and at most {MAX_TTL_S} s")
    spots = (
        [(state.lon, state.lat)]
        if isinstance(state, Pool | Slot)
        else [(state.base_lon, state.base_lat)]
    )
    if not all(on_earth(*spot) for spot in spots):
        raise InvalidCommand("not a place on earth, in degrees (lon, lat)")


def check_id(id: str) -> None:
    """Raises InvalidCommand unless it is a short text without control characters."""
    if not 0 < len(id) <= 128 or not id.isprintable():
        raise InvalidCommand("an id is 1 to 128 printable characters")


def check_count(name: str, value: int) -> None:
    """Raises InvalidCommand unless 0 ≤ value ≤ MAX_COUNT."""
    if not 0 <= value <= MAX_COUNT:
        raise InvalidCommand(f"{name} must be 0 to {MAX_COUNT}")


def check_time(name: str, value: int | None) -> None:
    """Raises InvalidCommand unless it is None or 0 ≤ value < MAX_TIME_MS (ms UTC)."""
    if value is not None and not 0 <= value < MAX_TIME_MS:
        raise InvalidCommand(f"{name} is not a time in ms since 1970")


def check_counts(counts: Counts, at_ms: int) -> None:
    """Raises InvalidCommand when a count or its time is out of its bounds."""
    check_time("at_ms", at_ms)
    check_count("occupied", counts.occupied)
    check_count("closed", counts.closed)
    if counts.capacity is not None:
        check_count("capacity", counts.capacity)


def check_ttl(ttl_s: float) -> None:
    """Raises InvalidCommand unless 0 < ttl_s ≤ MAX_TTL_S."""
    if not 0 < ttl_s <= MAX_TTL_S:
        raise InvalidCommand(f"a time to live is above 0 and at most {MAX_TTL_S} s")


def check_hold(command: HoldCommand) -> None:
    """Raises InvalidCommand when it names nothing to hold or an impossible time."""
    check_id(command.hold_id)
    check_id(command.request)
    check_ttl(command.ttl_s)
    if not all(0 <= version < MAX_TIME_MS for version in command.seen.values()):
        raise InvalidCommand("a version that was seen is a small number")
    if not held_by(command):
        raise InvalidCommand("a hold names a team, a van, a pool or a slot")


def check_promise(promise: Promise) -> None:
    """Raises InvalidCommand on an unknown aggregate, kind or version."""
    if promise.aggregate not in CARDS:
        raise InvalidCommand(f"{promise.aggregate!r} makes no promises")
    if promise.version < 1:
        raise InvalidCommand("versions start at 1")
    for effect in promise.effects:
        if isinstance(effect, Claim | Free):
            check_kind(effect.kind, RESOURCES)
        elif isinstance(effect, Status):
            check_kind(effect.kind, UNITS)
            check_status(effect.status)


def check_kind(kind: str, among: Iterable[str]) -> None:
    """Raises InvalidCommand unless the kind is one of these."""
    if kind not in among:
        raise InvalidCommand(f"no such kind here: {kind!r}")


def check_status(status: str) -> UnitStatus:
    """Raises InvalidCommand unless a unit can have this status."""
    try:
        return UnitStatus(status)
    except ValueError as error:
        raise InvalidCommand(f"no such status: {status!r}") from error


def check_out(status: str, reason: str | None) -> None:
    """Raises InvalidCommand unless a unit can have this status, for this reason if any."""
    if check_status(status) != UnitStatus.OUT_OF_SERVICE and reason is not None:
        raise InvalidCommand("a reason goes with out_of_service alone")
    if reason is not None:
        check_id(reason)


def held_by(named: HoldCommand | Hold) -> list[tuple[Kind, str]]:
    """The resources that a hold names, in the order in which they are judged."""
    asked = ((kind, getattr(named, kind)) for kind in RESOURCES)
    return [(kind, id) for kind, id in asked if id is not None]


def on_earth(lon: float, lat: float) -> bool:
    """Are these finite degrees in range?"""
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def sound(point: UnitPosition) -> bool:
    """Can this GPS point be true at all (kind, place, time after 1970)?"""
    return point.kind in UNITS and on_earth(point.lon, point.lat) and 0 < point.at_ms < MAX_TIME_MS


def whole_metres(accuracy_m: float | None) -> int | None:
    """An accuracy as it is kept; None for one that says nothing."""
    if accuracy_m is None or not 0 <= accuracy_m < math.inf:
        return None
    return round(min(accuracy_m, MAX_ACCURACY_M))


def rounded(degrees: float) -> float:
    """Degrees to 6 decimals (0.1 m), which survive every encoding on the way."""
    return round(degrees * 1e6) / 1e6 if math.isfinite(degrees) else degrees
