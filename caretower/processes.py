"""What each process does: api, planner, keeper, and the one-time jobs around them."""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from threading import Thread

import structlog

from api.errors import Unknown
from api.roles import Role
from api.store import Store
from caretower.downtime import EVERY_S, keep_board
from caretower.embedded.addresses import expected_addresses, with_addresses
from caretower.garbage import settle
from caretower.keeper import Work, keep
from caretower.policies import check_policies
from caretower.roster import roll_shifts
from caretower.settings import Settings
from caretower.wiring import POLICY, STORE_FAULTS, NotConfigured, Tower, api_services, production
from record.actor import Actor, system
from record.outbox import deliver_pending
from record.reconciler import reconcile
from record.recorder import Recorder
from record.retention import load_retention, prune
from record.verify import Report, verify
from registry.cancelling import end_tasks
from registry.errors import Unavailable

log = structlog.get_logger()

KEEPER = system("keeper")
STORES_WITHIN_S = 60.0
RETRY_S = 0.3
MIN_PASSWORD = 12


def set_up_logging(settings: Settings) -> None:
    """Structured lines on standard output; no bodies, no persons."""
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )


def me(process: str) -> str:
    """This process's name for leases."""
    return f"{process}@{socket.gethostname()}:{os.getpid()}"


async def run_process(name: str, settings: Settings, *, embedded: bool = False) -> None:
    """Runs one process until SIGTERM or SIGINT; waits for the stores to come up first.

    `embedded`: whoever started the stores leaves their addresses in the data folder, and has read
    the policies. Raises BadPolicy.
    """
    set_up_logging(settings)
    if embedded:
        settings = await expected_addresses(settings)
    else:
        check_policies(settings)
    jobs: dict[str, Callable[[Tower], Awaitable[None]]] = {
        "api": run_api,
        "planner": run_planner,
        "keeper": run_keeper,
    }
    task = asyncio.ensure_future(connected(settings, jobs[name]))
    if name == "api":  # uvicorn answers signals itself: it lets requests and sockets finish
        await task
        return
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if task.done():
        task.result()
    await end_tasks([task])


async def connected(settings: Settings, job: Callable[[Tower], Awaitable[None]]) -> None:
    """Runs the job over the services; a store that is still starting is waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STORES_WITHIN_S
    while True:
        try:
            async with production(settings) as tower:
                await job(tower)
            return
        except Unavailable:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(RETRY_S)


async def run_api(tower: Tower) -> None:
    from api.app import create_app
    from api.serve import serve

    app = create_app(api_services(tower))
    settle()
    await serve(app, tower.settings.host, tower.settings.port)


async def run_planner(tower: Tower) -> None:
    from caretower.planning import planner
    from caretower.wiring import region_travel
    from geo.trees import MAX_TREES
    from optimizer.warming import warm_up, warm_up_rides

    travel = region_travel(tower, max_trees=MAX_TREES)

    def get_ready() -> None:
        warm_up()
        somewhere = tower.region.zips.at[:1]
        travel.matrix(somewhere, somewhere)
        warm_up_rides()  # nobody in a crisis waits for it
        settle()

    # Plans are made while the kernels compile, only slower; nothing waits for it at the end.
    Thread(target=get_ready, name="planner.get_ready", daemon=True).start()
    await planner(tower, travel, me("planner")).run()


async def run_keeper(tower: Tower) -> None:
    settle()
    works = keeper_works(tower)
    await keep(tower.registry, me("keeper"), works, STORE_FAULTS, lambda: take_over(tower))


async def take_over(tower: Tower) -> None:
    """What a keeper does first: it notices a new server, and sends again what that one lost."""
    if await tower.registry.renew_epoch() is not None:
        log.warning("registry.another_server")
    sent = await reconcile(tower.engine, tower.registry)
    if sent:
        log.warning("registry.forgot", promises=sent)


def keeper_works(tower: Tower) -> dict[str, tuple[float, Work]]:
    """Name → (period in seconds, work)."""
    retention = load_retention(POLICY / "record.toml")
    recorder = Recorder(tower.engine, tower.registry, tower.clock)
    return {
        "recorder": (0.05, recorder.run_once),
        "outbox": (
            0.5,
            lambda: deliver_pending(tower.engine, tower.registry, tower.clock),
        ),
        "sweep": (0.5, tower.registry.sweep),
        "epoch": (2.0, tower.registry.renew_epoch),
        "downtime_board": (EVERY_S, lambda: keep_board(tower)),
        "prune": (21_600.0, lambda: prune(tower.engine, retention, tower.clock())),
        "dispatch_clocks": (1.0, tower.dispatch.watch.tick),
        "dispatch_unserved": (5.0, tower.dispatch.watch.log_unserved),
        "referral_clocks": (2.0, lambda: tower.referral.watch.tick(KEEPER)),
        "rides_of_appointments": (2.0, tower.rides.tick),
        "roster": (
            20.0,
            lambda: roll_shifts(
                tower.directory, tower.registry, tower.clock, tower.region.timezone
            ),
        ),
    }


def migrate_database(settings: Settings) -> None:
    """Raises NotConfigured when no owner's address is known."""
    from caretower.migrations import migrate

    owner = settings.database_owner_url or settings.database_url
    if owner is None:
        raise NotConfigured("set CARETOWER_DATABASE_OWNER_URL (or CARETOWER_DATABASE_URL)")
    asyncio.run(migrate(owner.get_secret_value()))


