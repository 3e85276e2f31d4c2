"""The daily hours of teams and vans."""

from caretower.migrations import run_sql

revision = "directory_0002"
down_revision = "directory_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only."""
    run_sql("""
CREATE TABLE rostered (
    kind text NOT NULL,
    unit text NOT NULL,
    hours text NOT NULL,
    CONSTRAINT pk_rostered PRIMARY KEY (kind, unit),
    CONSTRAINT ck_rostered_kind CHECK (kind IN ('team', 'van'))
);
""")
