"""The planning loop of a region: one holder of the lease plans, everyone sees the plan.

It follows the registry's events in a replica, reads the open requests from the record whenever one
changed, and plans again at once, at most once every `coalesce_ms`. A plan that its checker refuses
is never published. Where none can be made, the last good one stays as far as it still fits and
whoever is new gets the nearest; where not even travel times can be had, it stays as it was. Both
say so.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import msgspec
import structlog

from directory import Directory
from dispatch.errors import DispatchError
from dispatch.faults import FAULTS, told
from dispatch.planning.driving import driving
from dispatch.planning.facts import Facts, read_facts
from dispatch.planning.foresight import foreseen
from dispatch.planning.question import question
from dispatch.planning.recommendation import (
    PlanView,
    Recommendation,
    decode,
    encode,
    explained_view,
    next_version,
    shown_bundles,
)
from dispatch.planning.release import ReleaseModel, Visit, learn
from dispatch.planning.signs import Signs
from dispatch.planning.situation import Rules, Situation
from dispatch.planning.solving import Solved, Solver
from dispatch.request import Bundle, CrisisRequest
from dispatch.rides.loop import RidesLoop
from dispatch.road_closure import in_force
from dispatch.words import WAITING, State
from geo.closures import Closure
from geo.travel import TravelTimes
from registry.cancelling import end_tasks
from registry.errors import Fenced, Unavailable
from registry.port import Event, Lease, Position, Registry
from registry.replica import Replica, follow
from registry.states import Hold, Kind, Pool, Slot, Team, Van
from registry.states import State as Kept

log = structlog.get_logger()

S = TypeVar("S", bound=Kept)

LEASE = "planner"
RETRY_S = 1.0
EXPLAINED_AT_ONCE = 12
PLANNED_KINDS = frozenset(
    {Kind.TEAM, Kind.VAN, Kind.POOL, Kind.SLOT, Kind.HOLD, Kind.REQUEST, Kind.CLOSURE}
)
MOVED = "unit.moved"

Heed = Callable[[tuple[Closure, ...]], None]

Announce = Callable[[str, int, Bundle | None], Awaitable[None]]
"""Tells dispatch that a request has a recommendation (the bundle) or none any more (None)."""


class _LeaseLost(Exception):
    """Somebody else plans now."""


class Requests(Protocol):
    """What the loop reads of dispatch."""

    async def open_requests(self) -> list[CrisisRequest]:
        """Requests that have not ended, without identity."""
        ...

    async def visits(self) -> list[Visit]:
        """How long the latest visits took."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the loop needs of the world. `clock` gives ms UTC, `ticks` seconds that only grow.

    `names` are those of zones. `heed` lets the roads be as the closures in force say, before every
    plan; it may take a while. `outages` are the faults of the stores after which a retry is right.
    `rides` plans scheduled rides under the same lease. `alive` is told again and again, as long as
    nothing hangs.
    """

    registry: Registry
    requests: Requests
    directory: Directory
    travel: TravelTimes
    rules: Rules
    clock: Callable[[], int]
    ticks: Callable[[], float]
    timezone: str
    names: Mapping[str, str] = field(default_factory=dict)
    announce: Announce | None = None
    heed: Heed = lambda _closures: None
    outages: tuple[type[Exception], ...] = (Unavailable,)
    rides: RidesLoop | None = None
    alive: Callable[[], None] = lambda: None


class Planner:
    """The loop. `owner` names this process in the lease."""

    def __init__(self, world: Surroundings, owner: str) -> None:
        self._world = world
        self._drive = driving(world.travel)
        self._owner = owner
        self._policy = world.rules.planning
        self._solver = Solver(self._policy, world.ticks)
        self._faults: tuple[type[Exception], ...] = (*FAULTS, *world.outages)
        self._signs = Signs(world.registry, world.ticks, self._policy.late_after_s, world.alive)
        self._wake = asyncio.Event()
        self._replica: Replica | None = None
        self._requests: list[CrisisRequest] = []
        self._requests_changed = True
        self._moved_at_s = 0.0
        self._known: dict[str, int] = {}
        self._facts: Facts | None = None
        self._facts_at_s = 0.0
        self._releases: ReleaseModel | None = None
        self._learned_at_s = 0.0
        self._view: PlanView | None = None
        self._solved: Solved | None = None

    async def run(self) -> None:
        """Plan for ever, whenever the lease can be had. Ends by being cancelled."""
        while True:
            self._world.alive()
            try:
                lease = await self._world.registry.lease(LEASE, self._owner, self._policy.lease_s)
                if lease is not None:
                    await self.lead(lease)
            except self._world.outages as outage:
                log.warning("planner.outage", fault=type(outage).__name__)
            await asyncio.sleep(self._policy.lease_s / 3)

    async def lead(self, lease: Lease) -> None:
        """Plan until the lease is lost; raises what the stores raise."""
        log.info("planner.leads", token=lease.token)
        tasks = [
            asyncio.create_task(self._renew(lease), name="planner.renew"),
            asyncio.create_task(self._follow(), name="planner.follow"),
            asyncio.create_task(self._plan_on(lease), name="planner.plan"),
        ]
        if self._world.rides is not None:
            tasks.append(asyncio.create_task(self._world.rides.run(), name="planner.rides"))
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except (_LeaseLost, Fenced):
            log.warning("planner.stepped_down", token=lease.token)
        finally:
            await end_tasks(tasks)
            self._replica = None

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._policy.lease_s / 3)
            if await self._world.registry.renew(lease, self._policy.lease_s) is None:
                raise _LeaseLost

    async def _follow(self) -> None:
        async for replica, event in follow(self._world.registry):
            self._replica = replica
            if self._world.rides is not None:
                self._world.rides.notice(replica, event)
            if event is None:
                self._requests_changed = True
                self._wake.set()
            else:
                self._notice(event)

    def _notice(self, event: Event) -> None:
        """Decide whether an event calls for a new plan."""
        kinds = {kind for kind, _, _ in event.touched}
        if Kind.REQUEST in kinds:
            self._requests_changed = True
        if kinds & PLANNED_KINDS and not self._is_known(event):
            self._wake.set()
        elif event.kind == MOVED and self._waiting():
            now_s = self._world.ticks()
            if now_s - self._moved_at_s >= self._policy.moved_every_s:
                self._moved_at_s = now_s
                self._wake.set()

    def _is_known(self, event: Event) -> bool:
        """Whether it tells only of requests, and nothing that was not planned with or announced."""
        return all(
            kind == Kind.REQUEST
            and isinstance(card, dict)
            and card.get("version", 0) <= self._known.get(id_, -1)
            for kind, id_, card in event.touched
        )

    def _waiting(self) -> bool:
        return any(request.state in WAITING for request in self._requests)

    async def _plan_on(self, lease: Lease) -> None:
        await self._remember()
        while True:
            await self._signs.give()
            if self._solved and self._solved.unexplained and not self._wake.is_set():
                await self._explain(self._solved, lease)
                continue
            await self._woken()
            began_s = self._world.ticks()
            if self._replica is not None:
                await self._plan_once(self._replica, lease)
            spent_s = self._world.ticks() - began_s
            await asyncio.sleep(max(0.0, self._policy.coalesce_ms / 1000 - spent_s))

    async def _remember(self) -> None:
        """Go on from the plan that is on the consoles."""
        kept = await self._world.registry.plan()
        try:
            self._view = None if kept is None else decode(kept)
        except msgspec.DecodeError:
            log.warning("planner.forgot")

    async def _woken(self) -> None:
        """Wait for a reason to plan, or until the ages of things call for it."""
        again_s = self._world.ticks() + self._policy.again_every_s
        while not self._wake.is_set() and (left_s := again_s - self._world.ticks()) > 0:
            await self._signs.give()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, self._signs.every_s)):
                    await self._wake.wait()
        if not self._wake.is_set():
            self._requests_changed = True
        self._wake.clear()

    async def _plan_once(self, replica: Replica, lease: Lease) -> None:
        try:
            await self._read()
            situation = self._situation(replica)
            closures = in_force(replica.cards[Kind.CLOSURE].values(), situation.now_ms)
            solved = await asyncio.to_thread(self._solve, situation, closures, replica.position)
        except self._faults as fault:
            log.error("planner.fault", **told(fault))
            self._solved = self._solved and replace(self._solved, unexplained=(), answer=None)
            await self._degrade(type(fault).__name__, lease)
            self._try_again_soon()
            return
        self._solved = solved
        if solved.view.degraded is not None:
            self._try_again_soon()
        # Dispatch is told first: whoever accepts what they see meets a request that stays as it is.
        await self._tell(solved.view, situation)
        await self._publish(solved.view, lease)

    def _try_again_soon(self) -> None:
        asyncio.get_running_loop().call_later(RETRY_S, self._wake.set)

    async def _read(self) -> None:
        """Read what the events do not carry: open requests, and now and then the directory."""
        now_s = self._world.ticks()
        if self._facts is None or now_s - self._facts_at_s >= self._policy.facts_every_s:
            world = self._world
            now_ms = world.clock()
            self._facts = await read_facts(world.directory, now_ms, world.timezone, world.names)
            self._facts_at_s = now_s
        every_s = self._policy.release.learn_every_s
        if self._releases is None or now_s - self._learned_at_s >= every_s:
            self._releases = learn(await self._world.requests.visits(), self._policy.release)
            self._learned_at_s = now_s
        if self._requests_changed:
            # An event that comes while we read asks for another reading.
            self._requests_changed = False
            try:
                self._requests = await self._world.requests.open_requests()
            except self._world.outages:
                self._requests_changed = True
                raise
            self._known = {request.id: request.version for request in self._requests}

    def _situation(self, replica: Replica) -> Situation:
        facts = self._facts or Facts()
        return Situation(
            now_ms=self._world.clock(),
            requests=self._requests,
            teams=_all(replica, Kind.TEAM, Team),
            vans=_all(replica, Kind.VAN, Van),
            pools=_all(replica, Kind.POOL, Pool),
            slots=_all(replica, Kind.SLOT, Slot),
            holds=_all(replica, Kind.HOLD, Hold),
            agreements=facts.agreements,
            lapsed=facts.lapsed,
            shown=shown_bundles(self._view),
            names=facts.names,
            timezone=self._world.timezone,
        )

    def _solve(self, situation: Situation, closures: tuple[Closure, ...], at: Position) -> Solved:
        """Runs in a thread. Raises one of FAULTS."""
        self._world.heed(closures)
        if self._releases is not None:
            situation = foreseen(situation, self._releases, self._world.travel)
        put = question(situation, self._world.rules, self._drive)
        return self._solver.solve(put, (at.epoch, at.seq), before=self._solved, shown=self._view)

    async def _explain(self, solved: Solved, lease: Lease) -> None:
        """Price the alternatives of the next few requests, until an event calls for a new plan.

        All together they take longer than the plan: nobody waits for them.
        """
        now = solved.unexplained[:EXPLAINED_AT_ONCE]
        try:
            priced = await asyncio.to_thread(self._solver.price, solved, now, self._wake.is_set)
        except FAULTS as fault:
            log.error("planner.fault", **told(fault))
            self._solved = replace(solved, unexplained=(), answer=None)
            return
        if self._wake.is_set() or self._view is None:
            return
        later = solved.unexplained[EXPLAINED_AT_ONCE:]
        self._solved = replace(solved, unexplained=later, is_priced=True)
        if priced is not None:
            version = next_version(self._view)
            view = explained_view(self._view, solved.question, priced, now, version)
            await self._publish(view, lease)

    async def _degrade(self, fault: str, lease: Lease) -> None:
        """Publish the last good plan, saying that it is old; of it only who still waits."""
        if self._view is None:
            return
        waiting = {request.id for request in self._requests if request.state in WAITING}
        kept = self._view.recommendations.items()
        old = msgspec.structs.replace(
            self._view,
            degraded=f"No new plan could be made ({fault}): this one is old.",
            recommendations={name: one for name, one in kept if name in waiting},
        )
        if old != self._view:
            await self._publish(msgspec.structs.replace(old, version=next_version(old)), lease)

    async def _publish(self, view: PlanView, lease: Lease) -> None:
        await self._world.registry.publish_plan(encode(view), lease.token)
        self._view = view
        log.info(
            "planner.published",
            version=view.version,
            stage=view.stage,
            requests=len(view.recommendations),
            degraded=view.degraded is not None,
        )

    async def _tell(self, view: PlanView, situation: Situation) -> None:
        """Let dispatch know of first and of withdrawn recommendations."""
        if self._world.announce is None:
            return
        for request in situation.requests:
            best = view.recommendations.get(request.id)
            bundle = None if best is None or best.empty else _bundle(best)
            first = bundle is not None and request.state is State.REQUESTED
            gone = bundle is None and request.state is State.RECOMMENDED
            if first or gone:
                # The event may come before the answer, so it is known by what it will be.
                self._known[request.id] = request.version + 1
                try:
                    await self._world.announce(request.id, view.version, bundle)
                except DispatchError as late:
                    log.info("planner.too_late", fault=type(late).__name__)
                    self._wake.set()


def _bundle(best: Recommendation) -> Bundle:
    """The recommendation in dispatch's words."""
    backup = best.backup.pool if best.backup else None
    return Bundle(best.team, best.van, best.pool, best.slot, backup)


def _all(replica: Replica, kind: Kind, of: type[S]) -> dict[str, S]:
    """The states of a kind as they are now, units where they were last seen."""
    found = ((id_, replica.get(kind, id_)) for id_ in replica.states[kind])
    return {id_: state for id_, state in found if isinstance(state, of)}
