"""What the adapters of routers elsewhere share: questions with an end, tables in pieces."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeAlias

import httpx
import numpy as np
from numpy.typing import NDArray

from geo.points import Positions
from geo.travel import EngineFailed
from geo.trees import REACH_M

Seconds: TypeAlias = NDArray[np.float64]
AskPart: TypeAlias = Callable[[Positions, Positions], Seconds]

MATRIX_S = 10.0
"""A table that takes longer has failed: the next engine is asked."""

CONNECT_S = 1.0
MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Router:
    """A router elsewhere: its client, and how it is asked.

    `most` is how many origins and destinations one request may have, `within_s` how long a whole
    matrix may take, `reach_m` how far from a road a position may lie.
    """

    client: httpx.Client
    most: int = field(kw_only=True)
    within_s: float = field(default=MATRIX_S, kw_only=True)
    reach_m: float = field(default=REACH_M, kw_only=True)


class Question:
    """One matrix asked over HTTP: all its requests together end by a deadline.

    No message names a position: a router's own words could.
    """

    def __init__(self, client: httpx.Client, engine: str, within_s: float) -> None:
        self._client = client
        self._engine = engine
        self._late_s = monotonic() + within_s

    def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, bytes]:
        """Status and body of an answer, whole. Raises EngineFailed."""
        left_s = self._late_s - monotonic()
        if left_s <= 0:
            raise self.failed("was too slow")
        timeout = httpx.Timeout(left_s, connect=min(left_s, CONNECT_S))
        try:
            with self._client.stream(method, path, timeout=timeout, **kwargs) as answer:
                return answer.status_code, self._body(answer)
        except httpx.HTTPError as error:
            raise self.failed(f"did not answer ({type(error).__name__})") from error

    def failed(self, why: str) -> EngineFailed:
        return EngineFailed(f"{self._engine} {why}")

    def _body(self, answer: httpx.Response) -> bytes:
        parts, size = [], 0
        for part in answer.iter_bytes():
            parts.append(part)
            size += len(part)
            if monotonic() > self._late_s or size > MOST_BYTES:
                raise self.failed("was too slow or said too much")
        return b"".join(parts)


def in_parts(origins: Positions, destinations: Positions, most: int, ask: AskPart) -> Seconds:
    """The whole table from parts of at most `most` origins by `most` destinations."""
    seconds = np.empty((len(origins), len(destinations)))
    for row in range(0, len(origins), most):
        for column in range(0, len(destinations), most):
            part = np.s_[row : row + most, column : column + most]
            seconds[part] = ask(origins[part[0]], destinations[part[1]])
    return seconds


def table(rows: list[list[float | None]], shape: tuple[int, int], question: Question) -> Seconds:
    """Checked seconds, NaN for null. Raises EngineFailed for another shape or odd numbers."""
    if len(rows) != shape[0] or any(len(row) != shape[1] for row in rows):
        raise question.failed("answered a table of another shape")
    seconds = np.array(rows, dtype=np.float64).reshape(shape)
    if (seconds < 0).any() or np.isinf(seconds).any():
        raise question.failed("answered times that no road has")
    return seconds
