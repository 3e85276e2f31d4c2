"""A region: its boundary, zones, places and roads, and where each datum comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.places import Places
from geo.points import Positions, positions
from geo.roads import RoadGraph
from geo.zones import Zones


class BadRegion(ValueError):
    """What is wrong with a region, in a sentence."""


class UnknownRegion(BadRegion):
    """There is neither a folder for this region nor does caretower ship it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a datum comes from: what it is, who gives it, and under which licence."""

    what: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True, eq=False)
class Corridor:
    """A main road as a map draws it; at: (n, 2) float64 (lon, lat)."""

    road: str
    kind: str
    at: Positions


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Everything about one region that does not change while it is served.

    timezone: IANA name. boundary: polygon in WGS84 degrees. authorities: the zones that dispatch
    speaks of; counties: a finer division to draw, if there is one; counties_of: authority id to
    the ids of its counties. unchecked: authorities whose counties were not checked against two
    sources. roads: None where none were built, then travel times are estimates.
    """

    id: str
    name: str
    timezone: str
    boundary: BaseGeometry
    counties: Zones
    authorities: Zones
    counties_of: Mapping[str, tuple[str, ...]]
    unchecked: tuple[str, ...]
    places: Places
    zips: Places
    roads: RoadGraph | None
    corridors: tuple[Corridor, ...]
    sources: tuple[Source, ...]

    def __post_init__(self) -> None:
        shapely.prepare(self.boundary)

    def contains(self, points: Positions) -> NDArray[np.bool_]:
        """Which of (n, 2) positions lie within the region or on its border. Raises BadPosition."""
        inside: NDArray[np.bool_] = shapely.intersects_xy(self.boundary, positions(points))
        return inside

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = self.boundary.bounds
        return west, south, east, north


def load_region(region_id: str, cache_dir: Path, regions_dir: Path | None = None) -> Region:
    """The region of this id: its folder below `regions_dir`, else one that caretower ships.

    A shipped region comes from the cache if that holds these very data, else it is built and
    cached; a missing or damaged cache file is only slower. Raises UnknownRegion, BadRegion for a
    folder with something wrong in it, and OSError where the cache folder cannot be written.
    """
    from geo.region_cache import cached
    from geo.region_folder import read_folder
    from geo.regions import utah

    folder = regions_dir / region_id if regions_dir else None
    if folder and folder.is_dir():
        return read_folder(folder)
    builders = {"utah": utah}
    if region_id not in builders:
        where = f" and no folder {folder}" if folder else ""
        raise UnknownRegion(f"there is no region {region_id!r}{where}")
    builder = builders[region_id]
    return cached(cache_dir, region_id, builder.fingerprint(), builder.build)
