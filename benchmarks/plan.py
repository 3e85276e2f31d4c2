"""The planner from a county to a big state: cold and warm time, proof, and what others would cost.

Places are real Utah ZIP points; demand, crews and beds are synthetic, from a seed; times are
great-circle distances at road speed, which is enough to compare planners on the same region.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median
from time import process_time
from typing import cast

import numpy as np
import zipcodes
from numpy.typing import NDArray

from benchmarks.events import later
from benchmarks.rows import Row, row
from caretower.garbage import settle
from optimizer.check import check
from optimizer.closing import choose
from optimizer.nearest import nearest_first
from optimizer.plan import Plan
from optimizer.pricing import Prices, choices_of, within
from optimizer.problem import Place, Policy, Problem, Request, Team, Van, in_order
from optimizer.remembered import NEVER
from optimizer.solve import instant, solve, solve_warm
from optimizer.stars import stars_of
from optimizer.warming import warm_up

EARTH_KM = 6371.0
DETOUR = 1.3
ROAD_KM_H = 75.0
COLD_MS = {"county": 15.0, "state": 60.0}
WARM_MS = {"county": (1.0, 5.0), "state": (3.0, 30.0), "bigstate": (20.0, 150.0)}
"""Milliseconds of CPU from an event to the plan: median, 99th percentile."""
CREWED = 0.7
"""The share of teams and vans that are free now; the others free later."""

CHILD, WHEELCHAIR, SECURE = 1, 2, 4
WEIGHTS = ((27, 0, 0.07), (9, 1, 0.25), (3, 1, 0.38), (1, 1, 0.30))
"""(weight, rank, share) of the tiers."""
TARGETS_S = {27: 1800, 9: 2400, 3: 3600, 1: 7200}

Points = NDArray[np.float64]
SALT_LAKE_CITY: Points = np.array([[-111.89, 40.76]])


@dataclass(frozen=True, slots=True)
class Scale:
    """How many of each; beds are spread over pools of a facility."""

    name: str
    requests: int
    teams: int
    vans: int
    beds: int
    radius_km: float


COUNTY = Scale("county", 20, 10, 8, 60, 40.0)
STATE = Scale("state", 100, 60, 40, 600, 1000.0)
BIG_STATE = Scale("bigstate", 400, 300, 200, 4000, 1000.0)


def region(
    scale: Scale, seed: int, share_free: float = 1.0, towns: Points | None = None
) -> Problem:
    """A synthetic region of that scale; `share_free` of its beds are free. `towns` (n, 2), where
    things are: those within reach of Salt Lake City if not given."""
    rng = np.random.default_rng(seed)
    if towns is None:
        towns = zip_points("UT")
        towns = towns[_distance_km(towns, SALT_LAKE_CITY)[:, 0] <= scale.radius_km]
    where = {
        kind: towns[rng.integers(0, len(towns), count)]
        for kind, count in (
            ("requests", scale.requests),
            ("teams", scale.teams),
            ("vans", scale.vans),
            ("bases", scale.vans),
        )
    }
    places, place_points = _pools(rng, towns, scale.beds, share_free)
    return Problem(
        requests=tuple(_request(rng, k) for k in range(scale.requests)),
        teams=tuple(_team(rng, k) for k in range(scale.teams)),
        vans=tuple(_van(rng, k) for k in range(scale.vans)),
        places=places,
        team_to_request=road_s(where["teams"], where["requests"]),
        van_to_request=road_s(where["vans"], where["requests"]),
        request_to_place=road_s(where["requests"], place_points),
        place_to_base=road_s(place_points, where["bases"]),
        policy=Policy(max_team_drive_s=10_800),
    )


def zip_points(state: str) -> Points:
    """(n, 2) lon, lat of a state's ZIP codes."""
    found = [
        (float(entry["long"]), float(entry["lat"]))
        for entry in zipcodes.filter_by(state=state, zip_code_type="STANDARD")  # type: ignore[no-untyped-call]
    ]
    return np.array(sorted(set(found)))


def _distance_km(a: Points, b: Points) -> Points:
    lon_a, lat_a = np.radians(a).T[:, :, None]
    lon_b, lat_b = np.radians(b).T[:, None, :]
    half = np.sin((lat_b - lat_a) / 2) ** 2
    half = half + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    distance: Points = 2 * EARTH_KM * np.arcsin(np.sqrt(half))
    return distance


