import json
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.areas import BadArea, area_km2, read_areas, read_boundary

SQUARE = [[24.8, 60.1], [25.2, 60.1], [25.2, 60.3], [24.8, 60.3], [24.8, 60.1]]


def geojson(coordinates: Any, kind: str = "Polygon") -> bytes:
    return json.dumps({"type": kind, "coordinates": coordinates}).encode()


def turned(ring: list[list[float]]) -> list[list[float]]:
    return [[lat, lon] for lon, lat in ring]


def test_a_polygon_a_feature_and_a_collection_say_the_same() -> None:
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    feature = {"type": "Feature", "properties": {"id": "a"}, "geometry": geometry}
    collection = {"type": "FeatureCollection", "features": [feature]}
    shapes = [read_areas(json.dumps(d).encode())[0].shape for d in (geometry, feature, collection)]
    assert shapes[0].equals(shapes[1])
    assert shapes[0].equals(shapes[2])


def test_several_areas_become_one_boundary() -> None:
    east = [[lon + 0.4, lat] for lon, lat in SQUARE]
    boundary = read_boundary(geojson([[SQUARE], [east]], "MultiPolygon"), "Europe/Helsinki")
    assert boundary.bounds == pytest.approx((24.8, 60.1, 25.6, 60.3))


def test_a_hole_is_kept_and_heights_are_dropped() -> None:
    hole = [[24.9, 60.2], [25.0, 60.2], [25.0, 60.25], [24.9, 60.2]]
    high = [[lon, lat, 17.5] for lon, lat in SQUARE]
    shape = read_areas(geojson([high, hole]))[0].shape
    assert not shape.contains(shapely.Point(24.97, 60.22))
    assert not shape.has_z


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not GeoJSON"),
        (b'{"type": "Point", "coordinates": [1, 2]}', "'Point'"),
        (b'{"type": "FeatureCollection", "features": []}', "no feature"),
        (geojson([SQUARE[:-1]]), "ends where it began"),
        (geojson([SQUARE[:2]]), "four positions"),
        (geojson([[["24.8", 60.1], *SQUARE[1:]]]), "two numbers"),
        (geojson([[[True, 60.1], *SQUARE[1:]]]), "two numbers"),
        (geojson([[[385_000.0, 6_672_000.0]] * 5]), "not degrees"),
        (geojson([turned([[lon - 136, lat] for lon, lat in SQUARE])]), "changed places"),
        (geojson([[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]), "not valid: Self-intersection"),
        (
            json.dumps(
                {
                    "type": "Polygon",
                    "coordinates": [SQUARE],
                    "crs": {"type": "name", "properties": {"name": "EPSG:3067"}},
                }
            ).encode(),
            "coordinate system",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(data: bytes, word: str) -> None:
    with pytest.raises(BadArea, match=word):
        read_areas(data)


@pytest.mark.parametrize(
    ("ring", "word"),
    [
        (turned(SQUARE), "change places"),
        ([[-179, 60], [179, 60], [179, 70], [-179, 70], [-179, 60]], "half the world"),
        ([[-100, 10], [-30, 10], [-30, 20], [-100, 20], [-100, 10]], "too large"),
        ([[24, 60], [24.001, 60], [24.001, 60.001], [24, 60]], "less than"),
    ],
)
def test_a_boundary_that_can_be_no_region_is_refused(ring: list[list[float]], word: str) -> None:
    with pytest.raises(BadArea, match=word):
        read_boundary(geojson([ring]), "Europe/Helsinki")


def test_a_square_kilometre_is_measured_as_one() -> None:
    lat_deg, lon_deg = 1 / 111.195, 1 / (111.195 * 0.5)
    square = shapely.box(10, 60 - lat_deg / 2, 10 + lon_deg, 60 + lat_deg / 2)
    assert area_km2(square) == pytest.approx(1, rel=0.01)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_area_or_a_sentence(data: bytes) -> None:
    with pytest.raises(BadArea):
        read_areas(data)


numbers = st.floats(-200, 200) | st.integers(-200, 200) | st.booleans() | st.none()
nested: st.SearchStrategy[Any] = st.recursive(numbers, lambda kids: st.lists(kids, max_size=5))


@given(st.sampled_from(["Polygon", "MultiPolygon", "Point", 3, None]), nested)
def test_any_coordinates_are_an_area_or_a_sentence(kind: Any, coordinates: Any) -> None:
    try:
        found = read_areas(json.dumps({"type": kind, "coordinates": coordinates}).encode())
    except BadArea:
        return
    assert all(area.shape.is_valid for area in found)
