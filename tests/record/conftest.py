"""A small region with a journal, told as a story: hold, promise, carry out, close."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from record import Actor
from record.clock import wall_clock
from record.journal import Journal
from registry.model import MemoryRegistry
from registry.port import Claim, Effect, Free, HoldCommand, Occupy, Registry
from registry.server import connect
from registry.states import Pool, Slot, Team, Van

DANA = Actor(id="dana", role="dispatcher", scope=None, name="Dana")
DAY_MS = 86_400_000


@dataclass
class Story:
    """Commands of a region in miniature; `versions` are those of the promises made."""

    registry: Registry
    journal: Journal
    versions: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        base = {"zone": "weber", "base_lon": -112.0, "base_lat": 41.2}
        shift = {"shift_start_ms": 0, "shift_end_ms": 4 * 10**12}
        for name in ("t1", "t2"):
            await self.registry.put(Team(id=name, name=name, **base, **shift), str(uuid7()))
        await self.registry.put(Van(id="v1", name="v1", **base, **shift), str(uuid7()))
        place = {"zone": "weber", "lon": -112.0, "lat": 41.2}
        pool = Pool(id="p1", name="p1", facility="f1", type="respite", capacity=3, **place)
        await self.registry.put(pool, str(uuid7()))
        slot = Slot(
            id="s1",
            name="s1",
            provider="f2",
            mode="in_person",
            starts_ms=DAY_MS,
            duration_s=3600,
            **place,
        )
        await self.registry.put(slot, str(uuid7()))

    async def hold(self, request: str, **resources: str) -> None:
        command = HoldCommand(
            hold_id=str(uuid7()), request=request, ttl_s=60, by="dana", **resources
        )
        await self.registry.hold(command)

    async def promise(
        self, request: str, kind: str, effects: Sequence[Effect], *, closed: bool = False
    ) -> str:
        """Commit the next version of a request, without delivering it."""
        version = self.versions.get(request, 0) + 1
        async with self.journal.transaction(DANA) as tx:
            await tx.audit(f"request.{kind}", "request", request)
            row_id = await tx.promise(
                aggregate="request",
                aggregate_id=request,
                version=version,
                kind=kind,
                effects=effects,
                card=None if closed else {"id": request, "state": kind, "version": version},
            )
        self.versions[request] = version
        return row_id

    async def accept(self, request: str, team: str) -> None:
        """Hold, promise and apply a team and a bed for a request."""
        await self.hold(request, team=team, pool="p1")
        claims = [
            Claim(kind="team", id=team, request=request),
            Claim(kind="pool", id="p1", request=request),
        ]
        row_id = await self.promise(request, "accepted", claims)
        await self.journal.deliver(self.registry, row_id)

    async def hand_over(self, request: str, team: str) -> None:
        """The person arrives, the team is free again, the request is closed."""
        effects = [Occupy(pool="p1", request=request), Free(kind="team", id=team, request=request)]
        row_id = await self.promise(request, "handed_over", effects, closed=True)
        await self.journal.deliver(self.registry, row_id)


@pytest.fixture(params=["model", "server"])
async def story(
    request: pytest.FixtureRequest, engine: AsyncEngine, valkey_url: str
) -> AsyncIterator[Story]:
    """The region over each kind of registry and a real PostgreSQL."""
    if request.param == "model":
        registry: Registry = MemoryRegistry(wall_clock)
    else:
        registry = await connect(valkey_url, region=f"test-{uuid7()}")
    story = Story(registry, Journal(engine))
    await story.begin()
    yield story
    await registry.close()
