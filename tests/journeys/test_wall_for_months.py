"""A wall that hangs for months: it leaks nothing, comes back by itself, and follows an upgrade."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.moving_region import DIST, MovingRegion, application, hours, once_a_second, serving
from tests.journeys.desk import DESK, WITHIN_MS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

HOURS = 2
MB = 1_000_000


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport=DESK)
    page.goto(f"{url}/#/wall/token")
    expect(page.get_by_role("row").filter(has_text="Weber")).to_be_visible(timeout=WITHIN_MS)
    return page


def under_new_names(dist: Path) -> None:
    """Every file that a browser may keep for ever gets another address, as in another build."""
    (dist / "assets").rename(dist / "newer")
    texts = (path for path in dist.rglob("*") if path.suffix in {".html", ".js", ".css"})
    for text in texts:
        text.write_text(text.read_text().replace("assets/", "newer/"))


def test_hours_of_frames_leave_memory_and_page_as_they_were(browser: Browser) -> None:
    region = MovingRegion()
    with serving(application(region, hours(HOURS))) as url:
        page = opened(browser, url)
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")

        def held_after(hour: int) -> dict[str, float]:
            while region.frames < hour * 3_600:
                page.wait_for_timeout(200)
            devtools.send("HeapProfiler.collectGarbage")
            given = devtools.send("Performance.getMetrics")["metrics"]
            return {each["name"]: each["value"] for each in given}

        early, late = held_after(1), held_after(HOURS)
    for what in ("Nodes", "JSEventListeners", "Documents"):
        assert late[what] <= early[what] * 1.05 + 20, (what, early[what], late[what])
    assert late["JSHeapUsedSize"] <= early["JSHeapUsedSize"] * 1.05 + MB, (early, late)


def test_a_wall_reloads_itself_when_the_server_has_a_newer_build(
    browser: Browser, tmp_path: Path
) -> None:
    dist = tmp_path / "dist"
    shutil.copytree(DIST, dist)
    script = next((dist / "assets").glob("index-*.js")).name
    with serving(application(MovingRegion(), once_a_second, dist)) as url:
        page = opened(browser, url)
        expect(page.locator(f'script[src="/assets/{script}"]')).to_have_count(1)
        under_new_names(dist)
        page.context.set_offline(True)
        expect(page.get_by_text("Disconnected since")).to_be_visible(timeout=WITHIN_MS)
        page.context.set_offline(False)
        newer = page.locator(f'script[src="/newer/{script}"]')
        expect(newer).to_have_count(1, timeout=WITHIN_MS)
        expect(page.get_by_text("Connected", exact=True)).to_be_visible(timeout=WITHIN_MS)
        expect(page.get_by_role("row").filter(has_text="Weber")).to_have_count(1)
