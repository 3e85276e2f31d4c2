"""Positions as the scripts keep them: whole millionths of a degree, 20 bytes each."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from registry import laws
from registry.errors import InvalidCommand
from registry.port import UnitPosition
from registry.states import Team, Van

_NOWHERE_E6 = 2_000_000_000
_FIX = np.dtype([("lon", "<i4"), ("lat", "<i4"), ("at_ms", "<f8"), ("accuracy_m", "<i4")])
_FIX_BEFORE = struct.Struct("<iid")


def packed(points: Sequence[UnitPosition]) -> tuple[bytes, bytes]:
    """The points as the event has them (JSON) and as the script reads them (20 bytes each)."""
    fixes = np.empty(len(points), _FIX)
    fixes["lon"] = _micro_degrees([point.lon for point in points], 180.0)
    fixes["lat"] = _micro_degrees([point.lat for point in points], 90.0)
    fixes["at_ms"] = [point.at_ms for point in points]
    accuracies = [laws.whole_metres(point.accuracy_m) for point in points]
    fixes["accuracy_m"] = [-1 if one is None else one for one in accuracies]
    lons, lats = (fixes["lon"] / 1e6).tolist(), (fixes["lat"] / 1e6).tolist()
    rounded = [
        (point.kind, point.id, lon, lat, point.at_ms, accuracy_m)
        for point, lon, lat, accuracy_m in zip(points, lons, lats, accuracies, strict=True)
    ]
    try:
        return msgspec.json.encode(rounded), fixes.tobytes()
    except (UnicodeEncodeError, OverflowError) as error:
        raise InvalidCommand("no text or number that can be kept") from error


def _micro_degrees(degrees: list[float], limit: float) -> npt.NDArray[np.float64]:
    """Whole millionths of a degree; what is not on Earth becomes `_NOWHERE_E6`."""
    given = np.array(degrees)
    on_earth = np.abs(given) <= limit
    return np.where(on_earth, np.rint(np.where(on_earth, given, 0) * 1e6), _NOWHERE_E6)


def placed(unit: Team | Van, raw: bytes) -> Team | Van:
    """The unit where its kept position says; one that an earlier release kept is read too."""
    if len(raw) in (_FIX.itemsize, _FIX_BEFORE.size):
        lon_e6, lat_e6, at = _FIX_BEFORE.unpack_from(raw)
        (off,) = struct.unpack_from("<i", raw, _FIX_BEFORE.size) if len(raw) > 16 else (-1,)
        known = None if off < 0 else off
        place = {"lon": lon_e6 / 1e6, "lat": lat_e6 / 1e6, "position_ms": int(at)}
        return replace(unit, **place, accuracy_m=known)
    lon, lat, at_ms = raw.split()
    return replace(unit, lon=float(lon), lat=float(lat), position_ms=int(at_ms))
