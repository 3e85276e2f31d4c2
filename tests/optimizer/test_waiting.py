"""Nobody waits for ever: who may be preferred to whom, and for how long."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import numpy as np
import pytest

from optimizer.problem import Policy, Problem, Request, Team
from optimizer.solve import solve

MIN_S = 60.0
HOUR_S = 3600.0


def _late_s(request: Request) -> float:
    return max(0.0, request.waited_s - request.target_s)


def _least_gain(request: Request, policy: Policy) -> float:
    """At least what it is worth, in weighted seconds, to send a request some team that can go."""
    return request.weight * (policy.surcharge_s + policy.patience_factor * _late_s(request))


def _most_gain(request: Request, policy: Policy) -> float:
    """At most what it is worth to serve a request as a whole: the price of all that it may lack,
    and of the bundle on the screen."""
    horizon_s, ride_s = policy.horizon_s, policy.max_place_drive_s
    alone_s = (
        horizon_s
        + policy.surcharge_s
        + policy.lateness_factor * (max(0.0, request.waited_s + horizon_s - request.target_s))
    )
    alone_s += policy.patience_factor * _late_s(request)
    team_s = request.soft_team_penalty_s + policy.max_penalty_s
    by_van_s = policy.van_wait_weighted * (horizon_s + request.onscene_s)
    place_s = policy.place_drive_weighted * ride_s + 2 * policy.max_penalty_s
    weighted_s = 3 * alone_s + team_s + by_van_s + place_s + policy.stability_s
    road_s = policy.van_idle * (horizon_s + request.onscene_s)
    road_s += policy.van_approach * policy.max_van_drive_s + policy.van_return * horizon_s
    road_s += policy.self_drive * ride_s + policy.place_drive * ride_s
    road_s += policy.team_approach * horizon_s
    return request.weight * weighted_s + road_s


@pytest.mark.parametrize("seed", range(25))
def test_whoever_is_preferred_is_heavy_enough_or_has_waited_long_enough(random_problem, seed):
    """The law behind every bound on waiting: nobody of the same rank gets a team that somebody else
    could have had, unless their own gain reaches that person's."""
    problem = random_problem(seed, requests=8, teams=3, vans=3, places=3)
    requests = tuple(
        replace(r, rank=1, all_or_nothing=False, waited_s=r.waited_s * (1 + 30 * (k % 3)))
        for k, r in enumerate(problem.requests)
    )
    problem = replace(problem, requests=requests)
    plan = solve(problem)
    row = {team.id: j for j, team in enumerate(problem.teams)}
    for i, waiting in enumerate(problem.requests):
        if not waiting.needs_team or plan.of(waiting.id).bundle.team is not None:
            continue
        for other in problem.requests:
            team = plan.of(other.id).bundle.team
            if team is not None and _could_go(problem, row[team], i):
                assert _most_gain(other, problem.policy) >= _least_gain(waiting, problem.policy)


def _could_go(problem: Problem, j: int, i: int) -> bool:
    team, request, drive_s = problem.teams[j], problem.requests[i], problem.team_to_request[j, i]
    arrival_s = team.release_s + drive_s
    in_time = arrival_s + request.onscene_s <= team.shift_end_s + problem.policy.overtime_grace_s
    near = drive_s <= problem.policy.max_team_drive_s and arrival_s <= problem.policy.horizon_s
    return bool(near and in_time and not request.team_mask & ~team.mask)


@dataclass(frozen=True)
class _Case:
    """One person of a simulated night: since when they wait, and how they are weighed."""

    id: str
    opened_s: float
    weight: int
    target_s: float


NIGHT_S = 200 * HOUR_S
SERVICE_S = 30 * MIN_S


def _nights_wait_s(arrivals: Iterator[_Case], teams: int, policy: Policy) -> float:
    """How long the routine request waits that is open from the start, in a night of events: a team
    comes free, or somebody calls while one is free. NIGHT_S if nobody ever comes."""
    free_s = [0.0] * teams
    waiting = [_Case("routine", 0.0, 1, 2 * HOUR_S)]
    coming = next(arrivals)
    now_s = 0.0
    while now_s < NIGHT_S:
        while coming.opened_s <= now_s:
            waiting.append(coming)
            coming = next(arrivals)
        idle = [j for j, until_s in enumerate(free_s) if until_s <= now_s]
        if idle and waiting:
            for case, j in _assigned(waiting, idle, now_s, policy):
                if case.id == "routine":
                    return now_s
                waiting.remove(case)
                free_s[j] = now_s + SERVICE_S
        events_s = [until_s for until_s in free_s if until_s > now_s]
        now_s = min([*events_s, coming.opened_s])
    return NIGHT_S


def _assigned(
    waiting: list[_Case], idle: list[int], now_s: float, policy: Policy
) -> list[tuple[_Case, int]]:
    requests = tuple(
        Request(c.id, c.weight, waited_s=now_s - c.opened_s, target_s=c.target_s) for c in waiting
    )
    problem = Problem(
        requests=requests,
        teams=tuple(Team(f"t{j}") for j in idle),
        vans=(),
        places=(),
        team_to_request=np.full((len(idle), len(requests)), 600.0),
        van_to_request=np.zeros((0, len(requests))),
        request_to_place=np.zeros((len(requests), 0)),
        place_to_base=np.zeros((0, 0)),
        policy=policy,
    )
    plan = solve(problem)
    sent = ((case, plan.of(case.id).bundle.team) for case in waiting)
    return [(case, int(team[1:])) for case, team in sent if team is not None]


def _calls(every_s: float, rng: np.random.Generator | None) -> Iterator[_Case]:
    """Heavier requests without end: on the dot, or at random with that mean."""
    at_s = 0.0
    for k in count():
        yield _Case(f"call{k:04d}", at_s, 9, 40 * MIN_S)
        at_s += every_s if rng is None else float(rng.exponential(every_s))


def _overtaking_ends_s(policy: Policy) -> float:
    """How late the routine request is at most when no heavier one that is in time can be preferred
    to it any more: from then on only those who are late themselves come before it."""
    fresh = Request("fresh", 9, waited_s=0.0, target_s=40 * MIN_S)
    in_time = replace(fresh, waited_s=fresh.target_s)
    return (_most_gain(in_time, policy) - policy.surcharge_s) / policy.patience_factor


@pytest.mark.parametrize("patience_factor", [2.0, 20.0])
def test_under_calls_that_keep_the_only_team_busy_the_routine_request_is_served_in_the_end(
    patience_factor,
):
    """Demand equals capacity, so a heavier and fresh call waits at every moment of choice."""
    policy = Policy(patience_factor=patience_factor)
    bound_s = 2 * HOUR_S + _overtaking_ends_s(policy) + SERVICE_S
    assert bound_s < NIGHT_S
    waited_s = _nights_wait_s(_calls(SERVICE_S, None), 1, policy)
    assert 2 * HOUR_S < waited_s <= bound_s


def test_without_patience_it_would_wait_for_ever():
    assert _nights_wait_s(_calls(SERVICE_S, None), 1, Policy(patience_factor=0.0)) == NIGHT_S


@pytest.mark.parametrize("seed", range(3))
def test_with_capacity_to_spare_the_wait_is_short_whatever_the_calls(seed):
    rng = np.random.default_rng(seed)
    waited_s = _nights_wait_s(_calls(SERVICE_S / 2 / 0.85, rng), 2, Policy())
    assert waited_s < 12 * HOUR_S
