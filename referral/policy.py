"""Deadlines of the closed loop as versioned data, each with its source (policy/referral.toml)."""

import tomllib
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any

from registry.keys import BadTable, check_keys

_MIN_MS = 60_000
_H_MS = 3_600_000


_FIGURES = {
    "acknowledge": ("within_min",),
    "appointment": ("preferred_from_h", "preferred_to_h"),
    "attendance": ("report_within_min",),
    "outreach": ("first_attempt_within_h", "reached_within_h", "attempts_min", "attempts_max"),
    "caring_connection": ("within_h",),
    "slip": ("undone_within_s",),
    "hold": ("ttl_s",),
    "screen": ("ended_shown_h",),
    "supervisor": ("after_min",),
}
"""The numbers of each table; each table names its source besides."""


class PolicyInvalid(ValueError):
    """The policy file says something that cannot be followed."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in milliseconds; `sources` names where each table's figures come from."""

    version: str
    acknowledge_ms: int
    preferred_from_ms: int
    preferred_to_ms: int
    report_ms: int
    first_attempt_ms: int
    reached_ms: int
    attempts_min: int
    attempts_max: int
    caring_connection_ms: int
    slip_ms: int
    hold_ttl_s: int
    ended_shown_ms: int
    supervisor_ms: int
    sources: dict[str, str]

    def __post_init__(self) -> None:
        ordered = (
            0 < self.preferred_from_ms <= self.preferred_to_ms
            and 0 < self.first_attempt_ms <= self.reached_ms
            and 1 <= self.attempts_min <= self.attempts_max
        )
        positive = min(self.acknowledge_ms, self.report_ms, self.caring_connection_ms) > 0
        if not (ordered and positive and self.hold_ttl_s > 0 and self.ended_shown_ms >= 0):
            raise PolicyInvalid("referral policy: a time or a number of attempts is out of order")


def load_policy(path: Path) -> Policy:
    """Read policy/referral.toml; raises PolicyInvalid where a figure or its source is missing."""
    return parse_policy(tomllib.loads(path.read_text(encoding="utf-8")))


def parse_policy(raw: dict[str, Any]) -> Policy:
    """The policy that a parsed TOML document states. Raises PolicyInvalid."""
    try:
        _check(raw)
    except BadTable as wrong:
        raise PolicyInvalid(f"referral policy: {wrong}") from None
    return Policy(
        version=str(raw["version"]),
        acknowledge_ms=int(raw["acknowledge"]["within_min"] * _MIN_MS),
        preferred_from_ms=int(raw["appointment"]["preferred_from_h"] * _H_MS),
        preferred_to_ms=int(raw["appointment"]["preferred_to_h"] * _H_MS),
        report_ms=int(raw["attendance"]["report_within_min"] * _MIN_MS),
        first_attempt_ms=int(raw["outreach"]["first_attempt_within_h"] * _H_MS),
        reached_ms=int(raw["outreach"]["reached_within_h"] * _H_MS),
        attempts_min=int(raw["outreach"]["attempts_min"]),
        attempts_max=int(raw["outreach"]["attempts_max"]),
        caring_connection_ms=int(raw["caring_connection"]["within_h"] * _H_MS),
        slip_ms=int(raw["slip"]["undone_within_s"] * 1_000),
        hold_ttl_s=int(raw["hold"]["ttl_s"]),
        ended_shown_ms=int(raw["screen"]["ended_shown_h"] * _H_MS),
        supervisor_ms=int(raw["supervisor"]["after_min"] * _MIN_MS),
        sources={name: str(raw[name]["source"]) for name in _FIGURES},
    )


def _check(raw: dict[str, Any]) -> None:
    check_keys("", raw, {"version", *_FIGURES})
    for name, figures in _FIGURES.items():
        check_keys(name, raw[name], {"source", *figures})
        for figure in figures:
            value = raw[name][figure]
            if type(value) not in (int, float) or not 0 <= value < inf:
                raise PolicyInvalid(f"referral policy: {name}.{figure}: must be a number from 0")
