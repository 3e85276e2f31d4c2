"""The region as the doors show it: made once at start from geo, policy and vocabulary."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import numpy as np

from api.region import RegionView, WallZone
from api.schemas.region import AgeLimits, Source
from api.schemas.region import Region as RegionFace
from geo.drawing import region_map
from geo.region import Region
from registry.vocabulary import Vocabulary


def region_view(
    region: Region,
    vocabulary: Vocabulary,
    freshness: Mapping[str, AgeLimits],
    targets_s: Mapping[str, int],
    *,
    wall_population_limit: int,
    simulated: bool,
) -> RegionView:
    """What every screen may know of the region."""
    face = RegionFace(
        id=region.id,
        name=region.name,
        timezone=region.timezone,
        bounds=region.bounds,
        simulated=simulated,
        freshness=dict(freshness),
        targets_s=dict(targets_s),
        vocabulary={
            name: list(words) for name, words in {**vocabulary.needs, **vocabulary.codes}.items()
        },
        wall_population_limit=wall_population_limit,
        zones={id_: region.authorities.name(id_) for id_ in region.authorities.ids},
        sources=[Source.model_validate(source) for source in region.sources],
    )

    def locate(lon: float, lat: float) -> str | None:
        return region.authorities.locate(np.array([[lon, lat]]))[0]

    return RegionView(
        face=face,
        map_json=msgspec.json.encode(
            {"type": "FeatureCollection", "features": list(features(region))}
        ),
        zones={id_: wall_zone(region, id_) for id_ in region.authorities.ids},
        locate=locate,
        has_roads=region.roads is not None,
    )


def wall_zone(region: Region, zone_id: str) -> WallZone:
    """A zone's name, centroid and population."""
    zones = region.authorities
    centre = zones.centroid(zone_id)
    return WallZone(zone_id, zones.name(zone_id), centre.lon, centre.lat, zones.population(zone_id))


LAYERS = {
    "counties": "county",
    "authorities": "authority",
    "roads": "road",
    "places": "place",
    "zips": "zip",
}


def features(region: Region) -> Iterator[dict[str, Any]]:
    """Counties, authorities, main roads, places and ZIPs: features of one collection."""
    for name, collection in region_map(region).items():
        for feature in collection["features"]:
            yield {**feature, "properties": {**feature["properties"], "layer": LAYERS[name]}}
