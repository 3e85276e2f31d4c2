"""Roads that are closed or slow: kept until they end, so that a restart forgets none."""

from caretower.migrations import run_sql

revision = "dispatch_0004"
down_revision = "dispatch_0003"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE road_closure (
    id text NOT NULL,
    version integer NOT NULL,
    area jsonb NOT NULL,
    slowdown double precision,
    reason text NOT NULL,
    note text,
    from_ms bigint NOT NULL,
    until_ms bigint NOT NULL,
    ended_ms bigint,
    CONSTRAINT pk_road_closure PRIMARY KEY (id),
    CONSTRAINT ck_road_closure_slowdown CHECK (slowdown > 1),
    CONSTRAINT ck_road_closure_until_ms CHECK (until_ms > from_ms)
);
CREATE INDEX ix_road_closure_open ON road_closure (until_ms) WHERE ended_ms IS NULL;
"""

# What was closed, and when, stays on record.
WALLS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        REVOKE DELETE ON road_closure FROM caretower_app;
    END IF;
END $$;
"""


def upgrade() -> None:
    """Forward only."""
    run_sql(TABLES)
    run_sql(WALLS)
