"""A road network on disk: `roads.npz`, with the lines that draw it and whom to thank for it."""

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from geo.region import Corridor, Source
from geo.roads import RoadGraph, Shapes

Arrays: TypeAlias = dict[str, NDArray[Any]]

READABLE = 0o644


class BadRoadFile(ValueError):
    """A file that is no road network, or a damaged one."""


@dataclass(frozen=True, slots=True, eq=False)
class RoadFile:
    """A built road network, its main roads for maps, and its sources."""

    graph: RoadGraph
    corridors: tuple[Corridor, ...]
    sources: tuple[Source, ...]


class _Words(msgspec.Struct):
    note: str
    version: str
    corridors: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str, str], ...]


def write_roads(path: Path, roads: RoadFile) -> None:
    """Write the file whole or not at all. Raises OSError."""
    words = _Words(
        note=roads.graph.note,
        version=roads.graph.version,
        corridors=tuple((c.road, c.kind) for c in roads.corridors),
        sources=tuple((s.what, s.source, s.licence) for s in roads.sources),
    )
    write_whole(
        path,
        {"words": text_array(words)} | pack_graph(roads.graph) | pack_corridors(roads.corridors),
    )


def read_roads(path: Path) -> RoadFile:
    """Read the file. Raises BadRoadFile, and OSError where it is missing or closed to us."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        words = msgspec.json.decode(arrays["words"].tobytes(), type=_Words)
        return RoadFile(
            graph=unpack_graph(arrays, words.note, words.version),
            corridors=unpack_corridors(arrays, words.corridors),
            sources=tuple(Source(*source) for source in words.sources),
        )
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        raise BadRoadFile(
            f"{path} is no road network, or damaged: build it with `caretower region build`"
        ) from error


def write_whole(path: Path, arrays: Arrays) -> None:
    """Write beside the target and rename, so that no reader ever sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=".part", delete=False) as out:
        part = Path(out.name)
        try:
            np.savez(out, allow_pickle=False, **arrays)
            out.flush()
            os.fsync(out.fileno())
            part.chmod(
                READABLE
            )  # a temporary file is its maker's alone; a service has its own user
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def text_array(words: msgspec.Struct) -> NDArray[np.uint8]:
    """Words as an array of bytes, to lie beside the numbers."""
    return np.frombuffer(msgspec.json.encode(words), dtype=np.uint8)


def pack_graph(roads: RoadGraph) -> Arrays:
    """The arrays of a graph, by name."""
    arrays = {f"roads_{part}": getattr(roads, part) for part in ("nodes", "first", "target")}
    arrays["roads_time_ms"] = roads.time_ms
    if roads.shapes is not None:
        for part in ("line", "first", "at"):
            arrays[f"shapes_{part}"] = getattr(roads.shapes, part)
    return arrays


def unpack_graph(arrays: Arrays, note: str, version: str) -> RoadGraph:
    """Raises KeyError where an array is missing."""
    shapes = None
    if "shapes_at" in arrays:
        shapes = Shapes(arrays["shapes_line"], arrays["shapes_first"], arrays["shapes_at"])
    return RoadGraph(
        nodes=arrays["roads_nodes"],
        first=arrays["roads_first"],
        target=arrays["roads_target"],
        time_ms=arrays["roads_time_ms"],
        note=note,
        version=version,
        shapes=shapes,
    )


def pack_corridors(corridors: tuple[Corridor, ...]) -> Arrays:
    """The main roads' positions in one array, and how many are whose."""
    return {
        "corridors_at": np.vstack([np.empty((0, 2)), *(c.at for c in corridors)]),
        "corridors_length": np.array([len(c.at) for c in corridors], dtype=np.int64),
    }


def unpack_corridors(arrays: Arrays, named: tuple[tuple[str, str], ...]) -> tuple[Corridor, ...]:
    """Raises KeyError or ValueError where arrays and names do not fit."""
    cuts = np.cumsum(arrays["corridors_length"])[:-1]
    lines = np.split(arrays["corridors_at"], cuts) if named else []
    return tuple(Corridor(road, kind, at) for (road, kind), at in zip(named, lines, strict=True))
