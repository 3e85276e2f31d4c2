"""`caretower region build` in an operator's hands."""

from pathlib import Path

import pytest
import shapely
from rich.console import Console

from caretower.region_build import RegionBuildError, build_region_roads
from geo.road_file import read_roads
from tests.geo.osm_files import osm_file

SPOTS = {1: (25.0, 60.0), 2: (25.01, 60.0), 3: (25.01, 60.01)}


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    return osm_file(tmp_path, SPOTS, [([1, 2, 3], {"highway": "residential"})])


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=200)


def test_it_says_what_it_needs_before_and_what_came_of_it_after(
    extract: Path, console: Console, tmp_path: Path
) -> None:
    build_region_roads(extract, tmp_path / "new" / "roads.npz", console, anyway=False)
    said = console.export_text()
    assert said.index("of memory") < said.index("nodes and") < said.index("Written")
    assert "OpenStreetMap contributors" in said
    assert len(read_roads(tmp_path / "new" / "roads.npz").graph.nodes) == 10


def test_roads_of_another_place_are_refused_beside_a_boundary(
    extract: Path, console: Console, tmp_path: Path
) -> None:
    (tmp_path / "boundary.geojson").write_text(shapely.to_geojson(shapely.box(10, 50, 11, 51)))
    with pytest.raises(RegionBuildError, match="elsewhere"):
        build_region_roads(extract, tmp_path / "roads.npz", console, anyway=False)
    assert not (tmp_path / "roads.npz").exists()


def test_roads_that_cover_only_a_part_of_the_region_are_told(
    extract: Path, console: Console, tmp_path: Path
) -> None:
    (tmp_path / "boundary.geojson").write_text(
        shapely.to_geojson(shapely.box(25, 60, 25.02, 60.01))
    )
    build_region_roads(extract, tmp_path / "roads.npz", console, anyway=False)
    assert "50%" in console.export_text()


def test_a_place_where_nothing_can_be_written_is_found_before_the_work(
    extract: Path, console: Console, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RegionBuildError, match="cannot write"):
        build_region_roads(extract, tmp_path / "file" / "roads.npz", console, anyway=False)
    assert "of memory" not in console.export_text()


def test_a_failed_build_leaves_the_earlier_file_as_it_was(
    extract: Path, console: Console, tmp_path: Path
) -> None:
    output = tmp_path / "out" / "roads.npz"
    build_region_roads(extract, output, console, anyway=False)
    before = output.read_bytes()
    extract.write_text("<osm")
    with pytest.raises(ValueError, match="damaged"):
        build_region_roads(extract, output, console, anyway=False)
    assert output.read_bytes() == before
    assert [path.name for path in output.parent.iterdir()] == ["roads.npz"]
