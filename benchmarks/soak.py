"""`make soak`: the living region for half an hour at 20 times life; nothing may grow for ever.

Every process's private memory, files and threads, the api's sockets and tasks, and what the board
holds are sampled all the while. A figure that still grows after the warm-up fails the run: its
slope (Theil and Sen, with its 95 % interval) must allow what the law for it allows. Then
`caretower verify` must pass. Writes build/soak.json; docs/reliability.md has the figures.
"""

import argparse
import asyncio
import json
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import psutil
from rich.console import Console
from rich.table import Table
from scipy import stats
from websockets.asyncio.client import connect

from benchmarks.chaos.faults import living_region, log_path
from caretower.demo.accounts import read_accounts
from caretower.machine import free_port
from caretower.settings import Settings
from simulator.board import Board
from simulator.door import Door

MINUTES = 30.0
SPEED = 20.0
SAMPLE_EVERY_S = 10.0
WARM_UP_SHARE = 1 / 3
JUDGED_FROM_MIN = 10.0
"""A shorter soak writes its figures and says that it is too short to judge them."""
MIB = 1 << 20
PARTS = ("api", "planner", "keeper", "simulation", "valkey", "postgres", "supervisor")
COUNTED = ("hold", "request", "referral", "task", "recommendation")
METRICS = {"sockets": "caretower_live_sockets", "tasks": "caretower_tasks"}
GROWTH_AN_HOUR: Mapping[str, float] = {
    "private_mib": 30.0,
    "files": 12.0,
    "threads": 6.0,
    "sockets": 6.0,
    "tasks": 12.0,
    "hold": 12.0,
    "request": 60.0,
    "recommendation": 30.0,
}
"""How much a figure may grow in an hour and still count as flat. Referrals and their tasks stay on
the board until the appointment, which is in real time: they are shown and not judged. The stores
keep the record of everything on disk and cache it: they have a law of their own."""
STORE_MIB_AN_HOUR = 120.0
STORES = frozenset({"valkey", "postgres"})


@dataclass(slots=True)
class Samples:
    """Time series by figure, as `api.private_mib`; seconds since the start."""

    at_s: list[float] = field(default_factory=list)
    series: dict[str, list[float]] = field(default_factory=dict)

    def add(self, at_s: float, figures: Mapping[str, float]) -> None:
        self.at_s.append(at_s)
        for name in self.series.keys() | figures.keys():
            row = self.series.setdefault(name, [float("nan")] * (len(self.at_s) - 1))
            row.append(figures.get(name, float("nan")))


def part_of(process: psutil.Process) -> str | None:
    """Which part of the demo a process is."""
    words = process.cmdline()
    if not words:
        return None
    binary = Path(words[0].split(":")[0]).name
    if binary.startswith("valkey-server"):
        return "valkey"
    if binary.startswith("postgres"):
        return "postgres"
    if "simulate" in words:
        return "simulation"
    return words[-1] if words[-1] in PARTS else None


def of_processes(above: int) -> dict[str, float]:
    """Private memory, open files (with sockets) and threads, summed by part."""
    supervisor = psutil.Process(above)
    found: dict[str, float] = {}
    for process in [supervisor, *supervisor.children(recursive=True)]:
        try:
            part = "supervisor" if process.pid == above else part_of(process)
            if part is None:
                continue
            figures = {
                "private_mib": process.memory_full_info().uss / MIB,
                "files": float(process.num_fds()),
                "threads": float(process.num_threads()),
            }
        except psutil.Error:
            continue
        for name, value in figures.items():
            found[f"{part}.{name}"] = found.get(f"{part}.{name}", 0.0) + value
    return found


async def of_api(client: httpx.AsyncClient) -> dict[str, float]:
    """Sockets and tasks, as the api counts them."""
    text = (await client.get("/metrics")).text
    found = {}
    for name, metric in METRICS.items():
        told = re.search(rf"^{metric} (\S+)$", text, re.MULTILINE)
        if told:
            found[f"api.{name}"] = float(told[1])
    return found


async def of_board(door: Door, url: str) -> dict[str, float]:
    """How many holds, requests and so on there are, from a socket of its own."""
    ticket = (await door.report("/v1/live/tickets", {}))["ticket"]
    address = url.replace("http", "ws", 1) + f"/v1/live?ticket={ticket}"
    async with connect(address, max_size=None) as socket:
        await socket.send(json.dumps({"type": "hello", "topics": ["board"], "last": {}}))
        board = Board()
        while board.last is None:
            board.hear(msgspec.json.decode(await socket.recv()))
    return {f"board.{kind}": float(len(board.of(kind))) for kind in COUNTED}


