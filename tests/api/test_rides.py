"""The doors of scheduled rides: who may ask, what is refused, and what each screen is shown."""

from typing import Any

import pytest

from dispatch.rides.ride import Lacking, Planned, left_out, timed
from tests.api.builders import command
from tests.api.house import HERE, House

pytestmark = [pytest.mark.slow]

MIN_MS = 60_000


async def booked(house: House) -> str:
    """A referral of the clinic, for the person of a request that is resolved; its id."""
    request = await house.open()
    await house.do("dispatcher", f"/v1/requests/{request}/resolve", outcome="resolved_by_phone")
    referral = command()
    person = {"name": "Planted Name", "phone": "801-555-0177"}
    body = {"referral": referral, "request": request, "slot": "slot-1", "person": person}
    await house.do("dispatcher", "/v1/referrals", **body)
    return referral


async def asked(house: House, referral: str, who: str = "provider", **changes: Any) -> list[Any]:
    body = {"ride": command(), "home": command(), "shares": True}
    answer = await house.do(who, f"/v1/referrals/{referral}/rides", **(body | changes))
    return list(answer["items"])


async def plan(house: House, ride: str, van: str = "van-1") -> None:
    """What the planner would say."""
    rides = house.app.state.services.dispatch.rides
    (before,) = [one for one in await rides.open() if one.id == ride]
    at_ms = before.starts_ms - 40 * MIN_MS
    told = timed(before, Planned(van, at_ms, at_ms + 30 * MIN_MS), 5 * MIN_MS, 15 * MIN_MS, 0)
    assert await rides.tell([(before, told)]) == 1


async def test_a_provider_asks_sees_the_van_and_the_driver_sees_the_stop(house: House) -> None:
    there, home = await asked(house, await booked(house))
    assert (there["leg"], home["leg"], there["state"]) == ("to", "home", "asked")
    await plan(house, there["id"])
    for who, many in (("provider", 2), ("supervisor", 2), ("driver", 1)):
        items = (await house.get(who, "/v1/rides"))["items"]
        assert len(items) == many
        assert items[0]["van"] == "van-1"
    assert (await house.get("other-provider", "/v1/rides"))["items"] == []
    rider = await house.get("driver", f"/v1/rides/{there['id']}/person")
    assert (rider["name"], rider["address"]) == ("Planted Name", "Ogden")
    assert rider["care"] == (await house.get("provider", "/v1/slots"))["items"][0]["name"]
    assert rider["origin"] == dict(zip(("lon", "lat"), HERE, strict=True))
    done = await house.do("driver", f"/v1/rides/{there['id']}/steps", step="picked_up")
    assert done["state"] == "aboard"


async def test_the_live_screens_are_shown_their_rides_and_no_person(house: House) -> None:
    from api.live.audiences.field import Field
    from api.live.audiences.law import Law
    from api.live.audiences.pad import Pad
    from api.live.audiences.provider import Provider

    there, _ = await asked(house, await booked(house))
    await plan(house, there["id"])
    await house.until(lambda: (house.world.get("ride", there["id"]) or {}).get("van"))
    key = ("ride", there["id"])
    card = house.world.get(*key)
    shown = [Provider("provider-1"), Field("van", "van-1")]
    hidden = [Provider("provider-2"), Field("van", "van-2"), Field("team", "team-1")]
    for one in shown:
        assert one.project(house.world, {key})[key] == card
    for other in (*hidden, Pad("facility-1"), Law()):
        assert other.project(house.world, {key}).get(key) is None
    assert "Planted" not in str(card)
    assert str(HERE[0]) not in str(card)


SENSELESS: list[dict[str, Any]] = [
    {"seats": 0},
    {"ride": None},
    {"needs": ["adult"]},
    {"needs": ["no_such_word"]},
    {"at": {"lon": 25, "lat": 60}},
    {"ride": "mine"},
    {"rider": {"phone": "call me"}},
    {"shares": "yes"},
]


async def test_what_makes_no_sense_or_is_another_providers_is_refused(
    house: House, subtests: pytest.Subtests
) -> None:
    referral = await booked(house)
    path = f"/v1/referrals/{referral}/rides"
    for changes in SENSELESS:
        with subtests.test(changes=changes):
            await house.refused("provider", path, 422, **({"ride": command()} | changes))
    await house.refused("other-provider", path, 403, ride=command())
    await house.refused("driver", path, 403, ride=command())
    await house.refused("provider", f"/v1/referrals/{command()}/rides", 404, ride=command())
    await asked(house, referral)
    await house.refused("provider", path, 409, ride=command())


