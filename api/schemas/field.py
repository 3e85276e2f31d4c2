"""The field: what a crew or driver must know before they go, and how they stay safe there."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.edge import Answer, Command, Id, Millis, Name, Reason, Text, Told, Uuid
from api.schemas.intake import Custody, Guardianship, Hazards
from api.schemas.requests import Note

Unit = Literal["team", "van"]


class Ride(Answer):
    """What whoever drives must know: seats, wheelchair, secure, who rides along, who may drive."""

    seats: int
    needs: list[str] = Field(description="words of access and language only")
    involuntary: bool
    guardianship: Guardianship | None
    custody: Custody | None


class Clinical(Answer):
    """What the crew must know of the person; a driver never gets it."""

    date_of_birth: str | None
    problem: str | None
    violence_history: str | None
    substance_history: str | None
    interpreter: str | None
    guardian_name: str | None
    guardian_phone: str | None
    needs: list[str]
    notes: list[Note]


class Packet(Answer):
    """Hazards first. Each reading is in the audit; it is for the unit that has the request now.

    Texts of hazards are null where nothing was said; an answer that is `unknown` is never a no.
    """

    request: Id
    hazards: Hazards
    weapons: str | None
    violence: str | None = Field(description="history of violence; left out for a driver")
    dogs: str | None
    premises: str | None
    infection: str | None
    police_plan: str | None
    place: str = Field(description="town")
    address: str | None
    lon: float
    lat: float
    name: str | None
    callback: str | None
    third_party: bool
    caller_name: str | None
    ride: Ride
    clinical: Clinical | None = Field(description="null for a driver")


class AllWell(Told):
    """The crew on scene is well. By telephone the desk takes it down, with who said so."""

    by_name: Name | None = None
    by_phone: bool = False


class TakeCheckIn(Command):
    """An overdue check-in is seen to, by the caller's name."""


class PressPanic(Command):
    """A unit calls for help. Pressed again while it is open, it asks anew."""

    at_ms: Millis | None = Field(
        default=None,
        description="when it was pressed; left out, or by a clock that runs ahead: now",
    )
    panic: Uuid = Field(description="the new panic's id, made by the caller: UUIDv7")
    kind: Unit
    unit: Id


class AcknowledgePanic(Command):
    """The caller sees to it; the crew reads the name."""


class EndPanic(Command):
    note: Annotated[Reason, Field(description="what was found")]


class Panic(Answer):
    """A call for help, until somebody at the desk ends it. On topics `board` and `field`."""

    id: Id
    version: int
    kind: Unit
    unit: Id
    request: str | None
    pressed_ms: Millis
    told_ms: Millis = Field(description="later than `pressed_ms` after a dead spot")
    answer_due_ms: int | None
    overdue: bool = Field(description="nobody acknowledged it in time")
    acknowledged_by: Text | None = Field(description="name of who sees to it")
    acknowledged_ms: int | None
    ended_ms: int | None
