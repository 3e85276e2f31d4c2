"""Kills, cuts, a full disk and a wrong clock under load; then the proof that nothing was lost.

The living region runs on a folder of its own. A dispatcher opens and accepts requests all the
while, and consoles watch through sockets that are cut. After each fault the system must answer
again by itself. At the end every acknowledged act must stand, every console must know the board,
and `caretower verify` must pass.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.chaos.faults import (
    VICTIMS,
    api_an_hour_off,
    find,
    full_disk,
    living_region,
    log_path,
    small_disk,
)
from benchmarks.chaos.load import Acknowledged, check, work
from benchmarks.chaos.watchers import CuttingProxy, Watcher, differences
from benchmarks.state_world import crisis, crowd
from caretower.demo.accounts import read_accounts
from caretower.machine import free_port, wait_until_ready
from caretower.settings import Settings
from geo.region import load_region
from simulator.door import Door

BETWEEN_FAULTS_S = 4.0
REST_S = 4.0
WATCHERS = 6
FULL_FOR_S = 8.0
WRONG_CLOCK_REQUESTS = 20


@dataclass(slots=True)
class Storm:
    """One run: the region, who works in it, and what has been seen."""

    settings: Settings
    above: int
    door: Door
    seen: Acknowledged = field(default_factory=Acknowledged)
    faults: dict[str, int] = field(default_factory=dict)
    back_s: list[float] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.settings.port}"

    def done(self, fault: str, began: float) -> None:
        self.faults[fault] = self.faults.get(fault, 0) + 1
        self.back_s.append(time.monotonic() - began)
        print(f"{fault}: ready again after {self.back_s[-1]:.1f} s", flush=True)

    async def kill(self, victim: str) -> None:
        """SIGKILL, as a machine's memory killer would."""
        await asyncio.sleep(BETWEEN_FAULTS_S)
        began = time.monotonic()
        while (target := find(self.above, victim)) is None:
            assert time.monotonic() - began < 30, f"{victim} does not come back"
            await asyncio.sleep(0.1)
        target.kill()
        began = time.monotonic()
        await asyncio.sleep(0.2)
        await wait_until_ready(self.url)
        self.done(f"kill {victim}", began)

    async def fill_disk(self) -> None:
        """The stores cannot write for a while."""
        async with full_disk(self.settings.data_dir):
            await asyncio.sleep(FULL_FOR_S)
        began = time.monotonic()
        await wait_until_ready(self.url)
        self.done("full disk", began)

    async def wrong_clock(self, rng: random.Random) -> None:
        """Requests through a node an hour ahead: they must bear the region's time."""
        began = time.monotonic()
        people = crowd(load_region(self.settings.region, self.settings.cache_dir))
        async with (
            api_an_hour_off(self.settings) as url,
            httpx.AsyncClient(base_url=url, timeout=10) as client,
        ):
            door = Door(client, self.door.name, self.door.password)
            for _ in range(WRONG_CLOCK_REQUESTS):
                body = crisis(rng, people)
                card = (await door.post("/v1/requests", **body))["card"]
                self.seen.opened.add(body["request"])
                off_s = card["opened_ms"] / 1000 - time.time()
                assert abs(off_s) < 60, f"a request was opened {off_s:.0f} s off"
        self.done("clock an hour off", began)


async def run(settings: Settings, rounds: int, *, all_faults: bool) -> dict[str, Any]:
    """Every fault, then the proofs. Answers the figures."""
    people = crowd(load_region(settings.region, settings.cache_dir))
    url = f"http://localhost:{settings.port}"
    rng = random.Random(3)
    async with living_region(settings) as above, httpx.AsyncClient(timeout=10) as client:
        client.base_url = httpx.URL(url)
        password = read_accounts(settings.data_dir)["robin"].password
        storm = Storm(settings, above, Door(client, "robin", password))
        await storm.door.log_in()
        proxy = CuttingProxy(settings.port, rng)
        port = await proxy.start()
        watchers = [Watcher(storm.door, port) for _ in range(WATCHERS)]
        watching = [asyncio.create_task(watcher.watch()) for watcher in watchers]
        worker = asyncio.create_task(work(storm.door, people, storm.seen, rng))
        for _ in range(rounds):
            for victim in VICTIMS:
                await storm.kill(victim)
        if all_faults:
            await storm.wrong_clock(rng)
            await storm.fill_disk()
        await asyncio.sleep(BETWEEN_FAULTS_S)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        proxy.cutting = False
        if (players := find(above, "simulate")) is not None:
            players.suspend()
        await asyncio.sleep(REST_S)
        lost = [*await check(storm.door, storm.seen), *await differences(storm.door, watchers)]
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        await proxy.close()
        verdict = await caretower_verify(settings)
        if players is not None:
            players.resume()
    return {
        "faults": storm.faults,
        "sockets_cut": proxy.cuts,
        "sockets_resumed": sum(watcher.resumed for watcher in watchers),
        "sockets_snapshot": sum(watcher.snapshots for watcher in watchers),
        "gaps": sum(watcher.gaps for watcher in watchers),
        "acknowledged_requests": len(storm.seen.opened),
        "acknowledged_acceptances": len(storm.seen.accepted),
        "refused_or_failed": storm.seen.refused,
        "server_errors": storm.seen.broken,
        "slowest_round_s": round(storm.seen.slowest_s, 2),
        "longest_outage_s": round(max(storm.back_s), 2),
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


@contextlib.contextmanager
def fresh_region(*, own_disk: bool) -> Iterator[Settings]:
    """Settings on an empty folder, on a small disk of its own if asked for."""
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)
    settings = free_port(Settings(data_dir=folder, port=0))
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        if own_disk and not stack.enter_context(small_disk(folder)):
            raise PermissionError("the full disk needs the right to mount: run as root")
        try:
            yield settings
        except BaseException:
            print(log_path(settings).read_text()[-6000:])
            raise
        finally:
            log_path(settings).unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="chaos")
    parser.add_argument("--short", action="store_true", help="one kill of each process, no more")
    parser.add_argument("--rounds", type=int, default=10, help="kills of each process")
    options = parser.parse_args()
    with fresh_region(own_disk=not options.short) as settings:
        rounds = 1 if options.short else options.rounds
        figures = asyncio.run(run(settings, rounds, all_faults=not options.short))
    print(json.dumps(figures, indent=2))
    Path("build").mkdir(exist_ok=True)
    Path("build/chaos.json").write_text(json.dumps(figures, indent=2) + "\n")
    wrong = figures["lost"] or figures["server_errors"] or not figures["verify_ok"]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
