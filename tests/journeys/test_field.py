"""The field page on a phone: hazards, steps from a dead spot, silence on scene, a call for help."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from uuid6 import uuid7

from tests.journeys.conftest import Tower, started
from tests.journeys.desk import WITHIN_MS, Desk, account
from tests.journeys.relay import Relay
from tests.journeys.test_screens import hindrances

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build/screens"
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 360, "height": 640}
CONSOLE = {"width": 1600, "height": 1000}
CHECK_IN_S = 25
FLOODED = {"type": "LineString", "coordinates": [[-111.90, 40.75], [-111.88, 40.77]]}
HAZARDS = {"weapons": "yes", "dogs": "yes", "violence": "no"}
PERSON = {
    "name": "Invented Person",
    "date_of_birth": "1980-02-03",
    "address": "17 Invented Street, back door",
    "callback": "801-555-0123",
    "problem": "Has not slept for days, talks of dying.",
    "weapons": "A shotgun in the hall cupboard",
    "dogs": "Two, loose in the yard",
    "police_plan": "Deputy waits at the corner, comes when called",
}


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tower]:
    """A tower whose local authority wants a check-in much sooner."""
    folder = tmp_path_factory.mktemp("policy")
    policy = (ROOT / "policy/dispatch.toml").read_text()
    begin = policy.index("[clock.check_in]")
    sooner = re.sub(r"seconds = \d+", f"seconds = {CHECK_IN_S}", policy[begin:], count=1)
    (folder / "dispatch.toml").write_text(policy[:begin] + sooner)
    with started(CARETOWER_POLICY_DIR=str(folder)) as running:
        yield running


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / f"{name}.png")


def sent(desk: Desk, *, place: str = "possible") -> tuple[str, str]:
    """A request with hazards, whose recommendation was accepted; answers (request, team)."""
    request = str(uuid7())
    desk.post(
        "/v1/requests",
        request=request,
        place="Salt Lake City",
        lon=-111.8910,
        lat=40.7608,
        urgency=3,
        needs={"words": ["adult", "voluntary", "lang_es"], "place": place, "van": "none"},
        risk={"violence": "no", "overdose": "no", "imminent": "no"},
        hazards=HAZARDS,
        person=PERSON,
    )
    deadline = time.monotonic() + WITHIN_MS / 1000
    advice = None
    while advice is None or advice["team"] is None:
        assert time.monotonic() < deadline, "no recommendation came"
        advice = desk.get(f"/v1/requests/{request}/recommendation")["recommendation"]
        time.sleep(0.1)
    bundle = {name: advice[name] for name in ("team", "pool")}
    desk.post(f"/v1/requests/{request}/accept", bundle=bundle)
    return request, str(advice["team"])


def in_an_hour() -> int:
    return int(time.time() * 1000) + 3_600_000


def targets(page: Page) -> list[str]:
    """What is smaller than a thumb needs, with its size."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('button, a, input')]
            .map((each) => [each, (each.closest('label') ?? each).getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.height < 47.5 || box.width < 47.5))
            .map(([each, box]) => `${each.innerText}: ${box.width} x ${box.height}`)"""
    )
    return found


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def hold(page: Page, ms: int) -> None:
    """A thumb on the button that calls for help."""
    box = page.get_by_role("button", name=re.compile("^Call for help")).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.wait_for_timeout(ms)
    page.mouse.up()


def test_a_crew_goes_through_a_dead_spot_is_missed_and_calls_for_help(
    people: Callable[..., Page], tower: Any
) -> None:
    desk = Desk(tower)
    request, team = sent(desk)
    console = people(account(tower, "dispatcher"), CONSOLE)
    line = Relay(int(tower.url.rpartition(":")[2]))
    crew = people(account(tower, "field", f"team:{team}"), PHONE, url=line.url)

    hazards = crew.get_by_role("region", name="Hazards")
    expect(hazards.get_by_text("A shotgun in the hall cupboard")).to_be_visible()
    expect(hazards.get_by_text("NOT ASKED:")).to_be_visible()
    expect(hazards.get_by_text("Premises or others there, Infection")).to_be_visible()
    navigate = crew.get_by_role("link", name="Navigate").first
    expect(navigate).to_have_attribute("href", re.compile(r"^https.*40\.76080"))
    assert "Invented" not in str(navigate.get_attribute("href"))
    assert targets(crew) == []
    assert hindrances(crew) == []
    # A road that floods on the way is on the page at once, and off it when it is open again.
    closure = f"/v1/closures/{uuid7()}"
    desk.put(closure, area=FLOODED, slowdown=None, reason="flood", until_ms=in_an_hour())
    expect(crew.get_by_text(re.compile("^closed: flood, until"))).to_be_visible()
    picture(crew, "field-packet")
    desk.post(f"{closure}/lift")
    expect(crew.get_by_text(re.compile("^closed: flood"))).to_have_count(0)
    press(crew, "We take it")
    expect(crew.get_by_role("button", name="We are on our way")).to_be_visible()
    expect(crew.get_by_text("Not sent yet")).to_have_count(0)
    # The page itself is kept for a dead spot.
    crew.wait_for_function("caches.match('/').then(Boolean)")
    crew.wait_for_function("navigator.serviceWorker.controller !== null")

    # Two steps where nobody hears them, and a reload between.
    sent_ids: list[str] = []
    crew.on(
        "request",
        lambda made: (
            sent_ids.append(str(made.post_data_json["command_id"]))
            if made.url.endswith("/steps")
            else None
        ),
    )
    # A page that reloads may speak before it is told that it is offline: the line itself is cut.
    line.cut()
    crew.context.set_offline(True)
    press(crew, "We are on our way")
    expect(crew.get_by_text("Not sent yet (1)")).to_be_visible()
    crew.reload()
    expect(crew.get_by_text("Not sent yet (1)")).to_be_visible()
    expect(crew.get_by_text("A shotgun in the hall cupboard")).to_be_visible()
    pressed_ms = time.time() * 1000
    press(crew, "We are on scene")
    expect(crew.get_by_text("Not sent yet (2)")).to_be_visible()
    expect(crew.get_by_role("button", name="The visit ends here")).to_be_visible()
    picture(crew, "field-dead-spot")
    crew.wait_for_timeout(4_000)
    assert desk.get(f"/v1/requests/{request}")["card"]["state"] == "acknowledged"
    line.mend()
    crew.context.set_offline(False)
    expect(crew.get_by_text("Not sent yet")).to_have_count(0)
    person = console.locator(f'[data-request="{request}"]')
    expect(person).to_contain_text("On scene")
    known = desk.get(f"/v1/requests/{request}")
    deeds = [deed for deed in known["timeline"] if deed["action"] in ("depart", "reach_person")]
    assert [deed["action"] for deed in deeds] == ["depart", "reach_person"], "each step once"
    assert abs(deeds[1]["at_ms"] - pressed_ms) < 3_000, "it happened when it was pressed"
    assert all(deed["told_ms"] - deed["at_ms"] > 3_000 for deed in deeds), "and was told later"
    assert len(set(sent_ids)) == 2, "every try carries the id that the step was born with"

    # Nobody says that all is well.
    picture(crew, "field-on-scene")
    alarm = console.get_by_role("alert").filter(has_text="has not checked in")
    expect(alarm).to_be_visible(timeout=(CHECK_IN_S + 15) * 1000)
    picture(console, "console-check-in")
    assert hindrances(console) == []
    alarm.get_by_role("button", name="I am calling them").click()
    expect(crew.get_by_text(re.compile("is calling you"))).to_be_visible()
    press(crew, "All well")
    expect(alarm).to_have_count(0)

    # A touch is no call for help; a press of one second is.
    hold(crew, 300)
    expect(crew.get_by_text("Hold for one second")).to_be_visible()
    hold(crew, 1_300)
    expect(crew.get_by_text(re.compile("^Help was told at"))).to_be_visible()
    supervisor = people(account(tower, "supervisor"), CONSOLE)
    for screen in (console, supervisor):
        call = screen.get_by_role("alert").filter(has_text="calls for help")
        expect(call).to_be_visible()
    picture(console, "console-panic")
    supervisor.get_by_role("button", name="I have it").click()
    name = account(tower, "supervisor")
    expect(crew.get_by_text(f"{name} has your call for help")).to_be_visible()
    assert hindrances(crew) == []
    picture(crew, "field-help")
    call = console.get_by_role("alert").filter(has_text="calls for help")
    call.get_by_role("button", name="End it").click()
    call.get_by_label("What was found").fill("Dog was aggressive, crew is in the car")
    call.get_by_role("button", name="End the call for help").click()
    expect(crew.get_by_text("has your call for help")).to_have_count(0)

    press(crew, "The visit ends here")
    picture(crew, "field-visit")
    assert targets(crew) == []
    press(crew, "Resolved, safety plan made")
    expect(crew.get_by_role("button", name="Free again")).to_be_visible()
    press(crew, "Free again")
    expect(crew.get_by_text("No task now.")).to_be_visible()
    picture(crew, "field-idle")
    press(crew, "Take a break, or sign off")
    picture(crew, "field-break")
    assert targets(crew) == []
    press(crew, "Meal")
    expect(crew.get_by_text("At a meal.")).to_be_visible()
    expect(crew.get_by_text("Not sent yet")).to_have_count(0)
    units = {unit["id"]: unit["out_reason"] for unit in desk.get("/v1/teams")["items"]}
    assert units[team] == "meal"
    press(crew, "Back on duty")
    press(crew, "Take a break, or sign off")
    press(crew, "Sign off")
    expect(crew.get_by_text("Signed off.")).to_be_visible()
    picture(crew, "field-signed-off")
    assert hindrances(crew) == []
    press(crew, "Sign on")
    expect(crew.get_by_text("No task now.")).to_be_visible()
    press(crew, "More")
    picture(crew, "field-more")
    assert targets(crew) == []
    console.keyboard.press("n")
    picture(console, "console-hazards")
    assert hindrances(console) == []
    press(crew, "Log out")
    expect(crew.get_by_label("Password")).to_be_visible()
    kept = crew.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Invented" not in kept
    assert request not in kept
    stored = crew.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
            (await (await caches.open(name)).keys()).map((each) => each.url)))).flat()"""
    )
    assert stored
    assert not [url for url in stored if "/v1/" in url]


def test_a_small_phone_shows_hazards_and_the_next_step_together(
    people: Callable[..., Page], tower: Any
) -> None:
    desk = Desk(tower)
    _, team = sent(desk, place="needed")
    crew = people(account(tower, "field", f"team:{team}"), SMALL)
    for wanted in ("A shotgun in the hall cupboard", "We take it"):
        expect(crew.get_by_text(wanted)).to_be_in_viewport()
    assert crew.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    picture(crew, "field-small")
    press(crew, "We cannot")
    picture(crew, "field-small-decline")
    assert targets(crew) == []
    press(crew, "Back")
    for step in ("We take it", "We are on our way", "We are on scene"):
        press(crew, step)
    expect(crew.get_by_role("region", name="Check-in")).to_be_visible()
    picture(crew, "field-small-on-scene")
    crew.get_by_role("button", name=re.compile("^Call for help")).focus()
    crew.keyboard.down("Enter")
    crew.wait_for_timeout(1_300)
    crew.keyboard.up("Enter")
    expect(crew.get_by_text(re.compile("^Help was told at"))).to_be_visible()
    picture(crew, "field-small-help")
