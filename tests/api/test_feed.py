"""The feed: follows the registry, survives what happens to it, and gathers what comes fast."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from api.live import feed as feed_module
from api.live.feed import BUSY_EVENTS_PER_S, Feed
from api.live.frame import Frame
from api.live.topic import Topic
from api.live.world import World
from api.roles import Caller, Role
from registry.errors import Unavailable
from registry.model import MemoryRegistry
from registry.port import Event, Position
from tests.api.builders import NOW_MS, Clock, command, pool, team
from tests.api.life import a_wall

DISPATCHER = Caller("a", "n", Role.DISPATCHER, None, "t", 2 * NOW_MS)


class Flaky(MemoryRegistry):
    """A registry that can be away; `missed` is set when somebody notices."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.away = False
        self.missed = asyncio.Event()

    async def events(self, after: Position, block_ms: int = 0, limit: int = 1_000) -> list[Event]:
        if self.away:
            self.missed.set()
            raise Unavailable
        return await super().events(after, min(block_ms, 20), limit)

    async def position(self) -> Position:
        if self.away:
            raise Unavailable
        return await super().position()


class Screen:
    """Hears a topic; `heard` is set at each frame."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.heard = asyncio.Event()

    def published(self, topic: Topic, made: Frame, prev: int) -> None:
        self.frames.append(json.loads(made.text))
        self.heard.set()

    def restarted(self, topic: Topic) -> None:
        self.frames.append(json.loads(topic.whole(NOW_MS).text))
        self.heard.set()

    async def until(self, kind: str) -> dict[str, Any]:
        async with asyncio.timeout(10):
            while not (found := [got for got in self.frames if got["type"] == kind]):
                self.heard.clear()
                await self.heard.wait()
        return found[-1]


@asynccontextmanager
async def following(registry: MemoryRegistry, clock: Clock) -> AsyncIterator[tuple[Feed, Screen]]:
    feed = Feed(registry, World(), clock, a_wall(), {})
    task = asyncio.create_task(feed.run())
    await feed.started()
    topic = feed.topic(DISPATCHER, "board")
    assert topic is not None
    screen = Screen()
    topic.listeners.add(screen)
    yield feed, screen
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def flaky(clock: Clock) -> Flaky:
    return Flaky(clock)


async def test_what_happens_in_the_registry_is_shown(flaky: Flaky, clock: Clock) -> None:
    async with following(flaky, clock) as (feed, screen):
        await flaky.put(pool(), command())
        delta = await screen.until("delta")
        assert [change[:2] for change in delta["changes"]] == [["pool", "pool-1"]]
        assert feed.live


async def test_whoever_wrote_reads_what_they_wrote(flaky: Flaky, clock: Clock) -> None:
    async with following(flaky, clock) as (feed, _):
        for number in range(BUSY_EVENTS_PER_S + 5):
            await flaky.put(team(name=f"Team {number}"), command())
            await feed.caught_up()
            known = feed.world.get("team", "team-1")
            assert known is not None
            assert known["name"] == f"Team {number}"
        await flaky.open_epoch()
        await feed.caught_up()
        assert feed.world.position == await flaky.position()


async def test_without_the_registry_whoever_asks_gets_what_is_known(
    flaky: Flaky, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with following(flaky, clock) as (feed, _):
        flaky.away = True
        await feed.caught_up()
        await flaky.missed.wait()
        await flaky.put(pool(), command())
        monkeypatch.setattr(feed_module, "CATCH_UP_S", 0.01)
        monkeypatch.setattr(Flaky, "position", MemoryRegistry.position)
        await feed.caught_up()
        assert feed.world.get("pool", "pool-1") is None


async def test_what_happened_while_the_registry_was_away_is_shown_afterwards(
    flaky: Flaky, clock: Clock
) -> None:
    async with following(flaky, clock) as (feed, screen):
        flaky.away = True
        await flaky.missed.wait()
        clock.pass_s(6)
        assert not feed.live
        await flaky.put(pool(), command())
        flaky.away = False
        delta = await screen.until("delta")
        assert [change[:2] for change in delta["changes"]] == [["pool", "pool-1"]]
        assert feed.live


async def test_a_new_epoch_is_shown_whole(flaky: Flaky, clock: Clock) -> None:
    async with following(flaky, clock) as (_, screen):
        await flaky.put(pool(), command())
        await screen.until("delta")
        position = await flaky.open_epoch()
        snapshot = await screen.until("snapshot")
        assert snapshot["epoch"] == position.epoch


async def test_a_published_plan_shows_only_recommendations_that_changed(
    flaky: Flaky, clock: Clock
) -> None:
    async with following(flaky, clock) as (_, screen):
        lease = await flaky.lease("planner", "me", 60)
        assert lease is not None
        plan: dict[str, Any] = {
            "version": 1,
            "recommendations": {"a": {"team": 1}, "b": {"team": 2}},
        }
        await flaky.publish_plan(msgspec.json.encode(plan), lease.token)
        first = await screen.until("delta")
        assert {tuple(c[:2]) for c in first["changes"]} == {
            ("plan", "plan"), ("recommendation", "a"), ("recommendation", "b"),
        }  # fmt: skip
        screen.frames.clear()
        plan |= {"version": 2, "recommendations": {"a": {"team": 3}, "b": {"team": 2}}}
        await flaky.publish_plan(msgspec.json.encode(plan), lease.token)
        second = await screen.until("delta")
        assert {tuple(c[:2]) for c in second["changes"]} == {
            ("plan", "plan"), ("recommendation", "a"),
        }  # fmt: skip


async def test_many_events_at_once_make_few_frames(flaky: Flaky, clock: Clock) -> None:
    events = 10 * BUSY_EVENTS_PER_S
    async with following(flaky, clock) as (_, screen):
        await flaky.put(team(), command())
        for number in range(events):
            await flaky.put(team(name=f"Team {number}"), command())
            if number % 10 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not screen.frames or screen.frames[-1]["seq"] < events:
                screen.heard.clear()
                await screen.heard.wait()
    assert len(screen.frames) < events / 5
    assert screen.frames[-1]["changes"][0][2]["name"] == f"Team {events - 1}"


async def test_frames_of_a_topic_follow_each_other_without_a_gap(
    flaky: Flaky, clock: Clock
) -> None:
    async with following(flaky, clock) as (feed, screen):
        at = feed.world.position.seq
        for number in range(30):
            await flaky.put(team(name=f"Team {number}"), command())
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not screen.frames or screen.frames[-1]["seq"] < at + 30:
                screen.heard.clear()
                await screen.heard.wait()
    for got in screen.frames:
        assert got["prev"] == at
        at = got["seq"]