@dataclass(frozen=True, slots=True)
class Verdict:
    """One figure: its level, its growth an hour with the interval, and the law for it."""

    name: str
    median: float
    most: float
    growth: float
    low: float
    high: float
    law: float | None

    @property
    def flat(self) -> bool:
        """Whether the figure is not proved to grow by more than its law allows."""
        return self.law is None or self.low <= self.law


def verdicts(samples: Samples) -> list[Verdict]:
    """Every figure after the warm-up."""
    at_h = np.array(samples.at_s) / 3600
    settled = at_h >= at_h[-1] * WARM_UP_SHARE
    found = []
    for name in sorted(samples.series):
        values = np.array(samples.series[name])
        known = settled & ~np.isnan(values)
        if known.sum() < 3:
            continue
        slope = stats.theilslopes(values[known], at_h[known], 0.95)
        growth, low, high = (float(x) for x in (slope.slope, slope.low_slope, slope.high_slope))
        found.append(
            Verdict(
                name,
                float(np.median(values[known])),
                float(values[known].max()),
                growth,
                low,
                high,
                law_of(name),
            )
        )
    return found


def law_of(name: str) -> float | None:
    """How much a figure may grow in an hour."""
    part, _, figure = name.partition(".")
    if part in STORES:
        return STORE_MIB_AN_HOUR if figure == "private_mib" else None
    return GROWTH_AN_HOUR.get(figure)


async def soak(settings: Settings, minutes: float, speed: float) -> dict[str, Any]:
    """Runs it all and answers the figures."""
    url, samples = f"http://localhost:{settings.port}", Samples()
    async with AsyncExitStack() as stack:
        options = ("--speed", str(speed), "--seed", "20")
        above = await stack.enter_async_context(living_region(settings, *options))
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=20))
        door = Door(client, "sam", read_accounts(settings.data_dir)["sam"].password)
        began = time.monotonic()
        ended: set[str] = set()
        while (at_s := time.monotonic() - began) < 60 * minutes:
            figures = of_processes(above) | await of_api(client) | await of_board(door, url)
            samples.add(at_s, figures)
            cards = (await door.get("/v1/requests"))["items"]
            ended |= {card["id"] for card in cards if card["ended_ms"] is not None}
            await asyncio.sleep(max(0.0, SAMPLE_EVERY_S - (time.monotonic() - began - at_s)))
        verified = await verify(settings)
    found = verdicts(samples)
    judged = minutes >= JUDGED_FROM_MIN
    return {
        "minutes": minutes,
        "speed": speed,
        "judged": judged,
        "samples": len(samples.at_s),
        "requests_ended": len(ended),
        "verify_ok": verified,
        "grows": [one.name for one in found if judged and not one.flat],
        "figures": [
            {
                "name": one.name,
                "median": round(one.median, 2),
                "most": round(one.most, 2),
                "growth_an_hour": round(one.growth, 2),
                "interval": [round(one.low, 2), round(one.high, 2)],
                "law": one.law,
            }
            for one in found
        ],
        "series": {
            "at_s": [round(at_s, 1) for at_s in samples.at_s],
            **{
                name: [None if np.isnan(v) else round(v, 2) for v in row]
                for name, row in sorted(samples.series.items())
            },
        },
    }


async def verify(settings: Settings) -> bool:
    """`caretower verify` against the running region."""
    command = [sys.executable, "-m", "caretower", "verify"]
    env = {"CARETOWER_DATA_DIR": str(settings.data_dir), "PATH": "/usr/bin:/bin"}
    process = await asyncio.create_subprocess_exec(*command, env=env)
    return await process.wait() == 0


def show(figures: Sequence[Mapping[str, Any]]) -> None:
    """A table for people."""
    columns = ("name", "median", "most", "growth_an_hour", "interval", "law")
    table = Table(*columns)
    for row in figures:
        table.add_row(*(str(row[column]) for column in columns))
    Console(width=120).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--speed", type=float, default=SPEED)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)
    settings = free_port(Settings(data_dir=folder, port=0))
    try:
        answer = asyncio.run(soak(settings, options.minutes, options.speed))
    except BaseException:
        print(log_path(settings).read_text()[-6000:])
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        log_path(settings).unlink(missing_ok=True)
    show(answer["figures"])
    Path("build").mkdir(exist_ok=True)
    Path("build/soak.json").write_text(json.dumps(answer, indent=1) + "\n")
    if not answer["judged"]:
        print(f"too short to judge growth: from {JUDGED_FROM_MIN:.0f} minutes on")
    for name in answer["grows"]:
        print(f"GROWS {name}")
    print("verify passed" if answer["verify_ok"] else "verify FAILED")
    return 0 if answer["verify_ok"] and not answer["grows"] else 1


if __name__ == "__main__":
    sys.exit(main())
