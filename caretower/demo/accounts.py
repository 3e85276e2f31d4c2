"""The demo's log-ins, as they are kept in its data folder."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A log-in of the demo. `shown` ones are printed at the start, all are kept in a 0600 file."""

    role: str
    scope: str | None
    what: str
    password: str
    shown: bool


def accounts_path(data_dir: Path) -> Path:
    """The file that keeps them."""
    return data_dir / "demo-accounts.json"


def read_accounts(data_dir: Path) -> dict[str, DemoAccount]:
    """The log-ins, as those who play and test the demo read them."""
    rows = json.loads(accounts_path(data_dir).read_text())
    return {name: DemoAccount(**row) for name, row in rows.items()}
