"""The main job as people do it: in real browsers, each person with a screen of their own.

The pictures that the journeys take are kept in build/screens.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from uuid6 import uuid7

from benchmarks.state_world import crisis, crowd
from geo.region import load_region
from tests.journeys.desk import accept
from tests.running import processes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PICTURES = Path("build/screens")
PATIENCE_MS = 20_000
CONSOLE = {"width": 1600, "height": 1000}
TABLET = {"width": 1180, "height": 820}
PHONE = {"width": 420, "height": 860}
WALL = {"width": 1920, "height": 1080}


@dataclass
class People:
    """Opens screens; every error that a page's own code throws fails the journey."""

    tower: Any
    browser: Browser
    faults: list[str] = field(default_factory=list)

    def page(self, size: dict[str, int], path: str = "/") -> Page:
        context = self.browser.new_context(viewport=size, locale="en-US")  # type: ignore[arg-type]
        # Whatever the sun does outside: pictures of a night shift, and of a counter by day.
        light = "light" if size is TABLET else "dark"
        context.add_init_script(f"localStorage.setItem('caretower.theme', '{light}')")
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.goto(self.tower.url + path)
        return page

    def at(self, name: str, size: dict[str, int] = CONSOLE) -> Page:
        page = self.page(size)
        page.locator("input[name=name]").fill(name)
        page.locator("input[name=password]").fill(self.tower.accounts[name].password)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Connected", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
        return page

    def wall(self) -> Page:
        page = self.page(WALL, f"/#/wall/{self.tower.wall_token}")
        expect(page.get_by_text("Connected", exact=True).first).to_be_visible(timeout=PATIENCE_MS)
        return page

    def account(self, role: str, scope: str) -> str:
        return next(
            name
            for name, account in self.tower.accounts.items()
            if account.role == role and account.scope == scope
        )


@pytest.fixture
def people(tower: Any, browser: Browser) -> Iterator[People]:
    here = People(tower, browser)
    yield here
    for context in browser.contexts:
        context.close()
    assert here.faults == []


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(600)  # a change glows for a moment; the picture shows it at rest
    page.screenshot(path=PICTURES / f"{name}.png")


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}"))


def open_request(page: Page, town: str, *, place: str) -> None:
    """The dispatcher types what the caller says."""
    page.keyboard.press("n")
    form = page.get_by_role("form", name="New request")
    form.locator("input[name=place]").fill(town)
    button(form, town).first.click()
    form.get_by_label("Call-back number").fill("801-555-0123")
    form.get_by_label("What is happening").fill("Has not slept for days, talks of dying.")
    form.locator("label", has_text=re.compile("^Adult$")).click()
    form.get_by_role("combobox", name="A place to stay").select_option(place)
    form.get_by_role("combobox", name="Transport").select_option(place)
    button(form, "Open the request").click()
    expect(form).to_be_hidden()


def cards(people: People, name: str = "robin") -> list[dict[str, Any]]:
    with httpx.Client(base_url=people.tower.url) as client:
        log_in = {"name": name, "password": people.tower.accounts[name].password}
        token = client.post("/v1/sessions", json=log_in).json()["token"]
        headers = {"Authorization": f"Bearer {token}"}
        found = client.get("/v1/requests", headers=headers).json()["items"]
        pools = client.get("/v1/pools", headers=headers).json()["items"]
    facility = {pool["id"]: pool["facility"] for pool in pools}
    return [{**card, "facility": facility.get(card["pool"])} for card in found]


def chosen(page: Page, people: People) -> dict[str, Any]:
    """The card of the request that the page shows."""
    page.wait_for_url(re.compile(r"#/console/[0-9a-f-]{36}$"))
    return next(card for card in cards(people) if card["id"] == page.url.rsplit("/", 1)[1])


def fill_the_board(people: People, count: int = 9) -> None:
    """Others call too: invented requests, so that the screens are seen at work."""
    region = load_region("utah", people.tower.data_dir / "cache")
    callers = crowd(region)
    rng = random.Random(5)
    log_in = {"name": "sam", "password": people.tower.accounts["sam"].password}
    with httpx.Client(base_url=people.tower.url, timeout=20) as client:
        token = client.post("/v1/sessions", json=log_in).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        for number in range(count):
            body = {**crisis(rng, callers), "mine": number % 2 == 0, "command_id": str(uuid7())}
            client.post("/v1/requests", json=body).raise_for_status()


