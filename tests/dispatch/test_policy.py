"""The policy file is complete, monotone, and says where each rule comes from."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dispatch.policy import parse_policy

TEXT = (Path(__file__).parents[2] / "policy" / "dispatch.toml").read_text()


def rules(data: dict[str, Any]) -> list[dict[str, Any]]:
    tables = [value for value in data.values() if isinstance(value, dict)]
    return [data] if "source" in data else [rule for table in tables for rule in rules(table)]


def test_every_rule_names_its_source_and_whether_it_was_verified() -> None:
    found = rules(tomllib.loads(TEXT))
    assert len(found) == 4 + 4 + 4 + 4 + 15 + 2
    assert all(rule["source"] and isinstance(rule["verified"], bool) for rule in found)


def test_nothing_from_secondary_reading_calls_itself_verified() -> None:
    for rule in rules(tomllib.loads(TEXT)):
        assert not (rule["verified"] and "secondary" in rule["source"])


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            '[tier.high]\nby_urgency = ["high", "high"',
            '[tier.high]\nby_urgency = ["routine", "high"',
            "must not fall",
        ),
        ("[target.routine]\nseconds = 7200", "[target.routine]\nseconds = 60", "later"),
        ("seconds = 120\n", "seconds = -1\n", "greater than or equal"),
        ("[clock.owner]", "[clock.somebody]", "owner"),
        ('level = "imminent"', 'level = "terrible"', "pattern"),
        ("verified = false\n[target.high]", "[target.high]", "verified"),
    ],
)
def test_a_policy_that_could_harm_is_refused_at_the_start(old: str, new: str, why: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=why):
        parse_policy(TEXT.replace(old, new, 1))


def test_the_version_is_kept_with_every_request_that_it_graded() -> None:
    assert parse_policy(TEXT).version == tomllib.loads(TEXT)["version"]
