"""The form of a rides file: what may be written in it, part by part.

A field that is not here is refused: what nobody can write, nobody can be refused for.
"""

from typing import Annotated, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from caretower.planfile.form import At, Id, Minutes, Moment, Table, Words

Seats = Annotated[int, Field(ge=1, le=20)]
Window = tuple[Minutes, Minutes]
"""The earliest and the latest moment, in minutes from now."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AboardPart(_Part):
    """The van in which the person sits now, and since when."""

    van: Id
    since_min_ago: Minutes = 0


class RidePart(_Part):
    """One party's ride between two places. Nobody shares a van who has not said so; a crisis ride
    is never shared and goes before the scheduled ones."""

    id: Id
    origin: Id = Field(validation_alias=AliasChoices("from", "origin"), serialization_alias="from")
    destination: Id = Field(
        validation_alias=AliasChoices("to", "destination"), serialization_alias="to"
    )
    pick_up_min: Window = (0, 1440)
    drop_off_min: Window = (0, 1440)
    most_ride_min: Minutes | None = None
    board_min: Minutes | None = None
    alight_min: Minutes = 2
    seats: Seats = 1
    needs: Words = ()
    shares: bool = False
    crisis: bool = False
    van: Id | None = None
    aboard: AboardPart | None = None

    @model_validator(mode="after")
    def makes_sense(self) -> Self:
        for name in ("pick_up_min", "drop_off_min"):
            first, last = getattr(self, name)
            if first > last:
                raise ValueError(f"{name}: ends before it begins")
        if self.crisis and self.shares:
            raise ValueError("shares: a crisis ride is exclusive")
        if self.aboard is not None and self.van not in (None, self.aboard.van):
            raise ValueError("van: is another one than the person is aboard of")
        return self


class VanPart(_Part):
    """A van with its driver. Without `at` it stands at its base."""

    id: Id
    base: Id
    at: Id | None = None
    seats: Seats
    offers: Words = ()
    free_in_min: Minutes = 0
    shift_ends_in_min: Minutes = 1440


class UrgentPart(_Part):
    """Crisis rides that come in while the day is driven. Their windows count from `after_min`."""

    after_min: Minutes = 0
    rides: tuple[RidePart, ...]

    @model_validator(mode="after")
    def is_urgent(self) -> Self:
        if not self.rides:
            raise ValueError("rides: there must be at least one")
        if not all(ride.crisis and ride.aboard is None for ride in self.rides):
            raise ValueError("rides: each must say crisis, and nobody is aboard yet")
        return self


class PolicyPart(_Part):
    """`detour`: nobody rides longer than so many times the direct way, but always so many minutes
    longer. A scheduled ride is given up rather than let a person in crisis wait so much longer.
    `reach`: no van carries a ride whose base is further from both its ends; null: any van may."""

    detour_factor: Annotated[float, Field(ge=1, le=10)] = 1.5
    detour_min: Minutes = 20
    crisis_waits_min: Annotated[float, Field(ge=1, le=1000)] = 10
    stability_min: Minutes = 3
    reach_min: Minutes | None = None


class RidesFile(_Part):
    """A whole rides file. Without `travel` every place needs a position."""

    version: Literal[1]
    now: Moment
    places: dict[Id, At | None]
    rides: tuple[RidePart, ...] = ()
    vans: tuple[VanPart, ...] = ()
    travel: Table | None = None
    urgent: UrgentPart | None = None
    policy: PolicyPart = PolicyPart()
    seed: Annotated[int, Field(ge=0, le=2**31)] = 0
    iterations: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000

    @property
    def all_rides(self) -> tuple[RidePart, ...]:
        """The scheduled rides and those that come in between."""
        return (*self.rides, *(self.urgent.rides if self.urgent else ()))
