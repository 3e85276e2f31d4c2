"""The copy of the board is there when the system is not."""

import stat
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from caretower.downtime import board_path, keep_board
from registry.model import MemoryRegistry


@dataclass
class Nobody:
    async def facilities(self) -> tuple[()]:
        return ()

    async def colleagues(self) -> list[Any]:
        return []


def tower(folder: Path) -> Any:
    return SimpleNamespace(
        region=SimpleNamespace(name="Utah", timezone="America/Denver"),
        directory=Nobody(),
        accounts=Nobody(),
        registry=MemoryRegistry(lambda: 1_800_000_000_000),
        settings=SimpleNamespace(data_dir=folder),
    )


async def test_the_copy_is_whole_replaced_and_only_its_owners(tmp_path: Path) -> None:
    for _ in range(2):
        path = await keep_board(tower(tmp_path))
    assert path == board_path(tmp_path)
    assert [file.name for file in path.parent.iterdir()] == ["board.html"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    assert text.startswith("<!doctype html>")
    assert text.endswith("</html>")
