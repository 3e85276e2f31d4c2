"""Positions through the doors, as a fleet's gateway and as phones send them."""

import json
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY as FIGURES
from sqlalchemy import select

from record.tables import audit
from tests.api.builders import command
from tests.api.house import HERE, House
from tests.api.test_osmand import location

pytestmark = [pytest.mark.slow]


async def tracker(house: House, kind: str = "van", unit: str = "van-1") -> dict[str, Any]:
    made: dict[str, Any] = await house.do(
        "supervisor", "/v1/trackers", name="Phone", kind=kind, unit=unit
    )
    return made


async def from_phone(house: House, key: str, **more: Any) -> httpx.Response:
    """As Traccar Client before version 9: an empty POST with everything in the address."""
    told = {
        "id": key, "timestamp": house.now_ms() // 1000, "lat": HERE[1], "lon": HERE[0],
        "speed": 0.0, "bearing": 0.0, "altitude": 1310.0, "accuracy": 4.0, "batt": 81.0,
    }  # fmt: skip
    return await house.client.post("/gps", params=told | more)


async def counts(house: House, source: str) -> dict[str, int]:
    items = (await house.get("supervisor", "/v1/positions/counts"))["items"]
    return {one["verdict"]: one["count"] for one in items if one["source"] == source}


async def van(house: House) -> Any:
    return (await house.registry.snapshot()).vans["van-1"]


async def test_a_phone_with_a_key_moves_its_own_unit(house: House) -> None:
    key = (await tracker(house))["key"]
    answer = await from_phone(house, key, lat=41.23)
    assert (answer.status_code, answer.content) == (200, b"")
    await house.until(lambda: house.world.get("van", "van-1")["lat"] == 41.23)
    assert (await van(house)).position_ms // 1000 <= house.now_ms() // 1000


async def test_the_osmand_app_and_both_generations_of_traccar_client_are_understood(
    house: House,
) -> None:
    key, now_ms = (await tracker(house))["key"], house.now_ms()
    template = f"?id={key}&lat=41.231&lon={HERE[0]}&timestamp={now_ms - 3_000}&hdop=4.0&speed=0.0"
    assert (await house.client.get(f"/gps{template}")).status_code == 200
    assert (await van(house)).lat == 41.231
    form = f"id={key}&lat=41.232&lon={HERE[0]}&timestamp={(now_ms - 2_000) / 1000}"
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert (await house.client.post("/gps", content=form, headers=kind)).status_code == 200
    assert (await van(house)).lat == 41.232
    told = location(timestamp=now_ms - 1_000)
    told["coords"] |= {"latitude": 41.233}
    body = {"location": told, "device_id": key}
    assert (await house.client.post("/gps", json=body)).status_code == 200
    assert (await van(house)).lat == 41.233


async def test_what_cannot_be_true_is_answered_ignored_and_counted(house: House) -> None:
    key, now_s = (await tracker(house))["key"], house.now_ms() // 1000
    before = {
        verdict: FIGURES.get_sample_value(
            "caretower_positions_total", {"source": "osmand", "verdict": verdict}
        )
        or 0
        for verdict in ("taken", "jump")
    }
    for wrong in (
        {"timestamp": now_s - 60},
        {"timestamp": now_s - 60},
        {"timestamp": now_s - 90},
        {"timestamp": now_s - 200_000},
        {"timestamp": now_s + 3_600},
        {"timestamp": now_s - 50, "lat": 48.85, "lon": 2.35},
        {"timestamp": now_s - 40, "lat": 37.5},
        {"timestamp": now_s - 30, "mock": "true"},
        {"timestamp": now_s - 20, "accuracy": 9_000.0},
    ):
        assert (await from_phone(house, key, **wrong)).status_code == 200
    assert await counts(house, "osmand") == {
        "taken": 1, "repeat": 1, "late": 1, "old": 1, "future": 1, "outside": 1, "jump": 1,
        "invalid": 1, "inexact": 1,
    }  # fmt: skip
    for verdict, count in before.items():
        labels = {"source": "osmand", "verdict": verdict}
        assert FIGURES.get_sample_value("caretower_positions_total", labels) == count + 1
    assert (await van(house)).position_ms == (now_s - 60) * 1000


