"""A large extract made of a small real one: Helsinki's streets side by side, joined by roads.

No package carries a large extract. The streets, their one-ways and bends are real; that they
repeat is not: what is measured on it is speed, never quality. © OpenStreetMap contributors, ODbL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import osmium
from osmium.osm import Node, Way, mutable

from benchmarks.routers import HELSINKI
from geo.driving import drive, load_driving
from geo.extract import build_from_extract

GAP_DEG = 0.002
SHIFT = 10_000_000
"""Ids of one tile lie below those of the next by this much."""

Tags = dict[str, str]


@dataclass(frozen=True, slots=True)
class Tile:
    """Drivable ways and their nodes, from 1; ends: the outermost west, east, south, north."""

    nodes: dict[int, tuple[float, float, Tags]]
    ways: list[tuple[list[int], Tags]]
    ends: tuple[int, int, int, int]
    width_deg: float
    height_deg: float


def read_tile(extract: Path = HELSINKI) -> Tile:
    """What of the extract a car may drive."""
    rules = load_driving()
    ways: list[tuple[list[int], Tags]] = []
    for way in cast("Iterable[Way]", osmium.FileProcessor(extract, osmium.osm.WAY)):
        tags = dict(way.tags)
        if "highway" in tags and drive(tags, rules) is not None:
            ways.append(([node.ref for node in way.nodes], tags))
    number = {ref: i for i, ref in enumerate(sorted({r for refs, _ in ways for r in refs}), 1)}
    nodes = {
        number[node.id]: (node.location.lon, node.location.lat, dict(node.tags))
        for node in cast("Iterable[Node]", osmium.FileProcessor(extract, osmium.osm.NODE))
        if node.id in number
    }
    at = np.array([nodes[i][:2] for i in nodes])
    return Tile(
        nodes,
        [([number[ref] for ref in refs], tags) for refs, tags in ways],
        _ends(nodes, build_from_extract(extract).roads.graph.nodes),
        *(np.ptp(at, axis=0) + GAP_DEG).tolist(),
    )


def _ends(
    nodes: dict[int, tuple[float, float, Tags]], reached: Iterable[tuple[float, float]]
) -> tuple[int, int, int, int]:
    """The outermost nodes among those that hang together."""
    kept = {(round(lon, 7), round(lat, 7)) for lon, lat in reached}
    among = [i for i, (lon, lat, _) in nodes.items() if (round(lon, 7), round(lat, 7)) in kept]
    by_lon = sorted(among, key=lambda i: nodes[i][0])
    by_lat = sorted(among, key=lambda i: nodes[i][1])
    return by_lon[0], by_lon[-1], by_lat[0], by_lat[-1]


def write_tiled(path: Path, side: int) -> int:
    """Write side × side tiles, neighbours joined by a road; answers how many nodes it has."""
    tile = read_tile()
    spots = [(column, row) for row in range(side) for column in range(side)]
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(path) as writer:
        for place, (column, row) in enumerate(spots):
            for id_, (lon, lat, tags) in tile.nodes.items():
                at = (lon + column * tile.width_deg, lat + row * tile.height_deg)
                node = mutable.Node(id=place * SHIFT + id_, location=at, tags=tags, version=1)
                writer.add_node(node)
        for place, (column, row) in enumerate(spots):
            for number, (refs, tags) in enumerate(_roads(tile, place, column, row, side), 1):
                ids = place * SHIFT + number
                writer.add_way(mutable.Way(id=ids, nodes=refs, tags=tags, version=1))
    return len(tile.nodes) * len(spots)


def _roads(
    tile: Tile, place: int, column: int, row: int, side: int
) -> Iterable[tuple[list[int], Tags]]:
    """The tile's own roads, and those to its neighbours in the east and in the north."""
    for refs, tags in tile.ways:
        yield [place * SHIFT + ref for ref in refs], tags
    west, east, south, north = tile.ends
    joins = (
        (column < side - 1, place + 1, east, west),
        (row < side - 1, place + side, north, south),
    )
    for there, neighbour, mine, its in joins:
        if there:
            yield [place * SHIFT + mine, neighbour * SHIFT + its], {"highway": "secondary"}
