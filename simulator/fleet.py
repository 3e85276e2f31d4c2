"""The teams and vans as they really are: on the road, on a break, at home.

What the registry says of a unit is what its crew said last; where it is, only this knows.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from geo.points import Point
from registry.states import Team, UnitStatus, Van
from simulator.agenda import Agenda, Due
from simulator.deeds import Deed, NextShift, UnitSays
from simulator.driving import Trip, drive
from simulator.fates import Fates
from simulator.setting import Setting

Unit: TypeAlias = Team | Van
Key: TypeAlias = tuple[str, str]
"""A unit's kind and id."""

DAY_MS = 86_400_000
BREAK_AGAIN_S = 600.0
HOME = "home"
RIDE = "ride "
"""Begins the errand of a van that carries out scheduled rides."""
SPARE_S = 120.0
"""So long before it is due somewhere a van means to be there."""
NEAR_DEG = 0.002
"""What is nearer than this (about 200 m) is there."""


@dataclass(slots=True)
class _Body:
    """A unit: what the registry says of it, where it really is, and what for it is on the road."""

    unit: Unit
    at: Point
    trip: Trip | None = None
    errand: str | None = None
    shift_known_ms: int = 0

    @property
    def is_on_ride(self) -> bool:
        """Whether it carries out scheduled rides."""
        return self.errand is not None and self.errand.startswith(RIDE)

    @property
    def is_free(self) -> bool:
        """Whether nobody counts on it."""
        return self.unit.request is None and self.unit.hold is None and not self.is_on_ride

    def position(self, now_ms: int) -> Point:
        return self.trip.at(now_ms) if self.trip else self.at