def road_s(a: Points, b: Points) -> Points:
    """Seconds by road: the great circle with a detour, and two minutes at the ends."""
    return np.round(120 + _distance_km(a, b) * DETOUR / ROAD_KM_H * 3600)


def _request(rng: np.random.Generator, k: int) -> Request:
    pick = int(rng.choice(len(WEIGHTS), p=[share for _, _, share in WEIGHTS]))
    weight, rank, _ = WEIGHTS[pick]
    child = CHILD * int(rng.random() < 0.15)
    need = str(rng.choice(["none", "possible", "needed"], p=[0.2, 0.2, 0.6]))
    return Request(
        id=f"r{k:04}",
        weight=weight,
        rank=rank,
        waited_s=float(rng.integers(0, 2400)),
        target_s=TARGETS_S[weight],
        onscene_s=float(rng.integers(1200, 4500)),
        load_s=300,
        needs_van=bool(rng.random() < 0.8),
        place_need=need,  # type: ignore[arg-type]
        team_mask=child,
        van_mask=WHEELCHAIR * int(rng.random() < 0.08) + SECURE * int(rng.random() < 0.1),
        place_mask=child,
        allow_self_transport=bool(rng.random() < 0.4),
    )


def _busy_s(rng: np.random.Generator) -> float:
    return 0.0 if rng.random() < CREWED else float(rng.integers(300, 5400))


def _team(rng: np.random.Generator, k: int) -> Team:
    return Team(
        id=f"t{k:04}",
        mask=CHILD * int(rng.random() < 0.6),
        release_s=_busy_s(rng),
        shift_end_s=float(rng.integers(7200, 36_000)),
        drives=bool(rng.random() < 0.5),
        van_mask=SECURE * int(rng.random() < 0.3),
    )


def _van(rng: np.random.Generator, k: int) -> Van:
    return Van(
        id=f"v{k:04}",
        mask=WHEELCHAIR * int(rng.random() < 0.5) + SECURE * int(rng.random() < 0.5),
        release_s=_busy_s(rng),
        shift_end_s=float(rng.integers(10_800, 36_000)),
    )


