import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.points import BadPosition, positions
from geo.zones import UnknownZone, Zones


def zones() -> Zones:
    """Two squares side by side, and a horseshoe whose centroid lies outside it."""
    horseshoe = shapely.box(10, 0, 13, 3) - shapely.box(11, 1, 12, 3)
    return Zones(
        ids=("west", "east", "shoe"),
        names=("West", "East", "Shoe"),
        shapes=(shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), horseshoe),
        populations=(10, 20, 30),
    )


def test_each_position_is_found_in_its_zone() -> None:
    at = positions([(0.5, 0.5), (1.5, 0.5), (10.5, 2.5)])
    assert zones().locate(at) == ["west", "east", "shoe"]


def test_a_position_outside_every_zone_has_none() -> None:
    assert zones().locate(positions([(5.0, 5.0), (11.5, 2.0)])) == [None, None]


def test_a_position_on_a_border_belongs_to_the_first_zone() -> None:
    assert zones().locate(positions([(1.0, 0.5)])) == ["west"]


def test_no_positions_have_no_zones() -> None:
    assert zones().locate(positions([])) == []


@given(st.lists(st.tuples(st.floats(-1, 14), st.floats(-1, 4)), max_size=20))
def test_locating_agrees_with_asking_every_shape(at: list[tuple[float, float]]) -> None:
    some = zones()
    expected = [
        next(
            (
                zone
                for zone, shape in zip(some.ids, some.shapes, strict=True)
                if shape.intersects(shapely.Point(point))
            ),
            None,
        )
        for point in at
    ]
    assert some.locate(positions(at)) == expected


def test_the_centre_of_a_zone_lies_inside_it_even_for_a_horseshoe() -> None:
    some = zones()
    for zone in some.ids:
        centre = some.centroid(zone)
        assert some.shape(zone).contains(shapely.Point(centre.lon, centre.lat))


def test_an_unknown_zone_is_an_error() -> None:
    with pytest.raises(UnknownZone):
        zones().centroid("north")


def test_positions_off_the_map_are_refused() -> None:
    with pytest.raises(BadPosition):
        zones().locate(np.array([[np.nan, 0.0]]))


def test_ids_must_differ_and_every_zone_be_complete() -> None:
    square = shapely.box(0, 0, 1, 1)
    with pytest.raises(ValueError, match="differ"):
        Zones(("a", "a"), ("A", "A"), (square, square), (1, 1))
    with pytest.raises(ValueError, match="every zone"):
        Zones(("a",), ("A", "B"), (square,), (1,))


def test_geojson_names_each_zone_and_its_people() -> None:
    drawn = zones().geojson()
    assert [feature["properties"] for feature in drawn["features"]] == [
        {"id": "west", "name": "West", "population": 10},
        {"id": "east", "name": "East", "population": 20},
        {"id": "shoe", "name": "Shoe", "population": 30},
    ]
    assert {feature["geometry"]["type"] for feature in drawn["features"]} == {"Polygon"}
