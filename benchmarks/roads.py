"""Roads from an extract and questions on them, against OSRM on the same file and against Valkey.

The extract is benchmarks/tiled.py's: real streets, side by side. OSRM runs as its own server, one
thread, contraction hierarchies; its table is asked over HTTP on this machine, and the time ends
when the last byte of the answer is here, unread.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import redis

from benchmarks.matrix import timed
from benchmarks.routers import Work, running_osrm_of
from benchmarks.routers import run as run_command
from benchmarks.rows import row
from benchmarks.tiled import write_tiled
from caretower.embedded.valkey import running_valkey
from geo.nearest import Nearest
from geo.points import Positions
from geo.road_file import read_roads
from geo.roads import RoadGraph
from geo.trees import Trees

SIDE, SHORT_SIDE = 10, 3
ENDS = 500
RESOURCES, NEAREST, QUERIES = 5_000, 10, 500

AT_LEAST_TIMES_OSRM = 50.0
AT_LEAST_TIMES_GEOSEARCH = 50.0
RADIUS_KM = 2_000


def run(short: bool) -> list[dict[str, Any]]:
    """Rows {name, value, unit, baseline, ratio, target, holds}."""
    with tempfile.TemporaryDirectory(prefix="ct-") as name:
        folder = Path(name)
        extract = folder / "tiled.osm.pbf"
        nodes = write_tiled(extract, SHORT_SIDE if short else SIDE)
        ours = _build_ours(extract, folder)
        graph = read_roads(folder / "roads.npz").graph
        with running_osrm_of(extract, folder) as (theirs, url):
            table = _table_row(graph, url)
        return [table, *_build_rows(nodes, ours, theirs), _nearest_row()]


def _build_ours(extract: Path, folder: Path) -> Work:
    """The whole command, as an operator types it."""
    words = ["-m", "caretower", "region", "build", str(extract), "-o", str(folder / "roads.npz")]
    return run_command([sys.executable, *words], folder / "build.log")


def _build_rows(nodes: int, ours: Work, theirs: Work) -> list[dict[str, Any]]:
    """Against osrm-extract and osrm-contract, which also order the graph for their own queries."""
    ours_s, theirs_s = (work.seconds / nodes * 1e6 for work in (ours, theirs))
    ours_mb, theirs_mb = (work.peak_bytes / 1e6 for work in (ours, theirs))
    return [
        row(
            "region.build_s_per_million_nodes",
            ours_s,
            "s",
            theirs_s,
            baseline=theirs_s,
            ratio=theirs_s / ours_s,
        ),
        row(
            "region.build_peak_mb",
            ours_mb,
            "MB",
            None,
            baseline=theirs_mb,
            ratio=theirs_mb / ours_mb,
        ),
    ]


def _table_row(graph: RoadGraph, url: str) -> dict[str, Any]:
    rng = np.random.default_rng(988)
    starts, ends = (graph.nodes[rng.choice(len(graph.nodes), ENDS, False)] for _ in range(2))
    trees = Trees(graph)
    trees.warm(ends)
    _, ours_ms = timed(lambda: trees.matrix(starts, ends).seconds, repeats=20)
    asked = {
        "coordinates": np.vstack((starts, ends)).round(6).tolist(),
        "sources": list(range(ENDS)),
        "destinations": list(range(ENDS, 2 * ENDS)),
        "annotations": ["duration"],
        "generate_hints": False,
    }
    with httpx.Client(base_url=url, timeout=60) as client:
        body, osrm_ms = timed(lambda: _bytes(client, asked), repeats=3)
    assert len(body) > ENDS * ENDS * 2, "OSRM answered no whole table"
    ratio = osrm_ms / ours_ms
    return row(
        "matrix.500x500.vs_osrm", ratio, "x", AT_LEAST_TIMES_OSRM, lower=False, baseline=osrm_ms
    )


def _bytes(client: httpx.Client, asked: dict[str, Any]) -> bytes:
    answer = client.post("/table/v1/driving", json=asked)
    answer.raise_for_status()
    return answer.content


def _nearest_row() -> dict[str, Any]:
    """The 10 nearest of 5,000 for 500 questions, each side asked all of them at once."""
    rng = np.random.default_rng(988)
    resources, wanted = (rng.uniform((-114, 37), (-109, 42), (n, 2)) for n in (RESOURCES, QUERIES))
    index = Nearest(resources)
    (_, ours), ours_ms = timed(lambda: index.find(wanted, NEAREST), repeats=20)
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_valkey(Path(folder), fsync="no") as server,
        redis.Redis.from_url(server.url) as client,
    ):
        for place, (lon, lat) in enumerate(resources.tolist()):
            client.geoadd("resources", (lon, lat, str(place)))
        theirs, valkey_ms = timed(lambda: _geosearch(client, wanted), repeats=5)
    same = np.mean([set(a) == set(b) for a, b in zip(ours.tolist(), theirs, strict=True)])
    assert same > 0.95, "the two do not find the same"  # Valkey keeps positions to half a metre
    ratio = valkey_ms / ours_ms
    return row(
        "nearest10.vs_geosearch",
        ratio,
        "x",
        AT_LEAST_TIMES_GEOSEARCH,
        lower=False,
        baseline=valkey_ms,
    )


def _geosearch(client: redis.Redis, wanted: Positions) -> list[list[int]]:
    pipeline = client.pipeline(transaction=False)
    for lon, lat in wanted.tolist():
        pipeline.geosearch(
            "resources",
            longitude=lon,
            latitude=lat,
            radius=RADIUS_KM,
            unit="km",
            sort="ASC",
            count=NEAREST,
        )
    return [[int(name) for name in found] for found in pipeline.execute()]
