"""Who is left without by the published plan, and when that is written down."""

import msgspec
import pytest

from dispatch.planning.recommendation import Recommendation
from dispatch.request import Bundle, CrisisRequest, Needs
from dispatch.unserved import Advice, Episode, Ground, Plan, decode, lacks, turn
from dispatch.words import Need, State
from tests.dispatch.conftest import T0_MS, a_request

NEEDED = Needs(words=frozenset({"adult"}), place=Need.NEEDED)
NOBODY = Advice(None, None, None, [Ground("team", "taken", 1), Ground("team", "lacks", 3)])
SERVED = Advice("t-1", "p-1", None)


def lacking(request: CrisisRequest, advice: Advice) -> dict[tuple[str, str], str]:
    return lacks([request], Plan({request.id: advice}))


def test_a_waiting_request_lacks_what_it_needs_and_is_not_given() -> None:
    both = lacking(a_request(needs=NEEDED), NOBODY)
    assert both == {("r-1", "team"): "lacks", ("r-1", "place"): "none_exists"}
    assert lacking(a_request(needs=NEEDED), SERVED) == {}
    assert lacking(a_request(needs=NEEDED), Advice("t-1", None, "s-1")) == {}


def test_what_is_not_needed_is_not_lacking() -> None:
    assert lacking(a_request(needs=Needs(team=False)), NOBODY) == {}
    assert ("r-1", "place") not in lacking(a_request(), NOBODY)


def test_a_crew_with_its_person_may_still_lack_the_place() -> None:
    there = a_request(State.ON_SCENE, needs=NEEDED, held=Bundle(team="t-1"))
    assert lacking(there, NOBODY) == {("r-1", "place"): "none_exists"}
    promised = a_request(State.ON_SCENE, needs=NEEDED, held=Bundle(team="t-1", pool="p-1"))
    assert lacking(promised, NOBODY) == {}


def test_a_request_that_the_plan_does_not_know_yet_lacks_nothing() -> None:
    assert lacks([a_request(needs=NEEDED)], Plan({"another": NOBODY})) == {}


@pytest.mark.parametrize(
    ("after_s", "logged_ms", "too_long"), [(299, None, 0), (300, None, 1), (900, T0_MS, 0)]
)
def test_an_episode_is_written_down_once_and_not_before_its_time(
    after_s: int, logged_ms: int | None, too_long: int
) -> None:
    key = ("r-1", "team")
    known = {key: Episode(T0_MS, logged_ms)}
    assert len(turn({key: "taken"}, known, T0_MS + after_s * 1000, 300).too_long) == too_long


def test_an_episode_begins_with_the_lack_and_is_over_with_it() -> None:
    key = ("r-1", "team")
    assert turn({key: "taken"}, {}, T0_MS, 300).begun == {key}
    assert turn({}, {key: Episode(T0_MS, None)}, T0_MS, 300).over == {key}
    assert turn({key: "taken"}, {key: Episode(T0_MS, None)}, T0_MS, 300).empty


def test_what_is_read_of_a_plan_is_what_the_planner_writes() -> None:
    assert set(Advice.__struct_fields__) <= set(Recommendation.__struct_fields__)
    plan = {"version": 1, "recommendations": {"r-1": msgspec.to_builtins(NOBODY) | {"van": None}}}
    assert decode(msgspec.json.encode(plan)).recommendations["r-1"] == NOBODY
