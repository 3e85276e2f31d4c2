"""Crisis requests: the request, its promised place, identity apart, notes, unmet needs, choices."""

from caretower.migrations import run_sql

revision = "dispatch_0001"
down_revision = None
branch_labels = ("dispatch",)
depends_on = "record_0001"

TABLES = """
CREATE TABLE crisis_request (
    id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    open boolean NOT NULL,
    tier text NOT NULL,
    owner text,
    zone text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    opened_ms bigint NOT NULL,
    next_due_ms bigint,
    team text,
    van text,
    shared_le boolean NOT NULL,
    body jsonb NOT NULL,
    CONSTRAINT pk_crisis_request PRIMARY KEY (id),
    CONSTRAINT ck_crisis_request_version CHECK (version > 0)
);
CREATE UNIQUE INDEX uq_crisis_request_team ON crisis_request (team) WHERE team IS NOT NULL;
CREATE UNIQUE INDEX uq_crisis_request_van ON crisis_request (van) WHERE van IS NOT NULL;
CREATE INDEX ix_crisis_request_open ON crisis_request (opened_ms) WHERE open;
CREATE INDEX ix_crisis_request_due ON crisis_request (next_due_ms) WHERE next_due_ms IS NOT NULL;

CREATE TABLE place_promise (
    request text NOT NULL,
    kind text NOT NULL,
    place text NOT NULL,
    made_ms bigint NOT NULL,
    CONSTRAINT pk_place_promise PRIMARY KEY (request),
    CONSTRAINT fk_place_promise_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id),
    CONSTRAINT ck_place_promise_kind CHECK (kind IN ('pool', 'slot'))
);
CREATE INDEX ix_place_promise_place ON place_promise (kind, place);

CREATE TABLE request_person (
    request text NOT NULL,
    name text,
    date_of_birth text,
    address text,
    callback text,
    third_party boolean NOT NULL,
    caller_name text,
    interpreter text,
    guardian_name text,
    guardian_phone text,
    problem text,
    violence_history text,
    substance_history text,
    weapons text,
    dogs text,
    police_plan text,
    CONSTRAINT pk_request_person PRIMARY KEY (request),
    CONSTRAINT fk_request_person_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id)
);
CREATE INDEX ix_request_person_callback ON request_person (callback);

CREATE TABLE request_note (
    id text NOT NULL,
    request text NOT NULL,
    author text NOT NULL,
    at_ms bigint NOT NULL,
    text text NOT NULL,
    CONSTRAINT pk_request_note PRIMARY KEY (id),
    CONSTRAINT fk_request_note_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id)
);
CREATE INDEX ix_request_note_request ON request_note (request, at_ms);

CREATE TABLE unmet_need (
    id text NOT NULL,
    request text NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    resource text,
    reason text NOT NULL,
    decided_by text NOT NULL,
    recorded_by text NOT NULL,
    protected boolean NOT NULL,
    CONSTRAINT pk_unmet_need PRIMARY KEY (id),
    CONSTRAINT fk_unmet_need_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id)
);
CREATE INDEX ix_unmet_need_at_ms ON unmet_need (at_ms);
CREATE INDEX ix_unmet_need_request ON unmet_need (request);

CREATE TABLE unserved (
    request text NOT NULL,
    resource text NOT NULL,
    since_ms bigint NOT NULL,
    logged_ms bigint,
    CONSTRAINT pk_unserved PRIMARY KEY (request, resource),
    CONSTRAINT fk_unserved_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id),
    CONSTRAINT ck_unserved_resource CHECK (resource IN ('team', 'place'))
);

CREATE TABLE request_choice (
    id text NOT NULL,
    request text NOT NULL,
    at_ms bigint NOT NULL,
    by text NOT NULL,
    plan_version integer,
    recommended jsonb,
    chosen jsonb NOT NULL,
    reason text,
    CONSTRAINT pk_request_choice PRIMARY KEY (id),
    CONSTRAINT fk_request_choice_request_crisis_request
        FOREIGN KEY (request) REFERENCES crisis_request (id)
);
CREATE INDEX ix_request_choice_request ON request_choice (request, at_ms);
"""

# Notes, the unmet-need log and choices are added to and read, never changed or taken away. Identity
# shows itself to a signed transaction of a role that has a part in the person's care; to law
# enforcement only where the request was shared with it.
WALLS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        REVOKE UPDATE, DELETE ON request_note, unmet_need, request_choice FROM caretower_app;
        REVOKE DELETE ON crisis_request, request_person FROM caretower_app;
    END IF;
END $$;

ALTER TABLE request_person ENABLE ROW LEVEL SECURITY;
CREATE POLICY person_is_for_care ON request_person
    USING (current_setting('caretower.role', true)
        IN ('dispatcher', 'supervisor', 'field', 'system'));
CREATE POLICY person_is_shared ON request_person FOR SELECT
    USING (current_setting('caretower.role', true) = 'law_enforcement'
        AND EXISTS (SELECT FROM crisis_request r WHERE r.id = request AND r.shared_le));
"""


def upgrade() -> None:
    """Forward only."""
    run_sql(TABLES)
    run_sql(WALLS)
