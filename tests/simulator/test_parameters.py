"""The file of assumptions."""

import tomllib
from typing import Any

import pytest

from registry.vocabulary import load_vocabulary
from simulator.parameters import parameters
from tests.simulator.lab import POLICY


def raw() -> dict[str, Any]:
    return tomllib.loads((POLICY / "simulation.toml").read_text())


def test_every_table_names_its_source() -> None:
    for name, table in raw().items():
        parts = table.values() if name == "tier" else [table]
        for part in parts:
            if isinstance(part, dict):
                assert part["source"], name


@pytest.mark.parametrize(
    ("table", "name", "value", "says"),
    [
        ("place", "none", 0.5, "place must add up"),
        ("person", "child", 1.5, "child"),
        ("demand", "by_weekday", [1.0], "by_weekday"),
        ("crew", "surprise", 1, "surprise"),
        ("facility", "stay_of", {"detoks": {"median_min": 9, "spread": 0}}, "'detoks' is not a"),
        ("facility", "own_people_of", {"hotel": 0.5}, "own_people_of: 'hotel' is not a word"),
        ("facility", "decline_reasons", {"insured": 1.0}, "'insured' is not a word"),
    ],
)
def test_what_is_wrong_is_named(table: str, name: str, value: Any, says: str) -> None:
    given = raw()
    given[table][name] = value
    with pytest.raises(ValueError, match=says):
        parameters(given, load_vocabulary())
