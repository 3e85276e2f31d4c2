"""The kinds of values that cross the edge, with their limits."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

# Printable text only: SQL text cannot hold NUL, control signs have no place in a note, and signs
# that turn the direction of writing would let a name garble the line that it stands in.
_SIGN = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]"
_TEXT = f"^{_SIGN}*$"
_SAID = rf"^{_SIGN}*\w{_SIGN}*$"

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
"""A word of the vocabulary; whether it is a known one is decided below."""

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""The id of a resource, a zone or an account."""

_HEX = "[0-9a-f]"
Uuid = Annotated[
    str,
    StringConstraints(pattern=f"^{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}$"),
    Field(json_schema_extra={"format": "uuid"}),
]
"""A UUID in its canonical lower-case form."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_SAID)]
"""Blanks and invisible signs name nobody: a letter or a digit is among them."""

Text = Annotated[str, StringConstraints(max_length=4000, pattern=_TEXT)]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_SAID)]
Town = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_SAID)]
Phone = Annotated[
    str,
    StringConstraints(
        min_length=3, max_length=40, pattern=r"^[+() .x/-]*([0-9][+() .x/-]*){3}[0-9+() .x/-]*$"
    ),
]
"""Something to dial: three digits at least."""

Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, description="degrees, WGS84")]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, description="degrees, WGS84")]
Millis = Annotated[int, Field(ge=0, le=4_102_444_800_000, description="ms since 1970, UTC")]


@dataclass(frozen=True, slots=True)
class When:
    """How many seconds before and after now a time may lie; `api.sense` judges it."""

    back_s: int
    ahead_s: int


@dataclass(frozen=True, slots=True)
class Named:
    """An id or word that must be known: of a place, a colleague, a zone, a language."""

    kind: Literal["place", "colleague", "zone", "language"]


@dataclass(frozen=True, slots=True)
class Birthday:
    """A real date that somebody alive can be born on."""


_DAY_S = 86_400
Happened = Annotated[Millis, When(back_s=30 * _DAY_S, ahead_s=0)]
"""When something was seen or began: not in the future, not more than 30 days ago."""
Expected = Annotated[Millis, When(back_s=3_600, ahead_s=2 * _DAY_S)]
"""A time of arrival; one that a plan of the last hour gave may have passed."""
Until = Annotated[Millis, When(back_s=0, ahead_s=366 * _DAY_S)]
"""An end that still lies ahead."""
Shift = Annotated[Millis, When(back_s=366 * _DAY_S, ahead_s=366 * _DAY_S)]
"""Somewhere in the year around now."""
Born = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$"), Birthday()]
PlaceId = Annotated[Id, Named("place")]
"""A facility or provider of the directory."""
ColleagueId = Annotated[Id, Named("colleague")]
ZoneId = Annotated[Id, Named("zone")]
Language = Annotated[Word, Named("language")]
Count = Annotated[int, Field(ge=0, le=100_000)]
Version = Annotated[int, Field(ge=0, le=2**53 - 1)]
Words = Annotated[list[Word], Field(max_length=40)]

Role = Literal[
    "dispatcher", "supervisor", "facility", "field", "provider", "law_enforcement", "wall"
]
Tier = Literal["imminent", "high", "moderate", "routine"]
Urgency = Annotated[int, Field(ge=1, le=4, description="1 routine … 4 emergent")]
PlaceNeed = Literal["none", "possible", "needed"]
RequestState = Literal[
    "requested",
    "recommended",
    "accepted",
    "acknowledged",
    "en_route",
    "on_scene",
    "transporting",
    "arrived",
    "handed_over",
    "resolved_on_scene",
    "resolved_by_phone",
    "ems_handed_over",
    "person_refused",
    "could_not_locate",
    "cancelled",
]
UnitStatus = Literal[
    "available",
    "dispatched",
    "en_route",
    "on_scene",
    "transporting",
    "at_facility",
    "clearing",
    "out_of_service",
]
ResourceKind = Literal["team", "van", "pool", "slot"]


class Body(BaseModel):
    """What a caller sends. A field that nobody knows is refused, and `true` or "1" is no number."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Command(Body):
    """A change. A retry with the same id gives the same answer and changes nothing."""

    command_id: Uuid = Field(
        description="made by the caller, UUIDv7; a retry carries the same one",
        examples=["01935f3a-7b1c-7000-8000-00000000c0de"],
    )


class Told(Command):
    """A change that may be told later than it happened: from a dead spot, or from paper."""

    at_ms: Happened | None = Field(
        default=None, description="when it happened; left out: now. The record keeps both times"
    )
    downtime: bool | None = Field(
        default=None,
        description="written by hand while the system was away: `at_ms` is required, and refused "
        "when the step before it happened later",
    )


class Answer(BaseModel):
    """What a caller hears."""

    model_config = ConfigDict(from_attributes=True, frozen=True)
