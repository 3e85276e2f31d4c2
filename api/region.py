"""The region as the doors see it: made once at start from geo, policy and vocabulary."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from api.schemas.region import Region


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

    def zone_at(self, lon: float, lat: float) -> str | None:
        return self.locate(lon, lat)

    def near(self, lon: float, lat: float) -> bool:
        """Whether a vehicle of this region could be there."""
        west, south, east, north = self.face.bounds
        margin = self.margin_deg
        return west - margin <= lon <= east + margin and south - margin <= lat <= north + margin
