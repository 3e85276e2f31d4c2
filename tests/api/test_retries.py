"""One command id is one command: the same body is a retry, another body is refused."""

from typing import Any

import pytest

from dispatch.card import FIRST
from registry.port import Promise
from tests.api.builders import card, command
from tests.api.house import HERE, House

pytestmark = [pytest.mark.slow]

REUSED = "urn:caretower:command-reused"


def opening() -> dict[str, Any]:
    return {
        "command_id": command(), "request": command(), "place": "Ogden",
        "lon": HERE[0], "lat": HERE[1], "urgency": 3, "person": {"name": "Planted Name"},
    }  # fmt: skip


async def test_the_same_body_is_answered_the_same_and_another_is_refused(house: House) -> None:
    body = opening()
    first = await house.do("dispatcher", "/v1/requests", **body)
    assert await house.do("dispatcher", "/v1/requests", **body) == first
    for other in ({"urgency": 4}, {"person": {"name": "Another Name"}}, {"request": command()}):
        problem = await house.refused("dispatcher", "/v1/requests", 409, **(body | other))
        assert problem["type"] == REUSED


@pytest.mark.parametrize(
    ("who", "path", "body", "other"),
    [
        ("dispatcher", "/v1/requests/{request}/notes", {"text": "a"}, {"text": "b"}),
        (
            "dispatcher",
            "/v1/requests/{request}/accept",
            {"bundle": {"team": "team-1", "pool": "pool-1", "van": "self"}},
            {"bundle": {"team": "team-2", "pool": "pool-1", "van": "self"}},
        ),
        ("facility", "/v1/pools/pool-1/pause", {"reason": "staffing"}, {"reason": "full"}),
        ("crew", "/v1/teams/team-1/status", {"status": "clearing"}, {"status": "on_scene"}),
        ("supervisor", "/v1/wall-tokens", {"name": "Hall"}, {"name": "Office"}),
    ],
)
async def test_at_every_kind_of_door_an_id_is_used_once(
    house: House, who: str, path: str, body: dict[str, Any], other: dict[str, Any]
) -> None:
    path = path.format(request=await house.open())
    once = {"command_id": command()}
    await house.do(who, path, **once, **body)
    await house.do(who, path, **once, **body)
    problem = await house.refused(who, path, 409, **once, **other)
    assert problem["type"] == REUSED


async def test_a_card_of_an_older_release_breaks_no_list(house: House) -> None:
    old = {name: value for name, value in card().items() if name in FIRST}
    old["id"] = command()
    promise = Promise(
        row_id=command(), aggregate="request", aggregate_id=old["id"], version=1, kind="opened",
        card=old,
    )  # fmt: skip
    await house.registry.apply(promise)
    await house.until(lambda: house.world.get("request", old["id"]) is not None)
    shown = (await house.get("dispatcher", "/v1/requests"))["items"]
    assert [one["id"] for one in shown] == [old["id"]]
    assert shown[0]["overdue"] == []
