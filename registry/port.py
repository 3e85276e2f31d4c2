"""The door of the registry: commands, answers and events. `model` and `server` keep its laws.

Every command carries the caller's `command_id`; a retry with the same id within
`DEDUPE_S` gives the same answer and changes nothing; another command with that id raises
`CommandReused`. Each change is atomic with its event.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from registry.gps import PositionLimits, Verdict
from registry.states import Hold, Pool, Resource, Slot, Team, UnitStatus, Van

MAX_COUNT = 100_000
"""No capacity or count may be larger."""
MAX_FUTURE_MS = 30_000
"""A GPS point further ahead of the server's clock is refused."""
MAX_BATCH = 1_000
"""Points a batch of positions may carry; a longer list becomes several events."""
MAX_ACCURACY_M = 10**9
"""A position is kept as no worse than this."""
MAX_TIME_MS = 10**14
"""No time is later (year 5138); scripts keep numbers below it exact."""
MAX_TTL_S = 86_400
"""The longest hold or lease."""
DEDUPE_S = 900
"""How long the answer to a command is kept for retries."""
ROW_MEMORY_S = 7 * 86_400
"""How long the last version of a closed promise is remembered."""

Card = dict[str, Any]


class Position(NamedTuple):
    """A place in the stream of events. `seq` is dense within an epoch and starts at 0."""

    epoch: int
    seq: int


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, with the states that resulted: `touched` holds [kind, id, state or None].

    The one exception is `unit.moved`: it touches nothing and its body carries
    `moved: [[kind, id, lon, lat, at_ms, accuracy_m], ...]` (the last may be None), so that 500
    GPS points stay a small frame.
    """

    position: Position
    kind: str
    at_ms: int
    touched: tuple[tuple[str, str, Resource | Hold | Card | None], ...] = ()
    body: dict[str, Any] = {}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All that is true at `position`. `cards[kind][id]` are the faces of open promises."""

    position: Position
    at_ms: int
    teams: dict[str, Team]
    vans: dict[str, Van]
    pools: dict[str, Pool]
    slots: dict[str, Slot]
    holds: dict[str, Hold]
    cards: dict[str, dict[str, Card]]


class UnitPosition(msgspec.Struct, frozen=True, gc=False):
    """A GPS point of a team or van. `doors.md` calls it Position; the stream has that name.

    `accuracy_m`: how far off the receiver says that it may be; None where it says nothing.
    """

    kind: str
    id: str
    lon: float
    lat: float
    at_ms: int
    accuracy_m: float | None = None


class PositionVerdict(msgspec.Struct, frozen=True, gc=False):
    """What became of a point; every one that is not taken is ignored and counted.

    `repeat` is the last point again, `late` one before it, `old` one of no use any more, `jump` one
    that no vehicle can have reached, `outside` one beyond the region, `inexact` one that its
    receiver doubts.
    """

    kind: str
    id: str
    verdict: Verdict


ANYWHERE = PositionLimits()


class Counts(msgspec.Struct, frozen=True):
    """A facility's own count. `capacity` None leaves the licensed number as it is."""

    occupied: int
    closed: int
    capacity: int | None = None


class Counted(msgspec.Struct, frozen=True):
    """The pool after a count, and who is concerned if it is overcommitted now.

    `late`: the count was made before the one that stands, and changed nothing.
    """

    pool: Pool
    holds: tuple[str, ...]
    requests: tuple[str, ...]
    position: Position
    late: bool = False


class HoldCommand(msgspec.Struct, frozen=True, kw_only=True):
    """Claim a team, a van and a pool or slot together for `ttl_s` seconds, or nothing.

    `seen` maps (kind, id) to the version that the decision was made on; a newer one refuses.
    The hold's id is the id of the command.
    """

    hold_id: str
    request: str
    team: str | None = None
    van: str | None = None
    pool: str | None = None
    slot: str | None = None
    ttl_s: int
    by: str
    seen: dict[tuple[str, str], int] = {}


Reason = Literal[
    "unknown",
    "not_free",
    "out_of_service",
    "paused",
    "overcommitted",
    "full",
    "closed",
    "version_changed",
    "request_has_hold",
    "ended",
]


