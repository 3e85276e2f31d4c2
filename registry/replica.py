"""A copy of the registry in this process, fed by its events: NumPy rows and whole states.

Events carry the states that result, so the replica has no laws of its own. It belongs to one task
or thread; `arrays` gives copies that others may keep.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from registry.errors import PositionLost
from registry.port import Card, Event, Position, Registry, Snapshot
from registry.states import (
    CARDS,
    RESOURCES,
    STATE_TYPES,
    Kind,
    Pool,
    Resource,
    Slot,
    State,
    Team,
    UnitStatus,
    Van,
)

STATUS_CODES = {status: code for code, status in enumerate(UnitStatus)}
"""The number that stands for a status in the column `status`."""

UNKNOWN = -1
_FACT = [("version", "i8"), ("changed_ms", "i8"), ("updated_ms", "i8"), ("confirmed_ms", "i8")]
_PLACE = [("lon", "f8"), ("lat", "f8")]
_UNIT = [
    *_PLACE,
    ("position_ms", "i8"),
    ("accuracy_m", "i4"),
    ("base_lon", "f8"),
    ("base_lat", "f8"),
    ("shift_start_ms", "i8"),
    ("shift_end_ms", "i8"),
    ("seats", "i4"),
    ("status", "i1"),
    ("held", "?"),
    ("engaged", "?"),
    *_FACT,
]
_POOL = [
    *_PLACE,
    *((name, "i4") for name in ("capacity", "occupied", "closed", "held", "reserved")),
    ("deficit", "i4"),
    ("free", "i4"),
    ("paused", "?"),
    *_FACT,
]
_SLOT = [
    *_PLACE,
    ("starts_ms", "i8"),
    ("duration_s", "i4"),
    *((name, "i4") for name in ("capacity", "held", "booked", "free")),
    ("open", "?"),
    *_FACT,
]
COLUMNS: dict[str, np.dtype[Any]] = {
    Kind.TEAM: np.dtype(_UNIT),
    Kind.VAN: np.dtype(_UNIT),
    Kind.POOL: np.dtype(_POOL),
    Kind.SLOT: np.dtype(_SLOT),
}
"""The columns of each kind. `held`: a hold is on the unit; `engaged`: it serves a request;
`accuracy_m`: UNKNOWN where its last point said nothing."""


@dataclass(frozen=True, slots=True)
class Rows:
    """`ids[i]` is the resource of `rows[i]`; `rows["lon"]` is a column, shape (n,)."""

    ids: tuple[str, ...]
    rows: npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Arrays:
    """What is true at `position`, of every kind; a copy."""

    position: Position
    at_ms: int
    teams: Rows
    vans: Rows
    pools: Rows
    slots: Rows


class Replica:
    """What is true at `position`. `cards[kind][id]` are the open promises."""

    def __init__(self, position: Position, at_ms: int) -> None:
        self.position = position
        self.at_ms = at_ms
        self.states: dict[str, dict[str, State]] = {kind: {} for kind in STATE_TYPES}
        self.cards: dict[str, dict[str, Card]] = {kind: {} for kind in CARDS}
        self._tables = {kind: _Table(COLUMNS[kind]) for kind in RESOURCES}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Replica:
        """A replica that starts from a snapshot."""
        replica = cls(snapshot.position, snapshot.at_ms)
        for kind, states in (
            (Kind.TEAM, snapshot.teams),
            (Kind.VAN, snapshot.vans),
            (Kind.POOL, snapshot.pools),
            (Kind.SLOT, snapshot.slots),
            (Kind.HOLD, snapshot.holds),
        ):
            for id, state in states.items():
                replica._put(kind, id, state)
        for card_kind, cards in snapshot.cards.items():
            replica.cards[card_kind] = dict(cards)
        return replica

    def advance(self, event: Event) -> list[tuple[str, str]]:
        """Take the next event; answers which (kind, id) changed. Raises PositionLost on a gap."""
        if event.position != (self.position.epoch, self.position.seq + 1):
            raise PositionLost(f"{event.position} does not follow {self.position}")
        self.position, self.at_ms = event.position, event.at_ms
        if event.kind == "unit.moved":
            return [self._move(*point) for point in event.body["moved"]]
        for kind, id, state in event.touched:
            self._put(kind, id, state)
        return [(kind, id) for kind, id, _ in event.touched]

    def get(self, kind: str, id: str) -> State | Card | None:
        """The state or card as it is now, a unit where it was last seen; None if there is none."""
        if kind in CARDS:
            return self.cards[kind].get(id)
        state = self.states[kind].get(id)
        if isinstance(state, Team | Van):
            return self._where(kind, state)
        return state

    def arrays(self) -> Arrays:
        """A copy of all rows, consistent at `position`."""
        return Arrays(
            self.position,
            self.at_ms,
            self._tables[Kind.TEAM].copy(),
            self._tables[Kind.VAN].copy(),
            self._tables[Kind.POOL].copy(),
            self._tables[Kind.SLOT].copy(),
        )

    def _put(self, kind: str, id: str, state: Any) -> None:
        if kind in CARDS:
            _set(self.cards[kind], id, state)
            return
        _set(self.states[kind], id, state)
        if kind == Kind.HOLD:
            return
        if state is None:
            self._tables[Kind(kind)].drop(id)
        else:
            self._tables[Kind(kind)].put(id, _row(state))

    def _move(
        self,
        kind: str,
        id: str,
        lon: float,
        lat: float,
        at_ms: int,
        accuracy_m: int | None = None,
    ) -> tuple[str, str]:
        self._tables[Kind(kind)].move(id, lon, lat, at_ms, _or_unknown(accuracy_m))
        return kind, id

    def _where(self, kind: str, unit: Team | Van) -> Team | Van:
        lon, lat, at_ms, accuracy_m = self._tables[Kind(kind)].place(unit.id)
        if at_ms == unit.position_ms:
            return unit
        unit = replace(unit, lon=lon, lat=lat, position_ms=at_ms, accuracy_m=accuracy_m)
        self.states[kind][unit.id] = unit
        return unit


async def follow(
    registry: Registry, *, block_ms: int = 1_000, limit: int = 1_000
) -> AsyncIterator[tuple[Replica, Event | None]]:
    """A replica and each event it has just taken; None for the event after every snapshot.

    After a trimmed or new epoch it starts from a new snapshot by itself. Ends only when its reader
    stops or the registry raises.
    """
    while True:
        replica = Replica.of(await registry.snapshot())
        yield replica, None
        try:
            while True:
                for event in await registry.events(replica.position, block_ms, limit):
                    replica.advance(event)
                    yield replica, event
        except PositionLost:
            continue


class _Table:
    """Dense rows of one kind; a dropped one is replaced by the last."""

    def __init__(self, columns: np.dtype[Any]) -> None:
        self._rows = np.zeros(16, columns)
        self._ids: list[str] = []
        self._row_of: dict[str, int] = {}

    def put(self, id: str, values: tuple[Any, ...]) -> None:
        row = self._row_of.get(id)
        if row is None:
            row = self._row_of[id] = len(self._ids)
            self._ids.append(id)
            if row == len(self._rows):
                self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[row] = values

    def drop(self, id: str) -> None:
        row = self._row_of.pop(id, None)
        if row is None:
            return
        last = self._ids.pop()
        if last != id:
            self._ids[row] = last
            self._row_of[last] = row
            self._rows[row] = self._rows[len(self._ids)]

    def move(self, id: str, lon: float, lat: float, at_ms: int, accuracy_m: int) -> None:
        record = self._rows[self._row_of[id]]
        record["lon"], record["lat"] = lon, lat
        record["position_ms"], record["accuracy_m"] = at_ms, accuracy_m

    def place(self, id: str) -> tuple[float, float, int, int | None]:
        record = self._rows[self._row_of[id]]
        accuracy_m = int(record["accuracy_m"])
        known = None if accuracy_m == UNKNOWN else accuracy_m
        return float(record["lon"]), float(record["lat"]), int(record["position_ms"]), known

    def copy(self) -> Rows:
        return Rows(tuple(self._ids), self._rows[: len(self._ids)].copy())


def _set(states: dict[str, Any], id: str, state: Any) -> None:
    if state is None:
        states.pop(id, None)
    else:
        states[id] = state


def _or_unknown(accuracy_m: int | None) -> int:
    return UNKNOWN if accuracy_m is None else accuracy_m


def _row(state: Resource) -> tuple[Any, ...]:
    """The values of COLUMNS, in their order."""
    fact = (state.version, state.changed_ms, state.updated_ms, state.confirmed_ms)
    if isinstance(state, Pool):
        return (
            state.lon,
            state.lat,
            state.capacity,
            state.occupied,
            state.closed,
            state.held,
            state.reserved,
            state.deficit,
            state.free,
            state.paused,
            *fact,
        )
    if isinstance(state, Slot):
        return (
            state.lon,
            state.lat,
            state.starts_ms,
            state.duration_s,
            state.capacity,
            state.held,
            state.booked,
            state.free,
            state.open,
            *fact,
        )
    return (
        state.lon,
        state.lat,
        state.position_ms,
        _or_unknown(state.accuracy_m),
        state.base_lon,
        state.base_lat,
        state.shift_start_ms,
        state.shift_end_ms,
        state.seats,
        STATUS_CODES[state.status],
        state.hold is not None,
        state.request is not None,
        *fact,
    )
