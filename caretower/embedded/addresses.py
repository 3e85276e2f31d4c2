"""Where a data folder's embedded servers answer: left by whoever starts them, read by the rest."""

import asyncio
import json
import os
import time
from pathlib import Path

from pydantic import SecretStr

from caretower.settings import Settings

WITHIN_S = 120.0
LOOK_EVERY_S = 0.05
STORES = ("redis_url", "database_url")


def write_private(path: Path, text: str) -> None:
    """Replaces a file that only its owner may read, at once or not at all."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def keep_addresses(settings: Settings) -> None:
    """Says that the stores are ready to be used, and where."""
    addresses = {
        name: secret.get_secret_value()
        for name in STORES
        if (secret := getattr(settings, name)) is not None
    }
    write_private(_path(settings), json.dumps(addresses))


def forget_addresses(settings: Settings) -> None:
    """What an earlier start left is not to be believed."""
    _path(settings).unlink(missing_ok=True)


def with_addresses(settings: Settings) -> Settings:
    """Where no URL is set, the addresses that were left in the data folder, if any."""
    path = _path(settings)
    if all(getattr(settings, name) for name in STORES) or not path.exists():
        return settings
    kept = json.loads(path.read_text())
    update = {name: SecretStr(url) for name, url in kept.items() if getattr(settings, name) is None}
    return settings.model_copy(update=update)


async def expected_addresses(settings: Settings) -> Settings:
    """The same, waiting for them. Raises TimeoutError after WITHIN_S seconds."""
    deadline = time.monotonic() + WITHIN_S
    while not _path(settings).exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody said where the stores are in {WITHIN_S:.0f} s")
        await asyncio.sleep(LOOK_EVERY_S)
    return with_addresses(settings)


def _path(settings: Settings) -> Path:
    return settings.state_dir / "addresses.json"
