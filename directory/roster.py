"""The hours at which a team or van works every day, and the shift that follows from them."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

ALWAYS = "always"
LAST_DAYS_MS = 180 * 86_400_000
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-4]):([0-5]\d)")


class BadHours(ValueError):
    """Text that names no hours."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes after midnight in the region's own time; the end may lie in the next day.

    Equal ones mean round the clock.
    """

    starts_min: int
    ends_min: int

    def __str__(self) -> str:
        if self.always:
            return ALWAYS
        return "-".join(f"{m // 60:02}:{m % 60:02}" for m in (self.starts_min, self.ends_min))

    @property
    def always(self) -> bool:
        return self.starts_min == self.ends_min

    def window(self, now_ms: int, zone: ZoneInfo) -> tuple[int, int]:
        """The shift that is running, or the next one: start and end in ms UTC.

        Round the clock it is this calendar year and the next, so that no end is ever near.
        """
        now = datetime.fromtimestamp(now_ms / 1000, zone)
        if self.always:
            first, last = (datetime(now.year + years, 1, 1, tzinfo=zone) for years in (0, 2))
            return _ms(first), _ms(last)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        for days in (-1, 0, 1):
            begin, end = self._on(midnight + timedelta(days=days))
            if _ms(end) > now_ms:
                return _ms(begin), _ms(end)
        raise AssertionError("tomorrow's shift has ended already")

    def gives(self, start_ms: int, end_ms: int, now_ms: int, zone: ZoneInfo) -> bool:
        """Whether a shift is one of these hours and still good."""
        if self.over(end_ms, now_ms):
            return False
        return (start_ms, end_ms) == self.window(max(start_ms, 0), zone)

    def over(self, end_ms: int, now_ms: int) -> bool:
        """Whether it is time for the next shift; round the clock, long before the end."""
        return end_ms - (LAST_DAYS_MS if self.always else 0) <= now_ms

    def _on(self, midnight: datetime) -> tuple[datetime, datetime]:
        def at(minutes: int) -> datetime:
            # Wall-clock arithmetic: seven o'clock stays seven o'clock when the clocks change.
            return midnight + timedelta(days=minutes // 1440, minutes=minutes % 1440)

        length_min = (self.ends_min - self.starts_min) % 1440
        return at(self.starts_min), at(self.starts_min + length_min)


@dataclass(frozen=True, slots=True)
class Rostered:
    """A team or van works these hours every day (`hours` as `Hours` writes them)."""

    kind: Literal["team", "van"]
    unit: str
    hours: str


def read_hours(text: str) -> Hours:
    """`07:00-19:00`, `19:00-07:00` or `always`. Raises BadHours."""
    if text.strip().lower() == ALWAYS:
        return Hours(0, 0)
    found = _HOURS.fullmatch(text.strip())
    if not found:
        raise BadHours(f"{text!r} are no hours: write 07:00-19:00, 19:00-07:00 or always")
    start_h, start_min, end_h, end_min = map(int, found.groups())
    if end_h == 24 and end_min:
        raise BadHours(f"{text!r}: a day ends at 24:00")
    starts, ends = start_h * 60 + start_min, (end_h * 60 + end_min) % 1440
    return Hours(starts, ends) if starts != ends else Hours(0, 0)


def _ms(at: datetime) -> int:
    return int(at.timestamp()) * 1000
