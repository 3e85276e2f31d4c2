"""Watches what time does to requests: clocks that run out, and whom the plan leaves without."""

from dataclasses import dataclass, replace

from uuid6 import uuid7

from dispatch import commands, store, unserved
from dispatch.clocks import Deadline, run_out, to_raise
from dispatch.errors import Conflict, DispatchError
from dispatch.panics import Panics
from dispatch.promise import Change, Promises
from dispatch.request import CrisisRequest, Unmet
from dispatch.rides.rides import Rides
from dispatch.road_closures import RoadClosures
from record.actor import system
from record.journal import Transaction

KEEPER = system("keeper")


@dataclass(frozen=True, slots=True)
class Due:
    """A clock that has run out and was not escalated, or not raised to a supervisor, yet."""

    request: str
    deadline: Deadline


@dataclass(frozen=True, slots=True)
class Watch:
    """What the keeper asks of dispatch every so often."""

    promises: Promises
    panics: Panics
    closures: RoadClosures
    rides: Rides

    async def due(self, now_ms: int) -> list[Due]:
        """The clocks that have run out by `now_ms` and were not escalated yet."""
        async with self.promises.journal.engine.connect() as connection:
            requests = await store.due(connection, now_ms)
        return [
            Due(request.id, deadline)
            for request in requests
            for late in (run_out, to_raise)
            for deadline in late(request, self.promises.clocks, now_ms)
        ]

    async def tick(self) -> int:
        """Escalate every clock that has run out, each once; answers how many promises changed.

        Panics come first; closures of roads and rides that are over end.
        """
        now_ms = self.promises.journal.clock()
        panics = await self.panics.tick(now_ms)
        over = await self.closures.tick(now_ms)
        missed = await self.rides.tick()
        requests = dict.fromkeys(one.request for one in await self.due(now_ms))
        return panics + over + missed + sum([await self._escalate(request) for request in requests])

    async def log_unserved(self) -> int:
        """Write down whom the published plan has left without for too long, once an episode.

        Answers how many lines the unmet-need log has more.
        """
        plan = await self.promises.registry.plan()
        if plan is None:
            return 0
        async with self.promises.journal.engine.connect() as connection:
            waiting = await store.open_requests(connection)
            known = await store.episodes(connection)
        lacking = unserved.lacks(waiting, unserved.decode(plan))
        after_s = self.promises.clocks.unserved_s
        turn = unserved.turn(lacking, known, self.promises.journal.clock(), after_s)
        if turn.empty:
            return 0
        async with self.promises.transaction(KEEPER) as tx:
            for key in turn.begun:
                await store.begin_episode(tx.connection, key, tx.now_ms)
            for key in turn.over:
                await store.end_episode(tx.connection, key)
            return sum([await _logged(tx, key, lacking[key]) for key in sorted(turn.too_long)])

    async def _escalate(self, request: str) -> bool:
        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            late, unanswered = (
                {
                    deadline.clock.value
                    for deadline in which(before, self.promises.clocks, tx.now_ms)
                }
                for which in (run_out, to_raise)
            )
            if not late | unanswered:
                raise Conflict("somebody was quicker: nothing is overdue any more")
            after = replace(
                before,
                version=before.version + 1,
                changed_ms=tx.now_ms,
                overdue=before.overdue | late,
                raised=before.raised | unanswered,
                silence=None,
            )
            verb = "raised" if unanswered else "escalated"
            return Change(after, verb, detail={"clocks": sorted(late | unanswered)})

        try:
            await self.promises.change(
                KEEPER, commands.Escalate(str(uuid7()), request), "escalate", how
            )
        except DispatchError:
            return False
        return True


async def _logged(tx: Transaction, key: unserved.Key, reason: str) -> bool:
    """Write one line for the episode; False when another keeper was quicker."""
    if not await store.log_episode(tx.connection, key, tx.now_ms):
        return False
    request, resource = key
    line = Unmet(
        id=str(uuid7()),
        request=request,
        at_ms=tx.now_ms,
        kind="unserved",
        resource=resource,
        reason=reason,
        decided_by="planner",
        recorded_by=tx.actor.id,
        protected=False,
    )
    await store.add_unmet(tx.connection, line)
    await tx.audit("request.unserved", "request", request, reason, {"resource": resource})
    return True
