"""Reading the audit trail. Writing it is `Transaction.audit`; nobody can change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from record.tables import audit


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what to whom, when (ms UTC) and, where a reason is due, why."""

    id: str
    at_ms: int
    actor_id: str
    actor_role: str
    actor_scope: str | None
    actor_name: str
    action: str
    subject_kind: str
    subject_id: str
    reason: str | None
    detail: Mapping[str, Any]


async def of_subject(engine: AsyncEngine, kind: str, id: str) -> tuple[AuditLine, ...]:
    """Everything that was done to one subject, or read of it, oldest first."""
    return await _lines(
        engine, select(audit).where(audit.c.subject_kind == kind, audit.c.subject_id == id)
    )


async def _lines(engine: AsyncEngine, lines: Select[Any]) -> tuple[AuditLine, ...]:
    async with engine.connect() as connection:
        rows = await connection.execute(lines.order_by(audit.c.at_ms, audit.c.id))
        return tuple(AuditLine(**row._mapping) for row in rows)