def _pools(
    rng: np.random.Generator, towns: Points, beds: int, share_free: float
) -> tuple[tuple[Place, ...], Points]:
    """Pools of about four beds, two to a facility."""
    count = max(2, beds // 4)
    sites = towns[rng.integers(0, len(towns), (count + 1) // 2)]
    sizes = rng.multinomial(beds, np.full(count, 1 / count))
    pools = tuple(
        Place(
            id=f"p{k:04}",
            mask=CHILD * int(rng.random() < 0.4),
            free=int(rng.binomial(size, share_free)),
            penalty_s=float(rng.choice([0, 0, 300])),
        )
        for k, size in enumerate(sizes.tolist())
    )
    return pools, np.repeat(sites, 2, axis=0)[:count]


def run(*, short: bool) -> list[Row]:
    """Rows of `build/bench.json`. Every plan measured is also judged."""
    warm_up()
    solve(region(COUNTY, 0))  # the first solve loads OR-Tools
    settle()  # as the planner's process does
    seeds = {COUNTY: 3, STATE: 3, BIG_STATE: 1} if short else {COUNTY: 20, STATE: 20, BIG_STATE: 3}
    events = (
        {COUNTY: 30, STATE: 30, BIG_STATE: 3}
        if short
        else {COUNTY: 200, STATE: 200, BIG_STATE: 120}
    )
    rows = [one for scale, count in seeds.items() for one in _cold(scale, range(count))]
    rows += [_over_all(rows, other) for other in ("greedy", "sequential")]
    rows += [one for scale, count in events.items() for one in _warm(scale, count)]
    rows += _against(range(1 if short else 3))
    rows += _explained(1 if short else 3)
    rows.append(
        row("plan.bigstate.memory_mb", _memory_mb(events[BIG_STATE]), "MB", 500.0, lower=True)
    )
    return rows


def _judged(problem: Problem, plan: Plan) -> Plan:
    if faults := check(problem, plan):
        raise AssertionError(faults[0])
    return plan


def _cold(scale: Scale, seeds: range) -> list[Row]:
    """CPU of a cold, proved plan; its gap; other plans' objective over its: per cent and ratio."""
    cold_ms, gaps = [], []
    over: dict[str, list[float]] = {"greedy": [], "sequential": []}
    for seed in seeds:
        problem = region(scale, seed)
        started = process_time()
        plan = solve(problem)
        cold_ms.append(1000 * (process_time() - started))
        _judged(problem, plan)
        gaps.append(plan.gap if plan.proved else plan.objective)
        for name, other in (("greedy", nearest_first(problem)), ("sequential", instant(problem))):
            ratio = _judged(problem, other).objective / plan.objective
            over[name].append(100 * (ratio - 1))
    of = f"plan.{scale.name}"
    rows = [
        row(f"{of}.cold_ms", median(cold_ms), "ms", COLD_MS.get(scale.name), baseline=max(cold_ms)),
        row(f"{of}.gap", max(gaps), "tenths of a minute", 0),
    ]
    for name, all_of in over.items():
        most = max(all_of)
        rows.append(row(f"{of}.vs_{name}_gap", mean(all_of), "% (mean)", None, baseline=most))
    rows.append(row(f"{of}.vs_greedy", 1 + mean(over["greedy"]) / 100, "x", 1.0, lower=False))
    return rows


def _over_all(rows: list[Row], other: str) -> Row:
    """The mean of the scales' means, and the worst region of all."""
    name = f"vs_{other}_gap"
    scales = [one for one in rows if str(one["name"]).endswith(name)]
    means, worst = ([cast("float", one[of]) for one in scales] for of in ("value", "baseline"))
    return row(f"plan.{name}", mean(means), "% (mean)", None, baseline=max(worst))


def _warm(scale: Scale, count: int) -> list[Row]:
    """CPU from an event to the written plan, one event after the other; every tenth plan has the
    costs of a cold one."""
    rng = np.random.default_rng(1)
    problem = in_order(region(scale, 1))
    solved = solve_warm(problem)
    plan, spent_ms = solved.plan, []
    for event in range(count):
        problem = later(problem, rng, plan)
        started = process_time()
        solved = solve_warm(problem, before=solved)
        plan = solved.plan
        spent_ms.append(1000 * (process_time() - started))
        _judged(problem, plan)
        if event % 10 == 0 and solve(problem).by_rank != plan.by_rank:
            raise AssertionError(f"{scale.name}: event {event} has another optimum when cold")
    p50, p99 = (float(np.percentile(spent_ms, q)) for q in (50, 99))
    target = WARM_MS[scale.name]
    return [
        row(f"plan.{scale.name}.warm_p50_ms", p50, "ms", target[0]),
        row(f"plan.{scale.name}.warm_p99_ms", p99, "ms", target[1], baseline=max(spent_ms)),
    ]


def _against(seeds: range) -> list[Row]:
    """CP-SAT over every bundle at once, at a county: the same optimum, so much slower."""
    ratios = []
    for seed in seeds:
        problem = region(COUNTY, seed)
        problem = replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))
        started = process_time()
        plan = solve(problem)
        ours = process_time() - started
        stars = stars_of(in_order(problem))
        started = process_time()
        everyone = np.arange(len(problem.requests))
        everything = np.full(len(everyone), NEVER)
        listed = choices_of(*within(stars, everyone, Prices.free(stars), everything))
        best = choose(stars, listed)
        theirs = process_time() - started
        if best is None or (best.exact and best.cost != plan.objective):
            raise AssertionError(f"seed {seed}: CP-SAT has another optimum")
        ratios.append(theirs / ours)
    return [row("plan.vs_cpsat", median(ratios), "x", 25.0, lower=False, baseline=min(ratios))]


def _explained(seeds: int) -> list[Row]:
    """CPU of an exact alternative, over all requests of a state."""
    each_us = []
    for seed in range(seeds):
        solved = solve_warm(region(STATE, seed))
        names = [a.request_id for a in solved.plan.assignments]
        started = process_time()
        plan = solved.explained(names)
        spent_s = process_time() - started
        found = sum(len(a.alternatives) + (a.nearest is not None) for a in plan.assignments)
        each_us.append(1e6 * spent_s / found)
    return [row("plan.state.alternative_us", median(each_us), "us", None)]


def _memory_mb(events: int) -> float:
    """What a planner's process of its own holds at most, over so many events of a big state."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as planner:
        return planner.submit(_most_mb, events).result()


def _most_mb(events: int) -> float:
    warm_up()
    settle()
    rng = np.random.default_rng(1)
    problem = in_order(region(BIG_STATE, 1))
    solved = solve_warm(problem)
    for _ in range(events):
        problem = later(problem, rng, solved.plan)
        solved = solve_warm(problem, before=solved)
    # What the kernel counts for a process begins with what its parent had; this does not.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
