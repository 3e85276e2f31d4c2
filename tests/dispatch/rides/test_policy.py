"""The policy of scheduled rides is refused where it contradicts itself or names no source."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dispatch.rides.policy import rides_policy

FILE = Path(__file__).parents[3] / "policy" / "rides.toml"


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("appointment", {"before_min": 45}),
        ("appointment", {"early_min": -1}),
        ("detour", {"factor": 0.9}),
        ("window", {"behind_min": 0}),
        ("loop", {"ahead": 3}),
        ("crisis", {"source": ""}),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(table: str, changes: dict[str, Any]) -> None:
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    assert rides_policy(raw, 300).version == raw["version"]
    with pytest.raises(ValueError, match=next(iter(changes))):
        rides_policy(raw | {table: raw[table] | changes}, 300)
