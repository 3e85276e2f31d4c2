"""The migrations make exactly the tables that the code speaks of."""

import asyncio
from importlib import import_module
from importlib.util import find_spec

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from caretower.migrations import migrate, scripts
from record.tables import metadata

ROOMS = ("directory", "dispatch", "referral", "api")


@pytest.fixture(autouse=True)
def every_room_has_told_its_tables() -> None:
    for room in ROOMS:
        if find_spec(f"{room}.store"):
            import_module(f"{room}.store")


def test_every_room_is_a_branch_of_its_own_on_the_record() -> None:
    for head in scripts().get_heads():
        revision = scripts().get_revision(head)
        room = head.split("_")[0]
        assert room in revision.branch_labels
        assert room == "record" or "record_0001" in {
            up.revision for up in scripts().iterate_revisions(head, "base", implicit_base=True)
        }


@pytest.mark.slow
async def test_the_migrated_tables_are_those_of_the_metadata(engine: AsyncEngine) -> None:
    def differences(connection: Connection) -> list[object]:
        known = set(metadata.tables)
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _: kind != "table" or name in known,
            },
        )
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []


@pytest.mark.slow
async def test_three_processes_may_migrate_an_empty_database_at_once_and_again(
    empty_database: str,
) -> None:
    for _ in range(2):
        await asyncio.gather(*(migrate(empty_database) for _ in range(3)))
    engine = create_async_engine(empty_database)
    async with engine.connect() as connection:
        reached = set((await connection.execute(text("SELECT * FROM alembic_version"))).scalars())
    await engine.dispose()
    assert reached == set(scripts().get_heads()) - {"record_0001"}


@pytest.mark.slow
async def test_the_extension_for_exclusion_constraints_is_there(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        found = await connection.execute(
            text("SELECT count(*) FROM pg_extension WHERE extname = 'btree_gist'")
        )
    assert found.scalar() == 1
