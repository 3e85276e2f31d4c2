"""The registries that keep one contract."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from uuid6 import uuid7

from registry.model import MemoryRegistry
from registry.server import connect
from tests.contracts.region import START_MS, Region, furnish

ENGINES = ("memory", "valkey", "redis")


@pytest.fixture(
    params=[
        pytest.param(name, marks=[pytest.mark.slow] if name != "memory" else []) for name in ENGINES
    ]
)
async def region(request: pytest.FixtureRequest) -> AsyncIterator[Region]:
    if request.param == "memory":
        region = Region(None)  # type: ignore[arg-type]
        region.registry = MemoryRegistry(lambda: region.now_ms)
    else:
        url = request.getfixturevalue(f"{request.param}_url")
        region = Region(await connect(url, f"test-{uuid7()}"))
        await region.at(START_MS)
    await furnish(region)
    yield region
    await region.registry.close()
