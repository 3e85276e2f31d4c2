"""Promises reach the registry once and in order, whatever dies between commit and apply."""

import pytest
from sqlalchemy import select, update

from record.clock import wall_clock
from record.engine import make_engine
from record.journal import Journal
from record.outbox import deliver_pending
from record.reconciler import reconcile
from record.tables import outbox
from registry.errors import Unavailable
from registry.model import MemoryRegistry
from registry.port import Claim, Promise

pytestmark = pytest.mark.slow

T1 = Claim(kind="team", id="t1", request="r1")


async def _team(registry, name="t1"):
    return (await registry.snapshot()).teams[name]


async def _promise_events(registry) -> list[str]:
    start = (await registry.snapshot()).position._replace(seq=-1)
    return [e.kind for e in await registry.events(start) if e.kind.startswith("promise.")]


async def test_a_delivered_row_stands_in_the_registry_and_is_marked(story) -> None:
    row_id = await story.promise("r1", "accepted", [T1])
    await story.journal.deliver(story.registry, row_id)
    assert (await _team(story.registry)).request == "r1"
    async with story.journal.engine.connect() as connection:
        row = (await connection.execute(select(outbox))).one()
    position = (await story.registry.snapshot()).position
    assert (row.applied_epoch, row.applied_seq) == position
    assert row.applied_ms is not None


async def test_a_row_whose_caller_died_after_the_commit_is_delivered_by_the_keeper(story) -> None:
    await story.promise("r1", "accepted", [T1])
    assert await deliver_pending(story.journal.engine, story.registry, wall_clock) == 1
    assert (await _team(story.registry)).request == "r1"
    assert await deliver_pending(story.journal.engine, story.registry, wall_clock) == 0


async def test_a_row_whose_caller_died_before_the_mark_is_applied_only_once(story) -> None:
    row_id = await story.promise("r1", "accepted", [T1])
    await story.journal.deliver(story.registry, row_id)
    async with story.journal.engine.begin() as connection:
        await connection.execute(update(outbox).values(applied_ms=None))
    assert await deliver_pending(story.journal.engine, story.registry, wall_clock) == 1
    assert await _promise_events(story.registry) == ["promise.accepted"]


async def test_delivering_a_row_first_delivers_the_older_ones_of_its_aggregate(story) -> None:
    await story.promise("r1", "accepted", [T1])
    last = await story.promise("r1", "acknowledged", [])
    await story.journal.deliver(story.registry, last)
    assert await _promise_events(story.registry) == ["promise.accepted", "promise.acknowledged"]


async def test_a_contradicted_row_says_why_and_holds_back_only_its_own_aggregate(story) -> None:
    await story.promise("r1", "accepted", [Claim(kind="team", id="nobody", request="r1")])
    await story.promise("r1", "acknowledged", [])
    await story.promise("r2", "accepted", [Claim(kind="team", id="t2", request="r2")])
    assert await deliver_pending(story.journal.engine, story.registry, wall_clock) == 1
    assert (await _team(story.registry, "t2")).request == "r2"
    async with story.journal.engine.connect() as connection:
        troubles = (await connection.execute(select(outbox.c.trouble).order_by("row_id"))).scalars()
        assert list(troubles) == ["team nobody: unknown", None, None]


class _Away(MemoryRegistry):
    """A registry that does not answer."""

    async def apply(self, promise: Promise):
        raise Unavailable


async def test_a_registry_that_is_away_costs_a_caller_no_promise(story) -> None:
    row_id = await story.promise("r1", "accepted", [T1])
    await story.journal.deliver(_Away(wall_clock), row_id)
    await deliver_pending(story.journal.engine, story.registry, wall_clock)
    assert (await _team(story.registry)).request == "r1"


async def test_a_registry_that_lost_everything_gets_the_open_promises_back(story) -> None:
    engine = story.journal.engine
    await story.accept("r1", "t1")
    await story.accept("r2", "t2")
    await story.hand_over("r2", "t2")
    story.registry = MemoryRegistry(wall_clock)
    assert await reconcile(engine, story.registry) == 1
    assert await deliver_pending(engine, story.registry, wall_clock) == 0
    await story.begin()
    assert await deliver_pending(engine, story.registry, wall_clock) == 1
    snapshot = await story.registry.snapshot()
    assert snapshot.teams["t1"].request == "r1"
    assert snapshot.teams["t2"].request is None
    assert snapshot.pools["p1"].reserved == 1
    assert snapshot.cards["request"].keys() == {"r1"}


async def test_a_registry_that_lost_the_last_step_gets_only_that_one(story) -> None:
    engine, whole, behind = story.journal.engine, story.registry, MemoryRegistry(wall_clock)
    await story.accept("r1", "t1")
    story.registry = behind
    await story.begin()
    await reconcile(engine, behind)
    await deliver_pending(engine, behind, wall_clock)
    story.registry = whole
    await story.hand_over("r1", "t1")
    assert await reconcile(engine, behind) == 1
    await deliver_pending(engine, behind, wall_clock)
    snapshot = await behind.snapshot()
    assert snapshot.teams["t1"].request is None
    assert snapshot.cards["request"] == {}
    assert await reconcile(engine, behind) == 0


async def test_a_database_that_is_away_after_the_commit_costs_a_caller_nothing() -> None:
    gone = make_engine("postgresql+asyncpg://app@/caretower?host=/nonexistent")
    await Journal(gone).deliver(MemoryRegistry(wall_clock), "a-row")
    await gone.dispose()
