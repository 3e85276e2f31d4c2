"""Scheduled rides: asked for with an appointment, planned by the planner, driven by drivers."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from api.acting import actor_of
from api.roles import CONTROL, Caller, Role
from api.schemas import rides as edge
from api.schemas.edge import Uuid
from api.sense import Sensible, on_map
from api.services import Services
from api.who import May, Now, Parts
from dispatch.rides.ride import RideStep, Spot
from dispatch.rides.rides import CancelRide, RideReceipt, StepRide
from dispatch.rides.store import Rider
from referral.rides import AskRide
from registry.vocabulary import UnknownWord

router = APIRouter(tags=["rides"], route_class=Sensible)
ReferralId = Annotated[Uuid, Path(alias="referral", description="the referral's id")]
RideId = Annotated[Uuid, Path(alias="ride", description="the ride's id")]
ControlOrProvider = Annotated[Caller, Depends(May(*CONTROL, Role.PROVIDER))]
ControlOrField = Annotated[Caller, Depends(May(*CONTROL, Role.FIELD))]
Concerned = Annotated[Caller, Depends(May(*CONTROL, Role.PROVIDER, Role.FIELD))]
OF_VANS = "access"
"""The group of the vocabulary that says what a van must have."""


@router.post("/referrals/{referral}/rides", status_code=201)
async def ask_ride(
    referral: ReferralId, body: edge.AskRide, caller: ControlOrProvider, parts: Parts
) -> edge.ScheduledRides:
    """Ask for a ride to the appointment, and home; van and time follow on the live topic."""
    _check_needs(parts, body.needs)
    if body.at is not None:
        on_map(parts, body.at.lon, body.at.lat, "the pick-up")
    rider = body.rider
    wish = AskRide(
        appointment=referral,
        ride=body.ride,
        home=body.home,
        at=None if body.at is None else Spot(body.at.lon, body.at.lat),
        rider=Rider(rider.name, rider.phone, rider.address, rider.note),
        seats=body.seats,
        needs=tuple(sorted(set(body.needs))),
        shares=body.shares,
    )
    asked = await parts.rides.ask(actor_of(caller), body.command_id, wish)
    return edge.ScheduledRides.model_validate(
        {"server_ms": parts.clock(), "items": list(asked.faces)}
    )


@router.get("/rides")
async def list_rides(caller: Concerned, parts: Parts) -> edge.ScheduledRides:
    """Rides that are open or ended today: a provider's own, a driver's own, or all."""
    faces = await parts.dispatch.rides.shown(actor_of(caller))
    return edge.ScheduledRides.model_validate({"server_ms": parts.clock(), "items": faces})


@router.get("/rides/{ride}/person")
async def read_rider(ride: RideId, caller: ControlOrField, parts: Parts, world: Now) -> edge.Rider:
    """Whom the driver fetches, from where; the reading is in the audit."""
    found, rider = await parts.dispatch.rides.rider(actor_of(caller), ride)
    return edge.Rider(
        ride=found.id,
        name=rider.name,
        phone=rider.phone,
        address=rider.address,
        care=(world.get("slot", found.slot) or {"name": ""})["name"],
        note=rider.note,
        needs=list(found.needs),
        seats=found.seats,
        origin=edge.RideEnd.model_validate(found.origin),
        destination=edge.RideEnd.model_validate(found.destination),
    )


@router.post("/rides/{ride}/cancel")
async def cancel_ride(
    ride: RideId, body: edge.CancelRide, caller: ControlOrProvider, parts: Parts
) -> edge.ScheduledRide:
    """The ride is not needed; nobody is called off who is aboard."""
    wish = CancelRide(body.command_id, ride, body.reason)
    return _face(await parts.dispatch.rides.cancel(actor_of(caller), wish))


@router.post("/rides/{ride}/steps")
async def step_ride(
    ride: RideId, body: edge.RideStep, caller: ControlOrField, parts: Parts
) -> edge.ScheduledRide:
    """Picked up, dropped off, or nobody was there."""
    wish = StepRide(body.command_id, ride, RideStep(body.step), body.van, body.at_ms)
    return _face(await parts.dispatch.rides.step(actor_of(caller), wish))


def _check_needs(parts: Services, words: list[str]) -> None:
    """Raises UnknownWord for what is nothing that a van can have."""
    for word in words:
        if word not in parts.vocabulary.needs[OF_VANS]:
            raise UnknownWord(OF_VANS, word)


def _face(receipt: RideReceipt) -> edge.ScheduledRide:
    return edge.ScheduledRide.model_validate(receipt.face)
