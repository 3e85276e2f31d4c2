from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.points import BadPosition, Point, haversine_m, points, positions

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)
POINT = st.builds(Point, LON, LAT)


@pytest.mark.parametrize(
    ("lon", "lat"), [(nan, 0), (0, nan), (inf, 0), (0, -inf), (180.1, 0), (0, 90.1), (0, -90.1)]
)
def test_a_position_off_the_map_is_refused(lon: float, lat: float) -> None:
    with pytest.raises(BadPosition):
        Point(lon, lat)
    with pytest.raises(BadPosition):
        positions([(0, 0), (lon, lat)])


@pytest.mark.parametrize(
    "wrong", [[1.0, 2.0], [[1, 2, 3]], [["a", "b"]], [[1, 2], [3]], 7, None, np.array([["a", "b"]])]
)
def test_an_array_of_another_shape_is_refused(wrong: object) -> None:
    with pytest.raises(BadPosition):
        positions(wrong)  # type: ignore[arg-type]


def test_no_positions_are_an_empty_array_of_pairs() -> None:
    assert positions([]).shape == (0, 2)


@given(st.lists(POINT))
def test_points_survive_the_way_through_an_array(some: list[Point]) -> None:
    assert points(positions(some)) == some


def test_a_quarter_of_the_equator_is_ten_thousand_kilometres() -> None:
    assert haversine_m((0, 0), (90, 0)) == pytest.approx(10_007_557, rel=1e-6)


def test_distances_broadcast_to_a_matrix() -> None:
    a, b = positions([(0, 0), (1, 1), (2, 2)]), positions([(0, 0), (5, 5)])
    assert haversine_m(a[:, None], b[None, :]).shape == (3, 2)


@given(POINT, POINT)
def test_distance_is_symmetric_and_never_beyond_half_the_globe(a: Point, b: Point) -> None:
    there, back = (
        haversine_m(positions([a]), positions([b])),
        haversine_m(positions([b]), positions([a])),
    )
    assert np.allclose(there, back)
    assert 0 <= there[0] <= 20_015_115
