"""The file of assumptions."""

import tomllib
from typing import Any

import pytest

from registry.vocabulary import load_vocabulary
from simulator.parameters import Parameters
from tests.simulator.lab import PARAMETERS, POLICY


def raw() -> dict[str, Any]:
    return tomllib.loads((POLICY / "simulation.toml").read_text())


def test_every_table_names_its_source() -> None:
    for name, table in raw().items():
        parts = table.values() if name == "tier" else [table]
        for part in parts:
            if isinstance(part, dict):
                assert part["source"], name


def test_decline_reasons_and_pool_types_are_of_the_vocabulary() -> None:
    words = load_vocabulary()
    for reason in PARAMETERS.facility.decline_reasons:
        words.check_code("facility_decline", reason)
    for kind in (*PARAMETERS.facility.stay_of, *PARAMETERS.facility.own_people_of):
        words.check_code("pool_type", kind)


@pytest.mark.parametrize(
    ("table", "name", "value", "says"),
    [
        ("place", "none", 0.5, "place must add up"),
        ("person", "child", 1.5, "child"),
        ("demand", "by_weekday", [1.0], "by_weekday"),
        ("crew", "surprise", 1, "surprise"),
    ],
)
def test_what_is_wrong_is_named(table: str, name: str, value: Any, says: str) -> None:
    given = raw()
    given[table][name] = value
    with pytest.raises(ValueError, match=says):
        Parameters.model_validate(given)
