import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.nearest import Nearest
from geo.points import haversine_m, positions


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_the_nearest_are_those_of_all_distances_sorted(seed: int, n: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    at = rng.uniform((-180, -90), (180, 90), (n, 2))
    wanted = rng.uniform((-180, -90), (180, 90), (5, 2))
    metres, place = Nearest(positions(at)).find(positions(wanted), count)
    truth_m = np.sort(haversine_m(wanted[:, None], at[None]), axis=1)[:, :count]
    known = min(n, count)
    assert metres.shape == place.shape == (5, count)
    assert np.allclose(metres[:, :known], truth_m, rtol=1e-9, atol=1e-3)
    assert np.isinf(metres[:, known:]).all()
    assert (place[:, known:] == n).all()


def test_positions_on_both_sides_of_the_date_line_are_near() -> None:
    at = positions([(179.99, 0.0), (0.0, 0.0)])
    metres, place = Nearest(at).find(positions([(-179.99, 0.0)]), 1)
    assert place[0, 0] == 0
    assert 2_000 < metres[0, 0] < 2_500
