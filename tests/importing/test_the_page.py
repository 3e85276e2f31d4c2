"""The newcomer's page cannot lie: every command of it is run as it stands, and then used."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from uuid6 import uuid7

from caretower.supervisor import die_with_parent
from tests.running import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "own-region.md"
PASSWORD = "a long password of mine"
WITHIN_S = 90


def commands() -> list[str]:
    """The page's `sh` blocks, one command each, with continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip()]


class Newcomer:
    """Types the page's commands into a shell, one after the other."""

    def __init__(self, home: Path, data: Path) -> None:
        self.home, self.port = home, free_port()
        self.said: dict[str, str] = {}
        self.running: subprocess.Popen[bytes] | None = None
        self._exports: list[str] = []
        self._env = {
            **{n: v for n, v in os.environ.items() if not n.startswith("CARETOWER_")},
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
            "CARETOWER_DATA_DIR": str(data),
            "CARETOWER_PORT": str(self.port),
            "COLUMNS": "200",
        }

    def types(self, command: str) -> None:
        if command.startswith("export "):
            self._exports.append(command)
        elif command == "caretower run":
            self._begins(command)
        else:
            done = subprocess.run(
                self._script(command),
                cwd=self.home,
                env=self._env,
                input=f"{PASSWORD}\n",
                capture_output=True,
                text=True,
                timeout=120,
            )
            self.said[command] = done.stdout + done.stderr
            assert done.returncode == 0, f"{command}\n{self.said[command]}"

    def leaves(self) -> None:
        """Ctrl-C, and a clean end."""
        if self.running and self.running.poll() is None:
            self.running.send_signal(signal.SIGINT)
            assert self.running.wait(40) == 0

    def _begins(self, command: str) -> None:
        log = self.home / "run.log"
        with log.open("wb") as output:
            self.running = subprocess.Popen(
                self._script(f"exec {command}"), cwd=self.home, env=self._env,
                stdout=output, stderr=output, preexec_fn=partial(die_with_parent, os.getpid()),
            )  # fmt: skip
        deadline = time.monotonic() + WITHIN_S
        while "is up" not in log.read_text():
            assert self.running.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        self.said[command] = log.read_text()

    def _script(self, command: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", "\n".join([*self._exports, command])]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    home = tmp_path_factory.mktemp("home")
    for name in ("docs", "build"):
        (home / name).symlink_to(ROOT / name)
    (home / "bin").mkdir()
    starter = home / "bin" / "caretower"
    starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m caretower "$@"\n')
    starter.chmod(0o755)
    # Below a folder that PostgreSQL's own user may enter, with a path short enough for a socket.
    data = Path("/tmp") / f"ct-{uuid7().hex[-8:]}"
    data.mkdir(mode=0o711)
    someone = Newcomer(home, data)
    try:
        for command in commands():
            someone.types(command)
        yield someone
        someone.leaves()
    finally:
        if someone.running and someone.running.poll() is None:
            someone.running.kill()
            someone.running.wait()
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture
def region(newcomer: Newcomer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://localhost:{newcomer.port}/v1", timeout=20) as client:
        login = client.post("/sessions", json={"name": "robin", "password": PASSWORD})
        login.raise_for_status()
        client.headers["Authorization"] = f"Bearer {login.json()['token']}"
        yield client


def test_the_page_is_followed_to_its_end(newcomer: Newcomer) -> None:
    assert "Harbor County is up" in newcomer.said["caretower run"]
    assert "next" not in newcomer.said["caretower run"], "nothing is left to do"
    assert '"ready":true' in newcomer.said[next(c for c in commands() if c.startswith("curl"))]


def test_the_screens_get_the_regions_own_ground(region: httpx.Client) -> None:
    facts = region.get("/region").json()
    assert (facts["id"], facts["timezone"]) == ("harbor", "Europe/Helsinki")
    assert facts["simulated"] is False
    assert facts["zones"] == {"north": "North Harbor", "south": "South Harbor"}
    features = region.get("/region/map").json()["features"]
    layers = {feature["properties"]["layer"] for feature in features}
    assert {"authority", "road", "place"} <= layers


def test_somebody_is_recommended_a_team_by_real_roads_and_it_can_be_accepted(
    region: httpx.Client,
) -> None:
    request = str(uuid7())
    body: dict[str, Any] = {
        "request": request,
        "place": "Harbor",
        "lon": 24.9445,
        "lat": 60.1735,
        "urgency": 3,
        "needs": {"words": ["adult", "voluntary", "lang_en"], "place": "needed"},
        "risk": {"imminent": "no"},
        "person": {"name": "Ash Example", "callback": "+1-555-0199"},
        "mine": True,
        "command_id": str(uuid7()),
    }
    region.post("/requests", json=body).raise_for_status()
    deadline = time.monotonic() + WITHIN_S
    advice = None
    while advice is None or advice["team"] is None:
        assert time.monotonic() < deadline, advice
        time.sleep(0.2)
        answer = region.get(f"/requests/{request}/recommendation")
        advice = answer.json()["recommendation"] if answer.is_success else None
    assert advice["travel"]["quality"] == "road"
    bundle = {kind: advice[kind] for kind in ("team", "van", "pool") if advice[kind]}
    accepted = region.post(
        f"/requests/{request}/accept", json={"command_id": str(uuid7()), "bundle": bundle}
    )
    assert accepted.is_success, accepted.text
