"""The planning policy: what it cannot mean is refused when it is read."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dispatch.planning.policy import planning_policy
from registry.vocabulary import load_vocabulary

FILE = Path(__file__).parents[3] / "policy" / "planning.toml"
VOCABULARY = load_vocabulary()


def raw() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("who", ["team", "team_wished", "van", "place"])
def test_a_group_that_the_vocabulary_has_not_is_refused_by_name(who: str) -> None:
    """It would match nobody to anything: a child in need of a secure place got an adults' bed."""
    given = raw()
    given["needs"][who] = ["populaton"]
    with pytest.raises(ValueError, match=rf"needs\.{who}: 'populaton' is no group"):
        planning_policy(given, VOCABULARY)


def test_every_table_refuses_a_key_that_it_does_not_know() -> None:
    tables = [None, *(name for name, table in raw().items() if isinstance(table, dict))]
    for name in tables:
        given = raw()
        (given if name is None else given[name])["surprise"] = 1
        with pytest.raises(ValueError, match="surprise"):
            planning_policy(given, VOCABULARY)
