"""Frames: encoded once, shared by every socket of an audience."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from api.live.world import Key, Object
from registry.port import Position

VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One message as text, and as the websocket frame that carries it (RFC 6455 §5.2, unmasked)."""

    text: str
    wire: bytes = field(repr=False)

    @classmethod
    def of(cls, kind: str, **content: Any) -> "Frame":
        body = msgspec.json.encode({"v": VERSION, "type": kind} | content)
        return cls(body.decode(), _header(len(body)) + body)


def _header(length: int) -> bytes:
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return bytes((0x81, 126)) + length.to_bytes(2, "big")
    return bytes((0x81, 127)) + length.to_bytes(8, "big")


def snapshot(topic: str, at: Position, now_ms: int, shown: Mapping[Key, Object]) -> Frame:
    """The whole map of a topic: kind → id → object."""
    state: dict[str, dict[str, Object]] = {}
    for (kind, id), shape in shown.items():
        state.setdefault(kind, {})[id] = shape
    return Frame.of(
        "snapshot", topic=topic, epoch=at.epoch, seq=at.seq, server_ms=now_ms, state=state
    )


def delta(
    topic: str,
    at: Position,
    prev: int,
    now_ms: int,
    changes: Mapping[Key, Object | None],
    lines: Sequence[str],
) -> Frame:
    """Objects put or dropped since the frame `prev`."""
    return Frame.of(
        "delta",
        topic=topic,
        epoch=at.epoch,
        seq=at.seq,
        prev=prev,
        server_ms=now_ms,
        changes=[(kind, id, shape) for (kind, id), shape in changes.items()],
        lines=lines,
    )


def resume(topic: str, at: Position, now_ms: int) -> Frame:
    """Nothing was missed: the map that the client has is the right one."""
    return Frame.of("resume", topic=topic, epoch=at.epoch, seq=at.seq, server_ms=now_ms)


def tick(now_ms: int, feed_ms: int, planner_late_since_ms: int | None = None) -> Frame:
    return Frame.of(
        "tick", server_ms=now_ms, feed_ms=feed_ms, planner_late_since_ms=planner_late_since_ms
    )


def welcome(account: Object, now_ms: int, simulated: bool) -> Frame:
    return Frame.of("welcome", account=account, server_ms=now_ms, simulated=simulated)


def bye(code: int, again: bool) -> Frame:
    return Frame.of("bye", code=code, again=again)
