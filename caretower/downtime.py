"""A copy of the board in the data folder, so that it exists when the system does not."""

import os
from pathlib import Path

from api.downtime import Names, page
from caretower.wiring import Tower

FOLDER, FILE = "downtime", "board.html"
EVERY_S = 60.0


def board_path(data_dir: Path) -> Path:
    """Where the last copy is."""
    return data_dir / FOLDER / FILE


async def keep_board(tower: Tower) -> Path:
    """Replaces the copy by the present state, at once or not at all; only its owner may read it.

    Raises OSError: the folder is full or not ours.
    """
    names = Names(
        region=tower.region.name,
        timezone=tower.region.timezone,
        facilities={place.id: place.name for place in await tower.directory.facilities()},
        owners={one.id: one.name for one in await tower.accounts.colleagues()},
    )
    board = page(await tower.registry.snapshot(), names)
    path = board_path(tower.settings.data_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(board)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path
