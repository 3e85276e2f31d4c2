"""The command line answers nonsense with a sentence and a code, never with a traceback."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from caretower.cli import main
from caretower.settings import POLICY

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@dataclass(frozen=True, slots=True)
class Answer:
    returncode: int
    stdout: str
    stderr: str


Caretower = Callable[..., Answer]


@pytest.fixture
def caretower(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Caretower:
    """The command line in this process: what would be a traceback fails the test."""
    for name in os.environ:
        if name.startswith("CARETOWER_"):
            monkeypatch.delenv(name)

    def typed(*words: str, **env: str) -> Answer:
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["caretower", *words])
        with pytest.raises(SystemExit) as end:
            main()
        said = capfd.readouterr()
        code = end.value.code
        assert code is None or isinstance(code, int)
        return Answer(code or 0, said.out, said.err)

    return typed


@pytest.mark.slow
@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_example_is_planned_and_proved(caretower: Caretower, example: Path) -> None:
    answer = caretower("plan", str(example))
    assert answer.returncode == 0, answer.stderr
    assert json.loads(answer.stdout)["proved"] is True


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"requests": 3}', b"\xff\xfe\x00"])
def test_a_broken_plan_file_is_explained(
    caretower: Caretower, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(content)
    answer = caretower("plan", str(file))
    assert answer.returncode == 2
    assert str(file) in answer.stderr


def test_a_missing_plan_file_is_named_by_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "caretower", "plan", "/nowhere/plan.json"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "/nowhere/plan.json" in answer.stderr


def test_a_wrong_setting_is_named_as_the_operator_knows_it(caretower: Caretower) -> None:
    answer = caretower("doctor", CARETOWER_PORT="many")
    assert answer.returncode == 2
    assert answer.stderr.startswith("caretower: CARETOWER_PORT: ")


def test_commands_for_servers_say_which_address_is_missing(
    caretower: Caretower, tmp_path: Path
) -> None:
    answer = caretower("verify", CARETOWER_DATA_DIR=str(tmp_path))
    assert answer.returncode == 2
    assert "CARETOWER_REDIS_URL" in answer.stderr


def test_a_server_that_does_not_answer_is_a_sentence(caretower: Caretower, tmp_path: Path) -> None:
    answer = caretower(
        "verify",
        CARETOWER_DATA_DIR=str(tmp_path),
        CARETOWER_REDIS_URL="redis://127.0.0.1:1",
        CARETOWER_DATABASE_URL="postgresql+asyncpg://nobody:x@127.0.0.1:1/none",
    )
    assert answer.returncode == 2


@pytest.mark.parametrize(
    ("words", "password", "why"),
    [
        (("dispatcher",), "short", "a password has at least"),
        (("dispatcher", "--scope", "x"), "a long password", "the role dispatcher has no scope"),
        (("facility",), "a long password", "the role facility needs a scope"),
        (("wall",), "a long password", "a wall has a device token"),
        (("king",), "a long password", "'king' is not a valid Role"),
    ],
)
def test_an_account_needs_a_long_password_and_a_fitting_scope(
    caretower: Caretower,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    password: str,
    why: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    answer = caretower("account", "put", "kim", *words, CARETOWER_DATA_DIR=str(tmp_path))
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"caretower: {why}")


def test_a_region_that_does_not_exist_is_named_before_anything_starts(
    caretower: Caretower, tmp_path: Path
) -> None:
    answer = caretower("run", CARETOWER_DATA_DIR=str(tmp_path), CARETOWER_REGION="atlantis")
    assert answer.returncode == 2
    assert "atlantis" in answer.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_boundary_that_cannot_be_read_is_named(caretower: Caretower, tmp_path: Path) -> None:
    where = ("--in", str(tmp_path), "--zone", "Europe/Helsinki")
    answer = caretower("region", "new", "harbor", "--boundary", "/nowhere.geojson", *where)
    assert answer.returncode == 2
    assert "/nowhere.geojson" in answer.stderr


def test_faults_in_a_table_are_told_before_any_server_is_started(
    caretower: Caretower, tmp_path: Path
) -> None:
    here = ("--in", str(tmp_path), "--zone", "Europe/Helsinki", "--no-places")
    made = caretower("region", "new", "harbor", "--bounds", "24.9,60.1,25.0,60.2", *here)
    assert made.returncode == 0, made.stderr
    table = tmp_path / "teams.csv"
    table.write_text("key,name,lon,lat,offers,hours\nt1,,24.95,60.15,peeer,always\n")
    data = tmp_path / "data"
    answer = caretower(
        "region",
        "import",
        str(tmp_path / "harbor"),
        "--teams",
        str(table),
        CARETOWER_DATA_DIR=str(data),
    )
    assert answer.returncode == 1
    assert "teams.csv, row 2, name: is empty" in answer.stdout
    assert "did you mean 'peer'?" in answer.stdout
    assert answer.stderr == "caretower: 2 errors: nothing was imported\n"
    assert not (data / "state").exists()


def test_an_import_without_a_table_says_what_it_takes(caretower: Caretower, tmp_path: Path) -> None:
    answer = caretower("region", "import", "harbor", CARETOWER_DATA_DIR=str(tmp_path))
    assert answer.returncode == 2
    assert "--facilities" in answer.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.osm.pbf", b""), ("table.csv", b"id,name\n"), ("text.osm.pbf", b"no map " * 100)],
)
def test_a_file_that_is_no_extract_is_explained(
    caretower: Caretower, tmp_path: Path, name: str, content: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    answer = caretower("region", "build", str(file), "-o", str(tmp_path / "roads.npz"))
    assert answer.returncode == 2
    assert name in answer.stderr
    assert not (tmp_path / "roads.npz").exists()


def test_a_policy_that_cannot_be_followed_is_explained_by_every_command(
    caretower: Caretower, tmp_path: Path
) -> None:
    text = (POLICY / "planning.toml").read_text(encoding="utf-8")
    wrong = tmp_path / "planning.toml"
    wrong.write_text(text.replace('"population"', '"populaton"', 1), encoding="utf-8")
    for words in (("run",), ("run", "planner"), ("study", "--days", "0.05")):
        answer = caretower(*words, CARETOWER_POLICY_DIR=str(tmp_path))
        assert answer.returncode == 2
        assert answer.stderr.startswith(f"caretower: {wrong}: needs.place: 'populaton' is no group")
    wrong.rename(tmp_path / "planing.toml")
    answer = caretower("doctor", CARETOWER_POLICY_DIR=str(tmp_path))
    assert answer.stderr.startswith(f"caretower: CARETOWER_POLICY_DIR: {tmp_path}/planing.toml ")