class Granted(msgspec.Struct, frozen=True):
    """The hold exists since `position`."""

    hold: Hold
    position: Position


class Refused(msgspec.Struct, frozen=True):
    """Nothing was claimed: this resource (or hold) stands in the way, for this reason."""

    kind: str
    id: str
    reason: Reason


class Claim(msgspec.Struct, frozen=True, tag="claim", tag_field="do"):
    """A team or van becomes the request's; a unit of a pool or slot becomes reserved or booked.

    Ends the request's own hold, displaces a foreign one, and is never refused for want of room.
    """

    kind: str
    id: str
    request: str


class Occupy(msgspec.Struct, frozen=True, tag="occupy", tag_field="do"):
    """The person arrived: the request's reserved unit becomes an occupied one."""

    pool: str
    request: str


class Free(msgspec.Struct, frozen=True, tag="free", tag_field="do"):
    """The request gives the resource back, if it still has it."""

    kind: str
    id: str
    request: str


class Status(msgspec.Struct, frozen=True, tag="status", tag_field="do"):
    """A team or van has this status now."""

    kind: str
    id: str
    status: UnitStatus


class DropHold(msgspec.Struct, frozen=True, tag="drop_hold", tag_field="do"):
    """The hold ends, if it still exists."""

    hold: str


Effect = Claim | Occupy | Free | Status | DropHold


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """One outbox row. `aggregate` is a kind of card (`CARDS`); `version` starts at 1, dense.

    Row ids are UUIDv7: of two rows that claim the same team, the one with the later id stands.
    `card` None means that the promise is closed. `resumes` in the body of a later version opens a
    closed promise again, also one whose last version is not remembered any more.
    """

    row_id: str
    aggregate: str
    aggregate_id: str
    version: int
    kind: str
    effects: tuple[Effect, ...] = ()
    card: Card | None = None
    body: dict[str, Any] = {}

    @property
    def resumes(self) -> bool:
        return self.body.get("resumes") is True


class Displaced(msgspec.Struct, frozen=True):
    """An unconfirmed hold that gave way to a promise: tell whoever held it."""

    hold: str
    request: str
    by: str


class Applied(msgspec.Struct, frozen=True):
    """The row stands in the registry at or before `position`."""

    position: Position
    already: bool
    displaced: tuple[Displaced, ...] = ()


class OutOfOrder(msgspec.Struct, frozen=True):
    """A row of this aggregate is missing before this one; nothing was changed."""

    expected_version: int


class Contradicted(msgspec.Struct, frozen=True):
    """An effect names a resource that the registry does not know; nothing was changed."""

    kind: str
    id: str
    reason: Literal["unknown"]


class Lease(msgspec.Struct, frozen=True):
    """The right to be the only one. `token` grows with every new holder: the fence."""

    name: str
    owner: str
    token: int
    until_ms: int


