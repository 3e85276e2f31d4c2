"""Keeps a handful of processes alive on one machine and stops them all cleanly.

A part that dies is started again after a growing pause; a part that lived long enough
starts over with the shortest pause. When the supervisor itself is killed, the kernel
kills its parts (Linux parent-death signal), so that no orphan keeps a port or a file.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

PR_SET_PDEATHSIG = 1
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
STEADY_AFTER_S = 20.0
STOP_GRACE_S = 8.0

Say = Callable[[str], None]


def die_with_parent(parent: int) -> None:
    """Runs in the child between fork and exec. `parent` may have died before we could ask."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised process: its name for people and its command line."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]


async def start(part: Part) -> asyncio.subprocess.Process:
    """Starts the process in a session of its own, so that Ctrl-C reaches only us."""
    return await asyncio.create_subprocess_exec(
        *part.command,
        env={**os.environ, **part.env},
        start_new_session=True,
        preexec_fn=partial(die_with_parent, os.getpid()),
        stdin=subprocess.DEVNULL,
    )


async def stop(process: asyncio.subprocess.Process) -> None:
    """Asks, waits, and only then kills."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_GRACE_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def keep_alive(part: Part, say: Say) -> None:
    """Runs a part for ever; cancelling stops it."""
    pause = FIRST_PAUSE_S
    loop = asyncio.get_running_loop()
    while True:
        began = loop.time()
        process = await start(part)
        try:
            code = await process.wait()
        finally:
            await stop(process)
        if loop.time() - began > STEADY_AFTER_S:
            pause = FIRST_PAUSE_S
        say(f"{part.name} ended with {code}; starting it again in {pause:.1f} s")
        await asyncio.sleep(pause)
        pause = min(LONGEST_PAUSE_S, pause * 2)
