"""A small plan file, and variations on it."""

import json
from typing import Any

import pytest

from caretower.planfile import PlanFileError, plan_text

SMALL: dict[str, Any] = {
    "version": 1,
    "now": "2026-11-22T08:00:00Z",
    "requests": [
        {"id": "R1", "tier": "high", "needs": ["adult"], "place": "needed", "van": "needed"}
    ],
    "teams": [{"id": "T1"}, {"id": "T2"}],
    "vans": [{"id": "V1"}],
    "pools": [
        {"id": "P1", "facility": "F1", "type": "receiving", "takes": ["adult"], "capacity": 1}
    ],
    "travel": {
        "team_to_request": {"T1": {"R1": 600}, "T2": {"R1": 300}},
        "van_to_request": {"V1": {"R1": 900}},
        "request_to_place": {"R1": {"P1": 1200}},
        "place_to_base": {"P1": {"V1": 600}},
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(SMALL)), **changes}


def plan(file: dict[str, Any]) -> dict[str, Any]:
    return plan_text(json.dumps(file))


def complaint(file: dict[str, Any]) -> str:
    with pytest.raises(PlanFileError) as refused:
        plan(file)
    return str(refused.value)


def with_request(**more: Any) -> dict[str, Any]:
    file = changed()
    file["requests"][0] |= more
    return file
