"""What always holds: promises, determinism, more vans never hurt, the urgent goes first."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.problem import LARGEST_TIME_S, InvalidProblemError
from optimizer.rides.check import check
from optimizer.rides.later import later
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.running import Running
from optimizer.rides.solve import solve

SEEDS = st.integers(0, 2**20)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, rides=st.integers(0, 14), vans=st.integers(0, 4), urgent=st.booleans())
def test_every_plan_keeps_every_promise(random_day, seed, rides, vans, urgent):
    problem = random_day(seed, rides, max(vans, 1), hours=3, urgent=urgent)
    if vans == 0:
        everywhere = tuple(replace(ride, van=None) for ride in problem.rides)
        problem = replace(problem, vans=(), rides=everywhere)
    plan = solve(problem, iterations=30)
    assert check(problem, plan) == ()
    assert solve(problem, iterations=30) == plan


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, missing=st.floats(0, 0.6), reach=st.booleans())
def test_every_plan_keeps_every_promise_though_ways_are_missing(random_day, seed, missing, reach):
    problem = random_day(seed, rides=5, vans=2)
    rng = np.random.default_rng(seed)
    drive_s = np.where(rng.random(problem.drive_s.shape) < missing, np.nan, problem.drive_s)
    reach_s = float(rng.integers(300, 1500)) if reach else LARGEST_TIME_S
    rides = tuple(replace(ride, reach_s=reach_s) for ride in problem.rides)
    partial = replace(problem, rides=rides, drive_s=drive_s)
    assert check(partial, solve(partial, iterations=10)) == ()


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, aboard=st.integers(1, 3))
def test_nobody_gets_in_before_those_who_are_aboard_though_it_takes_no_time(
    random_day, seed, aboard
):
    """Places that are one and the same, rides of no length, nobody needs time to get in or out."""
    problem = random_day(seed, rides=5, vans=1)
    rng = np.random.default_rng(seed)
    spots = rng.integers(0, 2, len(problem.drive_s))
    rides = tuple(
        replace(
            ride, seats=1, mask=0, board_s=0, alight_s=0, pick_up_s=(0, 36_000),
            drop_off_s=(0, 36_000), most_ride_s=36_000, reach_s=LARGEST_TIME_S, van="v0",
            shares=aboard > 1 if k < aboard else ride.shares,
            aboard_since_s=-600 if k < aboard else None,
        )
        for k, ride in enumerate(problem.rides)
    )  # fmt: skip
    van = replace(problem.vans[0], seats=4, shift_end_s=LARGEST_TIME_S)
    drive_s = np.where(spots[:, None] == spots, 0.0, 600.0)
    day = replace(problem, rides=rides, vans=(van,), drive_s=drive_s)
    plan = solve(day, iterations=30)
    assert check(day, plan) == ()
    assert check(day, solve(day, plan, iterations=30)) == ()
    assert plan.left_out == ()


@pytest.mark.parametrize(("reach_s", "carried"), [(LARGEST_TIME_S, True), (600, False)])
def test_a_base_without_a_way_to_either_end_is_out_of_every_reach(reach_s, carried):
    """Places: the base, where the van is, both ends, and where another ride leads home from."""
    drive_s = np.full((5, 5), np.nan)
    for origin, destination in ((1, 2), (2, 3), (3, 4), (1, 4), (4, 0), (1, 0)):
        drive_s[origin, destination] = 60
    rides = (Ride("between", 2, 3, shares=True, reach_s=reach_s), Ride("whole", 1, 4, shares=True))
    problem = RidesProblem(rides, (Van("v", 1, 0, seats=2),), drive_s)
    plan = solve(problem, iterations=10)
    assert check(problem, plan) == ()
    assert ([one.ride_id for one in plan.left_out] == []) is carried


@settings(max_examples=30, deadline=None)
@given(seed=SEEDS)
def test_the_order_in_which_rides_and_vans_are_told_changes_nothing(random_day, seed):
    problem = random_day(seed, rides=8, vans=3)
    turned = replace(problem, rides=problem.rides[::-1], vans=problem.vans[::-1])
    assert solve(problem, iterations=30) == solve(turned, iterations=30)


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_one_more_van_never_costs_more_and_never_leaves_more_out(random_day, seed):
    """On days so small that the search finds the optimum."""
    problem = random_day(seed, rides=4, vans=2)
    van = problem.vans[0]
    more = replace(problem, vans=(*problem.vans, replace(van, id="v9", base=van.start)))
    before, after = solve(problem, iterations=1500), solve(more, iterations=1500)
    assert len(after.left_out) <= len(before.left_out)
    assert after.cost <= before.cost


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS)
def test_more_iterations_never_make_the_plan_worse(random_day, seed):
    problem = random_day(seed, rides=12, vans=3, hours=4)
    costs = [solve(problem, iterations=n).cost for n in (0, 25, 100)]
    assert costs == sorted(costs, reverse=True)


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, share=st.floats(0.1, 0.7))
def test_an_urgent_trip_keeps_the_promises_to_everyone_aboard(random_day, seed, share):
    problem = random_day(seed, rides=10, vans=3, hours=2)
    plan = solve(problem, iterations=30)
    now_s = round(share * max(route.home_s for route in plan.routes))
    day = later(problem, plan, now_s)
    urgent = Ride(
        "urgent", 3, 0, board_s=300, hurry=27, left_out_s=10_000_000, van=None, shares=False
    )
    asked = replace(day, rides=(*day.rides, urgent))
    answer = solve(asked, plan, iterations=60)
    assert check(asked, answer) == ()
    assert answer.late == () == answer.overtime
    aboard = {ride.id: ride.van for ride in day.rides if ride.aboard_since_s is not None}
    assert {name: answer.van_of(name) for name in aboard} == aboard
    if answer.van_of("urgent") is not None:
        first = answer.stop("urgent", "pick_up")
        route = next(r for r in answer.routes if r.van_id == answer.van_of("urgent"))
        dropped = [s.ride_id for s in route.stops if s.begin_s <= first.begin_s]
        assert {name for name, van in aboard.items() if van == route.van_id} <= set(dropped)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, delay_s=st.integers(1, 20_000))
def test_a_promise_that_nobody_can_keep_is_kept_as_soon_as_can_be(random_day, seed, delay_s):
    problem = random_day(seed, rides=8, vans=2, hours=2)
    plan = solve(problem, iterations=30)
    day = later(problem, plan, max(route.home_s for route in plan.routes) // 2)
    delayed = replace(
        day, vans=tuple(replace(van, free_s=van.free_s + delay_s) for van in day.vans)
    )
    answer = solve(delayed, plan, iterations=30)
    assert check(delayed, answer) == ()
    for ride in day.rides:
        if ride.aboard_since_s is not None:
            assert answer.van_of(ride.id) == ride.van
    for name, moment in answer.late:
        assert answer.stop(name, "drop_off").begin_s <= moment


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, gaps=st.floats(0, 0.7), delay_s=st.integers(0, 9000))
def test_whom_no_road_brings_to_the_end_keeps_nobody_else_from_being_planned(
    random_day, seed, gaps, delay_s
):
    problem = random_day(seed, rides=8, vans=2, hours=2)
    plan = solve(problem, iterations=10)
    day = later(problem, plan, max(route.home_s for route in plan.routes) // 2)
    missing = np.random.default_rng(seed).random(day.drive_s.shape) < gaps
    late = tuple(replace(van, free_s=van.free_s + delay_s) for van in day.vans)
    cut = replace(day, vans=late, drive_s=np.where(missing, np.nan, day.drive_s))
    for previous in (None, plan):
        assert check(cut, solve(cut, previous, iterations=10)) == ()


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_rides_taken_one_by_one_make_a_plan_that_holds(random_day, seed):
    problem = random_day(seed, rides=10, vans=3, hours=4)
    begun = replace(problem, rides=problem.rides[:4])
    running = Running(begun, solve(begun, iterations=10))
    for ride in problem.rides[4:]:
        before = running.plan
        offer = running.take(ride)
        after = running.plan
        assert check(running.problem, after) == ()
        if offer is None:
            assert after == before
        else:
            assert after.cost == before.cost + offer.more
            assert after.stop(ride.id, "pick_up").begin_s == offer.pick_up_s
            assert after.stop(ride.id, "drop_off").begin_s == offer.drop_off_s
            assert after.van_of(ride.id) == offer.van_id


def test_a_running_plan_takes_in_more_rides_than_it_had_room_for(random_day):
    problem = random_day(1, rides=80, vans=12, hours=9)
    begun = replace(problem, rides=())
    running = Running(begun, solve(begun))
    for ride in problem.rides:
        running.take(ride)
    assert len(running.problem.rides) > 40
    assert check(running.problem, running.plan) == ()


def test_a_running_plan_gives_nobody_to_a_van_that_cannot_get_home(random_day):
    problem = random_day(3, rides=4, vans=2)
    begun = replace(problem, rides=(), vans=(replace(problem.vans[0], free_s=0, shift_end_s=-1),))
    running = Running(begun, solve(begun))
    assert all(running.offer(replace(ride, van=None)) is None for ride in problem.rides)


def test_a_running_plan_refuses_a_ride_that_it_has(random_day):
    problem = random_day(3, rides=4, vans=2)
    running = Running(problem, solve(problem, iterations=10))
    with pytest.raises(InvalidProblemError, match="planned already"):
        running.offer(problem.rides[0])
