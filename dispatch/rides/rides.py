"""The service of scheduled rides: each change is one promise, on record first.

Whoever boards a van and whoever promises it to a crisis request meet at one lock of the database:
a van with riders aboard is promised to nobody, and nobody boards a van that a request has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dispatch import store as requests
from dispatch.errors import Conflict, NotYours, Refused
from dispatch.promise import Promises
from dispatch.rides import ride as pure
from dispatch.rides import store
from dispatch.rides.ride import Ride, RideState, RideStep, Spot
from dispatch.rides.store import Rider
from dispatch.scope import role_of
from dispatch.words import Role
from record import Actor
from record.actor import system
from record.journal import Transaction
from registry.port import Effect, Status
from registry.states import UnitStatus

PLANNER = system("planner")
KEEPER = system("keeper")
SHOWN_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class CancelRide:
    """The ride is not needed any more."""

    command_id: str
    ride: str
    reason: str


@dataclass(frozen=True, slots=True)
class StepRide:
    """A driver, or the desk for one who calls, says how it goes. `van`: who picks the person up,
    where that is not the planned one; every other step is of the van that has the ride."""

    command_id: str
    ride: str
    step: RideStep
    van: str | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RideReceipt:
    """The answer to a command about a ride: how it stands now, without the person."""

    ride: str
    face: dict[str, Any]
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rides:
    """Takes rides in, and what becomes of them. `home_within_ms`: how long after its appointment a
    ride home may still be planned."""

    promises: Promises
    home_within_ms: int = 0

    async def open(self) -> list[Ride]:
        """Rides that are not over, the earliest appointment first."""
        async with self.promises.journal.engine.connect() as connection:
            return await store.open_rides(connection)

    async def shown(self, actor: Actor) -> list[dict[str, Any]]:
        """Rides that are open or ended within a day: a provider's own, a driver's own, or all."""
        since_ms = self.promises.journal.clock() - SHOWN_MS
        async with self.promises.journal.engine.connect() as connection:
            rides = await store.since(connection, since_ms)
        return [pure.face(ride) for ride in rides if _is_part(actor, ride)]

    async def rider(self, actor: Actor, ride: str) -> tuple[Ride, Rider]:
        """Who rides, from where to where, with what needs; the reading is in the audit."""
        async with self.promises.transaction(actor) as tx:
            found = await store.load(tx.connection, ride)
            _check_part(actor, found)
            await tx.audit("ride.read", "ride", ride)
            return found, await store.rider_of(tx.connection, ride)

    async def add(self, tx: Transaction, ride: Ride, rider: Rider) -> str:
        """Write a new ride within somebody's transaction; its outbox row."""
        await store.add(tx.connection, ride, rider)
        return await self._promise(tx, ride, "asked")

    async def where(self, tx: Transaction, request: str) -> tuple[Spot, str]:
        """Where the person of a request was, and the town's name. Raises NotFound."""
        found = await requests.load(tx.connection, request)
        return Spot(found.lon, found.lat), found.place

    async def cancel(self, actor: Actor, command: CancelRide) -> RideReceipt:
        """Call the ride off; refused once the person is aboard."""

        async def work(tx: Transaction) -> RideReceipt:
            before = await store.load(tx.connection, command.ride, lock=True)
            _check_part(actor, before)
            if role_of(actor) is Role.FIELD:
                raise NotYours("a driver calls no ride off")
            after = pure.ended(before, RideState.CANCELLED, tx.now_ms)
            return await self._keep(tx, before, after, "cancelled", reason=command.reason)

        purpose = f"ride_cancel:{command.ride}"
        return await self.promises.once(actor, command, purpose, RideReceipt, work)

    async def step(self, actor: Actor, command: StepRide) -> RideReceipt:
        """Picked up, dropped off, or nobody was there."""

        async def work(tx: Transaction) -> RideReceipt:
            seen = await store.load(tx.connection, command.ride)
            van = _van_of(actor, command, seen)
            await store.lock_van(tx.connection, van)
            before = await store.load(tx.connection, command.ride, lock=True)
            if _van_of(actor, command, before) != van:
                raise Conflict("the ride has another van now: look again")
            at_ms = tx.now_ms if command.at_ms is None else min(command.at_ms, tx.now_ms)
            return await self._stepped(tx, before, command.step, van, at_ms)

        purpose = f"ride_{command.step}:{command.ride}"
        return await self.promises.once(actor, command, purpose, RideReceipt, work)

    async def tell(self, changes: Sequence[tuple[Ride, Ride]]) -> int:
        """Keep what the planner says of rides (before, after); answers how many it could.

        A ride that somebody changed meanwhile is left: its event calls for another plan.
        """
        return sum([await self._tell(before, after) for before, after in changes])

    async def tick(self) -> int:
        """End every ride that nobody began, long after its appointment; answers how many."""
        now_ms = self.promises.journal.clock()
        async with self.promises.journal.engine.connect() as connection:
            late = await store.overdue(connection, now_ms - pure.MISSED_AFTER_MS)
        missed = [
            (ride, pure.ended(ride, RideState.MISSED, now_ms))
            for ride in late
            if pure.is_missed(ride, now_ms, self.home_within_ms)
        ]
        return sum([await self._tell(*change, KEEPER, "missed") for change in missed])

    async def call_off(self, ride: Ride, reason: str) -> bool:
        """What it was for is not any more; False when somebody was quicker."""
        now_ms = self.promises.journal.clock()
        after = pure.ended(ride, RideState.CANCELLED, now_ms)
        return await self._tell(ride, after, KEEPER, "called_off", reason)

    async def _tell(
        self,
        before: Ride,
        after: Ride,
        actor: Actor = PLANNER,
        verb: str | None = None,
        reason: str | None = None,
    ) -> bool:
        verb = verb or ("planned" if after.planned else "left_out")
        try:
            async with self.promises.transaction(actor) as tx:
                receipt = await self._keep(tx, before, after, verb, reason=reason)
        except Conflict:
            return False
        await self.promises.journal.deliver(self.promises.registry, *receipt.rows)
        return True

    async def _stepped(
        self, tx: Transaction, before: Ride, step: RideStep, van: str, at_ms: int
    ) -> RideReceipt:
        effects: list[Effect] = []
        aboard = await store.aboard_of(tx.connection, van)
        if step is RideStep.PICKED_UP:
            pure.check_waiting(before)
            name = await self._may_board(tx, before, aboard, van)
            after = pure.boarded(before, van, at_ms, name)
            effects = [] if aboard else [Status("van", van, UnitStatus.TRANSPORTING)]
        elif step is RideStep.DROPPED_OFF:
            after = pure.alighted(before, at_ms)
            if [one.id for one in aboard] == [before.id]:
                effects = [Status("van", van, UnitStatus.AVAILABLE)]
        else:
            after = pure.absent(before, at_ms)
        return await self._keep(tx, before, after, step.value, effects)

    async def _may_board(self, tx: Transaction, ride: Ride, aboard: list[Ride], van: str) -> str:
        """The van's name. A crisis ride is exclusive, and so is who did not agree to share.

        Raises Refused.
        """
        if await requests.is_promised(tx.connection, van):
            raise Refused("van", van, "promised")
        state = (await self.promises.registry.snapshot()).vans.get(van)
        if state is None:
            raise Refused("van", van, "unknown")
        pure.check_company(ride, aboard, state.seats, van)
        return state.name

    async def _keep(
        self,
        tx: Transaction,
        before: Ride,
        after: Ride,
        verb: str,
        effects: Sequence[Effect] = (),
        reason: str | None = None,
    ) -> RideReceipt:
        await store.save(tx.connection, before, after)
        row = await self._promise(tx, after, verb, effects, reason)
        return RideReceipt(after.id, pure.face(after), (row,))

    async def _promise(
        self,
        tx: Transaction,
        ride: Ride,
        verb: str,
        effects: Sequence[Effect] = (),
        reason: str | None = None,
    ) -> str:
        detail = {"van": ride.van, "appointment": ride.appointment}
        await tx.audit(f"ride.{verb}", "ride", ride.id, reason, detail)
        return await tx.promise(
            aggregate="ride",
            aggregate_id=ride.id,
            version=ride.version,
            kind=f"ride.{verb}",
            effects=effects,
            card=pure.card(ride),
            body={"by": tx.actor.id},
        )


def _is_part(actor: Actor, ride: Ride) -> bool:
    role = role_of(actor)
    if role is Role.PROVIDER:
        return ride.provider == actor.scope
    if role is Role.FIELD:
        return ride.van is not None and ride.van == actor.scope
    return role in (Role.DISPATCHER, Role.SUPERVISOR, Role.SYSTEM)


def _van_of(actor: Actor, command: StepRide, ride: Ride) -> str:
    """The van that takes a step. A driver takes steps of the own van alone, and picks up whom it
    was to carry, though the plan may have changed on the way. Raises NotYours and Refused."""
    van = command.van if command.step is RideStep.PICKED_UP and command.van else ride.van
    if role_of(actor) is Role.FIELD:
        told = {ride.van, ride.was and ride.was.van}
        if van is None or van != actor.scope or van not in told:
            raise NotYours("this ride is another driver's")
    if van is None:
        raise Refused("van", "none", "not_planned")
    return van


def _check_part(actor: Actor, ride: Ride) -> None:
    if not _is_part(actor, ride):
        raise NotYours("this ride is somebody else's")
