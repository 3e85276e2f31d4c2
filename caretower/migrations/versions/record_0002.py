"""A digest beside each command, and how far the outbox was pruned."""

from caretower.migrations import run_sql

revision = "record_0002"
down_revision = "record_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only."""
    run_sql("""
ALTER TABLE command ADD COLUMN digest text;

CREATE TABLE pruned (
    name text NOT NULL,
    before_ms bigint NOT NULL,
    CONSTRAINT pk_pruned PRIMARY KEY (name)
);

DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        GRANT SELECT, INSERT, UPDATE ON pruned TO caretower_app;
        REVOKE DELETE ON pruned FROM caretower_app;
        GRANT DELETE ON outbox TO caretower_app;
    END IF;
END $$;
""")
