"""`caretower simulate`: the live simulation of a running region, from the demo's log-ins."""

import asyncio
import json
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from caretower.demo.accounts import accounts_path
from caretower.machine import address, environment, wait_until_ready
from caretower.processes import set_up_logging
from caretower.settings import Settings
from caretower.supervisor import Part
from dispatch.policy import load_policy
from geo.region import load_region
from registry.vocabulary import load_vocabulary
from simulator.live import Login, Plan, play
from simulator.parameters import load_parameters

PLAYED = frozenset({"facility", "field", "provider"})
OWN = ("simulation", "roster")
"""Accounts that exist for the simulation: its dispatcher, and the supervisor of its roster."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How fast, from which seed (None: any), with how much demand."""

    speed: float = 1.0
    seed: int | None = None
    rate: float = 1.0


def simulation_part(settings: Settings, wish: Wish) -> Part:
    """The process that lets the region of this machine live."""
    command = [sys.executable, "-m", "caretower", "simulate", "--url", address(settings)]
    command += ["--speed", str(wish.speed), "--rate", str(wish.rate)]
    if wish.seed is not None:
        command += ["--seed", str(wish.seed)]
    return Part("simulation", command, environment(settings))


def logins(path: Path) -> Sequence[Login]:
    """The accounts that a simulation plays; those of people at screens are theirs."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    return [
        Login(name, row["password"], row["role"], row["scope"])
        for name, row in rows.items()
        if row["role"] in PLAYED or name in OWN
    ]


async def simulate(settings: Settings, wish: Wish, url: str | None, accounts: Path | None) -> None:
    """Runs until a signal comes. Raises OSError and ValueError for log-ins that cannot be used."""
    set_up_logging(settings)
    where, played = (url or address(settings)).rstrip("/"), None
    if accounts is not None:  # a demo's own are there only when it is ready
        played = logins(accounts)
    await wait_until_ready(where)
    plan = Plan(
        url=where,
        logins=played or logins(accounts_path(settings.data_dir)),
        region=load_region(settings.region, settings.cache_dir, settings.regions),
        parameters=load_parameters(settings.policy("simulation.toml"), load_vocabulary()),
        facility_clock_s=load_policy(settings.policy("dispatch.toml")).clocks.facility_answer_s,
        speed=wish.speed,
        seed=secrets.randbits(48) if wish.seed is None else wish.seed,
        rate=wish.rate,
    )
    playing = asyncio.create_task(play(plan), name="simulation")
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    await asyncio.wait({playing})
    if not playing.cancelled():
        playing.result()
