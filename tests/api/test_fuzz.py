"""Every operation of the OpenAPI document against the running system: no 5xx, nothing undocumented.

Calls are made up from the document, good and bad ones; half of them carry ids that exist, so that
they get past "not found". The roles rotate, so that scopes are met too.
"""

import asyncio
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.app import doors
from api.services import Settings
from tests.api.house import ACCOUNTS, PASSWORD, House, serving
from tests.api.test_doors import accepted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EXAMPLES = 6
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
KNOWN = {
    "/v1/teams": "team-1",
    "/v1/vans": "van-1",
    "/v1/pools": "pool-1",
    "/v1/slots": "slot-1",
}


def operations() -> set[str]:
    paths = doors(Settings()).openapi()["paths"].values()
    return {op["operationId"] for methods in paths for op in methods.values()}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_every_door_stands_any_call(house: House, mode: GenerationMode) -> None:
    requests = [await accepted(house), await house.open()]
    tokens = {name: await house.as_(name) for name in ACCOUNTS}
    async with serving(house.app) as address:
        await asyncio.to_thread(_try_all, address, mode, requests, tokens)


def _try_all(
    address: str, mode: GenerationMode, requests: list[str], tokens: dict[str, dict[str, str]]
) -> None:
    schema = schemathesis.openapi.from_url(f"http://{address}/v1/openapi.json")
    tried = set()
    for found in schema.get_all_operations():
        operation = found.ok()
        raw = operation.definition.raw
        tried.add(raw["operationId"])
        can_be_wrong = "parameters" in raw or "requestBody" in raw
        if mode.is_negative and not can_be_wrong:
            continue
        _try_one(address, operation, mode, requests, tokens)
    assert tried == operations()


def _try_one(
    address: str,
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    requests: list[str],
    tokens: dict[str, dict[str, str]],
) -> None:
    leaves = operation.definition.raw["operationId"] == "log_out"

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        real=st.booleans(),
        who=st.sampled_from(sorted(tokens)),
        request=st.sampled_from(requests),
    )
    def attempt(case: Case, real: bool, who: str, request: str) -> None:
        if real and case.path_parameters:
            known = next((id for at, id in KNOWN.items() if case.path.startswith(at)), request)
            case.path_parameters = dict.fromkeys(case.path_parameters, known)
        token = _own_session(address, who) if leaves else tokens[who]
        answer = case.call(headers=token)
        case.validate_response(answer, checks=CHECKS)

    attempt()


def _own_session(address: str, who: str) -> dict[str, str]:
    """A token that may be lost: whoever logs out ends no other call's session."""
    body = {"name": who, "password": PASSWORD}
    answer = httpx.post(f"http://{address}/v1/sessions", json=body)
    return {"Authorization": f"Bearer {answer.json()['token']}"}
