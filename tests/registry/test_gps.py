"""The law of GPS points: what is taken was possible, and nothing true is refused for ever."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.gps import CODES, Fix, PositionLimits, distance_m, judge, load_gps_policy

LIMITS = PositionLimits(
    west=-114.0, south=37.0, east=-109.0, north=42.0, near_m=500, fastest_m_s=70, oldest_ms=60_000
)
NOW_MS = 1_800_000_000_000
fixes = st.builds(
    Fix,
    st.floats(-180, 180),
    st.floats(-90, 90),
    st.integers(NOW_MS - 200_000, NOW_MS),
)


@given(fixes, st.none() | fixes, st.none() | fixes)
def test_what_is_taken_is_new_in_the_region_and_within_reach(
    fix: Fix, last: Fix | None, doubtful: Fix | None
) -> None:
    if judge(fix, last, doubtful, LIMITS, NOW_MS) != "taken":
        return
    assert LIMITS.west <= fix.lon <= LIMITS.east
    assert LIMITS.south <= fix.lat <= LIMITS.north
    assert fix.at_ms >= NOW_MS - LIMITS.oldest_ms
    if last is None:
        return
    assert fix.at_ms > last.at_ms
    reach_m = [
        max(LIMITS.near_m, LIMITS.fastest_m_s * max(1, (fix.at_ms - since.at_ms) / 1000))
        for since in (last, doubtful)
        if since is not None
    ]
    far_m = [distance_m(since, fix) for since in (last, doubtful) if since is not None]
    assert any(far <= reach for far, reach in zip(far_m, reach_m, strict=True))


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(-70, 70)), min_size=1, max_size=30))
def test_a_vehicle_that_drives_is_never_refused(legs: list[tuple[int, float]]) -> None:
    """At up to 70 m/s along a meridian (111 km a degree), each point is taken."""
    at = Fix(-111.0, 39.5, NOW_MS - 50_000)
    for seconds, speed_m_s in legs:
        lat = at.lat + 0.99 * speed_m_s * seconds / 111_200
        following = Fix(at.lon, lat, at.at_ms + seconds * 1000)
        if following.at_ms > NOW_MS or not LIMITS.south <= lat <= LIMITS.north:
            return
        assert judge(following, at, None, LIMITS, NOW_MS) == "taken"
        at = following


@given(fixes, fixes)
def test_a_unit_that_was_really_carried_away_is_found_again_by_its_second_point(
    last: Fix, there: Fix
) -> None:
    inside = LIMITS.west < there.lon < LIMITS.east and LIMITS.south < there.lat < LIMITS.north
    if not inside or judge(there, last, None, LIMITS, NOW_MS) != "jump":
        return
    again = Fix(there.lon, there.lat, there.at_ms + 1_000)
    assert judge(again, last, there, LIMITS, NOW_MS + 1_000) == "taken"


@given(fixes)
def test_the_same_point_again_is_a_repeat(fix: Fix) -> None:
    everywhere = PositionLimits()
    assert judge(fix, fix, None, everywhere, NOW_MS) == "repeat"


def test_every_verdict_has_a_letter_of_its_own_in_the_script() -> None:
    script = Path(__file__).parents[2] / "registry" / "lua" / "positions.lua"
    text = script.read_text()
    assert all(f"'{code}'" in text for code in CODES)
    assert len(set(CODES.values())) == len(CODES)


def test_the_policy_says_what_it_rests_on() -> None:
    policy = load_gps_policy(Path(__file__).parents[2] / "policy" / "gps.toml")
    assert policy.source
    limits = policy.limits((-114.0, 37.0, -109.0, 42.0))
    assert (limits.west, limits.north, limits.oldest_ms) == (-114.0, 42.0, 86_400_000)


def test_distance_is_in_metres() -> None:
    there = distance_m(Fix(-111.9, 40.7, 0), Fix(-111.9, 41.7, 0))
    assert there == pytest.approx(111_195, rel=1e-3)
