"""How old a fact may be: limits by source, from policy. Age is computed when somebody looks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from registry.errors import InvalidCommand
from registry.keys import check_keys
from registry.states import Pool
from registry.vocabulary import Vocabulary, load_vocabulary

DEFAULT_FILE = Path(__file__).resolve().parent.parent / "policy" / "freshness.toml"


class Freshness(StrEnum):
    """How far a fact may be trusted by its age."""

    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"
    NO_RESPONSE = "no_response"


@dataclass(frozen=True, slots=True)
class Limits:
    """The ages in seconds after which a fact is ageing, stale, without response."""

    ageing_s: float
    stale_s: float
    no_response_s: float

    def judge(self, age_s: float) -> Freshness:
        """An age below 0 (a clock ahead of ours) is fresh."""
        if age_s <= self.ageing_s:
            return Freshness.FRESH
        if age_s <= self.stale_s:
            return Freshness.AGEING
        return Freshness.STALE if age_s <= self.no_response_s else Freshness.NO_RESPONSE


@dataclass(frozen=True, slots=True)
class FreshnessPolicy:
    """Limits for each kind of fact; of pools also by type ("default" where it has none), and by
    facility."""

    version: str
    source: str
    limits: Mapping[str, Mapping[str, Limits]]

    def of(self, fact: str, source: str = "default") -> Limits:
        """The limits of a fact (`position`, `unit_status`, `pool`, `feed`) from this source."""
        by_source = self.limits[fact]
        return by_source.get(source) or by_source["default"]

    def of_pool(self, pool: Pool) -> Limits:
        """A pool's limits: those its facility agreed on, else those of its type."""
        return self.limits["facility"].get(pool.facility) or self.of("pool", pool.type)

    def judge_pool(self, pool: Pool, now_ms: int) -> Freshness:
        """By the last time that somebody stood by the count."""
        return self.of_pool(pool).judge((now_ms - pool.confirmed_ms) / 1000)


def load_freshness(path: Path = DEFAULT_FILE) -> FreshnessPolicy:
    """Read and check a freshness file. Raises BadTable, InvalidCommand."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    _check_names(data, load_vocabulary())
    version, source = data.pop("version"), data.pop("source")
    limits = {
        fact: {name: _limits(f"{fact}.{name}", values) for name, values in by_source.items()}
        for fact, by_source in data.items()
    }
    return FreshnessPolicy(version, source, limits)


def _check_names(data: Mapping[str, Any], vocabulary: Vocabulary) -> None:
    """A name that is misspelt would leave the limits of another in force."""
    facts = ("position", "unit_status", "pool", "feed")
    check_keys("", data, ("version", "source", "facility", *facts))
    for fact in facts:
        types = vocabulary.codes["pool_type"] if fact == "pool" else ()
        check_keys(fact, data[fact], ("default",), types)
    check_keys("facility", data["facility"], (), data["facility"])


def _limits(name: str, values: Any) -> Limits:
    check_keys(name, values, Limits.__slots__)
    for key, value in values.items():
        if type(value) not in (int, float):
            raise InvalidCommand(f"{name}.{key}: must be a number of seconds")
    limits = Limits(**values)
    if not 0 < limits.ageing_s < limits.stale_s < limits.no_response_s:
        raise InvalidCommand(f"the limits of {name} must grow")
    return limits
