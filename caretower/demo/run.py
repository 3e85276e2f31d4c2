"""`make demo`: one living region on one machine, with real servers, supervised.

The parts: Valkey and PostgreSQL (unless configured URLs name others), the three processes, and
a small script that plays the people in the field through the same doors as everyone.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx
from pydantic import SecretStr
from rich.console import Console

from caretower import supervisor
from caretower.demo.accounts import DemoAccount, accounts_path
from caretower.doctor import port
from caretower.embedded.addresses import forget_addresses, keep_addresses
from caretower.settings import Settings
from caretower.supervisor import Part

READY_WITHIN_S = 90.0
LOOK_EVERY_S = 0.2


class Server(Protocol):
    """What both launchers give."""

    def alive(self) -> bool: ...
    def stop(self) -> None: ...


async def keep_server(name: str, start: Callable[[], Server], say: supervisor.Say) -> None:
    """Starts an embedded server again whenever it has died. Cancelling stops it.

    The start blocks the loop on purpose: the kernel ties the server's life to this thread.
    """
    server = start()
    try:
        while True:
            if not server.alive():
                say(f"{name} ended; starting it again")
                server = start()
            await asyncio.sleep(LOOK_EVERY_S)
    finally:
        server.stop()


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the two stores answer, and the tasks that keep the embedded ones alive."""

    settings: Settings
    keepers: tuple[asyncio.Task[None], ...]


@contextlib.asynccontextmanager
async def running_servers(settings: Settings, say: supervisor.Say) -> AsyncIterator[Servers]:
    """Both stores, embedded where no URL is set."""
    from caretower.embedded.postgres import running_postgres
    from caretower.embedded.valkey import start_valkey

    async with contextlib.AsyncExitStack() as stack:
        keepers: list[asyncio.Task[None]] = []

        async def keep(name: str, first: Server, start: Callable[[], Server]) -> None:
            starts = iter([first])
            task = asyncio.create_task(
                keep_server(name, lambda: next(starts, None) or start(), say), name=name
            )
            keepers.append(task)
            stack.push_async_callback(end, task)

        if settings.redis_url is None:
            folder = settings.data_dir / "valkey"
            valkey = start_valkey(folder)
            settings = settings.model_copy(update={"redis_url": SecretStr(valkey.url)})
            await keep("Valkey", valkey, lambda: start_valkey(folder))
        if settings.database_url is None:
            postgres = stack.enter_context(running_postgres(settings.data_dir / "postgres"))

            def restart() -> Server:
                postgres.start()
                return postgres

            settings = settings.model_copy(
                update={
                    "database_url": SecretStr(postgres.app_url),
                    "database_owner_url": SecretStr(postgres.owner_url),
                }
            )
            await keep("PostgreSQL", postgres, restart)
        yield Servers(settings, tuple(keepers))


async def end(task: asyncio.Task[None]) -> None:
    """Cancels a task and waits until it has cleaned up."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def environment(settings: Settings) -> dict[str, str]:
    """The settings as the child processes read them."""
    values = {
        "REGION": settings.region,
        "REGIONS_DIR": str(settings.regions),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "DATA_DIR": str(settings.data_dir),
        "SIMULATED": str(settings.simulated),
        "LOG_LEVEL": settings.log_level,
    }
    for name, secret in (
        ("REDIS_URL", settings.redis_url),
        ("DATABASE_URL", settings.database_url),
    ):
        if secret is not None:
            values[name] = secret.get_secret_value()
    return {f"CARETOWER_{name}": value for name, value in values.items()}


def parts(settings: Settings, *names: str) -> list[Part]:
    """Processes that take the stores' addresses from the data folder as soon as they are there."""
    env = environment(settings)
    command = (sys.executable, "-m", "caretower", "run", "--embedded")
    return [Part(name, (*command, name), env) for name in names]


def free_port(settings: Settings) -> Settings:
    """Port 0 becomes a free one, so that every part knows it."""
    if settings.port:
        return settings
    with socket.socket() as probe:
        probe.bind((settings.host, 0))
        return settings.model_copy(update={"port": probe.getsockname()[1]})


async def wait_until_ready(url: str) -> None:
    """Raises TimeoutError, naming what is missing, when the api is not ready in time."""
    answer = "nothing answers"
    deadline = time.monotonic() + READY_WITHIN_S
    async with httpx.AsyncClient() as client:
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                response = await client.get(f"{url}/readyz", timeout=2)
                if response.status_code == httpx.codes.OK:
                    return
                answer = response.text
            await asyncio.sleep(LOOK_EVERY_S)
    raise TimeoutError(f"not ready after {READY_WITHIN_S:.0f} s: {answer}")


def show(
    out: Console, url: str, accounts: Mapping[str, DemoAccount], wall: str, kept: Path
) -> None:
    """The addresses and the log-ins."""
    out.print()
    out.print("[bold]caretower is up.[/bold]  This region is simulated: every person is invented.")
    out.print(f"  open          {url}")
    out.print(f"  wall          {url}/#/wall/{wall}", soft_wrap=True)
    out.print(f"  health        {url}/livez   {url}/readyz")
    out.print(f"  API document  {url}/v1/openapi.json")
    out.print("  log-ins (user / password):")
    for name, account in accounts.items():
        if account.shown:
            out.print(f"    {account.what:<28} {name:<22} {account.password}")
    out.print(f"  all log-ins are kept in {kept}")
    out.print("  Ctrl-C stops everything; the next start finds the state that was there.")


async def run_demo(settings: Settings, out: Console) -> int:
    """Runs until a signal comes. Answers the exit code."""

    def say(text: str) -> None:
        out.print(f"caretower: {text}")

    settings = free_port(settings)
    if not (free := port(settings)).ok:
        say(f"{free.what}; {free.advice}")
        return 1
    traffic = os.environ.get("CARETOWER_DEMO_TRAFFIC", "on") != "off"
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    forget_addresses(settings)
    say("starting Valkey and PostgreSQL")
    async with running_servers(settings, say) as servers, asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def begin(*names: str) -> None:
            tasks.extend(
                group.create_task(supervisor.keep_alive(part, say), name=part.name)
                for part in parts(settings, *names)
            )

        say("starting the api")
        begin("api")
        ready = asyncio.create_task(prepare(settings, servers.settings, say))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({ready, stop}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            accounts, wall = ready.result()
            begin("keeper", "planner", *(["traffic"] if traffic else []))
            show(out, address(settings), accounts, wall, accounts_path(settings.data_dir))
            await stop
        ready.cancel()
        say("stopping")
        for task in reversed(tasks):
            task.cancel()
    say("stopped")
    return 0


def address(settings: Settings) -> str:
    """Where the browser finds the demo."""
    return f"http://localhost:{settings.port}"


async def prepare(
    settings: Settings, stores: Settings, say: supervisor.Say
) -> tuple[dict[str, DemoAccount], str]:
    """Schema, addresses, participants; answers the log-ins and the wall's token when api is ready.

    The api loads its code meanwhile: it begins when the addresses are there.
    """
    from caretower.demo.seed import seed_demo
    from caretower.processes import migrate_database

    say("preparing the database and the region")
    await asyncio.to_thread(migrate_database, stores)
    keep_addresses(stores)
    accounts, wall = await seed_demo(stores)
    await wait_until_ready(address(settings))
    return accounts, wall
