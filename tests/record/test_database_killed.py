"""A database that is killed under load loses no promise, and the pool recovers by itself."""

import asyncio
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from uuid6 import uuid7

from caretower.embedded.postgres import PostgresServer, running_postgres
from caretower.migrations import migrate
from record import Actor
from record.clock import wall_clock
from record.engine import make_engine
from record.journal import Journal
from record.outbox import deliver_pending
from record.recorder import Recorder
from record.tables import outbox
from record.verify import verify
from registry.port import Claim, Effect, Free
from registry.server import ServerRegistry
from registry.states import Team

pytestmark = pytest.mark.slow

DANA = Actor(id="dana", role="dispatcher", scope=None, name="Dana")
TEAMS = ("t1", "t2", "t3", "t4")


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that this test may kill; durable, as in production."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_postgres(Path(folder)) as server,
    ):
        asyncio.run(migrate(server.owner_url))
        yield server


async def _step(journal: Journal, request: str, version: int, effect: Effect) -> str:
    async with journal.transaction(DANA) as tx:
        await tx.audit("request.step", "request", request)
        return await tx.promise(
            aggregate="request",
            aggregate_id=request,
            version=version,
            kind="step",
            effects=[effect],
            card={"id": request} if version == 1 else None,
        )


async def _serve_until_killed(
    journal: Journal, registry: ServerRegistry, team: str, acknowledged: list[str]
) -> None:
    """Promise the team to one request after the other; every other caller never delivers."""
    with suppress(DBAPIError, OSError):
        for number in count():
            request = str(uuid7())
            for version, effect in enumerate((Claim, Free), start=1):
                step = effect(kind="team", id=team, request=request)
                row_id = await _step(journal, request, version, step)
                acknowledged.append(row_id)
            if number % 2:
                await journal.deliver(registry, row_id)


async def test_promises_and_facts_are_whole_after_the_database_was_killed(
    own_server: PostgresServer, registry: ServerRegistry
) -> None:
    shift = {"shift_start_ms": 0, "shift_end_ms": 4 * 10**12}
    for team in TEAMS:
        await registry.put(
            Team(id=team, zone="z", name=team, base_lon=0.0, base_lat=0.0, **shift), str(uuid7())
        )
    engine = make_engine(own_server.app_url)
    journal, acknowledged = Journal(engine), []
    recorder = Recorder(engine, registry)
    load = [
        asyncio.create_task(_serve_until_killed(journal, registry, team, acknowledged))
        for team in TEAMS
    ]
    facts = 0
    while facts < 100:
        await deliver_pending(engine, registry, wall_clock)
        facts += (await recorder.run_once(block_ms=10)).facts
    os.kill(own_server.pid, signal.SIGKILL)
    await asyncio.gather(*load)
    own_server.start()

    while await deliver_pending(engine, registry, wall_clock):
        pass
    while (await recorder.run_once()).facts:
        pass
    report = await verify(engine, registry)
    async with engine.connect() as connection:
        kept = set((await connection.execute(select(outbox.c.row_id))).scalars())
    await engine.dispose()
    assert report.findings == ()
    assert report.pending == 0
    assert set(acknowledged) <= kept
