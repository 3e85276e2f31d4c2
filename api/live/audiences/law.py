"""Law enforcement: only what was explicitly shared. No risk, no history, no destination, no crew.

Place and safety are read over HTTP, each reading audited; the frame says that there is something.
"""

from collections.abc import Mapping, Set

from api.live.world import Key, Object, World

_WAITING = frozenset({"requested", "recommended"})


def is_shared(card: Object) -> bool:
    """What was shared is shared until the request has ended and no rescue is open."""
    return bool(card["shared_le"]) and (card["ended_ms"] is None or card["rescue"] == "open")


class Law:
    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        return {
            ("shared", id): self._shared(world.get("request", id))
            for kind, id in touched
            if kind == "request"
        }

    @staticmethod
    def _shared(card: Object | None) -> Object | None:
        if card is None or not is_shared(card):
            return None
        return {
            "id": card["id"],
            "zone": card["zone"],
            "opened_ms": card["opened_ms"],
            "state": "waiting" if card["state"] in _WAITING else "underway",
        }
