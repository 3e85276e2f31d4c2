"""A bad file is answered in the project's own words: which field, and what it must be."""

import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.planfile import PlanFileError, plan_file, plan_text
from caretower.ridesfile import rides_text

NOW = {"version": 1, "now": "2026-11-22T08:00:00Z"}
PYTHONS_TONE = re.compile(r"Errno|Input should|not permitted|valid |Traceback|EOF|required|pattern")


def of_request(**more: Any) -> dict[str, Any]:
    return NOW | {"requests": [{"id": "R1", "tier": "high"} | more]}


BAD: list[tuple[Any, str]] = [
    (b"", "there is nothing in it"),
    (b"{", "this is no JSON: it ends within an object at line 1 column 1"),
    (b'{"version": 1,}', "this is no JSON: trailing comma at line 1 column 15"),
    (b"\xff\xfe\x00", "this is not text in UTF-8"),
    ([], "the file must be an object, in braces"),
    ({"version": 1}, "now: is missing"),
    (NOW | {"version": 2}, "version: must be 1"),
    (NOW | {"now": "soon"}, "now: must be a moment with its time zone, such as"),
    (NOW | {"colour": 1}, "colour: there is no such field"),
    (NOW | {"requests": {}}, "requests: must be a list, in square brackets"),
    (NOW | {"explain": "all"}, "explain: must be 'full' or 'brief'"),
    (NOW | {"policy_file": "own.yaml"}, "policy_file: must end with .toml or .json"),
    (NOW | {"policy_file": "own.toml"}, "policy_file: own.toml: there is no such file"),
    (of_request(tier="hi"), "requests.0.tier: must be 'routine', 'moderate', 'high' or 'imminent'"),
    (of_request(waited_min=-1), "requests.0.waited_min: must be at least 0"),
    (of_request(waited_min="ten"), "requests.0.waited_min: must be a number"),
    (of_request(seats=1.5), "requests.0.seats: must be a whole number"),
    (of_request(team="perhaps"), "requests.0.team: must be true or false"),
    (of_request(id="R 1"), "requests.0.id: must be one word, without blanks and slashes"),
    (of_request(id=""), "requests.0.id: must not be empty"),
    (of_request(id=1), "requests.0.id: must be text, in quotes"),
    (of_request(at=[1, 2]), "requests.0.at: must be an object, in braces"),
    (of_request(at={"lon": 400, "lat": 0}), "requests.0.at.lon: must be at most 180"),
    (of_request(needs=["adlut"]), "requests.0.needs: 'adlut' is not a word of needs"),
    (of_request(fixed={}), "requests.0.fixed: name a team, a van or a place, or leave it out"),
    (
        of_request(promised={"team": "T1"}),
        "requests.0.promised: only a request that was accepted has promises",
    ),
    (NOW | {"policy": {"weight": {"high": 0}}}, "policy.weight.high: must be at least 1"),
    (NOW | {"policy": {"weight": {"hi": 2}}}, "policy.weight.hi: must be 'routine'"),
    (
        NOW | {"policy": {"planning": {"cost": {"horizon_min": 60}}}},
        "policy.planning.cost.max_team_drive_min: must not be above horizon_min (60)",
    ),
    (
        NOW | {"policy": {"planning": {"cost": {"surcharge_min": 0}}}},
        "policy.planning.cost.surcharge_min: must be at least stability_min and 1 (4)",
    ),
    (
        NOW | {"policy": {"planning": {"needs": {"place": ["populaton", "unit", "legal"]}}}},
        "policy.planning.needs.place: 'populaton' is no group of the vocabulary (population, unit,",
    ),
]


@pytest.mark.parametrize(("content", "told"), BAD, ids=[told[:60] for _, told in BAD])
def test_a_bad_plan_file_is_told_in_plain_words(content: Any, told: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    with pytest.raises(PlanFileError) as refused:
        plan_file(file)
    assert str(refused.value).startswith(told)
    assert not PYTHONS_TONE.search(str(refused.value))


def test_every_line_of_a_complaint_begins_with_the_file() -> None:
    content = json.dumps(of_request(tier="hi", seats=0))
    answer = CliRunner().invoke(app, ["plan", "-"], input=content)
    assert answer.exit_code == 2
    assert answer.stderr.splitlines() == [
        "standard input: requests.0.tier: must be 'routine', 'moderate', 'high' or 'imminent'",
        "standard input: requests.0.seats: must be at least 1",
    ]


def test_a_plan_file_can_come_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    content = json.dumps(of_request(at={"lon": -111.9, "lat": 40.7}))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert plan_file(Path("-")) == plan_text(content)


@pytest.mark.parametrize(
    ("path", "told"),
    [("/nowhere/mine.json", "there is no such file"), ("/", "this is a folder, not a file")],
)
def test_a_file_that_is_none_is_told_so(path: str, told: str) -> None:
    with pytest.raises(PlanFileError, match=told):
        plan_file(Path(path))


def test_an_earlier_answer_that_is_none_is_named(tmp_path: Path) -> None:
    file, earlier = tmp_path / "mine.json", tmp_path / "earlier.json"
    file.write_text(json.dumps(NOW))
    with pytest.raises(PlanFileError, match=r"--previous .*earlier\.json: there is no such file"):
        plan_file(file, earlier)
    earlier.write_text("{}")
    with pytest.raises(PlanFileError, match=r"earlier\.json: this is not an earlier answer"):
        plan_file(file, earlier)


RIDE = {"id": "A", "from": "X", "to": "Y"}
BAD_RIDES: list[tuple[dict[str, Any], str]] = [
    ({}, "places: is missing"),
    ({"places": []}, "places: must be an object, in braces"),
    ({"places": {}, "rides": [{"id": "A", "to": "Y"}]}, "rides.0.from: is missing"),
    ({"places": {}, "rides": [RIDE | {"seats": 0}]}, "rides.0.seats: must be at least 1"),
    (
        {"places": {}, "rides": [RIDE | {"pick_up_min": [5, 1]}]},
        "rides.0.pick_up_min: ends before it begins",
    ),
    ({"places": {}, "vans": [{"id": "V", "base": "X"}]}, "vans.0.seats: is missing"),
    ({"places": {}, "rides": [RIDE]}, "ride A: from: unknown place X"),
]


@pytest.mark.parametrize(("more", "told"), BAD_RIDES, ids=[told for _, told in BAD_RIDES])
def test_a_bad_rides_file_is_told_in_plain_words(more: dict[str, Any], told: str) -> None:
    with pytest.raises(PlanFileError) as refused:
        rides_text(json.dumps(NOW | more))
    assert str(refused.value).startswith(told)
    assert not PYTHONS_TONE.search(str(refused.value))
