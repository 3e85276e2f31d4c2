"""Areas from GeoJSON (RFC 7946): polygons in WGS84 degrees, checked, and refused in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.points import EARTH_RADIUS_M, haversine_m

WIDEST_DEG = 60.0
"""Alaska without its last islands spans 42 degrees of longitude; no one region needs more."""
TALLEST_DEG = 40.0
SMALLEST_KM2 = 0.1
FAR_M = 1_500_000.0
"""A boundary farther than this from its time zone's own city may be turned round."""

Ring = list[tuple[float, float]]


class BadArea(ValueError):
    """What is wrong with an area, in a sentence."""


@dataclass(frozen=True, slots=True)
class Area:
    """One feature: its properties and its polygon or polygons."""

    properties: Mapping[str, Any]
    shape: BaseGeometry


def read_areas(data: bytes) -> list[Area]:
    """The polygons of a Feature, a FeatureCollection or a bare geometry; never empty.

    Raises BadArea on anything else, on coordinates that are not degrees (lon, lat), and on
    polygons that cross themselves.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadArea("this is not JSON: a GeoJSON file is expected") from error
    if not isinstance(document, dict):
        raise BadArea("this is not GeoJSON: an object with a `type` is expected")
    _check_projection(document)
    found = [_area(feature) for feature in _features(document)]
    if not found:
        raise BadArea("there is no feature in this file")
    return found


def read_boundary(data: bytes, timezone: str) -> BaseGeometry:
    """One polygon or multipolygon: all areas of the file together. Raises BadArea."""
    boundary = shapely.union_all([area.shape for area in read_areas(data)])
    check_boundary(boundary, timezone)
    return boundary


def check_boundary(boundary: BaseGeometry, timezone: str) -> None:
    """Raises BadArea for a boundary that can be no region's: too large, too small, turned round."""
    west, south, east, north = boundary.bounds
    if east - west > 180:
        raise BadArea(
            "the boundary spans more than half the world; one that crosses the 180th meridian "
            "is not supported: leave out what lies beyond it"
        )
    if east - west > WIDEST_DEG or north - south > TALLEST_DEG:
        raise BadArea(
            f"the boundary is {east - west:.0f} degrees wide and {north - south:.0f} high: "
            "too large for one region"
        )
    if area_km2(boundary) < SMALLEST_KM2:
        raise BadArea(
            f"the boundary holds less than {SMALLEST_KM2} km²: are its coordinates degrees?"
        )
    if _looks_turned_round(boundary, timezone):
        raise BadArea(
            f"the boundary lies far from {timezone}, but near it if lon and lat change places: "
            "GeoJSON is written [longitude, latitude]"
        )


def area_km2(shape: BaseGeometry) -> float:
    """Square kilometres, on a sphere flattened at the shape's own latitude: good to a percent."""
    lat = np.radians((shape.bounds[1] + shape.bounds[3]) / 2)
    per_degree_m = np.pi * EARTH_RADIUS_M / 180
    return float(shape.area * per_degree_m**2 * np.cos(lat) / 1e6)


def _features(document: dict[str, Any]) -> list[Any]:
    if document.get("type") != "FeatureCollection":
        return [document]
    features = document.get("features")
    if not isinstance(features, list):
        raise BadArea("a FeatureCollection needs a list of `features`")
    return features


def _area(feature: Any) -> Area:
    if not isinstance(feature, dict):
        raise BadArea("a feature is an object")
    if feature.get("type") != "Feature":
        return Area({}, _polygons(feature))
    properties = feature.get("properties") or {}
    geometry = feature.get("geometry")
    if not isinstance(properties, dict) or not isinstance(geometry, dict):
        raise BadArea("a Feature needs `properties` and a `geometry`")
    return Area(properties, _polygons(geometry))


def _polygons(geometry: dict[str, Any]) -> BaseGeometry:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        parts = [_rings(coordinates)]
    elif kind == "MultiPolygon" and isinstance(coordinates, list) and coordinates:
        parts = [_rings(part) for part in coordinates]
    else:
        raise BadArea(f"a Polygon or MultiPolygon is expected, not {str(kind)[:40]!r}")
    polygons = [shapely.Polygon(shell, holes) for shell, *holes in parts]
    for polygon in polygons:
        if not polygon.is_valid:
            raise BadArea(f"the polygon is not valid: {shapely.is_valid_reason(polygon)}")
    return polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)


def _rings(coordinates: Any) -> list[Ring]:
    if not isinstance(coordinates, list) or not coordinates:
        raise BadArea("a polygon is a list of rings")
    return [_ring(ring) for ring in coordinates]


def _ring(ring: Any) -> Ring:
    if not isinstance(ring, list) or len(ring) < 4:
        raise BadArea("a ring is a list of at least four positions")
    at = [_position(position) for position in ring]
    if at[0] != at[-1]:
        raise BadArea(f"a ring ends where it began: {list(at[-1])} is not {list(at[0])}")
    return at


def _position(position: Any) -> tuple[float, float]:
    good = (
        isinstance(position, list)
        and len(position) >= 2
        and all(type(number) in (int, float) and abs(number) < 1e15 for number in position)
        and all(map(isfinite, position))
    )
    if not good:
        raise BadArea("a position is a list of two numbers, [longitude, latitude]")
    lon, lat = float(position[0]), float(position[1])
    if abs(lon) > 180 or abs(lat) > 180:
        raise BadArea(
            f"[{lon:g}, {lat:g}] are not degrees: write the file in WGS84 (EPSG:4326), unprojected"
        )
    if abs(lat) > 90:
        raise BadArea(
            f"[{lon:g}, {lat:g}] is not [longitude, latitude]: the two seem to have changed places"
        )
    return lon, lat


def _check_projection(document: dict[str, Any]) -> None:
    """The `crs` of older files: only WGS84 by one of its names."""
    crs = document.get("crs")
    if crs is not None and not any(name in json.dumps(crs) for name in ("CRS84", "4326")):
        raise BadArea("the file names another coordinate system: write it in WGS84 (EPSG:4326)")


def _looks_turned_round(boundary: BaseGeometry, timezone: str) -> bool:
    """Whether the time zone's own city is far, and near when lon and lat change places."""
    city = _city(timezone)
    if city is None:
        return False
    centre = boundary.centroid
    as_given, turned = haversine_m([[centre.x, centre.y], [centre.y, centre.x]], city)
    return bool(as_given > FAR_M and turned < FAR_M)


def _city(timezone: str) -> NDArray[np.float64] | None:
    """(lon, lat) of the city that names the zone, from the time zone database's own table."""
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    for line in table.splitlines():
        fields = line.split("\t")
        if len(fields) > 2 and fields[2] == timezone:
            return np.array(_degrees(fields[1]))
    return None


def _degrees(iso6709: str) -> tuple[float, float]:
    """`+6010+02458` or `+404251-0740023` as (lon, lat)."""
    split = max(iso6709.rfind("+"), iso6709.rfind("-"))
    return _angle(iso6709[split:], 4), _angle(iso6709[:split], 3)


def _angle(text: str, head: int) -> float:
    minutes, seconds = text[head : head + 2], text[head + 2 :]
    size = int(text[1:head]) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -size if text[0] == "-" else size
