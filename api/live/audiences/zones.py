"""Zones large enough to hide in: those below a population limit are merged with neighbours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from api.region import WallZone


@dataclass(frozen=True, slots=True)
class Group:
    """One or more zones drawn as one, at the centroid of the most populous."""

    id: str
    name: str
    lon: float
    lat: float
    population: int


def grouped(zones: Iterable[WallZone], limit: int) -> Mapping[str, Group]:
    """Zone id → its group. Each group has at least `limit` people, if the region has as many.

    The smallest group is joined with its nearest neighbour until none is below the limit.
    """
    groups = [[zone] for zone in sorted(zones, key=lambda zone: zone.id)]
    while len(groups) > 1:
        smallest = min(groups, key=_people)
        if _people(smallest) >= limit:
            break
        groups.remove(smallest)
        here = _head(smallest)
        nearest = min(groups, key=lambda group: _apart(_head(group), here))
        nearest.extend(smallest)
    return {zone.id: _group(group) for group in groups for zone in group}


def _people(group: list[WallZone]) -> int:
    return sum(zone.population for zone in group)


def _head(group: list[WallZone]) -> WallZone:
    return max(group, key=lambda zone: zone.population)


def _apart(one: WallZone, other: WallZone) -> float:
    return (one.lon - other.lon) ** 2 + (one.lat - other.lat) ** 2


def _group(zones: list[WallZone]) -> Group:
    head = _head(zones)
    names = [head.name, *sorted(zone.name for zone in zones if zone is not head)]
    return Group(head.id, " + ".join(names), head.lon, head.lat, _people(zones))
