"""How smoothly the wall moves where no graphics card draws: 500 vehicles and 200 facilities.

A real Chromium without one, 1920 x 1080, the built client on its Canvas renderer. Each object
reports once a second, evenly spread, so that every frame of the screen is a new picture: both maps
are drawn anew each time, and the drawn ones are counted. The frames come from a local source
(`moving_region`) and pass through the client's own live decoding; the api's own feed gathers
changes into at most twenty frames a second and would cap the count.
"""

import os
import shutil
from collections.abc import Callable

from playwright.sync_api import Page, ViewportSize, sync_playwright

from benchmarks.moving_region import DIST, MovingRegion, application, once_a_second, serving
from benchmarks.rows import Row, row

TARGET_FPS = 30.0
SIZE: ViewportSize = {"width": 1920, "height": 1080}
SECONDS = {True: 6, False: 15}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]

# Every drawing of a map begins by clearing its layer of marks.
COUNT = """() => {
    const clear = CanvasRenderingContext2D.prototype.clearRect;
    window.drawn = new Map();
    window.frames = 0;
    const beat = () => { window.frames++; requestAnimationFrame(beat); };
    requestAnimationFrame(beat);
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        if (this.canvas.className.includes('overlay')) window.drawn.set(this.canvas, (window.drawn.get(this.canvas) ?? 0) + 1);
        return clear.apply(this, box);
    };
}"""  # noqa: E501
TAKE = """() => {
    const taken = [[...window.drawn.values()], window.frames];
    window.drawn.clear();
    window.frames = 0;
    return taken;
}"""


def run(*, short: bool) -> list[Row]:
    """One row: maps drawn a second, of the slower map."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None or not (DIST / "index.html").exists():
        if os.environ.get("CI"):
            raise RuntimeError("CI needs chromium (make system) and the built client (make web)")
        print("  left out: no chromium (make system) or no built client (make web)")
        return []
    with serving(application(MovingRegion(), once_a_second)) as url, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=FLAGS)
        fps = frames_a_second(browser.new_page(viewport=SIZE), url, SECONDS[short])
        browser.close()
    return [row("wall.fps_software", fps, "frames/s", TARGET_FPS, lower=False)]


def frames_a_second(
    page: Page, url: str, seconds: int, said: Callable[[str], None] = print
) -> float:
    """Opens the wall, lets it settle, and counts."""
    page.goto(f"{url}/#/wall/token")
    page.get_by_role("row").filter(has_text="Weber").wait_for()
    renderers = page.locator(".map").evaluate_all("all => all.map((map) => map.dataset.renderer)")
    assert set(renderers) == {"canvas"}, renderers
    page.evaluate(COUNT)
    page.wait_for_timeout(2_000)
    page.evaluate(TAKE)
    page.wait_for_timeout(seconds * 1_000)
    drawn, frames = page.evaluate(TAKE)
    assert len(drawn) == len(renderers), "every map moves"
    said(f"  maps drawn {drawn} times, screen refreshed {frames} times in {seconds} s")
    return float(min(drawn) / seconds)
