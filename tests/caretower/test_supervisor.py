"""Processes are kept alive and stopped, and die with their supervisor."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from caretower import supervisor
from caretower.supervisor import Part, keep_alive, start, stop

SLEEPER = (sys.executable, "-c", "import time; time.sleep(600)")


def append_and_exit(path: Path) -> tuple[str, ...]:
    return (sys.executable, "-c", f"open({str(path)!r}, 'a').write('x')")


async def until(holds: object, within_s: float = 20.0) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():  # type: ignore[operator]
            return
        await asyncio.sleep(0.02)
    raise AssertionError("did not come true in time")


async def test_a_part_that_ends_is_started_again(tmp_path: Path) -> None:
    mark = tmp_path / "starts"
    said: list[str] = []
    task = asyncio.create_task(keep_alive(Part("blink", append_and_exit(mark), {}), said.append))
    await until(lambda: mark.exists() and len(mark.read_text()) >= 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert said[0].startswith("blink ended with 0")


async def test_cancelling_stops_the_process() -> None:
    process = await start(Part("sleeper", SLEEPER, {}))
    await stop(process)
    assert process.returncode == -signal.SIGTERM


async def test_a_process_that_ignores_the_request_to_end_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mark = tmp_path / "ready"
    stubborn = (
        "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        f"pathlib.Path({str(mark)!r}).touch(); time.sleep(600)"
    )
    process = await start(Part("stubborn", (sys.executable, "-c", stubborn), {}))
    await until(mark.exists)
    monkeypatch.setattr(supervisor, "STOP_GRACE_S", 0.3)
    await stop(process)
    assert process.returncode == -signal.SIGKILL


async def test_parts_die_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    child = f"import os,time; open({str(mark)!r},'w').write(str(os.getpid())); time.sleep(600)"
    script = (
        "import asyncio, sys\n"
        "from caretower.supervisor import Part, keep_alive\n"
        f"asyncio.run(keep_alive(Part('x', (sys.executable, '-c', {child!r}), {{}}), print))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], env=dict(os.environ))
    await until(lambda: mark.exists() and mark.read_text().isdigit())
    pid = int(mark.read_text())
    parent.kill()
    parent.wait()
    await until(lambda: not psutil.pid_exists(pid))
