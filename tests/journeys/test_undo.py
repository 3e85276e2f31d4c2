"""A slip is taken back by a real command, and an alarm is heard by name, on every screen."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.desk import TABLET, WITHIN_MS, Desk, accept, account, freest, open_request

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

People = Callable[..., Page]


def undo(page: Page) -> None:
    strip = page.get_by_role("complementary", name="Undo")
    expect(strip.get_by_role("button", name="Undo")).to_be_visible(timeout=WITHIN_MS)
    page.keyboard.press("u")


def test_an_acceptance_is_undone_by_one_key_until_the_crew_has_answered(
    people: People, tower: Any
) -> None:
    desk = Desk(tower)
    console = people(account(tower, "dispatcher"))
    request = open_request(console, "Orem")
    accept(console)
    undo(console)
    expect(console.get_by_text("Undone: Accepted for Orem.").last).to_be_visible(timeout=WITHIN_MS)
    card = desk.get(f"/v1/requests/{request}")["card"]
    assert (card["team"], card["crew_answer"]) == (None, None)
    person = console.get_by_role("article", name="The person")
    expect(person.get_by_text("took the acceptance back")).to_be_visible(timeout=WITHIN_MS)

    accept(console)
    answer = {"answer": "acknowledged", "by_name": "Cal", "reason": None, "by_phone": True}
    desk.post(f"/v1/requests/{request}/crew-answer", **answer)
    console.keyboard.press("u")
    expect(
        console.get_by_role("alert").filter(has_text="The crew has its task already")
    ).to_be_visible(timeout=WITHIN_MS)
    assert desk.get(f"/v1/requests/{request}")["card"]["team"] is not None
    desk.post(f"/v1/requests/{request}/cancel", reason="the journey is over")


def test_an_alarm_is_heard_by_name_on_every_console_and_its_owner_may_give_it_back(
    people: People, tower: Any
) -> None:
    desk = Desk(tower)
    first, second, *_ = [n for n, each in tower.accounts.items() if each.role == "dispatcher"]
    here, there = people(first), people(second)
    request = open_request(here, "Provo")
    risk = desk.get(f"/v1/requests/{request}")["risk"]
    desk.post(f"/v1/requests/{request}/triage", risk={**risk, "imminent": "yes"})
    desk.post(f"/v1/requests/{request}/disown")
    for page in (here, there):
        alarm = page.get_by_role("alert").filter(has_text="Imminent risk, nobody owns it")
        expect(alarm).to_contain_text("Provo", timeout=WITHIN_MS)
    there.keyboard.press("m")
    for page in (here, there):
        expect(page.get_by_text(re.compile(r"heard by .*, sounds again at"))).to_be_visible(
            timeout=WITHIN_MS
        )
    there.get_by_role("button", name="Own Provo").click()
    alarm = here.get_by_role("alert").filter(has_text="Imminent risk, nobody owns it")
    expect(alarm).to_have_count(0, timeout=WITHIN_MS)
    undo(there)
    expect(alarm).to_contain_text("Provo", timeout=WITHIN_MS)
    assert desk.get(f"/v1/requests/{request}")["card"]["owner"] is None
    desk.post(f"/v1/requests/{request}/own")
    expect(alarm).to_have_count(0, timeout=WITHIN_MS)


def test_a_pad_takes_back_a_count_a_walk_in_and_a_still_true(people: People, tower: Any) -> None:
    staff = account(tower, "facility")
    facility = tower.accounts[staff].scope
    pad = people(staff, TABLET)
    unit, free = freest(pad)
    figure = unit.locator(".figure")
    undo = pad.get_by_role("complementary", name="Undo").get_by_role("button", name="Undo")

    unit.get_by_role("button", name=re.compile("^One fewer free")).click()
    expect(undo).to_be_visible(timeout=WITHIN_MS)
    undo.click()
    expect(figure).to_have_text(str(free))

    unit.get_by_role("button", name="Walk-in took a bed").click()
    expect(figure).to_have_text(str(free - 1), timeout=WITHIN_MS)
    undo.click()
    expect(figure).to_have_text(str(free), timeout=WITHIN_MS)

    desk = Desk(tower)
    name = unit.get_by_role("heading").inner_text()

    def confirmed() -> int:
        pools = desk.get("/v1/pools")["items"]
        ours = (each for each in pools if (each["facility"], each["name"]) == (facility, name))
        return int(next(ours)["confirmed_ms"])

    before = confirmed()
    unit.get_by_role("button", name="Still true").click()
    wait_until(lambda: confirmed() > before)
    undo.click()
    wait_until(lambda: confirmed() == before)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_MS / 1000
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
