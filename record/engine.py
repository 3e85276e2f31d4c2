"""The connection pool to PostgreSQL, set so that a process outlives a restart of its database."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def make_engine(url: str, *, pool_size: int = 8, statement_timeout_ms: int = 10_000) -> AsyncEngine:
    """A pool for `postgresql+asyncpg://user:password@/database?host=/socket/folder` (or a host).

    Every connection is tried before use, so one broken by a restart is replaced unseen. A statement
    ends after `statement_timeout_ms`, a wait for a lock after a third of it, an idle transaction
    after twice that time.
    """
    settings = {
        "application_name": "caretower",
        "timezone": "UTC",
        "jit": "off",
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(statement_timeout_ms // 3),
        "idle_in_transaction_session_timeout": str(2 * statement_timeout_ms),
    }
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=5,
        pool_pre_ping=True,
        pool_recycle=1800,
        connect_args={"server_settings": settings, "timeout": 5},
        hide_parameters=True,
        json_serializer=_json,
        json_deserializer=msgspec.json.decode,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
