import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geo.drawing import region_map
from geo.extract import Built
from geo.region import BadRegion, UnknownRegion, load_region
from geo.road_file import write_roads

HEADER = """
id = "harbor"
name = "Harbor County"
timezone = "Europe/Helsinki"
[[source]]
what = "boundary"
source = "drawn by hand"
licence = "CC0"
"""


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def zones(*rows: tuple[dict[str, Any], dict[str, Any]]) -> str:
    features = [
        {"type": "Feature", "properties": properties, "geometry": geometry}
        for properties, geometry in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


WEST = ({"id": "west", "name": "West", "population": 40_000}, box(24.8, 60.1, 25.0, 60.3))
EAST = ({"id": "east", "name": "East", "population": None}, box(25.0, 60.1, 25.2, 60.3))


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    folder = tmp_path / "harbor"
    folder.mkdir()
    (folder / "region.toml").write_text(HEADER)
    (folder / "boundary.geojson").write_text(json.dumps(box(24.8, 60.1, 25.2, 60.3)))
    return tmp_path


def test_a_folder_with_a_boundary_is_a_region_of_one_zone(regions: Path) -> None:
    region = load_region("harbor", regions / "cache", regions)
    assert region.authorities.ids == ("harbor",)
    assert region.authorities.locate(np.array([[24.9, 60.2], [26.0, 60.2]])) == ["harbor", None]
    assert (region.roads, len(region.zips)) == (None, 0)
    assert region.sources[0].licence == "CC0"


def test_without_towns_a_place_is_called_by_its_zone(regions: Path) -> None:
    (regions / "harbor" / "zones.geojson").write_text(zones(WEST, EAST))
    places = load_region("harbor", regions / "cache", regions).places
    assert places.names == ("West", "East")
    assert places.at[0].tolist() == pytest.approx([24.9, 60.2])


def test_zones_places_and_zips_are_read(regions: Path) -> None:
    folder = regions / "harbor"
    (folder / "zones.geojson").write_text(zones(WEST, EAST))
    (folder / "places.csv").write_text("id,name,lon,lat,population\n1,Harbor,24.9,60.2,30000\n")
    (folder / "zips.csv").write_text("id,name,lon,lat,population\n00100,Harbor,24.9,60.2,0\n")
    region = load_region("harbor", regions / "cache", regions)
    assert region.authorities.names == ("West", "East")
    assert region.authorities.populations == (40_000, 0)
    assert region.places.names == ("Harbor",)
    assert region.zips.ids == ("00100",)


def test_a_region_of_ones_own_is_drawn(regions: Path) -> None:
    drawn = region_map(load_region("harbor", regions / "cache", regions))
    assert [f["properties"]["name"] for f in drawn["authorities"]["features"]] == ["Harbor County"]
    assert drawn["counties"]["features"] == drawn["roads"]["features"] == []


def test_a_built_road_file_in_the_folder_is_the_region_s_roads_with_their_makers_named(
    regions: Path, helsinki_roads: Built
) -> None:
    write_roads(regions / "harbor" / "roads.npz", helsinki_roads.roads)
    region = load_region("harbor", regions / "cache", regions)
    assert region.roads is not None
    assert region.roads.version == helsinki_roads.roads.graph.version
    assert len(region_map(region)["roads"]["features"]) == len(helsinki_roads.roads.corridors)
    assert [source.licence for source in region.sources] == ["CC0", "ODbL 1.0"]


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("roads.npz", "no roads", "caretower region build"),
        ("region.toml", "id = ", "region.toml"),
        ("region.toml", HEADER.replace("harbor", "other"), "not the folder's name"),
        ("region.toml", HEADER.replace("Europe/Helsinki", "Europe/Nowhere"), "no time zone"),
        ("region.toml", HEADER.replace("Europe/Helsinki", "../secrets"), "no time zone"),
        ("boundary.geojson", "{}", "boundary.geojson"),
        ("zones.geojson", zones((WEST[0], EAST[1]), EAST), "overlap"),
        ("zones.geojson", zones(WEST, ({**EAST[0], "id": "west"}, EAST[1])), "two zones"),
        ("zones.geojson", zones(WEST, (EAST[0], box(25.0, 60.1, 25.5, 60.3))), "outside"),
        ("zones.geojson", zones(({"id": "west"}, WEST[1])), "zone 1 needs"),
        ("places.csv", "name;lon;lat\nA;24.9;60.2\n", "places.csv"),
        ("places.csv", "id,name,lon,lat,population\n1,A,nan,60.2,3\n", "places.csv"),
    ],
)
def test_what_is_wrong_with_a_folder_is_said_with_its_file(
    regions: Path, name: str, text: str, word: str
) -> None:
    (regions / "harbor" / name).write_text(text)
    with pytest.raises(BadRegion, match=word):
        load_region("harbor", regions / "cache", regions)


def test_a_folder_without_a_boundary_is_no_region(regions: Path) -> None:
    (regions / "harbor" / "boundary.geojson").unlink()
    with pytest.raises(BadRegion, match=r"no boundary\.geojson"):
        load_region("harbor", regions / "cache", regions)


def test_a_region_without_a_folder_is_named(regions: Path) -> None:
    with pytest.raises(UnknownRegion, match="elsewhere"):
        load_region("elsewhere", regions / "cache", regions)
