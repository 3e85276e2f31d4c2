"""Ways to drive: for a dispatcher's map, and none that gives an address away unread."""

from api.ways import SHORT_OF_PERSON_M, short_of
from geo.points import Point, haversine_m
from tests.api.house import HERE, House

THERE = (HERE[0] + 0.2, HERE[1])


def spot(place: tuple[float, float]) -> dict[str, float]:
    return {"lon": place[0], "lat": place[1]}


def test_a_line_to_a_person_ends_a_kilometre_before_the_address() -> None:
    end = Point(*THERE)
    line = [(HERE[0] + step * 0.005, HERE[1]) for step in range(41)]
    kept = short_of(line, end)
    left_m = float(haversine_m(kept[-1], THERE))
    assert SHORT_OF_PERSON_M < left_m < SHORT_OF_PERSON_M + 500
    assert short_of(line[-2:], end) == []


async def test_each_leg_gets_its_way_in_order(house: House) -> None:
    legs = [{"start": spot(HERE), "end": spot(THERE)}, {"start": spot(THERE), "end": spot(HERE)}]
    answer = (await house.call("dispatcher", "POST", "/v1/routes", {"legs": legs})).json()
    there, back = answer["items"]
    assert (there["line"][0], there["line"][-1]) == (list(HERE), list(THERE))
    assert (back["line"][0], back["line"][-1]) == (list(THERE), list(HERE))
    assert there["seconds"] > 0


async def test_a_leg_off_the_map_is_refused(house: House) -> None:
    legs = [{"start": spot(HERE), "end": {"lon": 25, "lat": 60}}]
    answer = await house.call("dispatcher", "POST", "/v1/routes", {"legs": legs})
    assert answer.status_code == 422


async def test_a_unit_under_way_is_shown_without_the_address_it_goes_to(house: House) -> None:
    lon, lat = THERE
    request = await house.open(lon=lon, lat=lat)
    await house.do("dispatcher", f"/v1/requests/{request}/accept", bundle={"team": "team-1"})
    await house.until(lambda: house.world.get("team", "team-1")["request"] == request)
    answer = (await house.call("dispatcher", "GET", "/v1/routes")).json()
    (way,) = answer["items"]
    assert (way["kind"], way["unit"], way["request"], way["to"]) == (
        "team",
        "team-1",
        request,
        "person",
    )
    assert way["seconds"] > 0
    assert all(haversine_m(point, THERE) > SHORT_OF_PERSON_M for point in way["line"])
    assert (await house.call("facility", "GET", "/v1/routes")).status_code == 403
