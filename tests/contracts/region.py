"""A region of few resources, on every registry, whose clock the test moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from registry.port import Effect, Event, Granted, HoldCommand, Position, Promise, Refused, Registry
from registry.server import ServerRegistry
from registry.states import Pool, Slot, Team, Van

START_MS = 1_800_000_000_000


@dataclass
class Region:
    """A registry with a clock that the test moves, and short ways to speak to it."""

    registry: Registry
    now_ms: int = START_MS
    spoken: int = 0

    async def at(self, now_ms: int) -> None:
        self.now_ms = now_ms
        if isinstance(self.registry, ServerRegistry):
            await self.registry.set_test_clock(stopped_at_ms=now_ms)

    def command(self) -> str:
        self.spoken += 1
        return f"command-{self.spoken:04}"

    async def hold(self, request: str = "r1", ttl_s: int = 60, **named: Any) -> Granted | Refused:
        return await self.registry.hold(
            HoldCommand(hold_id=self.command(), request=request, ttl_s=ttl_s, by="ada", **named)
        )

    async def granted(self, request: str = "r1", **named: Any) -> str:
        answer = await self.hold(request, **named)
        assert isinstance(answer, Granted)
        return answer.hold.id

    async def promise(
        self, request: str, version: int, *effects: Effect, card: Any = None, row: str = ""
    ) -> Any:
        return await self.registry.apply(
            Promise(
                row_id=row or self.command(),
                aggregate="request",
                aggregate_id=request,
                version=version,
                kind="accepted",
                effects=effects,
                card=card or {"id": request, "version": version},
                body={"why": "test"},
            )
        )

    async def pool(self) -> Pool:
        return (await self.registry.snapshot()).pools["p1"]

    async def team(self) -> Team:
        return (await self.registry.snapshot()).teams["t1"]

    async def since(self, position: Position) -> list[Event]:
        return await self.registry.events(position)

    async def position(self) -> Position:
        return (await self.registry.snapshot()).position


async def furnish(region: Region) -> None:
    """Two teams, a van, a pool of three and a slot."""
    hours = {"shift_start_ms": START_MS, "shift_end_ms": START_MS + 3_600_000}
    base = {"zone": "weber", "base_lon": -111.97, "base_lat": 41.22, **hours}
    place = {"zone": "weber", "lon": -111.97, "lat": 41.22}
    for state in (
        Team(id="t1", name="Team 1", crew=("mia",), offers=("lang_es",), seats=2, **base),
        Team(id="t2", name="Team 2", **base),
        Van(id="v1", name="Van 1", seats=3, driver="bo", **base),
        Pool(id="p1", facility="f1", name="Adults", type="receiving", capacity=3, **place),
        Slot(
            id="s1", provider="x", name="Intake", mode="telehealth", starts_ms=START_MS,
            duration_s=1800, capacity=1, **place,
        ),
    ):  # fmt: skip
        await region.registry.put(state, region.command())
