"""Rides to an appointment and home from it: asked by whoever booked it or expects the person.

The rides themselves are dispatch's promises; here is what they are for. When an appointment is not
what a ride was asked for any more, the keeper calls the ride off.
"""

from dataclasses import dataclass
from typing import Any

from dispatch.rides.ride import Leg, Ride, RideState, Spot, face
from dispatch.rides.rides import Rides
from dispatch.rides.store import Rider
from record import Actor
from record.errors import CommandReused as IdReused
from record.errors import ConstraintBroken
from record.journal import Journal, Transaction
from referral import store
from referral.errors import CommandReused, Conflict, NotFound, NotYours, Refused
from referral.states import State
from referral.store import Row
from registry.port import Registry
from registry.states import Slot

IN_PERSON = "in_person"
NOBODY_SAID = Rider()


@dataclass(frozen=True, slots=True)
class AskRide:
    """The wish for a ride to an appointment; the caller gives the ids.

    `ride` is the id of the ride there, `home` that of the ride home; None for none. `at` None:
    where the person of the request was. `rider` may leave out name and telephone: then they are
    those of the referral.
    """

    appointment: str
    ride: str | None
    home: str | None = None
    at: Spot | None = None
    rider: Rider = NOBODY_SAID
    seats: int = 1
    needs: tuple[str, ...] = ()
    shares: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The rides as they stand after the asking; their times follow in a moment."""

    faces: tuple[dict[str, Any], ...]
    rows: tuple[str, ...] = ()


class AppointmentRides:
    """The service of rides for appointments."""

    def __init__(self, journal: Journal, registry: Registry, rides: Rides) -> None:
        self._journal = journal
        self._registry = registry
        self._rides = rides

    async def ask(self, actor: Actor, command_id: str, wish: AskRide) -> Asked:
        """Ask for a ride there, home, or both. The planner answers with van and time, or why not.

        Raises NotFound, NotYours, and Refused: the appointment is over, not booked, or by
        telehealth, or it has such a ride.
        """
        slots = (await self._registry.snapshot()).slots

        async def work(tx: Transaction) -> Asked:
            row = await store.locked_referral(tx.connection, wish.appointment)
            if actor.role == "provider" and actor.scope != row["provider"]:
                raise NotYours("this appointment belongs to another provider")
            slot = slots.get(row["slot"])
            if slot is None:
                raise NotFound("slot", row["slot"])
            wanted = [(Leg.TO, wish.ride), (Leg.HOME, wish.home)]
            legs = [(leg, id) for leg, id in wanted if id is not None]
            for leg, _ in legs:
                _may_ride(row, slot, leg, tx.now_ms)
            where, town = await self._rides.where(tx, row["request"])
            person, rider = wish.at or where, await _rider(tx, wish, town)
            rides = [_ride(id, leg, wish, row, slot, person, tx.now_ms) for leg, id in legs]
            rows = tuple([await self._rides.add(tx, ride, rider) for ride in rides])
            return Asked(tuple(face(ride) for ride in rides), rows)

        purpose = f"ride.ask {wish.appointment} {wish.ride or wish.home}"
        try:
            async with self._journal.transaction(actor) as tx:
                asked = await tx.once(command_id, purpose, Asked, lambda: work(tx), said=wish)
        except ConstraintBroken as broken:
            raise Conflict(f"there is such a ride already ({broken.constraint})") from None
        except IdReused:
            raise CommandReused from None
        await self._journal.deliver(self._registry, *asked.rows)
        return asked

    async def tick(self) -> int:
        """Call off the rides whose appointment is not what they were asked for; how many."""
        rides = [ride for ride in await self._rides.open() if ride.state is not RideState.ABOARD]
        if not rides:
            return 0
        async with self._journal.engine.connect() as db:
            rows = await store.referrals_of(db, sorted({ride.appointment for ride in rides}))
        fallen = [ride for ride in rides if not still_wanted(ride, rows.get(ride.appointment))]
        return sum(
            [await self._rides.call_off(ride, "the appointment has changed") for ride in fallen]
        )


def still_wanted(ride: Ride, appointment: Row | None) -> bool:
    """Whether the appointment still stands; who attended wants only the ride home."""
    if appointment is None or appointment["slot"] != ride.slot:
        return False
    state = State(appointment["state"])
    return state in store.EXPECTED or (state is State.COMPLETED and ride.leg is Leg.HOME)


def _may_ride(row: Row, slot: Slot, leg: Leg, now_ms: int) -> None:
    """There until the appointment begins; home until it ends, for who attended too."""
    state, is_home = State(row["state"]), leg is Leg.HOME
    if state not in store.EXPECTED and not (is_home and state is State.COMPLETED):
        raise Refused(row["id"], "the appointment is not booked")
    if slot.mode != IN_PERSON:
        raise Refused(slot.id, "nobody rides to an appointment by telehealth")
    if slot.starts_ms + (slot.duration_s * 1000 if is_home else 0) <= now_ms:
        raise Refused(
            slot.id, "the appointment has ended" if is_home else "the appointment has begun"
        )


async def _rider(tx: Transaction, wish: AskRide, town: str) -> Rider:
    """Who rides; what was not said is as the referral has it."""
    known = await store.one(tx.connection, store.details, wish.appointment)
    said = wish.rider
    address = said.address or ("" if wish.at else town)
    return Rider(said.name or known["name"], said.phone or known["phone"], address, said.note)


def _ride(
    id: str, leg: Leg, wish: AskRide, row: Row, slot: Slot, person: Spot, now_ms: int
) -> Ride:
    return Ride(
        id=id,
        version=1,
        state=RideState.ASKED,
        appointment=row["id"],
        slot=slot.id,
        provider=row["provider"],
        leg=leg,
        starts_ms=slot.starts_ms,
        ends_ms=slot.starts_ms + slot.duration_s * 1000,
        person=person,
        care=Spot(slot.lon, slot.lat),
        seats=wish.seats,
        needs=wish.needs,
        shares=wish.shares,
        asked_ms=now_ms,
    )
