"""The record: facts, bases, cursor, outbox, audit, commands; what the application may do."""

from caretower.migrations import run_sql

revision = "record_0001"
down_revision = None
branch_labels = ("record",)
depends_on = None

TABLES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE fact (
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    at_ms bigint NOT NULL,
    recorded_ms bigint NOT NULL,
    touched jsonb NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT pk_fact PRIMARY KEY (epoch, seq)
);

CREATE TABLE base (
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    reason text NOT NULL,
    after_epoch bigint,
    after_seq bigint,
    recorded_ms bigint NOT NULL,
    state jsonb NOT NULL,
    CONSTRAINT pk_base PRIMARY KEY (epoch, seq),
    CONSTRAINT ck_base_reason CHECK (reason IN ('first', 'gap', 'epoch'))
);

CREATE TABLE cursor (
    name text NOT NULL,
    epoch bigint NOT NULL,
    seq bigint NOT NULL,
    moved_ms bigint NOT NULL,
    CONSTRAINT pk_cursor PRIMARY KEY (name)
);

CREATE TABLE outbox (
    row_id text NOT NULL,
    aggregate text NOT NULL,
    aggregate_id text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    effects jsonb NOT NULL,
    card jsonb,
    body jsonb NOT NULL,
    created_ms bigint NOT NULL,
    applied_ms bigint,
    applied_epoch bigint,
    applied_seq bigint,
    trouble text,
    CONSTRAINT pk_outbox PRIMARY KEY (row_id),
    CONSTRAINT uq_outbox_aggregate_aggregate_id_version UNIQUE (aggregate, aggregate_id, version),
    CONSTRAINT ck_outbox_version CHECK (version > 0)
);
CREATE INDEX ix_outbox_pending ON outbox (row_id) WHERE applied_ms IS NULL;

CREATE TABLE audit (
    id text NOT NULL,
    at_ms bigint NOT NULL,
    actor_id text NOT NULL,
    actor_role text NOT NULL,
    actor_scope text,
    actor_name text NOT NULL,
    action text NOT NULL,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    reason text,
    detail jsonb NOT NULL,
    CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE INDEX ix_audit_subject ON audit (subject_kind, subject_id, at_ms);
CREATE INDEX ix_audit_actor ON audit (actor_id, at_ms);

CREATE TABLE command (
    id text NOT NULL,
    actor_id text NOT NULL,
    purpose text NOT NULL,
    answer jsonb,
    at_ms bigint NOT NULL,
    CONSTRAINT pk_command PRIMARY KEY (id)
);
CREATE INDEX ix_command_at_ms ON command (at_ms);
"""

# The application may add to what happened and read it, but never change it or take it away; and an
# audit line bears the name of the actor who signed the transaction.
WALLS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        GRANT USAGE ON SCHEMA public TO caretower_app;
        GRANT SELECT, INSERT ON fact, base, audit TO caretower_app;
        GRANT SELECT, INSERT, UPDATE ON cursor, outbox TO caretower_app;
        GRANT SELECT, INSERT, UPDATE, DELETE ON command TO caretower_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO caretower_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public
            GRANT USAGE, SELECT ON SEQUENCES TO caretower_app;
    END IF;
END $$;

ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY audit_is_read ON audit FOR SELECT USING (true);
CREATE POLICY audit_is_signed ON audit FOR INSERT
    WITH CHECK (actor_id = current_setting('caretower.actor', true));
"""


def upgrade() -> None:
    """Forward only."""
    run_sql(TABLES)
    run_sql(WALLS)