async def verify_region(settings: Settings) -> Report:
    """Compares registry and record; changes nothing."""
    async with production(with_addresses(settings)) as tower:
        return await verify(tower.engine, tower.registry, tower.clock)


def operator() -> Actor:
    """Whoever sits at this machine's command line, as the audit knows them."""
    return system(f"command line of uid {os.getuid()}")


SCOPED = {Role.FACILITY, Role.FIELD, Role.PROVIDER}


async def put_account(
    settings: Settings, name: str, role: str, scope: str | None, password: str, *, new: bool
) -> None:
    """Raises ValueError: an unknown role, a missing, needless or unknown scope, a short password,
    a name that is taken although the account is to be `new`.
    """
    from caretower.machine import stores

    wanted = Role(role)
    if wanted is Role.WALL:
        raise ValueError("a wall has a device token: a supervisor makes it over the API")
    if (scope is not None) != (wanted in SCOPED):
        raise ValueError(f"the role {role} {'needs a' if wanted in SCOPED else 'has no'} scope")
    if len(password) < MIN_PASSWORD:
        raise ValueError(f"a password has at least {MIN_PASSWORD} characters")
    async with stores(settings, log.info) as found, production(found) as tower:
        if new and await Store(tower.engine).account_named(name) is not None:
            raise ValueError(f"there is an account {name} already: `account put` renews it")
        known = scope and await scope_id(tower, wanted, scope)
        await tower.accounts.put_account(name, wanted, known, password, operator())


async def scope_id(tower: Tower, role: Role, scope: str) -> str:
    """The scope by its id; a key of an imported file stands for one. Raises ValueError."""
    from caretower.importing.changes import stable_id

    kind, _, key = scope.rpartition(":") if role is Role.FIELD else ("facility", "", scope)
    ids = (key, stable_id(tower.region.id, kind, key))
    if kind == "facility":
        known = {each.id for each in await tower.directory.facilities()}
    else:
        world = await tower.registry.snapshot()
        known = {"team": {*world.teams}, "van": {*world.vans}}.get(kind, set())
    for id in ids:
        if id in known:
            return id if kind == "facility" else f"{kind}:{id}"
    forms = "team:KEY or van:KEY" if role is Role.FIELD else "KEY"
    raise ValueError(f"there is no {scope!r}: a scope is {forms}, by its id or its key")


async def revoke_account(settings: Settings, name: str) -> None:
    """Raises ValueError when there is no such account."""
    from caretower.machine import stores

    async with stores(settings, log.info) as found, production(found) as tower:
        try:
            await tower.accounts.revoke_account(name, operator())
        except Unknown as unknown:
            raise ValueError(f"there is no account {name}") from unknown
