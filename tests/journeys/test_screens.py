"""The screens in a real browser, in front of the whole running system."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.desk import (
    CONNECTED,
    DESK,
    PHONE,
    TABLET,
    WITHIN_MS,
    Desk,
    accept,
    account,
    freest,
    open_request,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
PICTURES = ROOT / "build/screens"


def test_a_request_becomes_attended_care_on_the_screens(
    people: Callable[..., Page], tower: Any
) -> None:
    desk = Desk(tower)
    console = people(account(tower, "dispatcher"))
    request = open_request(console, "Salt Lake City")

    accept(console)
    card = desk.get(f"/v1/requests/{request}")["card"]
    pools = {pool["id"]: pool for pool in desk.get("/v1/pools")["items"]}

    facility = pools[card["pool"]]["facility"]
    pad = people(account(tower, "facility", facility), TABLET)
    pad.get_by_label("Who accepts").fill("Nurse Demo")
    pad.get_by_role("button", name="Accept", exact=True).click()
    expect(console.get_by_text("accepted (Nurse Demo)")).to_be_visible(timeout=WITHIN_MS)

    crew = people(account(tower, "field", f"team:{card['team']}"), TABLET)
    crew.get_by_role("button", name="We take it").click()
    for press, shown in (
        ("We are on our way", "Team on its way"),
        ("We are on scene", "On scene"),
        ("We leave with the person", "Transporting"),
        ("We have arrived", "Arrived"),
        ("Handed over", "Handed over"),
    ):
        crew.get_by_role("button", name=press).click()
        person = console.get_by_role("article", name="The person")
        expect(person.get_by_text(re.compile(f"· {shown}$"))).to_be_visible(timeout=WITHIN_MS)

    console.get_by_role("button", name=re.compile("^Refer to")).click()
    slot = next(each for each in desk.get("/v1/slots")["items"] if is_offered_in_person(each))["id"]
    console.get_by_label("Appointment").select_option(slot)
    console.get_by_label("Whom the provider expects").fill("Invented Person")
    console.get_by_role("button", name="Book and alert").click()
    expect(console.get_by_text("Done.")).to_be_visible(timeout=WITHIN_MS)
    slots = {each["id"]: each for each in desk.get("/v1/slots")["items"]}
    provider = people(account(tower, "provider", slots[slot]["provider"]), TABLET)
    provider.get_by_role("button", name="Ask for a ride").click()
    assert hindrances(provider) == []
    PICTURES.mkdir(parents=True, exist_ok=True)
    provider.screenshot(path=PICTURES / "provider-ride.png")
    provider.get_by_label("Home again as well").check()
    provider.get_by_role("button", name="Ask", exact=True).click()
    expect(provider.get_by_role("group", name="Ride home")).to_be_visible(timeout=WITHIN_MS)
    console.get_by_text("scheduled ride").click()
    console.locator(f'a[href="#/console/{request}"]').get_by_text("Ride home").click()
    called = console.get_by_role("group", name="Ride home")
    expect(called.get_by_role("button", name="Cancel this ride")).to_be_visible(timeout=WITHIN_MS)
    attended = provider.get_by_role("button", name="Attended")
    attended.click()
    expect(attended).to_have_count(0, timeout=WITHIN_MS)
    seen_by_the_source = console.get_by_role("region", name="Referred to")
    expect(seen_by_the_source.get_by_text("Attended")).to_be_visible(timeout=WITHIN_MS)
    referral = next(
        each for each in desk.get("/v1/referrals")["items"] if each["request"] == request
    )
    assert referral["closed"]


def is_offered_in_person(slot: dict[str, Any]) -> bool:
    soon_ms = 1000 * time.time() + 3_600_000
    free = slot["free"] > 0 and slot["open"] and slot["starts_ms"] > soon_ms
    return bool(slot["mode"] == "in_person" and free)


def test_a_half_written_request_survives_a_reload(people: Callable[..., Page], tower: Any) -> None:
    console = people(account(tower, "dispatcher"))
    console.keyboard.press("n")
    console.get_by_label("What is happening").fill("Half a sentence about an invented person")
    console.reload()
    expect(console.get_by_label("What is happening")).to_have_value(
        "Half a sentence about an invented person", timeout=WITHIN_MS
    )


def test_a_pad_without_network_keeps_its_count_and_sends_it_once(
    people: Callable[..., Page], tower: Any
) -> None:
    name = account(tower, "facility")
    pad = people(name, TABLET)
    unit, free = freest(pad)
    figure = unit.locator(".figure")
    sent: list[str] = []
    pad.on(
        "request",
        lambda made: sent.append(made.post_data or "") if made.url.endswith("/counts") else None,
    )

    pad.context.set_offline(True)
    unit.get_by_role("button", name=re.compile("^One fewer free")).click()
    expect(figure).to_have_text(str(free - 1))
    expect(unit.get_by_text("not sent yet")).to_be_visible()
    expect(pad.get_by_text("1 change not sent yet")).to_be_visible(timeout=WITHIN_MS)

    pad.context.set_offline(False)
    expect(unit.get_by_text("not sent yet")).to_be_hidden(timeout=WITHIN_MS)
    expect(figure).to_have_text(str(free - 1))
    assert len(set(sent)) == 1, "every try carries the same id and count"


def test_a_screen_that_lost_its_connection_says_so_and_recovers(
    people: Callable[..., Page], tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    console.context.set_offline(True)
    expect(console.get_by_text(re.compile("^No fresh data since"))).to_be_visible(timeout=WITHIN_MS)
    console.context.set_offline(False)
    expect(console.get_by_role("status").filter(has_text=CONNECTED)).to_be_visible(
        timeout=WITHIN_MS
    )
    expect(console.get_by_text(re.compile("^No fresh data since"))).to_be_hidden()


def test_the_wall_shows_authorities_and_says_that_it_is_simulated(
    people: Callable[..., Page], tower: Any
) -> None:
    wall = people(account(tower, "dispatcher"))
    wall.keyboard.press("g")
    wall.keyboard.press("w")
    expect(wall.get_by_role("row").filter(has_text="Weber")).to_be_visible(timeout=WITHIN_MS)
    expect(wall.get_by_text("SIMULATED")).to_be_visible()
    expect(wall.locator(".map").first).to_have_attribute("data-renderer", "canvas")
    smallest = wall.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.wall *')]
            .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
            .filter((e) => !e.closest('.seen-by-readers-only'))
            .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 20


def hindrances(page: Page) -> list[str]:
    """What axe finds that keeps somebody from using the page: rule and element."""
    page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(
        """async () => (await axe.run(document)).violations
            .filter((rule) => ['serious', 'critical'].includes(rule.impact))
            .flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html}`))"""
    )
    return found


def test_axe_finds_nothing_that_hinders_on_any_screen(
    people: Callable[..., Page], tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    open_request(console, "Ogden")
    expect(console.get_by_role("button", name=re.compile("^Accept"))).to_be_enabled()
    for key, shown in (("x", "Override the recommendation"), ("e", "Change what is known")):
        console.keyboard.press(key)
        expect(console.get_by_role("heading", name=shown)).to_be_visible()
        assert hindrances(console) == []
        console.keyboard.press("Escape")
        console.keyboard.press("Escape")
    console.keyboard.press("i")
    expect(console.get_by_role("region", name="Who is within reach")).to_be_visible()
    assert hindrances(console) == []
    console.goto(f"{tower.url}/#/wall")
    expect(console.get_by_role("row").filter(has_text="Weber")).to_be_visible(timeout=WITHIN_MS)
    assert hindrances(console) == []
    for role, size in (
        ("facility", TABLET),
        ("provider", TABLET),
        ("field", PHONE),
        ("supervisor", DESK),
        ("law_enforcement", TABLET),
    ):
        assert hindrances(people(account(tower, role), size)) == [], role


def test_a_log_in_that_a_supervisor_makes_is_good_until_it_is_disabled(
    people: Callable[..., Page], tower: Any
) -> None:
    boss = people(account(tower, "supervisor"), DESK)
    expect(boss.get_by_role("region", name="Clocks that ran out")).to_be_visible()
    panel = boss.get_by_role("region", name="Accounts")
    panel.get_by_label("Log-in name").fill("night-desk")
    panel.get_by_label("Log-in name").press("Enter")
    password = panel.locator("code").inner_text()

    def code() -> int:
        told = {"name": "night-desk", "password": password}
        return httpx.post(f"{tower.url}/v1/sessions", json=told, timeout=20).status_code

    assert code() == 201
    PICTURES.mkdir(parents=True, exist_ok=True)
    boss.screenshot(path=PICTURES / "supervisor.png")
    assert hindrances(boss) == []
    panel.get_by_role("button", name="Disable: night-desk").click()
    panel.get_by_role("button", name="Disable now").click()
    expect(panel.get_by_text("Disabled.")).to_be_visible()
    assert code() == 401


def test_what_is_learnt_after_opening_changes_the_tier(
    people: Callable[..., Page], tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    request = open_request(console, "Layton")
    before = Desk(tower).get(f"/v1/requests/{request}")
    assert before["card"]["tier"] != "imminent"
    console.keyboard.press("e")
    form = console.get_by_role("form", name="Change what is known")
    form.get_by_role("group", name="Imminent risk").get_by_role("radio", name="yes").check()
    form.get_by_role("button", name="Save what changed").click()
    person = console.get_by_role("article", name="The person")
    expect(person.get_by_text("Imminent", exact=True)).to_be_visible(timeout=WITHIN_MS)
    after = Desk(tower).get(f"/v1/requests/{request}")
    assert after["card"]["tier"] == "imminent"
    assert after["needs"] == before["needs"]


def test_an_ended_request_stays_in_sight_until_its_follow_up_is_settled(
    people: Callable[..., Page], tower: Any
) -> None:
    console = people(account(tower, "dispatcher"))
    request = open_request(console, "Murray")
    console.keyboard.press("r")
    console.get_by_label("How it ends").select_option("resolved_by_phone")
    console.get_by_role("button", name="Resolve", exact=True).last.click()
    expect(console.get_by_text(re.compile("^Follow-up owed"))).to_be_visible(timeout=WITHIN_MS)
    assert Desk(tower).get(f"/v1/requests/{request}")["card"]["follow_up_due_ms"]
    settle = console.get_by_role("button", name="Settle the follow-up", exact=True)
    settle.click()
    console.get_by_label("How it is settled").select_option("declined")
    settle.last.click()
    expect(console.get_by_text("Follow-up settled: the person declined")).to_be_visible(
        timeout=WITHIN_MS
    )
    expect(console.get_by_text("settled the follow-up")).to_be_visible(timeout=WITHIN_MS)


def order(strips: Locator) -> list[str]:
    """The requests of the strips, from the top."""
    ids: list[str] = strips.evaluate_all("all => all.map((each) => each.dataset.request)")
    return ids


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_MS / 1000
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_strip_that_moves_keeps_the_focus(people: Callable[..., Page], tower: Any) -> None:
    desk = Desk(tower)
    console = people(account(tower, "dispatcher"))
    moving, other = open_request(console, "Draper"), open_request(console, "Sandy")
    strips = console.locator("[data-request]")
    strip = console.locator(f'[data-request="{moving}"]')
    strip.focus()
    risk = desk.get(f"/v1/requests/{other}")["risk"]
    desk.post(f"/v1/requests/{other}/triage", risk={**risk, "imminent": "yes"})
    other_strip = console.locator(f'[data-request="{other}"][data-tier="imminent"]')
    expect(other_strip).to_be_visible(timeout=WITHIN_MS)
    risk = desk.get(f"/v1/requests/{moving}")["risk"]
    desk.post(f"/v1/requests/{moving}/triage", risk={**risk, "imminent": "yes"})
    wait_until(lambda: order(strips).index(moving) < order(strips).index(other))
    expect(strip).to_be_focused()
