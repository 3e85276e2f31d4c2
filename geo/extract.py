"""A road network from an OpenStreetMap extract: read, cut at junctions, only what hangs together.

Two passes over the file: ways first, then the nodes that they name. Only ids and coordinates of
drivable roads are kept, so memory follows the roads and not the file.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from geo.driving import Driving, Memory, ends_here, load_driving
from geo.points import haversine_m
from geo.region import Corridor, Source
from geo.road_file import RoadFile
from geo.roads import LONGEST_EDGE_MS, Shapes, road_graph

if TYPE_CHECKING:
    from osmium.osm import Node, Way

Stage: TypeAlias = Literal["ways", "nodes", "junctions", "connected"]
Tell: TypeAlias = Callable[[Stage, int], None]

ATTRIBUTION = Source(
    "roads", "© OpenStreetMap contributors, openstreetmap.org/copyright", "ODbL 1.0"
)

STRETCH_M = 200.0
"""A road gets a node about so often, even without a junction: a position snaps to the nearest one.
A ferry gets none between its landings."""

BEND_DEG = 0.0002
"""Tolerance of the main roads as maps draw them, about 20 m."""

TOLD_EVERY = 50_000
UNITS_PER_DEG = 10_000_000
"""OpenStreetMap's whole numbers a degree."""

DRAWN = {"motorway": "freeway", "trunk": "highway", "primary": "arterial"}


BYTES_BEFORE = 120_000_000
BYTES_A_REF = 600
REFS_A_BYTE = 0.12
"""Measured (docs/roads.md) on a file that is all roads; a reference is one mention of a node."""


class BadExtract(ValueError):
    """A file that is no OpenStreetMap extract, a damaged one, or one without roads."""


class NotEnoughMemory(ValueError):
    """The extract's roads may not fit into the memory that is free."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of an extract.

    left_out: nodes of roads that do not hang together with the rest. missing: nodes that roads name
    and the file does not hold, as at the edge of an extract.
    """

    roads: RoadFile
    ways: int
    left_out: int
    missing: int


@dataclass(slots=True)
class _Ways:
    """Drivable ways in flat arrays; `refs[first[i]:first[i + 1]]` are the nodes of way i."""

    refs: "array[int]" = field(default_factory=lambda: array("q"))
    first: "array[int]" = field(default_factory=lambda: array("q", [0]))
    forward_kmh: "array[float]" = field(default_factory=lambda: array("d"))
    backward_kmh: "array[float]" = field(default_factory=lambda: array("d"))
    duration_s: "array[float]" = field(default_factory=lambda: array("d"))
    drawn: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """at: (n, 2) degrees, NaN for a node that the file lacks; barrier: (n,) whether a road ends."""

    at: NDArray[np.float64]
    barrier: NDArray[np.bool_]


def needed_bytes(*, file_bytes: int = 0, refs: int = 0) -> int:
    """Most memory that a build takes, by the file's size or, better, by its roads' nodes."""
    return BYTES_BEFORE + int(BYTES_A_REF * max(refs, REFS_A_BYTE * file_bytes))


def build_from_extract(
    extract: Path,
    *,
    tell: Tell = lambda _stage, _done: None,
    rules: Driving | None = None,
    most_bytes: int | None = None,
) -> Built:
    """Build the road network of an extract (.osm.pbf, or what else pyosmium reads).

    tell: is told the stage and how far it is. The nodes are junctions, ends, and one every
    200 m between; other bends are kept for drawing. Only the largest part in which every node
    reaches every other is kept. most_bytes: memory that may be used. Raises BadExtract,
    NotEnoughMemory, and OSError where the file cannot be read.
    """
    rules = rules or load_driving()
    with _explained(extract):
        ways = _read_ways(extract, rules, tell)
        if not ways.forward_kmh:
            raise BadExtract(f"{extract} holds no road that a car may drive")
        _must_fit(len(ways.refs), most_bytes)
        refs = np.frombuffer(ways.refs, dtype=np.int64)
        ids, node = np.unique(refs, return_inverse=True)
        nodes = _read_nodes(extract, ids, rules, tell)
        note = _note(extract)
    tell("junctions", len(refs))
    edges = _edges(_segments(ways, node, nodes), ways)
    tell("connected", len(edges.source))
    missing = int(np.isnan(nodes.at[:, 0]).sum())
    return _built(edges, ways, nodes.at[node], note, missing)


