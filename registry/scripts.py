"""The Lua scripts beside this file: one is one command, atomic with its event."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "lua"

KEY_NAMES = (
    "meta",
    "events",
    "clock",
    "team",
    "van",
    "pool",
    "slot",
    "hold",
    "request",
    "referral",
    "task",
    "panic",
    "closure",
    "ride",
    "position",
    "claims",
    "hold_of",
    "due",
    "rows",
    "leases",
    "plan",
    "gps_counts",
    "gps_doubts",
)
"""What every script gets as KEYS, in this order; the record of the command's answer follows."""


@dataclass(frozen=True, slots=True)
class Script:
    """The source as it is sent, `_world.lua` before the script itself, and its SHA-1."""

    name: str
    source: str
    sha: str


@cache
def script(name: str) -> Script:
    """The script of this name. Raises FileNotFoundError."""
    source = "\n".join((FOLDER / file).read_text("utf-8") for file in ("_world.lua", f"{name}.lua"))
    return Script(name, source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())