async def test_a_key_of_no_device_opens_nothing(house: House) -> None:
    wall = (await house.do("supervisor", "/v1/wall-tokens", name="Hall"))["token"]
    made = await tracker(house)
    forged = made["key"][:-3] + "abc"
    for key in ("", "van-1", made["id"], forged, wall, f"gps.{command()}.x"):
        answer = await from_phone(house, key)
        assert answer.status_code in (401, 422), key
        assert answer.headers["content-type"] == "application/problem+json"
        assert not key or key not in answer.text
    assert (await van(house)).position_ms == 0
    as_person = {"Authorization": f"Bearer {made['key']}"}
    assert (await house.client.get("/v1/me", headers=as_person)).status_code == 401


async def test_who_guesses_keys_is_slowed_down(house: House) -> None:
    answers = [(await from_phone(house, f"gps.{n}.x")).status_code for n in range(62)]
    assert answers[0] == 401
    assert answers[-1] == 429


async def test_a_revoked_key_is_refused_and_both_acts_are_in_the_audit(house: House) -> None:
    made = await tracker(house, "team", "team-1")
    assert (await from_phone(house, made["key"])).status_code == 200
    listed = (await house.get("supervisor", "/v1/trackers"))["items"]
    assert [(one["id"], one["unit"]) for one in listed] == [(made["id"], "team-1")]
    assert "key" not in listed[0]
    gone = await house.call("supervisor", "DELETE", f"/v1/trackers/{made['id']}")
    assert gone.status_code == 204
    assert (await from_phone(house, made["key"])).status_code == 401
    again = await house.call("supervisor", "DELETE", f"/v1/trackers/{made['id']}")
    assert again.status_code == 404
    async with house.journal.engine.connect() as connection:
        about = select(audit.c.action).where(audit.c.subject_kind == "tracker")
        lines = await connection.execute(about)
        assert sorted(lines.scalars()) == ["tracker.made", "tracker.revoked"]


async def test_a_device_is_tied_to_a_unit_that_exists(house: House) -> None:
    await house.refused("supervisor", "/v1/trackers", 404, name="x", kind="van", unit="van-9")
    await house.refused("dispatcher", "/v1/trackers", 403, name="x", kind="van", unit="van-1")


async def test_a_gateway_s_batch_is_judged_point_by_point(house: House) -> None:
    now_ms = house.now_ms()

    def point(kind: str, id: str, **more: Any) -> dict[str, Any]:
        return {"kind": kind, "id": id, "lon": HERE[0], "lat": HERE[1], "at_ms": now_ms} | more

    batch = [point("team", "team-1"), point("van", "van-1", lat=0.0), point("van", "van-9")]
    told = await house.do("supervisor", "/v1/positions", source="avl", positions=batch)
    assert [one["verdict"] for one in told["items"]] == ["taken", "outside", "unknown"]
    problem = await house.refused(
        "supervisor", "/v1/positions", 422, source="avl", positions=batch[1:]
    )
    assert problem["detail"].endswith("outside 1, unknown 1")
    again = await house.do("supervisor", "/v1/positions", source="avl", positions=batch[:1])
    assert [one["verdict"] for one in again["items"]] == ["repeat"]


def batch(source: str = "avl", **wrong: Any) -> bytes:
    point = {"kind": "van", "id": "v", "lon": 0, "lat": 0, "at_ms": 1} | wrong
    return json.dumps({"source": source, "positions": [point]}).encode()


NO_BATCH = [
    (b"{", 400),
    (b"\xff", 400),
    (b"{}", 422),
    (b'{"source": "avl", "positions": []}', 422),
    (batch(source="unicorn"), 422),
    (batch(kind="bus"), 422),
    (batch(lon="x"), 422),
    (batch(lat=91), 422),
    (batch(colour="red"), 422),
]


async def test_a_batch_that_is_none_is_refused_without_repeating_it(
    house: House, subtests: pytest.Subtests
) -> None:
    headers = await house.as_("supervisor") | {"content-type": "application/json"}
    for body, code in NO_BATCH:
        with subtests.test(body=body):
            answer = await house.client.post("/v1/positions", content=body, headers=headers)
            assert answer.status_code == code, answer.text
            problem = json.loads(answer.text)
            assert "bus" not in problem.get("detail", "")
