"""Changes in words: what the board says, and how little of it the wall does."""

from typing import Any

import msgspec

from api.live.lines import Line, lines
from api.live.world import Change
from tests.api.builders import card, pool, team


def said(kind: str, before: Any, after: Any) -> list[Line]:
    change = Change(kind, "id", before, after)
    places = {"facility-1": "Harbor House"}
    return list(
        lines([change], {"weber": "Weber"}.__getitem__, lambda which: places.get(which, ""))
    )


def public(state: Any, **more: Any) -> Any:
    return msgspec.to_builtins(state) | more


def test_a_request_has_its_zone_on_the_board_and_none_on_the_wall() -> None:
    opened = said("request", None, card())
    assert opened == [Line("A request was opened in Weber", "A request was opened")]
    sent = said("request", card(), card(team="team-1"))
    assert sent == [Line("A team was sent in Weber", "A team was sent")]
    ended = said("request", card(team="team-1"), None)
    assert ended == [Line("A request in Weber has ended", "A request has ended")]
    resolved = card(state="resolved_on_scene", ended_ms=1, team="team-1")
    assert said("request", card(team="team-1"), resolved) == ended
    assert said("request", resolved, resolved | {"owner": "a-1"}) == []
    assert said("request", resolved, None) == [Line("A request in Weber is settled", None)]


def test_what_a_unit_does_is_said_on_the_board_only() -> None:
    here = public(team())
    assert said("team", here, here | {"status": "on_scene"}) == [Line("Team One is on scene", None)]
    assert said("team", here, here | {"lon": 1.0}) == []


def test_a_pool_says_what_it_counted() -> None:
    before = public(pool(), free=4, updated_ms=1)
    counted = said("pool", before, before | {"free": 3, "updated_ms": 2})
    assert counted == [
        Line("Harbor House, Adult unit counted: 3 free", "Harbor House, Adult unit counted: 3 free")
    ]
    (over,) = said("pool", before, before | {"deficit": 1, "updated_ms": 2})
    assert over.board == "Harbor House, Adult unit is overcommitted"
    (paused,) = said("pool", before, before | {"paused": True})
    assert paused.wall == "Harbor House, Adult unit takes nobody for now"


def test_a_reservation_is_no_news_about_a_pool() -> None:
    """Otherwise the line would join a person on the way to the kind of place."""
    before = public(pool(type="detox"), free=4, reserved=0)
    assert said("pool", before, before | {"free": 3, "reserved": 1, "version": 2}) == []
