"""A region of one's own: a folder of plain files, read as a Region (docs/own-region.md)."""

import csv
import io
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
import numpy as np
from shapely.geometry.base import BaseGeometry

from geo.areas import BadArea, read_areas, read_boundary
from geo.places import Places
from geo.points import BadPosition, positions
from geo.region import BadRegion, Region, Source
from geo.road_file import BadRoadFile, RoadFile, read_roads
from geo.zones import Zones

HEADER = "region.toml"
BOUNDARY = "boundary.geojson"
ZONES = "zones.geojson"
PLACES = "places.csv"
ZIPS = "zips.csv"
ROADS = "roads.npz"

PLACE_COLUMNS = ("id", "name", "lon", "lat", "population")
SLIVER = 0.01
"""Share of a zone that may overlap another or lie outside the boundary: borders are drawn twice."""
NOWHERE = Places((), (), positions([]), np.zeros(0, dtype=np.int64))


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`region.toml`."""

    id: str
    name: str
    timezone: str
    source: tuple[Source, ...] = ()


def read_folder(folder: Path) -> Region:
    """The region of this folder; without `roads.npz` it has no roads.

    Raises BadRegion, which names the file and says what is wrong; OSError if one cannot be read.
    """
    header = read_header(folder)
    boundary = _boundary(folder, header.timezone)
    zones = _zones(folder, header, boundary)
    roads = _roads(folder / ROADS)
    return Region(
        id=header.id,
        name=header.name,
        timezone=header.timezone,
        boundary=boundary,
        counties=Zones((), (), (), ()),
        authorities=zones,
        counties_of={},
        unchecked=(),
        places=_places(folder / PLACES) or _named_after(zones),
        zips=_places(folder / ZIPS) or NOWHERE,
        roads=roads.graph if roads else None,
        corridors=roads.corridors if roads else (),
        sources=header.source + (roads.sources if roads else ()),
    )


def read_header(folder: Path) -> Header:
    """`region.toml` of the folder. Raises BadRegion."""
    path = folder / HEADER
    try:
        header = msgspec.toml.decode(path.read_bytes(), type=Header)
    except FileNotFoundError as error:
        raise BadRegion(f"{folder} is no region: it has no {HEADER}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadRegion(f"{path}: {error}") from error
    if header.id != folder.resolve().name:
        raise BadRegion(f"{path}: the id {header.id!r} is not the folder's name")
    check_timezone(header.timezone)
    return header


def check_timezone(name: str) -> None:
    """Raises BadRegion unless it is a zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRegion(
            f"{name!r} is no time zone: write it as the IANA database does, such as America/Denver"
        ) from error


def read_zones(data: bytes, boundary: BaseGeometry) -> Zones:
    """Zones from a FeatureCollection with `id`, `name` and `population` (0 if unknown).

    Raises BadArea: a property is missing or wrong, zones overlap, or one leaves the boundary.
    """
    areas = read_areas(data)
    rows = [_zone_row(area.properties, number) for number, area in enumerate(areas, start=1)]
    ids = [zone_id for zone_id, _, _ in rows]
    for zone_id in ids:
        if ids.count(zone_id) > 1:
            raise BadArea(f"two zones have the id {zone_id!r}")
    shapes = [area.shape for area in areas]
    for name, shape in zip(ids, shapes, strict=True):
        outside = shape.difference(boundary).area / shape.area
        if outside > SLIVER:
            raise BadArea(f"zone {name!r}: {outside:.0%} of it lies outside the boundary")
    for (one, a), (other, b) in combinations(zip(ids, shapes, strict=True), 2):
        if a.intersection(b).area > SLIVER * min(a.area, b.area):
            raise BadArea(f"zones {one!r} and {other!r} overlap")
    return Zones(
        ids=tuple(ids),
        names=tuple(name for _, name, _ in rows),
        shapes=tuple(shapes),
        populations=tuple(people for _, _, people in rows),
    )


def _boundary(folder: Path, timezone: str) -> BaseGeometry:
    path = folder / BOUNDARY
    try:
        return read_boundary(path.read_bytes(), timezone)
    except FileNotFoundError as error:
        raise BadRegion(f"{folder} has no {BOUNDARY}") from error
    except BadArea as error:
        raise BadRegion(f"{path}: {error}") from error


def _zones(folder: Path, header: Header, boundary: BaseGeometry) -> Zones:
    path = folder / ZONES
    if not path.exists():
        return Zones((header.id,), (header.name,), (boundary,), (0,))
    try:
        return read_zones(path.read_bytes(), boundary)
    except BadArea as error:
        raise BadRegion(f"{path}: {error}") from error


class _ZoneProperties(msgspec.Struct, frozen=True):
    id: str
    name: str
    population: int | float | None = 0


def _zone_row(properties: object, number: int) -> tuple[str, str, int]:
    try:
        row = msgspec.convert(properties, _ZoneProperties)
    except msgspec.ValidationError as error:
        raise BadArea(
            f"zone {number} needs the properties `id`, `name` and `population`: {error}"
        ) from error
    people = row.population or 0
    if not row.id or not row.name.strip() or not 0 <= people < 1e10:
        raise BadArea(f"zone {number} needs an id, a name and a population of 0 or more")
    return row.id, row.name.strip(), int(people)


def _roads(path: Path) -> RoadFile | None:
    try:
        return read_roads(path)
    except FileNotFoundError:
        return None
    except BadRoadFile as error:
        raise BadRegion(str(error)) from error


def _named_after(zones: Zones) -> Places:
    """Without towns, a place on the map is called by its zone."""
    centres = [zones.centroid(zone) for zone in zones.ids]
    people = np.array(zones.populations, dtype=np.int64)
    return Places(zones.ids, zones.names, positions(centres), people)


def _places(path: Path) -> Places | None:
    if not path.exists():
        return None
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        return Places(
            ids=tuple(row["id"] for row in rows),
            names=tuple(row["name"] for row in rows),
            at=positions([(float(row["lon"]), float(row["lat"])) for row in rows]),
            population=np.array([int(row["population"]) for row in rows], dtype=np.int64),
        )
    except (KeyError, TypeError, ValueError, OverflowError, BadPosition, csv.Error) as error:
        raise BadRegion(
            f"{path}: columns {','.join(PLACE_COLUMNS)} are expected: {error}"
        ) from error
