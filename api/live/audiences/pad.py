"""The facility pad: its own pools, and the people on their way to them."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from api.live.world import Key, Object, World

_SHOWN = (
    "id",
    "version",
    "pool",
    "state",
    "facility_answer",
    "answer_due_ms",
    "arrive_ms",
    "needs",
)


def incoming_of(card: Object, world: World) -> Object:
    """A person on the way: needs and clocks; no tier, no zone, no identity."""
    team = world.get("team", card["team"] or "")
    return {name: card[name] for name in _SHOWN} | {"phone": team["phone"] if team else None}


def comes_to(facility: str, card: Object, world: World) -> bool:
    """Whether the person was promised to this facility; what is only planned stays unseen."""
    pool = world.get("pool", card["pool"] or "")
    coming = card["place_claimed"] and card["ended_ms"] is None
    return bool(coming) and pool is not None and pool["facility"] == facility


@dataclass(frozen=True, slots=True)
class Pad:
    facility: str

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        shown: dict[Key, Object | None] = {}
        for kind, id in touched:
            if kind == "pool":
                pool = world.get("pool", id)
                own = pool is not None and pool["facility"] == self.facility
                shown["pool", id] = pool if own else None
            elif kind == "request":
                card = world.get("request", id)
                mine = card is not None and comes_to(self.facility, card, world)
                shown["incoming", id] = incoming_of(card, world) if card and mine else None
        return shown
