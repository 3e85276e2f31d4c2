"""The plan file: anyone's own data in, a checked plan out."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.planfile import PlanFileError, plan_file, plan_file_schema, plan_text
from caretower.planfile.form import PlanFile, RequestPart
from tests.caretower.planfile.small import SMALL, changed, complaint, plan, with_request

EXAMPLES = sorted((Path(__file__).parents[3] / "docs" / "examples").glob("*.json"))


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


def test_the_previous_plan_stays_unless_another_is_clearly_better() -> None:
    file = changed(previous={"R1": {"team": "T1", "van": "V1", "place": "P1"}})
    file["travel"]["team_to_request"]["T1"]["R1"] = 400
    assert plan(file)["recommendations"]["R1"]["team"] == "T1"
    file["travel"]["team_to_request"]["T1"]["R1"] = 600
    assert plan(file)["recommendations"]["R1"]["team"] == "T2"


def test_a_previous_plan_may_name_what_is_gone() -> None:
    previous = {"R0": {"team": "T1"}, "R1": {"team": "T9", "van": "V1", "place": "P1"}}
    assert plan(changed(previous=previous))["recommendations"]["R1"]["team"] == "T2"


def test_an_earlier_answer_is_a_previous_plan(tmp_path: Path) -> None:
    path, answer = tmp_path / "file.json", tmp_path / "answer.json"
    file = changed()
    file["travel"]["team_to_request"]["T1"]["R1"] = 200
    answer.write_text(json.dumps(plan(file)))
    file["travel"]["team_to_request"]["T1"]["R1"] = 400
    path.write_text(json.dumps(file))
    assert plan_file(path)["recommendations"]["R1"]["team"] == "T2"
    assert plan_file(path, answer)["recommendations"]["R1"]["team"] == "T1"
    told = CliRunner().invoke(app, ["plan", str(path), "--previous", str(answer)])
    assert json.loads(told.stdout)["recommendations"]["R1"]["team"] == "T1"
    answer.write_text(answer.read_text(), encoding="utf-8-sig")
    assert plan_file(path, answer)["recommendations"]["R1"]["team"] == "T1"


@pytest.mark.parametrize("text", ["[]", "[" * 100_000])
def test_what_is_no_earlier_answer_is_refused(tmp_path: Path, text: str) -> None:
    path, answer = tmp_path / "file.json", tmp_path / "answer.json"
    path.write_text(json.dumps(changed()))
    answer.write_text(text)
    with pytest.raises(PlanFileError, match="not an earlier answer"):
        plan_file(path, answer)


def test_a_policy_can_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[planning.duration]\non_scene_min = 10\nload_min = 0\n")
    path = tmp_path / "file.json"
    path.write_text(json.dumps(changed(policy_file="own.toml")))
    assert plan_file(path)["recommendations"]["R1"]["arrive_s"] == 900 + 1200
    (tmp_path / "own.toml").write_text("[weight]\nhigh = 0\n")
    with pytest.raises(PlanFileError, match=r"own\.toml: weight\.high"):
        plan_file(path)
    (tmp_path / "own.toml").unlink()
    with pytest.raises(PlanFileError, match=r"policy_file: own\.toml: there is no such file"):
        plan_file(path)
    both = changed(policy_file="own.toml", policy={"weight": {"high": 2}})
    assert "not both" in complaint(both)


@pytest.mark.parametrize(
    ("given", "stage"),
    [
        ({"deadline_s": 0}, "sequential"),
        ({"deadline_s": 0, "previous": {"R1": {"team": "T2", "van": "V1"}}}, "repaired"),
        ({"deadline_s": 3600}, "proved"),
        ({}, "proved"),
    ],
)
def test_the_answer_says_which_stage_the_deadline_allowed(given: Any, stage: str) -> None:
    answer = plan(changed(**given))
    assert (answer["stage"], answer["proved"]) == (stage, stage == "proved")
    assert answer["recommendations"]["R1"]["team"] == "T2"


def test_between_the_instant_plan_and_the_proof_stands_the_relaxations_plan() -> None:
    # At the start, before the relaxation, and after it: then the time is up.
    seconds = iter([0.0, 0.0, 2.0])
    answer = plan_text(json.dumps(changed(deadline_s=1)), ticks=lambda: next(seconds))
    assert (answer["stage"], answer["proved"]) == ("lp", False)


def test_a_strict_plan_tells_the_price_of_its_strictness_in_words() -> None:
    file = changed(strict=True)
    file["requests"].append({"id": "R2", "tier": "routine"})
    file["travel"]["team_to_request"] |= {
        "T1": {"R1": 360, "R2": 7000},
        "T2": {"R1": 300, "R2": 300},
    }
    strict, usual = plan(file), plan(file | {"strict": False})
    assert strict["recommendations"]["R1"]["team"] == "T2"
    assert usual["recommendations"]["R1"]["team"] == "T1"
    price = strict["objective_min"] - usual["objective_min"]
    assert strict["strictness"]["extra_min"] == pytest.approx(price)
    assert f"costs the region {price:.1f} weighted minutes" in strict["strictness"]["text"]
    assert usual["strictness"] is None


def test_where_the_policy_says_so_a_tier_gets_all_that_it_needs_or_nothing() -> None:
    file = changed(policy={"planning": {"tiers": {"all_or_nothing": ["high"]}}})
    assert plan(file)["recommendations"]["R1"]["team"] == "T2"
    file["pools"][0]["occupied"] = 1
    best = plan(file)["recommendations"]["R1"]
    assert (best["team"], best["van"], best["pool"]) == (None, None, None)


@pytest.mark.parametrize("first", ["R1", "R2"])
def test_the_custody_that_began_first_has_the_last_bed(first: str) -> None:
    file = changed()
    file["pools"][0]["takes"] = ["adult", "involuntary"]
    file["vans"].append({"id": "V2"})
    file["requests"] = [
        {
            "id": id_,
            "tier": "high",
            "needs": ["adult"],
            "place": "needed",
            "van": "needed",
            "target_min": 5000,
            "custody": {
                "basis": "officer_hold",
                "custodian": "law_enforcement",
                "transport_by": ["van"],
                "began_min_ago": 340 if id_ == first else 5,
            },
        }
        for id_ in ("R1", "R2")
    ]
    file["travel"] = {
        "team_to_request": {team: {"R1": 600, "R2": 600} for team in ("T1", "T2")},
        "van_to_request": {van: {"R1": 900, "R2": 900} for van in ("V1", "V2")},
        "request_to_place": {"R1": {"P1": 1200}, "R2": {"P1": 1200}},
        "place_to_base": {"P1": {"V1": 600, "V2": 600}},
    }
    answer = plan(file)["recommendations"]
    assert [id_ for id_ in answer if answer[id_]["pool"]] == [first]


def test_a_minors_guardian_and_escort_can_be_told() -> None:
    minor = {"needs": ["adolescent"], "guardian": {"consent": "given", "escort": "guardian"}}
    file = with_request(**minor)
    file["pools"][0]["takes"] = ["adolescent"]
    assert plan(file)["recommendations"]["R1"]["van"] is None
    file["vans"][0]["seats"] = 2
    best = plan(file)["recommendations"]["R1"]
    assert (best["van"], best["warnings"]) == ("V1", [])


def test_what_would_serve_is_told_in_a_full_answer() -> None:
    file = changed()
    file["pools"][0]["occupied"] = 1
    best = plan(file)["recommendations"]["R1"]
    assert [told["text"] for told in best["would_serve"]] == ["One more bed in P1."]
    assert plan(file | {"explain": "brief"})["recommendations"]["R1"]["would_serve"] is None


def for_two(tiers: tuple[str, str], drives: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {
        "version": 1,
        "now": "2026-01-01T12:00:00Z",
        "requests": [{"id": id_, "tier": tier} for id_, tier in zip("ab", tiers, strict=True)],
        "teams": [{"id": team} for team in drives],
        "travel": {"team_to_request": drives},
    }


def test_what_one_more_would_spare_is_what_a_plan_with_one_more_costs_less() -> None:
    drives = {"t1": {"a": 300, "b": 300}}
    file = for_two(("high", "routine"), drives)
    lacking = plan(file)
    (told,) = lacking["recommendations"]["b"]["unserved"]
    more = plan(for_two(("high", "routine"), {**drives, "t2": drives["t1"]}))
    assert told["worth_min"] == pytest.approx(lacking["objective_min"] - more["objective_min"])
    assert f"spare the region {told['worth_min']:.0f} weighted" in told["text"]


def test_who_is_planned_first_is_spared_first_and_all_tiers_are_told_beside_it() -> None:
    both = {"a": 300, "b": 300, "c": 300}
    file = for_two(("imminent", "imminent"), {"t1": both, "t2": dict.fromkeys(both, 1200)})
    file["requests"].append({"id": "c", "tier": "high"})
    lacking = plan(file)
    file["teams"].append({"id": "t3"})
    file["travel"]["team_to_request"]["t3"] = both
    more = plan(file)
    told = {one["id"]: one for one in lacking["recommendations"]["c"]["unserved"]}["t1"]
    was, now = (
        sum(sum(answer["recommendations"][id_]["costs"].values()) for id_ in "ab")
        for answer in (lacking, more)
    )
    assert told["worth_min"] == pytest.approx(lacking["objective_min"] - more["objective_min"])
    assert told["spared_first"] == f"imminent {was - now:+.1f}"
    assert 0 < was - now < told["worth_min"]


def test_an_alternative_costs_what_all_tiers_pay_and_says_who_pays_first() -> None:
    file = for_two(("imminent", "high"), {"t1": {"a": 300, "b": 3000}, "t2": {"a": 360, "b": 300}})
    best = plan(file)
    (other, _) = best["recommendations"]["a"]["alternatives"]
    file["requests"][0]["fixed"] = {"team": other["team"]}
    forced = plan(file)
    paid = [(sum(told["recommendations"]["a"]["costs"].values())) for told in (forced, best)]
    assert other["extra_min"] == pytest.approx(forced["objective_min"] - best["objective_min"])
    assert other["paid_first"] == f"imminent {paid[0] - paid[1]:+.1f}"
    assert other["extra_min"] > paid[0] - paid[1]


def test_a_brief_answer_has_no_alternatives() -> None:
    brief = plan(changed(explain="brief"))["recommendations"]["R1"]
    full = plan(changed(explain="full"))["recommendations"]["R1"]
    assert (brief["alternatives"], brief["team"]) == ([], full["team"])
    assert full["alternatives"]


def test_the_documented_what_if_does_what_its_page_says() -> None:
    answer = plan_file(next(path for path in EXAMPLES if path.stem == "what-if"))
    best = answer["recommendations"]
    assert best["older-adult"]["team"] == "team-2"
    assert (best["teenager"]["team"], best["teenager"]["pool"]) == ("team-3", "youth-beds")
    assert best["neighbour"]["team"] is None
    assert "every tier is planned before the next" in answer["strictness"]["text"]


def test_the_schema_refuses_unknown_fields_and_names_every_part() -> None:
    schema = plan_file_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == set(PlanFile.model_fields)
    request = schema["$defs"]["RequestPart"]
    assert request["additionalProperties"] is False
    assert set(request["properties"]) == set(RequestPart.model_fields)


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
    assert refused.output == f"{bad}: version: must be 1\n"
    bad.write_text(json.dumps(changed(requests=[SMALL["requests"][0] | {"needs": ["adlut"]}])))
    refused = run.invoke(app, ["plan", str(bad)])
    assert refused.output == f"{bad}: requests.0.needs: 'adlut' is not a word of needs\n"


def test_the_picture_of_the_optimizer_tells_what_its_example_gives() -> None:
    told = json.loads((EXAMPLES[0].parent / "nearest-is-not-best.json").read_text())
    picture = (EXAMPLES[0].parents[1] / "images" / "together.svg").read_text()
    by_hand, together = picture.split("Planned together")
    plans = {together: plan_text(json.dumps(told))}
    told["requests"][0]["fixed"] = {"team": "team-1", "van": "van-1", "place": "chairs"}
    plans[by_hand] = plan_text(json.dumps(told))
    for panel, planned in plans.items():
        assert f"{planned['objective_min']} weighted minutes" in panel
        for one in planned["recommendations"].values():
            assert f">{one['team_eta_s'] / 60:g} min<" in panel
            assert f"in care after {one['arrive_s'] / 60:g} min" in panel
