"""Events in a synthetic region, one at a time: what a planner meets between two plans."""

from dataclasses import replace

import numpy as np

from optimizer.plan import Plan
from optimizer.problem import Problem

GAP_S = 20.0
"""Seconds from one event to the next, by which everybody has waited longer."""


def later(problem: Problem, rng: np.random.Generator, plan: Plan) -> Problem:
    """The problem one event later: somebody new asks or somebody is done, a team or a van moves or
    is released, a bed is taken or given back; and time has passed for all."""
    problem = _passed(problem, plan)
    kinds = ("request", "request", "team", "team", "van", "bed", "bed")
    kind = str(rng.choice(kinds))
    return {"request": _request, "team": _team, "van": _van, "bed": _bed}[kind](problem, rng)


def _passed(problem: Problem, plan: Plan) -> Problem:
    shown = {assignment.request_id: assignment.bundle for assignment in plan.assignments}
    return replace(
        problem,
        requests=tuple(
            replace(r, waited_s=r.waited_s + GAP_S, shown=shown.get(r.id, r.shown))
            for r in problem.requests
        ),
        teams=tuple(
            replace(t, release_s=max(0, t.release_s - GAP_S), shift_end_s=t.shift_end_s - GAP_S)
            for t in problem.teams
        ),
        vans=tuple(
            replace(v, release_s=max(0, v.release_s - GAP_S), shift_end_s=v.shift_end_s - GAP_S)
            for v in problem.vans
        ),
    )


def _request(problem: Problem, rng: np.random.Generator) -> Problem:
    """Somebody is done, and somebody new asks from a place where somebody asked before."""
    gone, like = rng.integers(0, len(problem.requests), 2)
    newest = max(int(r.id[1:]) for r in problem.requests) + 1
    fresh = replace(problem.requests[like], id=f"r{newest:04}", waited_s=0.0, shown=None)
    stay = [k for k in range(len(problem.requests)) if k != gone]
    rows = [*stay, int(like)]
    nearby = rng.uniform(0.8, 1.2)
    to_request, go = problem.team_to_request[:, rows].copy(), problem.request_to_place[rows].copy()
    to_request[:, -1] *= nearby
    go[-1] *= nearby
    return replace(
        problem,
        requests=(*(problem.requests[k] for k in stay), fresh),
        team_to_request=to_request,
        van_to_request=problem.van_to_request[:, rows],
        request_to_place=go,
    )


def _team(problem: Problem, rng: np.random.Generator) -> Problem:
    """A team is called away, or is free; it is elsewhere by now."""
    k = int(rng.integers(0, len(problem.teams)))
    drive = problem.team_to_request.copy()
    drive[k] = drive[rng.integers(0, len(problem.teams))] * rng.uniform(0.9, 1.1)
    release_s = 0.0 if problem.teams[k].release_s else float(rng.integers(600, 5400))
    teams = [replace(t, release_s=release_s) if n == k else t for n, t in enumerate(problem.teams)]
    return replace(problem, teams=tuple(teams), team_to_request=drive)


def _van(problem: Problem, rng: np.random.Generator) -> Problem:
    k = int(rng.integers(0, len(problem.vans)))
    drive = problem.van_to_request.copy()
    drive[k] = drive[rng.integers(0, len(problem.vans))] * rng.uniform(0.9, 1.1)
    release_s = 0.0 if problem.vans[k].release_s else float(rng.integers(600, 5400))
    vans = [replace(v, release_s=release_s) if n == k else v for n, v in enumerate(problem.vans)]
    return replace(problem, vans=tuple(vans), van_to_request=drive)


def _bed(problem: Problem, rng: np.random.Generator) -> Problem:
    k = int(rng.integers(0, len(problem.places)))
    free = problem.places[k].free
    free = free - 1 if free and rng.random() < 0.5 else free + 1
    places = [replace(p, free=free) if n == k else p for n, p in enumerate(problem.places)]
    return replace(problem, places=tuple(places))
