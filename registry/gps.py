"""Which GPS points can be true. The script `positions.lua` keeps the same law on the server."""

import math
import tomllib
from pathlib import Path
from typing import Literal

import msgspec

EARTH_M = 6_371_009.0
"""Mean Earth radius."""

Verdict = Literal[
    "taken",
    "repeat",
    "late",
    "old",
    "future",
    "jump",
    "outside",
    "inexact",
    "unknown",
    "invalid",
]
CODES: dict[str, Verdict] = {
    "t": "taken",
    "r": "repeat",
    "l": "late",
    "o": "old",
    "f": "future",
    "j": "jump",
    "x": "outside",
    "n": "inexact",
    "u": "unknown",
    "i": "invalid",
}
"""How the script answers, one letter a point."""


class PositionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a point must keep to; the default allows everything on Earth.

    Bounds in degrees. Closer than `near_m` to the last point is never a jump, faster than
    `fastest_m_s` from it is one (0: no limit). A point older than `oldest_ms` is of no use, and one
    whose receiver says that it may be more than `inexact_m` off.
    """

    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0
    near_m: float = 0.0
    fastest_m_s: float = 0.0
    oldest_ms: int = 10**14
    inexact_m: float = 1e9


class Fix(msgspec.Struct, frozen=True):
    """Where something was (degrees) and when (ms UTC); how far off it may be (m), if known."""

    lon: float
    lat: float
    at_ms: int
    accuracy_m: int | None = None


class GpsPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy/gps.toml`."""

    version: str
    source: str
    fastest_m_s: float
    near_m: float
    oldest_s: int
    inexact_m: float

    def limits(self, bounds: tuple[float, float, float, float]) -> PositionLimits:
        """The law for a region whose vehicles stay within (west, south, east, north)."""
        west, south, east, north = bounds
        return PositionLimits(
            west=west,
            south=south,
            east=east,
            north=north,
            near_m=self.near_m,
            fastest_m_s=self.fastest_m_s,
            oldest_ms=self.oldest_s * 1000,
            inexact_m=self.inexact_m,
        )


def load_gps_policy(path: Path) -> GpsPolicy:
    """Raises msgspec.ValidationError naming what is wrong in the file."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), GpsPolicy)


def judge(
    fix: Fix, last: Fix | None, doubtful: Fix | None, limits: PositionLimits, now_ms: int
) -> Verdict:
    """What is to be made of a sound point of a known unit.

    `last` is the last one taken, `doubtful` the last that was a jump: a second one near it says
    that the unit is really there.
    """
    if fix.at_ms < now_ms - limits.oldest_ms:
        return "old"
    if not (limits.west <= fix.lon <= limits.east and limits.south <= fix.lat <= limits.north):
        return "outside"
    if fix.accuracy_m is not None and fix.accuracy_m > limits.inexact_m:
        return "inexact"
    if last is None:
        return "taken"
    if fix.at_ms <= last.at_ms:
        return "repeat" if _same(fix, last) else "late"
    if not _jumps(last, fix, limits):
        return "taken"
    confirmed = (
        doubtful is not None
        and last.at_ms < doubtful.at_ms < fix.at_ms
        and not _jumps(doubtful, fix, limits)
    )
    return "taken" if confirmed else "jump"


def _same(one: Fix, other: Fix) -> bool:
    return (one.lon, one.lat, one.at_ms) == (other.lon, other.lat, other.at_ms)


def _jumps(start: Fix, end: Fix, limits: PositionLimits) -> bool:
    if limits.fastest_m_s <= 0:
        return False
    far_m = distance_m(start, end)
    within_s = max(1.0, (end.at_ms - start.at_ms) / 1000)
    return far_m > limits.near_m and far_m > limits.fastest_m_s * within_s


def distance_m(start: Fix, end: Fix) -> float:
    """Metres on a sphere (haversine)."""
    half_lat = math.radians(end.lat - start.lat) / 2
    half_lon = math.radians(end.lon - start.lon) / 2
    across = math.cos(math.radians(start.lat)) * math.cos(math.radians(end.lat))
    part = math.sin(half_lat) ** 2 + across * math.sin(half_lon) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(part)))
