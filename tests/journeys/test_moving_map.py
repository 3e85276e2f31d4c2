"""What moves on the map: ways, reach, shifts and closed roads, in a real browser."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from uuid6 import uuid7

from tests.journeys.desk import (
    HOUR_MS,
    PHONE,
    WITHIN_MS,
    Desk,
    account,
    open_request,
    put_on_duty,
)
from tests.journeys.test_screens import hindrances

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

People = Callable[..., Page]
UHD = {"width": 3840, "height": 2160}


def asks_for_ways(made: Request) -> bool:
    return made.method == "POST" and made.url.endswith("/v1/routes")


def test_who_is_within_reach_of_the_person_and_which_way_the_team_drives(
    people: People, tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    asked: list[str] = []
    console.on("request", lambda made: asked.append(made.url.split("/v1/")[-1]))
    with console.expect_request(asks_for_ways, timeout=WITHIN_MS):
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
    assert asked
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


def test_a_wall_that_was_set_up_once_draws_the_reach_of_a_place_by_the_roads_as_they_are(
    browser: Browser, tower: Any, tmp_path: Path
) -> None:
    page = browser.new_page(viewport=UHD)
    asked: list[Any] = []
    page.on(
        "request",
        lambda made: asked.append(made.post_data_json) if "isochrones" in made.url else None,
    )
    page.goto(f"{tower.url}/#/wall/{tower.wall_token}?reach=weber")
    legend = page.get_by_role("list", name="Legend")
    for minutes in (30, 60):
        expect(legend).to_contain_text(f"Within {minutes} min of Weber", timeout=WITHIN_MS)
    assert page.url.endswith("#/wall?reach=weber"), "the token is gone, the choice stays"
    map_ = page.locator(".map").first
    expect(map_).to_have_attribute("data-areas", "60 min; 30 min")
    page.screenshot(path=tmp_path / "wall-reach.png")

    line = {"type": "LineString", "coordinates": [[-111.97, 41.22], [-111.9, 40.9]]}
    until_ms = int(time.time() * 1000) + HOUR_MS
    desk, id = Desk(tower), str(uuid7())
    with page.expect_response(re.compile("isochrones$"), timeout=WITHIN_MS):
        desk.put(f"/v1/closures/{id}", area=line, slowdown=None, reason="flood", until_ms=until_ms)
    expect(map_).to_have_attribute("data-areas", re.compile("^60 min; 30 min; closed: flood"))
    with page.expect_response(re.compile("isochrones$"), timeout=WITHIN_MS):
        desk.post(f"/v1/closures/{id}/lift")
    assert all(set(body) == {"zone", "limits_s"} for body in asked), "a wall asks of no position"

    page.reload()
    expect(legend).to_contain_text("Within 30 min of Weber", timeout=WITHIN_MS)
    expect(page.get_by_role("row").filter(has_text="Weber")).to_be_visible(timeout=WITHIN_MS)
    page.keyboard.press("i")
    expect(page).to_have_url(re.compile("reach=(?!weber)"))
    expect(legend.get_by_text("Within 30 min of Weber", exact=True)).to_have_count(0)
    expect(legend).to_contain_text("Within 30 min of ", timeout=WITHIN_MS)
    page.close()


def test_roads_are_slowed_and_opened_again_by_keys_alone(people: People, tower: Any) -> None:
    console = people(account(tower, "dispatcher"))
    map_ = console.locator(".map").first
    console.keyboard.press("g")
    console.keyboard.press("c")
    panel = console.get_by_role("region", name="Closed and slow roads")
    place = panel.get_by_label(re.compile("^Town, ZIP"))
    expect(place).to_be_focused()
    console.keyboard.type("Ogden")
    console.keyboard.press("Enter")
    panel.get_by_label("Kilometres around").fill("5")
    panel.get_by_label("How").select_option("3× as slow")
    panel.get_by_label("Reason").select_option("fire")
    panel.get_by_role("button", name="Close or slow these roads").press("Enter")
    expect(panel.get_by_text("Entered.")).to_be_visible(timeout=WITHIN_MS)
    expect(map_).to_have_attribute("data-areas", re.compile("^3× as slow: fire, until "))
    panel.get_by_role("button", name=re.compile("^Open again: 3×")).press("Enter")
    expect(map_).to_have_attribute("data-areas", "", timeout=WITHIN_MS)


def test_the_road_between_two_places_is_closed(people: People, tower: Any, tmp_path: Path) -> None:
    console = people(account(tower, "dispatcher"))
    map_ = console.locator(".map").first
    console.get_by_role("button", name="Close or slow roads").click()
    panel = console.get_by_role("region", name="Closed and slow roads")
    panel.get_by_label("Which roads").select_option("the road between places")
    send = panel.get_by_role("button", name="Close or slow these roads")
    send.click()
    expect(panel.get_by_text("Two places at least")).to_be_visible()
    place = panel.get_by_label(re.compile("^Town, ZIP"))
    for town in ("Ogden", "Layton"):
        place.fill(town)
        place.press("Enter")
    map_.click(position={"x": 60, "y": 60})
    expect(panel.get_by_text("3 places")).to_be_visible()
    panel.get_by_role("button", name="Drop the last").click()
    expect(panel.get_by_text("2 places")).to_be_visible()
    with console.expect_request(re.compile("/v1/closures/")) as sent:
        send.click()
    area = sent.value.post_data_json["area"]
    assert area["type"] == "LineString"
    assert len(area["coordinates"]) > 2, "along the road, not as the crow flies"
    expect(map_).to_have_attribute("data-areas", re.compile("^closed: weather"), timeout=WITHIN_MS)
    console.screenshot(path=tmp_path / "closure.png")
    assert hindrances(console) == []
    panel.get_by_role("button", name=re.compile("^Open again: closed")).click()
    expect(map_).to_have_attribute("data-areas", "", timeout=WITHIN_MS)


def test_who_goes_off_shift_soon_is_listed_for_dispatcher_and_supervisor(
    people: People, tower: Any
) -> None:
    boss = Desk(tower, "supervisor")
    team = next(each for each in boss.get("/v1/teams")["items"] if each["request"] is None)
    start_ms, now_ms = team["shift_start_ms"], int(time.time() * 1000)
    put_on_duty(boss, "teams", team, start_ms, now_ms + HOUR_MS // 4)
    try:
        for role in ("dispatcher", "supervisor"):
            page = people(account(tower, role))
            soon = page.get_by_role("group").filter(has_text="off shift within 30 min")
            expect(soon).to_contain_text("1 unit goes off shift", timeout=WITHIN_MS)
            soon.locator("summary").click()
            expect(soon.get_by_role("listitem").filter(has_text=team["name"])).to_be_visible()
    finally:
        put_on_duty(boss, "teams", team, start_ms, team["shift_end_ms"])


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
