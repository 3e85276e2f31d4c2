"""Which travel times a process takes: routers, the region's own roads, a labelled guess."""

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import numpy as np
import pytest
import shapely
from pydantic import HttpUrl, ValidationError

from caretower.settings import Settings
from caretower.travel import RegionTravel, routers
from geo.closures import Closure
from geo.points import Positions, positions
from geo.region import Region, load_region
from geo.travel import TravelMatrix

SALT_LAKE, OGDEN = positions([(-111.89, 40.76)]), positions([(-111.97, 41.22)])
EVERYWHERE = Closure("snow", shapely.box(-115, 36, -108, 43), 2.0)


@dataclass
class Router:
    """A router elsewhere, which knows no closures."""

    asked: int = 0

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        self.asked += 1
        shape = len(origins), len(destinations)
        return TravelMatrix(np.full(shape, 60.0), "router", "road", "1")


@pytest.fixture(scope="module")
def utah(tmp_path_factory: pytest.TempPathFactory) -> Region:
    return load_region("utah", Path(tmp_path_factory.mktemp("cache")))


def test_a_router_is_asked_first_and_not_while_a_closure_is_in_force(utah: Region) -> None:
    router = Router()
    travel = RegionTravel(utah, [router], max_trees=16)
    assert travel.matrix(SALT_LAKE, OGDEN).engine == "router"
    free_s = RegionTravel(utah, max_trees=16).matrix(SALT_LAKE, OGDEN).seconds[0, 0]
    travel.heed((EVERYWHERE,))
    slowed = travel.matrix(SALT_LAKE, OGDEN)
    assert (slowed.engine, router.asked) == ("trees", 1)
    assert slowed.seconds[0, 0] > 1.5 * free_s
    travel.heed(())
    assert travel.matrix(SALT_LAKE, OGDEN).engine == "router"


def test_the_same_closures_again_cost_nothing(utah: Region) -> None:
    travel = RegionTravel(utah, max_trees=16)
    travel.heed((EVERYWHERE,))
    before = travel.matrix(SALT_LAKE, OGDEN).weights_version
    kept = travel._roads._engine
    travel.heed((replace(EVERYWHERE),))
    assert travel._roads._engine is kept
    assert travel.matrix(SALT_LAKE, OGDEN).weights_version == before


def test_a_region_without_roads_answers_by_router_or_by_a_labelled_guess(utah: Region) -> None:
    bare = replace(utah, roads=None)
    assert RegionTravel(bare).matrix(SALT_LAKE, OGDEN).quality == "estimate"
    by_router = RegionTravel(bare, [Router()])
    by_router.heed((replace(EVERYWHERE, slowdown=inf),))
    assert by_router.matrix(SALT_LAKE, OGDEN).engine == "router"


def test_routers_are_named_by_settings_and_osrm_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CARETOWER_OSRM_URL", "http://127.0.0.1:5000")
    monkeypatch.setenv("CARETOWER_VALHALLA_URL", "http://127.0.0.1:8002")
    settings = Settings()
    found = routers(settings.osrm_url, settings.valhalla_url)
    assert [type(one).__name__ for one in found] == ["Osrm", "Valhalla"]
    assert routers(None, HttpUrl("http://valhalla")) != []
    monkeypatch.setenv("CARETOWER_OSRM_URL", "osrm")
    with pytest.raises(ValidationError):
        Settings()