class Registry(Protocol):
    """What is true now in one region."""

    region: str

    # definitions
    async def put(self, state: Resource, command_id: str) -> Resource:
        """Define a resource; a redefinition keeps counts, positions, status and claims.

        Raises InvalidCommand on a number out of bounds."""
        ...

    async def remove(self, kind: str, id: str, command_id: str) -> Position:
        """Forget a resource. Raises NotFound, or InUse while a hold or promise is on it."""
        ...

    # facts
    async def report_positions(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits = ANYWHERE
    ) -> list[PositionVerdict]:
        """Judge and take a batch of GPS points, one verdict each, one event in all."""
        ...

    async def position_counts(self) -> dict[tuple[str, Verdict], int]:
        """How many points had which verdict since the region began, by (source, verdict)."""
        ...

    async def report_status(
        self,
        kind: str,
        id: str,
        status: UnitStatus,
        command_id: str,
        reason: str | None = None,
    ) -> Team | Van:
        """A team or van says what it is doing, and why if that is nothing. Raises NotFound.

        `reason` goes with `out_of_service` alone; any other status forgets it.
        """
        ...

    async def report_counts(
        self, pool: str, counts: Counts, at_ms: int, command_id: str
    ) -> Counted:
        """Take a facility's count as it is, always; one made before the count that stands is late.

        Raises NotFound, InvalidCommand."""
        ...

    async def walk_in(self, pool: str, command_id: str) -> Counted:
        """One more person is in the pool, who came without us. Raises NotFound."""
        ...

    async def still_true(self, pool: str, command_id: str) -> Pool:
        """A human or a system stands by the last count. Raises NotFound."""
        ...

    async def not_true(self, pool: str, withdrawn_ms: int, former_ms: int, command_id: str) -> Pool:
        """Undo the confirmation of `withdrawn_ms`: the count is as old as it was before.

        Answers the pool unchanged when somebody spoke for it since. Raises NotFound."""
        ...

    async def pause(self, pool: str, reason: str, until_ms: int | None, command_id: str) -> Pool:
        """The pool gives nothing new until it is resumed, or until `until_ms`. Raises NotFound."""
        ...

    async def resume(self, pool: str, command_id: str) -> Pool:
        """The pool gives again. Raises NotFound."""
        ...

    # holds
    async def hold(self, command: HoldCommand) -> Granted | Refused:
        """All of it or nothing. Raises InvalidCommand when it names nothing to hold."""
        ...

    async def extend(self, hold: str, ttl_s: int, command_id: str) -> Granted | Refused:
        """The hold now ends `ttl_s` seconds from now; refused (`ended`) when it is gone."""
        ...

    async def release(self, hold: str, command_id: str) -> bool:
        """Give back what is held. False when the hold is gone already."""
        ...

    async def sweep(self) -> list[str]:
        """End what is due by the server's clock (holds, pauses). Answers the expired holds."""
        ...

    # promises
    async def apply(self, promise: Promise) -> Applied | OutOfOrder | Contradicted:
        """Carry an outbox row over; idempotent by row id, in order of the aggregate's version."""
        ...

    # reading
    async def snapshot(self) -> Snapshot:
        """Everything, at one position."""
        ...

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        """The events after a position, oldest first; waits up to `block_ms` for the first.

        Raises PositionLost when they are gone or the position is of another epoch."""
        ...

    async def position(self) -> Position:
        """Where the newest event is."""
        ...

    async def trim(self, through: Position) -> int:
        """Forget recorded events up to and with this position; answers how many."""
        ...

    # the plan
    async def publish_plan(self, plan: bytes, fence: int) -> Position:
        """Keep the region's plan. `fence` is the token of the lease "planner". Raises Fenced."""
        ...

    async def plan(self) -> bytes | None:
        """The last plan published."""
        ...

    # leases, tickets, counters, epochs
    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """Take the lease if nobody else has it. The same owner taking it anew gets a new token."""
        ...

    async def renew(self, lease: Lease, ttl_s: float) -> Lease | None:
        """Keep it; None when it was lost."""
        ...

    async def leased(self, name: str) -> Lease | None:
        """The lease as it was last taken or renewed, lapsed or not; None if nobody ever had it."""
        ...

    async def yield_lease(self, lease: Lease) -> bool:
        """Give it up at once; False when it was lost before."""
        ...

    async def put_ticket(self, ticket: str, payload: bytes, ttl_s: int) -> None:
        """Leave a payload to be taken once."""
        ...

    async def take_ticket(self, ticket: str) -> bytes | None:
        """The payload, the first time and in time; else None."""
        ...

    async def count(self, key: str, window_s: int) -> int:
        """Count one more under this key; the counter starts anew `window_s` after its first."""
        ...

    async def open_epoch(self) -> Position:
        """Start a new sequence of events (after a failover); readers of the old must resnapshot."""
        ...

    async def now_ms(self) -> int:
        """The server's own clock, which decides every expiry: ms UTC."""
        ...

    async def renew_epoch(self) -> Position | None:
        """A new epoch where another server answers than before: it restarted, or another took over.

        What the former acknowledged last may be gone. None where it is the same one.
        """
        ...

    async def ping(self) -> None:
        """Raises Unavailable when the server does not answer."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
