"""Many at once, counted exactly: commands, guarded capacity, exclusion, deliveries, recorders."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import pytest
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from uuid6 import uuid7

from record import Actor
from record.clock import wall_clock
from record.errors import ConstraintBroken, GuardFailed
from record.journal import Journal
from record.outbox import deliver_pending
from record.recorder import Recorder
from record.tables import audit, fact
from record.verify import verify
from registry.port import Claim, Granted, HoldCommand, Position
from registry.server import ServerRegistry
from registry.states import Pool, Team

pytestmark = pytest.mark.slow

DANA = Actor(id="dana", role="dispatcher", scope=None, name="Dana")
RACERS = 30
A = TypeVar("A")

# A room's tables as a room would write them: guarded capacity, one request a team, no overlap.
ward = Table("ward", MetaData(), Column("id", Text), Column("free", Integer))
TABLES = """
CREATE TABLE ward (id text PRIMARY KEY, free integer NOT NULL CHECK (free >= 0));
INSERT INTO ward VALUES ('w1', 5);
CREATE TABLE duty (request text PRIMARY KEY, team text, done boolean NOT NULL);
CREATE UNIQUE INDEX one_open_duty ON duty (team) WHERE NOT done;
CREATE TABLE booking (
    id text PRIMARY KEY, room text NOT NULL, during int8range NOT NULL,
    CONSTRAINT no_overlap EXCLUDE USING gist (room WITH =, during WITH &&)
);
"""


@pytest.fixture
async def journal(engine: AsyncEngine, database) -> AsyncIterator[Journal]:
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        for statement in filter(str.strip, TABLES.split(";")):
            await connection.execute(text(statement))
    yield Journal(engine)
    async with owner.begin() as connection:
        await connection.execute(text("DROP TABLE ward, duty, booking"))
    await owner.dispose()


async def _race(racers: list[Awaitable[A]]) -> list[A | BaseException]:
    return await asyncio.gather(*racers, return_exceptions=True)


def _refusals(outcomes: list[object], kind: type[Exception]) -> int:
    return sum(isinstance(outcome, kind) for outcome in outcomes)


async def test_of_many_runs_of_one_command_one_works_and_all_get_its_answer(
    journal: Journal,
) -> None:
    async def run() -> str:
        async with journal.transaction(DANA) as tx:

            async def work() -> str:
                await tx.audit("request.open", "request", "r1")
                return str(uuid7())

            return await tx.once("c1", "open", str, work)

    answers = await _race([run() for _ in range(RACERS)])
    assert len(set(answers)) == 1
    async with journal.engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(audit))).scalar() == 1


async def test_a_ward_with_five_places_takes_exactly_five(journal: Journal) -> None:
    async def take(request: str) -> None:
        async with journal.transaction(DANA) as tx:
            free = update(ward).where(ward.c.id == "w1", ward.c.free > 0)
            await tx.guarded(free.values(free=ward.c.free - 1).returning(ward.c.free))
            await tx.audit("ward.take", "request", request)

    outcomes = await _race([take(f"r{n}") for n in range(RACERS)])
    assert outcomes.count(None) == 5
    assert _refusals(outcomes, GuardFailed) == RACERS - 5


async def test_a_team_gets_exactly_one_open_duty(journal: Journal) -> None:
    async def give(request: str) -> None:
        async with journal.transaction(DANA) as tx:
            await tx.connection.execute(
                text("INSERT INTO duty VALUES (:request, 't1', false)"), {"request": request}
            )

    outcomes = await _race([give(f"r{n}") for n in range(RACERS)])
    assert outcomes.count(None) == 1
    refused = [outcome for outcome in outcomes if isinstance(outcome, ConstraintBroken)]
    assert {refusal.constraint for refusal in refused} == {"one_open_duty"}
    assert len(refused) == RACERS - 1


async def test_of_overlapping_bookings_exactly_one_stands(journal: Journal) -> None:
    async def book(start: int) -> None:
        async with journal.transaction(DANA) as tx:
            # Without a lock two rows may wait for each other: a deadlock, not a refusal.
            await tx.connection.execute(select(func.pg_advisory_xact_lock(1)))
            await tx.connection.execute(
                text("INSERT INTO booking VALUES (:id, 'a', int8range(:start, :end))"),
                {"id": str(start), "start": start, "end": start + 100},
            )

    outcomes = await _race([book(start) for start in range(RACERS)])
    assert outcomes.count(None) == 1
    assert _refusals(outcomes, ConstraintBroken) == RACERS - 1


async def _put_team(registry: ServerRegistry) -> None:
    team = Team(
        id="t1",
        zone="z",
        name="t1",
        shift_start_ms=0,
        shift_end_ms=4 * 10**12,
        base_lon=0.0,
        base_lat=0.0,
    )
    await registry.put(team, str(uuid7()))


async def test_a_row_delivered_by_everybody_at_once_is_one_event(
    journal: Journal, registry: ServerRegistry
) -> None:
    await _put_team(registry)
    async with journal.transaction(DANA) as tx:
        await tx.audit("request.accept", "request", "r1")
        row_id = await tx.promise(
            aggregate="request",
            aggregate_id="r1",
            version=1,
            kind="accepted",
            effects=[Claim(kind="team", id="t1", request="r1")],
            card={"id": "r1"},
        )
    callers = [journal.deliver(registry, row_id) for _ in range(10)]
    keepers = [deliver_pending(journal.engine, registry, wall_clock) for _ in range(10)]
    await asyncio.gather(*callers, *keepers)
    start = (await registry.snapshot()).position._replace(seq=-1)
    kinds = [event.kind for event in await registry.events(start)]
    assert kinds.count("promise.accepted") == 1


RECORDER = """
import asyncio, sys
from record.engine import make_engine
from record.recorder import Recorder
from registry.server import connect
async def main():
    registry = await connect(sys.argv[2], region=sys.argv[3])
    recorder = Recorder(make_engine(sys.argv[1]), registry)
    while True:
        done = await recorder.run_once(block_ms=100, limit=7)
        print(done.facts, flush=True)
