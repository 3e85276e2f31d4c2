"""`caretower region build`: from an OpenStreetMap extract to the road file of a region."""

from pathlib import Path
from tempfile import TemporaryFile

import psutil
import shapely
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geo.areas import BadArea, read_areas
from geo.extract import Built, Stage, build_from_extract, needed_bytes
from geo.region_folder import BOUNDARY
from geo.road_file import write_roads

LEAST_COVER = 0.98
MB = 1_000_000

DOING: dict[Stage, str] = {
    "ways": "reading roads",
    "nodes": "reading their positions",
    "junctions": "cutting at junctions",
    "connected": "keeping what hangs together",
}


class RegionBuildError(ValueError):
    """Why no road file was written, in a sentence for an operator."""


def build_region_roads(extract: Path, output: Path, console: Console, *, anyway: bool) -> None:
    """Build, compare with the region's boundary if one lies beside the output, and write.

    anyway: go on even where memory may not do. Raises RegionBuildError, geo's BadExtract, OSError.
    """
    size = extract.stat().st_size
    _must_be_writable(output.parent)
    available = psutil.virtual_memory().available
    console.print(
        f"{extract.name}: {size / MB:,.1f} MB, needs at most about "
        f"{needed_bytes(file_bytes=size) / MB:,.0f} MB of memory; "
        f"{available / MB:,.0f} MB are available."
    )
    built = _build_with_progress(extract, console, None if anyway else available)
    graph = built.roads.graph
    west, south, east, north = shapely.total_bounds(shapely.points(graph.nodes))
    console.print(
        f"{built.ways:,} roads gave {len(graph.nodes):,} nodes and {len(graph.target):,} edges "
        f"between {west:.3f}, {south:.3f} and {east:.3f}, {north:.3f}; "
        f"{built.left_out:,} nodes hang together with nothing and were left out."
    )
    if built.missing:
        console.print(
            f"{built.missing:,} nodes of roads are not in the file: roads end there, as at an "
            "extract's edge. If they are many, the file may be cut short."
        )
    boundary = output.parent / BOUNDARY
    if boundary.exists():
        _must_cover(boundary, (west, south, east, north), console)
    write_roads(output, built.roads)
    console.print(f"Written to {output} ({output.stat().st_size / MB:,.1f} MB).")
    for source in built.roads.sources:
        console.print(f"{source.source} ({source.licence})")


def _must_be_writable(folder: Path) -> None:
    """Find out before the work, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RegionBuildError(f"cannot write into {folder}: {error.strerror}") from error


def _build_with_progress(extract: Path, console: Console, most_bytes: int | None) -> Built:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("opening", total=None)

        def tell(stage: Stage, done: int) -> None:
            progress.update(task, description=f"{DOING[stage]} ({done:,})")

        return build_from_extract(extract, tell=tell, most_bytes=most_bytes)


def _must_cover(
    boundary: Path, bounds: tuple[float, float, float, float], console: Console
) -> None:
    """Refuse roads of another place; say how much of the region they leave out."""
    try:
        region = shapely.union_all([area.shape for area in read_areas(boundary.read_bytes())])
    except BadArea as error:
        raise RegionBuildError(f"{boundary}: {error}") from error
    roads = shapely.box(*bounds)
    if not region.intersects(roads):
        at = ", ".join(f"{degrees:.3f}" for degrees in region.bounds)
        raise RegionBuildError(
            f"the roads lie elsewhere than the region ({at} by {boundary.name}): "
            "take an extract that holds the region"
        )
    share = region.intersection(roads).area / region.area
    if share < LEAST_COVER:
        console.print(
            f"Careful: the roads reach over {share:.0%} of the region's area only; "
            "beyond them travel times end at the nearest road."
        )
