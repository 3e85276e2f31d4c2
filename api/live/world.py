"""The replica that this process keeps: kind → id → public object, fed by the registry's events."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from dispatch.card import complete
from registry.port import Event, Position, Snapshot
from registry.states import UNITS

Object = dict[str, Any]
Key = tuple[str, str]
KINDS = (
    *("team", "van", "pool", "slot", "hold"),
    *("request", "referral", "task", "panic", "closure", "ride"),
)
PLANNED = ("plan", "recommendation")
Fix = Sequence[Any]
"""[kind, id, lon, lat, at_ms, accuracy_m], as the event has it; the last is new."""


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
    """States as JSON-ready dicts. Objects are replaced, never changed: they may be shared.

    Thousands of units move each second and few of them are looked at: a point waits in `_moved`
    until somebody asks for its unit.
    """

    def __init__(self) -> None:
        self.position = Position(0, 0)
        self._kinds: dict[str, dict[str, Object]] = {kind: {} for kind in (*KINDS, *PLANNED)}
        self._moved: dict[str, dict[str, Fix]] = {kind: {} for kind in UNITS}

    def of(self, kind: str) -> Mapping[str, Object]:
        for id in tuple(self._moved.get(kind, ())):
            self._settle(kind, id)
        return self._kinds[kind]

    def get(self, kind: str, id: str) -> Object | None:
        if kind in UNITS and id in self._moved[kind]:
            self._settle(kind, id)
        return self._kinds[kind].get(id)

    def keys(self) -> Iterator[Key]:
        return ((kind, id) for kind, objects in self._kinds.items() for id in objects)

    def start(self, snapshot: Snapshot) -> None:
        """Forget everything but the plan and begin at `snapshot`."""
        self.position = snapshot.position
        self._moved = {kind: {} for kind in UNITS}
        for kind in KINDS[:5]:
            states = getattr(snapshot, f"{kind}s")
            self._kinds[kind] = {id: msgspec.to_builtins(state) for id, state in states.items()}
        for kind in KINDS[5:]:
            cards = snapshot.cards.get(kind, {})
            self._kinds[kind] = {id: _complete(kind, card) for id, card in cards.items()}

    def advance(self, event: Event) -> list[Change]:
        """Take one event in; answers what it changed, but for who only `moved`."""
        self.position = event.position
        for fix in event.body.get("moved", ()):
            self._moved[fix[0]][fix[1]] = fix
        return [
            self._put(kind, id, None if state is None else msgspec.to_builtins(state))
            for kind, id, state in event.touched
        ]

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

    def _settle(self, kind: str, id: str) -> None:
        _, _, lon, lat, at_ms, *more = self._moved[kind].pop(id)
        unit = self._kinds[kind].get(id)
        if unit is not None:
            accuracy_m = more[0] if more else None
            place = {"lon": lon, "lat": lat, "position_ms": at_ms, "accuracy_m": accuracy_m}
            self._kinds[kind][id] = unit | place

    def _put(self, kind: str, id: str, state: Object | None) -> Change:
        before, objects = self.get(kind, id), self._kinds[kind]
        objects.pop(id, None)
        if state is not None:
            objects[id] = _complete(kind, state)
        return Change(kind, id, before, objects.get(id))


def moved(event: Event) -> Iterator[Key]:
    """Whom the event only moved."""
    return ((fix[0], fix[1]) for fix in event.body.get("moved", ()))


def _complete(kind: str, state: Object) -> Object:
    """A card that an older release made has every field that this one looks for."""
    return complete(state) if kind == "request" else state
