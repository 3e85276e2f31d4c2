"""The main job over HTTP, on the whole running system: from a crisis request to attended care."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from uuid6 import uuid7

from simulator.door import Door, Refused
from simulator.hands import acceptance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

WITHIN_S = 15.0


async def until(look: Callable[[], Any], what: str) -> Any:
    """Waits for something that the system does by itself."""
    deadline = asyncio.get_running_loop().time() + WITHIN_S
    while asyncio.get_running_loop().time() < deadline:
        found = await look()
        if found:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {WITHIN_S:.0f} s")


@pytest.fixture
async def client(tower: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=tower.url, timeout=20) as opened:
        yield opened


@pytest.fixture
def door(tower: Any, client: httpx.AsyncClient) -> Callable[[str], Door]:
    return lambda name: Door(client, name, tower.accounts[name].password)


ASKED = ("desire", "intent", "capability", "violence", "psychosis", "overdose")
SCREENER = ("wish_to_be_dead", "suicidal_thoughts", "thoughts_of_method", "some_intent")
SCREENER_REST = ("intent_with_plan", "behaviour_lifetime", "behaviour_3_months")


TOWNS = {"needed": ("St George", -113.5684, 37.0965), "none": ("Price", -110.8107, 39.5994)}
"""By the need of a place: where no other journey goes, so that the nearest team is free."""


def crisis(place: str = "needed", **changes: Any) -> dict[str, Any]:
    """An adult of whom everything was asked."""
    town, lon, lat = TOWNS[place]
    return {
        "request": str(uuid7()),
        "place": town,
        "lon": lon,
        "lat": lat,
        "urgency": 3,
        "needs": {"words": ["adult", "voluntary"], "place": place, "van": place},
        "risk": {
            "cssrs": dict.fromkeys((*SCREENER, *SCREENER_REST), "no"),
            "buffers": "yes",
            **dict.fromkeys((*ASKED, "danger_to_others", "imminent"), "no"),
        },
        **changes,
    }


async def recommended(door: Door, request: str) -> dict[str, Any]:
    async def look() -> Any:
        answer = await door.get(f"/v1/requests/{request}/recommendation")
        advice = answer["recommendation"]
        return advice if advice and advice["team"] else None

    found: dict[str, Any] = await until(look, "a recommendation")
    return found


def account_of(tower: Any, role: str, scope: str) -> str:
    return next(
        name
        for name, account in tower.accounts.items()
        if account.role == role and account.scope in (scope, f"team:{scope}")
    )


async def card_of(door: Door, request: str) -> dict[str, Any] | None:
    cards = (await door.get("/v1/requests"))["items"]
    return next((card for card in cards if card["id"] == request), None)


async def test_a_crisis_request_ends_in_attended_care(
    tower: Any, door: Callable[[str], Door]
) -> None:
    robin = door("robin")
    request = (await robin.post("/v1/requests", **crisis()))["card"]["id"]
    advice = await recommended(robin, request)
    assert advice["pool"]
    assert advice["why"]["team"]
    await robin.post(f"/v1/requests/{request}/own")
    accepted = (await robin.post(f"/v1/requests/{request}/accept", **acceptance(advice)))["card"]
    assert (accepted["state"], accepted["team"]) == ("accepted", advice["team"])

    pools = {pool["id"]: pool for pool in (await robin.get("/v1/pools"))["items"]}
    pad = door(account_of(tower, "facility", pools[advice["pool"]]["facility"]))
    incoming = [p["id"] for p in (await pad.get("/v1/pad"))["incoming"]]
    assert request in incoming
    await pad.post(
        f"/v1/requests/{request}/facility-answer", answer="accepted", by_name="Charge Nurse"
    )
    crew = door(account_of(tower, "field", advice["team"]))
    await crew.post(f"/v1/requests/{request}/crew-answer", answer="acknowledged", by_name="Crew")
    for step in ("en_route", "on_scene", "transporting", "arrived"):
        card = (await crew.post(f"/v1/requests/{request}/steps", step=step))["card"]
        assert card["state"] == step
    await crew.post(f"/v1/requests/{request}/steps", step="handed_over")
    before = pools[advice["pool"]]

    async def counted() -> bool:
        after = {pool["id"]: pool for pool in (await robin.get("/v1/pools"))["items"]}
        change = [after[advice["pool"]][of] - before[of] for of in ("occupied", "reserved")]
        return change == [1, -1]

    await until(counted, "the bed's change from promised to occupied")

    slots = (await robin.get("/v1/slots"))["items"]
    slot = await offered(tower, door, next(s for s in slots if s["zone"] == card["zone"]))
    referral = await robin.post(
        "/v1/referrals", referral=str(uuid7()), request=request, slot=slot["id"]
    )
    provider = door(account_of(tower, "provider", slot["provider"]))
    mine = (await provider.get("/v1/referrals"))["items"]
    assert referral["id"] in [r["id"] for r in mine]
    await ride_both_ways(provider, referral["id"])
    await provider.post(f"/v1/referrals/{referral['id']}/attended")
    await until(lambda: legs(provider, referral["id"], {"home"}), "the end of the ride there")

    async def closed() -> bool:
        kept = (await robin.get("/v1/referrals"))["items"]
        return any(r["id"] == referral["id"] and r["state"] == "completed" for r in kept)

    await until(closed, "the closed loop at the source")


async def offered(tower: Any, door: Callable[[str], Door], like: dict[str, Any]) -> dict[str, Any]:
    """An appointment of this provider in three hours, while everybody is on duty."""
    known = {name: like[name] for name in ("provider", "name", "zone", "takes", "lon", "lat")}
    starts_ms = int(time.time() * 1000) + 3 * 3_600_000
    provider = door(account_of(tower, "provider", like["provider"]))
    new = {"mode": "in_person", "starts_ms": starts_ms, "duration_s": 3000, "capacity": 1}
    offer: dict[str, Any] = await provider.put(f"/v1/slots/{uuid7()}", **known, **new)
    return offer


async def ride_both_ways(provider: Door, referral: str) -> None:
    """The provider asks, the planner answers with a van and a window there and home."""
    path = f"/v1/referrals/{referral}/rides"
    await provider.post(path, ride=str(uuid7()), home=str(uuid7()), shares=True)
    await until(lambda: legs(provider, referral, {"to", "home"}), "a van there and home")


async def legs(provider: Door, referral: str, wanted: set[str]) -> bool:
    """Whether just these rides of the appointment are planned."""
    rides = (await provider.get("/v1/rides"))["items"]
    mine = [ride for ride in rides if ride["appointment"] == referral and ride["van"]]
    return {ride["leg"] for ride in mine if ride["state"] == "planned"} == wanted


async def test_a_second_dispatcher_cannot_take_the_same_team(door: Callable[[str], Door]) -> None:
    robin, sam = door("robin"), door("sam")
    one = (await robin.post("/v1/requests", **crisis("none")))["card"]["id"]
    two = (await sam.post("/v1/requests", **crisis("none")))["card"]["id"]
    advice = await recommended(robin, one)
    same = {"team": advice["team"]}
    await robin.post(f"/v1/requests/{one}/accept", bundle=same)
    with pytest.raises(Refused) as refused:
        await sam.post(
            f"/v1/requests/{two}/override", bundle=same, reason="the person asks for this crew"
        )
    assert refused.value.status == 409
    assert (await card_of(sam, two))["team"] is None  # type: ignore[index]
    for request in (one, two):
        await robin.post(f"/v1/requests/{request}/cancel", reason="end of the test")


async def test_a_retry_with_the_same_id_changes_nothing(
    client: httpx.AsyncClient, door: Callable[[str], Door]
) -> None:
    robin = door("robin")
    await robin.log_in()
    body = {"command_id": str(uuid7()), **crisis()}
    headers = {"Authorization": f"Bearer {robin.token}"}
    answers = [
        (await client.post("/v1/requests", json=body, headers=headers)).json() for _ in range(3)
    ]
    assert len({answer["card"]["id"] for answer in answers}) == 1
    await robin.post(f"/v1/requests/{answers[0]['card']['id']}/cancel", reason="end of the test")
