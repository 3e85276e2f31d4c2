"""A day of scheduled rides is planned: what was told is kept, what cannot be is told with why."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import Refused, WrongState
from dispatch.rides.loop import changed, planned
from dispatch.rides.question import Day, question
from dispatch.rides.ride import Lacking, Leg, Ride, RideState, Spot, absent, boarded, is_missed
from geo.estimate import Estimate
from geo.points import Positions
from geo.travel import TravelMatrix, TravelTimes
from registry.states import UnitStatus, Van
from tests.dispatch.rides.builders import CLINIC, H_MS, MIN_MS, NOW_MS, PERSON, a_day, a_ride, a_van


def told(day: Day, iterations: int = 0, travel: TravelTimes | None = None) -> dict[str, Ride]:
    """The day's rides after a plan was told."""
    asked, plan = planned(day, travel or Estimate(), iterations)
    after = {ride.id: ride for ride in day.rides}
    return after | {now.id: now for _, now in changed(asked, plan)}


def again(day: Day, vans: list[Van], later_ms: int = MIN_MS) -> dict[str, Ride]:
    """Told, and told again a little later with these vans."""
    return told(a_day(list(told(day).values()), vans, day.now_ms + later_ms))


def test_a_ride_to_an_appointment_gets_a_van_and_a_window_and_is_there_in_time() -> None:
    ride = told(a_day([a_ride()], [a_van()]))["r-1"]
    assert ride.state is RideState.PLANNED
    assert ride.van == "v-1"
    assert ride.planned is not None
    assert ride.told is not None
    assert ride.starts_ms - 45 * MIN_MS <= ride.planned.drop_off_ms <= ride.starts_ms - 5 * MIN_MS
    assert ride.told[0] <= ride.planned.pick_up_ms <= ride.told[1]
    assert ride.told[1] - ride.told[0] == 20 * MIN_MS


def test_the_ride_home_begins_when_the_appointment_ends() -> None:
    home = told(a_day([a_ride(leg=Leg.HOME)], [a_van()]))["r-1"]
    assert home.planned is not None
    assert home.planned.pick_up_ms == home.ends_ms


def test_a_plan_that_says_nothing_new_tells_nothing() -> None:
    first = told(a_day([a_ride()], [a_van()]))
    second = told(a_day(list(first.values()), [a_van()], NOW_MS + MIN_MS))
    assert second == first


@pytest.mark.parametrize(
    ("ride", "vans", "why"),
    [
        (a_ride(needs=("wheelchair",)), [a_van()], Lacking("lacks", 1)),
        (
            a_ride(needs=("asked of no van",)),
            [a_van(offers=("asked of no van",))],
            Lacking("lacks", 1),
        ),
        (a_ride(seats=5), [a_van()], Lacking("seats", 1)),
        (a_ride(), [a_van(shift_end_ms=NOW_MS + H_MS)], Lacking("hours", 1)),
        (a_ride(), [a_van(status=UnitStatus.OUT_OF_SERVICE)], Lacking("no_van", 0)),
        (a_ride(starts_ms=NOW_MS + 72 * H_MS), [a_van()], Lacking("later", 0)),
    ],
)
def test_whoever_cannot_be_carried_is_told_why(ride: Ride, vans: list[Van], why: Lacking) -> None:
    left = told(a_day([ride], vans))["r-1"]
    assert (left.state, left.lacking, left.told) == (RideState.ASKED, (why,), None)


def test_a_crisis_request_takes_the_van_and_the_ride_goes_by_another_one() -> None:
    vans = [a_van("v-1"), a_van("v-2", base_lon=-112.3)]
    first = told(a_day([a_ride()], vans))["r-1"]
    assert first.van == "v-1"
    then_ms = first.starts_ms - 70 * MIN_MS
    taken = a_van("v-1", request="crisis", changed_ms=then_ms)
    now = told(a_day([first], [taken, vans[1]], then_ms))["r-1"]
    assert now.van == "v-2"
    assert now.was == first.planned


