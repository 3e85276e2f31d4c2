"""Locks in a plan file: what a person fixed, forbade or left out."""

import json
import re
from typing import Any

import pytest

from tests.caretower.planfile.small import changed, complaint, plan, with_request


def test_what_is_fixed_is_kept_and_the_rest_is_planned_around_it() -> None:
    best = plan(with_request(fixed={"team": "T1"}))["recommendations"]["R1"]
    assert (best["team"], best["van"], best["pool"]) == ("T1", "V1", "P1")
    alone = plan(with_request(fixed={"team": "T2", "van": None, "place": None}))
    best = alone["recommendations"]["R1"]
    assert (best["team"], best["van"], best["pool"]) == ("T2", None, None)


def test_what_is_fixed_stays_even_if_it_does_not_fit_and_the_answer_says_so() -> None:
    file = with_request(needs=["adult", "withdrawal"], fixed={"team": "T1", "place": "P1"})
    file["teams"][0]["status"] = "out_of_service"
    best = plan(file)["recommendations"]["R1"]
    assert (best["team"], best["pool"]) == ("T1", "P1")
    assert best["warnings"] == [
        "What is promised or fixed does not fit (place: lacks): a person must decide.",
        "T1 is fixed although it is out of service.",
    ]


def test_what_is_forbidden_for_one_request_is_given_to_another_only() -> None:
    file = with_request(forbidden=["T2", "P1"])
    file["requests"].append({"id": "R2", "tier": "routine"})
    file["travel"]["team_to_request"]["T2"]["R2"] = 60
    answer = plan(file)["recommendations"]
    assert (answer["R1"]["team"], answer["R2"]["team"]) == ("T1", "T2")
    assert {told["reason"]: told["text"] for told in answer["R1"]["unserved"]}["forbidden"] == (
        "1 place: forbidden for this request"
    )


def test_who_has_no_zone_is_told_so_in_words() -> None:
    """The star that stands for every zone is a sign of the file, not a word."""
    file = changed(agreements=[{"facility": "F1", "zone": "north", "pool_types": ["receiving"]}])
    del file["travel"]["team_to_request"]["T2"]
    file["requests"].append({"id": "R2", "tier": "routine"})
    file["travel"]["team_to_request"]["T1"]["R2"] = 300
    told = json.dumps(plan(file)["recommendations"])
    assert "goes to a person of the tier high" in told
    assert "for people whose zone is not known" in told
    assert not re.search(r'[^"]\*|\*[^"]', told)


def test_what_is_forbidden_to_all_is_given_to_nobody_and_counted() -> None:
    answer = plan(changed(forbidden=["T2", "P1"]))["recommendations"]["R1"]
    assert (answer["team"], answer["pool"]) == ("T1", None)
    assert "1 place: kept out of this plan" in [told["text"] for told in answer["unserved"]]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"fixed": {"team": "T1"}, "forbidden": ["T1"]}, "T1 is forbidden for this request"),
        (
            {"state": "on_scene", "promised": {"team": "T1"}, "fixed": {"team": "T2"}},
            "fixed.team: another one is promised already",
        ),
        ({"fixed": {"place": "P1"}, "place": "possible"}, "only a place that is needed is claimed"),
        (
            {"state": "on_scene", "fixed": {"team": "T1"}},
            "requests.0.fixed.team: nothing of it is planned for on_scene",
        ),
        (
            {"state": "on_scene", "fixed": {"team": "T1", "van": "self"}},
            "requests.0.fixed.team: nothing of it is planned for on_scene",
        ),
        (
            {"state": "accepted", "place": "none", "fixed": {"van": "V1"}},
            "requests.0.fixed.van: nothing of it is planned for accepted",
        ),
        (
            {"state": "accepted", "promised": {"place": "P1"}, "fixed": {"van": "V1"}},
            "requests.0.fixed.van: nothing of it is planned for accepted",
        ),
        (
            {"state": "accepted", "promised": {"van": "self"}},
            'requests.0.promised.van: "self" drives only together with a promised team',
        ),
    ],
)
def test_locks_that_contradict_each_other_are_refused(more: dict[str, Any], told: str) -> None:
    assert told in complaint(with_request(**more))


def test_of_a_request_that_is_carried_out_what_is_open_can_be_fixed() -> None:
    promised = {"state": "on_scene", "promised": {"team": "T1"}}
    file = with_request(**promised, fixed={"team": "T1", "van": None, "place": "P1"})
    best = plan(file)["recommendations"]["R1"]
    assert (best["team"], best["van"], best["pool"]) == ("T1", None, "P1")


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("team", "No team goes: a person decided that no team goes."),
        ("van", "Nobody drives the person: a person decided that no van goes."),
        ("place", "No place is planned: a person decided that no place is taken."),
    ],
)
def test_what_a_person_left_out_is_told_as_their_decision(part: str, sentence: str) -> None:
    best = plan(with_request(fixed={part: None}))["recommendations"]["R1"]
    told = [one["text"] for one in best["unserved"] if one["resource"] == part]
    assert best["why"][part] == sentence
    assert told == [sentence.partition(": ")[2].rstrip(".")]
