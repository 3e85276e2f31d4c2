"""The doctor says in plain words what is wrong."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from caretower.doctor import Finding, data_folder, examine, port, region, runs, web_client
from caretower.settings import Settings


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
