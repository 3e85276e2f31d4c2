"""Does the record hold together, and does the registry say the same? Reads only.

Laws, each with a name that a finding carries:

- `dense`: the facts have no gap that no base explains;
- `capacity`, `holds`, `grant`: at every prefix of the facts the counts add up and no more is given
  than there is;
- `double booking`: SQL never promised a team or van to a second request before the first one gave
  it back, and the registry never had one both held and promised;
- `promise`: what the registry applied is what SQL decided, in the order of the versions; nothing
  is applied that was not decided, nothing decided stays unapplied;
- `claims`: teams, vans, pools and slots are promised in the registry to exactly those whom SQL
  names;
- `registry`: the facts add up to what the registry says now.
"""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from record.clock import Clock, wall_clock
from record.history import UNITS, History, Key, snapshot_states
from record.promises import Promises
from record.recorder import CURSOR
from record.retention import pruned_before_ms
from record.tables import base, cursor, fact, outbox
from registry.errors import PositionLost
from registry.port import Position, Registry
from registry.states import CARDS

PATIENCE_MS = 10_000
"""How long an outbox row may wait before it is a finding."""
NOWHERE = Position(0, -1)

K = TypeVar("K", str, Key)


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken law, where in the record (`epoch-seq`, or empty), and what is wrong."""

    law: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at and what was found.

    `gaps` are stretches that the registry or the stream lost, each explained by a base; `pending`
    counts promises on their way.
    """

    facts: int
    promises: int
    pending: int
    position: Position | None
    gaps: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Every law holds."""
        return not self.findings


async def verify(engine: AsyncEngine, registry: Registry, clock: Clock = wall_clock) -> Report:
    """Walk the whole record once and compare its end with the registry.

    Raises:
        Unavailable: the registry did not answer.
    """
    async with _one_sight(engine) as connection:
        rows = (await connection.execute(select(outbox).order_by(outbox.c.row_id))).all()
        walk = _Walk({row.row_id: row for row in rows}, await pruned_before_ms(connection))
        await walk.through(connection)
        end = await _cursor(connection)
    walk.judge_outbox(clock())
    walk.judge_claims()
    if end is not None:
        await walk.compare(registry, walk.position or end)
    pending = sum(row.applied_ms is None for row in rows)
    return Report(
        walk.facts, len(rows), pending, walk.position, tuple(walk.gaps), tuple(walk.findings)
    )


@dataclass(slots=True)
class _Walk:
    """The state of one verification."""

    rows: Mapping[str, Row[Any]]
    pruned_ms: int = 0
    history: History = field(default_factory=lambda: History(whole=False))
    position: Position | None = None
    known_from: Position = NOWHERE
    facts: int = 0
    versions: dict[Key, int] = field(default_factory=dict)
    applied: set[str] = field(default_factory=set)
    gaps: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def say(self, law: str, text: str) -> None:
        self.findings.append(Finding(law, _text(self.position), text))

    async def through(self, connection: AsyncConnection) -> None:
        """Every fact in order, and the bases between them."""
        bases = list((await connection.execute(select(base).order_by(*base.primary_key))).all())
        new_epochs = {
            Position(row.after_epoch, row.after_seq) for row in bases if row.reason == "epoch"
        }
        async for row in await connection.stream(select(fact).order_by(*fact.primary_key)):
            here = Position(row.epoch, row.seq)
            while bases and Position(bases[0].epoch, bases[0].seq) < here:
                self._take_base(bases.pop(0))
            self._judge_density(here, new_epochs)
            self._take_fact(here, row)
        for row in bases:
            self._take_base(row)

    def _take_base(self, row: Row[Any]) -> None:
        here = Position(row.epoch, row.seq)
        if row.reason != "first":
            lost = Position(row.after_epoch, row.after_seq)
            self.gaps.append(f"{row.reason} after {_text(lost)}, known again at {_text(here)}")
        self.history = History.of(row.state)
        self.versions.clear()
        self.position = self.known_from = here

    def _judge_density(self, here: Position, new_epochs: Iterable[Position]) -> None:
        if self.position is None:
            dense = here.seq == 0
        elif here.seq == 0:
            dense = self.position in new_epochs
        else:
            dense = here == (self.position.epoch, self.position.seq + 1)
        if not dense:
            self.say("dense", f"{_text(here)} comes next")
        if here.seq == 0:
            self.history = History(whole=False)
            self.versions.clear()

    def _take_fact(self, here: Position, row: Row[Any]) -> None:
        self.position = here
        self.facts += 1
        if row.kind.startswith("promise."):
            self._judge_promise(row)
        self.history.advance(row.kind, row.touched, row.body, self.say)

    def _judge_promise(self, event: Row[Any]) -> None:
        body = event.body
        row = self.rows.get(body["row"])
        if row is None:
            if event.at_ms >= self.pruned_ms:
                self.say("promise", f"row {body['row']} was applied, but SQL knows nothing of it")
            return
        key = (row.aggregate, row.aggregate_id)
        self.applied.add(row.row_id)
        if (body["aggregate"], body["aggregate_id"], body["version"]) != (*key, row.version):
            self.say("promise", f"row {row.row_id} was applied as something else")
        if [*key, row.card] not in event.touched:
            self.say("promise", f"row {row.row_id} has another card than SQL gave it")
        last = self.versions.get(key)
        if last is not None and row.version != last + 1:
            self.say("promise", f"{' '.join(key)}: version {row.version} came after {last}")
        self.versions[key] = row.version

    def judge_outbox(self, now_ms: int) -> None:
        """SQL gave nothing twice, nothing stays unapplied, and what was applied is a fact."""
        decided = Promises()
        for row in self.rows.values():
            decided.advance(row, self.say)
            if row.applied_ms is None:
                if now_ms - row.created_ms > PATIENCE_MS and row.row_id not in self.applied:
                    self.say("promise", f"row {row.row_id} still waits: {row.trouble or 'untried'}")
            elif self._recorded(row) and row.row_id not in self.applied:
                self.say("promise", f"row {row.row_id} was applied, but there is no such fact")

    def _recorded(self, row: Row[Any]) -> bool:
        at = Position(row.applied_epoch, row.applied_seq)
        return self.position is not None and self.known_from < at <= self.position

    def _was_applied(self, row: Row[Any]) -> bool:
        if row.row_id in self.applied:
            return True
        return row.applied_ms is not None and (
            Position(row.applied_epoch, row.applied_seq) <= self.known_from
        )

    def judge_claims(self) -> None:
        """At the end of the facts, resources and cards are as SQL's promises left them."""
        promises = Promises()
        for row in self.rows.values():
            if self._was_applied(row):
                promises.advance(row)
        for key, state in self.history.states.items():
            requests = promises.claims.get(key, set())
            if key[0] in UNITS and requests != {state["request"]} - {None}:
                self.say(
                    "claims", f"{' '.join(key)} has {state['request']}, SQL {sorted(requests)}"
                )
            count = {"pool": "reserved", "slot": "booked"}.get(key[0])
            if count and state[count] != len(requests):
                self.say(
                    "claims", f"{' '.join(key)} has {state[count]} {count}, SQL {len(requests)}"
                )
        shown = {key: state for key, state in self.history.states.items() if key[0] in CARDS}
        for key in _differences(shown, promises.cards):
            self.say("claims", f"the card of {' '.join(key)} is not the one of SQL")

    async def compare(self, registry: Registry, end: Position) -> None:
        """Bring the history to where the registry is now and compare the two."""
        snapshot = await registry.snapshot()
        try:
            await self._catch_up(registry, end, snapshot.position)
        except PositionLost:
            self.say("registry", f"its stream does not continue the record at {_text(end)}")
            return
        recorded = {key: _said(state) for key, state in self.history.states.items()}
        now = {key: _said(state) for key, state in snapshot_states(_plain(snapshot))}
        for key in _differences(recorded, now):
            one, other = recorded.get(key, {}), now.get(key, {})
            fields = ", ".join(_differences(one, other))
            self.say("registry", f"{' '.join(key)}: {fields} are not what the facts add up to")

    async def _catch_up(self, registry: Registry, end: Position, target: Position) -> None:
        while end < target:
            for event in await registry.events(end):
                if event.position > target:
                    break
                self.history.advance(
                    event.kind, _plain(event.touched), _plain(event.body), self.say
                )
                self.position = end = event.position
        if end > target:
            raise PositionLost


def _plain(value: Any) -> Any:
    """As it comes back from the database: JSON has lists for tuples."""
    return msgspec.json.decode(msgspec.json.encode(value))


def _differences(one: Mapping[K, Any], other: Mapping[K, Any]) -> list[K]:
    return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))


def _said(state: Mapping[str, Any]) -> dict[str, Any]:
    """A field that says nothing may be newer than the fact that leaves it out."""
    return {name: value for name, value in state.items() if value is not None}


def _text(position: Position | None) -> str:
    return f"{position.epoch}-{position.seq}" if position else ""


@asynccontextmanager
async def _one_sight(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection that sees one moment of the database, however long it reads."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection


async def _cursor(connection: AsyncConnection) -> Position | None:
    statement = select(cursor.c.epoch, cursor.c.seq).where(cursor.c.name == CURSOR)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else Position(row.epoch, row.seq)
