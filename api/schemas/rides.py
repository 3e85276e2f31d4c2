"""Scheduled rides to appointments and home."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from api.schemas.edge import (
    Answer,
    Body,
    Command,
    Happened,
    Id,
    Lat,
    Lon,
    Millis,
    Phone,
    Reason,
    Text,
    Uuid,
    Words,
)

Line = Annotated[Text, Field(max_length=500)]
Seats = Annotated[int, Field(ge=1, le=20, description="with whoever comes along")]
Step = Literal["picked_up", "dropped_off", "no_show"]


class RidePlace(Body):
    lon: Lon
    lat: Lat


class AskedRider(Body):
    """Whom the driver fetches. Kept apart, every read is audited."""

    name: Text = Field(default="", description="empty: as the referral has it")
    phone: Phone | Literal[""] = Field(default="", description="empty: as the referral has it")
    address: Line = Field(default="", description="empty: the town of the crisis request")
    note: Line = ""


class AskRide(Command):
    """A ride to a booked appointment, home from it, or both: whichever has an id (UUIDv7)."""

    ride: Uuid | None = Field(default=None, description="the id of the ride there; null: none")
    home: Uuid | None = Field(default=None, description="the id of the ride home; null: none")
    at: RidePlace | None = Field(
        default=None, description="where to fetch the person; null: where the crisis request was"
    )
    rider: AskedRider = AskedRider()
    seats: Seats = 1
    needs: Words = Field(default=[], description="what the van must have: `wheelchair`, `secure`")
    shares: bool = Field(default=False, description="the person agreed to share the van")

    @model_validator(mode="after")
    def is_a_ride(self) -> Self:
        if self.ride is None and self.home is None:
            raise ValueError("ride or home: one of them needs an id")
        return self


class CancelRide(Command):
    reason: Reason


class RideStep(Command):
    """How it goes. A driver reports for the own van; the desk may name the van that came."""

    step: Step
    van: Id | None = Field(default=None, description="null: the planned one")
    at_ms: Happened | None = Field(default=None, description="when it happened; left out: now")


class Was(Answer):
    van: Id
    van_name: str
    pick_up_ms: Millis


class Lacking(Answer):
    """Why so many vans cannot carry it. `busy`: with nobody else to carry they could."""

    why: Literal["lacks", "seats", "other_van", "no_way", "far", "hours", "busy", "no_van", "later"]
    vans: int


class ScheduledRide(Answer):
    """A ride without the person: on topics `board`, `provider` and, for its van, `field`.

    Without a van it is not planned: `lacking` says why. `was`: what was told before it changed.
    """

    id: Id
    version: int
    state: Literal["asked", "planned", "aboard", "done", "no_show", "missed", "cancelled"]
    appointment: str = Field(description="the referral's id")
    slot: str
    provider: str
    leg: Literal["to", "home"]
    starts_ms: Millis = Field(description="of the appointment")
    seats: int
    shares: bool
    van: str | None
    van_name: str | None
    pick_up_ms: int | None
    drop_off_ms: int | None
    told_from_ms: int | None = Field(description="the window for the pick-up that was promised")
    told_until_ms: int | None
    was: Was | None
    lacking: list[Lacking]
    boarded_ms: int | None
    ended_ms: int | None


class ScheduledRides(Answer):
    server_ms: Millis
    items: list[ScheduledRide]


class RideEnd(Answer):
    lon: float
    lat: float


class Rider(Answer):
    """What the driver must know, and nothing clinical."""

    ride: Id
    name: str
    phone: str
    address: str
    care: str = Field(description="the name of the appointment's place; empty: not known")
    note: str
    needs: list[str]
    seats: int
    origin: RideEnd
    destination: RideEnd
