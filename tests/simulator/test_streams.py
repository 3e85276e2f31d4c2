"""Randomness by purpose."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from simulator.streams import Streams


def test_a_purpose_begins_anew_with_the_same_numbers() -> None:
    streams = Streams(7)
    first = streams.of("demand", "high")
    first.random(10)
    assert streams.of("demand", "high").random() == Streams(7).of("demand", "high").random()


def test_seeds_purposes_and_names_give_different_numbers() -> None:
    drawn = {
        Streams(seed).of(purpose, name).random()
        for seed in (1, 2)
        for purpose in ("fate", "crew")
        for name in ("a", "b", "ab")
    }
    assert len(drawn) == 12


def test_names_are_not_run_together() -> None:
    assert Streams(1).of("x", "ab", "c").random() != Streams(1).of("x", "a", "bc").random()


@given(st.integers(0, 2**48 - 1), st.text(max_size=5))
def test_ids_are_uuids_of_version_7_that_carry_their_time(at_ms: int, name: str) -> None:
    made = UUID(Streams(3).id(at_ms, "request", name))
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == at_ms
