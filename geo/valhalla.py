"""Travel times from Valhalla over HTTP (its `sources_to_targets`)."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import numpy as np

from geo.points import Positions, positions
from geo.remote import Question, Router, Seconds, in_parts, table
from geo.travel import TravelMatrix

MOST = 50
"""Origins and destinations of one request: 2,500 pairs are what Valhalla allows by default."""

NOWHERE = frozenset({170, 171, 442})
"""Error codes that mean no road: unconnected regions, no edge near by, no path."""


class _Table(msgspec.Struct):
    durations: list[list[float | None]]


class _Answer(msgspec.Struct):
    sources_to_targets: _Table


class _Refusal(msgspec.Struct):
    error_code: int


@dataclass(frozen=True, slots=True)
class Valhalla(Router):
    """Valhalla's matrix for cars, asked in parts; a matrix that is late has failed.

    Valhalla refuses a whole table for one position without a road: it is then asked in halves,
    until what is left is one pair, which is unreachable.
    """

    most: int = field(default=MOST, kw_only=True)

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """See TravelTimes.matrix."""
        start, end = positions(origins), positions(destinations)
        question = Question(self.client, "Valhalla", self.within_s)

        def part(rows: Positions, columns: Positions) -> Seconds:
            answer = self._ask(question, rows, columns)
            if answer is not None:
                return answer
            if len(rows) == len(columns) == 1:
                return np.full((1, 1), np.nan)
            if len(rows) > len(columns):
                half = len(rows) // 2
                return np.vstack((part(rows[:half], columns), part(rows[half:], columns)))
            half = len(columns) // 2
            return np.hstack((part(rows, columns[:half]), part(rows, columns[half:])))

        seconds = in_parts(start, end, self.most, part)
        return TravelMatrix(seconds, "valhalla", "road", "unknown")

    def _ask(self, question: Question, rows: Positions, columns: Positions) -> Seconds | None:
        """The part's seconds; None where one of its positions leads nowhere."""
        asked = {
            "sources": self._spots(rows),
            "targets": self._spots(columns),
            "costing": "auto",
            "verbose": False,
        }
        status, body = question.ask("POST", "/sources_to_targets", json=asked)
        try:
            if status == httpx.codes.OK:
                answer = msgspec.json.decode(body, type=_Answer)
                durations = answer.sources_to_targets.durations
                return table(durations, (len(rows), len(columns)), question)
            refusal = msgspec.json.decode(body, type=_Refusal)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise question.failed(f"answered what is no table (status {status})") from error
        if refusal.error_code in NOWHERE:
            return None
        raise question.failed(f"refused (error {refusal.error_code})")

    def _spots(self, at: Positions) -> list[dict[str, Any]]:
        cutoff_m = int(self.reach_m)
        return [{"lon": lon, "lat": lat, "search_cutoff": cutoff_m} for lon, lat in at.tolist()]
