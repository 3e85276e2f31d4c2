"""The launcher of the embedded Valkey: one server a directory, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from caretower.embedded.valkey import ValkeyFailed, running_valkey, start_valkey

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ct-") as path:
        yield Path(path)


def test_what_was_acknowledged_is_there_after_kill_9(folder: Path) -> None:
    with running_valkey(folder) as server:
        with Redis.from_url(server.url) as client:
            client.set("bed", "taken")
        os.kill(server.pid, signal.SIGKILL)
        assert server.process is not None
        server.process.wait()
        assert not server.alive()
        with running_valkey(folder) as again, Redis.from_url(again.url) as client:
            assert client.get("bed") == b"taken"


def test_a_second_start_joins_the_living_server_and_does_not_stop_it(folder: Path) -> None:
    with running_valkey(folder) as first:
        with running_valkey(folder) as second:
            assert second.pid == first.pid
        assert first.alive()
    assert not first.alive()


def test_no_tcp_port_is_open_and_the_socket_is_private(folder: Path) -> None:
    with running_valkey(folder) as server, Redis.from_url(server.url) as client:
        assert client.config_get("port") == {"port": "0"}
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        run = Path(server.url.removeprefix("unix://")).parent
        assert stat.S_IMODE(run.stat().st_mode) == 0o700


def test_a_path_too_long_for_a_socket_still_works(folder: Path) -> None:
    deep = folder / ("d" * 90) / "data"
    with running_valkey(deep) as server, Redis.from_url(server.url) as client:
        assert client.ping()


def test_the_reason_of_a_failed_start_is_in_the_error(folder: Path) -> None:
    (folder / "appendonlydir").mkdir()
    (folder / "appendonlydir" / "appendonly.aof.manifest").write_text("not a manifest\n")
    with pytest.raises(ValkeyFailed, match="manifest"):
        start_valkey(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's death signal is Linux's")
def test_the_server_ends_with_a_killed_parent(folder: Path) -> None:
    program = textwrap.dedent("""
        import pathlib, sys, time
        from caretower.embedded.valkey import start_valkey
        print(start_valkey(pathlib.Path(sys.argv[1])).pid, flush=True)
        time.sleep(60)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    with running_valkey(folder) as server:
        assert server.pid != pid
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and _runs(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()
