"""Positions as phones send them: the OsmAnd protocol, in both of its forms. Pure.

- Query or form parameters: the OsmAnd app (online tracking, by a template of the user's) and
  Traccar Client before version 9: `id`, `lat`, `lon`, `timestamp` (s, ms or ISO 8601), `accuracy`
  or `hdop`, `valid`, `mock` and more that nobody needs here.
- JSON, Traccar Client from version 9 on: `device_id` and one `location` or a list of them, each
  with `timestamp` (ISO 8601 or ms) and `coords`.

Source: https://www.traccar.org/osmand/, and what the apps send. A phone repeats a message until it
is answered by 200; so a point that cannot be true is answered like any other, and ignored.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from api.errors import BadInput, Unreadable
from registry.port import MAX_TIME_MS

SECONDS_BELOW = 2**31
"""A whole number below this is seconds since 1970, one above it milliseconds."""
MAX_LOCATIONS = 1_000
NOWHERE = math.nan


@dataclass(frozen=True, slots=True)
class Heard:
    """One point of a phone: degrees (NaN: it has none that it trusts), ms UTC (None: now).

    `accuracy_m`: how far off it says that it may be, if it does.
    """

    lon: float
    lat: float
    at_ms: int | None
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What one call brings: the device's key and its points, the oldest first."""

    key: str
    points: tuple[Heard, ...]


class _Coords(msgspec.Struct):
    latitude: float | None = None
    longitude: float | None = None
    accuracy: float | None = None


class _Location(msgspec.Struct):
    timestamp: str | int | float | None = None
    coords: _Coords | None = None
    mock: bool = False


class _Json(msgspec.Struct):
    device_id: str | int
    location: _Location | list[_Location] | None = None


_DECODER = msgspec.json.Decoder(_Json)


def from_parameters(given: Mapping[str, str]) -> Message:
    """The message of query or form parameters. Raises BadInput when it names no device."""
    key = given.get("id") or given.get("deviceid")
    if not key:
        raise BadInput("which device? `id` is missing")
    lon, lat = _number(given.get("lon")), _number(given.get("lat"))
    if "location" in given:
        first, _, second = given["location"].partition(",")
        lat, lon = _number(first), _number(second)
    doubted = given.get("valid", "true").lower() not in ("true", "1") or given.get(
        "mock", "false"
    ).lower() in ("true", "1")
    # OsmAnd sends its accuracy in metres as `hdop`; a real one is a small number.
    accuracy_m = _number(given.get("accuracy", given.get("hdop")))
    timestamp = given.get("timestamp")
    return Message(key, (_heard(lon, lat, timestamp, accuracy_m, doubted=doubted),))


def from_json(body: bytes) -> Message:
    """The message of a JSON body. Raises Unreadable, and BadInput when it is another document."""
    try:
        told = _DECODER.decode(body)
    except msgspec.ValidationError:
        raise BadInput("not a message with `device_id` and `location`") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable("the body cannot be read") from None
    found = told.location if isinstance(told.location, list) else [told.location]
    locations = [one for one in found if one is not None]
    if len(locations) > MAX_LOCATIONS:
        raise BadInput(f"more than {MAX_LOCATIONS} locations")
    points = [_of_location(one) for one in locations]
    return Message(str(told.device_id), tuple(sorted(points, key=lambda one: one.at_ms or 0)))


def _of_location(told: _Location) -> Heard:
    coords = told.coords or _Coords()
    lon = NOWHERE if coords.longitude is None else coords.longitude
    lat = NOWHERE if coords.latitude is None else coords.latitude
    return _heard(lon, lat, told.timestamp, coords.accuracy, doubted=told.mock)


def _heard(
    lon: float, lat: float, timestamp: Any, accuracy_m: float | None, *, doubted: bool
) -> Heard:
    at_ms = None if timestamp is None else _time_ms(timestamp)
    if doubted or (timestamp is not None and at_ms is None):
        return Heard(NOWHERE, NOWHERE, at_ms)
    known = accuracy_m is not None and accuracy_m >= 0
    return Heard(lon, lat, at_ms, accuracy_m if known else None)


def _number(told: str | float | None) -> float:
    try:
        value = float("nan" if told is None else told)
    except (ValueError, OverflowError):
        return NOWHERE
    return value if math.isfinite(value) else NOWHERE


def _time_ms(told: str | float) -> int | None:
    """Milliseconds UTC of seconds, milliseconds or a date; None where it is none of them."""
    number = _number(told)
    if not math.isfinite(number):
        try:
            date = datetime.fromisoformat(str(told))
            number = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            return None
    at_ms = int(number * 1000 if abs(number) < SECONDS_BELOW else number)
    return at_ms if 0 < at_ms < MAX_TIME_MS else None
