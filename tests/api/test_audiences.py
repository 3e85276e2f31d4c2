"""What each audience may see, over one request's whole life; what it must never see."""

import json
from collections.abc import Iterator, Set
from math import cos, hypot, radians
from typing import Any

import pytest

from api.live.audiences.board import Board
from api.live.audiences.field import Field
from api.live.audiences.law import Law
from api.live.audiences.pad import Pad
from api.live.audiences.provider import Provider
from api.live.audiences.wall import Wall, small
from api.live.audiences.zones import grouped
from api.live.feed import Feed
from api.live.frame import Frame
from api.live.topic import Projection, Topic
from api.live.world import Key, Object, World, moved
from api.region import WallZone
from api.roles import Caller, Role
from dispatch import panic
from registry.model import MemoryRegistry
from registry.port import Claim, Free, Promise, UnitPosition
from registry.port import Status as SetStatus
from registry.states import UnitStatus
from tests.api.builders import NOW_MS, ZONES, Clock, card, command, pool, slot, team, van

ADDRESS = (-111.8123, 41.3377)
"""Where the person lives: no frame for the wall may lead here."""
BASE = (-111.97, 41.22)
DETOX = (-111.93, 41.24)


class Recorder:
    """Listens to a topic and keeps every frame."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []

    def published(self, topic: Topic, made: Frame, prev: int) -> None:
        self.frames.append(json.loads(made.text))

    def restarted(self, topic: Topic) -> None:
        self.frames.append(json.loads(topic.whole(NOW_MS).text))

    def objects(self) -> Iterator[tuple[str, str, Object | None]]:
        for got in self.frames:
            if got["type"] == "snapshot":
                for kind, objects in got["state"].items():
                    for id, shape in objects.items():
                        yield kind, id, shape
            else:
                for kind, id, shape in got["changes"]:
                    yield kind, id, shape


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


def a_wall() -> Wall:
    return Wall(ZONES, 20_000, {"facility-1": ("Demo Detox Ogden", "weber")}, b"secret")


class Life:
    """A request's life on the registry's laws, seen by every audience."""

    def __init__(
        self, memory: MemoryRegistry, clock: Clock, wall: Projection | None = None
    ) -> None:
        self.memory, self.clock = memory, clock
        self.world = World()
        self.wall = wall or a_wall()
        self.topics: dict[str, Topic] = {}
        self.seen: dict[str, Recorder] = {}
        self.version = 0

    async def begin(self) -> None:
        await self.memory.put(team(), command())
        await self.memory.put(van(), command())
        await self.memory.put(
            pool(type="detox", takes=("adult", "substance_use"), lon=DETOX[0], lat=DETOX[1]),
            command(),
        )
        await self.memory.put(pool("pool-2", facility="facility-2"), command())
        await self.memory.put(slot(), command())
        self.world.start(await self.memory.snapshot())
        projections = {
            "board": Board(),
            "wall": self.wall,
            "pad": Pad("facility-1"),
            "foreign-pad": Pad("facility-2"),
            "field": Field("team", "team-1"),
            "foreign-field": Field("team", "team-2"),
            "driver": Field("van", "van-1"),
            "provider": Provider("provider-1"),
            "law": Law(),
        }
        for name, projection in projections.items():
            topic, recorder = Topic(name, "", projection), Recorder()
            topic.listeners.add(recorder)
            topic.start(self.world)
            self.topics[name], self.seen[name] = topic, recorder

    async def follow(self) -> None:
        """Show everybody what has happened, event by event, as a quiet feed would."""
        for event in await self.memory.events(self.world.position):
            touched = {change.key for change in self.world.advance(event)} | set(moved(event))
            for topic in self.topics.values():
                topic.publish(self.world, touched, [], NOW_MS)

    async def promise(self, state: str, *effects: Any, **more: Any) -> None:
        self.version += 1
        shown = card(state=state, version=self.version, needs=["adult", "substance_use"], **more)
        if state == "handed_over":
            shown |= {"ended_ms": self.clock.now_ms, "follow_up_due_ms": 2 * NOW_MS}
        await self.memory.apply(
            Promise(
                row_id=command(),
                aggregate="request",
                aggregate_id="request-1",
                version=self.version,
                kind=f"request.{state}",
                effects=effects,
                card=None if state == "settled" else shown,
            )
        )
        await self.follow()

    async def drive(
        self, kind: str, unit: str, where: tuple[float, float], steps: int = 12
    ) -> None:
        """Along a straight road, a point a minute."""
        known = self.world.get(kind, unit)
        assert known is not None
        for step in range(1, steps + 1):
            self.clock.pass_s(60)
            lon = known["lon"] + (where[0] - known["lon"]) * step / steps
            lat = known["lat"] + (where[1] - known["lat"]) * step / steps
            point = UnitPosition(kind, unit, lon, lat, self.clock.now_ms)
            await self.memory.report_positions([point], "avl")
            await self.follow()

    async def both(self, status: UnitStatus) -> None:
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.memory.report_status(kind, unit, status, command())
        await self.follow()

    async def whole(self) -> None:
        """From the call to the units' way home, by a detox unit."""
        had = {"team": "team-1", "van": "van-1", "pool": "pool-1"}
        await self.promise("requested")
        claims = [Claim(kind, id, "request-1") for kind, id in had.items()]
        sent = [SetStatus(kind, id, UnitStatus.DISPATCHED) for kind, id in had.items()][:2]
        await self.promise("accepted", *claims, *sent, place_claimed=True, **had)
        await self.both(UnitStatus.EN_ROUTE)
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.drive(kind, unit, ADDRESS)
        await self.both(UnitStatus.ON_SCENE)
        await self.promise("on_scene", place_claimed=True, shared_le=True, **had)
        await self.both(UnitStatus.TRANSPORTING)
        await self.drive("van", "van-1", DETOX)
        await self.both(UnitStatus.AT_FACILITY)
        gone = [Free("team", "team-1", "request-1"), Free("van", "van-1", "request-1")]
        await self.promise("handed_over", *gone, place_claimed=True, shared_le=True, **had)
        await self.both(UnitStatus.AVAILABLE)
        # The team is free where the person lives; the van is free at the detox unit.
        await self.drive("team", "team-1", (-111.9, 41.3))
        for kind, unit in (("team", "team-1"), ("van", "van-1")):
            await self.drive(kind, unit, BASE)


