"""The wall clock, handed in wherever time matters."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives milliseconds UTC."""


def wall_clock() -> int:
    """Now, in milliseconds UTC."""
    return time.time_ns() // 1_000_000
