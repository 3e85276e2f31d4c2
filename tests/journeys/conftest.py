"""The whole system, started as a newcomer starts it, and a real browser in front of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from caretower.demo.accounts import DemoAccount, read_accounts
from caretower.supervisor import die_with_parent
from tests.journeys.desk import CONNECTED, DESK, WITHIN_MS, begin_shift
from tests.running import free_port

READY_WITHIN_S = 240
STOPPED_WITHIN_S = 40


@dataclass(frozen=True, slots=True)
class Tower:
    """A running demo without its traffic: nothing moves but what the journey moves."""

    url: str
    data_dir: Path
    accounts: dict[str, DemoAccount]
    process: subprocess.Popen[bytes]
    wall_token: str


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "the demo ended at its start"
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise TimeoutError("the demo was not ready in time")


def wall_token(log: Path) -> str:
    """The demo prints its addresses a moment after its doors are open."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        printed = re.search(r"#/wall/(\S+)\s", log.read_text())
        if printed:
            return printed[1]
        time.sleep(0.1)
    raise TimeoutError("the demo printed no address of the wall")


@pytest.fixture(scope="session")
def tower() -> Iterator[Tower]:
    """Started once a session; Ctrl-C must end it cleanly."""
    with started() as running:
        yield running


@contextmanager
def started(**settings: str) -> Iterator[Tower]:
    """A demo with these settings besides; ended cleanly."""
    folder = Path(tempfile.mkdtemp(prefix="ct-"))
    folder.chmod(0o711)
    port = free_port()
    env = {
        **os.environ,
        "CARETOWER_DATA_DIR": str(folder),
        "CARETOWER_PORT": str(port),
        "CARETOWER_DEMO_TRAFFIC": "off",
        "PYTHONUNBUFFERED": "1",
        **settings,
    }
    url = f"http://localhost:{port}"
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "caretower", "demo"],
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, os.getpid()),
        )
    try:
        wait_until_ready(url, process)
        token = wall_token(folder / "demo.log")
        tower = Tower(url, folder, read_accounts(folder), process, token)
        begin_shift(tower)
        yield tower
        process.send_signal(signal.SIGINT)
        assert process.wait(STOPPED_WITHIN_S) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
            time.sleep(1)  # the kernel ends the parts of a killed supervisor
        print((folder / "demo.log").read_text()[-8000:])
        shutil.rmtree(folder, ignore_errors=True)


def find_browser() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window; one a test, because its event loop is the thread's."""
    found = find_browser()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium")
        pytest.skip("no chromium here: as root, apt-get install chromium")
    expect.set_options(timeout=WITHIN_MS)
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile a test."""
    fresh = browser.new_context(viewport={"width": 1600, "height": 1000}, locale="en-US")
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def people(browser: Browser, tower: Any) -> Iterator[Callable[..., Page]]:
    """Opens the client as somebody, each in a browser profile of their own."""
    contexts: list[BrowserContext] = []

    def open_as(
        name: str, viewport: dict[str, int] = DESK, zone: str | None = None, url: str | None = None
    ) -> Page:
        context = browser.new_context(viewport=viewport, locale="en-US", timezone_id=zone)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WITHIN_MS)
        page.goto(url or tower.url)
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(tower.accounts[name].password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("status").filter(has_text=CONNECTED)).to_be_visible(
            timeout=WITHIN_MS
        )
        return page

    yield open_as
    for context in contexts:
        context.close()
