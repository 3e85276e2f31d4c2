"""The region as the doors see it; the wiring makes it once at start."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from api.schemas.region import Region
from dispatch.policy_form import Form, Verified


class _Wall(Verified):
    population_limit: Annotated[int, Field(ge=0)]


class ScreenPolicy(Form):
    """`policy/screens.toml`: what the wall hides."""

    version: Annotated[str, Field(min_length=1)]
    wall: _Wall


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
    `face.bounds` a vehicle may report itself. `has_roads`: closures of roads have an effect.
    """

    face: Region
    map_json: bytes
    zones: Mapping[str, WallZone]
    locate: Callable[[float, float], str | None]
    margin_deg: float = 1.0
    has_roads: bool = True

    @property
    def reach(self) -> tuple[float, float, float, float]:
        """Where a vehicle of this region could be: west, south, east, north."""
        west, south, east, north = self.face.bounds
        margin = self.margin_deg
        return west - margin, south - margin, east + margin, north + margin

    def near(self, lon: float, lat: float) -> bool:
        """Whether a vehicle of this region could be there."""
        west, south, east, north = self.reach
        return west <= lon <= east and south <= lat <= north
