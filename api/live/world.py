"""The replica that this process keeps: kind → id → public object, fed by the registry's events."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from dispatch.card import complete
from registry.port import Event, Position, Snapshot

Object = dict[str, Any]
Key = tuple[str, str]
KINDS = ("team", "van", "pool", "slot", "hold", "request", "referral", "task", "panic", "closure")
PLANNED = ("plan", "recommendation")


class Change(NamedTuple):
    """One object before and after; None where there was or is none."""

    kind: str
    id: str
    before: Object | None
    after: Object | None

    @property
    def key(self) -> Key:
        return self.kind, self.id


class World:
    """States as JSON-ready dicts. Objects are replaced, never changed: they may be shared."""

    def __init__(self) -> None:
        self.position = Position(0, 0)
        self._kinds: dict[str, dict[str, Object]] = {kind: {} for kind in (*KINDS, *PLANNED)}

    def of(self, kind: str) -> Mapping[str, Object]:
        return self._kinds[kind]

    def get(self, kind: str, id: str) -> Object | None:
        return self._kinds[kind].get(id)

    def keys(self) -> Iterator[Key]:
        return ((kind, id) for kind, objects in self._kinds.items() for id in objects)

    def start(self, snapshot: Snapshot) -> None:
        """Forget everything but the plan and begin at `snapshot`."""
        self.position = snapshot.position
        for kind in KINDS[:5]:
            states = getattr(snapshot, f"{kind}s")
            self._kinds[kind] = {id: msgspec.to_builtins(state) for id, state in states.items()}
        for kind in KINDS[5:]:
            cards = snapshot.cards.get(kind, {})
            self._kinds[kind] = {id: _complete(kind, card) for id, card in cards.items()}

    def advance(self, event: Event) -> list[Change]:
        """Take one event in; answers what it changed."""
        self.position = event.position
        changes = [
            self._put(kind, id, None if state is None else msgspec.to_builtins(state))
            for kind, id, state in event.touched
        ]
        for kind, id, lon, lat, at_ms in event.body.get("moved", ()):
            unit = self.get(kind, id)
            if unit is not None:
                moved = {"lon": lon, "lat": lat, "position_ms": at_ms}
                changes.append(self._put(kind, id, unit | moved))
        return changes

    def plan(self, plan: Mapping[str, Any]) -> set[Key]:
        """Take a published plan in; answers which of its objects changed."""
        recommendations: dict[str, Object] = dict(plan.get("recommendations", {}))
        before = self._kinds["recommendation"]
        touched = {
            ("recommendation", id)
            for id in before.keys() | recommendations.keys()
            if before.get(id) != recommendations.get(id)
        }
        self._kinds["recommendation"] = recommendations
        head = {key: value for key, value in plan.items() if key != "recommendations"}
        self._kinds["plan"] = {"plan": {"id": "plan"} | head}
        return touched | {("plan", "plan")}

    def _put(self, kind: str, id: str, state: Object | None) -> Change:
        objects = self._kinds[kind]
        before = objects.pop(id, None)
        if state is not None:
            objects[id] = _complete(kind, state)
        return Change(kind, id, before, objects.get(id))


def _complete(kind: str, state: Object) -> Object:
    """A card that an older release made has every field that this one looks for."""
    return complete(state) if kind == "request" else state
