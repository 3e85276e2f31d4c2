"""What a crew does next, state by state."""

from typing import Any

import pytest

from dispatch.words import CrewAnswer, FacilityAnswer, Need, State
from simulator.cases import Case
from simulator.crews import DriveTo, Scene, Wait, next_of
from simulator.fates import CrewMind, Fates
from simulator.streams import Streams
from tests.simulator.lab import PARAMETERS, pool

FATES = Fates(Streams(1), PARAMETERS)
MIND = CrewMind(acknowledge_s=30, turn_out_s=90, clear_s=300, declines=None)
THERE = Scene(assessed=True, van_is_there=True, at_place=True)


def case(state: State, **more: Any) -> Case:
    given: dict[str, Any] = {
        "id": "r",
        "state": state,
        "team": "t",
        "van": None,
        "pool": "p",
        "slot": None,
        "need": Need.NEEDED,
        "place_claimed": True,
        "crew_answer": CrewAnswer.ASKED,
        "facility_answer": FacilityAnswer.ACCEPTED,
    }
    return Case(**(given | more))


def next_deed(wanted: Case, scene: Scene = THERE, mind: CrewMind = MIND) -> Any:
    return next_of(wanted, FATES.of("r", wanted.need), mind, scene)


def test_a_crew_acknowledges_sets_off_and_drives_to_the_person() -> None:
    assert next_deed(case(State.ACCEPTED)) == Wait(30, "acknowledge")
    assert next_deed(case(State.ACKNOWLEDGED)) == Wait(90, "en_route")
    assert next_deed(case(State.EN_ROUTE)) == DriveTo("scene", "on_scene")


def test_a_crew_may_decline() -> None:
    no = CrewMind(30, 90, 300, declines="vehicle_problem")
    assert next_deed(case(State.ACCEPTED), mind=no) == Wait(30, "decline")


def test_a_visit_begins_with_an_assessment() -> None:
    arrived = Scene(assessed=False, van_is_there=True, at_place=False)
    found = next_deed(case(State.ON_SCENE), arrived)
    assert found == Wait(FATES.of("r", Need.NEEDED).on_scene_s, "assess")


def test_without_a_need_the_visit_ends_on_scene() -> None:
    found = next_deed(case(State.ON_SCENE, need=Need.NONE, place_claimed=False, pool=None))
    assert found == Wait(0, "resolve")


@pytest.mark.parametrize(
    "missing",
    [
        {"facility_answer": FacilityAnswer.ASKED},
        {"facility_answer": FacilityAnswer.DECLINED},
        {"place_claimed": False},
    ],
)
def test_nobody_leaves_with_a_person_before_the_facility_has_accepted(
    missing: dict[str, Any],
) -> None:
    assert next_deed(case(State.ON_SCENE, **missing)) is None


def test_a_crew_waits_for_the_van_that_comes_for_the_person() -> None:
    waiting = Scene(assessed=True, van_is_there=False, at_place=False)
    assert next_deed(case(State.ON_SCENE, van="v"), waiting) is None


def test_a_possible_place_that_is_needed_is_asked_for() -> None:
    fates = {f"r-{n}": FATES.of(f"r-{n}", Need.POSSIBLE) for n in range(40)}
    found = {
        name: next_of(
            case(State.ON_SCENE, id=name, need=Need.POSSIBLE, place_claimed=False),
            fate,
            MIND,
            THERE,
        )
        for name, fate in fates.items()
    }
    for name, fate in fates.items():
        then = "ask_place" if fate.needs_place else "resolve"
        assert found[name] == Wait(0, then)
    assert len({fate.needs_place for fate in fates.values()}) == 2


def test_the_ride_ends_at_the_place_with_a_hand_over() -> None:
    assert next_deed(case(State.TRANSPORTING)) == DriveTo("place", "arrived")
    seconds = FATES.of("r", Need.NEEDED).hand_over_s
    assert next_deed(case(State.ARRIVED)) == Wait(seconds, "handed_over")


def test_a_place_that_is_lost_on_arrival_is_left_for_the_next() -> None:
    elsewhere = Scene(assessed=True, van_is_there=True, at_place=False)
    assert next_deed(case(State.ARRIVED), elsewhere) == Wait(0, "transporting")
    assert next_deed(case(State.ARRIVED, place_claimed=False), elsewhere) is None


@pytest.mark.parametrize("state", [State.REQUESTED, State.HANDED_OVER, State.CANCELLED])
def test_without_a_task_there_is_nothing_to_do(state: State) -> None:
    assert next_deed(case(state)) is None


def test_a_fate_belongs_to_the_request_and_an_answer_to_whom_it_is_asked() -> None:
    assert FATES.of("r", Need.NEEDED) == Fates(Streams(1), PARAMETERS).of("r", Need.NEEDED)
    assert FATES.crew("r", "t-1") != FATES.crew("r", "t-2")
    assert FATES.facility("r", pool(0), 600) != FATES.facility("r", pool(1), 600)


def test_facilities_decline_and_answer_late_at_about_their_shares() -> None:
    part, clock_s = PARAMETERS.facility, 600.0
    minds = [FATES.facility(f"r-{n}", pool(n), clock_s) for n in range(3000)]
    declines = [mind.declines for mind in minds if mind.declines]
    assert len(declines) / len(minds) == pytest.approx(part.declines, rel=0.25)
    assert set(declines) <= set(part.decline_reasons)
    late = [mind for mind in minds if mind.answer_s > clock_s]
    assert len(late) / len(minds) > part.answers_late
    assert max(mind.answer_s for mind in minds) <= clock_s + part.phone_min * 60
