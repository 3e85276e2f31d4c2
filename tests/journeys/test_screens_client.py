"""The browser client is made from the server's own OpenAPI document, and asks nobody else."""

import json
from pathlib import Path

from api.app import doors
from api.services import Settings

WEB = Path(__file__).resolve().parents[2] / "web"


def test_the_client_is_made_from_the_present_openapi_document():
    kept = json.loads((WEB / "openapi.json").read_text())
    assert kept == doors(Settings()).openapi(), "run: python -m api > web/openapi.json"


def test_the_lock_file_names_no_registry():
    lock = (WEB / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert json.loads(lock)["lockfileVersion"] == 3
