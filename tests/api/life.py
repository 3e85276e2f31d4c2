"""One request's whole life on the registry's laws, as every audience sees it."""

import json
from collections.abc import Iterator
from typing import Any

from api.live.audiences.board import Board
from api.live.audiences.field import Field
from api.live.audiences.law import Law
from api.live.audiences.pad import Pad
from api.live.audiences.provider import Provider
from api.live.audiences.wall import Wall
from api.live.frame import Frame
from api.live.topic import Projection, Topic
from api.live.world import Object, World, moved
from registry.model import MemoryRegistry
from registry.port import Claim, Free, Promise, UnitPosition
from registry.port import Status as SetStatus
from registry.states import UnitStatus
from tests.api.builders import NOW_MS, ZONES, Clock, card, command, pool, slot, team, van

ADDRESS = (-111.8123, 41.3377)
"""Where the person lives: no frame for the wall may lead here."""
BASE = (-111.97, 41.22)
DETOX = (-111.93, 41.24)


class Recorder:
    """Listens to a topic and keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def published(self, topic: Topic, made: Frame, prev: int) -> None:
        self.frames.append(json.loads(made.text))

    def restarted(self, topic: Topic) -> None:
        self.frames.append(json.loads(topic.whole(NOW_MS).text))

    def objects(self) -> Iterator[tuple[str, str, Object | None]]:
        for got in self.frames:
            if got["type"] == "snapshot":
                for kind, objects in got["state"].items():
                    for id, shape in objects.items():
                        yield kind, id, shape
            else:
                for kind, id, shape in got["changes"]:
                    yield kind, id, shape


def a_wall() -> Wall:
    return Wall(ZONES, 20_000, {"facility-1": ("Demo Detox Ogden", "weber")}, b"secret")


class Life:
    """A request's life on the registry's laws, seen by every audience."""

    def __init__(
        self, memory: MemoryRegistry, clock: Clock, wall: Projection | None = None
    ) -> None:
        self.memory, self.clock = memory, clock
        self.world = World()
        self.wall = wall or a_wall()
        self.topics: dict[str, Topic] = {}
        self.seen: dict[str, Recorder] = {}
        self.version = 0

    async def begin(self) -> None:
        await self.memory.put(team(), command())
        await self.memory.put(van(), command())
        await self.memory.put(
            pool(type="detox", takes=("adult", "substance_use"), lon=DETOX[0], lat=DETOX[1]),
            command(),
        )
        await self.memory.put(pool("pool-2", facility="facility-2"), command())
        await self.memory.put(slot(), command())
        self.world.start(await self.memory.snapshot())
        projections = {
            "board": Board(),
            "wall": self.wall,
            "pad": Pad("facility-1"),
            "foreign-pad": Pad("facility-2"),
            "field": Field("team", "team-1"),
            "foreign-field": Field("team", "team-2"),
            "driver": Field("van", "van-1"),
            "provider": Provider("provider-1"),
            "law": Law(),
        }
        for name, projection in projections.items():
            topic, recorder = Topic(name, "", projection), Recorder()
            topic.listeners.add(recorder)
            topic.start(self.world)
            self.topics[name], self.seen[name] = topic, recorder

    async def follow(self) -> None:
        """Show everybody what has happened, event by event, as a quiet feed would."""
        for event in await self.memory.events(self.world.position):
            touched = {change.key for change in self.world.advance(event)} | set(moved(event))
            for topic in self.topics.values():
                topic.publish(self.world, touched, [], NOW_MS)

    async def promise(self, state: str, *effects: Any, **more: Any) -> None:
        self.version += 1
        shown = card(state=state, version=self.version, needs=["adult", "substance_use"], **more)
        if state == "handed_over":
            shown |= {"ended_ms": self.clock.now_ms, "follow_up_due_ms": 2 * NOW_MS}
        await self.memory.apply(
            Promise(
                row_id=command(),
                aggregate="request",
                aggregate_id="request-1",
                version=self.version,
                kind=f"request.{state}",
                effects=effects,
                card=None if state == "settled" else shown,
            )
        )
        await self.follow()

    async def drive(
        self, kind: str, unit: str, where: tuple[float, float], steps: int = 12
    ) -> None:
        """Along a straight road, a point a minute."""
        known = self.world.get(kind, unit)
        assert known is not None
        for step in range(1, steps + 1):
            self.clock.pass_s(60)
            lon = known["lon"] + (where[0] - known["lon"]) * step / steps
            lat = known["lat"] + (where[1] - known["lat"]) * step / steps
            point = UnitPosition(kind, unit, lon, lat, self.clock.now_ms)
            await self.memory.report_positions([point], "avl")
            await self.follow()

    async def both(self, status: UnitStatus) -> None:
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.memory.report_status(kind, unit, status, command())
        await self.follow()

    async def whole(self) -> None:
        """From the call to the units' way home, by a detox unit."""
        had = {"team": "team-1", "van": "van-1", "pool": "pool-1"}
        await self.promise("requested")
        claims = [Claim(kind, id, "request-1") for kind, id in had.items()]
        sent = [SetStatus(kind, id, UnitStatus.DISPATCHED) for kind, id in had.items()][:2]
        await self.promise("accepted", *claims, *sent, place_claimed=True, **had)
        await self.both(UnitStatus.EN_ROUTE)
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.drive(kind, unit, ADDRESS)
        await self.both(UnitStatus.ON_SCENE)
        await self.promise("on_scene", place_claimed=True, shared_le=True, **had)
        await self.both(UnitStatus.TRANSPORTING)
        await self.drive("van", "van-1", DETOX)
        await self.both(UnitStatus.AT_FACILITY)
        gone = [Free("team", "team-1", "request-1"), Free("van", "van-1", "request-1")]
        await self.promise("handed_over", *gone, place_claimed=True, shared_le=True, **had)
        await self.both(UnitStatus.AVAILABLE)
        # The team is free where the person lives; the van is free at the detox unit.
        await self.drive("team", "team-1", (-111.9, 41.3))
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.drive(kind, unit, BASE)
