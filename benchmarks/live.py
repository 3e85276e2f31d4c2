"""From a new request over HTTP to its recommendation on a dispatcher's socket, at state scale.

The real system on this machine: embedded Valkey (every write synced) and PostgreSQL, keeper,
planner and api as processes of their own. The floor is the request's own HTTP round trip.
"""

import asyncio
import json
import random
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.rows import Row, row
from benchmarks.state_world import crisis, crowd, state_world
from caretower import supervisor
from caretower.demo.seed import seed_world
from caretower.embedded.addresses import keep_addresses
from caretower.machine import free_port, parts, running_servers, wait_until_ready
from caretower.processes import migrate_database
from caretower.settings import Settings
from caretower.wiring import production
from simulator.door import Door

OPEN_BEFORE = 60
MEASURED = {True: 25, False: 150}
GIVE_UP_S = 20.0
ACK_EVERY_S = 1.0
WARM_UP = 5
"""Requests before the measured ones: the first plan after a start compiles and fills caches."""
TARGET_MS = 250.0


def run(*, short: bool) -> list[Row]:
    """Rows of this module."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        Path(folder).chmod(0o711)
        settings = free_port(
            Settings(data_dir=Path(folder), port=0, simulated=True, log_level="warning")
        )
        return asyncio.run(measure(settings, MEASURED[short]))


async def measure(settings: Settings, count: int) -> list[Row]:
    """Starts the system, fills the board, then measures one request after the other."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(running_servers(settings, print))
        settings = servers.settings
        await asyncio.to_thread(migrate_database, settings)
        async with production(settings) as tower:
            accounts = await seed_world(tower, state_world(tower.region, tower.clock()))
            people = crowd(tower.region)
        keep_addresses(settings)
        for part in parts(settings, "keeper", "planner", "api"):
            process = await supervisor.start(part)
            stack.push_async_callback(supervisor.stop, process)
        url = f"http://localhost:{settings.port}"
        await wait_until_ready(url)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        door = Door(client, "robin", accounts["robin"].password)
        rng = random.Random(11)
        for _ in range(OPEN_BEFORE):
            await door.post("/v1/requests", **crisis(rng, people))
        ticket = (await door.report("/v1/live/tickets", {}))["ticket"]
        socket = await stack.enter_async_context(
            connect(f"ws://localhost:{settings.port}/v1/live?ticket={ticket}", max_size=None)
        )
        await socket.send(json.dumps({"type": "hello", "topics": ["board"], "last": {}}))
        console = Console(socket)
        reader = asyncio.create_task(console.read())
        try:
            await samples(door, console, rng, people, WARM_UP)
            return rows(await samples(door, console, rng, people, count))
        finally:
            reader.cancel()


class Console:
    """A dispatcher's socket: reads and acknowledges now and then, notes when advice arrives."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._acked_s = 0.0
        self._arrived: dict[str, float] = {}
        self._news = asyncio.Event()

    async def read(self) -> None:
        async for text in self._socket:
            frame = json.loads(text)
            arrived = time.perf_counter()
            for request in advised(frame):
                self._arrived.setdefault(request, arrived)
            self._news.set()
            if "seq" in frame and arrived - self._acked_s >= ACK_EVERY_S:
                self._acked_s = arrived
                ack = {"type": "ack", "topic": frame["topic"], "seq": frame["seq"]}
                await self._socket.send(json.dumps(ack))

    async def when(self, request: str) -> float:
        """The moment at which the request's first recommendation was here."""
        while request not in self._arrived:
            self._news.clear()
            await self._news.wait()
        return self._arrived[request]


def advised(frame: dict[str, Any]) -> list[str]:
    """The requests for which a frame carries a recommendation."""
    if frame["type"] == "snapshot":
        return list(frame["state"].get("recommendation", {}))
    return [
        key
        for kind, key, value in frame.get("changes", ())
        if kind == "recommendation" and value is not None
    ]


async def samples(
    door: Door, console: Console, rng: random.Random, people: Any, count: int
) -> tuple[list[float], list[float]]:
    """(event to recommendation, HTTP alone), milliseconds."""
    whole, http = [], []
    for _ in range(count):
        body = crisis(rng, people)
        began = time.perf_counter()
        await door.post("/v1/requests", **body)
        http.append(1000 * (time.perf_counter() - began))
        async with asyncio.timeout(GIVE_UP_S):
            arrived = await console.when(body["request"])
        whole.append(1000 * (arrived - began))
        await door.post(f"/v1/requests/{body['request']}/cancel", reason="measured")
    return whole, http


def rows(measured: tuple[list[float], list[float]]) -> list[Row]:
    """p50 and p99 with the HTTP round trip as their floor."""
    whole, http = (np.array(values) for values in measured)
    floor = float(np.percentile(http, 50))
    found = {"p50": float(np.percentile(whole, 50)), "p99": float(np.percentile(whole, 99))}
    return [
        row(
            f"event_to_recommendation.{name}_ms", value, "ms", TARGET_MS,
            baseline=floor, ratio=value / floor,
        )
        for name, value in found.items()
    ]  # fmt: skip
