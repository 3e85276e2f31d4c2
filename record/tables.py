"""The record's tables, and the metadata that every room's `store.py` adds its own to.

Times are integer milliseconds UTC, ids are UUIDv7 text. The migrations, not this file, make the
tables; a test compares the two.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An event of the registry as it was reported: no constraint may refuse a fact.
fact = Table(
    "fact",
    metadata,
    Column("epoch", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("touched", JSONB, nullable=False),
    Column("body", JSONB, nullable=False),
)

# The registry's whole state at a position: where the record begins, or begins again after a gap.
base = Table(
    "base",
    metadata,
    Column("epoch", BigInteger, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("after_epoch", BigInteger),
    Column("after_seq", BigInteger),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("state", JSONB, nullable=False),
    CheckConstraint("reason in ('first', 'gap', 'epoch')", name="reason"),
)

cursor = Table(
    "cursor",
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("moved_ms", BigInteger, nullable=False),
)

# A promise on its way to the registry: one row for each version of an aggregate.
outbox = Table(
    "outbox",
    metadata,
    Column(
        "row_id",
        Text,
        primary_key=True,
        server_default=text("'n' || lpad(nextval('outbox_number')::text, 18, '0')"),
    ),
    Column("aggregate", Text, nullable=False),
    Column("aggregate_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effects", JSONB, nullable=False),
    Column("card", JSONB(none_as_null=True)),
    Column("body", JSONB, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("applied_ms", BigInteger),
    Column("applied_epoch", BigInteger),
    Column("applied_seq", BigInteger),
    Column("trouble", Text),
    UniqueConstraint("aggregate", "aggregate_id", "version"),
    CheckConstraint("version > 0", name="version"),
    Index("ix_outbox_pending", "row_id", postgresql_where=text("applied_ms IS NULL")),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_scope", Text),
    Column("actor_name", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("reason", Text),
    Column("detail", JSONB, nullable=False),
    Index("ix_audit_subject", "subject_kind", "subject_id", "at_ms"),
    Index("ix_audit_actor", "actor_id", "at_ms"),
)

# Rows of this table that were made before `before_ms` may be gone: their age was up.
pruned = Table(
    "pruned",
    metadata,
    Column("name", Text, primary_key=True),
    Column("before_ms", BigInteger, nullable=False),
)

# A command that was answered: a retry reads the same answer. `digest` tells a retry from another
# command under the same id; older rows have none.
command = Table(
    "command",
    metadata,
    Column("id", Text, primary_key=True),
    Column("actor_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("digest", Text),
    Column("answer", JSONB(none_as_null=True)),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_command_at_ms", "at_ms"),
)
