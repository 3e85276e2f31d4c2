"""What each audience may see, over one request's whole life; what it must never see."""

import json

import pytest

from api.live.feed import Feed
from api.live.world import World
from api.roles import Caller, Role
from dispatch import panic
from registry.model import MemoryRegistry
from registry.port import Claim, Free, Promise
from tests.api.builders import NOW_MS, Clock, command
from tests.api.life import Life, a_wall


async def test_law_enforcement_sees_a_request_only_once_it_is_shared(life: Life) -> None:
    await life.promise("requested")
    assert list(life.seen["law"].objects()) == []
    await life.promise("on_scene", shared_le=True, team="team-1", pool="pool-1")
    ((kind, id, shape),) = life.seen["law"].objects()
    assert (kind, id) == ("shared", "request-1")
    assert shape == {"id": "request-1", "zone": "weber", "opened_ms": NOW_MS, "state": "underway"}
    await life.promise("handed_over", shared_le=True)
    assert list(life.seen["law"].objects())[-1] == ("shared", "request-1", None)


async def test_law_enforcement_sees_a_shared_request_until_its_rescue_is_confirmed(
    life: Life,
) -> None:
    await life.promise("handed_over", shared_le=True, rescue="open")
    assert list(life.seen["law"].objects())[-1][2] is not None
    await life.promise("handed_over", shared_le=True, rescue="confirmed")
    assert list(life.seen["law"].objects())[-1] == ("shared", "request-1", None)


async def test_a_person_who_is_to_be_followed_up_is_on_the_board_and_nowhere_else(
    life: Life,
) -> None:
    had = {"team": "team-1", "van": "van-1", "pool": "pool-1"}
    claims = [Claim(kind, id, "request-1") for kind, id in had.items()]
    frees = [Free(kind, id, "request-1") for kind, id in had.items()]
    await life.promise("transporting", *claims, place_claimed=True, shared_le=True, **had)
    await life.promise("handed_over", *frees, place_claimed=True, shared_le=True, **had)
    last = {
        name: {(kind, id): shape for kind, id, shape in seen.objects()}
        for name, seen in life.seen.items()
    }
    assert last["board"]["request", "request-1"]["state"] == "handed_over"
    assert last["pad"]["incoming", "request-1"] is None
    assert last["field"]["request", "request-1"] is None
    assert last["law"]["shared", "request-1"] is None
    figures = {id: shape for (kind, id), shape in last["wall"].items() if kind == "figure"}
    assert figures["waiting"]["parts"] == {}
    await life.promise("settled")
    assert list(life.seen["board"].objects())[-1] == ("request", "request-1", None)


async def test_a_share_that_ends_is_gone_from_law_enforcement(life: Life) -> None:
    await life.promise("requested", shared_le=True)
    await life.promise("requested", shared_le=False)
    assert list(life.seen["law"].objects())[-1] == ("shared", "request-1", None)


async def test_a_facility_sees_its_own_pools_and_who_comes_to_them(life: Life) -> None:
    await life.whole()
    own = list(life.seen["pad"].objects())
    assert {id for kind, id, _ in own if kind == "pool"} == {"pool-1"}
    assert own[-1][:2] == ("incoming", "request-1") or ("incoming", "request-1", None) in own
    foreign = list(life.seen["foreign-pad"].objects())
    assert {(kind, id) for kind, id, _ in foreign} == {("pool", "pool-2")}


async def test_a_facility_does_not_see_who_might_come(life: Life) -> None:
    await life.promise("recommended", pool="pool-1", place_claimed=False)
    assert [kind for kind, _, _ in life.seen["pad"].objects()] == ["pool"]


async def test_incoming_people_have_needs_and_clocks_but_no_tier_or_zone(life: Life) -> None:
    await life.promise("accepted", pool="pool-1", team="team-1", place_claimed=True)
    incoming = [shape for kind, _, shape in life.seen["pad"].objects() if kind == "incoming"]
    assert incoming == [
        {
            "id": "request-1",
            "version": 1,
            "pool": "pool-1",
            "state": "accepted",
            "facility_answer": None,
            "answer_due_ms": None,
            "arrive_ms": None,
            "needs": ["adult", "substance_use"],
            "phone": "801-555-0100",
        }
    ]


