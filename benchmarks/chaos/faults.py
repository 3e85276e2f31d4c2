"""What is done to the running region."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import psutil

from caretower import supervisor
from caretower.machine import free_port, parts, wait_until_ready
from caretower.settings import Settings
from caretower.supervisor import Part

VICTIMS = ("api", "planner", "keeper", "valkey", "postgres")
BINARIES = {"valkey": "valkey-server", "postgres": "postgres"}
DISK_MB = 700
LEFT_FREE_BYTES = 4_096
FAKETIME = "/usr/lib/*/faketime/libfaketime.so.1"


def find(above: int, victim: str) -> psutil.Process | None:
    """The running process of a part below the supervisor."""
    for process in psutil.Process(above).children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        ours = "caretower" in words and victim in words[-1:] + words[3:4]
        binary = BINARIES.get(victim)
        store = binary and words and Path(words[0].split(":")[0]).name.startswith(binary)
        if ours or store:
            return process
    return None


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A file system of its own of DISK_MB at `folder`; False where this machine allows no mount."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=711", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@asynccontextmanager
async def full_disk(folder: Path) -> AsyncIterator[None]:
    """No byte is left until this ends."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            while shutil.disk_usage(folder).free > LEFT_FREE_BYTES:
                await asyncio.to_thread(file.write, b"\0" * 1_048_576)
                file.flush()
        yield
    finally:
        ballast.unlink()


@asynccontextmanager
async def api_an_hour_off(settings: Settings) -> AsyncIterator[str]:
    """A second api node whose machine's clock is an hour ahead; gives its address."""
    library = next(Path("/").glob(FAKETIME.lstrip("/")), None)
    if library is None:
        raise FileNotFoundError("libfaketime is missing: `make system` installs it")
    settings = free_port(settings.model_copy(update={"port": 0}))
    (part,) = parts(settings, "api")
    wrong = {"LD_PRELOAD": str(library), "FAKETIME": "+1h", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    process = await supervisor.start(Part("api", part.command, {**part.env, **wrong}))
    try:
        url = f"http://localhost:{settings.port}"
        await wait_until_ready(url)
        yield url
    finally:
        await supervisor.stop(process)


@asynccontextmanager
async def living_region(settings: Settings, *options: str) -> AsyncIterator[int]:
    """The demo as a newcomer starts it; gives the supervisor's pid."""
    env = {
        **os.environ,
        "CARETOWER_DATA_DIR": str(settings.data_dir),
        "CARETOWER_PORT": str(settings.port),
    }
    with log_path(settings).open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "caretower", "demo", *options),
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        await wait_until_ready(f"http://localhost:{settings.port}")
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(60):
                await process.wait()


def log_path(settings: Settings) -> Path:
    """What the demo said; outside its disk, which may be full."""
    return settings.data_dir.with_suffix(".log")
