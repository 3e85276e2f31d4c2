"""What has served is taken away, and registry and record still say the same."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from record.recorder import Recorder
from record.retention import DAY_MS, Pruned, Retention, RetentionInvalid, load_retention, prune
from record.tables import command, outbox
from record.verify import verify
from registry.keys import BadTable
from registry.port import Claim
from tests.record.conftest import DANA, Story

pytestmark = pytest.mark.slow

RECORD = Path(__file__).parents[2] / "policy" / "record.toml"
POLICY = load_retention(RECORD)
LATER_MS = 400 * DAY_MS


async def _record(story: Story) -> None:
    recorder = Recorder(story.journal.engine, story.registry)
    while (await recorder.run_once()).position != (await story.registry.snapshot()).position:
        pass


async def _left(story: Story) -> list[str]:
    async with story.journal.engine.connect() as connection:
        rows = await connection.execute(select(outbox.c.aggregate_id).order_by(outbox.c.row_id))
        return list(rows.scalars())


def test_a_key_that_nothing_reads_is_refused(tmp_path: Path) -> None:
    file, text = tmp_path / "record.toml", RECORD.read_text(encoding="utf-8")
    file.write_text(text.replace("days = 90", "days = 90\nday = 9"), encoding="utf-8")
    with pytest.raises(BadTable, match=r"outbox\.day: there is no such key"):
        load_retention(file)


async def test_promises_that_were_closed_long_ago_go_and_the_others_stay(story: Story) -> None:
    engine, now_ms = story.journal.engine, story.journal.clock()
    await _record(story)
    await story.accept("r1", "t1")
    await story.hand_over("r1", "t1")
    await story.accept("open", "t2")
    seat = await story.promise("seated", "booked", [Claim("slot", "s1", "seated")], closed=True)
    await story.journal.deliver(story.registry, seat)
    await story.promise("waits", "opened", [], closed=True)
    await _record(story)
    assert await prune(engine, POLICY, now_ms) == Pruned(0, 0)
    assert await prune(engine, POLICY, now_ms + LATER_MS) == Pruned(0, 2)
    assert await _left(story) == ["open", "seated", "waits"]
    assert (await verify(engine, story.registry, lambda: now_ms)).findings == ()


async def test_an_answer_is_kept_for_the_days_of_the_policy(story: Story) -> None:
    engine, now_ms = story.journal.engine, story.journal.clock()

    async def work() -> int:
        return 1

    async with story.journal.transaction(DANA) as tx:
        await tx.once("c1", "test", int, work)
    assert (await prune(engine, POLICY, now_ms + POLICY.command_ms - DAY_MS)).commands == 0
    assert (await prune(engine, POLICY, now_ms + POLICY.command_ms + DAY_MS)).commands == 1
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(command))).scalar() == 0


@pytest.mark.parametrize(("commands", "promises"), [(0, 90), (30, 7)])
def test_what_is_still_needed_cannot_be_pruned(commands: int, promises: int) -> None:
    with pytest.raises(RetentionInvalid):
        Retention("test", commands * DAY_MS, promises * DAY_MS)
