"""A bad file is answered in the project's own words: which field, and what it must be."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from caretower.cli import app
from caretower.planfile import PlanFileError, plan_file, plan_text
from caretower.planfile.whole import twice_in
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
    (
        b'{"version": 1, "now": "2026-11-22T08:00:00Z", "strict": true, "strict": false}',
        "the field strict stands twice in the same object",
    ),
    ([], "the file must be an object, in braces"),
    ({"version": 1}, "now: is missing"),
    (NOW | {"version": 2}, "version: must be 1"),
    (NOW | {"now": "soon"}, "now: must be a moment with its time zone, such as"),
    (NOW | {"colour": 1}, "colour: there is no such field"),
    (NOW | {"requests": {}}, "requests: must be a list, in square brackets"),
    (NOW | {"explain": "all"}, "explain: must be 'full' or 'brief'"),
    (NOW | {"policy_file": "own.yaml"}, "policy_file: must be a file beside this one, and end"),
    (NOW | {"policy_file": "/etc/own.toml"}, "policy_file: must be a file beside this one"),
    (NOW | {"policy_file": "../own.json"}, "policy_file: must be a file beside this one"),
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


def test_a_policy_file_with_a_key_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(NOW | {"policy_file": "own.json"}))
    (tmp_path / "own.json").write_text('{"weight": {"high": 3}, "weight": {}}')
    with pytest.raises(PlanFileError, match=r"own\.json: the field weight stands twice"):
        plan_file(file)


@pytest.mark.parametrize("name", ["own.json", "own.toml"])
def test_a_policy_file_that_is_nested_without_end_is_refused(name: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(NOW | {"policy_file": name}))
    (tmp_path / name).write_text("weight = " * name.endswith("toml") + "[" * 100_000)
    with pytest.raises(PlanFileError, match=rf"{name}: this is nested too deeply"):
        plan_file(file)


@pytest.mark.parametrize("answer", [plan_text, rides_text])
def test_a_mistake_of_the_regions_own_policy_is_told_with_its_file(
    answer: Callable[[str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "planning.toml").symlink_to(tmp_path / "gone.toml")
    monkeypatch.setenv("CARETOWER_POLICY_DIR", str(tmp_path))
    with pytest.raises(PlanFileError, match=r"/planning\.toml: there is no such file"):
        answer(json.dumps(NOW | ({"places": {}} if answer is rides_text else {})))


def test_ten_thousand_ids_are_compared_in_one_pass() -> None:
    """Each against all others would be fifty million comparisons."""
    compared = 0

    class Id(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    assert twice_in([Id(k) for k in range(10_000)]) is None
    assert compared < 100_000
    assert twice_in(["c", "b", "c", "a", "b"]) == "b"


def test_a_rides_file_with_a_field_twice_is_refused() -> None:
    with pytest.raises(PlanFileError, match="the field places stands twice"):
        rides_text('{"version":1,"now":"2026-11-22T08:00:00Z","places":{"X":null},"places":{}}')


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
