"""The optimizer's question of a rides file: places become rows, minutes seconds, words bits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caretower.ridesfile.form import PolicyPart, RidePart, RidesFile, VanPart
from geo.estimate import Estimate
from geo.points import positions
from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.problem import LEFT_OUT_S, Ride, RidesProblem, Van

CRISIS_LEFT_OUT_S = 100 * LEFT_OUT_S


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """What translates the file: its places, the words that vans have, and driving times."""

    file: RidesFile
    places: tuple[str, ...]
    words: tuple[str, ...]
    drive_s: NDArray[np.float64]
    engine: str
    load_s: float

    @staticmethod
    def of(file: RidesFile, words: Sequence[str], load_s: float) -> "Asking":
        """The file's own travel times; else an estimate from the distance, labelled as one."""
        places = tuple(sorted(file.places))
        if file.travel is None:
            known = [file.places[place] for place in places]
            there = positions([(at.lon, at.lat) if at else (0.0, 0.0) for at in known])
            matrix = Estimate().matrix(there, there)
            return Asking(file, places, tuple(words), matrix.seconds, matrix.quality, load_s)
        table = file.travel
        seconds = [[table.get(a, {}).get(b, np.nan) for b in places] for a in places]
        drive = np.array(seconds, dtype=np.float64).reshape(len(places), len(places))
        return Asking(file, places, tuple(words), drive, "file", load_s)

    def problem(self) -> RidesProblem:
        """The scheduled day."""
        return RidesProblem(
            rides=tuple(self.ride(part) for part in self.file.rides),
            vans=tuple(self._van(part) for part in self.file.vans),
            drive_s=self.drive_s,
            stability_s=round(self.file.policy.stability_min * 60),
        )

    def ride(self, part: RidePart) -> Ride:
        """One ride. A crisis ride weighs more than any scheduled one, and each second counts."""
        policy = self.file.policy
        origin, destination = self.places.index(part.origin), self.places.index(part.destination)
        aboard = part.aboard
        return Ride(
            id=part.id,
            origin=origin,
            destination=destination,
            pick_up_s=_seconds(part.pick_up_min),
            drop_off_s=_seconds(part.drop_off_min),
            most_ride_s=self._most_ride_s(part, origin, destination),
            board_s=self.load_s if part.board_min is None else part.board_min * 60,
            alight_s=part.alight_min * 60,
            seats=part.seats,
            mask=self._mask(part.needs),
            shares=part.shares,
            van=part.van if aboard is None else aboard.van,
            aboard_since_s=None if aboard is None else -aboard.since_min_ago * 60,
            left_out_s=CRISIS_LEFT_OUT_S if part.crisis else LEFT_OUT_S,
            hurry=_hurry(policy) if part.crisis else 0,
            reach_s=LARGEST_TIME_S if policy.reach_min is None else policy.reach_min * 60,
        )

    def _most_ride_s(self, part: RidePart, origin: int, destination: int) -> float:
        if part.most_ride_min is not None:
            return part.most_ride_min * 60
        policy, direct_s = self.file.policy, self._drive_s(origin, destination)
        if np.isnan(direct_s):
            return policy.detour_min * 60
        return max(policy.detour_factor * direct_s, direct_s + policy.detour_min * 60)

    def has_way(self, part: RidePart) -> bool:
        """Whether a direct way from the ride's pick-up to its drop-off is known."""
        ride = self.ride(part)
        return not np.isnan(self._drive_s(ride.origin, ride.destination))

    def is_contradictory(self, part: RidePart) -> bool:
        """Whether the windows and the longest ride cannot be kept together by any van."""
        ride = self.ride(part)
        direct_s = self._drive_s(ride.origin, ride.destination)
        soonest_s = ride.pick_up_s[0] + ride.board_s + (0 if np.isnan(direct_s) else direct_s)
        latest_s = ride.pick_up_s[1] + ride.board_s + ride.most_ride_s
        return soonest_s > ride.drop_off_s[1] or latest_s < ride.drop_off_s[0]

    def _drive_s(self, origin: int, destination: int) -> float:
        return 0.0 if origin == destination else float(self.drive_s[origin, destination])

    def _van(self, part: VanPart) -> Van:
        return Van(
            id=part.id,
            start=self.places.index(part.at or part.base),
            base=self.places.index(part.base),
            seats=part.seats,
            mask=self._mask(part.offers),
            free_s=part.free_in_min * 60,
            shift_end_s=part.shift_ends_in_min * 60,
        )

    def _mask(self, words: Sequence[str]) -> int:
        return sum(1 << self.words.index(word) for word in set(words))


def _seconds(window: tuple[float, float]) -> tuple[float, float]:
    return window[0] * 60, window[1] * 60


def _hurry(policy: PolicyPart) -> int:
    """What a second of waiting weighs, so that the policy's minutes weigh a scheduled ride."""
    return max(1, round(LEFT_OUT_S / (policy.crisis_waits_min * 60)))
