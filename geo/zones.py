"""Zones of a region: counties, or the authorities made of them."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geo.points import Point, Positions, positions

SIMPLIFIED_DEG = 0.003
"""Tolerance of drawn boundaries, about 300 m; `locate` uses the boundaries as they are."""


class UnknownZone(KeyError):
    """No zone has this id."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """Areas that do not overlap, each with an id, a name and a population.

    shapes: polygons in WGS84 degrees; populations: people living there, by the region's sources.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    shapes: tuple[BaseGeometry, ...]
    populations: tuple[int, ...]

    def __post_init__(self) -> None:
        if not len(self.ids) == len(self.names) == len(self.shapes) == len(self.populations):
            raise ValueError("every zone needs an id, a name, a shape and a population")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("zone ids must differ")
        shapely.prepare(np.array(self.shapes, dtype=object))

    def locate(self, points: Positions) -> list[str | None]:
        """The id of the zone of each of (n, 2) positions, None outside every zone.

        A position on a border belongs to the first of its zones. Raises BadPosition.
        """
        return [self.ids[i] if i >= 0 else None for i in self.indices(points).tolist()]

    def indices(self, points: Positions) -> NDArray[np.intp]:
        """Like `locate`, but the place of the zone in `ids`, -1 outside every zone."""
        at = positions(points)
        zone = np.full(len(at), -1, dtype=np.intp)
        for index, shape in enumerate(self.shapes):
            unplaced = np.flatnonzero(zone < 0)
            zone[unplaced[shapely.intersects_xy(shape, at[unplaced])]] = index
        return zone

    def name(self, zone_id: str) -> str:
        return self.names[self._index(zone_id)]

    def population(self, zone_id: str) -> int:
        return self.populations[self._index(zone_id)]

    def shape(self, zone_id: str) -> BaseGeometry:
        return self.shapes[self._index(zone_id)]

    def centroid(self, zone_id: str) -> Point:
        """The centre of the zone, or where that lies outside it, a point well inside."""
        shape = self.shape(zone_id)
        centre = shape.centroid
        inside = centre if shape.contains(centre) else shape.representative_point()
        return Point(inside.x, inside.y)

    def geojson(self) -> dict[str, Any]:
        """A FeatureCollection for maps; simplified so that neighbours still share their border."""
        drawn = shapely.coverage_simplify(np.array(self.shapes, dtype=object), SIMPLIFIED_DEG)
        drawn = shapely.set_precision(drawn, 1e-4)
        return {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "id": zone_id,
                    "properties": {"id": zone_id, "name": name, "population": population},
                    "geometry": json.loads(shapely.to_geojson(shape)),
                }
                for zone_id, name, population, shape in zip(
                    self.ids, self.names, self.populations, drawn, strict=True
                )
            ],
        }

    def _index(self, zone_id: str) -> int:
        try:
            return self.ids.index(zone_id)
        except ValueError:
            raise UnknownZone(zone_id) from None
