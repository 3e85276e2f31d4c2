"""What tests of the doors share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from registry.model import MemoryRegistry
from registry.port import Registry
from tests.api.builders import Clock
from tests.api.house import House
from tests.api.house import house as opened
from tests.api.life import Life


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> MemoryRegistry:
    """The registry's laws in memory."""
    return MemoryRegistry(clock)


@pytest.fixture
async def house(engine: AsyncEngine, registry: Registry, tmp_path: Path) -> AsyncIterator[House]:
    """The whole application on a real database and a real registry."""
    async with opened(engine, registry, tmp_path) as running:
        yield running


@pytest.fixture
async def life(memory: MemoryRegistry, clock: Clock) -> Life:
    begun = Life(memory, clock)
    await begun.begin()
    return begun
