"""Live sockets of a real server: tickets, snapshots, deltas, resume, walls, and no names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.live import session
from api.live.session import Code
from api.serve import SharedFrames
from tests.api.builders import command
from tests.api.house import House, serving
from tests.api.test_doors import accepted

pytestmark = [pytest.mark.slow]
PLANTED = ("Planted Name", "17 Planted Street", "801-555-0177", "planted shotgun", "Planted note")


@dataclass
class Screen:
    """A browser's map of one topic."""

    socket: ClientConnection
    topic: str
    objects: dict[tuple[str, str], Any] = field(default_factory=dict)
    at: tuple[int, int] | None = None
    texts: list[str] = field(default_factory=list)

    async def hello(self, last: tuple[int, int] | None = None) -> None:
        hello = {
            "type": "hello",
            "topics": [self.topic],
            "last": {self.topic: last} if last else {},
        }
        await self.socket.send(json.dumps(hello))

    async def take(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            text = str(await self.socket.recv())
        self.texts.append(text)
        got: dict[str, Any] = json.loads(text)
        if got["type"] == "snapshot":
            self.objects = {
                (kind, id): shape
                for kind, objects in got["state"].items()
                for id, shape in objects.items()
            }
        elif got["type"] == "delta":
            assert self.at == (got["epoch"], got["prev"])
            for kind, id, shape in got["changes"]:
                if shape is None:
                    self.objects.pop((kind, id), None)
                else:
                    self.objects[kind, id] = shape
        if "seq" in got:
            self.at = (got["epoch"], got["seq"])
            await self.socket.send(
                json.dumps({"type": "ack", "topic": self.topic, "seq": got["seq"]})
            )
        return got

    async def until(self, holds: Callable[[Screen], bool]) -> None:
        while not holds(self):
            await self.take()


@pytest.fixture
async def address(house: House) -> AsyncIterator[str]:
    async with serving(house.app) as where:
        yield where


async def ticket_of(house: House, name: str) -> str:
    return str((await house.do(name, "/v1/live/tickets"))["ticket"])


@asynccontextmanager
async def screen(house: House, address: str, name: str, topic: str) -> AsyncIterator[Screen]:
    ticket = await ticket_of(house, name)
    async with connect(f"ws://{address}/v1/live?ticket={ticket}") as socket:
        opened = Screen(socket, topic)
        welcome = await opened.take()
        assert (welcome["type"], welcome["simulated"]) == ("welcome", True)
        yield opened


async def test_a_dispatcher_sees_a_request_the_moment_it_is_opened(
    house: House, address: str
) -> None:
    async with screen(house, address, "dispatcher", "board") as board:
        await board.hello()
        await board.until(lambda seen: ("team", "team-1") in seen.objects)
        request = await house.open()
        await board.until(lambda seen: ("request", request) in seen.objects)
        assert board.objects["request", request]["place"] == "Ogden"


async def test_a_screen_that_comes_back_resumes_where_it_was(house: House, address: str) -> None:
    async with screen(house, address, "dispatcher", "board") as board:
        await board.hello()
        await board.until(lambda seen: seen.at is not None)
        at = board.at
    request = await house.open()
    async with screen(house, address, "dispatcher", "board") as again:
        again.at = at
        await again.hello(last=at)
        got = await again.take()
        assert got["type"] == "delta"
        await again.until(lambda seen: ("request", request) in seen.objects)


async def test_a_tick_tells_the_feed_s_age(house: House, address: str) -> None:
    async with screen(house, address, "dispatcher", "board") as board:
        await board.hello()
        while (got := await board.take())["type"] != "tick":
            pass
        assert 0 <= got["server_ms"] - got["feed_ms"] < 5_000


async def refused(url: str) -> None:
    """The socket says that another ticket is needed, and nothing else."""
    async with connect(url) as socket:
        bye = json.loads(await socket.recv())
        assert (bye["type"], bye["code"], bye["again"]) == ("bye", Code.BAD_TICKET, True)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    assert socket.close_code == Code.BAD_TICKET


async def test_a_ticket_opens_one_socket_once(house: House, address: str) -> None:
    ticket = await ticket_of(house, "dispatcher")
    async with connect(f"ws://{address}/v1/live?ticket={ticket}") as socket:
        await socket.recv()
        await refused(f"ws://{address}/v1/live?ticket={ticket}")


async def test_no_socket_opens_without_a_good_ticket(
    house: House, address: str, subtests: pytest.Subtests
) -> None:
    for query in ("", "?ticket=", "?ticket=made-up", "?ticket=%00", "?other=1"):
        with subtests.test(query):
            await refused(f"ws://{address}/v1/live{query}")


async def test_another_audience_s_topic_closes_the_socket(house: House, address: str) -> None:
    async with screen(house, address, "facility", "board") as pad:
        await pad.hello()
        assert (await pad.take())["type"] == "bye"
        with pytest.raises(ConnectionClosed):
            await pad.take()
        assert pad.socket.close_code == Code.NOT_YOUR_TOPIC


async def test_nonsense_closes_the_socket_and_nothing_else(
    house: House, address: str, subtests: pytest.Subtests
) -> None:
    async with screen(house, address, "dispatcher", "board") as calm:
        await calm.hello()
        for message in ("nonsense", b"\x00\x01", "x" * 10_000):
            with subtests.test(message[:10]):
                async with screen(house, address, "dispatcher", "board") as wild:
                    await wild.socket.send(message)
                    assert (await wild.take())["type"] == "bye"
                    with pytest.raises(ConnectionClosed):
                        await wild.take()
                    assert wild.socket.close_code == Code.BAD_MESSAGE
        await calm.until(lambda seen: seen.at is not None)


async def test_a_disabled_account_s_screen_ends_within_seconds(house: House, address: str) -> None:
    (crew,) = [
        one["id"]
        for one in (await house.get("supervisor", "/v1/accounts"))["items"]
        if one["name"] == "crew"
    ]
    async with screen(house, address, "crew", "field") as phone:
        await phone.hello()
        await house.do("supervisor", f"/v1/accounts/{crew}/disable", command_id=command())
        async with asyncio.timeout(5):
            while (got := await phone.take())["type"] != "bye":
                pass
        assert (got["code"], got["again"]) == (Code.NOT_AUTHORISED, False)


async def test_a_revoked_wall_goes_dark_within_seconds(house: House, address: str) -> None:
    made = await house.do("supervisor", "/v1/wall-tokens", name="North wall")
    house.tokens["wall"] = made["token"]
    async with screen(house, address, "wall", "wall") as wall:
        await wall.hello()
        await wall.until(lambda seen: ("zone", "weber") in seen.objects)
        await house.call("supervisor", "DELETE", f"/v1/wall-tokens/{made['id']}")
        async with asyncio.timeout(5):
            while (got := await wall.take())["type"] != "bye":
                pass
        assert (got["code"], got["again"]) == (Code.NOT_AUTHORISED, False)


async def test_no_frame_of_a_request_s_life_names_anybody(house: House, address: str) -> None:
    """Every audience listens from the call to the hand-over; then all of it is searched."""
    made = await house.do("supervisor", "/v1/wall-tokens", name="North wall")
    house.tokens["wall"] = made["token"]
    listeners = {
        "dispatcher": "board", "wall": "wall", "facility": "pad", "crew": "field",
        "driver": "field", "provider": "provider", "officer": "law",
    }  # fmt: skip
    screens = [await open_screen(house, address, *each) for each in listeners.items()]
    request = await accepted(house)
    at = f"/v1/requests/{request}"
    await house.do("dispatcher", f"{at}/notes", text="Planted note")
    await house.do("dispatcher", f"{at}/share", reason="a threat")
    await house.do("facility", f"{at}/facility-answer", answer="accepted", by_name="Kay")
    await house.do("crew", f"{at}/crew-answer", answer="acknowledged", by_name="Lee")
    for step in ("en_route", "on_scene", "transporting", "arrived", "handed_over"):
        await house.do("crew", f"{at}/steps", step=step)
    person = {"name": "Planted Name", "phone": "801-555-0177", "note": "Planted note"}
    await house.do(
        "dispatcher", "/v1/referrals",
        referral=command(), request=request, slot="slot-1", person=person,
    )  # fmt: skip
    await house.until(lambda: house.world.of("referral"))
    for seen in screens:
        ticks = 0
        while ticks < 2:
            ticks += (await seen.take())["type"] == "tick"
        await seen.socket.close()
        assert len(seen.texts) > 2
        for text in seen.texts:
            for planted in PLANTED:
                assert planted not in text


async def open_screen(house: House, address: str, name: str, topic: str) -> Screen:
    ticket = await ticket_of(house, name)
    # It hears everything at once, however long the test does not look at it.
    socket = await connect(f"ws://{address}/v1/live?ticket={ticket}", max_queue=None)
    opened = Screen(socket, topic)
    await opened.take()
    await opened.hello()
    await opened.until(lambda seen: seen.at is not None)
    return opened


async def test_a_socket_without_hello_is_not_kept(
    house: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "HELLO_WITHIN_MS", 0)
    async with screen(house, address, "dispatcher", "board") as idle:
        while (got := await idle.take())["type"] != "bye":
            pass
        assert got["code"] == Code.NO_HELLO


async def test_the_board_says_in_words_what_changed(house: House, address: str) -> None:
    async with screen(house, address, "dispatcher", "board") as board:
        await board.hello()
        await board.until(lambda seen: seen.at is not None)
        await house.do("crew", "/v1/teams/team-1/status", status="out_of_service")
        while not (got := await board.take()).get("lines"):
            pass
        assert got["lines"] == ["Team One is out of service"]


async def test_a_shared_frame_goes_to_the_wire_as_it_was_encoded(
    house: House, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = SharedFrames.write_frame

    def noting(protocol: SharedFrames, wire: bytes) -> bool:
        written.append(wire)
        return write(protocol, wire)

    monkeypatch.setattr(SharedFrames, "write_frame", noting)
    async with (
        screen(house, address, "dispatcher", "board") as one,
        screen(house, address, "colleague", "board") as other,
    ):
        for board in (one, other):
            await board.hello()
            await board.until(lambda seen: seen.at is not None)
        request = await house.open()
        for board in (one, other):
            await board.until(lambda seen: ("request", request) in seen.objects)
    shared = [wire for wire in written if request.encode() in wire]
    assert len(shared) > len({id(wire) for wire in shared})
