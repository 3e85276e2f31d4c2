"""`caretower doctor`: what is missing or wrong on this machine, in plain words."""

import importlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from caretower.settings import Settings

NEEDED_DISK_MB = 500
PACKAGES = ("fastapi", "uvicorn", "redis", "sqlalchemy", "asyncpg", "numpy", "ortools", "shapely")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `needed` tells whether the demo cannot run without it."""

    ok: bool
    what: str
    advice: str = ""
    needed: bool = True


def python_version() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    fits = (3, 11) <= sys.version_info[:2] < (3, 14)
    return Finding(fits, f"Python {version}", "caretower needs Python 3.11, 3.12 or 3.13")


def packages() -> Finding:
    missing = []
    for name in PACKAGES:
        try:
            importlib.import_module(name)
        except ImportError:
            missing.append(name)
    what = "Python packages" if not missing else f"Python packages missing: {', '.join(missing)}"
    return Finding(not missing, what, "run `make setup`")


def runs(binary: Path | None, name: str, advice: str) -> Finding:
    """Whether a server binary is there and answers `--version`."""
    if binary is None:
        return Finding(False, f"{name}: no binary found", advice)
    try:
        answer = subprocess.run(  # noqa: S603
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding(False, f"{name}: {binary} does not run ({error})", advice)
    return Finding(True, f"{name}: {answer.stdout.strip().splitlines()[0]}")


def servers(settings: Settings) -> Iterator[Finding]:
    """The two stores: an external one by its URL, else the embedded binary."""
    from caretower.embedded.postgres import find_binaries
    from caretower.embedded.valkey import find_binary

    if settings.redis_url:
        yield Finding(True, "Redis or Valkey: the external server of CARETOWER_REDIS_URL")
    else:
        yield runs(find_binary(), "Valkey", "run `make setup`, or set CARETOWER_REDIS_URL")
    if settings.database_url:
        yield Finding(True, "PostgreSQL: the external server of CARETOWER_DATABASE_URL")
    else:
        folder = find_binaries()
        postgres = folder / "postgres" if folder else None
        yield runs(postgres, "PostgreSQL", "run `make setup`, or set CARETOWER_DATABASE_URL")


def data_folder(settings: Settings) -> Iterator[Finding]:
    """Whether state can be kept where the settings say."""
    folder = settings.state_dir
    there = folder
    while not there.exists():
        there = there.parent
    writable = os.access(there, os.W_OK | os.X_OK)
    yield Finding(writable, f"data folder {folder}", "set CARETOWER_DATA_DIR to a writable folder")
    free_mb = shutil.disk_usage(there).free // 2**20
    yield Finding(
        free_mb >= NEEDED_DISK_MB,
        f"{free_mb} MB free for it",
        f"at least {NEEDED_DISK_MB} MB are needed",
    )
    short = len(str(folder / "postgres" / "socket" / ".s.PGSQL.5432")) < 100
    yield Finding(
        short, "the data folder's path is short enough for sockets", "choose a shorter one"
    )


def port(settings: Settings) -> Finding:
    """Whether the HTTP port can be bound now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if _answers(settings):
                return Finding(True, f"port {settings.port}: caretower runs there already")
            advice = "stop what uses it, or set CARETOWER_PORT"
            return Finding(False, f"port {settings.port}: {error.strerror}", advice)
    return Finding(True, f"port {settings.port} is free")


def _answers(settings: Settings) -> bool:
    """Whether it is a caretower that has the port."""
    host = "localhost" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    try:
        answer = httpx.get(f"http://{host}:{settings.port}/livez", timeout=0.5)
        return bool(answer.json() == {"alive": True})
    except (httpx.HTTPError, ValueError):
        return False


def region(settings: Settings) -> Finding:
    """Whether the region of the settings can be read; its own folder says what is wrong in it."""
    from geo.region import BadRegion
    from geo.region_folder import read_folder

    folder = settings.regions / settings.region
    if not folder.is_dir():
        known = settings.region == "utah"
        advice = f"there is no {folder}: make one with `caretower region new`"
        return Finding(known, f"region {settings.region}", advice)
    try:
        own = read_folder(folder)
    except (BadRegion, OSError) as error:
        return Finding(False, f"region {settings.region} cannot be read", str(error))
    zones, roads = len(own.authorities.ids), "with" if own.roads else "without"
    return Finding(True, f"region {own.id}: {own.name}, {zones} zones, {roads} roads")


def policies(settings: Settings) -> Iterator[Finding]:
    """Whether every policy file says what can be followed, by file and field."""
    from caretower.policies import BadPolicy, check_policies

    try:
        check_policies(settings)
    except BadPolicy as error:
        yield from (Finding(False, "policy", line) for line in str(error).splitlines())
    else:
        yield Finding(True, f"policies, {settings.policy_dir or 'all of the project'}")


def web_client(settings: Settings) -> Finding:
    built = (settings.web_dist / "index.html").exists()
    what = "browser client is built" if built else "browser client is not built"
    return Finding(built, what, "run `make web`")


def browser() -> Finding:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    what = f"browser for the tests: {found or 'none'}"
    return Finding(found is not None, what, "as root: apt-get install chromium", needed=False)


def memory_folder() -> Finding:
    """PostgreSQL and Chromium both need shared memory."""
    with tempfile.TemporaryFile() as probe:
        probe.write(b"x")
    there = Path("/dev/shm").exists() or sys.platform != "linux"  # noqa: S108
    return Finding(there, "shared memory (/dev/shm)", "mount a tmpfs on /dev/shm")


def examine(settings: Settings) -> list[Finding]:
    """Every finding, in the order in which a person would mend them."""
    first = [python_version(), packages()]
    if not all(finding.ok for finding in first):
        return first
    return [
        *first,
        *servers(settings),
        *data_folder(settings),
        memory_folder(),
        port(settings),
        region(settings),
        *policies(settings),
        web_client(settings),
        browser(),
    ]