async def test_a_retry_gets_the_same_rides_and_another_body_is_refused(house: House) -> None:
    path = f"/v1/referrals/{await booked(house)}/rides"
    body = {"command_id": command(), "ride": command()}
    first = await house.do("provider", path, **body)
    assert (await house.do("provider", path, **body))["items"] == first["items"]
    await house.refused("provider", path, 409, **body, seats=2)


async def test_rides_go_when_their_appointment_is_called_off(house: House) -> None:
    referral = await booked(house)
    await asked(house, referral)
    await house.do("provider", f"/v1/referrals/{referral}/cancel", reason="moved away")
    assert await house.app.state.services.rides.tick() == 2
    items = (await house.get("provider", "/v1/rides"))["items"]
    assert {one["state"] for one in items} == {"cancelled"}
    assert await house.app.state.services.rides.tick() == 0


async def test_a_ride_is_called_off_by_whoever_asked_and_not_by_the_driver(house: House) -> None:
    there, home = await asked(house, await booked(house))
    path = f"/v1/rides/{there['id']}/cancel"
    await house.refused("driver", path, 403, reason="no")
    await house.refused("other-provider", path, 403, reason="no")
    assert (await house.do("provider", path, reason="by bus"))["state"] == "cancelled"
    await house.refused("provider", path, 409, reason="again")
    await house.refused("driver", f"/v1/rides/{home['id']}/steps", 403, step="no_show")


async def test_nobody_is_given_up_before_the_window_that_they_were_told(house: House) -> None:
    there, _ = await asked(house, await booked(house))
    await plan(house, there["id"])
    path = f"/v1/rides/{there['id']}/steps"
    await house.refused("driver", path, 409, step="no_show")
    (ride,) = (await house.get("driver", "/v1/rides"))["items"]
    assert ride["state"] == "planned"


async def test_a_ride_home_is_asked_for_alone_and_by_who_attended_too(house: House) -> None:
    referral = await booked(house)
    (home,) = await asked(house, referral, ride=None)
    assert home["leg"] == "home"
    await house.do("provider", f"/v1/rides/{home['id']}/cancel", reason="slip")
    await house.do("provider", f"/v1/referrals/{referral}/attended")
    (again,) = await asked(house, referral, ride=None)
    assert await house.app.state.services.rides.tick() == 0
    path = f"/v1/referrals/{referral}/rides"
    await house.refused("provider", path, 409, ride=command())
    assert again["state"] == "asked"


async def test_the_desk_says_that_the_van_came_which_was_told_before(house: House) -> None:
    there, _ = await asked(house, await booked(house))
    await plan(house, there["id"])
    rides = house.app.state.services.dispatch.rides
    (before,) = [one for one in await rides.open() if one.id == there["id"]]
    assert await rides.tell([(before, left_out(before, (Lacking("busy", 2),)))]) == 1
    items = (await house.get("dispatcher", "/v1/rides"))["items"]
    (now,) = [one for one in items if one["id"] == there["id"]]
    assert (now["van"], now["was"]["van"]) == (None, "van-1")
    path = f"/v1/rides/{there['id']}/steps"
    aboard = await house.do("dispatcher", path, step="picked_up", van=now["was"]["van"])
    assert (aboard["state"], aboard["van"]) == ("aboard", "van-1")


async def test_a_pick_up_in_a_dead_spot_counts_though_the_plan_moved_the_ride_meanwhile(
    house: House,
) -> None:
    there, home = await asked(house, await booked(house))
    for ride in (there, home):
        await plan(house, ride["id"])
        await plan(house, ride["id"], "van-2")
    await house.refused("driver", f"/v1/rides/{home['id']}/steps", 403, step="picked_up")
    path = f"/v1/rides/{there['id']}/steps"
    aboard = await house.do("driver", path, step="picked_up", van="van-1")
    assert (aboard["state"], aboard["van"]) == ("aboard", "van-1")
    dropped = await house.do("driver", path, step="dropped_off", van="van-1")
    assert dropped["state"] == "done"
