import numpy as np
import pytest

from geo.estimate import FASTEST_M_S, Estimate, seconds_for
from geo.points import haversine_m, positions

SALT_LAKE_CITY = (-111.891, 40.761)
ST_GEORGE = (-113.584, 37.104)


def test_a_town_trip_follows_the_power_law() -> None:
    assert seconds_for(np.array([5_000.0]))[0] == pytest.approx(0.897 * 5_000**0.72)


def test_at_range_the_implied_speed_is_capped() -> None:
    distance_m = np.array([100_000.0, 400_000.0])
    assert seconds_for(distance_m) == pytest.approx(distance_m / FASTEST_M_S)


def test_a_long_trip_is_guessed_too_long_rather_than_too_short() -> None:
    guess = Estimate().matrix(positions([SALT_LAKE_CITY]), positions([ST_GEORGE]))
    assert 255 <= guess.seconds[0, 0] / 60 <= 255 * 1.2


def test_farther_is_never_faster() -> None:
    seconds = seconds_for(np.linspace(0, 1_000_000, 10_001))
    assert seconds[0] == 0
    assert (np.diff(seconds) > 0).all()


def test_it_is_always_labelled_an_estimate() -> None:
    guess = Estimate().matrix(positions([SALT_LAKE_CITY]), positions([]))
    assert guess.quality == "estimate"
    assert guess.seconds.shape == (1, 0)
    assert haversine_m(SALT_LAKE_CITY, ST_GEORGE) > 400_000
