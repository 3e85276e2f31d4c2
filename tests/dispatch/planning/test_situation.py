"""How old a count may be."""

import pytest

from dispatch.planning.situation import freshness
from registry.freshness import Freshness
from tests.dispatch.planning.situation import MIN_MS, NOW_MS, RULES, a_pool


@pytest.mark.parametrize(
    ("age_min", "state"),
    [
        (0, Freshness.FRESH),
        (60, Freshness.FRESH),
        (61, Freshness.AGEING),
        (241, Freshness.STALE),
        (721, Freshness.NO_RESPONSE),
    ],
)
def test_a_count_grows_old_by_the_limits_of_the_policy(age_min: int, state: Freshness) -> None:
    told_ms = NOW_MS - age_min * MIN_MS
    pool = a_pool(updated_ms=told_ms, confirmed_ms=told_ms)
    assert freshness(pool, NOW_MS, RULES) is state


def test_a_count_that_somebody_stood_by_is_fresh_again() -> None:
    pool = a_pool(updated_ms=0, confirmed_ms=NOW_MS - MIN_MS)
    assert freshness(pool, NOW_MS, RULES) is Freshness.FRESH
