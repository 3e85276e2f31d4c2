"""Randomness by purpose: what happens to one request never shifts what happens to another.

Every purpose (and within it every person, crew or facility) has a stream of its own, spawned from
the seed by name. So the same seed gives the same demand and the same behaviour whatever a policy
decides: policies are compared on common random numbers.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np


@dataclass(frozen=True, slots=True)
class Streams:
    """All streams of one seed."""

    seed: int

    def of(self, purpose: str, *names: str | int) -> np.random.Generator:
        """The stream of this purpose and these names, from its beginning."""
        digest = sha256("\0".join([purpose, *map(str, names)]).encode()).digest()
        words = np.frombuffer(digest[:16], dtype=np.uint32)
        branch = np.random.SeedSequence(self.seed, spawn_key=tuple(words.tolist()))
        return np.random.Generator(np.random.PCG64(branch))

    def id(self, at_ms: int, purpose: str, *names: str | int) -> str:
        """A UUIDv7 of this moment whose random part comes from the stream (RFC 9562)."""
        tail = int.from_bytes(self.of(purpose, *names).bytes(10), "big")
        value = (at_ms & (1 << 48) - 1) << 80 | tail
        value = value & ~(0xF << 76) | 0x7 << 76
        value = value & ~(0x3 << 62) | 0x2 << 62
        text = f"{value:032x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def within(rng: np.random.Generator, low_high: tuple[float, float]) -> float:
    """Any value of a range."""
    return float(rng.uniform(*low_high))
