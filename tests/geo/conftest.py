from pathlib import Path

import pytest

from geo.region import Region, load_region


@pytest.fixture(scope="session")
def utah(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load_region("utah", Path(tmp_path_factory.mktemp("regions")))
