"""The facility pad: its own pools, and the people on their way to them."""

from typing import Any

from api.live.world import Object, World

_SHOWN = ("id", "version", "pool", "state", "facility_answer", "answer_due_ms", "arrive_ms")


def incoming_of(card: Object, world: World) -> dict[str, Any]:
    """A person on the way: needs and clocks, no tier, no zone, no identity."""
    team = world.get("team", card["team"] or "")
    shown = {name: card[name] for name in _SHOWN}
    return shown | {"needs": card["needs"], "phone": team["phone"] if team else None}