def _must_fit(refs: int, most_bytes: int | None) -> None:
    needed = needed_bytes(refs=refs)
    if most_bytes is not None and needed > most_bytes:
        raise NotEnoughMemory(
            f"these roads need about {needed / 1e6:,.0f} MB of memory and "
            f"{most_bytes / 1e6:,.0f} MB are free: take a smaller extract, or try anyway"
        )


@contextmanager
def _explained(extract: Path) -> Iterator[None]:
    """Turn pyosmium's errors into a sentence; a missing file stays an OSError."""
    with extract.open("rb"):
        pass
    try:
        yield
    except RuntimeError as error:
        raise BadExtract(f"{extract} is no OpenStreetMap extract, or damaged: {error}") from error


def _read_ways(extract: Path, rules: Driving, tell: Tell) -> _Ways:
    import osmium

    roads = osmium.filter.TagFilter(*(("highway", kind) for kind in rules.kmh), ("route", "ferry"))
    ways, memory = _Ways(), Memory(rules)
    found = osmium.FileProcessor(extract, osmium.osm.WAY).with_filter(roads)
    for way in cast("Iterable[Way]", found):
        tags = dict(way.tags)
        driven = memory.drive(tags)
        if driven is None or len(way.nodes) < 2:
            continue
        kind = tags.get("highway", "").removesuffix("_link")
        if kind in DRAWN:
            name = tags.get("ref") or tags.get("name") or ""
            ways.drawn.append((len(ways.forward_kmh), name, DRAWN[kind]))
        ways.refs.extend(node.ref for node in way.nodes)
        ways.first.append(len(ways.refs))
        ways.forward_kmh.append(driven.forward_kmh)
        ways.backward_kmh.append(driven.backward_kmh)
        ways.duration_s.append(driven.duration_s or np.nan)
        if len(ways.forward_kmh) % TOLD_EVERY == 0:
            tell("ways", len(ways.forward_kmh))
    tell("ways", len(ways.forward_kmh))
    return ways


def _read_nodes(extract: Path, ids: NDArray[np.int64], rules: Driving, tell: Tell) -> _Nodes:
    import osmium

    found, x, y, ends = array("q"), array("i"), array("i"), array("q")
    wanted = osmium.filter.IdFilter(ids.tolist())
    named = osmium.FileProcessor(extract, osmium.osm.NODE).with_filter(wanted)
    for node in cast("Iterable[Node]", named):
        place = node.location
        found.append(node.id)
        x.append(place.x)
        y.append(place.y)
        if len(node.tags) and ends_here(dict(node.tags), rules):
            ends.append(node.id)
        if len(found) % TOLD_EVERY == 0:
            tell("nodes", len(found))
    tell("nodes", len(found))
    at = np.full((len(ids), 2), np.nan)
    where = np.searchsorted(ids, np.frombuffer(found, dtype=np.int64))
    at[where] = np.column_stack((x, y)) / UNITS_PER_DEG
    at[~(np.abs(at) <= (180, 90)).all(axis=1)] = np.nan
    barrier = np.zeros(len(ids), dtype=np.bool_)
    barrier[np.searchsorted(ids, np.array(ends, dtype=np.int64))] = True
    return _Nodes(at, barrier)


def _note(extract: Path) -> str:
    import osmium

    with osmium.io.Reader(extract, osmium.osm.NOTHING) as reader:
        as_of = reader.header().get("osmosis_replication_timestamp")
    return f"OpenStreetMap, {extract.name}" + (f", as of {as_of}" if as_of else "")


@dataclass(frozen=True, slots=True, eq=False)
class _Segments:
    """Straight pieces in the order of the ways: tail and head (s,) into `at` (n, 2), way (s,)."""

    at: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    way: NDArray[np.int64]

    @property
    def length_m(self) -> NDArray[np.float64]:
        return haversine_m(self.at[self.tail], self.at[self.head])


