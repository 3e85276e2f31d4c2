"""The judge finds every fault that is planted in a good plan, and in what was asked."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.problem import InvalidProblemError
from optimizer.rides.check import check
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.solve import solve

DRIVE = np.array([[0, 600, 900], [600, 0, 500], [900, 500, 0]], dtype=float)
A = Ride("a", 0, 1, (0, 900), (0, 4000), most_ride_s=1500, board_s=60, mask=1, shares=True)
B = Ride("b", 0, 2, (0, 900), (0, 4000), most_ride_s=2000, board_s=60, seats=2, shares=True)
OUT = Ride("out", 0, 1, mask=4)
VANS = (Van("v", 0, 0, seats=3, mask=3, shift_end_s=5000), Van("w", 1, 1, seats=9, shift_end_s=100))


def asked(*rides, vans=VANS):
    return RidesProblem(rides or (A, B, OUT), vans, DRIVE)


PLAN = solve(asked())


def with_stops(change):
    """The plan with other stops in the first van's timetable."""
    first = PLAN.routes[0]
    return replace(
        PLAN, routes=(replace(first, stops=tuple(change(list(first.stops)))), *PLAN.routes[1:])
    )


def later(k, **moments):
    """One stop's moments moved."""

    def change(stops):
        stops[k] = replace(stops[k], **{n: getattr(stops[k], n) + m for n, m in moments.items()})
        return stops

    return with_stops(change)


def test_the_plan_in_which_faults_are_planted_has_none():
    assert check(asked(), PLAN) == ()
    assert [(s.ride_id, s.deed) for s in PLAN.routes[0].stops] == [
        ("a", "pick_up"), ("b", "pick_up"), ("a", "drop_off"), ("b", "drop_off"),
    ] or PLAN.routes[0].stops[0].ride_id == "b"  # fmt: skip
    assert [one.ride_id for one in PLAN.left_out] == ["out"]


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        (lambda: later(0, arrive_s=60), "is not at the"),
        (lambda: later(1, begin_s=-1), "does not stay as long"),
        (lambda: later(2, leave_s=30), "does not stay as long"),
        (lambda: with_stops(lambda stops: stops[:-1]), "is not carried once"),
        (lambda: with_stops(lambda stops: [*stops, stops[0]]), "is not carried once"),
        (lambda: with_stops(lambda stops: stops[::-1]), "in this order"),
        (lambda: replace(PLAN, routes=PLAN.routes[:1]), "exactly one timetable"),
        (lambda: replace(PLAN, left_out=()), "out: is not carried once"),
        (lambda: replace(PLAN, left_out=PLAN.left_out * 2), "out: is not carried once"),
        (lambda: replace(PLAN, cost=PLAN.cost - 1), "the cost"),
        (lambda: replace(PLAN, drive_s=PLAN.drive_s - 1), "the driving of all vans"),
        (
            lambda: replace(PLAN, routes=(replace(PLAN.routes[0], home_s=1), PLAN.routes[1])),
            "the driving does not add up",
        ),
        (
            lambda: replace(PLAN, left_out=(replace(PLAN.left_out[0], obstacles=()),)),
            "the obstacles do not name",
        ),
    ],
)
def test_a_fault_in_the_plan_is_found(planted, fault):
    assert any(fault in found for found in check(asked(), planted()))


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        (
            asked(replace(A, pick_up_s=(0, 0)), replace(B, pick_up_s=(9, 10)), OUT),
            "picked up within",
        ),
        (asked(A, replace(B, drop_off_s=(0, 700)), OUT), "b: is not dropped off within"),
        (asked(A, replace(B, most_ride_s=500), OUT), "b: rides too long"),
        (asked(A, replace(B, seats=3), OUT), "too few seats"),
        (asked(A, replace(B, shares=False), OUT), "carries b together"),
        (asked(replace(A, mask=4), B, OUT), "needs what v does not have"),
        (asked(replace(A, van="w"), B, OUT), "may not go by v"),
        (
            asked(A, replace(B, reach_s=499), OUT, vans=(replace(VANS[0], base=1), VANS[1])),
            "is too far away for v",
        ),
        (asked(A, replace(B, origin=1), OUT), "is at another place"),
        (asked(replace(A, board_s=90), B, OUT), "does not stay as long"),
        (asked(vans=(replace(VANS[0], shift_end_s=1000), VANS[1])), "after the end of the shift"),
        (asked(replace(A, shown="w"), B, OUT), "the cost"),
        (asked(replace(A, hurry=27, pick_up_s=(0, 900)), replace(B, hurry=5), OUT), "the cost"),
    ],
)
def test_a_plan_for_another_question_is_found(problem, fault):
    assert any(fault in found for found in check(problem, PLAN)), check(problem, PLAN)


@pytest.mark.parametrize(
    ("ride", "vans", "fault", "van"),
    [
        (replace(A, mask=8), VANS, "lacks", "v"),
        (replace(A, seats=4, mask=0), VANS, "seats", "v"),
        (replace(A, van="w", mask=0), VANS, "other_van", "v"),
        (replace(B, reach_s=499), VANS, "far", "w"),
        (replace(B, reach_s=500), VANS, "hours", "w"),
        (replace(A, drop_off_s=(0, 100)), VANS, "hours", "v"),
        (replace(A, mask=0), VANS, "hours", "w"),
    ],
)
def test_a_ride_that_is_left_out_says_why(ride, vans, fault, van):
    other = Ride("other", 0, 2, mask=2, pick_up_s=(0, 0), left_out_s=200_000)
    plan = solve(asked(replace(ride, pick_up_s=(0, 60)), other, vans=vans))
    (out,) = plan.left_out
    assert {name: one.fault for one in out.obstacles for name in one.vans}[van] == fault
    assert check(asked(replace(ride, pick_up_s=(0, 60)), other, vans=vans), plan) == ()


def test_a_van_that_others_have_is_busy():
    plan = solve(asked(replace(A, shares=False), replace(B, pick_up_s=(0, 60)), vans=VANS[:1]))
    (out,) = plan.left_out
    assert [(one.fault, one.vans) for one in out.obstacles] == [("busy", ("v",))]


def test_missing_capabilities_are_named():
    (out,) = PLAN.left_out
    assert [(one.fault, one.vans, one.bits) for one in out.obstacles] == [
        ("lacks", ("v", "w"), (2,))
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Ride("r", 0, 1, pick_up_s=(2, 1)),
        lambda: Ride("r", 0, 1, seats=0),
        lambda: Ride("r", 0, 1, aboard_since_s=-1),
        lambda: Ride("r", 0, 1, most_ride_s=float("nan")),
        lambda: Van("v", 0, 0, seats=1, free_s=-1),
        lambda: asked(Ride("r", 0, 3)),
        lambda: asked(A, A),
        lambda: asked(replace(A, van="nobody")),
        lambda: asked(
            replace(A, van="v", aboard_since_s=0), replace(OUT, van="v", aboard_since_s=0)
        ),
        lambda: asked(replace(A, van="v", aboard_since_s=1)),
        lambda: asked(replace(A, van="v", aboard_since_s=0, seats=4)),
        lambda: RidesProblem((), (), np.zeros((2, 3))),
        lambda: RidesProblem((), (), np.full((2, 2), -1.0)),
    ],
)
def test_what_has_no_meaning_is_refused(wrong):
    with pytest.raises(InvalidProblemError):
        wrong()
