"""Scheduled rides as simulated drivers carry them out."""

import asyncio
from typing import Any

import httpx
import pytest
from msgspec import to_builtins
from msgspec.structs import replace

from dispatch.words import Need, State
from geo.closures import LiveRoads
from geo.points import Point
from registry.states import UnitStatus
from simulator.agenda import Agenda
from simulator.cases import Case
from simulator.fates import Fates
from simulator.fleet import Fleet
from simulator.hands import now_ms
from simulator.live import Live, Login, Plan
from simulator.setting import Setting
from simulator.streams import Streams
from simulator.timetable import WAIT_MS, next_visits
from tests.simulator.lab import PARAMETERS, region, van

MIN_MS = 60_000
CASE = Case("r-1", State.ON_SCENE, None, None, None, None, Need.NONE, False, None, None)
"""A request for which nobody has anything to do by itself."""


def ride(name: str, **changes: Any) -> dict[str, Any]:
    given = {
        "id": name,
        "van": "v-0",
        "appointment": "a-1",
        "state": "planned",
        "pick_up_ms": 60 * MIN_MS,
        "drop_off_ms": 80 * MIN_MS,
        "told_from_ms": 55 * MIN_MS,
        "told_until_ms": 75 * MIN_MS,
    }
    return given | changes


def test_each_van_goes_where_it_is_planned_first() -> None:
    rides = [
        ride("later"),
        ride("aboard", state="aboard", pick_up_ms=20 * MIN_MS, drop_off_ms=40 * MIN_MS),
        ride("other", van="v-1"),
        ride("unplanned", state="asked", van=None, pick_up_ms=None, told_from_ms=None),
    ]
    visits = next_visits(rides)
    assert {van: (one.ride, one.end) for van, one in visits.items()} == {
        "v-0": ("aboard", "destination"),
        "v-1": ("other", "origin"),
    }


def test_nobody_boards_before_the_window_or_is_given_up_within_it() -> None:
    visit = next_visits([ride("one")])["v-0"]
    first_ms, last_ms = 55 * MIN_MS, 75 * MIN_MS + WAIT_MS
    assert visit.step(first_ms - 1, comes=True) is None
    assert visit.step(first_ms, comes=True) == "picked_up"
    assert visit.step(last_ms - 1, comes=False) is None
    assert visit.step(last_ms, comes=False) == "no_show"


def test_whoever_is_aboard_is_brought_to_the_end() -> None:
    visit = next_visits([ride("one", state="aboard")])["v-0"]
    assert visit.step(0, comes=False) == "dropped_off"


@pytest.fixture
def fleet() -> Fleet:
    streams = Streams(1)
    setting = Setting(PARAMETERS, streams, LiveRoads(region().roads), 600.0)
    found = Fleet(setting, Fates(streams, PARAMETERS), Agenda())
    found.see(van(0), 0)
    return found


def test_a_driver_leaves_in_time_waits_there_and_goes_home_in_the_end(fleet: Fleet) -> None:
    home = fleet.position(("van", "v-0"), 0)
    clinic = Point(van(1).base_lon, van(1).base_lat)
    assert not fleet.ride("v-0", "one origin", clinic, 86_400.0, 0)
    assert fleet.moving(1) == []
    assert not fleet.ride("v-0", "one origin", clinic, 1, 0)
    assert fleet.moving(1) == [("van", "v-0")]
    fleet.see(van(0), 1000)
    assert not fleet.ride("v-0", "one origin", clinic, 1, 1000)
    assert fleet.moving(1000) == [("van", "v-0")]
    there_ms = 10 * 60 * MIN_MS
    list(fleet.does("arrive", ("van", "v-0"), there_ms))
    assert fleet.ride("v-0", "one origin", clinic, 1, there_ms)
    fleet.see(van(0), there_ms)
    assert fleet.is_near(("van", "v-0"), clinic, there_ms)
    assert list(fleet.does("break", ("van", "v-0"), there_ms)) == []
    fleet.end_rides({"v-0": None}, there_ms)
    assert fleet.moving(there_ms) == []
    fleet.end_rides((), there_ms)
    assert fleet.moving(there_ms) == [("van", "v-0")]
    list(fleet.does("arrive", ("van", "v-0"), 2 * there_ms))
    assert fleet.is_near(("van", "v-0"), home, 2 * there_ms)


def test_a_rider_aboard_keeps_the_driver_from_going_home(fleet: Fleet) -> None:
    clinic = Point(van(1).base_lon, van(1).base_lat)
    fleet.ride("v-0", "one origin", clinic, 1, 0)
    list(fleet.does("arrive", ("van", "v-0"), 10 * 60 * MIN_MS))
    fleet.see(replace(van(0), status=UnitStatus.TRANSPORTING), 10 * 60 * MIN_MS)
    fleet.end_rides((), 10 * 60 * MIN_MS)
    assert fleet.moving(10 * 60 * MIN_MS) == []


def refusing(reports: list[str]) -> httpx.MockTransport:
    """A system that lets everybody in, says where riders are, and refuses what is reported."""

    def answer(asked: httpx.Request) -> httpx.Response:
        path = asked.url.path
        if path == "/v1/sessions":
            return httpx.Response(201, json={"token": "invented"})
        if asked.method == "GET":
            at = {"lon": van(0).base_lon, "lat": van(0).base_lat}
            return httpx.Response(200, json={"origin": at, "destination": at})
        reports.append(path)
        return httpx.Response(409, json={"title": "refused"})

    return httpx.MockTransport(answer)


def simulation(client: httpx.AsyncClient) -> Live:
    """A desk and the driver of one van."""
    driver = Login("driver", "", "field", f"van:{van(0).id}")
    logins = (Login("desk", "", "dispatcher", None), driver)
    return Live(Plan("http://caretower", logins, region(), PARAMETERS, 600.0), client)


async def test_a_drivers_refused_report_puts_off_nobody_elses_second_look() -> None:
    """Rides are looked at more often than requests: each would wait for ever."""
    reports: list[str] = []
    now = now_ms()
    own = replace(van(0), shift_start_ms=now, shift_end_ms=now + 600 * MIN_MS)
    due = ride("one", pick_up_ms=now, told_from_ms=now, told_until_ms=now)
    shown = {"request": {"r-1": {}}, "van": {own.id: to_builtins(own)}, "ride": {"one": due}}
    async with httpx.AsyncClient(base_url="http://caretower", transport=refusing(reports)) as door:
        live = simulation(door)
        live.board.hear({"type": "snapshot", "epoch": 1, "seq": 1, "state": shown})
        live.world.see_unit(own, now)
        live.world.see_case(CASE, now, now)
        live.world.again("r-1", now, 1.0)
        assert live.world.next_ms() == now + 1000
        live.see_to_rides()
        await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})
        assert reports == ["/v1/rides/one/steps"]
        assert live.world.next_ms() == now + 1000
