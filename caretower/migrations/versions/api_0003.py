"""A generation for each account: a new password or its end ends every session."""

from caretower.migrations import run_sql

revision = "api_0003"
down_revision = "api_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only."""
    run_sql("ALTER TABLE account ADD COLUMN generation integer NOT NULL DEFAULT 0")
