"""What a reader gets: the snapshot, the events after it, and the plan."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from registry.errors import PositionLost
from registry.port import MAX_TIME_MS, Card, Event, Position, Snapshot
from registry.server.asking import Asking
from registry.server.fixes import placed
from registry.states import CARDS, STATE_TYPES, Kind

_BLOCK_ROUND_MS = 1_000
_RENEWED = cast("type[Position | None]", Position | None)


class Stream(Asking):
    """Reading, the plan, epochs and the region's time."""

    async def snapshot(self) -> Snapshot:
        """See `Registry.snapshot`."""
        kinds = (*STATE_TYPES, *CARDS, "position")
        async with self._reaching(), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.hmget(self._key("meta"), ["epoch", "seq"])
            pipeline.time()
            pipeline.get(self._key("clock"))
            for kind in kinds:
                pipeline.hgetall(self._key(kind))
            meta, (second, micro), clock, *maps = await pipeline.execute()
        read = dict(zip(kinds, maps, strict=True))
        states = {kind: _decode_states(kind, read[kind]) for kind in STATE_TYPES}
        for name, raw in read["position"].items():
            kind, _, id = name.decode().partition(":")
            if id in states[kind]:
                states[kind][id] = placed(states[kind][id], raw)
        return Snapshot(
            position=_position(meta),
            at_ms=_shifted(second * 1000 + micro // 1000, clock),
            teams=states[Kind.TEAM],
            vans=states[Kind.VAN],
            pools=states[Kind.POOL],
            slots=states[Kind.SLOT],
            holds=states[Kind.HOLD],
            cards={kind: _decode_cards(read[kind]) for kind in CARDS},
        )

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        """See `Registry.events`."""
        if not (0 <= after.epoch < MAX_TIME_MS and -1 <= after.seq < MAX_TIME_MS):
            raise PositionLost(f"{after} is not in the stream")
        deadline = time.monotonic() + block_ms / 1000
        found = await self._read(after, 0, limit)
        while not found and (left_ms := round((deadline - time.monotonic()) * 1000)) > 0:
            found = await self._read(after, min(left_ms, _BLOCK_ROUND_MS), limit)
        return found

    async def _read(self, after: Position, block_ms: int, limit: int) -> list[Event]:
        key = self._key("events")
        start = _stream_id(after)
        async with self._reaching():
            entries = _entries(await self._redis.xread({key: start}, limit, block_ms or None))
            if not entries:
                last = await self.position()
                if last == after:
                    return []
                if last < after:
                    raise PositionLost(f"{after} is not in the stream")
                entries = _entries(await self._redis.xread({key: start}, limit))
        events = [_event(id, fields) for id, fields in entries]
        if not events or events[0].position != (after.epoch, after.seq + 1):
            raise PositionLost(f"{after} was trimmed or is of another epoch")
        return [event for event in events if event.position.epoch == after.epoch]

    async def position(self) -> Position:
        """See `Registry.position`."""
        async with self._reaching():
            return _position(await self._redis.hmget(self._key("meta"), ["epoch", "seq"]))

    async def trim(self, through: Position) -> int:
        """See `Registry.trim`."""
        first = f"{through.epoch}-{through.seq + 1}"
        async with self._reaching():
            return int(await self._redis.xtrim(self._key("events"), minid=first, approximate=False))

    async def publish_plan(self, plan: bytes, fence: int) -> Position:
        """See `Registry.publish_plan`."""
        return await self._ask("publish_plan", {"fence": fence}, Position, None, plan)

    async def plan(self) -> bytes | None:
        """See `Registry.plan`."""
        async with self._reaching():
            return cast("bytes | None", await self._redis.get(self._key("plan")))

    async def open_epoch(self) -> Position:
        """See `Registry.open_epoch`."""
        return await self._ask("open_epoch", {}, Position)

    async def renew_epoch(self) -> Position | None:
        """See `Registry.renew_epoch`. A server's run id changes with every start of its process."""
        async with self._reaching():
            run = str((await self._redis.info("server"))["run_id"])
        return await self._ask("open_epoch", {"if_other": run}, _RENEWED)

    async def ensure_epoch(self) -> Position:
        """Open the first epoch of a new region."""
        return await self._ask("open_epoch", {"if_none": True}, Position)

    async def now_ms(self) -> int:
        """See `Registry.now_ms`."""
        async with self._reaching(), self._redis.pipeline(transaction=False) as pipeline:
            pipeline.time()
            pipeline.get(self._key("clock"))
            (second, micro), clock = await pipeline.execute()
        return _shifted(second * 1000 + micro // 1000, clock)


def _shifted(now_ms: int, clock: bytes | None) -> int:
    if clock is None:
        return now_ms
    return int(clock[1:]) if clock.startswith(b"=") else now_ms + int(clock)


def _decode_states(kind: str, raw: dict[bytes, bytes]) -> dict[str, Any]:
    decoder = _DECODERS[kind]
    return {id.decode(): decoder.decode(state) for id, state in raw.items()}


def _decode_cards(raw: dict[bytes, bytes]) -> dict[str, Card]:
    return {id.decode(): msgspec.json.decode(card) for id, card in raw.items()}


def _position(meta: Sequence[Any]) -> Position:
    """(0, -1) where the server has forgotten the region."""
    epoch, seq = meta
    return Position(int(epoch), int(seq)) if epoch is not None else Position(0, -1)


def _stream_id(after: Position) -> str:
    if after.seq >= 0:
        return f"{after.epoch}-{after.seq}"
    return f"{max(after.epoch - 1, 0)}-{2**64 - 1}"


def _entries(read: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of one stream in an answer to XREAD, of protocol 2 (lists) or 3 (a map)."""
    if not read:
        return []
    if isinstance(read, dict):
        (found,) = read.values()
        return cast("list[tuple[bytes, dict[bytes, bytes]]]", found[0] if found else [])
    return cast("list[tuple[bytes, dict[bytes, bytes]]]", read[0][1])


def _event(id: bytes, fields: dict[bytes, bytes]) -> Event:
    epoch, _, seq = id.partition(b"-")
    touched = [
        (kind, name, _DECODERS[kind].decode(state))
        for kind, name, state in _TOUCHED.decode(fields[b"touched"])
    ]
    return Event(
        position=Position(int(epoch), int(seq)),
        kind=fields[b"kind"].decode(),
        at_ms=int(fields[b"at"]),
        touched=tuple(touched),
        body=msgspec.json.decode(fields[b"body"]),
    )


_TOUCHED = msgspec.json.Decoder(list[tuple[str, str, msgspec.Raw]])
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    **{kind: msgspec.json.Decoder(type | None) for kind, type in STATE_TYPES.items()},
    **{kind: msgspec.json.Decoder(dict | None) for kind in CARDS},
}
