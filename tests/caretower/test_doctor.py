"""The doctor says in plain words what is wrong."""

import asyncio
import re
import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from caretower.doctor import (
    Finding,
    data_folder,
    examine,
    policies,
    port,
    region,
    runs,
    web_client,
)
from caretower.machine import Welcome, run_machine
from caretower.policies import BadPolicy, check_policies
from caretower.settings import POLICY, Settings


def test_a_used_port_is_named_with_advice() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        finding = port(Settings(port=busy.getsockname()[1]))
    assert not finding.ok
    assert "CARETOWER_PORT" in finding.advice


@pytest.mark.parametrize(("answer", "ours"), [(b'{"alive":true}', True), (b"hello", False)])
def test_a_port_that_caretower_itself_has_is_no_fault(answer: bytes, ours: bool) -> None:
    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Door) as door:
        Thread(target=door.handle_request, daemon=True).start()
        assert port(Settings(port=door.server_port)).ok is ours


def test_a_missing_binary_is_wrong_and_a_broken_one_too(tmp_path: Path) -> None:
    broken = tmp_path / "server"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    assert not runs(None, "Valkey", "install it").ok
    assert not runs(broken, "Valkey", "install it").ok


def test_a_long_data_folder_is_refused_before_a_socket_fails(tmp_path: Path) -> None:
    findings = list(data_folder(Settings(data_dir=tmp_path / ("x" * 120))))
    assert any(not f.ok and "short enough" in f.what for f in findings)


def test_an_unbuilt_client_says_how_to_build_it(tmp_path: Path) -> None:
    assert web_client(Settings(data_dir=tmp_path)).advice == "run `make web`"


def test_this_machine_has_what_the_tests_need(tmp_path: Path) -> None:
    settings = Settings(port=0, data_dir=tmp_path)
    wrong = [f for f in examine(settings) if not f.ok and f.needed and "client" not in f.what]
    assert [f for f in wrong if "short enough" not in f.what] == []
    assert isinstance(wrong, list)
    assert all(isinstance(f, Finding) for f in wrong)


def test_a_region_is_looked_at_with_its_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "regions" / "harbor"
    settings = Settings(data_dir=tmp_path, region="harbor")
    assert "caretower region new" in region(settings).advice
    folder.mkdir(parents=True)
    assert "region.toml" in region(settings).advice
    assert region(Settings(data_dir=tmp_path, region="utah")).ok


def test_a_policy_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no folder"):
        Settings(policy_dir=tmp_path / "polcy")


def test_a_policy_file_that_nothing_reads_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("ours")
    assert all(found.ok for found in policies(Settings(policy_dir=tmp_path)))
    (tmp_path / "planing.toml").write_text("")
    with pytest.raises(ValueError, match=r"planing\.toml replaces no policy file"):
        Settings(policy_dir=tmp_path)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "told"),
    [
        ("planning.toml", '"population"', '"populaton"', "needs.place: 'populaton' is no group of"),
        ("planning.toml", "load_min", "load_mn", "duration.load_min: is missing"),
        ("dispatch.toml", "[clock.alarm]", "[clock.alrm]", "clock.alarm: is missing"),
        ("referral.toml", "ttl_s", "ttl", "hold.ttl: there is no such key"),
        ("freshness.toml", "receiving =", "recieving =", "pool.recieving: there is no such key"),
        ("rides.toml", "[loop]", "[lop]", "loop: is missing"),
        ("screens.toml", "population_limit", "limit", "wall.population_limit: is missing"),
        ("simulation.toml", "detox =", "detoks =", "facility.stay_of: 'detoks' is not a word of"),
        ("planning.toml", "[needs]", "[needs", "this is no TOML: "),
    ],
)
def test_a_mistake_in_a_live_policy_is_named_before_the_region_starts(
    name: str, right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    text = (POLICY / name).read_text(encoding="utf-8")
    assert right in text
    (tmp_path / name).write_text(text.replace(right, wrong, 1), encoding="utf-8")
    settings = Settings(policy_dir=tmp_path)
    with pytest.raises(BadPolicy, match=re.escape(f"{tmp_path / name}: ")) as refused:
        check_policies(settings)
    assert told in str(refused.value)
    assert [found.advice for found in policies(settings)] == str(refused.value).splitlines()
    with pytest.raises(BadPolicy):
        asyncio.run(run_machine(settings, print, _nothing))


def test_a_policy_file_that_leads_nowhere_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "planning.toml").symlink_to(tmp_path / "gone.toml")
    with pytest.raises(BadPolicy, match=r"planning\.toml: there is no such file"):
        check_policies(Settings(policy_dir=tmp_path))


async def _nothing(_: Settings) -> Welcome:
    raise AssertionError("nothing may start")
