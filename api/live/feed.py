"""The one reader of the registry's events in this process; it feeds every topic.

Projections are made here, before anything is published, and each frame is encoded once.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import structlog

from api.live.audiences.board import Board
from api.live.audiences.field import Field
from api.live.audiences.law import Law
from api.live.audiences.pad import Pad
from api.live.audiences.provider import Provider
from api.live.audiences.wall import Wall
from api.live.lines import Line, lines
from api.live.topic import Projection, Topic
from api.live.world import Key, World, moved
from api.roles import CONTROL, Caller, Role
from registry.errors import PositionLost, Unavailable
from registry.port import Event, Registry

BLOCK_MS = 1_000
BUSY_EVENTS_PER_S = 20
COALESCE_S = 0.075
RETRY_S = 0.5
CATCH_UP_S = 1.0
TOPICS: Mapping[Role, frozenset[str]] = {
    **dict.fromkeys(CONTROL, frozenset({"board", "wall"})),
    Role.FACILITY: frozenset({"pad"}),
    Role.FIELD: frozenset({"field"}),
    Role.PROVIDER: frozenset({"provider"}),
    Role.LAW_ENFORCEMENT: frozenset({"law"}),
    Role.WALL: frozenset({"wall"}),
}
SCOPED = frozenset({"pad", "field", "provider"})
_log = structlog.get_logger("api.live")


@dataclass(slots=True)
class _Rate:
    """Events a second, counted by whole seconds."""

    second: int = 0
    count: int = 0
    before: int = 0

    def add(self, events: int, now_ms: int) -> None:
        second = now_ms // 1000
        if second != self.second:
            self.before = self.count if second == self.second + 1 else 0
            self.second, self.count = second, 0
        self.count += events

    @property
    def busy(self) -> bool:
        return max(self.before, self.count) > BUSY_EVENTS_PER_S


class Feed:
    """`world` is what this process knows; `heard_ms` when the registry last answered (UTC)."""

    def __init__(
        self,
        registry: Registry,
        world: World,
        clock: Callable[[], int],
        wall: Wall,
        zone_names: Mapping[str, str],
    ) -> None:
        self.world = world
        self.heard_ms = 0
        self._registry = registry
        self._clock = clock
        self._wall = wall
        self._zone_names = zone_names
        self._topics: dict[tuple[str, str], Topic] = {}
        self._rate = _Rate()
        self._started = asyncio.Event()
        self._advanced = asyncio.Event()

    @property
    def live(self) -> bool:
        """Whether what is shown is at most a few seconds old."""
        return self._clock() - self.heard_ms < 5 * BLOCK_MS

    async def started(self) -> None:
        """Wait for the first snapshot."""
        await self._started.wait()

    async def caught_up(self) -> None:
        """Wait for all that the registry holds by now: whoever wrote reads what they wrote.

        Whoever asks while the registry is away, or too busy to be followed, gets what is known.
        """
        with contextlib.suppress(TimeoutError, Unavailable):
            async with asyncio.timeout(CATCH_UP_S):
                newest = await self._registry.position()
                while self.world.position < newest:
                    await self._advanced.wait()

    def topic(self, caller: Caller, name: str) -> Topic | None:
        """The topic of that name for this caller; None where the role may not have it."""
        if name not in TOPICS[caller.role]:
            return None
        scope = (caller.scope or "") if name in SCOPED else ""
        if name in SCOPED and not scope:
            return None
        if (name, scope) not in self._topics:
            projection, resumable = self._projection(name, scope), name != "wall"
            topic = Topic(name, scope, projection, resumable=resumable)
            topic.start(self.world)
            self._topics[name, scope] = topic
        return self._topics[name, scope]

    async def run(self) -> None:
        """Follow the registry until cancelled, over lost positions and lost servers."""
        begun = False
        while True:
            try:
                if not begun:
                    await self._begin()
                begun = True
                await self._follow()
            except PositionLost:
                _log.info("position lost", epoch=self.world.position.epoch)
                begun = False
            except Unavailable:
                _log.warning("registry unavailable")
                await asyncio.sleep(RETRY_S)

    async def _begin(self) -> None:
        """Take the whole world in; everybody gets it whole."""
        self.world.start(await self._registry.snapshot())
        await self._take_plan()
        self.heard_ms = self._clock()
        for topic in self._topics.values():
            topic.start(self.world)
        self._started.set()
        self._say_advanced()

    async def _follow(self) -> None:
        while True:
            events = await self._registry.events(self.world.position, BLOCK_MS)
            self.heard_ms = self._clock()
            if events:
                await self._take(events)
                self._rate.add(len(events), self.heard_ms)
                await asyncio.sleep(COALESCE_S if self._rate.busy else 0)

    async def _take(self, events: list[Event]) -> None:
        planned = any(event.kind == "plan.published" for event in events)
        of_plan = await self._take_plan() if planned else set()
        changes = [change for event in events for change in self.world.advance(event)]
        self._say_advanced()
        said = list(lines(changes, self._zone_name, self._wall.place_name))
        self._wall.say(_said_to("wall", said), self.world.position, events[-1].at_ms)
        if not self._topics:
            return
        touched = of_plan | {change.key for change in changes}
        touched.update(key for event in events for key in moved(event))
        for topic in self._topics.values():
            topic.publish(self.world, touched, _said_to(topic.name, said), self._clock())

    def _say_advanced(self) -> None:
        """Wakes who waits; the next to wait waits for the next time."""
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def _take_plan(self) -> set[Key]:
        plan = await self._registry.plan()
        return self.world.plan(msgspec.json.decode(plan)) if plan else set()

    def _zone_name(self, zone: str) -> str:
        return self._zone_names.get(zone, zone)

    def _projection(self, name: str, scope: str) -> Projection:
        match name:
            case "pad":
                return Pad(scope)
            case "field":
                return Field(*scope.split(":", 1))
            case "provider":
                return Provider(scope)
            case "law":
                return Law()
            case "wall":
                return self._wall
            case _:
                return Board()


def _said_to(topic: str, said: list[Line]) -> list[str]:
    if topic == "board":
        return [line.board for line in said]
    if topic == "wall":
        return [line.wall for line in said if line.wall is not None]
    return []
