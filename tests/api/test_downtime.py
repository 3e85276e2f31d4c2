"""The board on paper: everything that is needed to go on, and nobody's name."""

import html.parser

import pytest

from api.downtime import Names, page, short
from registry.port import Position, Snapshot
from tests.api.builders import NOW_MS, card, pool, team, van
from tests.api.house import House
from tests.api.test_doors import accepted

NAMES = Names("Utah", "America/Denver", {"facility-1": "Demo & Sons"}, {"account-1": "Dana"})


class Reader(html.parser.HTMLParser):
    """Reads the cells, and notes what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> list[str]:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader.texts


def board(**cards: object) -> str:
    snapshot = Snapshot(
        position=Position(1, 1),
        at_ms=NOW_MS,
        teams={"team-1": team(phone="801-555-0102", request="request-0000abc123")},
        vans={"van-1": van()},
        pools={"pool-1": pool(phone="801-555-0101")},
        slots={},
        holds={},
        cards={"request": cards},
    )
    return page(snapshot, NAMES)


def test_the_board_has_who_waits_the_most_urgent_first_who_is_where_and_what_is_free() -> None:
    routine = card(id="request-1", tier="routine", opened_ms=NOW_MS - 9_000_000)
    imminent = card(id="request-0000abc123", tier="imminent", team="team-1", pool="pool-1")
    texts = read(board(a=routine, b=imminent))
    assert texts.index("abc123") < texts.index(short("request-1"))
    assert {"Team One", "801-555-0102", "801-555-0101", "Demo & Sons", "Dana"} <= set(texts)
    assert "Utah: the board at 2027-01-15 01:00 MST" in texts


def test_a_card_of_an_older_release_and_a_name_with_signs_break_nothing() -> None:
    old = {
        "id": "request-1", "version": 1, "state": "requested", "tier": "high", "urgency": 3,
        "zone": "weber", "opened_ms": NOW_MS, "target_ms": NOW_MS, "owner": None,
    }  # fmt: skip
    texts = read(board(a=old, b=card(place="<script>alert(1)</script>")))
    assert "<script>alert(1)</script>" in texts


def test_the_board_needs_nothing_else_to_be_read_or_printed() -> None:
    text = board(a=card())
    assert "@media print" in text
    assert not any(word in text for word in ("src=", "href=", "url(", "<script", "@import"))


def test_an_empty_board_is_a_board() -> None:
    empty = Snapshot(
        position=Position(1, 1), at_ms=NOW_MS, teams={}, vans={}, pools={}, slots={}, holds={},
        cards={},
    )  # fmt: skip
    assert "None." in read(page(empty, NAMES))


@pytest.mark.slow
async def test_the_desk_prints_the_board_and_it_names_nobody(house: House) -> None:
    request = await accepted(house)
    answer = await house.call("dispatcher", "GET", "/v1/board/downtime")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert short(request) in read(answer.text)
    for planted in ("Planted", "17 ", "0177", "shotgun"):
        assert planted not in answer.text
    for who in ("facility", "crew", "provider", "officer"):
        assert (await house.call(who, "GET", "/v1/board/downtime")).status_code == 403


@pytest.mark.slow
async def test_a_step_from_paper_is_entered_at_the_desk_with_its_time(house: House) -> None:
    request = await accepted(house)
    at = f"/v1/requests/{request}"
    await house.do("crew", f"{at}/crew-answer", answer="acknowledged", by_name="Lee")
    early = {"step": "en_route", "downtime": True, "at_ms": house.now_ms() - 3_600_000}
    await house.refused("dispatcher", f"{at}/steps", 422, **early)
    await house.refused("dispatcher", f"{at}/steps", 422, step="en_route", downtime=True)
    then_ms = house.now_ms()
    done = await house.do(
        "dispatcher", f"{at}/steps", step="en_route", downtime=True, at_ms=then_ms
    )
    assert done["state"] == "en_route"
    timeline = (await house.get("dispatcher", at))["timeline"]
    assert (timeline[-1]["action"], timeline[-1]["at_ms"]) == ("depart", then_ms)
