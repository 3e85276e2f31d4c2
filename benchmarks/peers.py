"""The teams' part of a state by general routing engines: OR-Tools routing and VROOM.

They cannot state the coupled question, so they get the part that they can: who goes to whom, every
visit optional at its price, every team one visit at most. Theirs is the time of their search alone,
with their models built already and at their default effort; ours is everything from the costs on.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
import vroom
from ortools.constraint_solver import pywrapcp
from ortools.constraint_solver.routing_enums_pb2 import FirstSolutionStrategy

from benchmarks.assign import state_costs
from benchmarks.rows import Row, row
from optimizer.assignment import Assignment
from optimizer.eligibility import Ints
from optimizer.matching import ALONE
from optimizer.sides import FAR
from optimizer.warming import warm_up

TIMES = 200.0
REPEATS = 50
TOO_DEAR = 10**9
CAR = "car"
EXPLORATION = 5
"""VROOM's default, and its most thorough."""

Peer = Callable[[Ints, Ints], tuple[float, Ints]]
"""From costs and prices to the seconds of CPU that the search took, and each request's team."""


def run(*, short: bool) -> list[Row]:
    """Rows of `build/bench.json`; a peer that finds a better answer breaks the run."""
    warm_up()
    regions = [state_costs(seed) for seed in range(1 if short else 5)]
    ours = [_ours(*each) for each in regions]
    return [
        *_against("ortools_routing", by_routing, regions, ours),
        *_against("vroom", by_vroom, regions, ours),
    ]


def _against(
    name: str, peer: Peer, regions: list[tuple[Ints, Ints]], ours: list[tuple[float, int]]
) -> list[Row]:
    """How many times as long it takes, and how far above the optimum it ends."""
    ratios, over = [], []
    for (costs, alone), (our_s, best) in zip(regions, ours, strict=True):
        their_s, teams = peer(costs, alone)
        found = _total(costs, alone, teams)
        if found < best:
            raise AssertionError(f"{name} finds {found}, below {best}")
        ratios.append(their_s / our_s)
        over.append(100 * (found / best - 1))
    return [
        row(f"plan.vs_{name}", median(ratios), "x", TIMES, lower=False, baseline=min(ratios)),
        row(f"plan.vs_{name}_gap", median(over), "% above the optimum", None, baseline=max(over)),
    ]


def _ours(costs: Ints, alone: Ints) -> tuple[float, int]:
    began = process_time()
    for _ in range(REPEATS):
        best = Assignment(costs, alone)
    return (process_time() - began) / REPEATS, best.total


def _total(costs: Ints, alone: Ints, teams: Ints) -> int:
    """The cost of an answer, which must be one."""
    served = np.flatnonzero(teams != ALONE)
    if len(np.unique(teams[served])) < len(served) or (costs[served, teams[served]] >= FAR).any():
        raise AssertionError("a team goes twice, or where it may not")
    return int(costs[served, teams[served]].sum() + alone[teams == ALONE].sum())


def by_routing(costs: Ints, alone: Ints) -> tuple[float, Ints]:
    """Requests are optional visits with their price as penalty; what may not be is too dear, a
    second visit too. Of its strategies to begin with, the one that ended nearest the optimum."""
    requests, teams = costs.shape
    end = requests + teams
    arcs = np.zeros((end + 1, end + 1), dtype=np.int64)
    arcs[:requests, :requests] = TOO_DEAR
    arcs[requests:end, :requests] = np.where(costs < FAR, costs, TOO_DEAR).T
    posts = list(range(requests, end))
    index = pywrapcp.RoutingIndexManager(end + 1, teams, posts, [end] * teams)
    model = pywrapcp.RoutingModel(index)
    model.SetArcCostEvaluatorOfAllVehicles(model.RegisterTransitMatrix(arcs.tolist()))
    for i in range(requests):
        model.AddDisjunction([index.NodeToIndex(i)], int(alone[i]))
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = FirstSolutionStrategy.GLOBAL_CHEAPEST_ARC
    began = process_time()
    solution = model.SolveWithParameters(parameters)
    spent_s = process_time() - began
    chosen = np.full(requests, ALONE)
    for j in range(teams):
        node = index.IndexToNode(solution.Value(model.NextVar(model.Start(j))))
        if node < requests:
            chosen[node] = j
    return spent_s, chosen


def by_vroom(costs: Ints, alone: Ints) -> tuple[float, Ints]:
    """Jobs by skills, a vehicle for one task; as VROOM has no price for a job left undone, there
    are as many more vehicles that stand for nobody, at that price."""
    requests, teams = costs.shape
    nobody = requests + teams
    arcs = np.zeros((nobody + 1, nobody + 1), dtype=np.int64)
    arcs[requests:nobody, :requests] = np.where(costs < FAR, costs, 0).T
    arcs[nobody, :requests] = alone
    model = vroom.Input()
    model.set_durations_matrix(CAR, arcs)
    model.add_job([vroom.Job(i, location=i, skills={i}) for i in range(requests)])
    model.add_vehicle(
        [
            vroom.Vehicle(
                j,
                start=min(requests + j, nobody),
                profile=CAR,
                max_tasks=1,
                skills=set(np.flatnonzero(costs[:, j] < FAR).tolist())
                if j < teams
                else set(range(requests)),
            )
            for j in range(teams + requests)
        ]
    )
    began = process_time()
    routes = model.solve(exploration_level=EXPLORATION, nb_threads=1).routes
    spent_s = process_time() - began
    tasks = routes[routes["type"] == "job"]
    if len(tasks) < requests:
        raise AssertionError("VROOM left a job to not even nobody")
    chosen = np.full(requests, ALONE)
    vehicles = tasks["vehicle_id"].to_numpy(dtype=np.int64)
    chosen[tasks["id"].to_numpy(dtype=np.int64)] = np.where(vehicles < teams, vehicles, ALONE)
    return spent_s, chosen
