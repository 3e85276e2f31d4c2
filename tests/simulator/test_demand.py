"""Demand has the rates that the parameters state; each test has one fixed seed."""

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from scipy import stats

from dispatch.words import Need, Tier
from simulator.demand import Call, Caller
from simulator.disturbances import MassEvent, bad_roads, mass_events
from simulator.happenings import caller_of, happenings, settlement_of
from simulator.streams import Streams
from tests.simulator.lab import PARAMETERS, region

ZONE = ZoneInfo("America/Denver")
START_MS = int(datetime(2026, 1, 5, tzinfo=ZONE).timestamp() * 1000)
DAY_MS = 86_400_000
WEEKS = 4
LEAST_P = 0.001


def caller(seed: int = 11, rate: float = 1.0) -> Caller:
    return caller_of(region(), PARAMETERS, Streams(seed), rate)


@pytest.fixture(scope="module")
def month() -> list[Call]:
    return caller().calls(START_MS, START_MS + WEEKS * 7 * DAY_MS)


def local(call: Call) -> datetime:
    return datetime.fromtimestamp(call.at_ms / 1000, UTC).astimezone(ZONE)


def chi_square(found: list[int], expected: list[float]) -> float:
    """p of the counts under Poisson with these means (the total is not fixed)."""
    seen, wanted = np.array(found, dtype=float), np.array(expected)
    value = float(((seen - wanted) ** 2 / wanted).sum())
    return float(stats.chi2.sf(value, len(found)))


@pytest.mark.parametrize("tier", list(Tier))
def test_every_hour_of_the_day_has_its_rate(month: list[Call], tier: Tier) -> None:
    counts = Counter(local(call).hour for call in month if call.tier is tier)
    hours = range(START_MS, START_MS + 7 * DAY_MS, 3_600_000)
    expected = dict.fromkeys(range(24), 0.0)
    for hour_ms in hours:
        at = datetime.fromtimestamp(hour_ms / 1000, UTC).astimezone(ZONE).hour
        expected[at] += WEEKS * 3600 * caller().per_s(tier, hour_ms)
    assert chi_square([counts[h] for h in range(24)], list(expected.values())) > LEAST_P


def test_every_weekday_has_its_rate(month: list[Call]) -> None:
    counts = Counter(local(call).weekday() for call in month)
    daily = PARAMETERS.demand.per_100k_a_day * settlement_of(region()).people.sum() / 100_000
    expected = [WEEKS * daily * factor for factor in PARAMETERS.demand.by_weekday]
    assert chi_square([counts[d] for d in range(7)], expected) > LEAST_P


def test_tiers_and_places_follow_their_shares(month: list[Call]) -> None:
    tiers, needs = Counter(call.tier for call in month), Counter(call.need for call in month)
    by_tier = [PARAMETERS.tier[tier].share * len(month) for tier in Tier]
    assert stats.chisquare([tiers[tier] for tier in Tier], by_tier).pvalue > LEAST_P
    shares = [getattr(PARAMETERS.place, need.value) * len(month) for need in Need]
    assert stats.chisquare([needs[need] for need in Need], shares).pvalue > LEAST_P


def test_zones_call_as_often_as_people_live_there(month: list[Call]) -> None:
    where = settlement_of(region())
    home = region().authorities.locate(where.points)
    people: Counter[str] = Counter()
    for zone, weight in zip(home, where.weights, strict=True):
        people[str(zone)] += weight
    found = Counter(call.zone for call in month)
    large = [zone for zone, share in people.items() if share * len(month) > 50]
    share = sum(people[zone] for zone in large)
    inside = sum(found[zone] for zone in large)
    # Scattering moves a few across a border: a tolerance beside the chance.
    for zone in large:
        assert found[zone] == pytest.approx(people[zone] / share * inside, rel=0.25)


def test_the_rate_multiplies_demand() -> None:
    day = (START_MS, START_MS + 7 * DAY_MS)
    once, twice = len(caller().calls(*day)), len(caller(rate=2).calls(*day))
    assert twice / once == pytest.approx(2, rel=0.1)


def test_calls_are_in_the_order_of_time_inside_the_region_with_ids_of_their_own() -> None:
    calls = caller().calls(START_MS, START_MS + 3 * DAY_MS)
    assert [call.at_ms for call in calls] == sorted(call.at_ms for call in calls)
    assert len({call.id for call in calls}) == len(calls)
    assert region().contains(np.array([(call.lon, call.lat) for call in calls])).all()


def test_a_mass_event_brings_its_people_to_its_place() -> None:
    event = MassEvent("m", START_MS + 3_600_000, -111.89, 40.76)
    quiet = caller(rate=0.0).calls(START_MS, START_MS + DAY_MS, [event])
    assert quiet
    part = PARAMETERS.mass_event
    for call in quiet:
        assert 0 <= call.at_ms - event.at_ms <= part.within_min * 60_000
        assert abs(call.lon - event.lon) <= part.scatter_deg
        assert call.at_mass_event


def test_storms_slow_and_closed_roads_close_at_about_their_rate() -> None:
    corridors = [corridor.at for corridor in region().corridors]
    towns = settlement_of(region()).points
    days = 400
    bounds = region().bounds
    times = (START_MS, START_MS + days * DAY_MS)
    found = bad_roads(Streams(5), PARAMETERS, towns, corridors, bounds, *times)
    storms = [one for one in found if one.reason == "weather"]
    closed = [one for one in found if one.reason == "crash"]
    assert len(storms) / days == pytest.approx(PARAMETERS.storm.a_day, rel=0.25)
    assert len(closed) / days == pytest.approx(PARAMETERS.closed_road.a_day, rel=0.25)
    assert all(1 < one.closure.slowdown < 10 for one in storms)
    assert all(np.isinf(one.closure.slowdown) for one in closed)
    assert all(one.from_ms < one.until_ms for one in found)
    west, south, east, north = bounds
    for one in found:
        left, low, right, high = one.closure.area.bounds
        assert west <= left < right <= east
        assert south <= low < high <= north
    assert len({one.closure.id for one in found}) == len(found)


def test_mass_events_come_at_about_their_rate() -> None:
    where = settlement_of(region())
    end_ms = START_MS + 500 * DAY_MS
    events = mass_events(Streams(5), PARAMETERS, where.points, where.weights, START_MS, end_ms)
    assert len(events) / 500 == pytest.approx(PARAMETERS.mass_event.a_day, rel=0.3)


def test_the_same_seed_gives_the_same_happenings_and_another_seed_others() -> None:
    times = (START_MS, START_MS + DAY_MS)
    first = happenings(region(), PARAMETERS, Streams(3), 1.0, *times)
    assert first.calls == happenings(region(), PARAMETERS, Streams(3), 1.0, *times).calls
    assert first.calls != happenings(region(), PARAMETERS, Streams(4), 1.0, *times).calls
