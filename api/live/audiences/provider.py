"""A provider's screen: its own slots, the people referred to it, their rides, its tasks."""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from api.live.world import Key, Object, World

_KINDS = frozenset({"slot", "referral", "task", "ride"})


@dataclass(frozen=True, slots=True)
class Provider:
    provider: str

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        shown: dict[Key, Object | None] = {}
        for kind, id in touched:
            if kind in _KINDS:
                found = world.get(kind, id)
                own = found is not None and found["provider"] == self.provider
                shown[kind, id] = found if own else None
        return shown
