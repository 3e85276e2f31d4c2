"""A dispatcher's board as a client keeps it: a map kind → id → object, put together from frames."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]


class Gap(Exception):
    """A frame is missing: ask for a snapshot."""


@dataclass(slots=True)
class Board:
    """What the frames so far have shown. `last` is (epoch, seq) of the newest, None at first."""

    kinds: dict[str, dict[str, Object]] = field(default_factory=dict)
    last: tuple[int, int] | None = None

    def of(self, kind: str) -> Mapping[str, Object]:
        """All objects of a kind, by id."""
        return self.kinds.get(kind, {})

    def get(self, kind: str, id: str) -> Object | None:
        return self.of(kind).get(id)

    def hear(self, frame: Mapping[str, Any]) -> list[Key]:
        """Takes a frame; answers what may have changed. Raises Gap."""
        match frame["type"]:
            case "snapshot":
                before = {(kind, id) for kind, kept in self.kinds.items() for id in kept}
                self.kinds = {kind: dict(kept) for kind, kept in frame["state"].items()}
                self.last = (frame["epoch"], frame["seq"])
                return sorted(before | {(k, id) for k, kept in self.kinds.items() for id in kept})
            case "delta":
                if self.last != (frame["epoch"], frame["prev"]):
                    raise Gap
                self.last = (frame["epoch"], frame["seq"])
                for kind, id, shape in frame["changes"]:
                    if shape is None:
                        self.kinds.get(kind, {}).pop(id, None)
                    else:
                        self.kinds.setdefault(kind, {})[id] = shape
                return [(kind, id) for kind, id, _ in frame["changes"]]
            case _:
                return []
