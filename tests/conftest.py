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
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from uuid6 import uuid7

from caretower.embedded.postgres import PostgresServer, running_postgres
from caretower.embedded.valkey import running_valkey
from caretower.migrations import migrate
from record.engine import make_engine

if TYPE_CHECKING:
    from registry.server import ServerRegistry
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
    """A migrated, empty database of one test's own."""

    owner_url: str
    app_url: str


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL for this test worker; its database `caretower` is migrated and empty."""
    with (
        tempfile.TemporaryDirectory(prefix="ct-") as folder,
        running_postgres(Path(folder), fsync=False) as server,
    ):
        asyncio.run(migrate(server.owner_url))
        yield server


@pytest.fixture
async def database(postgres_server: PostgresServer) -> AsyncIterator[Database]:
    """A copy of the migrated database, dropped afterwards."""
    async with _new_database(postgres_server, template="caretower") as name:
        yield Database(_of(postgres_server.owner_url, name), _of(postgres_server.app_url, name))


@pytest.fixture
async def empty_database(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """The owner's URL of a database without any table."""
    async with _new_database(postgres_server, template="template0") as name:
        yield _of(postgres_server.owner_url, name)


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
async def _new_database(server: PostgresServer, template: str) -> AsyncIterator[str]:
    name = f"test_{uuid7().hex}"
    admin = create_async_engine(server.admin_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    create = f"CREATE DATABASE {name} TEMPLATE {template} OWNER caretower_owner"
    async with admin.connect() as connection:
        await connection.execute(text(create))
    yield name
    async with admin.connect() as connection:
        await connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


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
