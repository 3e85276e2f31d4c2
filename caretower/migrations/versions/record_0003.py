"""Promises are numbered by the database: one order, whatever the clock of a node says."""

from caretower.migrations import run_sql

revision = "record_0003"
down_revision = "record_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only. Numbers sort after the ids that were made before."""
    run_sql("""
CREATE SEQUENCE outbox_number;

ALTER TABLE outbox
    ALTER COLUMN row_id SET DEFAULT 'n' || lpad(nextval('outbox_number')::text, 18, '0');

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        GRANT USAGE ON SEQUENCE outbox_number TO caretower_app;
    END IF;
END $$;
""")
