"""A silent telephone or driver: what was told stays, and the desk sees that it passed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.rides.ride import (
    Leg,
    Ride,
    RideState,
    Spot,
    absent,
    alighted,
    boarded,
    is_missed,
    is_overdue,
)
from registry.states import UnitStatus, Van
from tests.dispatch.rides.builders import CLINIC, H_MS, MIN_MS, NOW_MS, POLICY, a_day, a_ride, a_van
from tests.dispatch.rides.test_planned import told

FAR = Spot(-111.97, 40.9)
spots = st.builds(Spot, st.floats(-112.2, -111.8), st.floats(40.9, 41.4))


def window(ride: Ride) -> tuple[int, int]:
    assert ride.told is not None
    return ride.told


@settings(max_examples=20, deadline=None)
@given(spots, st.sampled_from(Leg), st.booleans())
def test_a_van_without_a_position_moves_no_window_until_the_ride_is_missed(
    person: Spot, leg: Leg, was_seen: bool
) -> None:
    seen = {"lon": -112.0, "lat": 41.2, "position_ms": NOW_MS} if was_seen else {}
    ride = told(a_day([a_ride(person=person, leg=leg)], [a_van(**seen)]))["r-1"]
    first, now_ms = window(ride), NOW_MS
    while not is_missed(ride, now_ms, 0) and now_ms < NOW_MS + 9 * H_MS:
        ride = told(a_day([ride], [a_van(**seen)], now_ms))["r-1"]
        assert (ride.state, ride.told) == (RideState.PLANNED, first)
        assert is_overdue(ride, now_ms) is (first[1] < now_ms)
        if now_ms >= first[0]:
            assert absent(ride, now_ms).state is RideState.NO_SHOW
        now_ms += 7 * MIN_MS


@pytest.mark.parametrize("leg", list(Leg))
def test_a_van_seen_at_the_door_leaves_a_window_that_passed_to_the_desk(leg: Leg) -> None:
    ride = a_ride(person=FAR, leg=leg)
    at = ride.origin

    def van(now_ms: int) -> Van:
        return a_van(lon=at.lon, lat=at.lat, position_ms=now_ms)

    ride = told(a_day([ride], [van(NOW_MS)]))["r-1"]
    first = window(ride)
    for minute in range(0, 60, 5):
        now_ms = first[0] + minute * MIN_MS
        ride = told(a_day([ride], [van(now_ms)], now_ms))["r-1"]
        assert ride.told == first
    assert is_overdue(ride, now_ms)
    version = ride.version
    assert told(a_day([ride], [van(now_ms)], now_ms + H_MS))["r-1"].version == version


def test_a_van_that_is_seen_far_away_in_the_window_is_late_and_says_when_it_comes() -> None:
    ride = told(a_day([a_ride(person=FAR)], [a_van()]))["r-1"]
    first = window(ride)
    now_ms = first[1] - MIN_MS
    base = a_van(lon=-112.0, lat=41.2, position_ms=now_ms)
    late = told(a_day([ride], [base, a_van("v-2")], now_ms))["r-1"]
    assert (late.van, late.told) == (ride.van, first)
    assert late.planned is not None
    assert late.planned.pick_up_ms > first[1]


def test_a_van_that_is_seen_far_away_before_the_window_tells_another_one() -> None:
    ride = told(a_day([a_ride(person=FAR)], [a_van()]))["r-1"]
    first = window(ride)
    now_ms = first[0] - MIN_MS
    base = a_van(lon=-112.0, lat=41.2, position_ms=now_ms)
    assert window(told(a_day([ride], [base], now_ms))["r-1"])[0] > first[0]


@pytest.mark.parametrize("minutes", [-1, 1, 30])
def test_a_crisis_takes_the_van_though_the_window_has_begun_or_passed(minutes: int) -> None:
    ride = told(a_day([a_ride(person=FAR)], [a_van()]))["r-1"]
    now_ms = window(ride)[0] + minutes * MIN_MS
    taken = a_van(request="crisis", changed_ms=now_ms)
    here = a_van("v-2", lon=FAR.lon, lat=FAR.lat, position_ms=now_ms)
    now = told(a_day([ride], [taken, here], now_ms))["r-1"]
    assert (now.state, now.van) == (RideState.PLANNED, "v-2")


def test_the_plan_goes_on_without_a_ride_of_which_nobody_has_said_a_word() -> None:
    first = told(a_day([a_ride(shares=False)], [a_van()]))["r-1"]
    now_ms = window(first)[1] + MIN_MS
    other = a_ride("r-2", starts_ms=now_ms + 50 * MIN_MS, shares=False)
    now = told(a_day([first, other], [a_van()], now_ms))
    assert now["r-1"] == first
    assert now["r-2"].van == "v-1"


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(spots, st.sampled_from(Leg), st.floats(2, 6), st.booleans()),
        min_size=1,
        max_size=4,
    )
)
def test_a_day_driven_as_planned_with_silent_telephones_keeps_every_window(
    asked: list[tuple[Spot, Leg, float, bool]],
) -> None:
    rides = [
        a_ride(
            f"r-{n}",
            person=person,
            leg=leg,
            starts_ms=NOW_MS + round(hours * H_MS),
            ends_ms=NOW_MS + round((hours + 1) * H_MS),
            shares=shares,
        )
        for n, (person, leg, hours, shares) in enumerate(asked)
    ]
    vans = [a_van("v-1"), a_van("v-2", base_lon=CLINIC.lon)]
    now = told(a_day(rides, vans))
    first = {ride.id: (ride.van, ride.told) for ride in now.values() if ride.told}
    for minute in range(0, 10 * 60, 5):
        now_ms = NOW_MS + minute * MIN_MS
        driven = [_driven(ride, now_ms) for ride in now.values()]
        open_ = [ride for ride in driven if ride.ended_ms is None]
        laden = {ride.van for ride in open_ if ride.state is RideState.ABOARD}
        then = [_busy(van) if van.id in laden else van for van in vans]
        now = told(a_day(open_, then, now_ms))
        for ride in now.values():
            if ride.state is RideState.PLANNED and ride.id in first:
                assert (ride.van, ride.told) == first[ride.id]


def _driven(ride: Ride, now_ms: int) -> Ride:
    """The ride as it stands when it is driven as planned until now."""
    plan, board_ms = ride.planned, round(POLICY.board_s * 1000)
    if plan is None:
        return ride
    if ride.state is RideState.PLANNED and plan.pick_up_ms + board_ms <= now_ms:
        return boarded(ride, plan.van, plan.pick_up_ms + board_ms)
    is_over = ride.state is RideState.ABOARD and plan.drop_off_ms <= now_ms
    return alighted(ride, now_ms) if is_over else ride


def _busy(van: Van) -> Van:
    return a_van(van.id, base_lon=van.base_lon, status=UnitStatus.TRANSPORTING)
