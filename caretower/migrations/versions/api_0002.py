"""Devices that report where a unit is."""

from caretower.migrations import run_sql

revision = "api_0002"
down_revision = "api_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only."""
    run_sql("""
CREATE TABLE tracker (
    id text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    made_by text NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint,
    CONSTRAINT pk_tracker PRIMARY KEY (id),
    CONSTRAINT ck_tracker_kind CHECK (kind IN ('team', 'van'))
);
""")
