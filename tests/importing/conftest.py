import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from rich.console import Console
from uuid6 import uuid7

from caretower.importing.cells import Judge
from caretower.importing.rows import Source
from caretower.region_new import Wish, new_region
from caretower.settings import Settings
from caretower.wiring import Tower, production
from geo.region import Region, load_region
from registry.vocabulary import load_vocabulary

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "region"
FILES = {
    "facilities": EXAMPLE / "facilities.csv",
    "units": EXAMPLE / "units.csv",
    "slots": EXAMPLE / "slots.csv",
    "teams": EXAMPLE / "teams.csv",
    "crew": EXAMPLE / "crew.csv",
    "vans": EXAMPLE / "vans.geojson",
}


NOW_MS = 1_796_126_400_000
"""2026-12-01 12:00 UTC."""


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


def folder(parent: Path, id: str) -> Path:
    """The example's region under an id of the test's own."""
    wish = Wish(
        id=id,
        title="Harbor County",
        timezone="Europe/Helsinki",
        folder=parent / id,
        boundary=EXAMPLE / "boundary.geojson",
        zones=EXAMPLE / "zones.geojson",
        places=False,
    )
    new_region(wish, quiet())
    return parent / id


@pytest.fixture(scope="session")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Region:
    parent = tmp_path_factory.mktemp("regions")
    folder(parent, "harbor")
    return load_region("harbor", parent / "cache", parent)


@pytest.fixture(scope="session")
def judge(harbor: Region) -> Judge:
    return Judge(harbor, load_vocabulary(), NOW_MS)


@pytest.fixture(scope="session")
def example() -> dict[str, Source]:
    return {what: Source(path.name, path.read_bytes()) for what, path in FILES.items()}


@dataclass(frozen=True, slots=True)
class House:
    """A region on real servers that no other test knows."""

    settings: Settings

    @asynccontextmanager
    async def tower(self) -> AsyncIterator[Tower]:
        async with production(self.settings) as tower:
            yield tower


@pytest.fixture
def house(valkey_url: str, database: "object", tmp_path: Path) -> House:
    id = f"r{uuid7().hex[-12:]}"
    return House(
        Settings(
            region=str(folder(tmp_path, id)),
            data_dir=tmp_path,
            redis_url=SecretStr(valkey_url),
            database_url=SecretStr(database.app_url),
        )
    )
