"""The rides file: a day and an urgent trip in, checked timetables out, every mistake told."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.ridesfile import PlanFileError, rides_file, rides_file_schema, rides_text

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "rides" / "tuesday.json"

SMALL: dict[str, Any] = {
    "version": 1,
    "now": "2026-11-24T08:00:00Z",
    "places": {"home": None, "clinic": None, "depot": None},
    "travel": {
        "home": {"clinic": 600, "depot": 300},
        "clinic": {"home": 600, "depot": 300},
        "depot": {"home": 300, "clinic": 300},
    },
    "vans": [{"id": "V1", "base": "depot", "seats": 2, "offers": ["wheelchair"]}],
    "rides": [
        {"id": "R1", "from": "home", "to": "clinic", "drop_off_min": [55, 60], "shares": True}
    ],
    "iterations": 50,
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(SMALL)), **changes}


def plan(file: dict[str, Any]) -> dict[str, Any]:
    return rides_text(json.dumps(file))


def complaint(file: dict[str, Any]) -> str:
    with pytest.raises(PlanFileError) as refused:
        plan(file)
    return str(refused.value)


def ride(**fields: Any) -> dict[str, Any]:
    return {"id": "R2", "from": "home", "to": "clinic", **fields}


def test_the_documented_example_is_planned_and_re_planned_around_the_urgent_trip() -> None:
    answer = rides_file(EXAMPLE)
    assert answer["travel"] == "estimate"
    assert answer["left_out"] == {"fay": ["van-3, van-5: without secure"]}
    then = answer["urgent"]
    assert then["rides"]["urgent-1"]["van"] == "van-3"
    assert {change["ride"] for change in then["changed"]} == {"eli", "urgent-1"}
    first = [(stop["ride"], stop["deed"]) for stop in then["vans"]["van-3"]["stops"][:3]]
    assert first == [("ana", "drop_off"), ("ben", "drop_off"), ("urgent-1", "pick_up")]


def test_the_files_own_travel_times_decide() -> None:
    answer = plan(SMALL)
    # Ten minutes' drive and five minutes to board, at the clinic when it opens at 8:55.
    assert answer["rides"]["R1"] == {
        "van": "V1", "pick_up": "2026-11-24T08:40:00Z", "drop_off": "2026-11-24T08:55:00Z",
        "ride_min": 10.0,
    }  # fmt: skip
    assert answer["travel"] == "file"


def test_only_who_says_so_shares_a_van() -> None:
    together = changed(rides=[*SMALL["rides"], ride(drop_off_min=[55, 60], shares=True)])
    assert plan(together)["left_out"] == {}
    together["rides"][1]["shares"] = False
    assert list(plan(together)["left_out"].values()) == [
        ["V1: could, if others did not ride at that time"]
    ]


def test_a_crisis_ride_goes_before_a_scheduled_one() -> None:
    answer = plan(
        changed(urgent={"after_min": 38, "rides": [ride(crisis=True, pick_up_min=[0, 10])]})
    )
    assert answer["urgent"]["rides"]["R2"]["van"] == "V1"
    assert list(answer["urgent"]["left_out"]) == ["R1"]
    assert {c["ride"]: c["is"] for c in answer["urgent"]["changed"]}["R1"] is None


def test_who_is_aboard_is_brought_first() -> None:
    aboard = ride(aboard={"van": "V1", "since_min_ago": 5})
    file = changed(rides=[aboard], urgent={"rides": [ride(id="R3", crisis=True)]})
    stops = plan(file)["urgent"]["vans"]["V1"]["stops"]
    assert [stop["ride"] for stop in stops] == ["R2", "R3", "R3"]


def without_way_to_clinic() -> dict[str, dict[str, int]]:
    travel: dict[str, dict[str, int]] = json.loads(json.dumps(SMALL["travel"]))
    return {
        origin: {to: s for to, s in row.items() if to != "clinic"} for origin, row in travel.items()
    }


def test_a_van_without_a_way_to_its_base_is_not_told_to_be_late() -> None:
    vans = [{**SMALL["vans"][0], "at": "home"}]
    answer = plan(changed(vans=vans, travel={**SMALL["travel"], "home": {"clinic": 600}}))
    assert answer["left_out"] == {"R1": ["V1: no road leads there, or none back to the base"]}


def test_a_moment_is_written_out_and_no_number() -> None:
    assert "now: must be a moment with its time zone" in complaint(changed(now=0))


@pytest.mark.parametrize(
    "travel",
    [without_way_to_clinic(), {**SMALL["travel"], "clinic": {}}],
    ids=["there", "home from there"],
)
def test_whom_no_road_brings_to_the_end_is_told_and_the_others_are_planned(travel: Any) -> None:
    vans = [SMALL["vans"][0], {**SMALL["vans"][0], "id": "V2"}]
    rides = [ride(aboard={"van": "V1"}), ride(id="R3", to="depot")]
    answer = plan(changed(travel=travel, vans=vans, rides=rides))
    assert answer["left_out"] == {
        "R2": [
            "V2: the ride may only go by another van",
            "V1: no road leads there, or none back to the base",
        ]
    }
    assert answer["rides"]["R3"]["van"] == "V2"


@pytest.mark.parametrize("ways", [{}, {"home": 0}], ids=["not in travel", "in travel"])
def test_a_ride_back_to_where_it_began_is_no_longer_than_the_default(ways: dict[str, int]) -> None:
    travel = {**SMALL["travel"], "home": {**SMALL["travel"]["home"], **ways}}
    tour = ride(to="home", pick_up_min=[0, 10], drop_off_min=[150, 400])
    assert plan(changed(travel=travel, rides=[tour]))["left_out"] == {
        "R2": ["V1: the ride's own windows and its longest ride contradict each other"]
    }


def test_a_ride_without_a_direct_way_is_told_so_and_not_longer_than_the_default() -> None:
    travel = {**SMALL["travel"], "home": {"depot": 3000}, "depot": {"clinic": 3000, "home": 300}}
    past = ride(id="past", to="depot", shares=True, pick_up_min=[0, 10], drop_off_min=[0, 90])
    on = ride(id="on", **{"from": "depot"}, shares=True, pick_up_min=[0, 90])
    answer = plan(changed(travel=travel, rides=[past, on, ride(shares=True)]))
    assert answer["left_out"] == {"R2": ["V1: there is no way from home to clinic"]}


def test_a_drivers_overtime_for_somebody_aboard_is_told() -> None:
    van = {**SMALL["vans"][0], "shift_ends_in_min": 3}
    answer = plan(changed(vans=[van], rides=[ride(aboard={"van": "V1"})]))
    assert answer["overtime"] == {"V1": "2026-11-24T08:12:00Z"}
    assert answer["vans"]["V1"]["home"] == answer["overtime"]["V1"]
    assert plan(SMALL)["overtime"] == {}


def test_a_ride_without_any_van_is_told_so() -> None:
    assert plan(changed(vans=[]))["left_out"] == {"R1": ["there is no van"]}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"pick_up_min": [20, 30], "drop_off_min": [0, 34]}, "contradict each other"),
        ({"pick_up_min": [0, 10], "drop_off_min": [60, 90]}, "contradict each other"),
        ({"pick_up_min": [0, 4], "drop_off_min": [0, 90]}, "not in time within the shift"),
    ],
)
def test_windows_that_no_van_could_keep_are_told_as_such(fields: Any, told: str) -> None:
    (why,) = plan(changed(rides=[ride(**fields)]))["left_out"]["R2"]
    assert told in why


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (changed(now="2026-11-24T08:00:00"), "now: must name its time zone"),
        (changed(now="9999-12-31T23:59:00Z"), "now: must be in the years 1900 to 8999"),
        (changed(now="0001-01-01T00:00:00+14:00"), "now: must be in the years"),
        (changed(insurance="none"), "insurance"),
        (changed(rides=[ride(to="nowhere")]), "ride R2: to: unknown place nowhere"),
        (changed(rides=[ride(), ride()]), "the id R2 appears twice"),
        (changed(rides=[ride(van="V9")]), "unknown van V9"),
        (changed(rides=[ride(needs=["wings"])]), "'wings' is not a word of needs"),
        (changed(rides=[ride(needs=["adult"])]), "adult is nothing that a van has"),
        (changed(rides=[ride(crisis=True, shares=True)]), "a crisis ride is exclusive"),
        (changed(rides=[ride(pick_up_min=[9, 3])]), "pick_up_min: ends before it begins"),
        (changed(urgent={"rides": [ride()]}), "each must say crisis"),
        (changed(urgent={"rides": []}), "urgent.rides: there must be at least one"),
        (changed(travel=None), "needs a position"),
        (changed(travel={"home": {"nowhere": 1}}), "travel.home: unknown place nowhere"),
        (changed(rides=[ride(aboard={"van": "V1"}, van="V2")]), "another one than the person"),
        (changed(rides=[ride(aboard={"van": "V1"}, seats=3)]), "van V1: too many aboard"),
    ],
)
def test_a_mistake_is_told_with_its_field(file: dict[str, Any], told: str) -> None:
    assert told in complaint(file)


def test_a_mistake_in_an_urgent_ride_is_one_mistake() -> None:
    urgent = {"rides": [ride(crisis=True, shares=True)]}
    told = complaint(changed(urgent=urgent))
    assert told.splitlines() == ["urgent.rides.0.shares: a crisis ride is exclusive"]


def test_the_command_prints_the_plan_and_complains_with_status_2(tmp_path: Path) -> None:
    runner, file = CliRunner(), tmp_path / "day.json"
    file.write_text(json.dumps(SMALL))
    assert json.loads(runner.invoke(app, ["rides", str(file)]).stdout) == plan(SMALL)
    file.write_text("{}")
    refused = runner.invoke(app, ["rides", str(file)])
    assert (refused.exit_code, "version" in refused.stderr) == (2, True)
    schema = json.loads(runner.invoke(app, ["rides", "--schema"]).stdout)
    assert schema == rides_file_schema()
