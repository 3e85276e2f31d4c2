"""Scheduled rides to appointments and home, and apart from them who rides."""

from caretower.migrations import run_sql

revision = "dispatch_0005"
down_revision = "dispatch_0004"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE scheduled_ride (
    id text NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    appointment text NOT NULL,
    provider text NOT NULL,
    leg text NOT NULL,
    van text,
    starts_ms bigint NOT NULL,
    ends_ms bigint NOT NULL,
    ended_ms bigint,
    body jsonb NOT NULL,
    CONSTRAINT pk_scheduled_ride PRIMARY KEY (id),
    CONSTRAINT ck_scheduled_ride_version CHECK (version > 0),
    CONSTRAINT ck_scheduled_ride_leg CHECK (leg IN ('to', 'home')),
    CONSTRAINT ck_scheduled_ride_aboard_of_a_van CHECK (state <> 'aboard' OR van IS NOT NULL)
);
CREATE UNIQUE INDEX uq_scheduled_ride_leg ON scheduled_ride (appointment, leg)
    WHERE state IN ('asked', 'planned', 'aboard');
CREATE INDEX ix_scheduled_ride_open ON scheduled_ride (starts_ms)
    WHERE state IN ('asked', 'planned', 'aboard');
CREATE INDEX ix_scheduled_ride_van ON scheduled_ride (van) WHERE state = 'aboard';

CREATE TABLE ride_person (
    ride text NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    address text NOT NULL,
    note text NOT NULL,
    CONSTRAINT pk_ride_person PRIMARY KEY (ride),
    CONSTRAINT fk_ride_person_ride_scheduled_ride FOREIGN KEY (ride) REFERENCES scheduled_ride (id)
);
"""

# What was promised to whom stays on record. Who rides shows itself to a signed transaction of a
# role that has a part in the ride.
WALLS = """
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'caretower_app') THEN
        REVOKE DELETE ON scheduled_ride, ride_person FROM caretower_app;
    END IF;
END $$;

ALTER TABLE ride_person ENABLE ROW LEVEL SECURITY;
CREATE POLICY rider_is_for_care ON ride_person
    USING (current_setting('caretower.role', true)
        IN ('dispatcher', 'supervisor', 'provider', 'field', 'system'));
"""


def upgrade() -> None:
    """Forward only."""
    run_sql(TABLES)
    run_sql(WALLS)
