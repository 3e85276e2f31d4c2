"""Routers over HTTP that misbehave: whatever comes, an answer is labelled and soon there."""

import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.chain import TRIP_AFTER, Chain
from geo.osrm import Osrm
from geo.points import positions
from geo.travel import EngineFailed, TravelTimes
from geo.valhalla import Valhalla
from tests.geo.unruly import MOODS, Unruly, unruly_server

WITHIN_S = 0.3
HERE = positions([(24.94, 60.17), (24.95, 60.16), (24.96, 60.18)])
THERE = positions([(24.93, 60.17), (24.92, 60.15)])
BAD = [mood for mood in MOODS if mood != "well"]
ENGINES = [Osrm, Valhalla]


@pytest.fixture(scope="module")
def unruly() -> Iterator[Unruly]:
    with unruly_server() as told:
        yield told


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, unruly: Unruly) -> Iterator[TravelTimes]:
    with httpx.Client(base_url=unruly.url) as client:
        yield request.param(client, within_s=WITHIN_S)


def test_a_good_answer_is_taken(engine: TravelTimes, unruly: Unruly) -> None:
    unruly.mood = "well"
    answer = engine.matrix(HERE, THERE)
    assert answer.seconds.tolist() == [[60.0, 60.0]] * 3
    assert answer.quality == "road"


@pytest.mark.parametrize("mood", BAD)
def test_a_bad_answer_is_a_failed_engine_and_soon(
    engine: TravelTimes, unruly: Unruly, mood: str
) -> None:
    unruly.mood = mood
    began_s = time.monotonic()
    with pytest.raises(EngineFailed) as failure:
        engine.matrix(HERE, THERE)
    assert time.monotonic() - began_s < WITHIN_S + 2
    assert "24.9" not in str(failure.value)


def test_a_server_that_is_not_there_is_a_failed_engine() -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as client, pytest.raises(EngineFailed):
        Osrm(client).matrix(HERE, THERE)


def test_a_large_table_is_asked_in_parts(unruly: Unruly) -> None:
    unruly.mood, unruly.asked = "well", 0
    with httpx.Client(base_url=unruly.url) as client:
        answer = Osrm(client, most=2, within_s=10).matrix(HERE, HERE)
    assert (answer.seconds.shape, unruly.asked) == ((3, 3), 4)


@pytest.mark.parametrize("kind", ENGINES)
def test_an_empty_matrix_asks_nobody(kind: type[Osrm | Valhalla], unruly: Unruly) -> None:
    unruly.asked = 0
    with httpx.Client(base_url=unruly.url) as client:
        assert kind(client).matrix(HERE, positions([])).seconds.shape == (3, 0)
    assert unruly.asked == 0


class Clock:
    """Seconds that pass when told."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


QUICK = [mood for mood in MOODS if mood not in ("silent", "dripping")]


@given(
    st.sampled_from(ENGINES),
    st.lists(st.tuples(st.sampled_from(QUICK), st.sampled_from([0.0, 1.0, 40.0])), max_size=12),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_server_does_the_chain_answers_with_a_label_and_spares_a_broken_one(
    kind: type[Osrm | Valhalla], story: list[tuple[str, float]]
) -> None:
    clock = Clock()
    with unruly_server() as told, closing(httpx.Client(base_url=told.url)) as client:
        chain = Chain([kind(client, within_s=5)], clock=clock, rest_s=30)
        failures, rests_until_s = 0, 0.0
        for mood, passes_s in story:
            clock.now_s += passes_s
            told.mood, before = mood, told.asked
            answer = chain.matrix(HERE, THERE)
            rests = failures >= TRIP_AFTER and clock.now_s < rests_until_s
            assert (told.asked == before) is rests
            good = mood == "well" and not rests
            assert answer.quality == ("road" if good else "estimate")
            assert np.isfinite(answer.seconds).all()
            if not rests:
                failures = 0 if good else failures + 1
                rests_until_s = clock.now_s + 30 if failures >= TRIP_AFTER else 0.0
