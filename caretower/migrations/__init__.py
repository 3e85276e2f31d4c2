"""Migrations: forward only, each room a branch of its own on top of the record's."""

from pathlib import Path

from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOCK = 0x6361726574  # "caret": one migration at a time, whoever starts it


async def migrate(url: str) -> None:
    """Bring the database of `url` (its owner's) to the newest heads, in one transaction.

    Processes that start together wait for each other; a failed migration leaves no trace.
    """
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def run_sql(statements: str) -> None:
    """Run several statements in a migration; asyncpg's prepared ones take only one at a time."""
    op.get_bind().connection.run_async(lambda driver: driver.execute(statements))


def scripts() -> ScriptDirectory:
    """The migrations of all rooms, to be looked at."""
    return ScriptDirectory.from_config(_config())


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
