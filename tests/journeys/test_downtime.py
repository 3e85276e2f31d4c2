"""Paper before and after a downtime: the board is printed, and what was written is entered."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from uuid6 import uuid7

from tests.journeys.desk import DESK, WITHIN_MS, Desk, account

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("journeys"), pytest.mark.timeout(300)]

PICTURES = Path("build/screens")
MINUTE_MS = 60_000
KEPT_WITHIN_S = 90
TOWN, LON, LAT = "Ogden", -111.97, 41.22


def test_the_board_is_printed_and_what_was_written_by_hand_is_entered_with_its_time(
    people: Callable[..., Page], tower: Any
) -> None:
    desk, request = Desk(tower), str(uuid7())
    now_ms = time.time_ns() // 1_000_000
    desk.post(
        "/v1/requests", request=request, place=TOWN, lon=LON, lat=LAT, urgency=2,
        person={"name": "Planted Name"}, at_ms=now_ms - 60 * MINUTE_MS, downtime=True,
    )  # fmt: skip
    page = people(account(tower, "dispatcher"), DESK)
    page.get_by_role("link", name="Downtime").click()

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Print the board").click()
    board = opened.value
    expect(board.get_by_role("cell", name=request[-6:])).to_be_visible(timeout=WITHIN_MS)
    expect(board.get_by_text("Planted Name")).to_have_count(0)

    page.get_by_label(re.compile("^Request")).select_option(request)
    page.get_by_label("What happened").select_option("resolved_by_phone")
    when = page.get_by_label("When it happened")
    when.fill(minute(now_ms - 90 * MINUTE_MS))
    enter = page.get_by_role("button", name="Enter")
    enter.click()
    refused = page.get_by_text("Nothing can have happened before the request was opened")
    expect(refused).to_be_visible(timeout=WITHIN_MS)

    true_ms = now_ms - 30 * MINUTE_MS
    when.fill(minute(true_ms))
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "downtime.png")
    enter.click()
    expect(page.get_by_text("Entered: Resolved by phone")).to_be_visible(timeout=WITHIN_MS)
    deed = desk.get(f"/v1/requests/{request}")["timeline"][-1]
    assert deed["action"] == "resolve_by_phone"
    assert deed["at_ms"] == true_ms // MINUTE_MS * MINUTE_MS
    assert deed["told_ms"] >= now_ms

    copy = tower.data_dir / "downtime" / "board.html"
    deadline = time.monotonic() + KEPT_WITHIN_S
    while not copy.exists() and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    assert copy.read_text().startswith("<!doctype html>")


def minute(at_ms: int) -> str:
    """As the browser's field for a local time takes it; browser and test share a zone."""
    return datetime.fromtimestamp(at_ms / 1000).strftime("%Y-%m-%dT%H:%M")  # noqa: DTZ006