async def test_a_crew_sees_its_own_unit_request_and_place_only(life: Life) -> None:
    await life.whole()
    own = {(kind, id) for kind, id, _ in life.seen["field"].objects()}
    assert own == {("team", "team-1"), ("request", "request-1"), ("pool", "pool-1")}
    assert list(life.seen["foreign-field"].objects()) == []
    places = [shape for kind, _, shape in life.seen["field"].objects() if kind == "pool" and shape]
    assert "free" not in places[0]


async def test_a_unit_that_is_only_planned_for_a_person_sees_nothing_of_them(life: Life) -> None:
    await life.promise("accepted", Claim("team", "team-1", "request-1"), van="van-1")
    assert "request" not in {kind for kind, _, _ in life.seen["driver"].objects()}


async def test_a_driver_sees_the_ride_and_nothing_clinical(life: Life) -> None:
    await life.whole()
    tasks = [shape for kind, _, shape in life.seen["driver"].objects() if kind == "request"]
    assert tasks[-1] is None
    for task in tasks[:-1]:
        assert task is not None
        assert {"id", "state", "place", "pool", "van", "crew_answer"} <= set(task)
        assert not {"tier", "urgency", "needs", "rescue"} & set(task)
    assert "substance_use" not in json.dumps(life.seen["driver"].frames)
    places = [shape for kind, _, shape in life.seen["driver"].objects() if kind == "pool" and shape]
    assert "type" not in places[0]


async def test_a_call_for_help_is_on_the_board_and_on_the_units_own_screen_only(
    life: Life,
) -> None:
    called = panic.pressed("panic-1", "team", "team-1", None, NOW_MS, NOW_MS, 60)
    for version, one in enumerate((called, panic.ended(called, NOW_MS)), start=1):
        row = Promise(
            row_id=command(),
            aggregate="panic",
            aggregate_id="panic-1",
            version=version,
            kind="panic.pressed",
            card=panic.card(one),
        )
        await life.memory.apply(row)
        await life.follow()
    for name, seen in life.seen.items():
        shown = [shape for kind, _, shape in seen.objects() if kind == "panic"]
        if name in ("board", "field"):
            assert shown == [panic.card(called), None]
        else:
            assert shown == []
            assert "panic" not in json.dumps(seen.frames)


async def test_a_provider_sees_its_own_slots_and_referrals_only(life: Life) -> None:
    for number, provider in enumerate(("provider-1", "provider-2")):
        await life.memory.apply(
            Promise(
                row_id=command(),
                aggregate="referral",
                aggregate_id=f"referral-{number}",
                version=1,
                kind="referral.requested",
                card={"id": f"referral-{number}", "version": 1, "provider": provider},
            )
        )
    await life.follow()
    seen = {(kind, id) for kind, id, _ in life.seen["provider"].objects()}
    assert seen == {("slot", "slot-1"), ("referral", "referral-0")}


def caller(role: Role, scope: str | None = None) -> Caller:
    return Caller("account", "name", role, scope, "token", 2 * NOW_MS)


EVERY_AUDIENCE = {
    "board": caller(Role.DISPATCHER),
    "wall": caller(Role.WALL),
    "pad": caller(Role.FACILITY, "facility-1"),
    "field": caller(Role.FIELD, "team:team-1"),
    "provider": caller(Role.PROVIDER, "provider-1"),
    "law": caller(Role.LAW_ENFORCEMENT),
}


@pytest.mark.parametrize("role", Role)
def test_each_role_reaches_its_own_topics_only(
    role: Role, memory: MemoryRegistry, clock: Clock
) -> None:
    feed = Feed(memory, World(), clock, a_wall(), {})
    scopes = {Role.FACILITY: "f", Role.FIELD: "team:t", Role.PROVIDER: "p"}
    reached = {name for name in EVERY_AUDIENCE if feed.topic(caller(role, scopes.get(role)), name)}
    expected = {
        Role.DISPATCHER: {"board", "wall"},
        Role.SUPERVISOR: {"board", "wall"},
        Role.FACILITY: {"pad"},
        Role.FIELD: {"field"},
        Role.PROVIDER: {"provider"},
        Role.LAW_ENFORCEMENT: {"law"},
        Role.WALL: {"wall"},
    }
    assert reached == expected[role]


def test_a_scoped_role_without_a_scope_reaches_nothing(
    memory: MemoryRegistry, clock: Clock
) -> None:
    feed = Feed(memory, World(), clock, a_wall(), {})
    assert feed.topic(caller(Role.FACILITY, None), "pad") is None
