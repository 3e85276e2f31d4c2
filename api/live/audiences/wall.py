"""The wall: *obscured*, never "de-identified". Nobody is named and no address can be read off it.

A team or van is drawn where it is only while it is free and has been at its base since it last
had anything to do with a person; otherwise it stands at its zone's centroid. An exact trail that
ends or begins near an address would give the address away, so "until it is clear" means: until it
is home. Ids of units are pseudonyms of this process; requests are counts by zone and tier.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from math import cos, hypot, radians
from typing import Literal

from api.live.audiences.zones import grouped
from api.live.world import Key, Object, World
from api.region import WallZone
from registry.port import Position

AT_BASE_M = 500.0
SMALL = 3
LINES = 10
_M_PER_DEG = 111_195.0
_FREE = "available"
_OUT = "out_of_service"
_WAITING = frozenset({"requested", "recommended"})

Shown = int | Literal["<3"]


def small(count: int) -> Shown:
    """A count that names nobody: one and two are the same."""
    return "<3" if 0 < count < SMALL else count


class Wall:
    """`secret` makes the pseudonyms; `places` gives a facility's (name, zone) by id."""

    def __init__(
        self,
        zones: Iterable[WallZone],
        population_limit: int,
        places: Mapping[str, tuple[str, str]],
        secret: bytes,
    ) -> None:
        self._groups = grouped(zones, population_limit)
        self._places = places
        self._secret = secret
        self._home: set[Key] = set()
        self._drawn: set[Key] = set()
        self._said: dict[Key, Object] = {}
        self._unsaid: set[Key] = set()

    def project(self, world: World, touched: Set[Key]) -> Mapping[Key, Object | None]:
        units = [unit for unit in touched if unit[0] in ("team", "van")]
        for unit in units:
            self._notice(unit, world.get(*unit))
        shown: dict[Key, Object | None] = {
            (kind, self.pseudonym(kind, id)): self._unit(kind, world.get(kind, id))
            for kind, id in units
        }
        facilities = {("facility", each["id"]): each for each in self._facilities(world)}
        shown |= dict.fromkeys(self._drawn - facilities.keys())
        shown |= facilities
        self._drawn = set(facilities)
        shown |= {key: world.get(*key) for key in touched if key[0] == "closure"}
        shown |= dict.fromkeys(self._unsaid)
        shown |= self._said
        self._unsaid.clear()
        shown |= {("zone", each["id"]): each for each in self._zones(world)}
        shown |= {("figure", each["id"]): each for each in self._figures(world)}
        return shown

    def say(self, texts: Sequence[str], at: Position, at_ms: int) -> None:
        """Keep the last lines; the next projection shows them."""
        for number, text in enumerate(texts):
            named = f"{at.epoch}-{at.seq}-{number}"
            self._said["line", named] = {"id": named, "at_ms": at_ms, "text": text}
        for key in list(self._said)[:-LINES]:
            del self._said[key]
            self._unsaid.add(key)

    def place_name(self, facility: str) -> str:
        """What a facility is called; empty where nobody knows it."""
        return self._places.get(facility, ("", ""))[0]

    def pseudonym(self, kind: str, id: str) -> str:
        """An id that no other source knows and no other process gives."""
        named = hmac.new(self._secret, f"{kind}:{id}".encode(), hashlib.sha256)
        return named.hexdigest()[:16]

    def _notice(self, key: Key, unit: Object | None) -> None:
        """Keep in mind whether a unit has been at its base since it last had to do with anyone."""
        if unit is None or _busy(unit):
            self._home.discard(key)
        elif _at_base(unit):
            self._home.add(key)

    def _unit(self, kind: str, unit: Object | None) -> Object | None:
        group = self._groups.get(unit["zone"]) if unit else None
        if unit is None or group is None:
            return None
        exact = (kind, unit["id"]) in self._home
        return {
            "id": self.pseudonym(kind, unit["id"]),
            "zone": group.id,
            "lon": unit["lon"] if exact else group.lon,
            "lat": unit["lat"] if exact else group.lat,
            "status": _availability(unit),
            "obscured": not exact,
            "position_ms": unit["position_ms"] if exact else None,
        }

    def _facilities(self, world: World) -> Iterable[Object]:
        by_facility: dict[str, list[Object]] = {}
        for pool in world.of("pool").values():
            by_facility.setdefault(pool["facility"], []).append(pool)
        for facility, pools in by_facility.items():
            name, zone = self._places.get(facility, (pools[0]["name"], pools[0]["zone"]))
            yield {
                "id": facility,
                "name": name,
                "zone": zone,
                "lon": pools[0]["lon"],
                "lat": pools[0]["lat"],
                "free": sum(_gives(pool) for pool in pools),
                "capacity": sum(pool["capacity"] for pool in pools),
                "confirmed_ms": min(pool["confirmed_ms"] for pool in pools),
                "paused": all(pool["paused"] for pool in pools),
                "overcommitted": any(pool["deficit"] > 0 for pool in pools),
            }

    def _zones(self, world: World) -> Iterable[Object]:
        waiting: dict[str, list[Object]] = {group.id: [] for group in self._groups.values()}
        for card in _waiting(world):
            if card["zone"] in self._groups:
                waiting[self._groups[card["zone"]].id].append(card)
        teams = Counter(
            (self._groups[team["zone"]].id, _availability(team))
            for team in world.of("team").values()
            if team["zone"] in self._groups
        )
        beds: Counter[str] = Counter()
        for pool in world.of("pool").values():
            if pool["zone"] in self._groups:
                beds[self._groups[pool["zone"]].id] += _gives(pool)
        for group in {group.id: group for group in self._groups.values()}.values():
            cards = waiting[group.id]
            yield {
                "id": group.id,
                "name": group.name,
                "lon": group.lon,
                "lat": group.lat,
                "waiting": _by_tier(cards),
                "oldest_ms": _oldest(cards) if len(cards) >= SMALL else None,
                "teams_free": teams[group.id, _FREE],
                "teams_committed": teams[group.id, "committed"],
                "beds_free": beds[group.id],
            }

    @staticmethod
    def _figures(world: World) -> Iterable[Object]:
        cards = _waiting(world)
        teams = Counter(_availability(team) for team in world.of("team").values())
        pools = world.of("pool").values()
        yield {"id": "waiting", "parts": _by_tier(cards)}
        yield {"id": "oldest", "parts": {"opened_ms": _oldest(cards)}}
        yield {"id": "teams", "parts": {"free": teams[_FREE], "committed": teams["committed"]}}
        yield {"id": "beds", "parts": {"free": sum(_gives(pool) for pool in pools)}}


def _busy(unit: Object) -> bool:
    """Has, or may have, to do with a person."""
    return bool(unit["request"] or unit["hold"]) or unit["status"] not in (_FREE, _OUT)


def _at_base(unit: Object) -> bool:
    north = (unit["lat"] - unit["base_lat"]) * _M_PER_DEG
    east = (unit["lon"] - unit["base_lon"]) * _M_PER_DEG * cos(radians(unit["base_lat"]))
    return hypot(north, east) <= AT_BASE_M


def _availability(unit: Object) -> str:
    if unit["status"] == _OUT:
        return "unavailable"
    return "committed" if _busy(unit) else _FREE


def _gives(pool: Object) -> int:
    free: int = pool["free"]
    return 0 if pool["paused"] or pool["deficit"] > 0 else free


def _waiting(world: World) -> list[Object]:
    return [card for card in world.of("request").values() if card["state"] in _WAITING]


def _by_tier(cards: Iterable[Object]) -> dict[str, Shown]:
    return {tier: small(count) for tier, count in Counter(c["tier"] for c in cards).items()}


def _oldest(cards: Iterable[Object]) -> int | None:
    return min((card["opened_ms"] for card in cards), default=None)
