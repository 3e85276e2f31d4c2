"""What the recorded facts add up to, and the laws that every prefix of them must keep.

Pure: it is fed one event after the other, as plain JSON values, and knows nothing of the registry's
own code, so that it can judge it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

State = dict[str, Any]
Key = tuple[str, str]
Say = Callable[[str, str], None]
"""Takes the name of the broken law and what is wrong, in plain words."""

UNITS = ("team", "van")
RESOURCES = (*UNITS, "pool", "slot")
SNAPSHOT_KINDS = {
    "teams": "team",
    "vans": "van",
    "pools": "pool",
    "slots": "slot",
    "holds": "hold",
}


@dataclass(slots=True)
class History:
    """The states after the events so far, and an index of who has what.

    `whole` is false before the first base: then a state may be there that no event has shown yet.
    """

    whole: bool = True
    states: dict[Key, State] = field(default_factory=dict)
    holds_on: dict[Key, set[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, snapshot: Mapping[str, Any]) -> "History":
        """The history that begins with a snapshot, given as plain JSON values."""
        history = cls()
        for key, state in snapshot_states(snapshot):
            history._store(key, state)
        return history

    def advance(self, kind: str, touched: Iterable[Any], body: Mapping[str, Any], say: Say) -> None:
        """Take the next event in and report each law that it breaks."""
        changes = {(str(kind_), str(name)): state for kind_, name, state in touched}
        if kind == "hold.granted":
            self._judge_grant(changes, say)
        for key, state in changes.items():
            self._store(key, state)
        for unit_kind, name, lon, lat, at_ms, *more in body.get("moved", ()):
            unit = self.states.get((unit_kind, name))
            if unit is not None:
                accuracy_m = more[0] if more else None
                unit.update(lon=lon, lat=lat, position_ms=at_ms, accuracy_m=accuracy_m)
        for key, state in changes.items():
            if state is not None and key[0] in RESOURCES:
                self._judge_counts(key, state, say)

    def _store(self, key: Key, state: State | None) -> None:
        old = self.states.pop(key, None)
        if key[0] == "hold":
            for resource in _named(old):
                self.holds_on.get(resource, set()).discard(key[1])
            for resource in _named(state):
                self.holds_on.setdefault(resource, set()).add(key[1])
        if state is not None:
            self.states[key] = state

    def _judge_grant(self, changes: Mapping[Key, State | None], say: Say) -> None:
        for key, state in changes.items():
            before = self.states.get(key)
            if state is None or before is None or key[0] not in RESOURCES:
                continue
            if key[0] in UNITS:
                held = before["hold"] is not None or before["request"] is not None
                if held or before["status"] != "available":
                    say("grant", f"{_text(key)} was held although it was not free")
            elif before["free"] < 1 or before.get("paused") or before.get("deficit", 0):
                say("grant", f"{_text(key)} was held although it had nothing to give")

    def _judge_counts(self, key: Key, state: State, say: Say) -> None:
        holds = self.holds_on.get(key, set())
        if key[0] in UNITS:
            if self.whole and holds != {state["hold"]} - {None}:
                say(
                    "holds",
                    f"{_text(key)} says hold {state['hold']}, the holds say {sorted(holds)}",
                )
            if state["hold"] is not None and state["request"] is not None:
                say("double booking", f"{_text(key)} is both held and promised")
            return
        if self.whole and state["held"] != len(holds):
            say("holds", f"{_text(key)} counts {state['held']} held, the holds say {len(holds)}")
        for law in _broken_pool_laws(state) if key[0] == "pool" else _broken_slot_laws(state):
            say("capacity", f"{_text(key)}: {law}")


def snapshot_states(snapshot: Mapping[str, Any]) -> Iterator[tuple[Key, State]]:
    """Every state and card of a snapshot (as plain JSON values) under its kind and id."""
    for plural, kind in SNAPSHOT_KINDS.items():
        for name, state in snapshot[plural].items():
            yield (kind, name), dict(state)
    for kind, cards in snapshot["cards"].items():
        for name, card in cards.items():
            yield (kind, name), dict(card)


def _broken_pool_laws(pool: State) -> Iterator[str]:
    parts = ("free", "held", "reserved", "occupied", "closed")
    if sum(pool[part] for part in parts) - pool["deficit"] != pool["capacity"]:
        yield "free − deficit + held + reserved + occupied + closed is not the capacity"
    if any(pool[part] < 0 for part in (*parts, "deficit", "capacity")):
        yield "a count is below zero"
    if pool["free"] and pool["deficit"]:
        yield "it is free and overcommitted at once"


def _broken_slot_laws(slot: State) -> Iterator[str]:
    if any(slot[part] < 0 for part in ("free", "held", "booked", "capacity")):
        yield "a count is below zero"
    if slot["free"] != max(0, slot["capacity"] - slot["held"] - slot["booked"]):
        yield "free is not the capacity without held and booked"


def _named(hold: State | None) -> list[Key]:
    if hold is None:
        return []
    return [(kind, hold[kind]) for kind in RESOURCES if hold.get(kind) is not None]


def _text(key: Key) -> str:
    return " ".join(key)
