"""The plan file: anyone's own data in, a checked plan out, and a clear word about every mistake."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.planfile import PlanFileError, plan_file, plan_file_schema, plan_text

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.json"))

SMALL: dict[str, Any] = {
    "version": 1,
    "now": "2026-11-22T08:00:00Z",
    "requests": [
        {"id": "R1", "tier": "high", "needs": ["adult"], "place": "needed", "van": "needed"}
    ],
    "teams": [{"id": "T1"}, {"id": "T2"}],
    "vans": [{"id": "V1"}],
    "pools": [
        {"id": "P1", "facility": "F1", "type": "receiving", "takes": ["adult"], "capacity": 1}
    ],
    "travel": {
        "team_to_request": {"T1": {"R1": 600}, "T2": {"R1": 300}},
        "van_to_request": {"V1": {"R1": 900}},
        "request_to_place": {"R1": {"P1": 1200}},
        "place_to_base": {"P1": {"V1": 600}},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(SMALL)), **changes}


def plan(file: dict[str, Any]) -> dict[str, Any]:
    return plan_text(json.dumps(file))


def complaint(file: dict[str, Any]) -> str:
    with pytest.raises(PlanFileError) as refused:
        plan(file)
    return str(refused.value)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_documented_example_is_planned_and_proved(path: Path) -> None:
    answer = plan_file(path)
    assert answer["proved"] is True
    assert answer["recommendations"]


def test_the_files_own_travel_times_decide() -> None:
    best = plan(SMALL)["recommendations"]["R1"]
    assert (best["team"], best["van"], best["pool"]) == ("T2", "V1", "P1")
    # 5 min to the person, 40 min with them, 5 min to board, 20 min to ride.
    assert (best["team_eta_s"], best["arrive_s"]) == (300, 300 + 2400 + 300 + 1200)
    assert best["travel"] == {"engine": "file", "quality": "road"}


def test_the_answer_is_plain_json_and_always_the_same() -> None:
    assert json.dumps(plan(SMALL)) == json.dumps(plan(SMALL))


def test_a_pair_without_travel_time_has_no_way() -> None:
    file = changed()
    del file["travel"]["team_to_request"]["T2"]
    assert plan(file)["recommendations"]["R1"]["team"] == "T1"


def test_without_travel_times_a_guess_from_the_distance_is_labelled_as_one() -> None:
    file = changed(travel=None)
    at = {"lon": -111.9, "lat": 40.7}
    for part in [*file["requests"], *file["pools"]]:
        part["at"] = at
    for unit in [*file["teams"], *file["vans"]]:
        unit["base"] = at
    best = plan(file)["recommendations"]["R1"]
    assert best["travel"]["quality"] == "estimate"
    assert "Travel times are estimates: no road engine answered." in best["warnings"]


def test_a_policy_in_the_file_replaces_a_figure_of_the_system() -> None:
    file = changed(policy={"planning": {"duration": {"on_scene_min": 10, "load_min": 0}}})
    assert plan(file)["recommendations"]["R1"]["arrive_s"] == 900 + 1200


def test_a_promise_in_the_file_is_kept() -> None:
    file = changed()
    file["requests"][0] |= {"state": "on_scene", "promised": {"team": "T1"}}
    file["requests"].append({"id": "R2", "tier": "imminent"})
    file["travel"]["team_to_request"]["T1"]["R2"] = 1
    file["travel"]["team_to_request"]["T2"]["R2"] = 900
    best = plan(file)["recommendations"]
    assert best["R1"]["team"] == "T1"
    assert best["R2"]["team"] == "T2"


@pytest.mark.parametrize("word", ["insurance", "residency", "immigration_status", "payer"])
def test_what_nobody_may_be_refused_for_cannot_be_written(word: str) -> None:
    file = changed()
    file["requests"][0][word] = "any"
    assert f"requests.0.{word}" in complaint(file)


@pytest.mark.parametrize(
    ("where", "value", "told"),
    [
        (("requests", 0, "tier"), "urgent", "requests.0.tier"),
        (("requests", 0, "needs"), ["adlut"], "requests.0.needs: 'adlut' is not a word of needs"),
        (("requests", 0, "waited_min"), -1, "requests.0.waited_min"),
        (("requests", 0, "state"), "cancelled", "has ended"),
        (("requests", 0, "shown"), {"team": "T9"}, "requests.0.shown.team: unknown id T9"),
        (("requests", 0, "promised"), {"team": "T1"}, "only a request that was accepted"),
        (("teams", 1, "id"), "T1", "the id T1 appears twice"),
        (("pools", 0, "type"), "hotel", "pools.0.type: 'hotel' is not a word of pool_type"),
        (("pools", 0, "capacity"), -2, "pools.0.capacity"),
        (("vans", 0, "at"), {"lon": 500, "lat": 0}, "vans.0.at.lon"),
        (("travel", "team_to_request"), {"T9": {"R1": 1}}, "travel.team_to_request.T9"),
        (("travel", "van_to_request"), {"V1": {"R1": -1}}, "travel.van_to_request.V1.R1"),
        (("now",), "2026-11-22T08:00:00", "must name its time zone"),
        (("policy",), {"planning": {"hopes": {}}}, "policy.planning.hopes: no such table"),
        (
            ("policy",),
            {"planning": {"freshness": {"count_stale_costs_min": 1}}},
            "a stale count must not cost less",
        ),
        (("policy",), {"planning": {"wish": {"language": 1}}}, "language"),
        (("version",), 2, "version"),
    ],
)
def test_a_mistake_is_named_by_the_path_of_its_field(
    where: tuple[Any, ...], value: Any, told: str
) -> None:
    file = changed()
    part: Any = file
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = value
    assert told in complaint(file)


def test_without_travel_times_every_part_needs_a_position() -> None:
    assert "requests.0.at: needed" in complaint(changed(travel=None))


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(PlanFileError, match="line 1"):
        plan_text("{no json")


def test_a_file_as_other_systems_save_it_is_read_or_refused_in_plain_words(tmp_path: Path) -> None:
    marked, foreign = tmp_path / "marked.json", tmp_path / "foreign.json"
    marked.write_text(json.dumps(SMALL), encoding="utf-8-sig")
    assert plan_file(marked)["recommendations"]["R1"]["team"] == "T2"
    foreign.write_text(json.dumps(SMALL), encoding="utf-16")
    with pytest.raises(PlanFileError, match="UTF-8"):
        plan_file(foreign)


def test_the_schema_refuses_unknown_fields_and_names_every_part() -> None:
    schema = plan_file_schema()
    assert schema["additionalProperties"] is False
    assert {"requests", "teams", "vans", "pools", "slots", "travel", "policy"} <= set(
        schema["properties"]
    )


def test_the_command_line_prints_the_plan_the_schema_and_the_mistake(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(SMALL))
    bad.write_text(json.dumps(changed(version=2)))
    run = CliRunner()
    printed = run.invoke(app, ["plan", str(good)])
    assert printed.exit_code == 0
    assert json.loads(printed.stdout)["recommendations"]["R1"]["team"] == "T2"
    assert "properties" in json.loads(run.invoke(app, ["plan", "--schema"]).stdout)
    refused = run.invoke(app, ["plan", str(bad)])
    assert refused.exit_code == 2
    assert refused.output == f"{bad}: version: Input should be 1\n"
    bad.write_text(json.dumps(changed(requests=[SMALL["requests"][0] | {"needs": ["adlut"]}])))
    refused = run.invoke(app, ["plan", str(bad)])
    assert refused.output == f"{bad}: requests.0.needs: 'adlut' is not a word of needs\n"
