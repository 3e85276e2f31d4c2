import json

import numpy as np
import pytest
import shapely

from geo.drawing import region_map
from geo.points import Positions, haversine_m, positions
from geo.region import Region
from geo.regions.utah.build import road_plan
from geo.trees import Trees


@pytest.fixture(scope="module")
def trees(utah: Region) -> Trees:
    return Trees(utah.roads)


def at(region: Region, name: str) -> Positions:
    """The largest place of this name."""
    return region.places.at[region.places.names.index(name)][None]


# General knowledge of free-flow driving minutes, good to some ten percent; nobody measured them.
KNOWN_MINUTES = [
    ("Salt Lake City", "Saint George", 255),
    ("Salt Lake City", "Provo", 45),
    ("Salt Lake City", "Ogden", 40),
    ("Salt Lake City", "Logan", 85),
    ("Salt Lake City", "Moab", 225),
    ("Salt Lake City", "Vernal", 170),
    ("Salt Lake City", "Price", 120),
    ("Salt Lake City", "Park City", 35),
    ("Salt Lake City", "Wendover", 110),
    ("Salt Lake City", "Richfield", 150),
    ("Cedar City", "Saint George", 50),
    ("Provo", "Heber City", 35),
    ("Price", "Moab", 115),
    ("Logan", "Garden City", 45),
    ("Delta", "Nephi", 60),
]


@pytest.mark.parametrize(("start", "end", "minutes"), KNOWN_MINUTES)
def test_well_known_trips_take_about_as_long_as_they_do(
    utah: Region, trees: Trees, start: str, end: str, minutes: float
) -> None:
    for a, b in ((start, end), (end, start)):
        seconds = trees.matrix(at(utah, a), at(utah, b)).seconds[0, 0]
        assert seconds / 60 == pytest.approx(minutes, rel=0.15)


def test_a_trip_across_a_city_is_a_city_trip(utah: Region, trees: Trees) -> None:
    seconds = trees.matrix(at(utah, "West Jordan"), at(utah, "Salt Lake City")).seconds[0, 0]
    assert 18 <= seconds / 60 <= 32


def test_every_place_and_zip_reaches_every_other(utah: Region, trees: Trees) -> None:
    everywhere = np.vstack((utah.places.at, utah.zips.at))
    seconds = trees.matrix(everywhere, everywhere).seconds
    assert np.isfinite(seconds).all()
    assert seconds.max() < 12 * 3600


def test_no_place_or_zip_is_far_from_a_road(utah: Region) -> None:
    for points in (utah.places.at, utah.zips.at):
        off_m = [haversine_m(point, utah.roads.nodes).min() for point in points]
        assert max(off_m) < 800


def test_the_roads_say_that_they_are_schematic(utah: Region) -> None:
    assert utah.roads.note == "schematic"


def test_there_are_29_counties_and_13_authorities_and_each_county_has_one(utah: Region) -> None:
    assert len(utah.counties.ids) == 29
    assert len(utah.authorities.ids) == 13
    claimed = [county for counties in utah.counties_of.values() for county in counties]
    assert sorted(claimed) == sorted(utah.counties.ids)


def test_authorities_without_two_sources_are_marked_as_unchecked(utah: Region) -> None:
    assert set(utah.unchecked) <= set(utah.authorities.ids)
    assert "northeastern" in utah.unchecked
    assert "bear-river" not in utah.unchecked


@pytest.mark.parametrize(
    ("place", "county", "authority"),
    [
        ("Salt Lake City", "Salt Lake", "salt-lake"),
        ("Provo", "Utah", "utah-county"),
        ("Logan", "Cache", "bear-river"),
        ("Morgan", "Morgan", "weber"),
        ("Saint George", "Washington", "southwest"),
        ("Moab", "Grand", "four-corners"),
        ("Blanding", "San Juan", "san-juan"),
        ("Vernal", "Uintah", "northeastern"),
        ("Richfield", "Sevier", "central-utah"),
    ],
)
def test_places_lie_in_their_county_and_authority(
    utah: Region, place: str, county: str, authority: str
) -> None:
    (county_id,) = utah.counties.locate(at(utah, place))
    assert county_id is not None
    assert utah.counties.name(county_id) == county
    assert utah.authorities.locate(at(utah, place)) == [authority]


def test_every_authority_has_a_centre_that_lies_in_it(utah: Region) -> None:
    centres = [utah.authorities.centroid(zone) for zone in utah.authorities.ids]
    assert utah.authorities.locate(positions(centres)) == list(utah.authorities.ids)


def test_what_is_outside_utah_is_outside(utah: Region) -> None:
    denver, salt_lake_city = (-104.99, 39.74), (-111.89, 40.76)
    assert utah.contains(positions([denver, salt_lake_city])).tolist() == [False, True]
    assert utah.authorities.locate(positions([denver])) == [None]


def test_people_are_counted_once_in_every_division(utah: Region) -> None:
    people = int(utah.places.population.sum())
    assert 2_500_000 < people < 3_600_000
    assert sum(utah.authorities.populations) == sum(utah.counties.populations)
    assert sum(utah.counties.populations) == pytest.approx(people, rel=0.01)
    assert int(utah.zips.population.sum()) == people


def test_every_source_names_its_licence(utah: Region) -> None:
    assert all(source.what and source.source and source.licence for source in utah.sources)


def test_corridor_points_lie_near_the_place_they_are_named_after(utah: Region) -> None:
    where = dict(zip(reversed(utah.places.names), utah.places.at[::-1], strict=True))
    points = road_plan().points
    shared = [name for name in points if name in where]
    assert len(shared) > 100
    for name in shared:
        assert haversine_m(points[name], where[name]) < 7_000, name


def test_the_map_draws_zones_roads_and_places_that_are_valid(utah: Region) -> None:
    drawn = region_map(utah)
    assert {label: len(layer["features"]) for label, layer in drawn.items()} == {
        "counties": 29,
        "authorities": 13,
        "roads": len(utah.corridors),
        "places": len(utah.places),
        "zips": len(utah.zips),
    }
    for layer in ("counties", "authorities"):
        for feature in drawn[layer]["features"]:
            assert shapely.from_geojson(json.dumps(feature["geometry"])).is_valid
