"""What the outbox rows add up to: who has which team, van, place and slot by promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]


@dataclass(slots=True)
class Promises:
    """The claims that stand, and the card of every open promise."""

    claims: dict[Key, set[str]] = field(default_factory=dict)
    cards: dict[Key, dict[str, Any]] = field(default_factory=dict)

    def advance(self, row: Any) -> None:
        """Take in the next outbox row of its aggregate."""
        key = (row.aggregate, row.aggregate_id)
        if row.card is None:
            self.cards.pop(key, None)
        else:
            self.cards[key] = row.card
        self._effects(row.effects)

    def _effects(self, effects: Sequence[Mapping[str, Any]]) -> None:
        for effect in effects:
            match effect["do"]:
                case "claim":
                    self._on(effect["kind"], effect["id"]).add(effect["request"])
                case "free":
                    self._on(effect["kind"], effect["id"]).discard(effect["request"])
                case "occupy":
                    self._on("pool", effect["pool"]).discard(effect["request"])

    def _on(self, kind: str, name: str) -> set[str]:
        return self.claims.setdefault((kind, name), set())
