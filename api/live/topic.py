"""One topic for one audience: what is shown, the last frames of it, and who is listening."""

from collections import deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from api.live import frame
from api.live.frame import Frame
from api.live.world import Key, Object, World
from registry.port import Position

HISTORY = 512
"""Deltas kept for those who come back; whoever missed more gets a snapshot."""


class Projection(Protocol):
    """What one audience may see of the world; made before anything is published."""

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        """The shown objects that `touched` can have changed; None for those that are gone."""
        ...


class Listener(Protocol):
    def published(self, topic: "Topic", made: Frame, prev: int) -> None: ...
    def restarted(self, topic: "Topic") -> None: ...


@dataclass(frozen=True, slots=True)
class _Delta:
    """Which objects changed, not how: whoever missed it needs only what they are now, and the
    objects of hundreds of plans would be many times the world."""

    prev: int
    seq: int
    keys: tuple[Key, ...]
    lines: Sequence[str]


class Topic:
    """`name` is what clients call it, `scope` narrows it to one facility, unit or provider.

    A topic whose projection remembers things of its own is not `resumable`: another process
    would have shown something else.
    """

    def __init__(
        self, name: str, scope: str, projection: Projection, *, resumable: bool = True
    ) -> None:
        self.name = name
        self.scope = scope
        self.position = Position(0, 0)
        self.listeners: set[Listener] = set()
        self._projection = projection
        self._resumable = resumable
        self._shown: dict[Key, Object] = {}
        self._history: deque[_Delta] = deque(maxlen=HISTORY)
        self._snapshot: Frame | None = None

    def start(self, world: World) -> None:
        """Show the world as it is now; those who listen get it whole."""
        whole = self._projection.project(world, set(world.keys()))
        self._shown = {key: shape for key, shape in whole.items() if shape is not None}
        self.position = world.position
        self._history.clear()
        self._snapshot = None
        for listener in tuple(self.listeners):
            listener.restarted(self)

    def publish(self, world: World, touched: Set[Key], lines: Sequence[str], now_ms: int) -> None:
        """Tell the listeners what changed for them, if anything did."""
        changes = self._take(self._projection.project(world, touched))
        if (not changes and not lines) or world.position.seq <= self.position.seq:
            return
        prev, self.position = self.position.seq, world.position
        self._history.append(_Delta(prev, self.position.seq, tuple(changes), lines))
        self._snapshot = None
        if self.listeners:
            made = frame.delta(self.name, self.position, prev, now_ms, changes, lines)
            for listener in tuple(self.listeners):
                listener.published(self, made, prev)

    def whole(self, now_ms: int) -> Frame:
        """The snapshot frame, encoded once for all who ask before the next change."""
        if self._snapshot is None:
            self._snapshot = frame.snapshot(self.name, self.position, now_ms, self._shown)
        return self._snapshot

    def since(self, seq: int, now_ms: int) -> Frame | None:
        """One delta from `seq` to now; None when that is too long ago."""
        if not self._history or seq < self._history[0].prev:
            return None
        missed = [delta for delta in self._history if delta.seq > seq]
        changes = {key: self._shown.get(key) for delta in missed for key in delta.keys}
        lines = [line for delta in missed for line in delta.lines][-10:]
        return frame.delta(self.name, self.position, seq, now_ms, changes, lines)

    def resume(self, last: Position, now_ms: int) -> Frame:
        """What a client needs that was here before, up to `last`."""
        if not self._resumable or last.epoch != self.position.epoch:
            return self.whole(now_ms)
        if last.seq == self.position.seq:
            return frame.resume(self.name, self.position, now_ms)
        if last.seq > self.position.seq:
            return self.whole(now_ms)
        return self.since(last.seq, now_ms) or self.whole(now_ms)

    def _take(self, proposed: Mapping[Key, Object | None]) -> dict[Key, Object | None]:
        changes: dict[Key, Object | None] = {}
        for key, shape in proposed.items():
            if shape is None:
                if self._shown.pop(key, None) is not None:
                    changes[key] = None
            elif self._shown.get(key) != shape:
                self._shown[key] = changes[key] = shape
        return changes
