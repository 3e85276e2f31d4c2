"""The verifier finds the record sound, and each kind of damage by its law."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from record.outbox import deliver_pending
from record.recorder import Recorder
from record.verify import verify
from registry.port import Claim, Counts, Free, UnitPosition

pytestmark = pytest.mark.slow


async def _record(story) -> None:
    recorder = Recorder(story.journal.engine, story.registry)
    while (await recorder.run_once()).position != (await story.registry.snapshot()).position:
        pass


async def _laws(story, now_ms: int = 0) -> set[str]:
    report = await verify(story.journal.engine, story.registry, lambda: now_ms)
    return {finding.law for finding in report.findings}


@pytest.fixture
async def told(story):
    """A story with everything in it, recorded from its beginning."""
    await _record(story)
    await story.accept("r1", "t1")
    await story.hand_over("r1", "t1")
    await story.accept("r2", "t2")
    await story.hold("r3", team="t1", van="v1", slot="s1")
    at_ms = (await story.registry.snapshot()).at_ms
    await story.registry.report_positions([UnitPosition("team", "t1", -111.9, 41.1, at_ms)], "gps")
    await story.registry.report_counts("p1", Counts(occupied=3, closed=0), at_ms, "c1")
    await story.registry.report_counts("p1", Counts(occupied=1, closed=0), at_ms, "c2")
    await _record(story)
    return story


async def test_a_whole_story_is_sound(told) -> None:
    report = await verify(told.journal.engine, told.registry)
    assert report.findings == ()
    assert (report.promises, report.pending, report.gaps) == (3, 0, ())
    assert report.facts == report.position.seq + 1


async def test_events_that_are_not_recorded_yet_are_taken_from_the_stream(told) -> None:
    await told.registry.release((await told.registry.snapshot()).teams["t1"].hold, "c3")
    assert await _laws(told) == set()


async def test_gaps_and_new_epochs_are_told_and_are_no_findings(told) -> None:
    await told.registry.open_epoch()
    await told.hand_over("r2", "t2")
    await _record(told)
    await told.accept("r4", "t2")
    await told.registry.trim((await told.registry.snapshot()).position)
    await told.hand_over("r4", "t2")
    await _record(told)
    report = await verify(told.journal.engine, told.registry)
    assert report.findings == ()
    assert [gap.split()[0] for gap in report.gaps] == ["epoch", "gap"]


@pytest.mark.parametrize(
    ("damage", "law"),
    [
        ("DELETE FROM fact WHERE seq = 7", "dense"),
        ("UPDATE fact SET touched = jsonb_set(touched, '{0,2,free}', '9')", "capacity"),
        ("UPDATE fact SET touched = replace(touched::text, '\"r2\"', '\"r9\"')::jsonb", "claims"),
        ("DELETE FROM outbox WHERE aggregate_id = 'r2'", "promise"),
        ("UPDATE outbox SET card = NULL WHERE aggregate_id = 'r2'", "promise"),
        ("DELETE FROM fact WHERE kind = 'unit.moved'", "registry"),
    ],
)
async def test_damage_is_found_by_its_law(told, database, damage: str, law: str) -> None:
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(text(damage))
    await owner.dispose()
    assert law in await _laws(told)


async def test_a_team_promised_to_two_is_a_double_booking(told) -> None:
    await told.promise("r5", "accepted", [Claim(kind="team", id="t2", request="r5")])
    await deliver_pending(told.journal.engine, told.registry, lambda: 2**62)
    await _record(told)
    report = await verify(told.journal.engine, told.registry)
    assert [finding.law for finding in report.findings] == ["double booking"]


async def test_a_promise_that_nobody_delivers_is_found_after_a_while(told) -> None:
    await told.promise("r2", "freed", [Free(kind="team", id="t2", request="r2")])
    report = await verify(told.journal.engine, told.registry)
    assert (report.sound, report.pending) == (True, 1)
    assert await _laws(told, now_ms=2**62) == {"promise"}
