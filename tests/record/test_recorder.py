"""Every event is recorded once, and what is lost is said."""

import pytest
from sqlalchemy import select

from record.clock import wall_clock
from record.outbox import deliver_pending
from record.recorder import Recorder
from record.tables import base, fact
from record.verify import verify
from registry.model import MemoryRegistry
from registry.port import Position
from registry.server import ServerRegistry

pytestmark = pytest.mark.slow


async def _facts(story) -> list[Position]:
    async with story.journal.engine.connect() as connection:
        rows = await connection.execute(select(fact.c.epoch, fact.c.seq).order_by("epoch", "seq"))
        return [Position(*row) for row in rows]


async def _bases(story) -> list[str]:
    async with story.journal.engine.connect() as connection:
        return list((await connection.execute(select(base.c.reason).order_by("seq"))).scalars())


async def _until_idle(recorder: Recorder, limit: int = 1_000) -> Position:
    while True:
        done = await recorder.run_once(limit=limit)
        if done.facts == 0 and done.position == (await recorder.registry.snapshot()).position:
            return done.position


def _recorder(story, **options) -> Recorder:
    return Recorder(story.journal.engine, story.registry, **options)


async def test_the_record_begins_with_the_first_event_and_ends_with_the_last(story) -> None:
    await story.accept("r1", "t1")
    last = await _until_idle(_recorder(story), limit=2)
    assert await _facts(story) == [Position(last.epoch, seq) for seq in range(last.seq + 1)]


async def test_a_fact_keeps_the_event_as_it_was(story) -> None:
    await _until_idle(_recorder(story))
    async with story.journal.engine.connect() as connection:
        row = (await connection.execute(select(fact).where(fact.c.kind == "pool.put"))).one()
    [(kind, name, state)] = row.touched
    assert (kind, name, state["capacity"], state["free"]) == ("pool", "p1", 3, 3)


async def test_two_recorders_at_once_write_nothing_twice(story) -> None:
    recorders = [_recorder(story), _recorder(story)]
    for number in range(3):
        await story.accept(f"r{number}", "t1")
        await story.hand_over(f"r{number}", "t1")
        for recorder in recorders:
            await recorder.run_once(limit=3)
    last = await _until_idle(recorders[0])
    assert len(await _facts(story)) == last.seq + 1


async def test_a_trimmed_stream_is_recorded_as_a_gap_with_a_base(story) -> None:
    recorder = _recorder(story)
    await _until_idle(recorder)
    known = len(await _facts(story))
    await story.accept("r1", "t1")
    await story.registry.trim((await story.registry.snapshot()).position)
    await story.accept("r2", "t2")
    await _until_idle(recorder)
    assert (await _bases(story))[1:] == ["gap"]
    assert len(await _facts(story)) == known


async def test_a_new_epoch_is_read_from_its_first_event(story) -> None:
    recorder = _recorder(story)
    await _until_idle(recorder)
    await story.registry.open_epoch()
    await story.accept("r1", "t1")
    last = await _until_idle(recorder)
    assert sorted(await _bases(story)) == ["epoch", "first"]
    in_epoch = [position for position in await _facts(story) if position.epoch == last.epoch]
    assert in_epoch == [Position(last.epoch, seq) for seq in range(last.seq + 1)]


async def test_what_is_recorded_is_trimmed_from_the_stream_but_for_the_tail(story) -> None:
    recorder = _recorder(story, keep_events=5, trim_every=10)
    for number in range(5):
        await story.accept(f"r{number}", "t1")
        await story.hand_over(f"r{number}", "t1")
    last = await _until_idle(recorder, limit=7)
    assert len(await story.registry.events(Position(last.epoch, last.seq - 5))) == 5
    assert len(await _facts(story)) == last.seq + 1
    assert await _bases(story) == ["first"]


async def test_a_recorder_that_finds_a_new_epoch_sends_forgotten_promises_again(story) -> None:
    recorder = _recorder(story)
    await _until_idle(recorder)
    await story.accept("r1", "t1")
    await _until_idle(recorder)
    story.registry = recorder.registry = MemoryRegistry(lambda: wall_clock() + 60_000)
    await story.begin()
    await _until_idle(recorder)
    await deliver_pending(story.journal.engine, story.registry, wall_clock)
    await _until_idle(recorder)
    assert (await story.registry.snapshot()).teams["t1"].request == "r1"
    report = await verify(story.journal.engine, story.registry)
    assert report.findings == ()


async def test_numbers_of_a_lost_tail_are_not_given_twice(story, registry: ServerRegistry) -> None:
    """As after a failover to a replica that never heard of the last events and their effects."""
    story.registry = registry
    await story.begin()
    recorder = _recorder(story)
    await _until_idle(recorder)
    before = {key: await registry._redis.dump(key) for key in await _keys(registry)}
    await story.accept("r1", "t1")
    lost = await _until_idle(recorder)
    await registry._redis.delete(*await _keys(registry))
    for key, value in before.items():
        await registry._redis.restore(key, 0, value, replace=True)
    again = await _until_idle(recorder)
    assert again.epoch > lost.epoch
    await deliver_pending(story.journal.engine, registry, wall_clock)
    await story.accept("r2", "t2")
    await _until_idle(recorder)
    assert lost in await _facts(story)
    assert (await registry.snapshot()).teams["t1"].request == "r1"
    assert (await verify(story.journal.engine, registry)).findings == ()


async def _keys(registry: ServerRegistry) -> list[bytes]:
    return [key async for key in registry._redis.scan_iter(f"{{{registry.region}}}:*")]
