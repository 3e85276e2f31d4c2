"""Paper before and after a downtime: the board is printed, and what was written is entered."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect
from uuid6 import uuid7

from tests.journeys.desk import DESK, WITHIN_MS, Desk, account
from tests.journeys.test_screens import hindrances

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PICTURES = Path("build/screens")
MINUTE_MS = 60_000
KEPT_WITHIN_S = 90
TOWN, LON, LAT = "Ogden", -111.97, 41.22
ELSEWHERE = "Asia/Tokyo"


def test_the_board_is_printed_and_what_was_written_by_hand_is_entered_with_its_time(
    people: Callable[..., Page], tower: Any
) -> None:
    desk, request = Desk(tower), str(uuid7())
    zone = region_zone(desk)
    now_ms = time.time_ns() // 1_000_000
    desk.post(
        "/v1/requests", request=request, place=TOWN, lon=LON, lat=LAT, urgency=2,
        person={"name": "Planted Name"}, at_ms=now_ms - 60 * MINUTE_MS, downtime=True,
    )  # fmt: skip
    page = people(account(tower, "dispatcher"), DESK, ELSEWHERE)
    page.get_by_role("link", name="Downtime").click()

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Print the board").click()
    board = opened.value
    expect(board.get_by_role("cell", name=request[-6:])).to_be_visible(timeout=WITHIN_MS)
    expect(board.get_by_text("Planted Name")).to_have_count(0)

    page.get_by_label(re.compile("^Request")).select_option(request)
    page.get_by_label("What happened").select_option("resolved_by_phone")
    when = page.get_by_label("When it happened")
    when.fill(minute(now_ms - 90 * MINUTE_MS, zone))
    enter = page.get_by_role("button", name="Enter", exact=True)
    enter.click()
    refused = page.get_by_text("Nothing can have happened before the request was opened")
    expect(refused).to_be_visible(timeout=WITHIN_MS)

    true_ms = now_ms - 30 * MINUTE_MS
    when.fill(minute(true_ms, zone))
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "downtime.png")
    enter.click()
    expect(page.get_by_text("Entered: Resolved by phone")).to_be_visible(timeout=WITHIN_MS)
    timeline = desk.get(f"/v1/requests/{request}")["timeline"]
    (deed,) = (each for each in timeline if each["action"] == "resolve_by_phone")
    assert deed["at_ms"] == true_ms // MINUTE_MS * MINUTE_MS
    assert deed["told_ms"] >= now_ms

    copy = tower.data_dir / "downtime" / "board.html"
    deadline = time.monotonic() + KEPT_WITHIN_S
    while not copy.exists() and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert copy.read_text().startswith("<!doctype html>")


def test_a_call_that_came_during_an_outage_is_entered_and_told_with_both_its_times(
    people: Callable[..., Page], tower: Any
) -> None:
    desk = Desk(tower)
    zone = region_zone(desk)
    now_ms = time.time_ns() // MINUTE_MS // 1_000_000 * MINUTE_MS
    called_ms, assigned_ms, declined_ms = (now_ms - ago * MINUTE_MS for ago in (75, 60, 50))
    page = people(account(tower, "dispatcher"), DESK, ELSEWHERE)
    page.get_by_role("link", name="Downtime").click()

    page.get_by_role("button", name="Enter a new call").click()
    form = page.get_by_role("form", name="A call that was written on paper")
    form.get_by_label(re.compile("^Place: town")).fill(TOWN)
    form.get_by_role("button", name=TOWN, exact=True).click()
    form.get_by_label("Call-back number").fill("801-555-0177")
    called = form.get_by_label(re.compile(r"^When the call came \(time of .+, M[DS]T\)$"))
    called.fill(minute(called_ms, zone))
    assert hindrances(page) == []
    page.screenshot(path=PICTURES / "downtime-call.png", full_page=True)
    form.get_by_role("button", name="Open the request").click()
    expect(page.get_by_text("The call is on record as")).to_be_visible(timeout=WITHIN_MS)
    chosen = page.get_by_label(re.compile("^Request"))
    expect(chosen).to_have_value(re.compile("^[0-9a-f-]{36}$"), timeout=WITHIN_MS)
    request = chosen.input_value()

    # Paper tells of what was before the recommendation that is made now.
    page.goto(f"{tower.url}/#/console/{request}")
    expect(page.get_by_role("button", name=re.compile("^Accept"))).to_be_enabled(timeout=WITHIN_MS)
    page.get_by_role("link", name="Downtime").click()
    chosen.select_option(request)
    team = next(
        each
        for each in desk.get("/v1/teams")["items"]
        if each["request"] is None and each["status"] == "available" and TOWN in each["name"]
    )
    enter = page.get_by_role("button", name="Enter", exact=True)
    when = page.get_by_label("When it happened")
    page.get_by_label("What happened").select_option(label="Team, van or place assigned")
    page.get_by_label(re.compile("^Team")).select_option(team["id"])
    when.fill(minute(assigned_ms, zone))
    assert hindrances(page) == []
    page.screenshot(path=PICTURES / "downtime-assigned.png", full_page=True)
    enter.click()
    expect(page.get_by_text("Entered: Team, van or place")).to_be_visible(timeout=WITHIN_MS)
    assert desk.get(f"/v1/requests/{request}")["card"]["team"] == team["id"]

    page.get_by_label("What happened").select_option(label="Crew declined")
    page.get_by_label("Who answered, by name").fill("Lee")
    page.get_by_label("Why they declined").select_option(index=1)
    when.fill(minute(declined_ms, zone))
    enter.click()
    expect(page.get_by_text("Entered: Crew declined")).to_be_visible(timeout=WITHIN_MS)

    known = desk.get(f"/v1/requests/{request}")
    deeds = {deed["action"]: deed for deed in known["timeline"]}
    assert known["card"]["opened_ms"] == called_ms
    assert known["card"]["team"] is None
    for action, then_ms in (
        ("opened", called_ms),
        ("overridden", assigned_ms),
        ("crew_declined", declined_ms),
    ):
        assert deeds[action]["at_ms"] == then_ms
        assert deeds[action]["told_ms"] >= now_ms
    page.goto(f"{tower.url}/#/console/{request}")
    timeline = page.get_by_role("region", name="Timeline").get_by_role("listitem")
    for what, then_ms in (
        ("opened the request", called_ms),
        (f"chose {team['name']}", assigned_ms),
        ("crew declined", declined_ms),
    ):
        line = timeline.filter(has_text=what)
        expect(line).to_contain_text(minute(then_ms, zone)[-5:], timeout=WITHIN_MS)
        expect(line).to_contain_text(re.compile(r"\(told \d\d:\d\d\)"))
    page.screenshot(path=PICTURES / "downtime-timeline.png")
    desk.post(f"/v1/requests/{request}/cancel", reason="the journey is over")


def region_zone(desk: Desk) -> ZoneInfo:
    return ZoneInfo(desk.get("/v1/region")["timezone"])


def minute(at_ms: int, zone: ZoneInfo) -> str:
    """As the browser's field for a local time takes it, in the region's zone."""
    return datetime.fromtimestamp(at_ms / 1000, zone).strftime("%Y-%m-%dT%H:%M")