def test_whoever_loses_the_only_van_is_told_so_with_what_was() -> None:
    first = told(a_day([a_ride()], [a_van()]))["r-1"]
    gone = again(a_day([a_ride()], [a_van()]), [a_van(status=UnitStatus.OUT_OF_SERVICE)])["r-1"]
    assert (gone.state, gone.van, gone.told) == (RideState.ASKED, None, None)
    assert gone.was == first.planned


def test_whoever_is_aboard_stays_aboard_though_the_shift_ends() -> None:
    first = told(a_day([a_ride()], [a_van()]))["r-1"]
    aboard = boarded(first, "v-1", NOW_MS)
    ending = a_van(shift_end_ms=NOW_MS + MIN_MS, status=UnitStatus.TRANSPORTING)
    now = told(a_day([aboard], [ending, a_van("v-2")], NOW_MS + 2 * MIN_MS))["r-1"]
    assert (now.state, now.van) == (RideState.ABOARD, "v-1")


class Closed:
    """Roads of which none leads to one place."""

    def __init__(self, place: Spot) -> None:
        self._place = place.lon, place.lat

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        whole = Estimate().matrix(origins, destinations)
        shut = (destinations == self._place).all(axis=1) & (origins[:, None] != self._place).any(2)
        return replace(whole, seconds=np.where(shut, np.nan, whole.seconds))


def test_a_road_that_is_closed_to_somebody_aboard_keeps_nobody_else_from_being_planned() -> None:
    far = Spot(-111.9, 41.25)
    first = told(a_day([a_ride(care=far)], [a_van()]))["r-1"]
    aboard = boarded(first, "v-1", NOW_MS)
    vans = [a_van(status=UnitStatus.TRANSPORTING), a_van("v-2")]
    now = told(a_day([aboard, a_ride("r-2")], vans, NOW_MS + MIN_MS), travel=Closed(far))
    assert (now["r-1"].state, now["r-1"].van) == (RideState.ABOARD, "v-1")
    assert (now["r-2"].state, now["r-2"].van) == (RideState.PLANNED, "v-2")


def test_no_ride_may_be_longer_because_its_direct_way_is_closed() -> None:
    day = a_day([a_ride()], [a_van()])
    (ride,) = question(day, Closed(CLINIC)).problem.rides
    assert ride.most_ride_s == day.policy.detour_s


def test_two_who_agreed_share_a_van_and_two_who_did_not_never_do() -> None:
    for shares in (True, False):
        rides = [a_ride("r-1", shares=shares), a_ride("r-2", shares=shares)]
        both = told(a_day(rides, [a_van()]), 300).values()
        spans = sorted(span(ride) for ride in both if ride.planned)
        assert len(spans) == 2
        apart = spans[0][1] <= spans[1][0]
        assert apart is not shares


def span(ride: Ride) -> tuple[int, int]:
    plan = ride.planned
    assert plan is not None
    return plan.pick_up_ms, plan.drop_off_ms


