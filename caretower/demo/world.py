"""The demo region's participants, read from a file and stamped with ids, zones and shifts.

Ids are UUIDv5 of the region and the participant's name, so that a second start finds the same.
"""

import tomllib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from registry.states import Pool, Slot, Team, Van

HERE = Path(__file__).parent
NAMESPACE = uuid.UUID("6f5c6f0e-7d0d-5f1c-9a53-5a0c9c6f7a11")
SHIFT_HOURS = {"day": (7, 19), "night": (19, 31), "all": (0, 24)}
SLOT_DAYS = 2

Locate = Callable[[float, float], str | None]


@dataclass(frozen=True, slots=True)
class Place:
    """A facility or a provider: what the directory will know of it."""

    id: str
    slug: str
    name: str
    kind: str
    zone: str
    lon: float
    lat: float
    phone: str


@dataclass(frozen=True, slots=True)
class World:
    """Who takes part. Definitions only: the registry keeps what happens to them."""

    facilities: tuple[Place, ...]
    providers: tuple[Place, ...]
    pools: tuple[Pool, ...]
    slots: tuple[Slot, ...]
    teams: tuple[Team, ...]
    vans: tuple[Van, ...]


def stable_id(*parts: str) -> str:
    """The same id for the same participant at every start."""
    return str(uuid.uuid5(NAMESPACE, "/".join(parts)))


def load_world(region: str, locate: Locate, now_ms: int, zone: ZoneInfo) -> World:
    """Reads `<region>.toml`. Raises ValueError naming a participant outside every zone."""
    data = tomllib.loads((HERE / f"{region}.toml").read_text())
    reader = _Reader(region, locate, datetime.fromtimestamp(now_ms / 1000, zone))
    return World(
        facilities=tuple(reader.place(row, "facility") for row in data["facility"]),
        providers=tuple(reader.place(row, "provider") for row in data["provider"]),
        pools=tuple(pool for row in data["facility"] for pool in reader.pools(row)),
        slots=tuple(slot for row in data["provider"] for slot in reader.slots(row)),
        teams=tuple(reader.team(row) for row in data["team"]),
        vans=tuple(reader.van(row) for row in data["van"]),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    region: str
    locate: Locate
    now: datetime

    def zone(self, row: dict[str, Any]) -> str:
        found = self.locate(row["lon"], row["lat"])
        if found is None:
            raise ValueError(f"{row['name']} lies outside every zone of {self.region}")
        return found

    def place(self, row: dict[str, Any], kind: str) -> Place:
        return Place(
            id=stable_id(self.region, row["slug"]),
            slug=row["slug"],
            name=row["name"],
            kind=row.get("kind", kind),
            zone=self.zone(row),
            lon=row["lon"],
            lat=row["lat"],
            phone=row["phone"],
        )

    def pools(self, row: dict[str, Any]) -> Iterator[Pool]:
        for pool in row["pool"]:
            yield Pool(
                id=stable_id(self.region, row["slug"], pool["name"]),
                facility=stable_id(self.region, row["slug"]),
                zone=self.zone(row),
                name=pool["name"],
                type=pool["type"],
                takes=tuple(pool["takes"]),
                lon=row["lon"],
                lat=row["lat"],
                capacity=pool["capacity"],
                occupied=pool["occupied"],
                closed=pool["closed"],
                phone=row["phone"],
            )

    def slots(self, row: dict[str, Any]) -> Iterator[Slot]:
        for start in slot_starts(self.now, row["hours"], row["every_min"]):
            yield Slot(
                id=stable_id(self.region, row["slug"], start.isoformat()),
                provider=stable_id(self.region, row["slug"]),
                zone=self.zone(row),
                name=row["name"],
                mode=row["mode"],
                takes=tuple(row["takes"]),
                lon=row["lon"],
                lat=row["lat"],
                starts_ms=int(start.timestamp() * 1000),
                duration_s=3000,
                capacity=row["seats"],
            )

    def shift(self, row: dict[str, Any]) -> tuple[int, int]:
        """The shift that is running now, or the next one (ms UTC)."""
        first, last = SHIFT_HOURS[row["shift"]]
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        if row["shift"] == "all":
            begin, end = midnight, midnight + timedelta(days=2)
        else:
            begin, end = midnight + timedelta(hours=first), midnight + timedelta(hours=last)
            if self.now < begin and self.now < end - timedelta(days=1):
                begin, end = begin - timedelta(days=1), end - timedelta(days=1)
            elif self.now >= end:
                begin, end = begin + timedelta(days=1), end + timedelta(days=1)
        return int(begin.timestamp() * 1000), int(end.timestamp() * 1000)

    def team(self, row: dict[str, Any]) -> Team:
        begin_ms, end_ms = self.shift(row)
        return Team(
            id=stable_id(self.region, "team", row["name"]),
            zone=self.zone(row),
            name=row["name"],
            crew=tuple(
                stable_id(self.region, "crew", row["name"], str(n)) for n in range(row["crew"])
            ),
            offers=tuple(row["offers"]),
            seats=row["seats"],
            shift_start_ms=begin_ms,
            shift_end_ms=end_ms,
            base_lon=row["lon"],
            base_lat=row["lat"],
            phone=row["phone"],
        )

    def van(self, row: dict[str, Any]) -> Van:
        begin_ms, end_ms = self.shift(row)
        return Van(
            id=stable_id(self.region, "van", row["name"]),
            zone=self.zone(row),
            name=row["name"],
            seats=row["seats"],
            offers=tuple(row["offers"]),
            driver=stable_id(self.region, "driver", row["name"]),
            shift_start_ms=begin_ms,
            shift_end_ms=end_ms,
            base_lon=row["lon"],
            base_lat=row["lat"],
            phone=row["phone"],
        )


def slot_starts(now: datetime, hours: Sequence[int], every_min: int) -> Iterator[datetime]:
    """The starts of the appointments of the next days, in the region's own time."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(SLOT_DAYS + 1):
        start = midnight + timedelta(days=day, hours=hours[0])
        close = midnight + timedelta(days=day, hours=hours[1])
        while start < close:
            if start > now:
                yield start
            start += timedelta(minutes=every_min)
