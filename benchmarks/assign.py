"""One kind of resource alone: an event in the teams' part, re-optimised by shortest paths.

The costs are what the planner's model says of a synthetic region's teams. A region somewhat larger
lends the rows and columns that come: another person asks, a team moves, is called away, or is back.
After every event the proof is looked at, now and then SciPy's optimum from nothing too.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice
from time import perf_counter_ns

import numpy as np
from scipy.optimize import linear_sum_assignment

from benchmarks.plan import BIG_STATE, COUNTY, STATE, Scale, region
from benchmarks.rows import Row, row
from optimizer.assignment import Assignment
from optimizer.eligibility import Ints
from optimizer.problem import in_order
from optimizer.sides import FAR
from optimizer.stars import stars_of
from optimizer.warming import warm_up

SIZES = {
    "county": (replace(COUNTY, requests=20, teams=10), 3000),
    "state": (replace(STATE, requests=84, teams=60), 3000),
    "bigstate": (replace(BIG_STATE, requests=335, teams=300), 1000),
}
NATIONAL = (Scale("national", 4267, 4000, 1, 2, 1000.0), 400)
"""Not sharded: all in one region, denser than a nation is."""
SPARE = 1.1
"""The region that lends is so much larger."""
LOOK_EVERY = 100
EVENT_US = 50.0
TIMES_READING = 10.0

Event = tuple[str, int, Ints, int]
"""Which side changes, where, its costs, and for a request the price of no team."""


def run(*, short: bool) -> list[Row]:
    """Rows of `build/bench.json`; the national one in the full form only."""
    warm_up()
    sizes = SIZES if short else {**SIZES, "national": NATIONAL}
    return [
        one for name, (scale, events) in sizes.items() for one in _measured(name, scale, events)
    ]


def _measured(name: str, scale: Scale, count: int) -> list[Row]:
    everyone, alone = _team_part(_larger(scale), 1)
    costs, prices = everyone[: scale.requests, : scale.teams], alone[: scale.requests]
    began = perf_counter_ns()
    assignment = Assignment(costs, prices)
    cold_ms = (perf_counter_ns() - began) / 1e6
    now, none, spent_ns = costs.copy(), prices.copy(), []
    events = islice(_events(everyone, alone, scale, np.random.default_rng(1)), count)
    for number, (side, where, line, price) in enumerate(events):
        began = perf_counter_ns()
        if side == "request":
            assignment.change_request(where, line, price)
        else:
            assignment.change_resource(where, line)
        spent_ns.append(perf_counter_ns() - began)
        if assignment.proof().bound != assignment.total:
            raise AssertionError(f"{name}: event {number} is not proved")
        if side == "request":
            now[where], none[where] = line, price
        else:
            now[:, where] = line
        if number % LOOK_EVERY == 0 and name != "national":
            _look(assignment, now, none)
    p50, p99 = (float(np.percentile(spent_ns, q)) / 1000 for q in (50, 99))
    reading_us = _reading_us(lambda: costs.max())
    target, most = (EVENT_US, TIMES_READING) if name == "state" else (None, None)
    return [
        row(f"assign.event.{name}_p50_us", p50, "us", target),
        row(f"assign.event.{name}_p99_us", p99, "us", None, baseline=max(spent_ns) / 1000),
        row(f"assign.event.{name}_vs_reading", p50 / reading_us, "x", most, baseline=reading_us),
        row(f"assign.{name}_cold_ms", cold_ms, "ms", None),
    ]


def state_costs(seed: int) -> tuple[Ints, Ints]:
    """The teams' part of a state: what each team would cost each request, and what none would."""
    return _team_part(SIZES["state"][0], seed)


def _larger(scale: Scale) -> Scale:
    return replace(scale, requests=int(scale.requests * SPARE), teams=int(scale.teams * SPARE))


def _team_part(scale: Scale, seed: int) -> tuple[Ints, Ints]:
    team = stars_of(in_order(region(scale, seed))).sides.team
    return np.ascontiguousarray(team[:, :-1]), np.ascontiguousarray(team[:, -1])


def _events(everyone: Ints, alone: Ints, scale: Scale, rng: np.random.Generator) -> Iterator[Event]:
    """Another person in a place; a team at another's post, away, or back."""
    people, teams = np.arange(scale.requests), np.arange(scale.teams)
    for kind in cycle(("request", "moved", "request", "away")):
        if kind == "request":
            where, who = int(rng.integers(len(people))), int(rng.integers(len(everyone)))
            people[where] = who
            yield "request", where, everyone[who, teams], int(alone[who])
            continue
        where, like = int(rng.integers(len(teams))), int(rng.integers(everyone.shape[1]))
        teams[where] = like
        if kind == "away":
            yield "resource", where, np.full(len(people), FAR), 0
        yield "resource", where, everyone[people, like], 0


def _look(assignment: Assignment, costs: Ints, alone: Ints) -> None:
    """The same total as SciPy finds from nothing."""
    own = np.full((len(alone), len(alone)), FAR, dtype=np.int64)
    np.fill_diagonal(own, alone)
    table = np.hstack([costs, own])
    if int(table[linear_sum_assignment(table)].sum()) != assignment.total:
        raise AssertionError("SciPy finds another optimum")


def _reading_us(read: Callable[[], object]) -> float:
    """The median time to read every cost once, which no solver from nothing can do without."""
    spent = []
    for _ in range(200):
        began = perf_counter_ns()
        read()
        spent.append(perf_counter_ns() - began)
    return float(np.median(spent)) / 1000
