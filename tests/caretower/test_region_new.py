"""A region's folder is made whole from a boundary, or refused in words."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from caretower.region_new import Wish, new_region
from caretower.settings import Settings
from geo.areas import BadArea
from geo.gazetteer import UnknownCounty
from geo.region import BadRegion, Region, load_region

HELSINKI = "24.90,60.15,25.00,60.20"


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    folder = tmp_path / "regions" / "harbor"
    return Wish("harbor", "Harbor County", "Europe/Helsinki", folder, bounds=HELSINKI)


def made(wish: Wish) -> Region:
    new_region(wish, Console(file=io.StringIO()))
    return load_region(wish.id, wish.folder.parent / "cache", wish.folder.parent)


def test_a_region_of_a_rectangle_has_one_zone_and_its_towns(wish: Wish) -> None:
    region = made(wish)
    assert (region.name, region.timezone) == ("Harbor County", "Europe/Helsinki")
    assert region.authorities.ids == ("harbor",)
    assert region.authorities.populations == (int(region.places.population.sum()),)
    assert region.places.names[0] == "Helsinki"
    assert region.contains(region.places.at).all()
    assert len(region.zips) == 0
    assert "GeoNames" in " ".join(source.source for source in region.sources)


def test_counties_become_zones_with_their_towns_and_zips(wish: Wish) -> None:
    weber = replace(
        wish, timezone="America/Denver", bounds=None, counties=("49057", "49029"), title='A "B" \\'
    )
    region = made(weber)
    assert region.name == 'A "B" \\'
    assert region.authorities.names == ("Weber", "Morgan")
    assert region.authorities.populations[0] > region.authorities.populations[1] > 0
    assert "84401" in region.zips.ids


def test_a_boundary_and_zones_from_files(wish: Wish, tmp_path: Path) -> None:
    def square(west: float, east: float) -> dict[str, object]:
        ring = [[west, 60.1], [east, 60.1], [east, 60.2], [west, 60.2], [west, 60.1]]
        return {"type": "Polygon", "coordinates": [ring]}

    def feature(zone: str, west: float, east: float) -> dict[str, object]:
        properties = {"id": zone, "name": zone.title(), "population": 7}
        return {"type": "Feature", "properties": properties, "geometry": square(west, east)}

    boundary, zones = tmp_path / "boundary.geojson", tmp_path / "zones.geojson"
    boundary.write_text(json.dumps(square(24.8, 25.0)))
    features = [feature("west", 24.8, 24.9), feature("east", 24.9, 25.0)]
    zones.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    region = made(replace(wish, bounds=None, boundary=boundary, zones=zones, places=False))
    assert region.authorities.names == ("West", "East")
    assert region.authorities.populations == (7, 7)
    assert region.places.names == ("West", "East")
    assert not (wish.folder / "places.csv").exists()


def test_nothing_is_ever_overwritten(wish: Wish) -> None:
    wish.folder.mkdir(parents=True)
    (wish.folder / "mine.txt").write_text("mine")
    with pytest.raises(BadRegion, match="there already"):
        new_region(wish, Console(file=io.StringIO()))
    assert [path.name for path in wish.folder.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        ({"id": "Harbor County"}, BadRegion, "small letters"),
        ({"id": "../harbor"}, BadRegion, "small letters"),
        ({"title": "one\ntwo"}, BadRegion, "line of text"),
        ({"timezone": "Helsinki"}, BadRegion, "IANA"),
        ({"bounds": None}, BadRegion, "give one of"),
        ({"counties": ("49057",)}, BadRegion, "give one of"),
        ({"bounds": "1,2,3"}, BadArea, "four numbers"),
        ({"bounds": "nan,60,25,61"}, BadArea, "west,south,east,north"),
        ({"bounds": "25.0,60.2,24.9,60.1"}, BadArea, "the smaller"),
        ({"bounds": "60.15,24.90,60.20,25.00"}, BadArea, "change places"),
        ({"bounds": None, "counties": ("99999",)}, UnknownCounty, "FIPS"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    wish: Wish, change: dict[str, object], error: type[ValueError], word: str
) -> None:
    with pytest.raises(error, match=word):
        new_region(replace(wish, **change), Console(file=io.StringIO()))
    assert not wish.folder.exists()


def test_the_region_may_be_named_by_its_folder(wish: Wish, monkeypatch: pytest.MonkeyPatch) -> None:
    made(wish)
    monkeypatch.setenv("CARETOWER_REGION", str(wish.folder))
    settings = Settings(data_dir=Path("/data"))
    assert (settings.region, settings.regions) == ("harbor", wish.folder.parent)
    assert settings.state_dir == Path("/data/state/harbor")


def test_the_region_that_is_shipped_keeps_its_state_where_it_was() -> None:
    assert Settings(data_dir=Path("/data"), region="utah").state_dir == Path("/data")
