"""A crew's or driver's own screen: its unit, its request, where the person is taken, the roads."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from api.live.world import Key, Object, World

_PLACE = ("id", "version", "facility", "name", "zone", "lon", "lat", "phone")
_CLINICAL = frozenset({"tier", "urgency", "needs", "rescue", "rescue_due_ms", "custody_due_ms"})


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is team or van, `unit` its id.

    A unit sees the request that it has now, not one that it is only planned for. A driver sees
    nothing clinical: what a ride needs is in the packet.
    """

    kind: str
    unit: str

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        own = world.get(self.kind, self.unit)
        mine = world.get("request", own["request"]) if own and own["request"] else None
        shown: dict[Key, Object | None] = {}
        for kind, id in touched:
            if kind == "request":
                shown[kind, id] = None
            elif kind == "closure":
                shown[kind, id] = world.get(kind, id)
            elif kind == "ride":
                shown[kind, id] = self._ride(world.get(kind, id))
            elif kind == "panic":
                shown[kind, id] = self._panic(world.get(kind, id))
        if (self.kind, self.unit) in touched:
            shown[self.kind, self.unit] = own
        if mine and mine["ended_ms"] is None:
            shown["request", mine["id"]] = self._task(mine)
        place = mine["pool"] if mine else None
        for kind, id in touched:
            if kind == "pool" and id != place:
                shown["pool", id] = None
        return shown | ({("pool", place): self._place(world, place)} if place else {})

    def _task(self, card: Object) -> Object:
        if self.kind == "team":
            return card
        return {name: value for name, value in card.items() if name not in _CLINICAL}

    def _panic(self, panic: Object | None) -> Object | None:
        own = panic is not None and (panic["kind"], panic["unit"]) == (self.kind, self.unit)
        return panic if own else None

    def _ride(self, ride: Object | None) -> Object | None:
        own = ride is not None and self.kind == "van" and ride["van"] == self.unit
        return ride if own else None

    @staticmethod
    def _place(world: World, pool: str) -> Object | None:
        """Where it is and whom to call; how full it is concerns others."""
        found = world.get("pool", pool)
        return found and {name: found[name] for name in _PLACE}
