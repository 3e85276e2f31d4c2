"""Small days against every sequence there is, and the two ways to compute against one another."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.rides import engine
from optimizer.rides.check import check
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.solve import solve
from tests.optimizer.rides.brute import optimum


@pytest.mark.parametrize("seed", range(60))
def test_a_small_day_is_planned_as_well_as_any_sequence(random_day, seed):
    problem = random_day(seed, rides=3 + seed % 2, vans=1 + seed % 2, urgent=seed % 3 == 0)
    plan = solve(problem, iterations=300)
    assert check(problem, plan) == ()
    assert plan.cost == optimum(problem)


@pytest.mark.parametrize("seed", range(6))
def test_the_plain_way_gives_the_compiled_plan(random_day, seed, monkeypatch):
    problem = random_day(seed, rides=8, vans=3, hours=4)
    compiled = solve(problem, iterations=20)
    monkeypatch.setattr(engine, "_compiled", engine.Event())
    assert engine.engine() is engine.PLAIN
    assert solve(problem, iterations=20) == compiled


def test_delays_that_push_one_another_are_settled():
    """Waiting for b's appointment makes a's ride too long, so a is picked up later, and so is b."""
    drive = np.full((6, 6), 300.0)
    rides = (
        Ride("a", 0, 1, most_ride_s=1300, shares=True),
        Ride("b", 2, 3, drop_off_s=(5000, 6000), most_ride_s=700, shares=True),
    )
    problem = RidesProblem(rides, (Van("v", 4, 5, seats=2),), drive)
    plan = solve(problem)
    assert check(problem, plan) == ()
    assert plan.cost == optimum(problem)
    late = replace(problem, rides=(replace(rides[0], pick_up_s=(0, 100)), rides[1]))
    assert solve(late).cost == optimum(late)


def test_nobody_sits_in_a_van_that_waits():
    """The place opens at 3000 s, the ride takes 600 s: there is no reason to be fetched at 0."""
    problem = RidesProblem(
        rides=(Ride("r", 0, 1, drop_off_s=(3000, 4000), board_s=60),),
        vans=(Van("v", 0, 0, seats=1),),
        drive_s=np.array([[0.0, 600.0], [600.0, 0.0]]),
    )
    plan = solve(problem)
    assert plan.stop("r", "pick_up").begin_s == 3000 - 600 - 60
    assert check(problem, plan) == ()
