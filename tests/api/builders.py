"""What tests of the doors are made of: a clock, and one of each resource."""

from __future__ import annotations

from typing import Any

from uuid6 import uuid7

from api.region import WallZone
from dispatch.card import complete
from registry.states import Pool, Slot, Team, Van

NOW_MS = 1_800_000_000_000


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        return self.now_ms

    def pass_s(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)


def command() -> str:
    return str(uuid7())


def team(id: str = "team-1", **more: Any) -> Team:
    fields: dict[str, Any] = {
        "id": id,
        "zone": "weber",
        "name": "Team One",
        "shift_start_ms": 0,
        "shift_end_ms": 2 * NOW_MS,
        "base_lon": -111.97,
        "base_lat": 41.22,
        "phone": "801-555-0100",
    }
    return Team(**(fields | more))


def van(id: str = "van-1", **more: Any) -> Van:
    fields: dict[str, Any] = {
        "id": id,
        "zone": "weber",
        "name": "Van One",
        "seats": 2,
        "shift_start_ms": 0,
        "shift_end_ms": 2 * NOW_MS,
        "base_lon": -111.97,
        "base_lat": 41.22,
    }
    return Van(**(fields | more))


def pool(id: str = "pool-1", **more: Any) -> Pool:
    fields: dict[str, Any] = {
        "id": id,
        "facility": "facility-1",
        "zone": "weber",
        "name": "Adult unit",
        "type": "receiving",
        "takes": ("adult",),
        "lon": -111.9,
        "lat": 41.2,
        "capacity": 10,
    }
    return Pool(**(fields | more))


def slot(id: str = "slot-1", **more: Any) -> Slot:
    fields: dict[str, Any] = {
        "id": id,
        "provider": "provider-1",
        "zone": "weber",
        "name": "First visit",
        "mode": "in_person",
        "takes": ("adult",),
        "lon": -111.9,
        "lat": 41.2,
        "starts_ms": NOW_MS + 86_400_000,
        "duration_s": 3600,
    }
    return Slot(**(fields | more))


def card(id: str = "request-1", **more: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "id": id,
        "version": 1,
        "state": "requested",
        "tier": "high",
        "urgency": 3,
        "zone": "weber",
        "place": "Ogden",
        "opened_ms": NOW_MS,
        "target_ms": NOW_MS + 2_400_000,
        "owner": "account-1",
        "needs": ["adult"],
    }
    return complete(fields | more)


ZONES = (
    WallZone("weber", "Weber", -111.9, 41.25, 270_000),
    WallZone("davis", "Davis", -112.0, 41.0, 360_000),
    WallZone("rich", "Rich", -111.2, 41.6, 2_500),
)
