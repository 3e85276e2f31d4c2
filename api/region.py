"""The region as the doors see it: made once at start from geo, policy and vocabulary."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from api.schemas.region import AgeLimits, Region
from geo import drawing
from geo.points import Point, positions
from geo.region import Region as GeoRegion
from registry.vocabulary import Vocabulary


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Sourced(_Edge):
    source: Annotated[str, Field(min_length=3)]
    verified: bool


class _Wall(_Sourced):
    population_limit: Annotated[int, Field(ge=0)]


class _Ages(_Sourced):
    fresh_s: Annotated[int, Field(gt=0)]
    ageing_s: Annotated[int, Field(gt=0)]
    stale_s: Annotated[int, Field(gt=0)]


class ScreenPolicy(_Edge):
    """`policy/screens.toml`: what the wall hides, and when a position is old."""

    version: Annotated[str, Field(min_length=1)]
    wall: _Wall
    position: _Ages


def load_screens(path: Path) -> ScreenPolicy:
    """Raises pydantic's ValidationError naming what is wrong in the file."""
    return ScreenPolicy.model_validate(tomllib.loads(path.read_text()))


@dataclass(frozen=True, slots=True)
class WallZone:
    """A zone as the wall draws it: its centroid (lon, lat) and how many people live there."""

    id: str
    name: str
    lon: float
    lat: float
    population: int


@dataclass(frozen=True, slots=True)
class RegionView:
    """`face` is what everybody may read, `map_json` the GeoJSON, encoded once.

    `locate` gives the zone of a (lon, lat), or None outside; `margin_deg` is how far beyond
    `face.bounds` a vehicle may report itself.
    """

    face: Region
    map_json: bytes
    zones: Mapping[str, WallZone]
    locate: Callable[[float, float], str | None]
    margin_deg: float = 1.0

    def near(self, lon: float, lat: float) -> bool:
        """Whether a vehicle of this region could be there."""
        west, south, east, north = self.face.bounds
        margin = self.margin_deg
        return west - margin <= lon <= east + margin and south - margin <= lat <= north + margin


def view_of(
    region: GeoRegion,
    vocabulary: Vocabulary,
    screens: ScreenPolicy,
    *,
    simulated: bool,
    targets_s: Mapping[str, int],
    counts: AgeLimits,
) -> RegionView:
    """The view of a region whose zones are its authorities.

    `targets_s` are dispatch's targets by tier, `counts` the ages of a facility's count; both as
    the planner uses them, so that a screen never says otherwise.
    """
    authorities = region.authorities
    zones = {
        id: WallZone(id, name, centre.lon, centre.lat, population)
        for id, name, population in zip(
            authorities.ids, authorities.names, authorities.populations, strict=True
        )
        if (centre := authorities.centroid(id))
    }
    position = AgeLimits.model_validate(screens.position)
    face = Region(
        id=region.id,
        name=region.name,
        timezone=region.timezone,
        bounds=region.bounds,
        simulated=simulated,
        freshness={"default": counts, "position": position},
        targets_s=dict(targets_s),
        vocabulary={
            group: list(words)
            for group, words in (*vocabulary.needs.items(), *vocabulary.codes.items())
        },
        wall_population_limit=screens.wall.population_limit,
        zones={zone.id: zone.name for zone in zones.values()},
    )

    def locate(lon: float, lat: float) -> str | None:
        return authorities.locate(positions([Point(lon, lat)]))[0]

    return RegionView(face, _map_of(region), zones, locate)


def _map_of(region: GeoRegion) -> bytes:
    """One FeatureCollection; `properties.layer` is county, authority, road or place."""
    layers = {"counties": "county", "authorities": "authority", "roads": "road", "places": "place"}
    features: list[dict[str, Any]] = []
    for name, collection in drawing.region_map(region).items():
        for feature in collection["features"]:
            properties = feature["properties"] | {"layer": layers[name]}
            features.append(feature | {"properties": properties})
    return msgspec.json.encode({"type": "FeatureCollection", "features": features})
