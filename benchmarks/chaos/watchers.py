"""Consoles whose sockets are cut at random, and that must know the board at the end."""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from simulator.door import Door, Refused

MEAN_LIFE_S = 4.0
ACK_EVERY_S = 1.0
AGAIN_S = 0.2


class CuttingProxy:
    """Carries TCP to a port and aborts every connection after a random life."""

    def __init__(self, port: int, rng: random.Random) -> None:
        self._port = port
        self._rng = rng
        self.cuts = 0
        self.cutting = True

    async def start(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.transport.abort()
            return
        pumps = [
            asyncio.create_task(_pump(reader, far_writer)),
            asyncio.create_task(_pump(far_reader, writer)),
        ]
        life_s = self._rng.expovariate(1 / MEAN_LIFE_S) if self.cutting else None
        done, left = await asyncio.wait(pumps, timeout=life_s, return_when=asyncio.FIRST_COMPLETED)
        self.cuts += not done
        for pump in left:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        for end in (writer, far_writer):
            end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@dataclass(slots=True)
class Watcher:
    """A board kept from snapshots and deltas alone, as the browser client keeps it."""

    door: Door
    port: int
    state: dict[str, dict[str, Any]] = field(default_factory=dict)
    last: tuple[int, int] | None = None
    connected: int = 0
    resumed: int = 0
    snapshots: int = 0
    gaps: int = 0

    async def watch(self) -> None:
        """For ever; whatever cuts the socket is answered by coming back."""
        while True:
            try:
                ticket = (await self.door.report("/v1/live/tickets", {}))["ticket"]
                url = f"ws://127.0.0.1:{self.port}/v1/live?ticket={ticket}"
                async with connect(url, max_size=None, open_timeout=5) as socket:
                    await self._follow(socket)
            except (OSError, TimeoutError, WebSocketException, httpx.HTTPError, Refused):
                await asyncio.sleep(AGAIN_S)

    async def _follow(self, socket: ClientConnection) -> None:
        self.connected += 1
        last = {"board": list(self.last)} if self.last else {}
        await socket.send(json.dumps({"type": "hello", "topics": ["board"], "last": last}))
        acked_s, first = 0.0, True
        async for text in socket:
            frame = json.loads(text)
            if frame["type"] not in ("snapshot", "delta"):
                continue
            if not self._take(frame):
                self.gaps, self.last = self.gaps + 1, None
                return
            self.resumed += first and frame["type"] == "delta"
            first = False
            if time.monotonic() - acked_s > ACK_EVERY_S:
                acked_s = time.monotonic()
                ack = {"type": "ack", "topic": "board", "seq": frame["seq"]}
                await socket.send(json.dumps(ack))

    def _take(self, frame: dict[str, Any]) -> bool:
        """False: something is missing before this frame."""
        if frame["type"] == "snapshot":
            self.state = frame["state"]
            self.snapshots += 1
        elif self.last != (frame["epoch"], frame["prev"]):
            return False
        else:
            for kind, key, value in frame["changes"]:
                if value is None:
                    self.state.get(kind, {}).pop(key, None)
                else:
                    self.state.setdefault(kind, {})[key] = value
        self.last = (frame["epoch"], frame["seq"])
        return True


async def differences(door: Door, watchers: list[Watcher]) -> list[str]:
    """Where a watcher's requests are not those that HTTP answers; the region must be at rest."""
    true = {card["id"]: card["version"] for card in (await door.get("/v1/requests"))["items"]}
    found = []
    for number, watcher in enumerate(watchers):
        seen = {id: card["version"] for id, card in watcher.state.get("request", {}).items()}
        wrong = {id for id in true.keys() | seen.keys() if true.get(id) != seen.get(id)}
        found += [f"watcher {number} is wrong about {id}" for id in sorted(wrong)]
    return found