def test_every_screen_shows_each_step(people: People) -> None:
    fill_the_board(people)
    robin = people.at("robin")
    wall = people.wall()
    open_request(robin, "Salt Lake City", place="needed")
    expect(robin.get_by_text("reaches the person in").first).to_be_visible()
    expect(wall.get_by_text(re.compile("request was opened")).first).to_be_visible()
    picture(robin, "console")
    accept(robin)
    expect(robin.get_by_text("Accepted, crew asked").first).to_be_visible()
    card = chosen(robin, people)

    pad = people.at(people.account("facility", card["facility"]), TABLET)
    expect(pad.get_by_text("Answer within")).to_be_visible()
    picture(pad, "pad")
    pad.get_by_label("Who accepts").fill("Dana Charge Nurse")
    button(pad, "Accept").click()
    expect(pad.get_by_text("Answer within")).to_be_hidden()

    crew = people.at(people.account("field", f"team:{card['team']}"), PHONE)
    button(crew, "We take it").click()
    picture(crew, "field")
    for step in ("We are on our way", "We are on scene", "We leave with the person"):
        button(crew, step).click()
    expect(robin.get_by_text("Transporting").first).to_be_visible()
    expect(pad.get_by_text("Transporting").first).to_be_visible()
    expect(wall.get_by_text(re.compile("team was sent")).first).to_be_visible()
    picture(wall, "wall")
    for step in ("We have arrived", "Handed over"):
        button(crew, step).click()
    expect(crew.get_by_text("No task now.")).to_be_visible()
    expect(pad.get_by_text("Nobody is on the way to us now.")).to_be_visible()


def test_a_facility_that_does_not_answer_is_called_and_recorded_by_name(people: People) -> None:
    robin = people.at("robin")
    open_request(robin, "Provo", place="needed")
    accept(robin)
    expect(robin.get_by_text("Accepted, crew asked").first).to_be_visible()
    button(robin, "Facility answered by phone").click()
    robin.get_by_label("Who answered").fill("Night nurse Kim")
    button(robin, "Facility accepts").click()
    expect(button(robin, "Facility answered by phone")).to_be_hidden()
    assert chosen(robin, people)["facility_answer"] == "accepted"


def test_a_bed_that_is_taken_cannot_be_taken_by_a_second_dispatcher(people: People) -> None:
    """Both look at the same recommendation of two requests; the second is told who has it."""
    robin, sam = people.at("robin"), people.at("sam")
    open_request(robin, "Moab", place="none")
    first = chosen(robin, people)
    accept(robin)
    expect(robin.get_by_text("Accepted, crew asked").first).to_be_visible()
    team = next(card["team"] for card in cards(people) if card["id"] == first["id"])
    open_request(sam, "Moab", place="none")
    expect(button(sam, "Override")).to_be_visible()
    sam.keyboard.press("x")
    sam.get_by_role("combobox", name="Team").select_option(team)
    sam.get_by_label("Reason (kept in the record)").fill("nearest crew")
    button(sam, "Override and accept").click()
    expect(sam.get_by_role("alert").first).to_be_visible()
    holders = [card["id"] for card in cards(people) if card["team"] == team]
    assert holders == [first["id"]]


def test_a_planner_that_hangs_is_told_until_it_is_back(people: People) -> None:
    robin = people.at("robin")
    late = robin.get_by_text("The planner has given no sign since")
    expect(late).to_be_hidden()
    (planner,) = processes(people.tower.process.pid, "planner")
    planner.suspend()
    try:
        open_request(robin, "Vernal", place="none")
        expect(late).to_be_visible()
        expect(robin.get_by_text("No recommendation: the planner gives no sign")).to_be_visible()
        expect(robin.get_by_text(re.compile("The nearest free team that fits is"))).to_be_visible()
        told = httpx.get(f"{people.tower.url}/readyz").raise_for_status().json()
        assert (told["ready"], told["parts"]["planner"]) == (True, "late")
        robin.keyboard.press("x")
        robin.get_by_label("Reason (kept in the record)").fill("the planner hangs")
        picture(robin, "planner-late")
        button(robin, "Override and accept").click()
        expect(robin.get_by_text("Accepted, crew asked").first).to_be_visible()
        open_request(robin, "Kanab", place="none")
    finally:
        planner.resume()
    expect(late).to_be_hidden(timeout=60_000)
    expect(robin.get_by_text("reaches the person in").first).to_be_visible()


def test_the_screens_recover_by_themselves_when_the_api_is_killed(people: People) -> None:
    robin, wall = people.at("robin"), people.wall()
    for process in processes(people.tower.process.pid, "api"):
        process.kill()
    for page in (robin, wall):
        expect(page.get_by_text("Disconnected since").first).to_be_visible()
    for page in (robin, wall):
        expect(page.get_by_text("Connected", exact=True).first).to_be_visible(timeout=60_000)
    open_request(robin, "Ogden", place="none")
    expect(robin.get_by_text("reaches the person in").first).to_be_visible()
