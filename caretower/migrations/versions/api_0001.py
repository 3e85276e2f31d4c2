"""Accounts, revoked tokens and walls' devices."""

from caretower.migrations import run_sql

revision = "api_0001"
down_revision = None
branch_labels = ("api",)
depends_on = ("record_0001",)


def upgrade() -> None:
    """Forward only."""
    run_sql("""
CREATE TABLE account (
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    scope text,
    password_hash text NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint,
    CONSTRAINT pk_account PRIMARY KEY (id),
    CONSTRAINT uq_account_name UNIQUE (name),
    CONSTRAINT ck_account_role CHECK (
        role IN ('dispatcher', 'supervisor', 'facility', 'field', 'provider', 'law_enforcement')
    ),
    CONSTRAINT ck_account_scope CHECK (
        (scope IS NOT NULL) = (role IN ('facility', 'field', 'provider'))
    )
);

CREATE TABLE revoked_token (
    id text NOT NULL,
    expires_ms bigint NOT NULL,
    CONSTRAINT pk_revoked_token PRIMARY KEY (id)
);

CREATE TABLE device (
    id text NOT NULL,
    name text NOT NULL,
    made_by text NOT NULL,
    created_ms bigint NOT NULL,
    revoked_ms bigint,
    CONSTRAINT pk_device PRIMARY KEY (id)
);
""")
