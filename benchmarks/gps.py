"""What it costs to hear 5,000 vehicles once a second through the HTTP door.

The real api process and the embedded Valkey, every write synced; a gateway sends one batch a
second, and each vehicle drives. Counted is the CPU time of both processes: reading, judging,
storing, the event, and the api's own replica that follows it. The gateway is not counted.
"""

import asyncio
import random
import secrets
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import msgspec
import psutil

from api.roles import Role
from benchmarks.rows import Row, row
from benchmarks.state_world import state_world
from caretower import supervisor
from caretower.demo.seed import SEEDER, seed_registry
from caretower.demo.world import World, stable_id
from caretower.embedded.addresses import keep_addresses
from caretower.machine import free_port, parts, running_servers, wait_until_ready
from caretower.processes import migrate_database
from caretower.settings import Settings
from caretower.wiring import production
from registry.states import Van

VEHICLES = 5_000
SECONDS = {True: 8, False: 30}
WARM_UP = 3
STEP_DEG = 0.0001
"""About 10 m a second."""
TARGET = 0.05
GATEWAY = ("gateway", Role.SUPERVISOR, None, secrets.token_urlsafe())


def run(*, short: bool) -> list[Row]:
    """Rows of this module."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        Path(folder).chmod(0o711)
        settings = free_port(
            Settings(data_dir=Path(folder), port=0, simulated=True, log_level="warning")
        )
        return asyncio.run(measure(settings, SECONDS[short]))


async def measure(settings: Settings, seconds: int) -> list[Row]:
    """Starts the system, then sends a batch each second and asserts that every point was taken."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(running_servers(settings, print))
        settings = servers.settings
        await asyncio.to_thread(migrate_database, settings)
        async with production(settings) as tower:
            world = state_world(tower.region, tower.clock())
            await seed_registry(tower, world)
            await tower.accounts.put_account(*GATEWAY, SEEDER)
            vans = fleet(world)
            await asyncio.gather(*(tower.registry.put(van, van.id) for van in vans))
        keep_addresses(settings)
        (api,) = [await supervisor.start(part) for part in parts(settings, "api")]
        stack.push_async_callback(supervisor.stop, api)
        url = f"http://localhost:{settings.port}"
        await wait_until_ready(url)
        valkey = next(p for p in psutil.Process().children(True) if "valkey" in p.name())
        processes = {"api": psutil.Process(api.pid), "valkey": valkey}
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        log_in = {"name": GATEWAY[0], "password": GATEWAY[3]}
        token = (await client.post("/v1/sessions", json=log_in)).json()["token"]
        gateway = Gateway(client, token, vans)
        for _ in range(WARM_UP):
            await gateway.send()
        return rows(await shares(gateway, processes, seconds))


def fleet(world: World) -> list[Van]:
    """5,000 vans at the bases of the state's own."""
    of_state = world.vans
    return [
        msgspec.structs.replace(of_state[n % len(of_state)], id=stable_id("bench", "gps", str(n)))
        for n in range(VEHICLES)
    ]


class Gateway:
    """A fleet's gateway: knows where its vehicles are and tells it once a second."""

    def __init__(self, client: httpx.AsyncClient, token: str, vans: list[Van]) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {token}", "content-type": "application/json"}
        self._rng = random.Random(5)
        self._at = {van.id: (van.base_lon, van.base_lat) for van in vans}

    async def send(self) -> None:
        """One batch; every point of it is taken."""
        now_ms = time.time_ns() // 1_000_000
        points = []
        for id, (lon, lat) in self._at.items():
            lon += self._rng.uniform(-STEP_DEG, STEP_DEG)
            lat += self._rng.uniform(-STEP_DEG, STEP_DEG)
            self._at[id] = (lon, lat)
            points.append({"kind": "van", "id": id, "lon": lon, "lat": lat, "at_ms": now_ms})
        body = msgspec.json.encode({"source": "gateway", "positions": points})
        answer = await self._client.post("/v1/positions", content=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        verdicts = {one["verdict"] for one in msgspec.json.decode(answer.content)["items"]}
        assert verdicts == {"taken"}, verdicts


async def shares(
    gateway: Gateway, processes: dict[str, psutil.Process], seconds: int
) -> dict[str, float]:
    """CPU seconds of each process over seconds of wall time, one batch a second."""
    before = {name: cpu_s(process) for name, process in processes.items()}
    began = time.perf_counter()
    for number in range(1, seconds + 1):
        await gateway.send()
        await asyncio.sleep(max(0.0, began + number - time.perf_counter()))
    took_s = time.perf_counter() - began
    return {name: (cpu_s(process) - before[name]) / took_s for name, process in processes.items()}


def cpu_s(process: psutil.Process) -> float:
    """User and system time."""
    times = process.cpu_times()
    return float(times.user + times.system)


def rows(share: dict[str, float]) -> list[Row]:
    """The whole, and its parts."""
    unit = "share of a core"
    shares = [row(f"gps.core_share.{name}", part, unit, None) for name, part in share.items()]
    return [row("gps.core_share", sum(share.values()), unit, TARGET), *shares]
