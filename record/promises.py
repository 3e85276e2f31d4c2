"""What the outbox rows add up to: who has which team, van, place and slot by promise."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
Say = Callable[[str, str], None]

UNITS = ("team", "van")


@dataclass(slots=True)
class Promises:
    """The claims that stand and the card of every open promise, after rows in the order of ids.

    A team or van has one request at a time: the later row's, as in the registry.
    """

    claims: dict[Key, set[str]] = field(default_factory=dict)
    cards: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def advance(self, row: Any, say: Say = lambda _law, _text: None) -> None:
        """Take in the next outbox row; report a team or van that is given twice."""
        key = (row.aggregate, row.aggregate_id)
        if row.card is None:
            self.cards.pop(key, None)
        else:
            self.cards[key] = row.card
        for effect in row.effects:
            match effect["do"]:
                case "claim":
                    self._claim((effect["kind"], effect["id"]), effect["request"], say)
                case "free":
                    self._on((effect["kind"], effect["id"])).discard(effect["request"])
                case "occupy":
                    self._on(("pool", effect["pool"])).discard(effect["request"])

    def _claim(self, key: Key, request: str, say: Say) -> None:
        claims = self._on(key)
        if key[0] in UNITS:
            for other in claims - {request}:
                say("double booking", f"SQL promised {' '.join(key)} to {request} and to {other}")
            claims.clear()
        claims.add(request)

    def _on(self, key: Key) -> set[str]:
        return self.claims.setdefault(key, set())
