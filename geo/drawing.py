"""A region as GeoJSON, for maps."""

from collections.abc import Iterable
from typing import Any

from geo.points import Positions
from geo.region import Region


def region_map(region: Region) -> dict[str, dict[str, Any]]:
    """Five FeatureCollections: counties, authorities, roads (main ones), places and ZIP points.

    Coordinates are (lon, lat) degrees. A county or authority carries id, name and population; a
    road its name and class; a place its name and population; a ZIP point its code as its name.
    """
    return {
        "counties": region.counties.geojson(),
        "authorities": region.authorities.geojson(),
        "roads": _collection(
            _feature("LineString", _rounded(line.at), road=line.road, kind=line.kind)
            for line in region.corridors
        ),
        "places": _collection(
            _feature("Point", where, name=name, population=population)
            for name, where, population in zip(
                region.places.names,
                _rounded(region.places.at),
                region.places.population.tolist(),
                strict=True,
            )
        ),
        "zips": _collection(
            _feature("Point", where, name=code)
            for code, where in zip(region.zips.ids, _rounded(region.zips.at), strict=True)
        ),
    }


def _rounded(at: Positions) -> list[list[float]]:
    """To a ten-thousandth of a degree, about 10 m."""
    rows: list[list[float]] = at.round(4).tolist()
    return rows


def _feature(shape: str, coordinates: list[Any], **properties: object) -> dict[str, Any]:
    geometry = {"type": shape, "coordinates": coordinates}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _collection(features: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}
