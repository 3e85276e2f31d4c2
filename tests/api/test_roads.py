"""The doors of closed roads and of who is within so many minutes."""

from typing import Any

import pytest
import shapely

from api.live.audiences.field import Field
from tests.api.builders import command
from tests.api.house import HERE, House

pytestmark = [pytest.mark.slow]

LINE = {"type": "LineString", "coordinates": [[-112.0, 41.0], [-111.9, 41.05]]}


def a_closure(house: House, **changes: Any) -> dict[str, Any]:
    until_ms = house.now_ms() + 3_600_000
    return {"area": LINE, "slowdown": None, "reason": "flood", "until_ms": until_ms} | changes


async def put(house: House, who: str, closure: str, code: int, **changes: Any) -> Any:
    answer = await house.call(who, "PUT", f"/v1/closures/{closure}", a_closure(house, **changes))
    assert answer.status_code == code, answer.text
    return answer.json()


async def test_a_closed_road_comes_to_the_board_and_goes_when_it_is_lifted(house: House) -> None:
    closure = command()
    made = await put(house, "dispatcher", closure, 200, note="bridge under water")
    assert (made["version"], made["ended_ms"]) == (1, None)
    await house.until(lambda: house.world.get("closure", closure) is not None)
    assert "note" not in house.world.get("closure", closure)
    (item,) = (await house.get("supervisor", "/v1/closures"))["items"]
    assert item["note"] == "bridge under water"
    await house.do("supervisor", f"/v1/closures/{closure}/lift")
    await house.until(lambda: house.world.get("closure", closure) is None)
    assert (await house.get("dispatcher", "/v1/closures"))["items"] == []
    await house.refused("dispatcher", f"/v1/closures/{closure}/lift", 409)
    await house.refused("dispatcher", f"/v1/closures/{command()}/lift", 404)


SENSELESS: list[dict[str, Any]] = [
    {"slowdown": 1},
    {"slowdown": "fast"},
    {"reason": "because"},
    {"until_ms": 1_000},
    {"area": {"type": "Point", "coordinates": [-112, 41]}},
    {"area": {"type": "LineString", "coordinates": [[-112, 41]]}},
    {"area": {"type": "LineString", "coordinates": [[25, 60], [25.1, 60]]}},
    {"area": {"type": "Polygon", "coordinates": [["a", "b"]]}},
    {"area": {"type": "Polygon", "coordinates": [[[None, None]] * 4]}},
]


async def test_a_closure_that_makes_no_sense_is_refused(
    house: House, subtests: pytest.Subtests
) -> None:
    for changes in SENSELESS:
        with subtests.test(changes=changes):
            await put(house, "dispatcher", command(), 422, **changes)


async def test_a_closed_road_is_on_the_crews_own_topic(house: House) -> None:
    closure = command()
    await put(house, "dispatcher", closure, 200, note="bridge under water")
    await house.until(lambda: house.world.get("closure", closure) is not None)
    shown = Field("team", "team-1").project(house.world, {("closure", closure)})
    assert shown[("closure", closure)] == house.world.get("closure", closure)


async def test_who_is_within_a_time_is_answered_with_areas_and_teams(house: House) -> None:
    lon, lat = HERE
    asked = {"at": {"lon": lon, "lat": lat}, "limits_s": [600, 1800]}
    answer = (await house.call("dispatcher", "POST", "/v1/isochrones", asked)).json()
    assert (answer["quality"], answer["engine"]) == ("estimate", "straight-line")
    small, large = (shapely.geometry.shape(one["area"]) for one in answer["areas"])
    assert large.contains(small)
    assert small.contains(shapely.Point(lon, lat))
    assert {team["id"] for team in answer["teams"]} == {"team-1", "team-2"}
    assert all(0 <= team["seconds"] <= 1800 for team in answer["teams"])


async def test_a_place_is_named_once_and_lies_in_the_region(house: House) -> None:
    ask = "/v1/isochrones"
    for body in (
        {"limits_s": [600]},
        {"facility": "facility-1", "zone": "weber", "limits_s": [600]},
        {"facility": "nowhere", "limits_s": [600]},
        {"zone": "nowhere", "limits_s": [600]},
        {"at": {"lon": 25, "lat": 60}, "limits_s": [600]},
        {"zone": "weber", "limits_s": []},
        {"zone": "weber", "limits_s": [5]},
    ):
        answer = await house.call("dispatcher", "POST", ask, body)
        assert answer.status_code == 422, body


async def test_a_wall_asks_about_public_places_only_and_hears_of_no_team(house: House) -> None:
    made = await house.do("supervisor", "/v1/wall-tokens", name="hall")
    headers = {"Authorization": f"Bearer {made['token']}"}

    async def ask(**place: Any) -> Any:
        body = {**place, "limits_s": [600]}
        return await house.client.post("/v1/isochrones", json=body, headers=headers)

    assert (await ask(at={"lon": HERE[0], "lat": HERE[1]})).status_code == 403
    answer = (await ask(facility="facility-1")).json()
    assert answer["teams"] == []
    assert answer["areas"][0]["area"]["coordinates"]
    assert (await ask(zone="weber")).status_code == 200
