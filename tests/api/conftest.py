"""What tests of the doors share."""

import pytest

from registry.model import MemoryRegistry
from tests.api.builders import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def memory(clock: Clock) -> MemoryRegistry:
    """The registry's laws in memory."""
    return MemoryRegistry(clock)
