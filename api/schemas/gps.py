"""Where units are: batches of a fleet's gateway, and the devices that report by themselves."""

from typing import Literal

from pydantic import Field

from api.schemas.edge import Answer, Body, Command, Id, Lat, Lon, Millis, Name, Word

Verdict = Literal[
    "taken", "repeat", "late", "old", "future", "jump", "outside", "inexact", "unknown", "invalid"
]


class UnitPosition(Body):
    kind: Literal["team", "van"]
    id: Id
    lon: Lon
    lat: Lat
    at_ms: Millis
    accuracy_m: float | None = Field(
        default=None, ge=0, description="how far off it may be; worse than policy allows: `inexact`"
    )


class PositionReport(Body):
    """Positions of units. Reporting one twice changes nothing: the newest `at_ms` stands."""

    source: Word = Field(examples=["avl"], description="a `position_source` of the vocabulary")
    positions: list[UnitPosition] = Field(min_length=1, max_length=5000)


class PositionVerdict(Answer):
    """What became of a point; every one that is not taken is ignored and counted."""

    kind: str
    id: str
    verdict: Verdict


class PositionVerdicts(Answer):
    items: list[PositionVerdict]


class NewTracker(Command):
    """A device that reports the position of one unit."""

    name: Name = Field(examples=["Phone of MCOT Ogden"])
    kind: Literal["team", "van"]
    unit: Id = Field(description="the team's or van's id")


class Tracker(Answer):
    id: Id
    name: str
    kind: Literal["team", "van"]
    unit: str
    created_ms: Millis
    made_by: str


class TrackerMade(Tracker):
    key: str = Field(description="the device's identifier in its app; it is shown once")


class Trackers(Answer):
    items: list[Tracker]


class PositionCount(Answer):
    source: str
    verdict: Verdict
    count: int


class PositionCounts(Answer):
    """How many points had which verdict since the region began."""

    items: list[PositionCount]
