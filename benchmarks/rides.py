"""Scheduled rides: cost and time against OR-Tools' routing, one new ride, one told, an urgent trip.

Places are real Utah ZIP points around Salt Lake City; riders, appointments and vans are synthetic,
from a seed. Every plan measured is also judged, OR-Tools' too.
"""

from dataclasses import replace
from statistics import mean
from time import perf_counter, process_time

import numpy as np

from benchmarks.plan import SALT_LAKE_CITY, WHEELCHAIR, road_s, zip_points
from benchmarks.rides_live import new_ride_rows
from benchmarks.rides_reference import reference
from benchmarks.rows import Row, row
from optimizer.rides.check import check
from optimizer.rides.plan import RidesPlan
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.running import Running
from optimizer.rides.solve import solve
from optimizer.warming import warm_up_rides

AROUND_S = 2700.0
"""Riders and clinics are within so long a drive of Salt Lake City."""
DAY_S = 8 * 3600
SEATS = 6
SIZES = {20: (6, 10_000), 60: (16, 3600)}
"""By rides: vans, and iterations of the search."""
PATIENCE = 20.0
"""So many times our time OR-Tools is given."""


def day(rides: int, vans: int, seed: int) -> RidesProblem:
    """Rides to and from appointments at a few clinics; some in a wheelchair, some alone."""
    rng = np.random.default_rng(seed)
    towns = zip_points("UT")
    towns = towns[road_s(towns, SALT_LAKE_CITY)[:, 0] <= AROUND_S]
    clinics = rng.integers(0, len(towns), 8)
    drive = road_s(towns, towns)
    np.fill_diagonal(drive, 0)

    def ride(k: int) -> Ride:
        home, clinic = int(rng.integers(0, len(towns))), int(rng.choice(clinics))
        outward = bool(rng.random() < 0.5)
        origin, destination = (home, clinic) if outward else (clinic, home)
        direct = float(drive[origin, destination])
        at = float(rng.integers(3600, DAY_S))
        # There within half an hour before it begins; or fetched within 45 minutes of its end.
        windows = (
            ((0.0, float(DAY_S)), (max(direct + 300, at - 1800), max(direct + 300, at)))
            if outward
            else ((at, at + 2700), (0.0, float(DAY_S + 7200)))
        )
        return Ride(
            id=f"r{k:03}",
            origin=origin,
            destination=destination,
            pick_up_s=windows[0],
            drop_off_s=windows[1],
            most_ride_s=round(max(1.5 * direct, direct + 1200)),
            board_s=240,
            alight_s=120,
            seats=int(rng.choice([1, 1, 1, 2])),
            mask=WHEELCHAIR * int(rng.random() < 0.1),
            shares=bool(rng.random() < 0.85),
        )

    bases = rng.integers(0, len(towns), vans)
    return RidesProblem(
        rides=tuple(ride(k) for k in range(rides)),
        vans=tuple(
            Van(
                f"v{k:02}",
                int(base),
                int(base),
                SEATS,
                mask=WHEELCHAIR * int(k % 2 == 0),
                shift_end_s=DAY_S + 9000,
            )
            for k, base in enumerate(bases)
        ),
        drive_s=drive,
    )


def run(*, short: bool) -> list[Row]:
    """Rows of `build/bench.json`."""
    warm_up_rides()
    solve(day(4, 2, 0), iterations=30)
    sizes = {20: SIZES[20]} if short else SIZES
    seeds = range(1 if short else 3)
    told = new_ride_rows(20 if short else 200)
    return [*_against(sizes, seeds), *_new_ride(200 if short else 2000), *told, *_urgent()]


def _judged(problem: RidesProblem, plan: RidesPlan) -> RidesPlan:
    if faults := check(problem, plan):
        raise AssertionError(faults[0])
    return plan


def _against(sizes: dict[int, tuple[int, int]], seeds: range) -> list[Row]:
    """How many times our time OR-Tools needs until it has a better plan: the least of all days. A
    day on which it never has one counts as the whole time that it was given."""
    rows, ratios = [], []
    for rides, (vans, iterations) in sizes.items():
        spent, minutes, theirs = [], [], []
        for seed in seeds:
            problem = day(rides, vans, seed)
            began = perf_counter()
            plan = _judged(problem, solve(problem, iterations=iterations))
            spent.append(perf_counter() - began)
            other = reference(problem, PATIENCE * spent[-1])
            _judged(problem, other.plan)
            ratios.append((other.time_below(plan.cost) or PATIENCE * spent[-1]) / spent[-1])
            minutes.append(plan.cost / 60)
            theirs.append(other.plan.cost / 60)
        name = f"rides.{rides}"
        rows.append(row(f"{name}.solve_s", max(spent), "s", 0.5))
        cost, baseline = mean(minutes), mean(theirs)
        rows.append(row(f"{name}.cost_min", cost, "min (mean)", baseline, baseline=baseline))
    return [row("rides.vs_ortools", min(ratios), "x", 10.0, lower=False), *rows]


def _new_ride(count: int) -> list[Row]:
    """Wall time of one more ride into a running plan of 60, from the question to the answer."""
    problem = day(60, 16, 0)
    running = Running(problem, solve(problem))
    asked = [replace(one, id=f"n{one.id}") for one in day(count, 16, 9).rides]
    spent_us = []
    for one in asked:
        began = perf_counter()
        running.offer(one)
        spent_us.append(1e6 * (perf_counter() - began))
    p50, p99 = (float(np.percentile(spent_us, q)) for q in (50, 99))
    return [row("rides.new_ride_p50_us", p50, "us", 300.0, baseline=p99)]


def _urgent() -> list[Row]:
    """CPU of a whole new plan around an urgent trip in a running day of 60."""
    problem = day(60, 16, 0)
    plan = solve(problem)
    shown = tuple(replace(one, shown=plan.van_of(one.id)) for one in problem.rides)
    trip = Ride("urgent", 3, 9, board_s=300, hurry=27, left_out_s=10_000_000)
    asked = replace(problem, rides=(*shown, trip))
    began = process_time()
    answer = _judged(asked, solve(asked, plan))
    spent_ms = 1000 * (process_time() - began)
    if answer.van_of(trip.id) is None:
        raise AssertionError("the urgent trip is left out")
    return [row("rides.urgent_ms", spent_ms, "ms", None)]
