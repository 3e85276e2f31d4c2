"""What the screens' journeys share: sizes, accounts, and the dispatcher's own door."""

import re
import time
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect
from uuid6 import uuid7

WITHIN_MS = 20_000
HOUR_MS = 3_600_000
PHONE = {"width": 420, "height": 860}
TABLET = {"width": 1180, "height": 820}
DESK = {"width": 1920, "height": 1080}
CONNECTED = re.compile(r"^\s*Connected\s*$")
"""Not *Disconnected since*, which has the word in it."""
DEFINED = ("zone", "name", "seats", "offers", "base_lon", "base_lat", "phone")


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


def begin_shift(tower: Any) -> None:
    """Everybody comes on duty for half a day: no journey depends on the hour at which it runs."""
    boss, now_ms = Desk(tower, "supervisor"), int(time.time() * 1000)
    for kind in ("teams", "vans"):
        for unit in boss.get(f"/v1/{kind}")["items"]:
            put_on_duty(boss, kind, unit, now_ms - HOUR_MS, now_ms + 12 * HOUR_MS)


def put_on_duty(boss: Desk, kind: str, unit: dict[str, Any], start_ms: int, end_ms: int) -> None:
    """The unit as it is, with this shift (ms UTC)."""
    known = {name: unit[name] for name in (*DEFINED, "crew", "driver") if name in unit}
    boss.put(f"/v1/{kind}/{unit['id']}", **known, shift_start_ms=start_ms, shift_end_ms=end_ms)


def accept(console: Page) -> None:
    """By two keys. A recommendation that changed between them is read again, as a person would."""
    button = console.get_by_role("button", name=re.compile("^Accept"))
    taken = console.get_by_text("Accepted. The crew")
    changed = console.get_by_text("The recommendation changed while you looked")
    for _ in range(5):
        expect(button).to_be_enabled(timeout=WITHIN_MS)
        console.keyboard.press("a")
        console.keyboard.press("Enter")
        expect(taken.or_(changed)).to_be_visible(timeout=WITHIN_MS)
        if not changed.is_visible():
            return
    raise AssertionError("the recommendation never stood still")


def freest(pad: Page) -> tuple[Locator, int]:
    """The unit with most free beds, and how many: other journeys have sent people here."""
    units = pad.get_by_role("region", name="Our beds").get_by_role("listitem")
    expect(units.first).to_be_visible(timeout=WITHIN_MS)
    counts = [int(each) for each in units.locator(".figure").all_inner_texts()]
    return units.nth(counts.index(max(counts))), max(counts)


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
