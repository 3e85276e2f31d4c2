"""Scheduled rides on real servers: asked, planned by the loop, driven, and safe from a crisis."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from dispatch import commands
from dispatch.errors import NotYours, Refused, WrongState
from dispatch.request import Bundle, Needs
from dispatch.rides.loop import RidesLoop, RidesWorld
from dispatch.rides.ride import Leg, Ride, RideState, RideStep
from dispatch.rides.rides import CancelRide, StepRide
from dispatch.rides.store import Rider
from dispatch.words import Need
from geo.estimate import Estimate
from record import Actor
from registry.cancelling import end_tasks
from registry.replica import follow
from registry.states import UnitStatus
from tests.dispatch.house import DANA, House, an_id
from tests.dispatch.rides.builders import H_MS, POLICY, WORDS, a_ride, a_van

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("sound_record")]

ADA = Rider("Ada Example", "555-0100", "12 Hidden Lane", "rings twice")
DRIVER = Actor("a-driver", "field", "v-9", "Driver")
OTHER_DRIVER = Actor("a-driver2", "field", "v-8", "Driver two")
CLINIC = Actor("a-pro", "provider", "clinic", "Clinic")
ELSEWHERE = Actor("a-pro2", "provider", "elsewhere", "Elsewhere")
CRISIS = Needs(words=frozenset({"adult"}), van=Need.NEEDED)


@dataclass
class Riding:
    """The house with a van that has a driver, and rides."""

    house: House

    @property
    def rides(self) -> Any:
        return self.house.dispatch.rides

    async def van(self, name: str = "v-9", **changes: Any) -> None:
        now = self.house.time()
        shift = {"shift_start_ms": now - H_MS, "shift_end_ms": now + 10 * H_MS}
        await self.house.registry.put(a_van(name, **(shift | changes)), an_id())

    async def asked(self, **changes: Any) -> str:
        now = self.house.time()
        times = {"starts_ms": now + 3 * H_MS, "ends_ms": now + 4 * H_MS, "asked_ms": now}
        ride = a_ride(an_id(), **(times | changes))
        async with self.house.journal.transaction(DANA) as tx:
            row = await self.rides.add(tx, ride, ADA)
        await self.house.journal.deliver(self.house.registry, row)
        return ride.id

    async def ride(self, ride: str) -> Ride:
        found: Ride = (await self.rides.rider(DANA, ride))[0]
        return found

    async def step(
        self, ride: str, step: RideStep, actor: Actor = DRIVER, van: str | None = None
    ) -> Any:
        return await self.rides.step(actor, StepRide(an_id(), ride, step, van))

    async def where(self, ride: str, holds: Callable[[Ride], bool]) -> Ride:
        """The ride once this holds; waits for the loop."""
        async with asyncio.timeout(20):
            while not holds(found := await self.ride(ride)):
                await asyncio.sleep(0.01)
            return found

    async def card_where(self, ride: str, van: str) -> Any:
        """The ride's card once it names this van: cards follow the record a moment later."""
        async with asyncio.timeout(20):
            while True:
                card = (await self.house.registry.snapshot()).cards["ride"][ride]
                if card["van"] == van:
                    return card
                await asyncio.sleep(0.01)

    async def crisis(self, van: str = "v-9") -> str:
        return await self.house.accepted(CRISIS, Bundle(team="t-1", van=van))


@pytest.fixture
async def riding(house: House) -> AsyncIterator[Riding]:
    """A region whose rides are being planned."""
    found = Riding(house)
    await found.van()
    world = RidesWorld(house.dispatch.rides, Estimate(), POLICY, WORDS, house.time, time.monotonic)
    loop = RidesLoop(world)

    async def notice() -> None:
        async for replica, event in follow(house.registry):
            loop.notice(replica, event)

    tasks = [asyncio.create_task(work) for work in (notice(), loop.run())]
    yield found
    await end_tasks(tasks)


def is_planned(ride: Ride) -> bool:
    return ride.state is RideState.PLANNED


async def test_a_ride_that_is_asked_for_is_planned_at_once_and_its_card_names_nobody(
    riding: Riding,
) -> None:
    ride = await riding.asked()
    planned = await riding.where(ride, is_planned)
    card = await riding.card_where(ride, "v-9")
    assert (planned.van, card["told_from_ms"]) == ("v-9", planned.told and planned.told[0])
    outbox = str(await riding.house.rows("SELECT * FROM outbox"))
    audit = str(await riding.house.rows("SELECT * FROM audit"))
    for secret in ("Ada", "555-0100", "Hidden", str(planned.person.lon)):
        assert secret not in outbox + audit


async def test_a_van_that_a_crisis_takes_leaves_its_ride_to_another_and_says_what_was(
    riding: Riding,
) -> None:
    ride = await riding.asked(starts_ms=riding.house.time() + H_MS)
    await riding.where(ride, is_planned)
    await riding.van("v-8", base_lon=-112.05)
    await riding.crisis()
    now = await riding.where(ride, lambda one: one.van == "v-8")
    assert now.was is not None
    assert (now.was.van, now.was.van_name) == ("v-9", "v-9")


async def test_a_van_with_riders_aboard_is_free_for_nobody_until_the_last_is_dropped_off(
    riding: Riding,
) -> None:
    first, second = await riding.asked(), await riding.asked()
    for ride in (first, second):
        await riding.where(ride, is_planned)
        await riding.step(ride, RideStep.PICKED_UP)
    assert (await riding.house.van("v-9")).status is UnitStatus.TRANSPORTING
    with pytest.raises(Refused):
        await riding.crisis()
    await riding.step(first, RideStep.DROPPED_OFF)
    assert (await riding.house.van("v-9")).status is UnitStatus.TRANSPORTING
    await riding.step(second, RideStep.DROPPED_OFF)
    assert (await riding.house.van("v-9")).status is UnitStatus.AVAILABLE
    request = await riding.crisis()
    assert (await riding.house.request(request)).held.van == "v-9"


