"""Daily hours and the shift that follows from them, through every change of the clocks."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from directory.roster import ALWAYS, BadHours, Hours, read_hours

DENVER = ZoneInfo("America/Denver")
HOUR_MS = 3_600_000


def ms(text: str, zone: ZoneInfo = DENVER) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("07:00-19:00", "07:00-19:00"),
        (" 7:00 - 19:00 ", "07:00-19:00"),
        ("19:00-07:00", "19:00-07:00"),
        ("16:00-24:00", "16:00-00:00"),
        ("always", ALWAYS),
        ("ALWAYS", ALWAYS),
        ("00:00-24:00", ALWAYS),
        ("07:00-07:00", ALWAYS),
    ],
)
def test_hours_are_written_in_one_way(text: str, written: str) -> None:
    assert str(read_hours(text)) == written
    assert read_hours(str(read_hours(text))) == read_hours(text)


@pytest.mark.parametrize("text", ["", "7-19", "07:00", "07:60-19:00", "24:00-07:00", "07:00-24:01"])
def test_what_names_no_hours_is_refused(text: str) -> None:
    with pytest.raises(BadHours):
        read_hours(text)


@pytest.mark.parametrize(
    ("hours", "now", "begins", "ends"),
    [
        ("07:00-19:00", "2026-03-03T12:00", "2026-03-03T07:00", "2026-03-03T19:00"),
        ("07:00-19:00", "2026-03-03T05:00", "2026-03-03T07:00", "2026-03-03T19:00"),
        ("07:00-19:00", "2026-03-03T19:00", "2026-03-04T07:00", "2026-03-04T19:00"),
        ("19:00-07:00", "2026-03-03T03:00", "2026-03-02T19:00", "2026-03-03T07:00"),
        ("19:00-07:00", "2026-03-03T08:00", "2026-03-03T19:00", "2026-03-04T07:00"),
        ("16:00-24:00", "2026-03-03T23:59", "2026-03-03T16:00", "2026-03-04T00:00"),
        # In this night the clocks go forward, from 2:00 to 3:00.
        ("19:00-07:00", "2026-03-08T01:00", "2026-03-07T19:00", "2026-03-08T07:00"),
        ("always", "2026-03-03T12:00", "2026-01-01T00:00", "2028-01-01T00:00"),
    ],
)
def test_the_shift_is_the_one_that_runs_or_the_next(
    hours: str, now: str, begins: str, ends: str
) -> None:
    assert read_hours(hours).window(ms(now), DENVER) == (ms(begins), ms(ends))


def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    night = read_hours("19:00-07:00")
    spring = night.window(ms("2026-03-08T01:00"), DENVER)
    autumn = night.window(ms("2026-11-01T01:00"), DENVER)
    assert (spring[1] - spring[0], autumn[1] - autumn[0]) == (11 * HOUR_MS, 13 * HOUR_MS)


minutes = st.integers(0, 1439)
zones = st.sampled_from(["America/Denver", "Europe/Helsinki", "Australia/Lord_Howe", "UTC"])


@given(minutes, minutes, st.integers(0, 4_000_000_000), zones)
def test_at_any_time_the_shift_ends_later_and_is_the_same_while_it_lasts(
    starts: int, ends: int, now_s: int, zone: str
) -> None:
    hours, where, now_ms = Hours(starts, ends), ZoneInfo(zone), now_s * 1000
    start_ms, end_ms = hours.window(now_ms, where)
    assert end_ms > now_ms
    if not hours.always:
        assert end_ms - start_ms <= 26 * HOUR_MS
        assert start_ms - now_ms <= 26 * HOUR_MS
        assert hours.gives(start_ms, end_ms, now_ms, where)
    assert not hours.gives(start_ms, end_ms, end_ms, where)
    assert not hours.gives(start_ms, end_ms + 1000, now_ms, where)


def test_round_the_clock_is_renewed_long_before_its_end() -> None:
    always = read_hours(ALWAYS)
    start_ms, end_ms = always.window(ms("2026-03-03T12:00"), DENVER)
    assert always.gives(start_ms, end_ms, ms("2027-03-01T00:00"), DENVER)
    assert always.over(end_ms, ms("2027-08-01T00:00"))
    assert always.window(ms("2027-08-01T00:00"), DENVER)[1] == ms("2029-01-01T00:00")
