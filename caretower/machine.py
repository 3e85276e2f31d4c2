"""One region on one machine: its two servers and its processes, supervised until a signal comes."""

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx
from pydantic import SecretStr
from rich.console import Console

from caretower import supervisor
from caretower.doctor import port
from caretower.embedded.addresses import forget_addresses, keep_addresses, with_addresses
from caretower.policies import check_policies
from caretower.settings import Settings
from caretower.supervisor import Part
from geo.region import Region, load_region

READY_WITHIN_S = 90.0
LOOK_EVERY_S = 0.2
RESTART_PAUSE_S = 2.0

Welcome = Callable[[str], None]
"""Says what a person should know, given the address, once everything answers."""
Prepare = Callable[[Settings], Awaitable[Welcome]]
"""What is to be done when the stores answer and have this version's schema."""


class Server(Protocol):
    """What both launchers give."""

    def alive(self) -> bool: ...
    def stop(self) -> None: ...


async def keep_server(name: str, start: Callable[[], Server], say: supervisor.Say) -> None:
    """Starts an embedded server again whenever it has died. Cancelling stops it.

    The start blocks the loop on purpose: the kernel ties the server's life to this thread.
    One that cannot start, as on a full disk, is tried again and again.
    """
    server = start()
    try:
        while True:
            if not server.alive():
                say(f"{name} ended; starting it again")
                try:
                    server = start()
                except (RuntimeError, OSError) as failed:
                    say(f"{name} does not start: {str(failed).splitlines()[0]}")
                    await asyncio.sleep(RESTART_PAUSE_S)
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
            folder = settings.state_dir / "valkey"
            valkey = start_valkey(folder)
            settings = settings.model_copy(update={"redis_url": SecretStr(valkey.url)})
            await keep("Valkey", valkey, lambda: start_valkey(folder))
        if settings.database_url is None:
            postgres = stack.enter_context(running_postgres(settings.state_dir / "postgres"))

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


def address(settings: Settings) -> str:
    """Where the browser finds the region."""
    return f"http://localhost:{settings.port}"


@contextlib.asynccontextmanager
async def stores(settings: Settings, say: supervisor.Say) -> AsyncIterator[Settings]:
    """The settings with both stores' addresses, for a job at the keyboard.

    Configured ones stand; else those of the region that runs on this data folder; if none runs,
    its own servers are started for as long as the block lasts.
    """
    from caretower.embedded.postgres import DataDirInUse
    from caretower.processes import migrate_database

    if settings.redis_url and settings.database_url:
        yield settings
        return
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        try:
            servers = await stack.enter_async_context(running_servers(settings, say))
        except DataDirInUse:
            yield with_addresses(settings)
            return
        await asyncio.to_thread(migrate_database, servers.settings)
        yield servers.settings


def nothing_more(_: Settings) -> Sequence[Part]:
    """A region needs no other parts than its own."""
    return ()


async def run_machine(
    settings: Settings,
    say: supervisor.Say,
    prepare: Prepare,
    more: Callable[[Settings], Sequence[Part]] = nothing_more,
) -> int:
    """Runs servers and processes (and `more` of them) until a signal. Answers the exit code.

    The api loads its code while the stores start: it begins when their addresses are there.
    Raises BadPolicy before anything starts.
    """
    check_policies(settings)
    settings = free_port(settings)
    if not (free := port(settings)).ok:
        say(f"{free.what}; {free.advice}")
        return 1
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    forget_addresses(settings)
    say("starting Valkey and PostgreSQL")
    async with running_servers(settings, say) as servers, asyncio.TaskGroup() as group:
        tasks: list[asyncio.Task[None]] = []

        def begin(*begun: Part) -> None:
            tasks.extend(
                group.create_task(supervisor.keep_alive(part, say), name=part.name)
                for part in begun
            )

        say("starting the api")
        begin(*parts(settings, "api"))
        ready = asyncio.create_task(_ready(servers.settings, say, prepare))
        stop = asyncio.create_task(stopping.wait())
        await asyncio.wait({ready, stop}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            welcome = ready.result()
            begin(*parts(settings, "keeper", "planner"), *more(settings))
            welcome(address(settings))
            await stop
        ready.cancel()
        say("stopping")
        for task in reversed(tasks):
            task.cancel()
    say("stopped")
    return 0


async def _ready(settings: Settings, say: supervisor.Say, prepare: Prepare) -> Welcome:
    """Schema, addresses, what the region needs; answers when the api is ready."""
    from caretower.processes import migrate_database

    say("preparing the database and the region")
    await asyncio.to_thread(migrate_database, settings)
    welcome = await prepare(settings)
    keep_addresses(settings)
    await wait_until_ready(address(settings))
    return welcome


async def run_region(settings: Settings, out: Console) -> int:
    """Runs the region of the settings, without a demo. Raises BadRegion before anything starts."""
    region = load_region(settings.region, settings.cache_dir, settings.regions)

    async def prepare(settings: Settings) -> Welcome:
        from caretower.wiring import production

        async with production(settings) as tower:
            staffed = bool(await tower.accounts.colleagues())
            served = bool(await tower.directory.facilities())

        def welcome(url: str) -> None:
            out.print(f"\n[bold]{region.name} is up.[/bold]  Ctrl-C stops everything.")
            out.print(f"  open          {url}")
            out.print(f"  health        {url}/livez   {url}/readyz")
            roads = region.roads.note if region.roads else "none: travel times are estimates"
            out.print(f"  roads         {roads}")
            for text in missing(region, settings, staffed=staffed, served=served):
                out.print(f"  next          {text}", soft_wrap=True)

        return welcome

    return await run_machine(settings, lambda text: out.print(f"caretower: {text}"), prepare)


def missing(region: Region, settings: Settings, *, staffed: bool, served: bool) -> Iterator[str]:
    """What a region still needs before anybody can be helped in it, as commands to type."""
    folder = settings.regions / region.id
    if not staffed:
        yield "caretower account add NAME supervisor    (nobody at dispatch may log in yet)"
    if not served:
        yield f"caretower region import {folder} --facilities … --units …    (no facilities yet)"
    if region.roads is None:
        yield f"caretower region build EXTRACT.osm.pbf -o {folder}/roads.npz    (no roads yet)"