@pytest.fixture
async def life(memory: MemoryRegistry, clock: Clock) -> Life:
    begun = Life(memory, clock)
    await begun.begin()
    return begun


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    north, east = other[1] - one[1], (other[0] - one[0]) * cos(radians(one[1]))
    return hypot(north, east) * 111_195


def guesses(recorder: Recorder) -> set[tuple[float, float]]:
    """Whatever an observer can take for where a person is: points that are not always there."""
    known = {(zone.lon, zone.lat) for zone in ZONES} | {BASE, DETOX, (-111.9, 41.2)}
    points = {
        (shape["lon"], shape["lat"])
        for _, _, shape in recorder.objects()
        if shape and "lon" in shape
    }
    return points - known


class Careless:
    """What a wall must not be: units drawn where they are until they are on scene."""

    def project(self, world: World, touched: Set[Key]) -> dict[Key, Object | None]:
        shown: dict[Key, Object | None] = {}
        for kind, id in touched:
            unit = world.get(kind, id) if kind in ("team", "van") else None
            if unit and unit["status"] not in ("on_scene", "transporting"):
                shown[kind, id] = {"lon": unit["lon"], "lat": unit["lat"]}
        return shown


async def test_nobody_can_read_the_address_off_the_wall(life: Life) -> None:
    await life.whole()
    near = [point for point in guesses(life.seen["wall"]) if metres(point, ADDRESS) < 5_000]
    assert near == []


async def test_no_way_to_or_from_a_person_is_drawn_on_the_wall(life: Life) -> None:
    """Every point shown exactly is within the base's surroundings."""
    await life.whole()
    assert all(metres(point, BASE) <= 500 for point in guesses(life.seen["wall"]))


