"""What the rides' planner is asked: rides, vans, driving times between places.

Times are seconds from the moment of planning ("now" is 0), driving times float64 seconds with NaN
where there is no way; inside, every time counts in whole seconds. Places are rows of the driving
times. Needs and offers are bit masks whose meaning only the caller knows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import LARGEST_TIME_S, InvalidProblemError, Seconds

LEFT_OUT_S = 100_000
"""By default, leaving one ride out weighs more than any detour: as many rides as can be first."""
LARGEST_LEFT_OUT_S = 10**9
LARGEST_HURRY = 10_000

Window = tuple[float, float]
"""The earliest and the latest moment, in seconds from now."""
ANY_TIME: Window = (0, LARGEST_TIME_S)


@dataclass(frozen=True, slots=True)
class Ride:
    """One party's ride from one place to another; `seats` of them.

    A ride shares its van only if `shares` says so: by default nobody else is aboard meanwhile.
    `most_ride_s` is the longest that the person may sit in the van. `van` is the only van that may
    carry it; `aboard_since_s` says that it does so now (or will when it leaves: at its `free_s` at
    the latest): then the place and the window of the pick-up mean nothing, and the drop-off is a
    promise that no plan may drop, unless no road leads there and on to the van's base. `shown` is
    the van on the consoles. `left_out_s` is what not carrying it weighs, in seconds of driving;
    each second that it is picked up after its earliest weighs `hurry` of them. No van carries it
    whose base is more than `reach_s` of driving from both ends of the ride, a way that is missing
    among them; LARGEST_TIME_S is no limit at all.
    """

    id: str
    origin: int
    destination: int
    pick_up_s: Window = ANY_TIME
    drop_off_s: Window = ANY_TIME
    most_ride_s: float = LARGEST_TIME_S
    board_s: float = 0
    alight_s: float = 0
    seats: int = 1
    mask: int = 0
    shares: bool = False
    van: str | None = None
    aboard_since_s: float | None = None
    shown: str | None = None
    left_out_s: int = LEFT_OUT_S
    hurry: int = 0
    reach_s: float = LARGEST_TIME_S

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        for name in ("pick_up_s", "drop_off_s"):
            first_s, last_s = getattr(self, name)
            _check(_is_time(first_s) and _is_time(last_s), f"ride {self.id}: {name}")
            _check(first_s <= last_s, f"ride {self.id}: {name} ends before it begins")
        for name in ("most_ride_s", "board_s", "alight_s", "reach_s"):
            value = getattr(self, name)
            _check(_is_time(value) and value >= 0, f"ride {self.id}: {name}")
        _check(self.seats >= 1, f"ride {self.id}: seats")
        _check(self.mask >= 0, f"ride {self.id}: mask")
        _check(0 <= self.left_out_s <= LARGEST_LEFT_OUT_S, f"ride {self.id}: left_out_s")
        _check(0 <= self.hurry <= LARGEST_HURRY, f"ride {self.id}: hurry")
        if self.aboard_since_s is not None:
            since = self.aboard_since_s
            _check(_is_time(since), f"ride {self.id}: aboard_since_s")
            _check(self.van is not None, f"ride {self.id}: who is aboard must name the van")


@dataclass(frozen=True, slots=True)
class Van:
    """A van with its driver: it leaves `start` at `free_s` and is at `base` by `shift_end_s`.

    If it cannot even do that with nobody to carry, it stays where it is."""

    id: str
    start: int
    base: int
    seats: int
    mask: int = 0
    free_s: float = 0
    shift_end_s: float = LARGEST_TIME_S

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        _check(_is_time(self.free_s) and self.free_s >= 0, f"van {self.id}: free_s")
        _check(_is_time(self.shift_end_s), f"van {self.id}: shift_end_s")
        _check(self.seats >= 0 and self.mask >= 0, f"van {self.id}: seats or mask")


@dataclass(frozen=True, slots=True, eq=False)
class RidesProblem:
    """A day's rides. `drive_s` (places, places) is driving from row to column; staying is free.

    `stability_s` is what moving a ride to another van than the one shown weighs.
    """

    rides: tuple[Ride, ...]
    vans: tuple[Van, ...]
    drive_s: Seconds
    stability_s: int = 180

    def __post_init__(self) -> None:
        """Refuse what contradicts itself; keep a copy of the times that nobody can change."""
        object.__setattr__(self, "drive_s", _frozen(self.drive_s))
        _check(0 <= self.stability_s <= LARGEST_TIME_S, "stability_s")
        ids = [ride.id for ride in self.rides]
        vans = {van.id for van in self.vans}
        _check(len(set(ids)) == len(ids), "rides: an id appears twice")
        _check(len(vans) == len(self.vans), "vans: an id appears twice")
        for ride in self.rides:
            self.check_place(ride.origin, f"ride {ride.id}: origin")
            self.check_place(ride.destination, f"ride {ride.id}: destination")
            _check(ride.van is None or ride.van in vans, f"ride {ride.id}: unknown van {ride.van}")
        for van in self.vans:
            self.check_place(van.start, f"van {van.id}: start")
            self.check_place(van.base, f"van {van.id}: base")
            self._check_aboard(van)

    def check_place(self, place: int, what: str) -> None:
        """Raise InvalidProblemError unless it is a row of the driving times."""
        _check(0 <= place < len(self.drive_s), what)

    def _check_aboard(self, van: Van) -> None:
        aboard = [r for r in self.rides if r.aboard_since_s is not None and r.van == van.id]
        _check(sum(ride.seats for ride in aboard) <= van.seats, f"van {van.id}: too many aboard")
        for ride in aboard:
            since = float(ride.aboard_since_s or 0)
            _check(since <= van.free_s, f"ride {ride.id}: aboard_since_s is after the van leaves")
        together = len(aboard) < 2 or all(ride.shares for ride in aboard)
        _check(together, f"van {van.id}: somebody aboard does not share")


def _frozen(times: Seconds) -> NDArray[np.float64]:
    frozen = np.array(times, dtype=np.float64)
    square = frozen.ndim == 2 and frozen.shape[0] == frozen.shape[1]
    _check(square, f"drive_s: shape {frozen.shape} is not square")
    np.fill_diagonal(frozen, 0)
    known = frozen[~np.isnan(frozen)]
    _check(bool(np.all((known >= 0) & (known <= LARGEST_TIME_S))), "drive_s: a time is impossible")
    frozen.flags.writeable = False
    return frozen


def _is_time(value_s: float) -> bool:
    return math.isfinite(value_s) and abs(value_s) <= LARGEST_TIME_S


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise InvalidProblemError(what)
