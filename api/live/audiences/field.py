"""A crew's or driver's own screen: its unit, its request, and where the person is taken."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from api.live.world import Key, Object, World

_PLACE = ("id", "version", "name", "type", "zone", "lon", "lat", "phone")


@dataclass(frozen=True, slots=True)
class Field:
    """`kind` is team or van, `unit` its id."""

    kind: str
    unit: str

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        shown: dict[Key, Object | None] = {}
        own = (self.kind, self.unit)
        if own in touched:
            shown[own] = world.get(*own)
        mine = [
            card
            for card in world.of("request").values()
            if card[self.kind] == self.unit and card["ended_ms"] is None
        ]
        for kind, id in touched:
            if kind == "request":
                shown["request", id] = next((card for card in mine if card["id"] == id), None)
        places = {card["pool"] for card in mine if card["pool"]}
        for kind, id in touched:
            if kind == "pool" and id not in places:
                shown["pool", id] = None
        return shown | {("pool", pool): self._place(world, pool) for pool in places}

    @staticmethod
    def _place(world: World, pool: str) -> Object | None:
        """Where it is and whom to call; how full it is concerns others."""
        found = world.get("pool", pool)
        return found and {name: found[name] for name in _PLACE}