asyncio.run(main())
"""


async def _take_and_give_back(registry: ServerRegistry, rounds: int, name: str) -> list[Position]:
    """Hold and release a place, again and again; the positions that were acknowledged."""
    acknowledged = []
    for number in range(rounds):
        hold_id = str(uuid7())
        command = HoldCommand(
            hold_id=hold_id, request=f"{name}-{number}", pool="p1", ttl_s=60, by=name
        )
        granted = await registry.hold(command)
        if isinstance(granted, Granted):
            acknowledged.append(granted.position)
            await registry.release(hold_id, str(uuid7()))
    return acknowledged


async def test_recorders_killed_in_the_middle_miss_nothing_and_write_nothing_twice(
    database, engine: AsyncEngine, registry: ServerRegistry, valkey_url: str
) -> None:
    pool = Pool(
        id="p1", facility="f1", zone="z", name="p1", type="respite", lon=0.0, lat=0.0, capacity=3
    )
    await registry.put(pool, str(uuid7()))
    await Recorder(engine, registry).run_once()
    command = [sys.executable, "-c", RECORDER, database.app_url, valkey_url, registry.region]
    load = asyncio.gather(
        *(_take_and_give_back(registry, 50, name) for name in ("a", "b", "c", "d"))
    )
    for rounds_until_death in (3, 5, 8):
        recorder = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        assert recorder.stdout is not None
        for _ in range(rounds_until_death):
            await recorder.stdout.readline()
        recorder.send_signal(signal.SIGKILL)
        await recorder.wait()
    acknowledged = {position for of_one in await load for position in of_one}

    last = Recorder(engine, registry)
    while (await last.run_once()).facts:
        pass
    async with engine.connect() as connection:
        rows = await connection.execute(select(fact.c.epoch, fact.c.seq).order_by("epoch", "seq"))
        recorded = [Position(*row) for row in rows]
    end = (await registry.snapshot()).position
    assert recorded == [Position(end.epoch, seq) for seq in range(end.seq + 1)]
    assert acknowledged <= set(recorded)
    report = await verify(engine, registry)
    assert report.findings == ()
