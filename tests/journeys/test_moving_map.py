"""What moves on the map: ways, reach, shifts and closed roads, in a real browser."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from uuid6 import uuid7

from tests.journeys.desk import PHONE, WITHIN_MS, Desk, account, open_request

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(300)]

People = Callable[..., Page]
HOUR_MS = 3_600_000
UHD = {"width": 3840, "height": 2160}


def test_who_is_within_reach_of_the_person_and_which_way_the_team_drives(
    people: People, tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    asked: list[str] = []
    console.on("request", lambda made: asked.append(made.url.split("/v1/")[-1]))
    open_request(console, "Ogden")
    expect(console.get_by_role("button", name=re.compile("^Accept"))).to_be_enabled(
        timeout=WITHIN_MS
    )
    console.keyboard.press("i")
    reach = console.get_by_role("region", name="Who is within reach")
    expect(reach.get_by_text(re.compile(r"\d+ teams? in 15 min"))).to_be_visible(timeout=WITHIN_MS)
    expect(reach.get_by_role("listitem").first).to_contain_text("min")
    console.keyboard.press("i")
    expect(reach).to_have_count(0)
    assert "routes" in asked
    assert not any("lon" in url or "lat" in url for url in asked), "no position in an address"


def test_a_closed_road_is_told_on_console_and_wall_while_it_holds(
    people: People, tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    map_ = console.locator(".map").first
    now_ms = int(time.time() * 1000)
    closure = {
        "area": {"type": "LineString", "coordinates": [[-111.97, 41.22], [-111.9, 40.9]]},
        "slowdown": None,
        "reason": "flood",
        "until_ms": now_ms + HOUR_MS,
    }
    desk, id = Desk(tower), str(uuid7())
    desk.put(f"/v1/closures/{id}", **closure)
    for _ in range(2):
        closed = re.compile(r"^closed: flood, until \d\d:\d\d$")
        expect(map_).to_have_attribute("data-areas", closed, timeout=WITHIN_MS)
        console.keyboard.press("g")
        console.keyboard.press("w")
        expect(console.get_by_role("row").filter(has_text="Weber")).to_be_visible()
    desk.post(f"/v1/closures/{id}/lift")
    expect(map_).to_have_attribute("data-areas", "", timeout=WITHIN_MS)


def test_who_goes_off_shift_soon_is_listed_for_dispatcher_and_supervisor(
    people: People, tower: Any
) -> None:
    desk, boss = Desk(tower), Desk(tower, "supervisor")
    team = next(each for each in desk.get("/v1/teams")["items"] if each["request"] is None)
    defined = ("zone", "name", "seats", "offers", "shift_start_ms", "base_lon", "base_lat", "phone")
    now_ms = int(time.time() * 1000)
    known = {name: team[name] for name in defined if name in team}
    boss.put(f"/v1/teams/{team['id']}", **known, shift_end_ms=now_ms + HOUR_MS // 4)
    try:
        for role in ("dispatcher", "supervisor"):
            page = people(account(tower, role))
            soon = page.get_by_role("group").filter(has_text="off shift within 30 min")
            expect(soon).to_contain_text("1 unit goes off shift", timeout=WITHIN_MS)
            soon.locator("summary").click()
            expect(soon.get_by_role("listitem").filter(has_text=team["name"])).to_be_visible()
    finally:
        boss.put(f"/v1/teams/{team['id']}", **known, shift_end_ms=team["shift_end_ms"])


def test_nothing_is_small_on_a_4k_wall_and_nothing_is_cut_off_on_a_telephone(
    people: People, tower: Any
) -> None:
    wall = people(account(tower, "dispatcher"), UHD)
    wall.keyboard.press("g")
    wall.keyboard.press("w")
    expect(wall.get_by_role("row").filter(has_text="Weber")).to_be_visible(timeout=WITHIN_MS)
    smallest = wall.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.wall *')]
            .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .filter((e) => !e.closest('.seen-by-readers-only'))
            .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 40
    for role in ("dispatcher", "supervisor", "facility", "provider", "field"):
        page = people(account(tower, role), PHONE)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], role
