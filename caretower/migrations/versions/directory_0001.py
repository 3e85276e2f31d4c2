"""The directory: organizations, facilities, services, agreements, crews and their credentials."""

from caretower.migrations import run_sql

revision = "directory_0001"
down_revision = None
branch_labels = ("directory",)
depends_on = ("record_0001",)


def upgrade() -> None:
    """Forward only."""
    run_sql("""
CREATE TABLE organization (
    id text NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    fictional boolean NOT NULL,
    CONSTRAINT pk_organization PRIMARY KEY (id)
);

CREATE TABLE facility (
    id text NOT NULL,
    organization text NOT NULL,
    name text NOT NULL,
    zone text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    phone text NOT NULL,
    kind text NOT NULL,
    fictional boolean NOT NULL,
    CONSTRAINT pk_facility PRIMARY KEY (id),
    CONSTRAINT fk_facility_organization_organization
        FOREIGN KEY (organization) REFERENCES organization (id),
    CONSTRAINT ck_facility_on_earth
        CHECK (lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90)
);

CREATE TABLE service (
    id text NOT NULL,
    facility text NOT NULL,
    name text NOT NULL,
    type text NOT NULL,
    takes text[] NOT NULL,
    phone text NOT NULL,
    CONSTRAINT pk_service PRIMARY KEY (id),
    CONSTRAINT fk_service_facility_facility FOREIGN KEY (facility) REFERENCES facility (id)
);
CREATE INDEX ix_service_facility ON service (facility);

CREATE TABLE agreement (
    facility text NOT NULL,
    zone text NOT NULL,
    pool_types text[] NOT NULL,
    CONSTRAINT pk_agreement PRIMARY KEY (facility, zone),
    CONSTRAINT fk_agreement_facility_facility FOREIGN KEY (facility) REFERENCES facility (id)
);

CREATE TABLE crew_member (
    id text NOT NULL,
    name text NOT NULL,
    team text,
    CONSTRAINT pk_crew_member PRIMARY KEY (id)
);
CREATE INDEX ix_crew_member_team ON crew_member (team);

CREATE TABLE credential (
    member text NOT NULL,
    word text NOT NULL,
    expires_on date NOT NULL,
    CONSTRAINT pk_credential PRIMARY KEY (member, word),
    CONSTRAINT fk_credential_member_crew_member FOREIGN KEY (member) REFERENCES crew_member (id)
);
""")
