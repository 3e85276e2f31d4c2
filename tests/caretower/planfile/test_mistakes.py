"""A mistake in a plan file: a clear word about each, with the path of its field."""

import json
from pathlib import Path
from typing import Any

import pytest

from caretower.planfile import PlanFileError, plan_file, plan_text
from tests.caretower.planfile.small import SMALL, changed, complaint


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
        (("requests", 0, "fixed"), {"team": "T9"}, "requests.0.fixed.team: unknown id T9"),
        (("requests", 0, "fixed"), {"team": "V1"}, "requests.0.fixed.team: unknown id V1"),
        (("requests", 0, "fixed"), {}, "fixed: name a team, a van or a place"),
        (("requests", 0, "fixed"), {"van": "self"}, "only together with a fixed team"),
        (("requests", 0, "forbidden"), ["T9"], "requests.0.forbidden: unknown id T9"),
        (("forbidden",), ["V9"], "forbidden: unknown id V9"),
        (("previous",), {"R1": {"crew": "T1"}}, "previous.R1.crew"),
        (("strict",), "maybe", "strict"),
        (("deadline_s",), -1, "deadline_s"),
        (("explain",), "a little", "explain: must be 'full' or 'brief'"),
        (("policy_file",), "own.yaml", "policy_file"),
        (("policy_file",), "own.toml", "has no folder to look in"),
        (
            ("policy",),
            {"planning": {"cost": {"horizon_min": 5}}},
            "policy.planning.cost.max_team_drive_min: must not be above horizon_min",
        ),
        (
            ("policy",),
            {"planning": {"tiers": {"all_or_nothing": ["imminent"]}}},
            "policy.planning.tiers: all_or_nothing must not name imminent",
        ),
        (("requests", 0, "promised"), {"team": "T1"}, "only a request that was accepted"),
        (("requests", 0, "declined_by"), ["F9"], "requests.0.declined_by: unknown id F9"),
        (("requests", 0, "declined_by"), ["V1"], "requests.0.declined_by: unknown id V1"),
        (("requests", 0, "facility"), "P1", "requests.0.facility: unknown id P1"),
        (
            ("agreements",),
            [{"facility": "F9", "zone": "*", "pool_types": ["receiving"]}],
            "agreements.0.facility: unknown id F9",
        ),
        (("teams", 1, "id"), "T1", "the id T1 appears twice"),
        (("vans", 0, "id"), "self", "vans.0.id: self has a meaning of its own, take another"),
        (("vans", 0, "id"), "Self", "vans.0.id: Self has a meaning of its own"),
        (("pools", 0, "id"), "ANY", "pools.0.id: ANY has a meaning of its own"),
        (("pools", 0, "type"), "hotel", "pools.0.type: 'hotel' is not a word of pool_type"),
        (("pools", 0, "capacity"), -2, "pools.0.capacity"),
        (("vans", 0, "at"), {"lon": 500, "lat": 0}, "vans.0.at.lon"),
        (("travel", "team_to_request"), {"T9": {"R1": 1}}, "travel.team_to_request.T9"),
        (("travel", "van_to_request"), {"V1": {"R1": -1}}, "travel.van_to_request.V1.R1"),
        (("now",), "2026-11-22T08:00:00", "must name its time zone"),
        (("now",), 0, "now: must be a moment with its time zone, such as 2026-11-22T08:00:00Z"),
        (("now",), "1795330800", "now: must be a moment with its time zone"),
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
