"""The field page on a phone: hazards, a dead spot, silence on scene, a call for help, rides."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Request, expect
from uuid6 import uuid7

from tests.journeys.conftest import Tower, started
from tests.journeys.desk import WITHIN_MS, Desk, account
from tests.journeys.relay import Relay
from tests.journeys.test_downtime import minute, region_zone
from tests.journeys.test_screens import hindrances, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "build/screens"
PHONE = {"width": 390, "height": 844}
SMALL = {"width": 360, "height": 640}
CONSOLE = {"width": 1600, "height": 1000}
CHECK_IN_S = 25
FLOODED = {"type": "LineString", "coordinates": [[-111.90, 40.75], [-111.88, 40.77]]}
HAZARDS = {"weapons": "yes", "dogs": "yes", "violence": "no"}
BUSY = """addEventListener('keydown', () => setTimeout(() => {
    const end = performance.now() + 700;
    while (performance.now() < end);
}, 900), { once: true })"""
"""From 0.9 to 1.6 s after the next key the page does nothing else."""
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


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name).click()


def wait_until_kept(page: Page) -> None:
    """The page itself is kept for a dead spot."""
    page.wait_for_function("caches.match('/').then(Boolean)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")


def go_offline(page: Page, line: Relay) -> None:
    """A page that reloads may speak before it knows that it is offline: the line itself is cut."""
    line.cut()
    page.context.set_offline(True)


def go_online(page: Page, line: Relay) -> None:
    line.mend()
    page.context.set_offline(False)


def steps_of(page: Page) -> list[dict[str, Any]]:
    """Fills with every step that the page tries to send from now on."""
    said: list[dict[str, Any]] = []

    def note(made: Request) -> None:
        if made.url.endswith("/steps"):
            said.append(made.post_data_json)

    page.on("request", note)
    return said


def hold(page: Page, ms: int) -> None:
    """A thumb on the button that calls for help, for so long at least."""
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
    name = next(each["name"] for each in desk.get("/v1/teams")["items"] if each["id"] == team)
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
    wait_until_kept(crew)

    # Two steps where nobody hears them, and a reload between.
    said = steps_of(crew)
    go_offline(crew, line)
    press(crew, "We are on our way")
    expect(crew.get_by_text("Not sent yet (1)")).to_be_visible()
    crew.reload()
    expect(crew.get_by_text("Not sent yet (1)")).to_be_visible()
    expect(crew.get_by_text("A shotgun in the hall cupboard")).to_be_visible()
    before_ms = time.time() * 1000
    press(crew, "We are on scene")
    expect(crew.get_by_text("Not sent yet (2)")).to_be_visible()
    after_ms = time.time() * 1000
    expect(crew.get_by_role("button", name="The visit ends here")).to_be_visible()
    picture(crew, "field-dead-spot")
    crew.wait_for_timeout(4_000)
    assert desk.get(f"/v1/requests/{request}")["card"]["state"] == "acknowledged"
    go_online(crew, line)
    expect(crew.get_by_text("Not sent yet")).to_have_count(0)
    person = console.locator(f'[data-request="{request}"]')
    expect(person).to_contain_text("On scene")
    known = desk.get(f"/v1/requests/{request}")
    deeds = [deed for deed in known["timeline"] if deed["action"] in ("depart", "reach_person")]
    assert [deed["action"] for deed in deeds] == ["depart", "reach_person"], "each step once"
    happened_ms = deeds[1]["at_ms"]
    assert before_ms - 1_000 < happened_ms < after_ms + 1_000, "it happened when it was pressed"
    assert all(deed["told_ms"] - deed["at_ms"] > 3_000 for deed in deeds), "and was told later"
    sent_ids = {step["command_id"] for step in said}
    assert len(sent_ids) == 2, "every try carries the id that the step was born with"

    # Nobody says that all is well.
    picture(crew, "field-on-scene")
    alarm = console.get_by_role("alert").filter(has_text=f"{name} has not checked in")
    expect(alarm).to_be_visible(timeout=(CHECK_IN_S + 15) * 1000)
    picture(console, "console-check-in")
    assert hindrances(console) == []
    alarm.get_by_role("button", name="I am calling them").click()
    expect(crew.get_by_text(re.compile("is calling you"))).to_be_visible()
    press(crew, "All well")
    expect(alarm).to_have_count(0)

    # A touch is no call for help; a press of one second is.
    hold(crew, 0)
    expect(crew.get_by_text("Hold for one second")).to_be_visible()
    hold(crew, 1_300)
    expect(crew.get_by_text(re.compile("^Help was told at"))).to_be_visible()
    supervisor = people(account(tower, "supervisor"), CONSOLE)
    call, told = (
        screen.get_by_role("alert").filter(has_text=f"{name} calls for help")
        for screen in (console, supervisor)
    )
    for each in (call, told):
        expect(each).to_be_visible()
    picture(console, "console-panic")
    told.get_by_role("button", name="I have it").click()
    boss = account(tower, "supervisor")
    expect(crew.get_by_text(f"{boss} has your call for help")).to_be_visible()
    assert hindrances(crew) == []
    picture(crew, "field-help")
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
    crew.evaluate(BUSY)  # it hears of the end of the second and of the release at one moment
    crew.keyboard.down("Enter")
    crew.wait_for_timeout(1_300)
    crew.keyboard.up("Enter")
    expect(crew.get_by_text(re.compile("^Help was told at"))).to_be_visible()
    picture(crew, "field-small-help")


VISIT_IN_S, VISIT_S = 24 * 60, 5 * 60
"""A short visit at a clinic nearby, so soon that the rides there and home are both next."""
RIDER = {"name": "Invented Rider", "phone": "801-555-0177"}


def booked(tower: Any) -> tuple[str, str]:
    """A person whom dispatch helped by telephone has an appointment: (request, referral)."""
    desk, clinic = Desk(tower), Desk(tower, "provider")
    request, referral, slot = (str(uuid7()) for _ in range(3))
    where = {"place": "Salt Lake City", "lon": -111.8910, "lat": 40.7608}
    desk.post("/v1/requests", request=request, urgency=4, **where)
    desk.post(f"/v1/requests/{request}/resolve", outcome="resolved_by_phone")
    like = clinic.get("/v1/slots")["items"][0]
    known = {name: like[name] for name in ("provider", "name", "zone", "takes", "lon", "lat")}
    visit = {"mode": "in_person", "duration_s": VISIT_S, "capacity": 1}
    starts_ms = int(time.time() + VISIT_IN_S) * 1000
    clinic.put(f"/v1/slots/{slot}", **known, **visit, starts_ms=starts_ms)
    desk.post("/v1/referrals", referral=referral, request=request, slot=slot, person=RIDER)
    return request, referral


def on_record(desk: Desk, referral: str) -> list[dict[str, Any]]:
    """The rides of an appointment, there and home."""
    rides = (ride for ride in desk.get("/v1/rides")["items"] if ride["appointment"] == referral)
    return sorted(rides, key=lambda ride: str(ride["leg"]), reverse=True)


def test_a_driver_brings_a_rider_through_a_dead_spot_and_the_desk_reads_how_it_ended(
    people: Callable[..., Page], tower: Any
) -> None:
    desk, (request, referral) = Desk(tower), booked(tower)
    zone = region_zone(desk)
    console = people(account(tower, "dispatcher"), CONSOLE, url=f"{tower.url}/#/console/{request}")
    press(console, "Ask for a ride")
    console.get_by_label("Address and note for the driver").fill("17 Invented Street, back door")
    console.get_by_label("Home again as well").check()
    console.get_by_role("button", name="Ask", exact=True).click()

    # The planner answers with a van, and the desk reads what the person is told.
    there, home = (console.get_by_role("group", name=f"Ride {leg}") for leg in ("there", "home"))
    for ride in (there, home):
        expect(ride).to_contain_text("fetched between")
    # The first answer may be followed by a better one: one van for both.
    wait_until(lambda: len({ride["van"] for ride in on_record(desk, referral)}) == 1)
    to_care, _ = on_record(desk, referral)
    told = [minute(to_care[end], zone)[-5:] for end in ("told_from_ms", "told_until_ms")]
    expect(there).to_contain_text(re.compile(f"{to_care['van_name']}, .* {told[0]} and {told[1]},"))

    line = Relay(int(tower.url.rpartition(":")[2]))
    driver = people(account(tower, "field", f"van:{to_care['van']}"), PHONE, url=line.url)
    stop = driver.get_by_role("region", name="Scheduled rides").get_by_role("listitem").first
    for shown in ("Fetch", f"told {told[0]} to {told[1]}", "Invented Rider", "17 Invented Street"):
        expect(stop).to_contain_text(shown)
    navigate = stop.get_by_role("link", name="Navigate")
    expect(navigate).to_have_attribute("href", re.compile(r"^https.*40\.76080"))
    assert targets(driver) == []
    assert hindrances(driver) == []
    picture(driver, "driver-rides")
    wait_until_kept(driver)

    # Picked up where nobody hears it, and a reload.
    said = steps_of(driver)
    go_offline(driver, line)
    press(driver, "Picked up")
    expect(driver.get_by_text("Not sent yet (1)")).to_be_visible()
    driver.reload()
    expect(driver.get_by_text("Not sent yet (1)")).to_be_visible()
    for shown in ("Bring", "appointment", "Invented Rider", "Demo Outpatient Clinic"):
        expect(stop).to_contain_text(shown)
    expect(driver.get_by_role("button", name="Take a break")).to_have_count(0)
    picture(driver, "driver-dead-spot")
    assert on_record(desk, referral)[0]["state"] == "planned"
    mended_ms = time.time() * 1000
    go_online(driver, line)
    expect(driver.get_by_text("Not sent yet")).to_have_count(0)
    expect(there).to_contain_text(f"In {to_care['van_name']}")
    console.get_by_text("2 scheduled rides").click()
    expect(console.get_by_role("listitem").filter(has_text="aboard until")).to_be_visible()
    aboard = on_record(desk, referral)[0]
    assert aboard["state"] == "aboard"
    assert aboard["boarded_ms"] < mended_ms, "it was when it was pressed"
    assert {(step["step"], step["at_ms"]) for step in said} == {("picked_up", aboard["boarded_ms"])}
    wait_until(lambda: status(desk, to_care["van"]) == "transporting")

    press(driver, "Dropped off")
    expect(there).to_contain_text("Brought there at")
    done = on_record(desk, referral)[0]
    assert done["state"] == "done"
    expect(there).to_contain_text(f"Brought there at {minute(done['ended_ms'], zone)[-5:]}.")
    expect(console.get_by_text("1 scheduled ride")).to_be_visible()

    # The next one is under the thumb; its driver calls, and goes on from what the desk has said.
    expect(stop).to_contain_text("wait until then")
    press(home, "Driver called: picked up")
    press(driver, "Dropped off")
    expect(home).to_contain_text("Brought there at")
    assert [ride["state"] for ride in on_record(desk, referral)] == ["done", "done"]
    expect(console.get_by_text("scheduled ride")).to_have_count(0)
    expect(driver.get_by_text("No task now.")).to_be_visible()
    wait_until(lambda: status(desk, to_care["van"]) == "available")
    kept = driver.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Invented" not in kept


def status(desk: Desk, van: str) -> str:
    vans = desk.get("/v1/vans")["items"]
    return str(next(each["status"] for each in vans if each["id"] == van))