class Fleet:
    """All units of a region. What is due is noted in the agenda it is given."""

    def __init__(self, setting: Setting, fates: Fates, agenda: Agenda[Due]) -> None:
        self._setting = setting
        self._fates = fates
        self._agenda = agenda
        self._bodies: dict[Key, _Body] = {}
        self.driven_s = 0.0

    # what the screens show
    def see(self, unit: Unit, now_ms: int) -> None:
        """A team or van as the registry has it."""
        key = _key(unit)
        body = self._bodies.get(key)
        if body is None:
            body = self._bodies[key] = _Body(unit, _last_seen(unit))
            self._note("break", key, now_ms, self._first_break_s(unit))
            if unit.status is UnitStatus.OUT_OF_SERVICE:
                self._note("back", key, now_ms, self._setting.parameters.crew.break_min * 60)
        body.unit = unit
        if body.shift_known_ms != unit.shift_end_ms:
            body.shift_known_ms = unit.shift_end_ms
            self._agenda.note(unit.shift_end_ms, ("shift", key), Due("shift", *key))
        self._look_after(key, body, now_ms)

    def knows(self, key: Key) -> bool:
        """Whether the unit was ever seen."""
        return key in self._bodies

    def seats(self, key: Key) -> int | None:
        """How many it has; None of a unit that was never seen."""
        body = self._bodies.get(key)
        return None if body is None else body.unit.seats

    # where it is
    def position(self, key: Key, now_ms: int) -> Point:
        """Where a unit really is."""
        return self._bodies[key].position(now_ms)

    def moving(self, now_ms: int) -> list[Key]:
        """The units that are on the road."""
        return [k for k, body in self._bodies.items() if body.trip and now_ms < body.trip.ends_ms]

    def stands(self, key: Key) -> bool:
        """Whether it has come to where it was going; one that was never seen has."""
        body = self._bodies.get(key)
        return body is None or body.trip is None

    def is_near(self, key: Key, goal: Point, now_ms: int) -> bool:
        """Whether it is there; one that was never seen is."""
        body = self._bodies.get(key)
        return body is None or _near(body.position(now_ms), goal)

    def set_off(self, key: Key, goal: Point, now_ms: int, factor: float) -> Trip | None:
        """Let it drive there; None of a unit that was never seen."""
        body = self._bodies.get(key)
        return None if body is None else self._drive(key, body, goal, now_ms, factor)

    def send(self, key: Key, errand: str, goal: Point, now_ms: int, factor: float) -> Trip | None:
        """Let it drive there, unless it is on this errand already or was never seen."""
        body = self._bodies.get(key)
        if body is None or body.errand == errand:
            return None
        trip = self._drive(key, body, goal, now_ms, factor)
        body.errand = errand
        return trip

    def ride(self, van: str, stop: str, goal: Point, due_in_s: float, now_ms: int) -> bool:
        """Whether a van is at this stop of its scheduled rides; it sets off in time.

        `due_in_s` are real seconds: who plans the rides knows of no faster life.
        """
        key = ("van", van)
        body = self._bodies[key]
        if _near(body.position(now_ms), goal):
            body.errand = RIDE + stop
            return True
        if body.errand != RIDE + stop:
            way = drive(self._setting.roads, body.position(now_ms), goal, now_ms, 1.0)
            if way.duration_s + SPARE_S >= due_in_s:
                self.send(key, RIDE + stop, goal, now_ms, 1.0)
            else:
                self._end_ride(key, body, now_ms)
        return False

    def end_rides(self, but: Collection[str], now_ms: int) -> None:
        """Vans other than these carry out no scheduled ride."""
        for key, body in self._bodies.items():
            if key[1] not in but:
                self._end_ride(key, body, now_ms)

    def _end_ride(self, key: Key, body: _Body, now_ms: int) -> None:
        if body.is_on_ride:
            body.errand = None
            self._look_after(key, body, now_ms)

    def _drive(self, key: Key, body: _Body, goal: Point, now_ms: int, factor: float) -> Trip:
        self._stop(body, now_ms)
        trip = drive(self._setting.roads, body.at, goal, now_ms, factor)
        body.trip, body.errand = trip, None
        self._agenda.note(trip.ends_ms, ("trip", key), Due("arrive", *key))
        return trip

    def _stop(self, body: _Body, now_ms: int) -> None:
        if body.trip is not None:
            self.driven_s += min(now_ms, body.trip.ends_ms) / 1000 - body.trip.began_ms / 1000
            body.at = body.trip.at(now_ms)
            body.trip = None

    # what it does
    def does(self, what: str, key: Key, now_ms: int) -> Iterator[Deed]:
        """What a unit does by itself, when it is due."""
        body = self._bodies[key]
        match what:
            case "arrive":
                self._stop(body, now_ms)
            case "clear":
                yield UnitSays(*key, UnitStatus.AVAILABLE)
            case "break":
                yield from self._break(key, body, now_ms)
            case "back":
                if body.unit.status is UnitStatus.OUT_OF_SERVICE:
                    yield UnitSays(*key, UnitStatus.AVAILABLE)
            case "shift":
                unit = body.unit
                length_ms = unit.shift_end_ms - unit.shift_start_ms
                start_ms = unit.shift_start_ms + max(DAY_MS, length_ms)
                yield NextShift(*key, start_ms, start_ms + length_ms)

    def _look_after(self, key: Key, body: _Body, now_ms: int) -> None:
        """A unit that is done clears, and one that is free drives home."""
        unit = body.unit
        if unit.request is None and unit.status is UnitStatus.CLEARING:
            if self._agenda.get(("clear", key)) is None:
                clear_s = self._fates.crew(f"{unit.changed_ms}", unit.id).clear_s
                self._note("clear", key, now_ms, clear_s)
            return
        self._agenda.strike(("clear", key))
        if body.is_free and unit.status is UnitStatus.AVAILABLE and body.errand != HOME:
            base = Point(unit.base_lon, unit.base_lat)
            if not _near(body.position(now_ms), base):
                self._drive(key, body, base, now_ms, 1.0)
            body.errand = HOME
        elif not body.is_free and body.errand == HOME:
            body.errand = None

    def _break(self, key: Key, body: _Body, now_ms: int) -> Iterator[Deed]:
        part, unit = self._setting.parameters.crew, body.unit
        if not body.is_free or unit.status is not UnitStatus.AVAILABLE:
            self._note("break", key, now_ms, BREAK_AGAIN_S)
            return
        self._note("break", key, now_ms, part.shift_h * 3600)
        if unit.shift_start_ms <= now_ms < unit.shift_end_ms:
            self._note("back", key, now_ms, part.break_min * 60)
            yield UnitSays(*key, UnitStatus.OUT_OF_SERVICE)

    def _first_break_s(self, unit: Unit) -> float:
        """Not everybody rests at the same hour."""
        part = self._setting.parameters.crew
        dice = float(self._setting.streams.of("breaks", unit.id).random())
        return max(0.0, (part.break_after_h + (dice - 0.5) * part.shift_h / 2) * 3600)

    def _note(self, what: str, key: Key, now_ms: int, after_s: float) -> None:
        self._agenda.note(now_ms + int(1000 * after_s), (what, key), Due(what, *key))


def _key(unit: Unit) -> Key:
    return ("team" if isinstance(unit, Team) else "van"), unit.id


def _last_seen(unit: Unit) -> Point:
    if unit.position_ms == 0:
        return Point(unit.base_lon, unit.base_lat)
    return Point(unit.lon, unit.lat)


def _near(one: Point, other: Point) -> bool:
    return abs(one.lon - other.lon) < NEAR_DEG and abs(one.lat - other.lat) < NEAR_DEG
