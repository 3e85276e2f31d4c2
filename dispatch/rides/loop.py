"""The loop that plans a region's scheduled rides, beside the one that plans crisis requests.

A ride that is asked for is inserted at once, with nobody else disturbed; then a better plan is
looked for, until something happens. What was told is kept where it can be. A plan that its checker
refuses is told to nobody.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from dispatch.faults import FAULTS, PlanRefused, told
from dispatch.rides.policy import RidesPolicy
from dispatch.rides.question import (
    Day,
    RidesQuestion,
    lacking_of,
    planned_of,
    question,
    unreported,
    working,
)
from dispatch.rides.question import shown as shown_plan
from dispatch.rides.ride import Planned, Ride, RideState, kept, left_out, timed
from dispatch.road_closure import in_force
from geo.closures import Closure
from geo.travel import TravelTimes
from optimizer.rides.check import check
from optimizer.rides.plan import RidesPlan
from optimizer.rides.solve import solve
from registry.port import Event
from registry.replica import Replica
from registry.states import Kind, Van

log = structlog.get_logger()

RETRY_S = 1.0
HEEDED = frozenset({Kind.RIDE, Kind.VAN, Kind.HOLD, Kind.CLOSURE})


class Rides(Protocol):
    """What the loop asks of the service."""

    async def open(self) -> list[Ride]:
        """Rides that are not over."""
        ...

    async def tell(self, changes: Sequence[tuple[Ride, Ride]]) -> int:
        """Keep what is planned now: (before, after)."""
        ...


@dataclass(frozen=True, slots=True)
class RidesWorld:
    """What the loop needs. `words` are those that a van can offer; see planner.Surroundings."""

    rides: Rides
    travel: TravelTimes
    policy: RidesPolicy
    words: tuple[str, ...]
    clock: Callable[[], int]
    ticks: Callable[[], float]
    heed: Callable[[tuple[Closure, ...]], None] = lambda _closures: None
    outages: tuple[type[Exception], ...] = ()


class RidesLoop:
    """Plans rides for whoever holds the planner's lease."""

    def __init__(self, world: RidesWorld) -> None:
        self._world = world
        self._wake = asyncio.Event()
        self._replica: Replica | None = None
        self._rides: list[Ride] = []
        self._rides_changed = True
        self._faults: tuple[type[Exception], ...] = (*FAULTS, *world.outages)

    def notice(self, replica: Replica, event: Event | None) -> None:
        """Something happened; None: the replica is new."""
        self._replica = replica
        kinds = {kind for kind, _, _ in event.touched} if event else HEEDED
        if event is not None and self._is_known(event):
            return
        if Kind.RIDE in kinds:
            self._rides_changed = True
        if kinds & HEEDED and (self._rides or self._rides_changed):
            self._wake.set()

    def _is_known(self, event: Event) -> bool:
        """Whether it tells only of rides, and nothing that was not told from here."""
        versions = {ride.id: ride.version for ride in self._rides}
        return all(
            kind == Kind.RIDE
            and isinstance(card, dict)
            and card["version"] <= versions.get(id_, -1)
            for kind, id_, card in event.touched
        )

    async def run(self) -> None:
        """Plan for ever; ends by being cancelled."""
        while True:
            by_clock = await self._woken()
            began_s = self._world.ticks()
            try:
                if await self._plan(0) or by_clock:
                    await self._plan(self._world.policy.iterations)
            except self._faults as fault:
                log.error("rides.fault", **told(fault))
                self._rides_changed = True
                asyncio.get_running_loop().call_later(RETRY_S, self._wake.set)
            spent_s = self._world.ticks() - began_s
            await asyncio.sleep(max(0.0, self._world.policy.coalesce_ms / 1000 - spent_s))

    async def _woken(self) -> bool:
        """Wait for a reason to plan; whether it was only that time has passed."""
        try:
            async with asyncio.timeout(self._world.policy.again_every_s):
                await self._wake.wait()
        except TimeoutError:
            self._rides_changed = True
            return True
        self._wake.clear()
        return False

    async def _plan(self, iterations: int) -> bool:
        """Plan once and tell what changed; whether anything did."""
        if self._replica is None or self._wake.is_set():
            return False
        if self._rides_changed:
            self._rides_changed = False
            self._rides = await self._world.rides.open()
        if not self._rides:
            return False
        day = self._day(self._replica)
        closures = in_force(self._replica.cards[Kind.CLOSURE].values(), day.now_ms)
        changes = await asyncio.to_thread(self._solve, day, closures, iterations)
        if changes and not (iterations and self._wake.is_set()):
            self._take(changes)
            if await self._world.rides.tell(changes) < len(changes):
                self._rides_changed = True
                self._wake.set()
        return bool(changes)

    def _take(self, changes: Sequence[tuple[Ride, Ride]]) -> None:
        """What is told is known here at once: its own events call for no other plan."""
        after = {ride.id: ride for _, ride in changes}
        self._rides = [after.get(ride.id, ride) for ride in self._rides]

    def _day(self, replica: Replica) -> Day:
        world = self._world
        found = (replica.get(Kind.VAN, id_) for id_ in replica.states[Kind.VAN])
        vans = [van for van in found if isinstance(van, Van)]
        now_ms = world.clock()
        rides = tuple(self._rides)
        return Day(now_ms, rides, tuple(working(vans, rides, now_ms)), world.words, world.policy)

    def _solve(
        self, day: Day, closures: tuple[Closure, ...], iterations: int
    ) -> list[tuple[Ride, Ride]]:
        """Runs in a thread."""
        self._world.heed(closures)
        asked, plan = planned(day, self._world.travel, 0)
        if iterations:
            better = self._better(day, asked, plan)
            if better is None:
                return []
            plan = better
        return changed(asked, plan)

    def _better(self, day: Day, asked: RidesQuestion, plan: RidesPlan) -> RidesPlan | None:
        """A plan that spares enough driving to be told; None where none is found in time."""
        policy, late_s = day.policy, self._world.ticks() + day.policy.search_ms / 1000
        found = solve(
            asked.problem,
            plan,
            iterations=policy.iterations,
            deadline=lambda: self._wake.is_set() or self._world.ticks() > late_s,
        )
        return found if judged(asked, found).cost <= plan.cost - policy.gain_s else None


