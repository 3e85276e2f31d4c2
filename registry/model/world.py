"""What every change in memory stands on: the states, the events, and how a command is told once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from registry import laws
from registry.errors import CommandReused, NotFound
from registry.gps import Fix, Verdict
from registry.port import DEDUPE_S, Card, Event, Lease, Position
from registry.states import Hold, Kind, Pool, Resource, State

Answer = TypeVar("Answer")
Key = tuple[str, str]


@dataclass(slots=True)
class Claims:
    """Who has a part of a pool or slot; for a unit, the row that claimed it last."""

    holds: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    row: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The last row of a promise that was applied."""

    version: int
    position: Position


class World:
    """The region in memory, as its readers and its commands share it."""

    def __init__(self, clock: Callable[[], int], region: str = "memory") -> None:
        self.region = region
        self._clock = clock
        self._position = Position(0, -1)
        self._events: list[Event] = []
        self._grown = asyncio.Event()
        self._states: dict[Key, State] = {}
        self._cards: dict[Key, Card] = {}
        self._claims: dict[Key, Claims] = {}
        self._hold_of: dict[str, str] = {}
        self._rows: dict[Key, Row] = {}
        self._closed_rows: dict[Key, int] = {}
        self._doubtful: dict[Key, Fix] = {}
        self._gps_counts: Counter[tuple[str, Verdict]] = Counter()
        self.run = "memory"
        self._noted_run: str | None = None
        self._done: dict[str, tuple[int, Any, object]] = {}
        self._leases: dict[str, Lease] = {}
        self._plan: bytes | None = None
        self._tickets: dict[str, tuple[int, bytes]] = {}
        self._counters: dict[str, tuple[int, int]] = {}
        self._open(self._clock())

    def _open(self, now_ms: int) -> Position:
        self._position = Position(max(self._position.epoch + 1, now_ms // 1000), -1)
        return self._emit("epoch.opened", {})

    def _once(self, command_id: str, said: object, change: Callable[[], Answer]) -> Answer:
        """`said` None: the id alone says which command it is."""
        laws.check_id(command_id)
        now = self._clock()
        until_ms, answer, before = self._done.get(command_id, (0, None, None))
        if until_ms > now:
            if said != before:
                raise CommandReused("this command id was used for something else")
            return cast("Answer", answer)
        answer = change()
        self._done[command_id] = (now + DEDUPE_S * 1000, answer, said)
        self._forget_answers(now)
        return answer

    def _forget_answers(self, now_ms: int) -> None:
        while self._done:
            oldest = next(iter(self._done))
            if self._done[oldest][0] > now_ms:
                return
            del self._done[oldest]

    def _emit(
        self,
        event: str,
        touched: dict[Key, State | None],
        body: dict[str, Any] | None = None,
        *,
        card: tuple[str, str, Card | None] | None = None,
        always: bool = False,
    ) -> Position:
        now = self._clock()
        shown: list[tuple[str, str, Any]] = []
        for (kind, id), state in touched.items():
            shown.append((kind, id, self._store((kind, id), state, now, always=always)))
        if card:
            shown.append(card)
        self._position = Position(self._position.epoch, self._position.seq + 1)
        self._events.append(
            Event(
                position=self._position,
                kind=event,
                at_ms=now,
                touched=tuple(shown),
                body=body or {},
            )
        )
        self._grown.set()
        return self._position

    def _store(self, key: Key, state: State | None, now: int, *, always: bool) -> State | None:
        if state is None:
            self._states.pop(key, None)
            return None
        old = self._states.get(key)
        if always or old is None or laws.differs(old, state):
            state = replace(state, version=(old.version if old else 0) + 1, changed_ms=now)
        self._states[key] = state
        return state

    def _resource(self, kind: str, id: str) -> Resource:
        state = self._states.get((kind, id))
        if state is None:
            raise NotFound(kind, id)
        return cast("Resource", state)

    def _pool(self, id: str) -> Pool:
        return cast("Pool", self._resource(Kind.POOL, id))

    def _held(self, id: str) -> Hold:
        return cast("Hold", self._states[Kind.HOLD, id])

    def _claims_on(self, kind: str, id: str) -> Claims:
        return self._claims.setdefault((kind, id), Claims())
