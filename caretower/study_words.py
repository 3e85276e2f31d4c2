"""A study as somebody types it: policies, loads and seeds; nonsense is refused in words."""

import re

from caretower.laboratory import Study
from simulator.study import Seeds

RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
MOST_SEEDS = 10_000


def study_of(policies: str, loads: str, report: str, tuning: str, days: float) -> Study:
    """The study that these words ask for. Raises ValueError with what is wrong with them."""
    return Study(
        _parts(policies),
        [_load(part) for part in _once(_parts(loads), "load")],
        Seeds(tuning=seeds_of(tuning), report=seeds_of(report)),
        days,
    )


def seeds_of(text: str) -> tuple[int, ...]:
    """ "1001-1003,1007" as 1001, 1002, 1003, 1007. Raises ValueError."""
    seeds: list[int] = []
    for part in _parts(text):
        found = RANGE.fullmatch(part)
        if found is None:
            raise ValueError(f"'{part}' is no seed: write numbers and ranges, such as 1001-1020,7")
        first, last = int(found[1]), int(found[2] or found[1])
        if last < first:
            raise ValueError(f"the seeds {part} end before they begin")
        if len(seeds) + last - first >= MOST_SEEDS:
            raise ValueError(f"more than {MOST_SEEDS} seeds")
        seeds.extend(range(first, last + 1))
    _once([str(seed) for seed in seeds], "seed")
    return tuple(seeds)


def _load(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"'{text}' is no load: write a share, such as .55") from None


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _once(names: list[str], what: str) -> list[str]:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"the {what} {name} is named twice")
    return names