spots = st.builds(Spot, st.floats(-112.2, -111.8), st.floats(41.0, 41.4))
rides_of_a_day = st.lists(
    st.builds(
        lambda leg, hours, person, seats, shares: {
            "leg": leg,
            "starts_ms": NOW_MS + round(hours * H_MS),
            "ends_ms": NOW_MS + round((hours + 1) * H_MS),
            "person": person,
            "seats": seats,
            "shares": shares,
        },
        st.sampled_from(Leg),
        st.floats(0.5, 8),
        spots,
        st.integers(1, 3),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None)
@given(rides_of_a_day, st.integers(0, 8 * 60), st.data())
def test_whatever_a_crisis_takes_no_van_is_given_twice_and_nobody_aboard_is_moved(
    asked: list[dict[str, object]], later_min: int, data: st.DataObject
) -> None:
    vans = [a_van("v-1"), a_van("v-2", base_lon=-111.9, seats=2)]
    day = a_day([a_ride(f"r-{n}", **changes) for n, changes in enumerate(asked)], vans)
    first = told(day)
    now_ms = NOW_MS + later_min * MIN_MS
    driven = [
        one for one in (begun(ride, now_ms) for ride in first.values()) if one.ended_ms is None
    ]
    laden = {ride.van for ride in driven if ride.state is RideState.ABOARD}
    free = sorted({van.id for van in vans} - laden)
    taken = data.draw(st.sets(st.sampled_from(free))) if free else set()
    then = [
        a_van(
            van.id,
            base_lon=van.base_lon,
            seats=van.seats,
            request="crisis" if van.id in taken else None,
            status=UnitStatus.TRANSPORTING if van.id in laden else UnitStatus.AVAILABLE,
            changed_ms=now_ms,
        )
        for van in vans
    ]
    now = told(a_day(driven, then, now_ms))
    for ride in driven:
        if ride.state is RideState.ABOARD:
            assert now[ride.id].van == ride.van
    for van in taken:
        mine = [ride for ride in now.values() if ride.van == van]
        assert all(one.planned.pick_up_ms >= now_ms + 120 * MIN_MS for one in mine if one.planned)
    for van in then:
        carried = [one for one in now.values() if one.van == van.id and one.planned]
        assert most_aboard(carried) <= van.seats
        alone = [one for one in carried if not one.shares]
        for one in alone:
            others = [other for other in carried if other.id != one.id]
            assert not any(overlap(span(one), span(other)) for other in others)


def begun(ride: Ride, now_ms: int) -> Ride:
    """The ride as it stands when it is driven as planned until now."""
    plan = ride.planned
    if plan is None or plan.pick_up_ms > now_ms:
        return ride
    aboard = boarded(ride, plan.van, plan.pick_up_ms)
    done = plan.drop_off_ms <= now_ms
    return replace(aboard, state=RideState.DONE, ended_ms=now_ms) if done else aboard


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def most_aboard(rides: list[Ride]) -> int:
    """The most seats that are taken at once."""
    spans = [(span(ride), ride.seats) for ride in rides]
    return max(
        (sum(seats for s, seats in spans if s[0] <= at < s[1]) for (at, _), _ in spans), default=0
    )


@given(st.integers(-60, 60))
def test_nobody_is_given_up_before_the_window_that_they_were_told(minutes: int) -> None:
    ride = told(a_day([a_ride()], [a_van()]))["r-1"]
    assert ride.told is not None
    at_ms = ride.told[0] + minutes * MIN_MS
    if minutes < 0:
        with pytest.raises(Refused):
            absent(ride, at_ms)
    else:
        assert absent(ride, at_ms).state is RideState.NO_SHOW


ST_GEORGE = Spot(-113.57, 37.1)


def test_no_van_of_another_corner_of_the_region_is_sent_for_a_ride_across_town() -> None:
    van = a_van(base_lon=ST_GEORGE.lon, base_lat=ST_GEORGE.lat, shift_end_ms=NOW_MS + 40 * H_MS)
    left = told(a_day([a_ride(starts_ms=NOW_MS + 20 * H_MS)], [van]))["r-1"]
    assert (left.state, left.lacking) == (RideState.ASKED, (Lacking("far", 1),))


@pytest.mark.parametrize("leg", list(Leg))
@pytest.mark.parametrize("base", [(CLINIC.lon, CLINIC.lat), (ST_GEORGE.lon, ST_GEORGE.lat)])
def test_who_lives_far_from_the_clinic_goes_by_a_van_from_either_end(
    base: tuple[float, float], leg: Leg
) -> None:
    appointment = {"starts_ms": NOW_MS + 12 * H_MS, "ends_ms": NOW_MS + 13 * H_MS}
    ride = a_ride(person=ST_GEORGE, leg=leg, **appointment)
    shift = {"shift_end_ms": NOW_MS + 30 * H_MS}
    van = a_van(base_lon=base[0], base_lat=base[1], **shift)
    assert told(a_day([ride], [van]))["r-1"].van == "v-1"


def test_what_was_told_is_kept_though_the_van_has_another_base_now() -> None:
    first = told(a_day([a_ride()], [a_van()]))["r-1"]
    moved = a_van(base_lon=ST_GEORGE.lon, base_lat=ST_GEORGE.lat, shift_end_ms=NOW_MS + 20 * H_MS)
    here = msgspec.structs.replace(moved, lon=PERSON.lon, lat=PERSON.lat, position_ms=NOW_MS)
    assert told(a_day([first], [here], NOW_MS + MIN_MS))["r-1"].told == first.told


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=5, unique=True))
def test_of_vans_that_could_the_one_with_the_least_driving_in_all_has_the_ride(
    south: list[float],
) -> None:
    vans = [
        a_van(f"v-{n}", base_lat=PERSON.lat + shift, shift_end_ms=NOW_MS + 20 * H_MS)
        for n, shift in enumerate(south)
    ]
    ride = a_ride(starts_ms=NOW_MS + 6 * H_MS)
    asked, plan = planned(a_day([ride], vans), Estimate(), 0)
    (one,) = asked.problem.rides
    drive_s = asked.problem.drive_s
    alone = {
        van.id: drive_s[van.start, one.origin] + drive_s[one.destination, van.base]
        for van in asked.problem.vans
    }
    assert alone[str(plan.van_of(ride.id))] <= min(alone.values()) + 2