def stretches(recorder: Recorder) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """What a screen that remembers draws behind units: from one exact place to the next.

    A unit that is obscured, or gone, leaves nothing behind.
    """
    last: dict[str, tuple[float, float]] = {}
    drawn = []
    for kind, id, shape in recorder.objects():
        if kind not in ("team", "van"):
            continue
        if shape is None or shape.get("obscured"):
            last.pop(id, None)
            continue
        at = (shape["lon"], shape["lat"])
        if id in last and at != last[id]:
            drawn.append((last[id], at))
        last[id] = at
    return drawn


async def test_no_trail_on_the_wall_leads_to_or_from_a_person(life: Life) -> None:
    await life.whole()
    drawn = stretches(life.seen["wall"])
    ends = [point for stretch in drawn for point in stretch]
    assert all(metres(point, BASE) <= 500 for point in ends)


async def test_a_trail_on_a_careless_wall_leads_to_the_person(
    memory: MemoryRegistry, clock: Clock
) -> None:
    """Otherwise the test above would prove nothing."""
    life = Life(memory, clock, Careless())
    await life.begin()
    await life.whole()
    ends = [point for stretch in stretches(life.seen["wall"]) for point in stretch]
    assert min(metres(point, ADDRESS) for point in ends) < 50


async def test_the_same_observer_finds_the_address_on_a_careless_wall(
    memory: MemoryRegistry, clock: Clock
) -> None:
    """Otherwise the two tests above would prove nothing."""
    life = Life(memory, clock, Careless())
    await life.begin()
    await life.whole()
    assert min(metres(point, ADDRESS) for point in guesses(life.seen["wall"])) < 50


async def test_the_wall_names_no_request_no_unit_and_no_need(life: Life) -> None:
    await life.whole()
    said = json.dumps(life.seen["wall"].frames)
    for word in ("request-1", "team-1", "van-1", "Team One", "Van One", "substance_use", "Ogden,"):
        assert word not in said


async def test_the_wall_shows_where_a_unit_is_again_when_it_is_home(life: Life) -> None:
    await life.whole()
    last = {(kind, id): shape for kind, id, shape in life.seen["wall"].objects()}
    units = [shape for (kind, _), shape in last.items() if kind in ("team", "van")]
    assert len(units) == 2
    assert all(unit and not unit["obscured"] for unit in units)


async def test_a_unit_that_goes_out_is_obscured_at_once(life: Life) -> None:
    await life.promise("accepted", Claim("team", "team-1", "request-1"), team="team-1")
    last = {(kind, id): shape for kind, id, shape in life.seen["wall"].objects()}
    (unit,) = [shape for (kind, _), shape in last.items() if kind == "team"]
    assert unit is not None
    assert unit["obscured"]
    assert (unit["lon"], unit["lat"]) == (ZONES[0].lon, ZONES[0].lat)
    assert unit["status"] == "committed"


async def test_pseudonyms_differ_from_wall_to_wall(life: Life) -> None:
    other = Wall(ZONES, 20_000, {}, b"another secret")
    assert a_wall().pseudonym("team", "team-1") != other.pseudonym("team", "team-1")


async def test_small_counts_on_the_wall_are_the_same(life: Life) -> None:
    assert [small(count) for count in range(5)] == [0, "<3", "<3", 3, 4]
    await life.promise("requested")
    zones = {id: shape for kind, id, shape in life.seen["wall"].objects() if kind == "zone"}
    assert zones["weber"] is not None
    assert zones["weber"]["waiting"] == {"high": "<3"}
    assert zones["weber"]["oldest_ms"] is None


def test_zones_with_few_people_are_drawn_with_their_neighbour() -> None:
    groups = grouped(ZONES, 20_000)
    assert groups["rich"] == groups["weber"]
    assert groups["rich"].name == "Weber + Rich"
    assert groups["davis"].id == "davis"
    assert {group.population >= 20_000 for group in groups.values()} == {True}


def test_a_region_below_the_limit_is_one_zone() -> None:
    alone = (WallZone("a", "A", 0, 0, 10), WallZone("b", "B", 1, 1, 20))
    assert {group.id for group in grouped(alone, 20_000).values()} == {"b"}


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
