"""The journal on a real PostgreSQL."""

from dataclasses import dataclass, field

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from record import Actor
from record.audit import of_subject
from record.errors import CommandReused, ConstraintBroken, GuardFailed, Unaudited
from record.journal import Journal, digest_of
from record.tables import audit, command, outbox
from registry.port import Claim

pytestmark = pytest.mark.slow

DANA = Actor(id="dana", role="dispatcher", scope=None, name="Dana")
EVE = Actor(id="eve", role="dispatcher", scope=None, name="Eve")


async def _promise(journal: Journal, version: int = 1) -> str:
    async with journal.transaction(DANA) as tx:
        await tx.audit("request.accept", "request", "r1", detail={"team": "t1"})
        return await tx.promise(
            aggregate="request",
            aggregate_id="r1",
            version=version,
            kind="accepted",
            effects=[Claim(kind="team", id="t1", request="r1")],
            card={"id": "r1", "state": "accepted"},
        )


async def test_a_promise_and_its_audit_line_are_committed_together(engine: AsyncEngine) -> None:
    row_id = await _promise(Journal(engine, lambda: 1_000))
    async with engine.connect() as connection:
        row = (await connection.execute(select(outbox))).one()
        line = (await connection.execute(select(audit))).one()
    assert (row.row_id, row.created_ms, row.applied_ms) == (row_id, 1_000, None)
    assert row.effects == [{"do": "claim", "kind": "team", "id": "t1", "request": "r1"}]
    assert (line.actor_id, line.action, line.detail) == ("dana", "request.accept", {"team": "t1"})


async def test_the_later_promise_has_the_greater_id_though_its_node_has_an_earlier_clock(
    engine: AsyncEngine,
) -> None:
    ids = [
        await _promise(Journal(engine, lambda now_ms=now_ms: now_ms), version)
        for version, now_ms in enumerate((7_200_000, 3_600_000, 0), start=1)
    ]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


async def test_an_error_in_the_block_leaves_nothing(engine: AsyncEngine) -> None:
    async def fail() -> None:
        async with Journal(engine).transaction(DANA) as tx:
            await tx.audit("request.open", "request", "r1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(audit))).scalar() == 0


async def test_a_version_can_be_promised_once_and_the_broken_constraint_is_named(
    engine: AsyncEngine,
) -> None:
    journal = Journal(engine)
    await _promise(journal)
    with pytest.raises(ConstraintBroken) as refusal:
        await _promise(journal)
    assert refusal.value.constraint == "uq_outbox_aggregate_aggregate_id_version"


async def test_a_retried_command_gives_the_first_answer_and_works_once(engine: AsyncEngine) -> None:
    journal, worked = Journal(engine), []

    async def work() -> dict[str, int]:
        worked.append(1)
        return {"answer": len(worked)}

    answers = []
    for _ in range(2):
        async with journal.transaction(DANA) as tx:
            answers.append(await tx.once("c1", "test", dict[str, int], work))
    assert answers == [{"answer": 1}, {"answer": 1}]
    assert worked == [1]


@pytest.mark.parametrize(("actor", "purpose"), [(EVE, "test"), (DANA, "other")])
async def test_a_command_id_belongs_to_one_actor_and_one_purpose(
    engine: AsyncEngine, actor: Actor, purpose: str
) -> None:
    journal = Journal(engine)

    async def work() -> int:
        return 1

    async with journal.transaction(DANA) as tx:
        await tx.once("c1", "test", int, work)
    with pytest.raises(CommandReused):
        async with journal.transaction(actor) as tx:
            await tx.once("c1", purpose, int, work)


async def test_a_command_id_with_another_body_is_refused_and_with_the_same_is_a_retry(
    engine: AsyncEngine,
) -> None:
    journal = Journal(engine)

    async def work() -> int:
        return 1

    for said in ({"bed": 1, "words": {"a", "b"}}, {"words": {"b", "a"}, "bed": 1}):
        async with journal.transaction(DANA) as tx:
            assert await tx.once("c1", "test", int, work, said=said) == 1
    with pytest.raises(CommandReused):
        async with journal.transaction(DANA) as tx:
            await tx.once("c1", "test", int, work, said={"bed": 2, "words": {"a", "b"}})


def test_a_field_that_a_later_release_adds_changes_no_digest() -> None:
    @dataclass
    class Step:
        name: str
        words: frozenset[str] = frozenset()

    @dataclass
    class LaterStep:
        name: str
        words: frozenset[str] = frozenset()
        at_ms: int | None = None
        seen: dict[tuple[str, str], int] = field(default_factory=dict)

    assert digest_of(Step("a")) == digest_of(LaterStep("a"))
    assert digest_of(LaterStep("a")) != digest_of(LaterStep("a", at_ms=1))
    assert digest_of(Step("a")) != digest_of(Step("b"))


async def test_a_command_that_was_kept_before_digests_is_answered(engine: AsyncEngine) -> None:
    journal = Journal(engine)

    async def work() -> int:
        return 1

    async with journal.transaction(DANA) as tx:
        await tx.once("c1", "test", int, work, said="anything")
        await tx.connection.execute(update(command).values(digest=None))
    async with journal.transaction(DANA) as tx:
        assert await tx.once("c1", "test", int, work, said="anything else") == 1


async def test_a_guard_that_meets_no_row_fails(engine: AsyncEngine) -> None:
    with pytest.raises(GuardFailed):
        async with Journal(engine).transaction(DANA) as tx:
            await tx.guarded(
                update(outbox)
                .where(outbox.c.version == 9)
                .values(version=10)
                .returning(outbox.c.row_id)
            )


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "TRUNCATE fact"]
)
async def test_the_application_cannot_change_what_happened(
    engine: AsyncEngine, statement: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with engine.begin() as connection:
            await connection.execute(text(statement))


async def test_an_audit_line_cannot_be_signed_for_somebody_else(engine: AsyncEngine) -> None:
    async def forge() -> None:
        async with Journal(engine).transaction(DANA) as tx:
            tx.actor = EVE
            await tx.audit("request.open", "request", "r1")

    with pytest.raises(DBAPIError, match="row-level security"):
        await forge()


async def test_a_promise_without_an_audit_line_is_not_committed(engine: AsyncEngine) -> None:
    async def promise_in_silence() -> None:
        async with Journal(engine).transaction(DANA) as tx:
            await tx.promise(aggregate="request", aggregate_id="r1", version=1, kind="open")

    with pytest.raises(Unaudited):
        await promise_in_silence()
    async with engine.connect() as connection:
        assert (await connection.execute(select(func.count()).select_from(outbox))).scalar() == 0


async def test_the_audit_trail_of_a_subject_is_read_oldest_first(engine: AsyncEngine) -> None:
    for at_ms, actor in ((1, DANA), (2, EVE), (3, DANA)):
        async with Journal(engine, lambda at_ms=at_ms: at_ms).transaction(actor) as tx:
            await tx.audit("request.read", "request", f"r{at_ms % 2}", reason="shift review")
    assert [line.at_ms for line in await of_subject(engine, "request", "r1")] == [1, 3]
    [second] = await of_subject(engine, "request", "r0")
    assert (second.actor_name, second.reason) == ("Eve", "shift review")
