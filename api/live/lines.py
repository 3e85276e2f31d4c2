"""Changes in words, without persons: the board's ticker and the wall's last ten lines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from api.live.world import Change, Object

_UNIT = {
    "dispatched": "was sent out",
    "en_route": "is on its way",
    "on_scene": "is on scene",
    "transporting": "is transporting",
    "at_facility": "is at the facility",
    "clearing": "is clearing",
    "available": "is available",
    "out_of_service": "is out of service",
}


@dataclass(frozen=True, slots=True)
class Line:
    """`board` is for dispatchers; `wall` says no more than the wall draws, or nothing.

    On the wall a request has no zone: whoever counted its lines would know the small counts.
    """

    board: str
    wall: str | None


def lines(
    changes: Iterable[Change],
    zone_name: Callable[[str], str],
    place_name: Callable[[str], str],
) -> Iterator[Line]:
    """What the changes come to, in words; the functions name a zone and a facility by its id."""
    for change in changes:
        if change.kind in ("team", "van"):
            yield from _unit(change)
        elif change.kind == "pool":
            yield from _pool(change, place_name)
        elif change.kind == "request":
            yield from _request(change, zone_name)


def _unit(change: Change) -> Iterator[Line]:
    before, after = change.before, change.after
    if before and after and before["status"] != after["status"]:
        why = f": {after['out_reason'].replace('_', ' ')}" if after["out_reason"] else ""
        yield Line(f"{after['name']} {_UNIT[after['status']]}{why}", None)


def _pool(change: Change, place_name: Callable[[str], str]) -> Iterator[Line]:
    before, after = change.before, change.after
    if not before or not after:
        return
    place = place_name(after["facility"])
    name = f"{place}, {after['name']}" if place else after["name"]
    if after["paused"] != before["paused"]:
        said = f"{name} {'takes nobody for now' if after['paused'] else 'takes people again'}"
        yield Line(said, said)
    elif after["deficit"] and not before["deficit"]:
        said = f"{name} is overcommitted"
        yield Line(said, said)
    elif after["updated_ms"] != before["updated_ms"]:
        said = f"{name} counted: {after['free']} free"
        yield Line(said, said)


def _request(change: Change, zone_name: Callable[[str], str]) -> Iterator[Line]:
    after = change.after
    known = after or change.before
    if known is None:
        return
    zone = zone_name(known["zone"])
    if change.before is None:
        yield Line(f"A request was opened in {zone}", "A request was opened")
    elif change.before["ended_ms"] is None and (after is None or after["ended_ms"] is not None):
        yield Line(f"A request in {zone} has ended", "A request has ended")
    elif after is None:
        yield Line(f"A request in {zone} is settled", None)
    elif _sent(change.before, after):
        yield Line(f"A team was sent in {zone}", "A team was sent")


def _sent(before: Object, after: Object) -> bool:
    return before["team"] is None and after["team"] is not None
