"""The field: what is known of premises and infection, and calls for help of crews and drivers."""

from caretower.migrations import run_sql

revision = "dispatch_0002"
down_revision = "dispatch_0001"
branch_labels = None
depends_on = None

TABLES = """
ALTER TABLE request_person ADD COLUMN premises text, ADD COLUMN infection text;

CREATE TABLE field_panic (
    id text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    unit text NOT NULL,
    request text,
    pressed_ms bigint NOT NULL,
    told_ms bigint NOT NULL,
    answer_due_ms bigint,
    overdue boolean NOT NULL,
    acknowledged_by text,
    acknowledged_ms bigint,
    ended_ms bigint,
    CONSTRAINT pk_field_panic PRIMARY KEY (id),
    CONSTRAINT fk_field_panic_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id),
    CONSTRAINT ck_field_panic_kind CHECK (kind IN ('team', 'van'))
);
CREATE UNIQUE INDEX uq_field_panic_open ON field_panic (kind, unit) WHERE ended_ms IS NULL;
"""

# What was called for stays on record.
WALLS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        REVOKE DELETE ON field_panic FROM caretower_app;
    END IF;
END $$;
"""


def upgrade() -> None:
    """Forward only."""
    run_sql(TABLES)
    run_sql(WALLS)
