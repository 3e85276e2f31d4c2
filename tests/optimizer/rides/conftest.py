"""Small days of rides, dense enough that seats, windows, ride times and shifts all bind."""

from collections.abc import Callable

import numpy as np
import pytest

from optimizer.problem import LARGEST_TIME_S
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.warming import warm_up_rides

warm_up_rides()

MakeDay = Callable[..., RidesProblem]


def _random_day(
    seed: int, rides: int = 3, vans: int = 2, *, hours: float = 2.0, urgent: bool = False
) -> RidesProblem:
    """Places in a square of some 40 minutes' drive. The first ride may be urgent, some may not go
    by every van, some only by vans from nearby, some have windows at both ends, every fourth shares
    with nobody."""
    rng = np.random.default_rng(seed)
    span = round(hours * 3600)
    places = rng.uniform(0, 40, (2 * rides + vans, 2))
    drive = np.round(60 * np.hypot(*(places[:, None] - places[None]).T) + rng.uniform(0, 60))

    def ride(k: int) -> Ride:
        direct = float(drive[2 * k, 2 * k + 1])
        begin = float(rng.integers(0, span))
        arrive = begin + direct + float(rng.integers(0, 3600))
        hurried = urgent and k == 0
        return Ride(
            id=f"r{k:02}",
            origin=2 * k,
            destination=2 * k + 1,
            pick_up_s=(0, 36_000) if hurried else (begin, begin + float(rng.integers(600, 3600))),
            drop_off_s=(0, arrive + 900) if rng.random() < 0.5 and not hurried else (0, 36_000),
            most_ride_s=direct + float(rng.choice([300, 1200, 3600])),
            board_s=float(rng.integers(60, 300)),
            alight_s=float(rng.integers(0, 200)),
            seats=int(rng.choice([1, 1, 2])),
            mask=int(rng.random() < 0.15),
            shares=bool(rng.random() < 0.75) and not hurried,
            van=f"v{rng.integers(vans)}" if rng.random() < 0.1 else None,
            shown=f"v{rng.integers(vans)}" if rng.random() < 0.2 else None,
            left_out_s=10_000_000 if hurried else 100_000,
            hurry=27 if hurried else 0,
            reach_s=float(rng.integers(300, 1500)) if rng.random() < 0.2 else LARGEST_TIME_S,
        )

    return RidesProblem(
        rides=tuple(ride(k) for k in range(rides)),
        vans=tuple(
            Van(
                id=f"v{k}",
                start=2 * rides + k,
                base=2 * rides + int(rng.integers(vans)),
                seats=int(rng.integers(2, 5)),
                mask=int(rng.random() < 0.6),
                free_s=float(rng.integers(0, 1200)),
                shift_end_s=float(span + rng.integers(3600, 9000)),
            )
            for k in range(vans)
        ),
        drive_s=drive,
    )


@pytest.fixture(scope="session")
def random_day() -> MakeDay:
    """A day made from a seed; the same seed is the same day."""
    return _random_day