def _segments(ways: _Ways, node: NDArray[np.int64], nodes: _Nodes) -> _Segments:
    """All straight pieces whose ends are known, none longer than a stretch, cut at barriers."""
    first = np.frombuffer(ways.first, dtype=np.int64)
    way = np.repeat(np.arange(len(first) - 1), np.diff(first))
    known = np.isfinite(nodes.at[node, 0])
    piece = (way[1:] == way[:-1]) & (node[1:] != node[:-1]) & known[1:] & known[:-1]
    segments = _Segments(nodes.at, node[:-1][piece], node[1:][piece], way[:-1][piece])
    ferry = np.isfinite(np.frombuffer(ways.duration_s))
    return _short(_cut(segments, nodes.barrier), ferry)


def _cut(segments: _Segments, barrier: NDArray[np.bool_]) -> _Segments:
    """Give every piece that ends at a barrier an end of its own, so that no road leads through."""
    at, size = [segments.at], len(segments.at)
    ends = []
    for end in (segments.tail, segments.head):
        stops = barrier[end]
        at.append(segments.at[end[stops]])
        own = end.copy()
        own[stops] = size + np.arange(stops.sum())
        size += int(stops.sum())
        ends.append(own)
    return _Segments(np.vstack(at), ends[0], ends[1], segments.way)


def _short(segments: _Segments, ferry: NDArray[np.bool_]) -> _Segments:
    """Break what is longer than a stretch into equal pieces."""
    pieces = np.maximum(1, np.ceil(segments.length_m / STRETCH_M)).astype(np.int64)
    pieces[ferry[segments.way]] = 1
    owner = np.repeat(np.arange(len(pieces)), pieces)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    later = number > 0
    start, end = segments.at[segments.tail], segments.at[segments.head]
    share = (number[later] / pieces[owner[later]])[:, None]
    between = start[owner[later]] + share * (end - start)[owner[later]]
    tail = segments.tail[owner]
    tail[later] = len(segments.at) + np.arange(len(between))
    head = segments.head[owner]
    goes_on = np.flatnonzero(later) - 1
    head[goes_on] = tail[later]
    return _Segments(np.vstack((segments.at, between)), tail, head, segments.way[owner])


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """Directed edges between nodes of `at`, and the line (or ~line, backwards) of each."""

    at: NDArray[np.float64]
    source: NDArray[np.int64]
    target: NDArray[np.int64]
    time_ms: NDArray[np.int64]
    line: NDArray[np.int64]
    bends: NDArray[np.float32]
    bends_of_line: NDArray[np.int64]


def _edges(segments: _Segments, ways: _Ways) -> _Edges:
    """Join pieces between junctions to lines, and make edges of them where they may be driven."""
    length_m = segments.length_m
    begins = _line_begins(segments, length_m, np.isfinite(np.frombuffer(ways.duration_s)))
    start = np.flatnonzero(begins)
    end = np.append(start[1:], len(begins)) - 1
    line_m = np.add.reduceat(length_m, start)
    way = segments.way[start]
    tail, head = segments.tail[start], segments.head[end]
    way_m = np.bincount(segments.way, length_m, minlength=len(ways.duration_s))
    lines = np.arange(len(start))
    parts = []
    for kmh, ends, line in (
        (ways.forward_kmh, (tail, head), lines),
        (ways.backward_kmh, (head, tail), ~lines),
    ):
        speed_m_s = np.frombuffer(kmh)[way] / 3.6
        is_open = (speed_m_s > 0) & (tail != head)
        seconds = line_m / np.where(is_open, speed_m_s, np.inf)
        told_s = np.frombuffer(ways.duration_s)[way] * line_m / way_m[way]
        seconds = np.where(told_s > 0, told_s, seconds)
        ms = np.clip(np.rint(seconds * 1000), 1, LONGEST_EDGE_MS).astype(np.int64)
        parts.append([array_[is_open] for array_ in (*ends, ms, line)])
    source, target, time_ms, line = (np.concatenate(both) for both in zip(*parts, strict=True))
    return _Edges(
        at=segments.at,
        source=source,
        target=target,
        time_ms=time_ms,
        line=line,
        bends=segments.at[segments.tail[~begins]].astype(np.float32),
        bends_of_line=np.add.reduceat((~begins).astype(np.int64), start),
    )


