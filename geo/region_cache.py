"""Built regions on disk: one .npz a region and fingerprint, written whole or not at all."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from geo.places import Places
from geo.region import BadRegion, Region, Source
from geo.road_file import (
    Arrays,
    pack_corridors,
    pack_graph,
    text_array,
    unpack_corridors,
    unpack_graph,
    write_whole,
)
from geo.zones import Zones


def cached(
    cache_dir: Path, region_id: str, fingerprint: str, build: Callable[[], Region]
) -> Region:
    """The region of this fingerprint from the cache, or built now and kept for the next start."""
    path = cache_dir / f"{region_id}-{fingerprint}.npz"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return _unpack(dict(arrays))
    except (FileNotFoundError, zipfile.BadZipFile, ValueError, KeyError, EOFError):
        region = build()
    write_whole(path, _pack(region))
    return region


class _Words(msgspec.Struct):
    """All text of a region; numbers and shapes are arrays beside it."""

    id: str
    name: str
    timezone: str
    counties: tuple[tuple[str, str], ...]
    authorities: tuple[tuple[str, str], ...]
    counties_of: dict[str, tuple[str, ...]]
    unchecked: tuple[str, ...]
    places: tuple[tuple[str, str], ...]
    zips: tuple[tuple[str, str], ...]
    corridors: tuple[tuple[str, str], ...]
    sources: tuple[tuple[str, str, str], ...]
    roads_note: str
    roads_version: str


def _pack(region: Region) -> Arrays:
    roads = region.roads
    if roads is None:
        raise BadRegion(f"{region.id} is cached with its roads, or not at all")

    def named(of: Zones | Places) -> tuple[tuple[str, str], ...]:
        return tuple(zip(of.ids, of.names, strict=True))

    words = _Words(
        id=region.id,
        name=region.name,
        timezone=region.timezone,
        counties=named(region.counties),
        authorities=named(region.authorities),
        counties_of=dict(region.counties_of),
        unchecked=region.unchecked,
        places=named(region.places),
        zips=named(region.zips),
        corridors=tuple((c.road, c.kind) for c in region.corridors),
        sources=tuple((s.what, s.source, s.licence) for s in region.sources),
        roads_note=roads.note,
        roads_version=roads.version,
    )
    arrays: Arrays = {
        "words": text_array(words),
        **pack_corridors(region.corridors),
        **pack_graph(roads),
    }
    arrays |= _pack_shapes("boundary", (region.boundary,))
    for label, zones in (("counties", region.counties), ("authorities", region.authorities)):
        arrays |= _pack_shapes(label, zones.shapes)
        arrays[f"{label}_population"] = np.array(zones.populations, dtype=np.int64)
    for label, places in (("places", region.places), ("zips", region.zips)):
        arrays |= {f"{label}_at": places.at, f"{label}_population": places.population}
    return arrays


def _unpack(arrays: Arrays) -> Region:
    words = msgspec.json.decode(arrays["words"].tobytes(), type=_Words)

    def zones(label: str, named: tuple[tuple[str, str], ...]) -> Zones:
        ids, names = zip(*named, strict=True)
        population = tuple(arrays[f"{label}_population"].tolist())
        return Zones(ids, names, _unpack_shapes(arrays, label), population)

    def places(label: str, named: tuple[tuple[str, str], ...]) -> Places:
        ids, names = zip(*named, strict=True)
        return Places(ids, names, arrays[f"{label}_at"], arrays[f"{label}_population"])

    return Region(
        id=words.id,
        name=words.name,
        timezone=words.timezone,
        boundary=_unpack_shapes(arrays, "boundary")[0],
        counties=zones("counties", words.counties),
        authorities=zones("authorities", words.authorities),
        counties_of=words.counties_of,
        unchecked=words.unchecked,
        places=places("places", words.places),
        zips=places("zips", words.zips),
        roads=unpack_graph(arrays, words.roads_note, words.roads_version),
        corridors=unpack_corridors(arrays, words.corridors),
        sources=tuple(Source(*source) for source in words.sources),
    )


def _pack_shapes(label: str, shapes: tuple[Any, ...]) -> Arrays:
    wkb = [shapely.to_wkb(shape) for shape in shapes]
    return {
        f"{label}_wkb": np.frombuffer(b"".join(wkb), dtype=np.uint8),
        f"{label}_wkb_length": np.array([len(part) for part in wkb]),
    }


def _unpack_shapes(arrays: Arrays, label: str) -> tuple[Any, ...]:
    ends = np.cumsum(arrays[f"{label}_wkb_length"])
    whole = arrays[f"{label}_wkb"].tobytes()
    starts = [0, *ends[:-1].tolist()]
    return tuple(shapely.from_wkb(whole[a:b]) for a, b in zip(starts, ends.tolist(), strict=True))
