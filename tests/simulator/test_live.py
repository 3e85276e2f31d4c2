"""The live driver on the whole running system, with an api that is killed under it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import shapely
from uuid6 import uuid7

from caretower.demo.accounts import read_accounts
from caretower.machine import wait_until_ready
from caretower.simulation import logins
from caretower.supervisor import die_with_parent
from geo.closures import Closure
from geo.points import haversine_m
from registry.cancelling import end_tasks
from simulator.deeds import RoadsRecover, RoadsTurnBad
from simulator.disturbances import BadRoads
from simulator.door import Door
from simulator.live import Live, Plan
from tests.running import free_port, processes
from tests.simulator.lab import DISPATCH, PARAMETERS, region

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SPEED = 60.0
QUIET = PARAMETERS.model_copy(
    update={
        "live": PARAMETERS.live.model_copy(update={"left_to_people": 0.0}),
        "storm": PARAMETERS.storm.model_copy(update={"a_day": 0.0}),
    }
)
"""No person at a console to whom anything is left; no storm but the one of the test."""
BEFORE_S = 100.0
AFTER_S = 100.0
STOPPED_WITHIN_S = 40


@dataclass(frozen=True, slots=True)
class Running:
    url: str
    data_dir: Path
    process: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """A demo without its own simulation."""
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)
    port = free_port()
    env = os.environ | {
        "CARETOWER_DATA_DIR": str(folder),
        "CARETOWER_PORT": str(port),
        "CARETOWER_DEMO_TRAFFIC": "off",
    }
    command = [sys.executable, "-m", "caretower", "demo"]
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            command, env=env, stdout=log, stderr=log,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )  # fmt: skip
    url = f"http://localhost:{port}"
    try:
        asyncio.run(wait_until_ready(url))
        yield Running(url, folder, process)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOPPED_WITHIN_S)
        shutil.rmtree(folder, ignore_errors=True)


async def test_the_region_lives_and_goes_on_when_the_api_was_killed(running: Running) -> None:
    plan = Plan(
        url=running.url,
        logins=logins(running.data_dir / "demo-accounts.json"),
        region=region(),
        parameters=QUIET,
        facility_clock_s=DISPATCH.clocks.facility_answer_s,
        speed=SPEED,
        seed=7,
        rate=1.5,
    )
    async with httpx.AsyncClient(base_url=running.url, timeout=10) as client:
        live = Live(plan, client)
        playing = asyncio.create_task(live.run())
        try:
            await until(lambda: bool(states(live) & {"on_scene", "transporting"}), BEFORE_S)
            moved = await positions_of_the_driving(live)
            assert_on_roads(moved)
            (api,) = processes(running.process.pid, "api")
            api.kill()
            await asyncio.sleep(1)
            await wait_until_ready(running.url)
            before = set(live.board.of("request"))
            await until(lambda: bool(set(live.board.of("request")) - before), AFTER_S)
            await until(lambda: ended(live) >= 3, AFTER_S)
            await assert_storms_come_and_go(live)
        finally:
            await end_tasks([playing])
        await assert_sound(running, client)


async def assert_storms_come_and_go(live: Live) -> None:
    """Dispatch enters a storm that the world brings, and takes it away again."""
    at_ms = live.pace.world(int(time.time() * 1000))
    area = shapely.box(-112.0, 40.5, -111.5, 41.0)
    storm = BadRoads(Closure(str(uuid7()), area, 1.5), "weather", at_ms, at_ms + 3_600_000)
    await live.carry_out(RoadsTurnBad(storm))
    await until(lambda: storm.closure.id in live.board.of("closure"), AFTER_S)
    await live.carry_out(RoadsRecover(storm))
    await until(lambda: storm.closure.id not in live.board.of("closure"), AFTER_S)


def states(live: Live) -> set[str]:
    return {card["state"] for card in live.board.of("request").values()}


def ended(live: Live) -> int:
    return sum(card["ended_ms"] is not None for card in live.board.of("request").values())


async def until(holds: Any, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.1)


async def positions_of_the_driving(live: Live) -> list[tuple[float, float]]:
    """Reported positions of teams that have left their base."""
    found: list[tuple[float, float]] = []
    deadline = time.monotonic() + AFTER_S
    while len(found) < 8 and time.monotonic() < deadline:
        for team in live.board.of("team").values():
            away = abs(team["lon"] - team["base_lon"]) + abs(team["lat"] - team["base_lat"])
            if team["status"] in ("en_route", "transporting") and away > 0.01:
                found.append((team["lon"], team["lat"]))
        await asyncio.sleep(0.5)
    return found


def assert_on_roads(found: list[tuple[float, float]]) -> None:
    assert found, "nobody drove"
    graph = region().roads
    assert graph is not None
    for at in found:
        assert float(haversine_m(np.array(at), graph.nodes).min()) < 2_500


async def assert_sound(running: Running, client: httpx.AsyncClient) -> None:
    """Nobody is booked twice, and registry and record agree."""
    robin = Door(client, "robin", read_accounts(running.data_dir)["robin"].password)
    cards = (await robin.get("/v1/requests"))["items"]
    assert len(cards) > 3
    serving = [
        unit["request"]
        for kind in ("teams", "vans")
        for unit in (await robin.get(f"/v1/{kind}"))["items"]
        if unit["request"]
    ]
    assert all(serving.count(one) <= 2 for one in serving)
    command = [sys.executable, "-m", "caretower", "verify"]
    env = os.environ | {"CARETOWER_DATA_DIR": str(running.data_dir)}
    verdict = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE)
    said, _ = await verdict.communicate()
    assert verdict.returncode == 0, said.decode()
