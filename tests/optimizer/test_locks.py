"""Locks stand; what is wrong with them is said."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.check import check
from optimizer.problem import SELF, Bundle, Place, Policy, Problem, Request, Team, Van
from optimizer.solve import solve

HOUR = 3600.0


def _bed(**more: object) -> Request:
    """A request that needs a team, a van and a bed."""
    return Request("r", weight=9, needs_van=True, place_need="needed", **more)


VAN, OWN = Bundle("t", "v", "p"), Bundle("t", SELF, "p")


@pytest.mark.parametrize(
    ("request_", "team", "van", "home_s", "fault"),
    [
        (_bed(locked=VAN), Team("t"), Van("v"), np.nan, "van: unreachable"),
        (_bed(locked=VAN), Team("t"), Van("v"), 9 * HOUR, "van: horizon"),
        (_bed(locked=VAN), Team("t"), Van("v", shift_end_s=1), 60, "van: shift"),
        (_bed(locked=OWN), Team("t", drives=True), Van("v"), 60, "self: excluded"),
        (_bed(locked=OWN, allow_self_transport=True), Team("t"), Van("v"), 60, "self: lacks"),
        (
            _bed(locked=OWN, allow_self_transport=True, van_mask=4),
            Team("t", drives=True), Van("v"), 60, "self: lacks",
        ),
        (
            _bed(locked=OWN, allow_self_transport=True, rank=1),
            Team("t", drives=True, shift_end_s=1), Van("v"), 60, "self: shift",
        ),
    ],
)  # fmt: skip
def test_a_locked_ride_that_nobody_could_plan_is_reported(
    request_, team, van, home_s, fault, small_region
):
    def region(locked: Bundle | None) -> Problem:
        request = replace(request_, locked=locked)
        places, policy = [Place("p", free=1)], Policy(overtime_grace_s=0)
        return small_region([request], [team], [van], places, home_s=home_s, policy=policy)

    problem = region(request_.locked)
    plan = solve(problem)
    assert plan.of("r").bundle == request_.locked
    assert fault in plan.of("r").lock_faults
    assert check(problem, plan) == ()
    assert solve(region(None)).of("r").bundle != request_.locked


def test_a_locked_ride_that_somebody_could_plan_is_not_reported(small_region):
    for lock in (VAN, OWN):
        request = _bed(locked=lock, allow_self_transport=True)
        teams, places = [Team("t", drives=True)], [Place("p", free=1)]
        problem = small_region([request], teams, [Van("v")], places)
        assert solve(problem).of("r").lock_faults == ()


def test_half_seconds_of_shift_and_grace_are_rounded_as_the_plan_rounds_them(small_region):
    places, policy = [Place("p", free=1)], Policy(overtime_grace_s=1000.5)
    van, team = Van("v", shift_end_s=1000.5), Team("t")
    late = set()
    for go_s in (799, 800, 801, 802):
        free, held = (
            solve(
                small_region(
                    [_bed(locked=lock, onscene_s=0, load_s=0)], [team], [van], places,
                    go_s=go_s, policy=policy,
                )
            ).of("r")
            for lock in (None, VAN)
        )  # fmt: skip
        is_late = "van: shift" in held.lock_faults
        assert is_late == (free.bundle.van is None)
        late.add(is_late)
    assert late == {False, True}