async def test_the_record_refuses_a_laden_van_even_when_the_registry_calls_it_free(
    riding: Riding,
) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    await riding.step(ride, RideStep.PICKED_UP)
    await riding.house.registry.report_status("van", "v-9", "available", an_id())
    with pytest.raises(Refused) as refused:
        await riding.crisis()
    assert refused.value.reason == "with_riders"


async def test_nobody_boards_a_van_that_a_crisis_request_has(riding: Riding) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    await riding.crisis()
    with pytest.raises(Refused) as refused:
        await riding.step(ride, RideStep.PICKED_UP, DANA, "v-9")
    assert refused.value.reason == "promised"


async def test_of_boarding_and_a_crisis_at_one_moment_one_has_the_van(riding: Riding) -> None:
    for n in range(5):
        van = f"w-{n}"
        await riding.van(van)
        ride = await riding.asked()
        boarding = riding.step(ride, RideStep.PICKED_UP, DANA, van)
        crisis = riding.house.opened(CRISIS)
        request = await crisis
        accept = commands.Accept(an_id(), request, Bundle(team="t-1", van=van))
        both = await asyncio.gather(
            boarding, riding.house.dispatch.accept(DANA, accept), return_exceptions=True
        )
        refused = [one for one in both if isinstance(one, Refused)]
        assert len(refused) == 1, both
        if not isinstance(both[1], Refused):
            await riding.house.dispatch.take_back(DANA, commands.TakeBack(an_id(), request))


async def test_only_who_agreed_shares_and_everyone_has_a_seat(riding: Riding) -> None:
    first, second, many = (
        await riding.asked(shares=True),
        await riding.asked(shares=False),
        await riding.asked(seats=4),
    )
    await riding.step(first, RideStep.PICKED_UP, DANA, "v-9")
    for ride, why in ((second, "not_shared"), (many, "seats")):
        with pytest.raises(Refused) as refused:
            await riding.step(ride, RideStep.PICKED_UP, DANA, "v-9")
        assert refused.value.reason == why


async def test_a_retry_answers_the_same_and_a_step_happens_once(riding: Riding) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    step = StepRide(an_id(), ride, RideStep.PICKED_UP)
    assert await riding.rides.step(DRIVER, step) == await riding.rides.step(DRIVER, step)
    with pytest.raises(WrongState):
        await riding.step(ride, RideStep.PICKED_UP)
    with pytest.raises(WrongState):
        await riding.rides.cancel(DANA, CancelRide(an_id(), ride, "slip"))


async def test_each_sees_and_changes_their_own(riding: Riding) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    seen = {actor.id: len(await riding.rides.shown(actor)) for actor in (DANA, DRIVER, CLINIC)}
    assert set(seen.values()) == {1}
    for actor in (OTHER_DRIVER, ELSEWHERE):
        assert await riding.rides.shown(actor) == []
        with pytest.raises(NotYours):
            await riding.rides.rider(actor, ride)
        with pytest.raises(NotYours):
            await riding.rides.cancel(actor, CancelRide(an_id(), ride, "no"))
    with pytest.raises(NotYours):
        await riding.step(ride, RideStep.PICKED_UP, OTHER_DRIVER)
    await riding.rides.cancel(CLINIC, CancelRide(an_id(), ride, "comes by bus"))
    assert (await riding.ride(ride)).state is RideState.CANCELLED


async def test_no_driver_ends_a_ride_that_another_van_has(riding: Riding) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    for step in RideStep:
        with pytest.raises(NotYours):
            await riding.step(ride, step, OTHER_DRIVER, "v-8")
    await riding.step(ride, RideStep.PICKED_UP)
    for step in (RideStep.DROPPED_OFF, RideStep.NO_SHOW):
        with pytest.raises(NotYours):
            await riding.step(ride, step, OTHER_DRIVER, "v-8")
    assert (await riding.ride(ride)).state is RideState.ABOARD
    await riding.step(ride, RideStep.DROPPED_OFF, DANA, "v-8")
    snapshot = await riding.house.registry.snapshot()
    assert snapshot.vans["v-9"].status is UnitStatus.AVAILABLE


async def test_a_driver_picks_up_whom_the_plan_took_away_on_the_way(riding: Riding) -> None:
    ride = await riding.asked()
    await riding.where(ride, is_planned)
    await riding.van("v-8")
    request = await riding.crisis()
    await riding.where(ride, lambda it: it.van == "v-8")
    cancel = commands.Cancel(an_id(), request, "error")
    await riding.house.dispatch.cancel(DANA, cancel)
    await riding.step(ride, RideStep.PICKED_UP, van="v-9")
    assert (await riding.ride(ride)).van == "v-9"


async def test_an_appointment_has_one_ride_each_way(riding: Riding) -> None:
    await riding.asked(appointment="a-1")
    await riding.asked(appointment="a-1", leg=Leg.HOME)
    with pytest.raises(Exception, match="uq_scheduled_ride_leg"):
        await riding.asked(appointment="a-1")


async def test_a_ride_that_nobody_began_is_missed_long_after_its_appointment(
    riding: Riding,
) -> None:
    ride = await riding.asked()
    riding.house.time.pass_s(4 * 3600)
    assert await riding.rides.tick() == 0
    riding.house.time.pass_s(3 * 3600)
    async with asyncio.timeout(20):
        while await riding.rides.tick() == 0:
            await asyncio.sleep(0.01)  # the planner was quicker
    assert (await riding.ride(ride)).state is RideState.MISSED