def _line_begins(
    segments: _Segments, length_m: NDArray[np.float64], ferry: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """(s,) whether a piece begins a line: where a way does, at junctions, after every stretch."""
    tail, head, way = segments.tail, segments.head, segments.way
    ends = np.bincount(tail, minlength=len(segments.at)) + np.bincount(
        head, minlength=len(segments.at)
    )
    begins = np.ones(len(tail), dtype=np.bool_)
    begins[1:] = (way[1:] != way[:-1]) | (tail[1:] != head[:-1]) | (ends[tail[1:]] != 2)
    start = np.flatnonzero(begins)
    run = np.cumsum(begins) - 1
    after_m = np.cumsum(length_m)
    run_m = np.add.reduceat(length_m, start)
    before_m = after_m - length_m - (after_m[start] - length_m[start])[run]
    stretches = np.maximum(1, np.ceil(run_m / STRETCH_M))[run]
    number = np.floor((before_m + 1e-6) / (run_m[run] / stretches))
    begins[1:] |= (number[1:] > number[:-1]) & ~ferry[way[1:]]
    return begins


def _built(
    edges: _Edges, ways: _Ways, at_ref: NDArray[np.float64], note: str, missing: int
) -> Built:
    """The largest part in which every node reaches every other, in its final numbers."""
    size = len(edges.at)
    net = csr_array((np.ones(len(edges.source)), (edges.source, edges.target)), (size, size))
    _, part = connected_components(net, connection="strong")
    used = np.unique(np.concatenate((edges.source, edges.target)))
    largest = np.argmax(np.bincount(part[used])) if len(used) else -1
    kept_node = np.flatnonzero(part == largest)
    if len(kept_node) < 2:
        raise BadExtract("the extract's roads do not hang together: nothing reaches anything")
    kept = (part[edges.source] == largest) & (part[edges.target] == largest)
    number = np.full(size, -1)
    number[kept_node] = np.arange(len(kept_node))
    graph = road_graph(
        edges.at[kept_node],
        number[edges.source[kept]],
        number[edges.target[kept]],
        edges.time_ms[kept],
        note=note,
        shapes=_shapes(edges, kept),
    )
    roads = RoadFile(graph, _main_roads(ways, at_ref), (ATTRIBUTION,))
    left_out = len(used) - len(kept_node)
    return Built(roads, len(ways.forward_kmh), left_out, missing)


def _shapes(edges: _Edges, kept: NDArray[np.bool_]) -> Shapes:
    """The bends of the lines that kept edges follow, those of other lines dropped."""
    line = edges.line[kept]
    backwards = line < 0
    used, number = np.unique(np.where(backwards, ~line, line), return_inverse=True)
    is_used = np.zeros(len(edges.bends_of_line), dtype=np.bool_)
    is_used[used] = True
    first = np.concatenate(([0], np.cumsum(edges.bends_of_line[used])))
    return Shapes(
        line=np.where(backwards, ~number, number).astype(np.int32),
        first=first.astype(np.int64),
        at=edges.bends[np.repeat(is_used, edges.bends_of_line)],
    )


def _main_roads(ways: _Ways, at_ref: NDArray[np.float64]) -> tuple[Corridor, ...]:
    """Main roads for maps: pieces of one name and class joined, small bends left out."""
    pieces: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    for way, name, kind in ways.drawn:
        at = at_ref[ways.first[way] : ways.first[way + 1]]
        at = at[np.isfinite(at[:, 0])]
        if len(at) > 1:
            pieces.setdefault((name, kind), []).append(at)
    return tuple(
        Corridor(name, kind, shapely.get_coordinates(line))
        for (name, kind), lines in sorted(pieces.items())
        for line in shapely.get_parts(_joined(lines))
    )


def _joined(lines: list[NDArray[np.float64]]) -> BaseGeometry:
    whole = shapely.union_all(shapely.multilinestrings([shapely.linestrings(at) for at in lines]))
    return shapely.simplify(shapely.line_merge(whole), BEND_DEG)
