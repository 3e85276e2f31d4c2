"""Closed and slow roads, and who is within so many minutes."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from api.schemas.edge import (
    Answer,
    Body,
    Command,
    Id,
    Lat,
    Lon,
    Millis,
    PlaceId,
    Text,
    Until,
    ZoneId,
)

Reason = Literal["weather", "fire", "flood", "crash", "event", "works", "other"]
Limit = Annotated[int, Field(ge=60, le=3 * 3600, description="seconds")]
Position = Annotated[list[float], Field(min_length=2, max_length=3)]
Factor = Annotated[
    float | None,
    Field(gt=1, le=20, allow_inf_nan=False, description="how many times as long; null: closed"),
]


class Shape(Body):
    """A GeoJSON geometry, (lon, lat). A line closes the roads along it, not those across."""

    type: Literal["Polygon", "MultiPolygon", "LineString"]
    coordinates: Annotated[list[Any], Field(min_length=1, max_length=500)]


class PutClosure(Command):
    """Close roads, or slow them, until a time. The same id again changes what stands."""

    area: Shape
    slowdown: Factor
    reason: Reason
    note: Text | None = Field(default=None, description="why; it stays off the screens")
    from_ms: Millis | None = Field(default=None, description="left out: now")
    until_ms: Until


class LiftClosure(Command):
    """The roads are open again."""


class Closure(Answer):
    """On topics `board` and `wall`, kind `closure`, without note and version."""

    id: Id
    version: int
    area: dict[str, Any]
    slowdown: float | None
    reason: Reason
    note: str | None
    from_ms: Millis
    until_ms: Millis
    ended_ms: int | None


class Closures(Answer):
    items: list[Closure]


class Spot(Body):
    lon: Lon
    lat: Lat


class AskReach(Body):
    """One place, by position, facility or zone (its centre), and one to six limits."""

    at: Spot | None = None
    facility: PlaceId | None = None
    zone: ZoneId | None = None
    limits_s: Annotated[list[Limit], Field(min_length=1, max_length=6)]

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.at, self.facility, self.zone)) != 1:
            raise ValueError("name one place: at, facility or zone")
        return self


class Area(Answer):
    limit_s: int
    area: dict[str, Any] = Field(description="GeoJSON Polygon or MultiPolygon, maybe empty")


class Within(Answer):
    id: Id
    seconds: int


class ReachAnswer(Answer):
    """From where the place is reached in time, and the teams within the longest limit."""

    engine: str
    quality: Literal["road", "estimate"]
    areas: list[Area]
    teams: list[Within] = Field(description="the nearest first; empty for a wall")


class Leg(Body):
    start: Spot
    end: Spot


class AskWays(Body):
    """Positions are in the body, never in an address."""

    legs: Annotated[list[Leg], Field(min_length=1, max_length=12)]


class Way(Answer):
    line: list[tuple[float, float]] = Field(description="(lon, lat), from start to end")
    seconds: float


class Ways(Answer):
    """One for each leg in its order; null where no road of the region leads there."""

    items: list[Way | None]


class MovingWay(Way):
    """A unit under way; a line to a person ends a kilometre before the address, or is empty."""

    kind: Literal["team", "van"]
    unit: Id
    request: Id
    to: Literal["person", "place"]


class MovingWays(Answer):
    items: list[MovingWay]
