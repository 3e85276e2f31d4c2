"""What cannot be meant is refused by one rule, whichever door it comes to."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.app import doors
from api.sense import Sensible
from api.services import Settings
from tests.api.builders import command
from tests.api.house import HERE, House
from tests.api.test_doors import UNIT, accepted

pytestmark = [pytest.mark.slow]

DAY_MS = 86_400_000
YEAR = datetime.now(UTC).year
CUSTODY = {
    "basis": "officer_hold", "custodian": "law_enforcement", "transport_by": ["law_enforcement"],
}  # fmt: skip


def test_every_door_that_takes_a_body_judges_it() -> None:
    """A door without the rule would be one at which nonsense passes."""
    forgotten = {
        str(route.name)
        for route in iter_route_contexts(doors(Settings()).routes)
        if isinstance(found := route.original_route, APIRoute)
        and found.body_field is not None
        and not isinstance(found, Sensible)
    }
    assert forgotten == set()


NOT_MEANT: list[tuple[dict[str, Any], str]] = [
    ({"person": {"date_of_birth": "1990-02-30"}}, "date_of_birth is no date of the calendar"),
    ({"person": {"date_of_birth": f"{YEAR + 1}-01-01"}}, "date_of_birth is in the future"),
    ({"person": {"date_of_birth": f"{YEAR - 131}-01-01"}}, "date_of_birth is more than"),
    ({"person": {"interpreter": "lang_xx"}}, "'lang_xx' is not a word of language"),
    ({"needs": {"facility": "nowhere"}}, "the directory has no such facility"),
    ({"custody": CUSTODY | {"since_ms": 0}}, "since_ms is too long ago"),
]


async def test_a_request_that_cannot_be_meant_is_refused(
    house: House, subtests: pytest.Subtests
) -> None:
    known = await house.open()
    for what, why in NOT_MEANT:
        with subtests.test(why):
            asked = {
                "request": command(), "place": "Ogden", "lon": HERE[0], "lat": HERE[1],
                "urgency": 3,
            }  # fmt: skip
            problem = await house.refused("dispatcher", "/v1/requests", 422, **(asked | what))
            assert problem["detail"].startswith(why)
            await house.refused("dispatcher", f"/v1/requests/{known}/triage", 422, **what)


async def test_what_can_be_meant_passes(house: House) -> None:
    since_ms = house.now_ms() - 3_600_000
    await house.open(
        person={"date_of_birth": f"{YEAR - 40}-02-28", "interpreter": "lang_es"},
        needs={"facility": "facility-1"},
        custody=CUSTODY | {"since_ms": since_ms},
    )


@pytest.mark.parametrize("ahead_ms", [-1_000, 400 * DAY_MS])
async def test_a_pause_ends_in_the_future_and_within_a_year(house: House, ahead_ms: int) -> None:
    until_ms = house.now_ms() + ahead_ms
    path = "/v1/pools/pool-1/pause"
    await house.refused("facility", path, 422, reason="staffing", until_ms=until_ms)
    await house.do("facility", path, reason="staffing", until_ms=house.now_ms() + DAY_MS)


async def test_a_count_was_made_lately(house: House) -> None:
    for ahead_ms in (-31 * DAY_MS, 60_000):
        at_ms = house.now_ms() + ahead_ms
        await house.refused(
            "facility", "/v1/pools/pool-1/counts", 422, occupied=1, closed=0, at_ms=at_ms
        )


async def test_nobody_arrives_next_year_or_has_arrived_yesterday(house: House) -> None:
    request = await house.open()
    at = f"/v1/requests/{request}/accept"
    bundle = {"team": "team-1", "pool": "pool-1", "van": "self"}
    for wrong in ({"eta_ms": house.now_ms() - DAY_MS}, {"arrive_ms": house.now_ms() + 9 * DAY_MS}):
        await house.refused("dispatcher", at, 422, bundle=bundle, **wrong)


async def test_a_request_is_given_to_somebody_who_is_there(house: House) -> None:
    request = await accepted(house)
    for path, body in ((f"/v1/requests/{request}/own", "owner"), ("/v1/hand-over", "to")):
        problem = await house.refused("dispatcher", path, 422, **{body: "nobody"})
        assert problem["detail"] == "there is no such dispatcher"


async def test_a_shift_is_of_this_year(house: House) -> None:
    for wrong in ({"shift_start_ms": 1_000}, {"shift_end_ms": house.now_ms() + 999 * DAY_MS}):
        answer = await house.call("supervisor", "PUT", "/v1/teams/x", UNIT | wrong)
        assert answer.status_code == 422


async def test_a_wall_cannot_log_itself_out_and_a_person_can(house: House) -> None:
    made = await house.do("supervisor", "/v1/wall-tokens", name="Hall")
    wall = {"Authorization": f"Bearer {made['token']}"}
    assert (await house.client.delete("/v1/sessions", headers=wall)).status_code == 403
    assert (await house.client.get("/v1/me", headers=wall)).status_code == 200
    own = await house.as_("colleague")
    assert (await house.client.delete("/v1/sessions", headers=own)).status_code == 204
    assert (await house.client.get("/v1/me", headers=own)).status_code == 401


async def test_broken_json_is_unreadable_and_not_merely_bad_input(
    house: House, subtests: pytest.Subtests
) -> None:
    headers = await house.as_("dispatcher") | {"content-type": "application/json"}
    for body in (b"{", b"", b"\xff", b"nonsense"):
        with subtests.test(body=body):
            answer = await house.client.post("/v1/requests", content=body, headers=headers)
            assert answer.status_code == (400 if body else 422)
            assert answer.headers["content-type"] == "application/problem+json"
