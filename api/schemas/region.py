"""The region: its name, time zone, bounds, map, policy limits and words."""

from typing import Any, Literal

from pydantic import Field

from api.schemas.edge import Answer, Id


class AgeLimits(Answer):
    """How old a figure may be. Beyond `stale_s` it counts as no response."""

    fresh_s: int
    ageing_s: int
    stale_s: int


class Source(Answer):
    """Where a datum of the region comes from; some licences ask that it be shown."""

    what: str
    source: str
    licence: str


class Region(Answer):
    id: Id
    name: str
    timezone: str = Field(examples=["America/Denver"])
    bounds: tuple[float, float, float, float] = Field(description="west, south, east, north")
    simulated: bool
    freshness: dict[str, AgeLimits] = Field(
        description="limits by source, e.g. pool types or position"
    )
    targets_s: dict[str, int] = Field(description="seconds until a team should arrive, by tier")
    vocabulary: dict[str, list[str]] = Field(
        description="words by group; needs and offers are made of them"
    )
    wall_population_limit: int = Field(
        description="zones with fewer people show requests merged with their neighbours"
    )
    zones: dict[str, str] = Field(description="zone id → name, of local authorities")
    sources: list[Source] = Field(default=[], description="of boundaries, places, roads; for maps")


class Feature(Answer):
    type: Literal["Feature"]
    id: str | int | None = None
    properties: dict[str, Any]
    geometry: dict[str, Any] | None


class FeatureCollection(Answer):
    """GeoJSON (RFC 7946). `properties.layer` is county, authority, road or place."""

    type: Literal["FeatureCollection"]
    features: list[Feature]


class Facility(Answer):
    id: Id
    organization: str
    name: str
    zone: str
    lon: float
    lat: float
    phone: str | None
    kind: str
    fictional: bool


class Facilities(Answer):
    items: list[Facility]
