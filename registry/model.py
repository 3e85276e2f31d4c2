"""The registry's laws in memory: the reference that the real server is tested against.

It has no durability and serves one event loop. The clock is handed in (milliseconds UTC).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from registry import laws
from registry.errors import CommandReused, Fenced, InUse, NotFound, PositionLost
from registry.gps import Fix, PositionLimits, Verdict, judge
from registry.port import (
    ANYWHERE,
    DEDUPE_S,
    MAX_BATCH,
    MAX_FUTURE_MS,
    ROW_MEMORY_S,
    Applied,
    Card,
    Claim,
    Contradicted,
    Counted,
    Counts,
    Displaced,
    Effect,
    Event,
    Free,
    Granted,
    HoldCommand,
    Lease,
    Occupy,
    OutOfOrder,
    Position,
    PositionVerdict,
    Promise,
    Refused,
    Snapshot,
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
    kind_of,
)

Answer = TypeVar("Answer")
Key = tuple[str, str]


@dataclass(slots=True)
class _Claims:
    """Who has a part of a pool or slot; for a unit, the row that claimed it last."""

    holds: set[str] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    row: str = ""


@dataclass(frozen=True, slots=True)
class _Row:
    version: int
    position: Position


class MemoryRegistry:
    """`Registry` in memory. `clock()` gives milliseconds UTC."""

    def __init__(self, clock: Callable[[], int], region: str = "memory") -> None:
        self.region = region
        self._clock = clock
        self._position = Position(0, -1)
        self._events: list[Event] = []
        self._grown = asyncio.Event()
        self._states: dict[Key, State] = {}
        self._cards: dict[Key, Card] = {}
        self._claims: dict[Key, _Claims] = {}
        self._hold_of: dict[str, str] = {}
        self._rows: dict[Key, _Row] = {}
        self._closed_rows: dict[Key, int] = {}
        self._doubtful: dict[tuple[str, str], Fix] = {}
        self._gps_counts: Counter[tuple[str, Verdict]] = Counter()
        self.run = "memory"
        self._noted_run: str | None = None
        self._done: dict[str, tuple[int, Any, object]] = {}
        self._leases: dict[str, Lease] = {}
        self._plan: bytes | None = None
        self._tickets: dict[str, tuple[int, bytes]] = {}
        self._counters: dict[str, tuple[int, int]] = {}
        self._open(self._clock())

    # definitions
    async def put(self, state: Resource, command_id: str) -> Resource:
        """See `Registry.put`."""
        laws.check_definition(state)

        def change() -> Resource:
            kind = kind_of(state)
            old = self._states.get((kind, state.id))
            now = self._clock()
            new = laws.redefine(cast("Resource | None", old), state)
            version = old.version if old else 0
            new = replace(
                new,
                version=version,
                changed_ms=now,
                updated_ms=old.updated_ms if old else now,
                confirmed_ms=old.confirmed_ms if old else now,
            )
            self._emit(f"{kind}.put", {(kind, state.id): new}, always=True)
            return self._resource(kind, state.id)

        return self._once(command_id, ("put", state), change)

    async def remove(self, kind: str, id: str, command_id: str) -> Position:
        """See `Registry.remove`."""
        laws.check_kind(kind, RESOURCES)

        def change() -> Position:
            state = self._resource(kind, id)
            if _in_use(state):
                raise InUse(kind, id)
            self._claims.pop((kind, id), None)
            self._doubtful.pop((kind, id), None)
            return self._emit(f"{kind}.removed", {(kind, id): None})

        return self._once(command_id, ("remove", kind, id), change)

    # facts
    async def report_positions(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits = ANYWHERE
    ) -> list[PositionVerdict]:
        """See `Registry.report_positions`."""
        laws.check_id(source)
        verdicts: list[PositionVerdict] = []
        for start in range(0, len(points), MAX_BATCH):
            verdicts += self._move(points[start : start + MAX_BATCH], source, limits)
        return verdicts

    async def position_counts(self) -> dict[tuple[str, Verdict], int]:
        """See `Registry.position_counts`."""
        return dict(self._gps_counts)

    def _move(
        self, points: Sequence[UnitPosition], source: str, limits: PositionLimits
    ) -> list[PositionVerdict]:
        verdicts, moved = [], []
        for point in points:
            accuracy_m = laws.whole_metres(point.accuracy_m)
            fix = Fix(laws.rounded(point.lon), laws.rounded(point.lat), point.at_ms, accuracy_m)
            verdict = self._judge(point, fix, limits)
            verdicts.append(PositionVerdict(point.kind, point.id, verdict))
            if verdict == "taken":
                unit = cast("Team | Van", self._states[point.kind, point.id])
                self._states[point.kind, point.id] = replace(
                    unit,
                    lon=fix.lon,
                    lat=fix.lat,
                    position_ms=fix.at_ms,
                    accuracy_m=accuracy_m,
                )
                moved.append([point.kind, point.id, fix.lon, fix.lat, fix.at_ms, accuracy_m])
            if verdict == "jump":
                self._doubtful[point.kind, point.id] = fix
        counts = Counter(one.verdict for one in verdicts)
        for verdict, count in counts.items():
            self._gps_counts[source, verdict] += count
        if moved or counts["late"]:
            body = {"moved": moved, "late": counts["late"], "source": source}
            self._emit("unit.moved", {}, body)
        return verdicts

    def _judge(self, point: UnitPosition, fix: Fix, limits: PositionLimits) -> Verdict:
        if not laws.sound(point):
            return "invalid"
        key = (point.kind, point.id)
        unit = cast("Team | Van | None", self._states.get(key))
        if unit is None:
            return "unknown"
        now = self._clock()
        if point.at_ms > now + MAX_FUTURE_MS:
            return "future"
        last = Fix(unit.lon, unit.lat, unit.position_ms) if unit.position_ms else None
        return judge(fix, last, self._doubtful.get(key), limits, now)

    async def report_status(
        self,
        kind: str,
        id: str,
        status: UnitStatus,
        command_id: str,
        reason: str | None = None,
    ) -> Team | Van:
        """See `Registry.report_status`."""
        laws.check_kind(kind, UNITS)
        laws.check_out(status, reason)

        def change() -> Team | Van:
            unit = cast("Team | Van", self._resource(kind, id))
            self._emit("unit.status", {(kind, id): self._with_status(unit, status, reason)})
            return cast("Team | Van", self._resource(kind, id))

        return self._once(command_id, ("status", kind, id, status, reason), change)

    def _with_status(
        self, unit: Team | Van, status: UnitStatus, reason: str | None = None
    ) -> Team | Van:
        now = self._clock()
        return replace(unit, status=status, out_reason=reason, updated_ms=now, confirmed_ms=now)

    async def report_counts(
        self, pool: str, counts: Counts, at_ms: int, command_id: str
    ) -> Counted:
        """See `Registry.report_counts`."""
        laws.check_counts(counts, at_ms)

        def change() -> Counted:
            old = self._pool(pool)
            if at_ms < old.updated_ms:
                return self._counted(old, None, walk_in=False)
            capacity = old.capacity if counts.capacity is None else counts.capacity
            return self._counted(
                replace(old, capacity=capacity, occupied=counts.occupied, closed=counts.closed),
                min(at_ms, self._clock()),
                walk_in=False,
            )

        return self._once(command_id, ("counts", pool, counts, at_ms), change)

    async def walk_in(self, pool: str, command_id: str) -> Counted:
        """See `Registry.walk_in`."""

        def change() -> Counted:
            old = self._pool(pool)
            laws.check_count("occupied", old.occupied + 1)
            more = replace(old, occupied=old.occupied + 1)
            return self._counted(more, self._clock(), walk_in=True)

        return self._once(command_id, ("walk_in", pool), change)

    def _counted(self, pool: Pool, at_ms: int | None, *, walk_in: bool) -> Counted:
        """`at_ms` None is a late count: it changes nothing."""
        late = at_ms is None
        if at_ms is not None:
            pool = laws.recount_pool(replace(pool, updated_ms=at_ms, confirmed_ms=at_ms))
        claims = self._claims_on(Kind.POOL, pool.id)
        holds = sorted(claims.holds) if pool.overcommitted else []
        requests = sorted(claims.requests) if pool.overcommitted else []
        body = {"walk_in": walk_in, "late": late, "holds": holds, "requests": requests}
        touched: dict[Key, State | None] = {} if late else {(Kind.POOL, pool.id): pool}
        position = self._emit("pool.counted", touched, body)
        return Counted(self._pool(pool.id), tuple(holds), tuple(requests), position, late)

    async def still_true(self, pool: str, command_id: str) -> Pool:
        """See `Registry.still_true`."""
        return self._set_pool("pool.confirmed", pool, command_id, lambda now: {"confirmed_ms": now})

    async def not_true(self, pool: str, withdrawn_ms: int, former_ms: int, command_id: str) -> Pool:
        """See `Registry.not_true`."""
        laws.check_time("withdrawn_ms", withdrawn_ms)
        laws.check_time("former_ms", former_ms)

        def change() -> Pool:
            known = self._pool(pool)
            if known.confirmed_ms != withdrawn_ms:
                return known
            again_ms = max(known.updated_ms, min(former_ms, withdrawn_ms))
            self._emit("pool.doubted", {(Kind.POOL, pool): replace(known, confirmed_ms=again_ms)})
            return self._pool(pool)

        return self._once(command_id, ("not_true", pool, withdrawn_ms, former_ms), change)

    async def pause(self, pool: str, reason: str, until_ms: int | None, command_id: str) -> Pool:
        """See `Registry.pause`."""
        laws.check_time("until_ms", until_ms)
        new = {"paused": True, "pause_reason": reason, "pause_until_ms": until_ms}
        return self._set_pool("pool.paused", pool, command_id, lambda _: new)

    async def resume(self, pool: str, command_id: str) -> Pool:
        """See `Registry.resume`."""
        return self._set_pool("pool.resumed", pool, command_id, lambda _: dict(_RESUMED))

    def _set_pool(
        self, event: str, pool: str, command_id: str, values: Callable[[int], dict[str, Any]]
    ) -> Pool:
        def change() -> Pool:
            new = replace(self._pool(pool), **values(self._clock()))
            self._emit(event, {(Kind.POOL, pool): new})
            return self._pool(pool)

        return self._once(command_id, (event, pool, values(0)), change)

    # holds
    async def hold(self, command: HoldCommand) -> Granted | Refused:
        """See `Registry.hold`."""
        laws.check_hold(command)
        return self._once(command.hold_id, None, lambda: self._hold(command))

    def _hold(self, command: HoldCommand) -> Granted | Refused:
        if (Kind.HOLD, command.hold_id) in self._states:
            return Granted(self._held(command.hold_id), self._position)
        if command.request in self._hold_of:
            return Refused(Kind.HOLD, self._hold_of[command.request], "request_has_hold")
        for kind, id in laws.held_by(command):
            state = self._states.get((kind, id))
            reason = laws.why_not(cast("Resource", state)) if state else "unknown"
            seen = command.seen.get((kind, id))
            if state and reason is None and seen is not None and seen != state.version:
                reason = "version_changed"
            if reason is not None:
                return Refused(kind, id, reason)
        now = self._clock()
        hold = Hold(
            id=command.hold_id,
            request=command.request,
            team=command.team,
            van=command.van,
            pool=command.pool,
            slot=command.slot,
            expires_ms=now + command.ttl_s * 1000,
            by=command.by,
            changed_ms=now,
            updated_ms=now,
            confirmed_ms=now,
        )
        touched: dict[Key, State | None] = {(Kind.HOLD, hold.id): hold}
        for key in laws.held_by(hold):
            touched[key] = self._claimed_by_hold(key, hold.id)
        self._hold_of[hold.request] = hold.id
        position = self._emit("hold.granted", touched, {"hold": hold.id, "request": hold.request})
        return Granted(self._held(hold.id), position)

    def _claimed_by_hold(self, key: Key, hold: str) -> State:
        state = self._states[key]
        if isinstance(state, Pool):
            self._claims_on(*key).holds.add(hold)
            return laws.recount_pool(replace(state, held=state.held + 1))
        if isinstance(state, Slot):
            self._claims_on(*key).holds.add(hold)
            return laws.recount_slot(replace(state, held=state.held + 1))
        return replace(cast("Team | Van", state), hold=hold)

    async def extend(self, hold: str, ttl_s: int, command_id: str) -> Granted | Refused:
        """See `Registry.extend`."""
        laws.check_ttl(ttl_s)

        def change() -> Granted | Refused:
            if (Kind.HOLD, hold) not in self._states:
                return Refused(Kind.HOLD, hold, "ended")
            now = self._clock()
            longer = replace(self._held(hold), expires_ms=now + ttl_s * 1000, updated_ms=now)
            body = {"hold": hold, "request": longer.request}
            position = self._emit("hold.extended", {(Kind.HOLD, hold): longer}, body)
            return Granted(self._held(hold), position)

        return self._once(command_id, None, change)

    async def release(self, hold: str, command_id: str) -> bool:
        """See `Registry.release`."""

        def change() -> bool:
            if (Kind.HOLD, hold) not in self._states:
                return False
            self._end_hold("hold.released", hold)
            return True

        return self._once(command_id, ("release", hold), change)

    def _end_hold(self, event: str, hold: str) -> None:
        touched: dict[Key, State | None] = {}
        ended = self._drop(hold, touched)
        self._emit(event, touched, {"hold": hold, "request": ended.request})

    def _drop(self, hold: str, touched: dict[Key, State | None]) -> Hold:
        """End a hold inside a change: `touched` gains what it gives back."""
        ended = self._held(hold)
        touched[Kind.HOLD, hold] = None
        del self._hold_of[ended.request]
        for key in laws.held_by(ended):
            state = touched.get(key, self._states[key])
            if isinstance(state, Pool):
                self._claims_on(*key).holds.discard(hold)
                touched[key] = laws.recount_pool(replace(state, held=state.held - 1))
            elif isinstance(state, Slot):
                self._claims_on(*key).holds.discard(hold)
                touched[key] = laws.recount_slot(replace(state, held=state.held - 1))
            else:
                touched[key] = replace(cast("Team | Van", state), hold=None)
        return ended

    async def sweep(self) -> list[str]:
        """See `Registry.sweep`."""
        now = self._clock()
        expired = []
        for due_ms, kind, id in sorted(self._due()):
            if due_ms > now:
                break
            if kind == Kind.HOLD:
                self._end_hold("hold.expired", id)
                expired.append(id)
            else:
                resumed = replace(self._pool(id), **_RESUMED)
                self._emit("pool.resumed", {(Kind.POOL, id): resumed})
        for row, closed_ms in list(self._closed_rows.items()):
            if closed_ms + ROW_MEMORY_S * 1000 <= now:
                del self._closed_rows[row], self._rows[row]
        return expired

    def _due(self) -> list[tuple[int, str, str]]:
        due = []
        for (kind, id), state in self._states.items():
            if isinstance(state, Hold):
                due.append((state.expires_ms, kind, id))
            elif isinstance(state, Pool) and state.pause_until_ms is not None:
                due.append((state.pause_until_ms, kind, id))
        return due

    # promises
    async def apply(self, promise: Promise) -> Applied | OutOfOrder | Contradicted:
        """See `Registry.apply`."""
        laws.check_promise(promise)
        key = (promise.aggregate, promise.aggregate_id)
        last = self._rows.get(key)
        done = last.version if last else promise.version - 1 if promise.resumes else 0
        if last and promise.version <= done:
            return Applied(last.position, already=True)
        if promise.version != done + 1:
            return OutOfOrder(done + 1)
        for effect in promise.effects:
            named = _must_exist(effect)
            if named and named not in self._states:
                return Contradicted(*named, "unknown")
        touched: dict[Key, State | None] = {}
        displaced: list[Displaced] = []
        for effect in promise.effects:
            self._effect(effect, promise.row_id, touched, displaced)
        position = self._commit_promise(promise, touched, displaced)
        self._rows[key] = _Row(promise.version, position)
        return Applied(position, already=False, displaced=tuple(displaced))

    def _commit_promise(
        self, promise: Promise, touched: dict[Key, State | None], displaced: list[Displaced]
    ) -> Position:
        key = (promise.aggregate, promise.aggregate_id)
        self._closed_rows.pop(key, None)
        if promise.card is None:
            self._cards.pop(key, None)
            self._closed_rows[key] = self._clock()
        else:
            self._cards[key] = promise.card
        body = {
            "row": promise.row_id,
            "aggregate": promise.aggregate,
            "aggregate_id": promise.aggregate_id,
            "version": promise.version,
            "displaced": [[one.hold, one.request, one.by] for one in displaced],
            "body": promise.body,
        }
        return self._emit(f"promise.{promise.kind}", touched, body, card=(*key, promise.card))

    def _effect(
        self,
        effect: Effect,
        row_id: str,
        touched: dict[Key, State | None],
        displaced: list[Displaced],
    ) -> None:
        if isinstance(effect, Claim):
            own = self._hold_of.get(effect.request)
            if own is not None:
                self._drop(own, touched)
            self._claim(effect, row_id, touched, displaced)
        elif isinstance(effect, Occupy):
            self._occupy(effect, touched)
        elif isinstance(effect, Free):
            self._free(effect, touched)
        elif isinstance(effect, Status):
            key = (effect.kind, effect.id)
            unit = touched.get(key, self._states.get(key))
            if unit is not None:
                touched[key] = self._with_status(cast("Team | Van", unit), effect.status)
        elif (Kind.HOLD, effect.hold) in self._states.keys() - touched.keys():
            self._drop(effect.hold, touched)

    def _claim(
        self,
        effect: Claim,
        row_id: str,
        touched: dict[Key, State | None],
        displaced: list[Displaced],
    ) -> None:
        key = (effect.kind, effect.id)
        claims = self._claims_on(*key)
        state = touched.get(key, self._states[key])
        if isinstance(state, Team | Van):
            if row_id < claims.row:
                return
            claims.row = row_id
            if state.hold is not None:
                displaced.append(_displaced(self._drop(state.hold, touched)))
                state = cast("Team | Van", touched[key])
            touched[key] = replace(state, request=effect.request)
            return
        if effect.request in claims.requests:
            return
        claims.requests.add(effect.request)
        if isinstance(state, Pool):
            state = laws.recount_pool(replace(state, reserved=state.reserved + 1))
            lacking = state.deficit > 0
        else:
            slot = cast("Slot", state)
            state = laws.recount_slot(replace(slot, booked=slot.booked + 1))
            lacking = state.held + state.booked > state.capacity
        touched[key] = state
        if lacking and claims.holds:
            displaced.append(_displaced(self._drop(max(claims.holds), touched)))

    def _occupy(self, effect: Occupy, touched: dict[Key, State | None]) -> None:
        key = (Kind.POOL, effect.pool)
        pool = cast("Pool", touched.get(key, self._states[key]))
        claims = self._claims_on(*key)
        ours = effect.request in claims.requests
        claims.requests.discard(effect.request)
        touched[key] = laws.recount_pool(
            replace(pool, reserved=pool.reserved - ours, occupied=pool.occupied + 1)
        )

    def _free(self, effect: Free, touched: dict[Key, State | None]) -> None:
        key = (effect.kind, effect.id)
        state = touched.get(key, self._states.get(key))
        if isinstance(state, Team | Van):
            if state.request == effect.request:
                touched[key] = replace(state, request=None)
            return
        claims = self._claims_on(*key)
        if state is None or effect.request not in claims.requests:
            return
        claims.requests.discard(effect.request)
        if isinstance(state, Pool):
            touched[key] = laws.recount_pool(replace(state, reserved=state.reserved - 1))
        elif isinstance(state, Slot):
            touched[key] = laws.recount_slot(replace(state, booked=state.booked - 1))

    # reading
    async def snapshot(self) -> Snapshot:
        """See `Registry.snapshot`."""

        def all_of(kind: Kind) -> dict[str, Any]:
            return {id: state for (of, id), state in self._states.items() if of == kind}

        cards: dict[str, dict[str, Card]] = {kind: {} for kind in CARDS}
        for (kind, id), card in self._cards.items():
            cards[kind][id] = card
        return Snapshot(
            position=self._position,
            at_ms=self._clock(),
            teams=all_of(Kind.TEAM),
            vans=all_of(Kind.VAN),
            pools=all_of(Kind.POOL),
            slots=all_of(Kind.SLOT),
            holds=all_of(Kind.HOLD),
            cards=cards,
        )

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        """See `Registry.events`."""
        found = self._after(after, limit)
        if not found and block_ms > 0:
            self._grown.clear()
            try:
                await asyncio.wait_for(self._grown.wait(), block_ms / 1000)
            except TimeoutError:
                return []
            found = self._after(after, limit)
        return found

    def _after(self, after: Position, limit: int) -> list[Event]:
        found = [event for event in self._events if event.position > after][:limit]
        if not found and after != self._position:
            raise PositionLost(f"{after} is not in the stream")
        if found and found[0].position != (after.epoch, after.seq + 1):
            raise PositionLost(f"{after} was trimmed or is of another epoch")
        return [event for event in found if event.position.epoch == after.epoch]

    async def trim(self, through: Position) -> int:
        """See `Registry.trim`."""
        kept = [event for event in self._events if event.position > through]
        trimmed = len(self._events) - len(kept)
        self._events = kept
        return trimmed

    # the plan
    async def publish_plan(self, plan: bytes, fence: int) -> Position:
        """See `Registry.publish_plan`."""
        newest = self._leases.get("planner")
        if newest is None or newest.token != fence:
            raise Fenced("a newer planner exists")
        self._plan = plan
        return self._emit("plan.published", {}, {"fence": fence, "bytes": len(plan)})

    async def plan(self) -> bytes | None:
        """See `Registry.plan`."""
        return self._plan

    # leases, tickets, counters, epochs
    async def lease(self, name: str, owner: str, ttl_s: float) -> Lease | None:
        """See `Registry.lease`."""
        laws.check_ttl(ttl_s)
        now, last = self._clock(), self._leases.get(name)
        if last and last.owner != owner and last.until_ms > now:
            return None
        lease = Lease(name, owner, (last.token if last else 0) + 1, now + round(ttl_s * 1000))
        self._leases[name] = lease
        return lease

    async def renew(self, lease: Lease, ttl_s: float) -> Lease | None:
        """See `Registry.renew`."""
        laws.check_ttl(ttl_s)
        last = self._leases.get(lease.name)
        if last is None or last.token != lease.token or last.until_ms <= self._clock():
            return None
        renewed = replace(last, until_ms=self._clock() + round(ttl_s * 1000))
        self._leases[lease.name] = renewed
        return renewed

    async def yield_lease(self, lease: Lease) -> bool:
        """See `Registry.yield_lease`."""
        last = self._leases.get(lease.name)
        if last is None or last.token != lease.token or last.until_ms <= self._clock():
            return False
        self._leases[lease.name] = replace(last, until_ms=self._clock())
        return True

    async def put_ticket(self, ticket: str, payload: bytes, ttl_s: int) -> None:
        """See `Registry.put_ticket`."""
        laws.check_ttl(ttl_s)
        self._tickets[ticket] = (self._clock() + ttl_s * 1000, payload)

    async def take_ticket(self, ticket: str) -> bytes | None:
        """See `Registry.take_ticket`."""
        until_ms, payload = self._tickets.pop(ticket, (0, b""))
        return payload if until_ms > self._clock() else None

    async def count(self, key: str, window_s: int) -> int:
        """See `Registry.count`."""
        now = self._clock()
        until_ms, seen = self._counters.get(key, (0, 0))
        if until_ms <= now:
            until_ms, seen = now + window_s * 1000, 0
        self._counters[key] = (until_ms, seen + 1)
        return seen + 1

    async def open_epoch(self) -> Position:
        """See `Registry.open_epoch`."""
        return self._open(self._clock())

    async def now_ms(self) -> int:
        """See `Registry.now_ms`."""
        return self._clock()

    async def renew_epoch(self) -> Position | None:
        """See `Registry.renew_epoch`. `run` says which server this would be."""
        noted, self._noted_run = self._noted_run, self.run
        return None if noted in (None, self.run) else await self.open_epoch()

    async def ping(self) -> None:
        """See `Registry.ping`."""

    async def close(self) -> None:
        """See `Registry.close`."""

    # what every change ends with
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
        while self._done and (first := next(iter(self._done)), self._done[first][0])[1] <= now:
            del self._done[first]
        return answer

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

    def _claims_on(self, kind: str, id: str) -> _Claims:
        return self._claims.setdefault((kind, id), _Claims())


_RESUMED = {"paused": False, "pause_reason": None, "pause_until_ms": None}


def _in_use(state: Resource) -> bool:
    if isinstance(state, Pool):
        return state.held + state.reserved > 0
    if isinstance(state, Slot):
        return state.held + state.booked > 0
    return state.hold is not None or state.request is not None


def _must_exist(effect: Effect) -> Key | None:
    if isinstance(effect, Claim):
        return (effect.kind, effect.id)
    return (Kind.POOL, effect.pool) if isinstance(effect, Occupy) else None


def _displaced(hold: Hold) -> Displaced:
    return Displaced(hold.id, hold.request, hold.by)
