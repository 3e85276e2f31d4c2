from dataclasses import dataclass, field

import numpy as np
import pytest

from geo.chain import Chain
from geo.points import BadPosition, Positions, positions
from geo.travel import EngineFailed, TravelMatrix

HERE = positions([(-111.9, 40.7)])
THERE = positions([(-111.8, 40.6), (-111.7, 40.2)])


@dataclass
class Clock:
    now_s: float = 100.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Engine:
    """A road engine that answers `seconds` everywhere, or is down."""

    name: str
    seconds: float = 60.0
    down: bool = False
    asked: int = field(default=0)

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        self.asked += 1
        if self.down:
            raise EngineFailed(self.name)
        shape = (len(positions(origins)), len(positions(destinations)))
        return TravelMatrix(np.full(shape, self.seconds), self.name, "road", "1")


def test_the_first_engine_answers_and_the_second_is_not_asked() -> None:
    first, second = Engine("first"), Engine("second")
    assert Chain([first, second], clock=Clock()).matrix(HERE, THERE).engine == "first"
    assert second.asked == 0


def test_a_failed_engine_is_replaced_for_the_whole_matrix() -> None:
    answer = Chain([Engine("a", down=True), Engine("b")], clock=Clock()).matrix(HERE, THERE)
    assert (answer.engine, answer.quality) == ("b", "road")
    assert answer.seconds.shape == (1, 2)


def test_the_last_resort_is_labelled_an_estimate() -> None:
    answer = Chain([Engine("a", down=True)], clock=Clock()).matrix(HERE, THERE)
    assert answer.quality == "estimate"
    assert np.isfinite(answer.seconds).all()


def test_unreachable_is_an_answer_and_not_replaced_by_a_guess() -> None:
    answer = Chain([Engine("a", seconds=np.nan)], clock=Clock()).matrix(HERE, THERE)
    assert (answer.engine, answer.quality) == ("a", "road")
    assert np.isnan(answer.seconds).all()


def test_the_breaker_rests_a_broken_engine_and_tries_it_again_once() -> None:
    clock, engine = Clock(), Engine("a", down=True)
    chain = Chain([engine], clock=clock, trip_after=3, rest_s=30)
    for _ in range(10):
        chain.matrix(HERE, THERE)
    assert engine.asked == 3
    clock.now_s += 30
    chain.matrix(HERE, THERE)
    chain.matrix(HERE, THERE)
    assert engine.asked == 4


def test_an_engine_that_recovered_is_used_again() -> None:
    clock, engine = Clock(), Engine("a", down=True)
    chain = Chain([engine], clock=clock, trip_after=1, rest_s=30)
    assert chain.matrix(HERE, THERE).quality == "estimate"
    engine.down = False
    assert chain.matrix(HERE, THERE).quality == "estimate"
    clock.now_s += 30
    assert chain.matrix(HERE, THERE).engine == "a"
    assert chain.matrix(HERE, THERE).engine == "a"


def test_only_failures_in_a_row_trip_the_breaker() -> None:
    engine = Engine("a")
    chain = Chain([engine], clock=Clock(), trip_after=2)
    for _ in range(5):
        engine.down = not engine.down
        chain.matrix(HERE, THERE)
    assert engine.asked == 5


def test_a_bad_position_is_the_callers_fault_and_trips_nothing() -> None:
    engine = Engine("a")
    chain = Chain([engine], clock=Clock(), trip_after=1)
    with pytest.raises(BadPosition):
        chain.matrix(np.array([[np.nan, 0.0]]), THERE)
    assert chain.matrix(HERE, THERE).engine == "a"
