from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.region import Region, UnknownRegion, load_region
from geo.region_cache import cached


def same(one: Region, other: Region) -> bool:
    return (
        (one.id, one.name, one.timezone, one.counties_of, one.unchecked, one.sources)
        == (other.id, other.name, other.timezone, other.counties_of, other.unchecked, other.sources)
        and one.boundary.equals(other.boundary)
        and one.counties.ids == other.counties.ids
        and one.counties.populations == other.counties.populations
        and all(map(shapely.equals, one.authorities.shapes, other.authorities.shapes))
        and one.zips.names == other.zips.names
        and np.array_equal(one.zips.at, other.zips.at)
        and np.array_equal(one.places.population, other.places.population)
        and one.roads.version == other.roads.version
        and np.array_equal(one.roads.time_ms, other.roads.time_ms)
        and all(
            a.road == b.road and np.array_equal(a.at, b.at)
            for a, b in zip(one.corridors, other.corridors, strict=True)
        )
    )


def never() -> Region:
    raise AssertionError("built although it was cached")


def test_a_region_comes_out_of_the_cache_as_it_went_in(utah: Region, tmp_path: Path) -> None:
    cached(tmp_path, "utah", "1", lambda: utah)
    assert same(cached(tmp_path, "utah", "1", never), utah)


def test_other_data_are_not_read_from_the_cache(utah: Region, tmp_path: Path) -> None:
    cached(tmp_path, "utah", "1", lambda: utah)
    with pytest.raises(AssertionError, match="built"):
        cached(tmp_path, "utah", "2", never)


@pytest.mark.parametrize("kept", [0, 1, 1_000, 0.5, 0.999])
def test_half_a_file_is_built_anew_and_mended(utah: Region, tmp_path: Path, kept: float) -> None:
    cached(tmp_path, "utah", "1", lambda: utah)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept if kept >= 1 else kept * len(whole))])
    assert same(cached(tmp_path, "utah", "1", lambda: utah), utah)
    assert same(cached(tmp_path, "utah", "1", never), utah)


def test_flipped_bytes_are_noticed(utah: Region, tmp_path: Path) -> None:
    cached(tmp_path, "utah", "1", lambda: utah)
    (path,) = tmp_path.iterdir()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(AssertionError, match="built"):
        cached(tmp_path, "utah", "1", never)


def test_a_failed_build_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        cached(tmp_path, "utah", "1", never)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_region_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownRegion):
        load_region("atlantis", tmp_path)
