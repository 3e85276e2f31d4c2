"""Real servers for tests: one of each for a test worker, a region of its own for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from uuid6 import uuid7
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from caretower.embedded.postgres import PostgresServer, running_postgres
from caretower.embedded.valkey import running_valkey
from caretower.migrations import migrate
from record.engine import make_engine

if TYPE_CHECKING:
    from registry.server import ServerRegistry
JOURNEYS = "tests/journeys/"

# Examples are judged by what they show, not by how busy the machine is.
settings.register_profile("caretower", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("caretower")


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    """A real Valkey for this test worker; its files are in a short path, for the socket's sake."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_valkey(Path(folder), fsync="no") as server,
    ):
        yield server.url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The second engine: Debian's Redis, by the same launcher."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("redis-server is missing: `make system` installs it as root")
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_valkey(Path(folder), fsync="no", binary=Path(binary)) as server,
    ):
        yield server.url


@pytest.fixture
async def registry(valkey_url: str) -> AsyncIterator[ServerRegistry]:
    """A registry over a region that no other test knows."""
    from registry.server import connect

    opened = await connect(valkey_url, region=f"test-{uuid7()}")
    yield opened
    await opened.close()


@dataclass(frozen=True, slots=True)
class Database:
    """A migrated, empty database."""

    owner_url: str
    app_url: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL for this test worker; its database `caretower` is migrated."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_postgres(Path(folder), fsync=False) as server,
    ):
        asyncio.run(migrate(server.owner_url))
        yield server


# Much quicker than a copy of the database. Whoever is still connected is of an earlier test.
EMPTY = """
DO $$
DECLARE filled regclass;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL;
    SET LOCAL session_replication_role = replica;
    FOR filled IN
        SELECT oid FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %s', filled);
    END LOOP;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$
"""


@pytest.fixture
async def database(postgres_server: PostgresServer) -> Database:
    """The worker's database, emptied of what earlier tests wrote."""
    async with _administrator(_of(postgres_server.admin_url, "caretower")) as admin:
        await admin.execute(text(EMPTY))
    return Database(postgres_server.owner_url, postgres_server.app_url)


@pytest.fixture
async def empty_database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The owner's URL of a database without any table."""
    name = f"test_{uuid7().hex}"
    async with _administrator(postgres_server.admin_url) as admin:
        await admin.execute(text(f"CREATE DATABASE {name} OWNER caretower_owner"))
        yield _of(postgres_server.owner_url, name)
        await admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The application's pool on this test's database, with the application's rights only."""
    pool = make_engine(database.app_url)
    yield pool
    await pool.dispose()


@pytest.fixture
async def sound_record(engine: AsyncEngine, registry: ServerRegistry) -> AsyncIterator[None]:
    """Records what the test does and verifies it afterwards: nobody was promised twice."""
    from record.outbox import deliver_pending
    from record.recorder import Recorder
    from record.verify import verify

    recorder = Recorder(engine, registry)
    await recorder.run_once()
    yield
    await deliver_pending(engine, registry, _end_of_time)
    while (await recorder.run_once()).facts:
        pass
    report = await verify(engine, registry, _end_of_time)
    assert report.findings == ()


def _end_of_time() -> int:
    return 2**60


def _of(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@asynccontextmanager
async def _administrator(url: str) -> AsyncIterator[AsyncConnection]:
    admin = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        yield connection


class ByFile(LoadScopeScheduling):
    """A file stays on one worker, so that its servers start once; all journeys share one tower.

    pytest-xdist's own groups travel in a test's id, which pytest 9.2 no longer lets it change: the
    mark `xdist_group` is ignored without a word (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return JOURNEYS if file.startswith(JOURNEYS) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: no worker is left alone with them at the end."""
    items.sort(
        key=lambda item: (
            not item.nodeid.startswith(JOURNEYS),
            item.get_closest_marker("slow") is None,
        )
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Names what was skipped."""
    for report in terminalreporter.stats.get("skipped", ()):
        terminalreporter.write_line(f"skipped: {report.nodeid}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skip is a failure: there everything that tests need can be installed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and os.environ.get("CI") and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
