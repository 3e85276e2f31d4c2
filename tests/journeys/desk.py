"""What the screens' journeys share: sizes, accounts, and the dispatcher's own door."""

import re
from typing import Any

import httpx
from playwright.sync_api import Page, expect
from uuid6 import uuid7

WITHIN_MS = 20_000
PHONE = {"width": 420, "height": 860}
TABLET = {"width": 1180, "height": 820}
DESK = {"width": 1920, "height": 1080}


def account(tower: Any, role: str, scope: str | None = None) -> str:
    """The first demo account of a role, of one scope where it matters."""
    return next(
        name
        for name, each in tower.accounts.items()
        if each.role == role and scope in (None, each.scope)
    )


class Desk:
    """A person's HTTP door, to look up what a page does not say, and to do what no page does."""

    def __init__(self, tower: Any, role: str = "dispatcher") -> None:
        name = account(tower, role)
        self._client = httpx.Client(base_url=tower.url, timeout=20)
        login = {"name": name, "password": tower.accounts[name].password}
        token = self._client.post("/v1/sessions", json=login).raise_for_status().json()["token"]
        self._client.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str) -> Any:
        return self._client.get(path).raise_for_status().json()

    def post(self, path: str, **body: Any) -> None:
        self._send("POST", path, body)

    def put(self, path: str, **body: Any) -> None:
        self._send("PUT", path, body)

    def _send(self, method: str, path: str, body: dict[str, Any]) -> None:
        command = {"command_id": str(uuid7()), **body}
        self._client.request(method, path, json=command).raise_for_status()


def open_request(page: Page, town: str) -> str:
    """Opens a request for an adult of whom all was asked and who needs a bed; answers its id."""
    page.keyboard.press("n")
    form = page.get_by_role("form", name="New request")
    form.get_by_label(re.compile("^Place: town")).fill(town)
    form.get_by_role("button", name=town, exact=True).click()
    for answer in form.get_by_role("radio", name="no", exact=True).all():
        answer.check()
    buffers = form.get_by_role("group", name="Buffers against it")
    buffers.get_by_role("radio", name="yes").check()
    form.get_by_label("A place to stay").select_option("needed")
    form.get_by_label("Call-back number").fill("801-555-0199")
    form.get_by_role("button", name="Open the request").click()
    expect(page.get_by_role("heading", name=town)).to_be_visible(timeout=WITHIN_MS)
    page.wait_for_url(re.compile(r"#/console/[0-9a-f-]{36}$"))
    return page.url.rsplit("/", 1)[1]
