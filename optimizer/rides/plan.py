"""What the rides' planner answers: a timetable for each van, and why the others must wait."""

from dataclasses import dataclass
from typing import Literal

Deed = Literal["pick_up", "drop_off"]


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a van: it is there at `arrive_s`, begins at `begin_s`, goes on at `leave_s`."""

    ride_id: str
    deed: Deed
    place: int
    arrive_s: int
    begin_s: int
    leave_s: int


@dataclass(frozen=True, slots=True)
class Route:
    """A van's stops in order. Who is aboard from the beginning is only dropped off."""

    van_id: str
    stops: tuple[Stop, ...]
    drive_s: int
    home_s: int


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why so many vans cannot carry a ride: counted, never guessed. The first that applies.

    `lacks`: a capability is missing. `seats`: fewer seats than the party. `other_van`: the ride may
    only go by another one. `no_way`: no road there, or to the base, from there
    or from where the van is free. `far`: its
    base is too far from both ends of the ride. `hours`: even with
    nobody else to carry, its shift or the ride's windows are missed. `busy`: with nobody else to
    carry it could, or somebody sits in it whom no road brings to the end of the ride.
    """

    fault: Literal["lacks", "seats", "other_van", "no_way", "far", "hours", "busy"]
    vans: tuple[str, ...]
    bits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A ride that the plan does not carry."""

    ride_id: str
    obstacles: tuple[Obstacle, ...]


@dataclass(frozen=True, slots=True)
class RidesPlan:
    """A timetable. Costs are seconds of driving or weigh as much (problem.py).

    `late` are promises to people already aboard that no plan can keep any more, with the moment at
    which they are kept instead, and `overtime` the vans that are home late for them; nothing in the
    plan delays these further.
    """

    routes: tuple[Route, ...]
    left_out: tuple[LeftOut, ...]
    late: tuple[tuple[str, int], ...]
    overtime: tuple[tuple[str, int], ...]
    drive_s: int
    cost: int

    def van_of(self, ride_id: str) -> str | None:
        """The van that carries the ride, None if none does."""
        for route in self.routes:
            if any(stop.ride_id == ride_id for stop in route.stops):
                return route.van_id
        return None

    def stop(self, ride_id: str, deed: Deed) -> Stop | None:
        """That stop of the ride, None if the plan has none."""
        found = (s for r in self.routes for s in r.stops if s.ride_id == ride_id and s.deed == deed)
        return next(found, None)