@given(st.integers(0, 30 * MIN_MS), st.sampled_from(list(Leg)))
def test_a_window_in_whole_seconds_never_reaches_over_the_one_that_was_told(
    later_ms: int, leg: Leg
) -> None:
    day = a_day([a_ride(leg=leg)], [a_van()])
    ride = told(day)["r-1"]
    assert ride.told is not None
    now_ms = NOW_MS + later_ms
    (one,) = question(a_day([ride], [a_van()], now_ms), Estimate()).problem.rides
    first_ms, last_ms = (now_ms + 1000 * round(at_s) for at_s in one.pick_up_s)
    assert ride.told[0] <= first_ms <= last_ms <= ride.told[1]


def test_a_ride_home_is_not_given_up_before_the_window_that_was_told_for_it() -> None:
    late = {"shift_start_ms": NOW_MS + 6 * H_MS, "shift_end_ms": NOW_MS + 12 * H_MS}
    home = told(a_day([a_ride(leg=Leg.HOME)], [a_van(**late)]))["r-1"]
    assert home.told is not None
    assert home.told[1] > home.ends_ms + 2 * H_MS
    assert not is_missed(home, home.told[1], 0)
    assert is_missed(home, home.told[1] + 2 * H_MS, 0)


@pytest.mark.parametrize(("leg", "missed_h"), [(Leg.TO, 2), (Leg.HOME, 3)])
def test_a_ride_without_a_van_is_missed_only_when_none_can_be_planned_any_more(
    leg: Leg, missed_h: int
) -> None:
    never = a_ride(leg=leg)
    missed = [is_missed(never, never.ends_ms + h * H_MS, 3 * H_MS) for h in range(5)]
    assert missed.index(True) == missed_h
    assert is_missed(never, never.ends_ms + 2 * H_MS, H_MS)


def test_nobody_has_to_be_ready_to_ride_home_before_the_appointment_ends() -> None:
    home = told(a_day([a_ride(leg=Leg.HOME)], [a_van()]))["r-1"]
    assert home.told == (home.ends_ms, home.ends_ms + 15 * MIN_MS)


def test_who_is_aboard_is_not_too_early_to_be_absent_but_is_there() -> None:
    aboard = boarded(told(a_day([a_ride()], [a_van()]))["r-1"], "v-1", NOW_MS)
    with pytest.raises(WrongState):
        absent(aboard, NOW_MS)
