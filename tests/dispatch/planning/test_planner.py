"""The planning loop on real servers: it follows, plans, publishes, hands over, and degrades."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from directory import Directory
from dispatch import commands
from dispatch.dispatch import Dispatch
from dispatch.planning import planner, solving
from dispatch.planning.driving import Drive
from dispatch.planning.planner import Planner, Surroundings
from dispatch.planning.policy import load_planning_policy
from dispatch.planning.question import Question, question
from dispatch.planning.recommendation import PlanView, decode
from dispatch.planning.signs import PlannerWatch
from dispatch.planning.situation import Rules, Situation
from dispatch.policy import load_policy
from dispatch.request import Bundle, Needs, Person
from dispatch.words import Need, State
from geo.closures import LiveRoads
from geo.estimate import Estimate
from geo.points import Positions
from geo.roads import road_graph
from geo.travel import EngineFailed, TravelMatrix
from record import Actor
from record.actor import system
from record.clock import wall_clock
from record.journal import Journal
from registry.errors import Fenced
from registry.freshness import load_freshness
from registry.port import Registry
from registry.states import Pool, Team, UnitStatus
from registry.vocabulary import load_vocabulary

pytestmark = [pytest.mark.slow]

POLICY = Path(__file__).parents[3] / "policy"
DANA = Actor("a-1", "dispatcher", None, "Dana")
WITHIN_S = 30
H_MS = 3_600_000


def an_id() -> str:
    return str(uuid7())


@dataclass
class Roads:
    """Travel times that a test can break."""

    broken: bool = False

    def matrix(self, origins: Positions, destinations: Positions) -> TravelMatrix:
        if self.broken:
            raise EngineFailed
        return Estimate().matrix(origins, destinations)


@dataclass
class House:
    """A region with dispatch and what a planner needs."""

    registry: Registry
    dispatch: Dispatch
    world: Surroundings
    roads: Roads

    async def team(self, name: str, lat: float = 41.2) -> str:
        now_ms = wall_clock()
        team = Team(
            id=an_id(),
            zone="weber",
            name=name,
            shift_start_ms=now_ms - H_MS,
            shift_end_ms=now_ms + 10 * H_MS,
            base_lon=-112.0,
            base_lat=lat,
        )
        await self.registry.put(team, an_id())
        return team.id

    async def pool(self, capacity: int = 2) -> str:
        pool = Pool(
            id=an_id(),
            facility="F",
            zone="weber",
            name="Chairs",
            type="receiving",
            takes=("adult",),
            lon=-112.0,
            lat=41.2,
            capacity=capacity,
        )
        await self.registry.put(pool, an_id())
        return pool.id

    async def request(self, place: Need = Need.NONE) -> str:
        request = an_id()
        await self.dispatch.open(
            DANA,
            commands.OpenRequest(
                command_id=an_id(),
                request=request,
                zone="weber",
                place="Ogden",
                lon=-112.0,
                lat=41.21,
                needs=Needs(words=frozenset({"adult"}), place=place, van=Need.NONE),
                person=Person(name="Ada Example", callback="555-0100"),
            ),
        )
        return request

    async def plan_where(self, holds: Callable[[PlanView], bool]) -> PlanView:
        """The first plan for which this holds; waits for events, never for time."""

        async def look() -> PlanView:
            at = (await self.registry.snapshot()).position
            while True:
                kept = await self.registry.plan()
                if kept is not None and holds(view := decode(kept)):
                    return view
                for event in await self.registry.events(at, block_ms=1_000):
                    at = event.position

        async with asyncio.timeout(WITHIN_S):
            return await look()

    async def state_of(self, request: str) -> State:
        found = {one.id: one for one in await self.dispatch.open_requests()}
        return found[request].state


@pytest.fixture
def house(registry: Registry, engine: AsyncEngine) -> House:
    journal = Journal(engine)
    directory = Directory(journal)
    policy, vocabulary = load_policy(POLICY / "dispatch.toml"), load_vocabulary()
    dispatch = Dispatch(journal, registry, directory, policy, vocabulary, "America/Denver")
    planning = replace(load_planning_policy(POLICY / "planning.toml", vocabulary), lease_s=1.0)
    rules = Rules(planning, load_freshness(), policy.weight, vocabulary)
    roads = Roads()

    async def announce(request: str, plan_version: int, bundle: Bundle | None) -> None:
        told = commands.Recommended(an_id(), request, plan_version, bundle)
        await dispatch.recommended(system("planner"), told)

    world = Surroundings(
        registry=registry,
        requests=dispatch,
        directory=directory,
        travel=roads,
        rules=rules,
        clock=wall_clock,
        ticks=time.monotonic,
        timezone="America/Denver",
        names={"weber": "Weber"},
        announce=announce,
    )
    return House(registry, dispatch, world, roads)


@contextlib.asynccontextmanager
async def planning(house: House, owner: str = "p-1") -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(Planner(house.world, owner).run())
    try:
        yield task
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=5)


async def test_a_new_request_is_planned_at_once_and_dispatch_is_told(house: House) -> None:
    team = await house.team("Team 4")
    async with planning(house):
        request = await house.request()
        view = await house.plan_where(lambda view: request in view.recommendations)
        assert view.recommendations[request].team == team
        assert view.recommendations[request].why.team.startswith("Team 4 reaches the person in")
        assert await house.state_of(request) is State.RECOMMENDED


async def test_a_team_that_goes_out_of_service_is_replaced(house: House) -> None:
    near, far = await house.team("Near", 41.2), await house.team("Far", 41.4)
    async with planning(house):
        request = await house.request()
        await house.plan_where(
            lambda view: (
                request in view.recommendations and view.recommendations[request].team == near
            )
        )
        await house.registry.report_status("team", near, UnitStatus.OUT_OF_SERVICE, an_id())
        view = await house.plan_where(lambda view: view.recommendations[request].team == far)
        assert view.degraded is None


async def test_a_closed_road_changes_the_plan_of_this_planner_and_of_the_next(house: House) -> None:
    near, far = await house.team("Near", 41.2), await house.team("Far", 41.4)
    by_road = road_graph(
        [(-112.0, 41.2), (-112.0, 41.21), (-112.0, 41.4)],
        [0, 1, 1, 2],
        [1, 0, 2, 1],
        [60_000, 60_000, 900_000, 900_000],
        note="test",
    )
    live = LiveRoads(by_road)
    house.world = replace(house.world, travel=live, heed=live.put_all)
    async with planning(house):
        request = await house.request()
        await house.plan_where(
            lambda view: (
                request in view.recommendations and view.recommendations[request].team == near
            )
        )
        bridge = {"type": "LineString", "coordinates": [[-112.0, 41.2], [-112.0, 41.21]]}
        until_ms = wall_clock() + H_MS
        await house.dispatch.closures.put(
            DANA, commands.PutClosure(an_id(), an_id(), bridge, None, "flood", until_ms)
        )
        await house.plan_where(lambda view: view.recommendations[request].team == far)
    fresh = LiveRoads(by_road)
    house.world = replace(house.world, travel=fresh, heed=fresh.put_all)
    async with planning(house, "p-2"):
        other = await house.request()
        view = await house.plan_where(lambda view: other in view.recommendations)
        assert view.recommendations[request].team == far
        assert len(fresh.closures) == 1


async def test_what_is_accepted_is_not_planned_again_and_serves_nobody_else(house: House) -> None:
    team, pool = await house.team("Only"), await house.pool()
    async with planning(house):
        first = await house.request(Need.NEEDED)
        view = await house.plan_where(
            lambda view: first in view.recommendations and not view.recommendations[first].empty
        )
        assert view.recommendations[first].pool == pool
        accept = commands.Accept(an_id(), first, Bundle(team=team, pool=pool))
        await house.dispatch.accept(DANA, accept)
        second = await house.request(Need.NEEDED)
        view = await house.plan_where(
            lambda view: second in view.recommendations and first not in view.recommendations
        )
        assert view.recommendations[second].team is None
        assert [told.reason for told in view.recommendations[second].unserved] == ["committed"]


async def test_a_count_that_leaves_no_room_changes_the_plan(house: House) -> None:
    from registry.port import Counts

    await house.team("Team 4")
    pool = await house.pool(capacity=1)
    async with planning(house):
        request = await house.request(Need.NEEDED)
        await house.plan_where(
            lambda view: (
                request in view.recommendations and view.recommendations[request].pool == pool
            )
        )
        counts = Counts(occupied=1, closed=0)
        await house.registry.report_counts(pool, counts, wall_clock(), an_id())
        view = await house.plan_where(lambda view: view.recommendations[request].pool is None)
        assert [told.reason for told in view.recommendations[request].unserved] == ["full"]


async def test_one_of_two_planners_plans_and_the_other_goes_on_after_it(house: House) -> None:
    await house.team("Team 4")
    async with planning(house, "p-1"):
        first = await house.request()
        before = await house.plan_where(lambda view: first in view.recommendations)
    async with planning(house, "p-2"):
        second = await house.request()
        after = await house.plan_where(lambda view: second in view.recommendations)
        assert after.version > before.version


async def test_a_planner_that_was_overtaken_publishes_nothing_more(house: House) -> None:
    await house.team("Team 4")
    old = await house.registry.lease(planner.LEASE, "old", 60)
    assert old is not None
    new = await house.registry.lease(planner.LEASE, "old", 60)
    assert new is not None
    await house.registry.publish_plan(b"{}", new.token)
    with pytest.raises(Fenced):
        await house.registry.publish_plan(b"{}", old.token)
    overtaken = asyncio.create_task(Planner(house.world, "old").lead(old))
    await house.request()
    async with asyncio.timeout(WITHIN_S):
        await overtaken
    assert await house.registry.plan() == b"{}"


async def test_when_no_plan_can_be_made_the_last_one_stays_and_says_that_it_is_old(
    house: House,
) -> None:
    await house.team("Team 4")
    async with planning(house):
        request = await house.request()
        good = await house.plan_where(
            lambda view: request in view.recommendations and not view.recommendations[request].empty
        )
        house.roads.broken = True
        await house.pool()
        old = await house.plan_where(lambda view: view.degraded is not None)
        assert old.recommendations[request].team == good.recommendations[request].team
        assert old.made_ms <= wall_clock()
        house.roads.broken = False
        recovered = await house.plan_where(lambda view: view.degraded is None)
        assert recovered.version > old.version


@pytest.mark.parametrize("fault", [RuntimeError, KeyError])
async def test_when_the_solver_fails_the_shown_stays_and_whoever_is_new_gets_the_nearest(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    near, far = await house.team("Near", 41.2), await house.team("Far", 41.4)

    def fails(*_: object, **__: object) -> None:
        raise fault

    async with planning(house):
        first = await house.request()
        await house.plan_where(
            lambda view: first in view.recommendations and view.recommendations[first].team == near
        )
        with monkeypatch.context() as broken:
            broken.setattr(solving, "solve_warm", fails)
            second = await house.request()
            view = await house.plan_where(lambda view: second in view.recommendations)
            assert view.stage == "nearest"
            assert view.degraded
            assert view.recommendations[first].team == near
            assert view.recommendations[second].team == far
        whole = await house.plan_where(lambda view: view.degraded is None)
        assert whole.proved


async def held_until_ms(house: House) -> int:
    """When the lease ends that stands now; on a busy machine it may lapse before it is renewed."""
    lease = await house.registry.leased(planner.LEASE)
    return 0 if lease is None else lease.until_ms


async def test_a_thread_that_never_comes_back_is_seen_by_whoever_looks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = replace(house.world.rules.planning, late_after_s=1.0)
    house.world = replace(house.world, rules=replace(house.world.rules, planning=quick))
    watch, stuck, solve = PlannerWatch(house.registry, wall_clock), Event(), solving.solve_warm

    def waits(*asked: object, **more: object) -> object:
        stuck.wait()
        return solve(*asked, **more)  # type: ignore[arg-type]

    async def looks(late: bool) -> None:
        async with asyncio.timeout(WITHIN_S):
            while (watch.late_since_ms is not None) is not late:
                await watch.look()
                await asyncio.sleep(0.05)

    await house.team("Team 4")
    try:
        async with planning(house):
            await house.plan_where(lambda _: True)
            await looks(late=False)
            monkeypatch.setattr(solving, "solve_warm", waits)
            request = await house.request()
            await looks(late=True)
            async with asyncio.timeout(WITHIN_S):  # the process itself lives on
                while await held_until_ms(house) <= (watch.late_since_ms or 0):
                    await asyncio.sleep(0.05)
            stuck.set()
            await looks(late=False)
            await house.plan_where(lambda view: request in view.recommendations)
    finally:
        stuck.set()


async def test_a_plan_that_its_checker_refuses_is_never_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.team("Team 4")
    async with planning(house):
        first = await house.request()
        await house.plan_where(
            lambda view: first in view.recommendations and not view.recommendations[first].empty
        )
        monkeypatch.setattr(solving, "check", lambda problem, plan: ("wrong",))
        second = await house.request()
        old = await house.plan_where(lambda view: view.degraded is not None)
        assert second not in old.recommendations


async def test_alternatives_follow_the_plan_with_their_price(house: House) -> None:
    near, far = await house.team("Near", 41.2), await house.team("Far", 41.4)
    async with planning(house):
        request = await house.request()
        view = await house.plan_where(
            lambda view: (
                request in view.recommendations and bool(view.recommendations[request].alternatives)
            )
        )
        best = view.recommendations[request]
        assert best.team == near
        assert [other.team for other in best.alternatives] == [far, None]
        assert 0 < best.alternatives[0].extra_min < best.alternatives[1].extra_min
        assert best.priced_ms == view.made_ms


async def test_what_the_plan_itself_made_of_a_request_calls_for_no_further_plan(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[Situation] = []

    def noted(situation: Situation, rules: Rules, drive: Drive) -> Question:
        planned.append(situation)
        return question(situation, rules, drive)

    monkeypatch.setattr(planner, "question", noted)
    await house.team("Near", 41.2)
    async with planning(house):
        await house.plan_where(lambda view: not view.recommendations)
        request = await house.request()
        await house.plan_where(
            lambda view: (
                request in view.recommendations and bool(view.recommendations[request].alternatives)
            )
        )
        assert await house.state_of(request) is State.RECOMMENDED
        later = await house.team("Later", 41.4)
        await house.plan_where(lambda _: any(later in one.teams for one in planned))
        told = [one for one in planned if one.requests[:1] and one.requests[0].id == request]
        assert [one.requests[0].state for one in told if later not in one.teams] == [
            State.REQUESTED
        ]


async def test_the_plan_holds_nothing_about_who_the_person_is(house: House) -> None:
    await house.team("Team 4")
    async with planning(house):
        request = await house.request()
        await house.plan_where(lambda view: request in view.recommendations)
        kept = await house.registry.plan() or b""
        assert b"Ada" not in kept
        assert b"0100" not in kept
