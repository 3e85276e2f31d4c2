"""Scheduled rides as their drivers live them: whom each van fetches or brings next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from simulator.board import Object

WAIT_MS = 5 * 60_000
"""So long after the window that was told a driver gives somebody up who is not there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The next stop of a van, in real time (ms UTC): planned for `at_ms`; nobody boards before
    `first_ms`, and whoever is not there by `last_ms` is given up."""

    ride: str
    van: str
    appointment: str
    end: Literal["origin", "destination"]
    at_ms: int
    first_ms: int
    last_ms: int

    def step(self, real_ms: int, *, comes: bool) -> str | None:
        """What the driver, who is there, reports now; None: the driver waits."""
        if self.end == "destination":
            return "dropped_off"
        if comes:
            return "picked_up" if real_ms >= self.first_ms else None
        return "no_show" if real_ms >= self.last_ms else None


def next_visits(rides: Iterable[Object]) -> dict[str, Visit]:
    """By van, the stop of its open rides that is planned first."""
    found: dict[str, Visit] = {}
    for visit in filter(None, map(_stop, rides)):
        other = found.get(visit.van)
        if other is None or (visit.at_ms, visit.ride) < (other.at_ms, other.ride):
            found[visit.van] = visit
    return found


def _stop(ride: Object) -> Visit | None:
    """Where the van of this ride has to be next for it."""
    who = ride["id"], ride["van"], ride["appointment"]
    if ride["state"] == "aboard":
        at_ms = ride["drop_off_ms"]
        return Visit(*who, "destination", at_ms, at_ms, at_ms)
    if ride["state"] != "planned":
        return None
    first_ms, last_ms = ride["told_from_ms"], ride["told_until_ms"] + WAIT_MS
    return Visit(*who, "origin", ride["pick_up_ms"], first_ms, last_ms)
