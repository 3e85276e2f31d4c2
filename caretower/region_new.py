"""`caretower region new`: an empty region's folder from a boundary."""

import csv
import io
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import shapely
from rich.console import Console
from shapely.geometry.base import BaseGeometry

from caretower.settings import REGION_ID
from geo.areas import BadArea, area_km2, check_boundary, read_boundary
from geo.gazetteer import CENSUS, GEONAMES, ZIPS, County, county, places_within, zips_within
from geo.places import Places
from geo.region import BadRegion, Source
from geo.region_folder import (
    BOUNDARY,
    HEADER,
    PLACE_COLUMNS,
    PLACES,
    ROADS,
    ZONES,
    check_timezone,
    read_folder,
    read_zones,
)
from geo.region_folder import ZIPS as ZIPS_FILE
from geo.zones import Zones

OWN = Source("boundary and zones", "given by whoever made this region", "see there")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asked for: the boundary is a file, four numbers, or counties."""

    id: str
    title: str
    timezone: str
    folder: Path
    boundary: Path | None = None
    bounds: str | None = None
    counties: Sequence[str] = ()
    zones: Path | None = None
    places: bool = True


def new_region(wish: Wish, console: Console) -> None:
    """Make the folder whole or not at all. Raises BadRegion, BadArea, UnknownCounty, OSError."""
    _check(wish)
    counties = [county(fips) for fips in wish.counties]
    boundary = _boundary(wish, counties)
    zones = _zones(wish, boundary, counties)
    places = places_within(boundary) if wish.places else None
    zips = zips_within(boundary) if wish.places else None
    sources = [CENSUS if counties else OWN]
    sources += [GEONAMES] if places else []
    sources += [ZIPS] if zips and len(zips) else []
    texts = {
        HEADER: header(wish, sources),
        BOUNDARY: _geojson([({"name": wish.title}, boundary)]),
        ZONES: _geojson(zone_rows(zones, places)),
    }
    if places:
        texts[PLACES] = place_table(places)
    if zips and len(zips):
        texts[ZIPS_FILE] = place_table(zips)
    _write(wish.folder, texts)
    read_folder(wish.folder)
    console.print(
        f"{wish.title} ({wish.id}): {area_km2(boundary):,.0f} km², "
        f"{_many(len(zones.ids), 'zone')}, {_many(len(places) if places else 0, 'place')}, "
        f"made in {wish.folder}",
        soft_wrap=True,
    )
    for text in what_next(wish):
        console.print(text, soft_wrap=True)


def what_next(wish: Wish) -> list[str]:
    """The commands that make a running region of the folder."""
    folder = wish.folder
    return [
        "Next:",
        f"  caretower region build EXTRACT.osm.pbf -o {folder / ROADS}",
        f"  caretower region import {folder} --facilities F.csv --units U.csv --dry-run",
        f"  CARETOWER_REGION={folder} caretower account add NAME supervisor",
        f"  CARETOWER_REGION={folder} caretower run",
    ]


def _check(wish: Wish) -> None:
    if not re.fullmatch(REGION_ID, wish.id):
        raise BadRegion(
            f"{wish.id!r} can be no region's name: 2 to 31 small letters, digits and hyphens, "
            "a letter first; --title gives it a name for people"
        )
    if not wish.title.strip() or not wish.title.isprintable():
        raise BadRegion("a title is a line of text")
    given = [wish.boundary is not None, wish.bounds is not None, bool(wish.counties)]
    if sum(given) != 1:
        raise BadRegion("give one of --boundary, --bounds and --county")
    if wish.folder.exists():
        raise BadRegion(f"{wish.folder} is there already, and nothing was changed in it")
    check_timezone(wish.timezone)


def _boundary(wish: Wish, counties: Sequence[County]) -> BaseGeometry:
    if wish.boundary is not None:
        try:
            return read_boundary(wish.boundary.read_bytes(), wish.timezone)
        except BadArea as error:
            raise BadArea(f"{wish.boundary}: {error}") from error
    if wish.bounds is not None:
        boundary = _box(wish.bounds)
    else:
        boundary = shapely.union_all([each.shape for each in counties])
    check_boundary(boundary, wish.timezone)
    return boundary


def _box(text: str) -> BaseGeometry:
    try:
        west, south, east, north = map(float, text.split(","))
    except ValueError as error:
        raise BadArea(f"--bounds is four numbers, west,south,east,north, not {text!r}") from error
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadArea("--bounds is west,south,east,north in degrees, west and south the smaller")
    return shapely.box(west, south, east, north)


def _zones(wish: Wish, boundary: BaseGeometry, counties: Sequence[County]) -> Zones:
    if wish.zones is not None:
        try:
            return read_zones(wish.zones.read_bytes(), boundary)
        except BadArea as error:
            raise BadArea(f"{wish.zones}: {error}") from error
    if counties:
        return Zones(
            tuple(each.fips for each in counties),
            tuple(each.name for each in counties),
            tuple(each.shape for each in counties),
            (0,) * len(counties),
        )
    return Zones((wish.id,), (wish.title,), (boundary,), (0,))


def zone_rows(
    zones: Zones, places: Places | None
) -> list[tuple[dict[str, str | int], BaseGeometry]]:
    """Properties and shape of each zone; an unknown population is that of its places."""
    home = zones.indices(places.at) if places else np.zeros(0, dtype=np.intp)
    rows: list[tuple[dict[str, str | int], BaseGeometry]] = []
    for index, (zone, name, shape, known) in enumerate(
        zip(zones.ids, zones.names, zones.shapes, zones.populations, strict=True)
    ):
        people = int(places.population[home == index].sum()) if places else 0
        rows.append(({"id": zone, "name": name, "population": known or people}, shape))
    return rows


def header(wish: Wish, sources: Sequence[Source]) -> str:
    """`region.toml`. A JSON string without control characters is a TOML string."""

    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = [
        f"id = {text(wish.id)}",
        f"name = {text(wish.title.strip())}",
        f"timezone = {text(wish.timezone)}",
    ]
    for each in sources:
        lines += ["", "[[source]]", f"what = {text(each.what)}"]
        lines += [f"source = {text(each.source)}", f"licence = {text(each.licence)}"]
    return "\n".join(lines) + "\n"


def place_table(places: Places) -> str:
    """`places.csv` or `zips.csv`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PLACE_COLUMNS)
    for id, name, (lon, lat), people in zip(
        places.ids, places.names, places.at.round(6).tolist(), places.population, strict=True
    ):
        writer.writerow((id, name, lon, lat, people))
    return out.getvalue()


def _geojson(rows: Sequence[tuple[dict[str, str | int], BaseGeometry]]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": properties,
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for properties, shape in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Beside its place first, then renamed: there is never half a region."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        for name, text in texts.items():
            (part / name).write_text(text, encoding="utf-8")
        part.chmod(0o755)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
