"""Insurance, residency and immigration can be inputs nowhere."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import optimizer.plan
import optimizer.problem
from caretower.planfile import PlanFileError, plan_file_schema, plan_text
from dispatch.never_inputs import speaks_of_status
from registry import states
from registry.vocabulary import load_vocabulary

OPENAPI = Path(__file__).parents[2] / "web" / "openapi.json"


def _keys(schema: Any) -> Iterator[str]:
    """Every name of a property, a definition or a word in a JSON document."""
    if isinstance(schema, Mapping):
        for key, value in schema.items():
            yield str(key)
            if key in ("enum", "required", "const"):
                yield from map(str, value if isinstance(value, list) else [value])
            yield from _keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keys(value)


def _fields(*modules: Any) -> Iterator[str]:
    for module in modules:
        for kind in vars(module).values():
            if isinstance(kind, type) and is_dataclass(kind):
                yield from (field.name for field in fields(kind))
            yield from getattr(kind, "__struct_fields__", ())


def _refused(names: Iterator[str]) -> list[str]:
    return [name for name in names if speaks_of_status(name)]


def test_insurance_residency_and_immigration_can_be_inputs_of_no_door() -> None:
    """The HTTP interface, the plan file, the optimizer's question, the registry's states and the
    vocabulary have no field and no word for them; unknown fields are refused (below)."""
    api = json.loads(OPENAPI.read_text(encoding="utf-8"))
    assert _refused(_keys(api["components"]["schemas"])) == []
    assert _refused(_keys(plan_file_schema())) == []
    assert _refused(_fields(optimizer.problem, optimizer.plan, states)) == []
    codes = (word for words in load_vocabulary().codes.values() for word in words)
    assert _refused(iter(load_vocabulary().words | set(codes))) == []


def test_the_search_for_such_inputs_would_find_them() -> None:
    assert _refused(_keys({"properties": {"person": {"properties": {"insurance_id": {}}}}}))
    assert _refused(_keys({"enum": ["resident"]}))


def _closed(schema: Any) -> bool:
    return schema.get("additionalProperties") is False or schema.get("type") == "string"


def _reached(schemas: Mapping[str, Any], name: str) -> set[str]:
    """A schema and all that it refers to."""
    found, ahead = set(), [name]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            text = json.dumps(schemas[one])
            ahead += re.findall(r"#/(?:components/schemas|\$defs)/(\w+)", text)
    return found


def test_a_request_and_a_plan_file_refuse_every_field_that_they_do_not_know() -> None:
    schemas = json.loads(OPENAPI.read_text(encoding="utf-8"))["components"]["schemas"]
    asked = _reached(schemas, "NewRequest")
    assert {"Needs", "Risk", "Custody", "Guardianship", "Person"} <= asked
    assert [name for name in asked if not _closed(schemas[name])] == []
    file = plan_file_schema()
    assert _closed(file)
    assert [name for name, part in file["$defs"].items() if not _closed(part)] == []


def test_the_optimizers_question_cannot_be_made_with_such_a_field() -> None:
    with pytest.raises(TypeError):
        optimizer.problem.Request("r", weight=1, insurance="none")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        replace(optimizer.problem.Request("r", weight=1), residency="here")


STATUS = [
    "uninsured",
    "Insured",
    "medicaid-only",
    "self-pay",
    "non_resident",
    "citizen",
    "visa-h1b",
]


@pytest.mark.parametrize(
    "name",
    [
        *STATUS,
        "\uff30ayer-a",
        "r\u00e9sidents",
        "resi\u00addents",
        "vip-residents",
        "self  pay",
        "medi-caid",
        "indocumentados",
    ],
)
def test_no_spelling_hides_what_a_name_speaks_of(name: str) -> None:
    assert speaks_of_status(name)


@pytest.mark.parametrize("zone", [*STATUS, "immigrant", "undocumented", "\uff30ayer-a"])
@pytest.mark.parametrize("part", ["request", "agreement", "pool"])
def test_a_zone_of_a_plan_file_cannot_stand_in_for_payer_residency_or_immigration(
    part: str, zone: str
) -> None:
    """A free name on both sides, of a request and of an agreement, would decide who gets a bed."""
    file = {
        "version": 1,
        "now": "2026-11-22T22:00:00Z",
        "requests": [{"id": "a", "tier": "high"} | ({"zone": zone} if part == "request" else {})],
        "pools": [
            {"id": "bed", "facility": "f", "type": "receiving", "capacity": 3}
            | ({"zone": zone} if part == "pool" else {})
        ],
        "agreements": [
            {
                "facility": "f",
                "zone": zone if part == "agreement" else "*",
                "pool_types": ["receiving"],
            }
        ],
        "travel": {},
    }
    with pytest.raises(PlanFileError, match=rf"{part}s\.0\.zone: a zone is a part of the map"):
        plan_text(json.dumps(file))


@pytest.mark.parametrize(
    "zone", ["visalia", "residential-north", "presidents-park", "salt-lake", "*", "49035"]
)
def test_the_name_of_a_town_says_nothing_of_status(zone: str) -> None:
    assert not speaks_of_status(zone)
