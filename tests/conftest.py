"""Real servers for tests: one of each for a test worker, a region of its own for each test."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uuid6 import uuid7

from caretower.embedded.valkey import running_valkey

if TYPE_CHECKING:
    from registry.server import ServerRegistry


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A real Valkey for this test worker; its files are in a short path, for the socket's sake."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_valkey(Path(folder), fsync="no") as server,
    ):
        yield server.url


@pytest.fixture
async def registry(valkey_url: str) -> AsyncIterator[ServerRegistry]:
    """A registry over a region that no other test knows."""
    from registry.server import connect

    opened = await connect(valkey_url, region=f"test-{uuid7()}")
    yield opened
    await opened.close()
