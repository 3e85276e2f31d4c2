"""What is going to happen, in the order of time; of equal times the earlier note comes first."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Generic, TypeVar

What = TypeVar("What")


@dataclass(slots=True)
class Agenda(Generic[What]):
    """A queue of future events. Each has a key; a later note under a key replaces the earlier."""

    _heap: list[tuple[int, int, Hashable]] = field(default_factory=list)
    _noted: dict[Hashable, tuple[int, What]] = field(default_factory=dict)
    _count: int = 0

    def note(self, due_ms: int, key: Hashable, what: What) -> None:
        """Let `what` happen at this time, instead of whatever stood under the key."""
        self._count += 1
        self._noted[key] = (self._count, what)
        heappush(self._heap, (due_ms, self._count, key))

    def strike(self, key: Hashable) -> None:
        """Whatever stands under the key does not happen."""
        self._noted.pop(key, None)

    def get(self, key: Hashable) -> What | None:
        """What stands under the key."""
        noted = self._noted.get(key)
        return None if noted is None else noted[1]

    def next_ms(self) -> int | None:
        """When the next thing happens."""
        while self._heap:
            due_ms, count, key = self._heap[0]
            if self._noted.get(key, (0,))[0] == count:
                return due_ms
            heappop(self._heap)
        return None

    def pop(self, now_ms: int) -> What | None:
        """The next thing that is due, which then is done; None if nothing is."""
        due_ms = self.next_ms()
        if due_ms is None or due_ms > now_ms:
            return None
        key = heappop(self._heap)[2]
        return self._noted.pop(key)[1]


@dataclass(frozen=True, slots=True)
class Due:
    """What happens to a request or call (`name`), or to a unit (`name` is its kind)."""

    what: str
    name: str
    unit: str = ""
