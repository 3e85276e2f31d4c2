"""`make chaos`: kill -9 of every process in turn under load, then prove that nothing was lost.

A demo without its traffic runs on a folder of its own; a dispatcher opens and accepts requests
all the while. Every acknowledged answer is kept in memory. After each kill the system must answer
again by itself; at the end `caretower verify` must pass and every acknowledged request must stand.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.state_world import where
from caretower.demo.accounts import read_accounts
from caretower.demo.door import Door, Refused
from caretower.demo.people import Settlement, invent
from caretower.machine import free_port, wait_until_ready
from caretower.settings import Settings
from geo.region import load_region

VICTIMS = ("api", "planner", "keeper", "valkey", "postgres")
BETWEEN_KILLS_S = 4.0


@dataclass(slots=True)
class Acknowledged:
    """What the system said yes to."""

    opened: set[str] = field(default_factory=set)
    accepted: dict[str, str] = field(default_factory=dict)
    refused: int = 0
    slowest_s: float = 0.0


def find(supervisor: int, victim: str) -> psutil.Process | None:
    """The running process of a part below the supervisor."""
    for process in psutil.Process(supervisor).children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        ours = "caretower" in words and words[-1] == victim
        store = bool(words) and Path(words[0].split(":")[0]).name.startswith(
            {"valkey": "valkey-server", "postgres": "postgres"}.get(victim, "\0")
        )
        if ours or store:
            return process
    return None


@asynccontextmanager
async def demo(settings: Settings) -> AsyncIterator[asyncio.subprocess.Process]:
    """The demo as a newcomer starts it, without traffic."""
    env = {
        **os.environ,
        "CARETOWER_DATA_DIR": str(settings.data_dir),
        "CARETOWER_PORT": str(settings.port),
        "CARETOWER_DEMO_TRAFFIC": "off",
    }
    with (settings.data_dir / "demo.log").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "caretower", "demo", env=env, stdout=output, stderr=output
        )
    try:
        await wait_until_ready(f"http://localhost:{settings.port}")
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await asyncio.wait_for(process.wait(), 60)


async def load(door: Door, people: Settlement, seen: Acknowledged, rng: random.Random) -> None:
    """Opens requests and accepts what is recommended, for ever."""
    while True:
        body = invent(rng, people)
        began = time.monotonic()
        try:
            request = (await door.post("/v1/requests", **body))["card"]["id"]
            seen.opened.add(request)
            await accept(door, request, seen)
        except (Refused, httpx.HTTPError):
            seen.refused += 1
        seen.slowest_s = max(seen.slowest_s, time.monotonic() - began)
        await asyncio.sleep(0.05)


async def accept(door: Door, request: str, seen: Acknowledged) -> None:
    """Accepts the recommendation once there is one; ends some others to keep teams free."""
    for _ in range(20):
        advice = (await door.get(f"/v1/requests/{request}/recommendation"))["recommendation"]
        if advice is not None and advice["team"]:
            bundle = {
                kind: advice[kind] for kind in ("team", "van", "pool", "slot") if advice[kind]
            }
            await door.post(f"/v1/requests/{request}/accept", bundle=bundle)
            seen.accepted[request] = advice["team"]
            break
        await asyncio.sleep(0.1)
    if len(seen.accepted) > 12:
        oldest = next(iter(seen.accepted))
        await door.post(f"/v1/requests/{oldest}/cancel", reason="room for the next")
        del seen.accepted[oldest]
        seen.opened.discard(oldest)


async def check(door: Door, seen: Acknowledged) -> list[str]:
    """What was acknowledged and is not there, or not so."""
    cards: dict[str, Any] = {card["id"]: card for card in (await door.get("/v1/requests"))["items"]}
    lost = [f"request {request} is gone" for request in seen.opened if request not in cards]
    for request, team in seen.accepted.items():
        if request in cards and cards[request]["team"] != team:
            lost.append(f"request {request} lost team {team}")
    teams = [card["team"] for card in cards.values() if card["team"]]
    lost += [f"team {team} serves two requests" for team in set(teams) if teams.count(team) > 1]
    return lost


async def storm(settings: Settings, rounds: int) -> dict[str, Any]:
    """Kills, waits, verifies. Answers the figures."""
    url = f"http://localhost:{settings.port}"
    people = where(load_region(settings.region, settings.cache_dir))
    seen = Acknowledged()
    kills: dict[str, int] = dict.fromkeys(VICTIMS, 0)
    back_s: list[float] = []
    async with demo(settings) as process, httpx.AsyncClient(base_url=url, timeout=10) as client:
        accounts = read_accounts(settings.data_dir)
        door = Door(client, "robin", accounts["robin"].password)
        await door.log_in()
        worker = asyncio.create_task(load(door, people, seen, random.Random(3)))
        for number in range(rounds * len(VICTIMS)):
            await asyncio.sleep(BETWEEN_KILLS_S)
            victim = VICTIMS[number % len(VICTIMS)]
            target = find(process.pid, victim)
            if target is None:
                continue
            target.kill()
            kills[victim] += 1
            began = time.monotonic()
            await asyncio.sleep(0.2)
            await wait_until_ready(url)
            back_s.append(time.monotonic() - began)
            print(f"killed {victim}: ready again after {back_s[-1]:.1f} s", flush=True)
        await asyncio.sleep(BETWEEN_KILLS_S)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        await asyncio.sleep(3)
        lost = await check(door, seen)
        verdict = await caretower_verify(settings)
    return {
        "kills": kills,
        "acknowledged_requests": len(seen.opened),
        "refused_or_failed": seen.refused,
        "slowest_round_s": round(seen.slowest_s, 2),
        "longest_outage_s": round(max(back_s, default=0.0), 2),
        "lost": lost,
        "verify_ok": verdict == 0,
    }


async def caretower_verify(settings: Settings) -> int:
    """`caretower verify` against the running demo."""
    env = {**os.environ, "CARETOWER_DATA_DIR": str(settings.data_dir)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "caretower", "verify", env=env
    )
    return await process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--short", action="store_true", help="one kill of each process")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)
    settings = free_port(Settings(data_dir=folder, port=0))
    try:
        figures = asyncio.run(storm(settings, 1 if options.short else 10))
    except BaseException:
        print((folder / "demo.log").read_text()[-6000:])
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, indent=2))
    Path("build").mkdir(exist_ok=True)
    Path("build/chaos.json").write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["verify_ok"] and not figures["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
