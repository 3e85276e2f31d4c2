"""Travel times from an Open Source Routing Machine over HTTP (its table service)."""

from dataclasses import dataclass, field

import httpx
import msgspec
import numpy as np
from numpy.typing import NDArray

from geo.points import Positions, haversine_m, positions
from geo.remote import Question, Router, Seconds, in_parts, table
from geo.travel import TravelMatrix

MOST = 100
"""Origins and destinations of one request: what `osrm-routed` allows unless told otherwise."""


class _Waypoint(msgspec.Struct):
    location: tuple[float, float]


class _Table(msgspec.Struct):
    code: str
    durations: list[list[float | None]]
    sources: list[_Waypoint]
    destinations: list[_Waypoint]
    data_version: str = "unknown"


@dataclass(frozen=True, slots=True)
class Osrm(Router):
    """The table service of `osrm-routed`, asked in parts; a matrix that is late has failed.

    OSRM snaps a position to the nearest road however far that is: what lies farther than reach_m
    is unreachable here, as with the embedded trees. It writes its questions into its own log:
    start it with `--verbosity WARNING`.
    """

    most: int = field(default=MOST, kw_only=True)

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        """See TravelTimes.matrix."""
        start, end = positions(origins), positions(destinations)
        question = Question(self.client, "OSRM", self.within_s)
        version = "unknown"

        def part(rows: Positions, columns: Positions) -> Seconds:
            nonlocal version
            answer = _ask(question, rows, columns)
            version = answer.data_version
            seconds = table(answer.durations, (len(rows), len(columns)), question)
            seconds[self._is_far(rows, answer.sources, question), :] = np.nan
            seconds[:, self._is_far(columns, answer.destinations, question)] = np.nan
            return seconds

        seconds = in_parts(start, end, self.most, part)
        return TravelMatrix(seconds, "osrm", "road", version)

    def _is_far(
        self, at: Positions, snapped: list[_Waypoint], question: Question
    ) -> NDArray[np.bool_]:
        if len(snapped) != len(at):
            raise question.failed("answered other positions than were asked")
        roads = np.array([waypoint.location for waypoint in snapped])
        far: NDArray[np.bool_] = haversine_m(at, roads) > self.reach_m
        return far


def _ask(question: Question, rows: Positions, columns: Positions) -> _Table:
    spots = ";".join(f"{lon:.6f},{lat:.6f}" for lon, lat in np.vstack((rows, columns)).tolist())
    numbers = [str(number) for number in range(len(rows) + len(columns))]
    status, body = question.ask(
        "GET",
        f"/table/v1/driving/{spots}",
        params={
            "sources": ";".join(numbers[: len(rows)]),
            "destinations": ";".join(numbers[len(rows) :]),
            "annotations": "duration",
            "generate_hints": "false",
        },
    )
    try:
        answer = msgspec.json.decode(body, type=_Table)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise question.failed(f"answered what is no table (status {status})") from error
    if status != httpx.codes.OK or answer.code != "Ok":
        raise question.failed(f"refused (status {status})")
    return answer
