"""What OpenStreetMap's tags mean to a driver: which roads are open, which way, and how fast."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TypeAlias

import msgspec

Tags: TypeAlias = Mapping[str, str]

KMH_PER_MPH = 1.609344
KMH_PER_KNOT = 1.852
SLOWEST_KMH = 1.0

ONE_WAY = frozenset({"yes", "true", "1"})
BACKWARDS = frozenset({"-1", "reverse"})
BY_TURNS = frozenset({"reversible"})
ROUND = frozenset({"roundabout", "circular"})
ZONE_KEYS = ("maxspeed", "maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")

_NOT_YET = ("construction", "proposed")
_KEYS = (
    *("highway", "route", "area", "impassable", "status", "oneway", "oneway:motor_vehicle"),
    *("junction", "duration", "maxspeed:forward", "maxspeed:backward"),
    *ZONE_KEYS,
    *_NOT_YET,
)
"""All keys that `drive` reads, besides those that the rules name."""
_FIGURE = re.compile(r"(\d+(?:\.\d+)?)\s*(mph|knots|km/h|kmh|kph)?$")
_ISO_TIME = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+)(?::(\d\d))?$")


class Limit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    share: float
    none: float
    walk: float


class Ferry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kmh: float


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keys: tuple[str, ...]
    open: frozenset[str]
    ask_first: frozenset[str]


class Barrier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    passable: frozenset[str]


class Driving(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`driving.toml`: speeds in km/h by class, zone and surface; what is open. See the file."""

    version: str
    sources: dict[str, str]
    kmh: dict[str, float]
    limit: Limit
    zones: dict[str, float]
    worst: dict[str, dict[str, float]]
    ferry: Ferry
    access: Access
    barrier: Barrier


@dataclass(frozen=True, slots=True)
class Drive:
    """How a way is driven; 0 km/h means that it is closed in that direction.

    duration_s: of a ferry, from end to end, where the map tells it; it counts before the speed.
    """

    forward_kmh: float
    backward_kmh: float
    duration_s: float | None = None


def load_driving() -> Driving:
    """The rules of `driving.toml`."""
    text = files("geo").joinpath("driving.toml").read_bytes()
    return msgspec.toml.decode(text, type=Driving)


class Memory:
    """Remembers how ways are driven: most of them are tagged like another one."""

    def __init__(self, rules: Driving) -> None:
        self._rules = rules
        self._known: dict[tuple[str | None, ...], Drive | None] = {}
        both = [f"{key}:{way}" for key in rules.access.keys for way in ("forward", "backward")]
        self._keys = (*_KEYS, *rules.access.keys, *both, *rules.worst)

    def drive(self, tags: Tags) -> Drive | None:
        """See `drive`."""
        said = tuple(map(tags.get, self._keys))
        if said not in self._known:
            self._known[said] = drive(tags, self._rules)
        return self._known[said]


def drive(tags: Tags, rules: Driving) -> Drive | None:
    """How to drive a way with these tags; None if it is no road, or closed both ways."""
    kind = tags.get("highway", "")
    ferry = tags.get("route") == "ferry" and kind not in rules.kmh
    if not (ferry or kind in rules.kmh) or _is_unusable(tags, kind):
        return None
    keys = rules.access.keys
    asks = ferry or kind in rules.access.ask_first
    by_way = zip(("forward", "backward"), _directions(tags, kind), strict=True)
    forward, backward = (
        _kmh(tags, way, rules.ferry.kmh if ferry else rules.kmh[kind], rules)
        if there and _is_open(tags, way, keys[:-1] if asks else keys, rules, unsaid=not asks)
        else 0.0
        for way, there in by_way
    )
    if not (forward or backward):
        return None
    return Drive(forward, backward, seconds_of(tags.get("duration", "")) if ferry else None)


def ends_here(tags: Tags, rules: Driving) -> bool:
    """Whether no car passes a node with these tags: a bollard, a gate marked private."""
    said = [tags[key] for key in rules.access.keys if key in tags]
    if said and "barrier" in tags:
        return not _any_open(said[0], rules)
    barrier = tags.get("barrier")
    return (
        barrier is not None
        and barrier not in rules.barrier.passable
        and tags.get("bollard") != "rising"
    )


def kmh_of(limit: str, rules: Driving) -> float | None:
    """A `maxspeed` in km/h: a figure with its unit, a zone's word; None where it says nothing.

    Of several figures the lowest counts; zero is nonsense and says nothing.
    """
    text = limit.strip().lower()
    if text in ("none", "walk"):
        return rules.limit.none if text == "none" else rules.limit.walk
    figures = [_figure(part.strip()) for part in re.split("[;|,]", text)]
    known = [figure for figure in figures if figure]
    return min(known) if known else _zone_kmh(text, rules)


def seconds_of(duration: str) -> float | None:
    """A `duration`: "45" minutes, "1:30" hours, "1:30:00" or ISO 8601 "PT1H30M"; else None."""
    text = duration.strip().upper()
    if iso := _ISO_TIME.match(text):
        hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    elif clock := _CLOCK.match(text):
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
    else:
        return None
    return float(3600 * hours + 60 * minutes + seconds) or None


def _is_unusable(tags: Tags, kind: str) -> bool:
    return (
        (tags.get("area") == "yes" and kind != "")
        or tags.get("oneway") in BY_TURNS
        or tags.get("impassable") == "yes"
        or tags.get("status") == "impassable"
        or any(tags.get(word, "no") not in ("no", "minor", "widening") for word in _NOT_YET)
    )


def _directions(tags: Tags, kind: str) -> tuple[bool, bool]:
    """Whether one may drive along the way as it is drawn, and against it."""
    said = tags.get("oneway:motor_vehicle") or tags.get("oneway")
    if said in BACKWARDS:
        return False, True
    implied = kind == "motorway" or tags.get("junction") in ROUND
    return True, not (said in ONE_WAY or (said is None and implied))


def _is_open(tags: Tags, way: str, keys: tuple[str, ...], rules: Driving, *, unsaid: bool) -> bool:
    """By the most particular key that speaks of this direction, or of both; else `unsaid`."""
    for key in keys:
        said = tags.get(f"{key}:{way}") or tags.get(key)
        if said:
            return _any_open(said, rules)
    return unsaid


def _any_open(said: str, rules: Driving) -> bool:
    return any(value.strip() in rules.access.open for value in said.split(";"))


def _kmh(tags: Tags, way: str, fallback: float, rules: Driving) -> float:
    limits = (kmh_of(tags[key], rules) for key in (f"maxspeed:{way}", *ZONE_KEYS) if key in tags)
    limit = next((one for one in limits if one), None)
    kmh = min(limit, rules.limit.none) * rules.limit.share if limit else fallback
    worst = [at_most[tags[key]] for key, at_most in rules.worst.items() if tags.get(key) in at_most]
    slowest = min((kmh, *worst))
    return max(SLOWEST_KMH, slowest) if slowest else 0.0


def _figure(text: str) -> float | None:
    found = _FIGURE.match(text)
    if found is None:
        return None
    unit = {"mph": KMH_PER_MPH, "knots": KMH_PER_KNOT}.get(found[2], 1.0)
    return float(found[1]) * unit


def _zone_kmh(text: str, rules: Driving) -> float | None:
    """Of "DE:rural", "DE:zone:30" or "US:40 mph"; the country's own figure before the general."""
    if text in rules.zones:
        return rules.zones[text]
    word = text.rsplit(":", 1)[-1]
    return rules.zones.get(word) or _figure(word.removeprefix("zone"))
