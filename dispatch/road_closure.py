"""A closed or slow road as dispatch keeps it: from when, until when, told by whom. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Any

from dispatch.errors import Invalid, WrongState
from dispatch.words import ClosureReason
from geo.closures import BadClosure, Closure, closure_area

LONGEST_DAYS = 90
SLOWEST = 20.0
"""A slower road than this is closed."""

_DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class RoadClosure:
    """Roads that are closed, or take `slowdown` times as long, from one time until another.

    area: GeoJSON geometry, (lon, lat). slowdown: None where the roads are closed. note: why, in the
    desk's words; it stays off the screens. ended_ms: when it was lifted or ran out. Times ms UTC.
    """

    id: str
    version: int
    area: dict[str, Any]
    slowdown: float | None
    reason: ClosureReason
    note: str | None
    from_ms: int
    until_ms: int
    ended_ms: int | None = None


def checked(closure: RoadClosure, now_ms: int) -> RoadClosure:
    """The closure, if it makes sense now. Raises Invalid."""
    try:
        closure_area(closure.area)
    except BadClosure as error:
        raise Invalid(str(error)) from error
    if closure.slowdown is not None and not 1 < closure.slowdown <= SLOWEST:
        raise Invalid(f"roads are slower by a factor above 1, at most {SLOWEST:.0f}, or closed")
    if not max(closure.from_ms, now_ms) < closure.until_ms:
        raise Invalid("a closure ends after it begins, and not in the past")
    if closure.until_ms - now_ms > LONGEST_DAYS * _DAY_MS:
        raise Invalid(f"a closure ends within {LONGEST_DAYS} days: renew it then")
    return closure


def followed_by(before: RoadClosure | None, after: RoadClosure) -> RoadClosure:
    """The next version of what stands. Raises WrongState when it has ended."""
    if before is None:
        return after
    if before.ended_ms is not None:
        raise WrongState("ended", "be changed")
    return replace(after, version=before.version + 1)


def ended(closure: RoadClosure, now_ms: int) -> RoadClosure:
    """Lifted, or run out. Raises WrongState when it has ended already."""
    if closure.ended_ms is not None:
        raise WrongState("ended", "be lifted")
    return replace(closure, version=closure.version + 1, ended_ms=now_ms)


def card(closure: RoadClosure) -> dict[str, Any] | None:
    """What every screen is shown: no note; None when it has ended."""
    if closure.ended_ms is not None:
        return None
    shown = ("id", "version", "area", "slowdown", "reason", "from_ms", "until_ms")
    return {name: getattr(closure, name) for name in shown}


def in_force(cards: Iterable[Mapping[str, Any]], now_ms: int) -> tuple[Closure, ...]:
    """The closures of these cards that hold now, as geo takes them, by id."""
    holding = (card for card in cards if card["from_ms"] <= now_ms < card["until_ms"])
    return tuple(
        Closure(
            card["id"],
            closure_area(card["area"]),
            inf if card["slowdown"] is None else card["slowdown"],
        )
        for card in sorted(holding, key=lambda card: str(card["id"]))
    )
