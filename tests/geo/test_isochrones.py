import numpy as np
import pytest
import shapely

from geo.estimate import Estimate, seconds_for
from geo.isochrones import isochrones
from geo.points import Point, positions
from geo.region import Region
from geo.trees import Trees

HERE = Point(-111.9, 40.7)


def test_without_roads_the_area_is_a_disc_and_labelled_an_estimate() -> None:
    (area,) = isochrones(Estimate(), HERE, [900], cell_m=250)
    # The distance that the power law gives 900 seconds.
    radius_m = (900 / 0.897) ** (1 / 0.72)
    assert seconds_for(np.array([radius_m]))[0] == pytest.approx(900)
    metres_per_degree = 111_195
    shrunk = np.cos(np.radians(40.7))
    assert area.quality == "estimate"
    assert area.area.area * metres_per_degree**2 * shrunk == pytest.approx(
        np.pi * radius_m**2, rel=0.02
    )


def test_a_longer_limit_holds_the_shorter_ones() -> None:
    short, long = isochrones(Estimate(), HERE, [600, 1_200])
    assert long.area.covers(short.area)
    assert long.area.area > short.area.area


def test_areas_agree_with_the_matrix(utah: Region) -> None:
    trees = Trees(utah.roads)
    there = Point(*utah.places.at[utah.places.names.index("Price")].tolist())
    (area,) = isochrones(trees, there, [3_600])
    seconds = trees.matrix(utah.places.at, positions([there])).seconds[:, 0]
    inside = shapely.intersects_xy(area.area, utah.places.at)
    # A place may lie in another part of its cell than the centre: leave out the borderline.
    clear = np.abs(seconds - 3_600) > 400
    assert area.quality == "road"
    assert inside.sum() > 5
    assert (inside[clear] == (seconds[clear] <= 3_600)).all()


@pytest.mark.parametrize("limits_s", [[], [0], [600, -1]])
def test_limits_must_be_positive(limits_s: list[float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        isochrones(Estimate(), HERE, limits_s)


def test_too_many_cells_are_refused() -> None:
    with pytest.raises(ValueError, match="cells"):
        isochrones(Estimate(), HERE, [7_200], cell_m=10)


def test_nobody_in_time_is_an_empty_area(utah: Region) -> None:
    remote = Point(-113.9, 38.0)
    (area,) = isochrones(Trees(utah.roads, reach_m=10), remote, [60])
    assert area.area.is_empty