def planned(day: Day, travel: TravelTimes, iterations: int) -> tuple[RidesQuestion, RidesPlan]:
    """The day's plan: what was told stays where it can; whoever loses their van is planned as if
    nothing had been told, before anybody is left out. Raises PlanRefused."""
    asked = question(day, travel)
    plan = judged(asked, solve(asked.problem, shown_plan(day), iterations=iterations))
    left = {one.ride_id for one in plan.left_out}
    freed = frozenset(ride.id for ride in day.rides if ride.told and ride.id in left)
    if not freed:
        return asked, plan
    asked = question(day, travel, freed)
    return asked, judged(asked, solve(asked.problem, plan, iterations=iterations))


def judged(asked: RidesQuestion, plan: RidesPlan) -> RidesPlan:
    """The plan itself. Raises PlanRefused."""
    if faults := check(asked.problem, plan):
        raise PlanRefused(faults[0])
    return plan


def changed(asked: RidesQuestion, plan: RidesPlan) -> list[tuple[Ride, Ride]]:
    """The rides of which something else is to be told: (before, after)."""
    policy, now_ms = asked.day.policy, asked.day.now_ms
    silent = unreported(asked.day)
    carried, lacking = planned_of(asked, plan), lacking_of(asked.day, plan)
    found = []
    for ride in asked.day.rides:
        if ride.id in silent:
            continue
        if now := carried.get(ride.id):
            if not _same(ride, now, policy.moved_s, now_ms):
                after = timed(ride, now, policy.told_before_ms, policy.told_behind_ms, now_ms)
                found.append((ride, after))
        elif ride.state is not RideState.ABOARD and (
            ride.planned or ride.lacking != lacking[ride.id]
        ):
            found.append((ride, left_out(ride, lacking[ride.id])))
    return found


def _same(ride: Ride, now: Planned, moved_s: float, now_ms: int) -> bool:
    """Whether the plan says nothing new to anybody."""
    was = ride.planned
    if was is None or was.van != now.van:
        return False
    if ride.state is not RideState.ABOARD and not kept(ride, now, now_ms):
        return False
    apart = abs(was.pick_up_ms - now.pick_up_ms), abs(was.drop_off_ms - now.drop_off_ms)
    return max(apart) < moved_s * 1000
