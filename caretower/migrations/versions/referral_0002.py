"""Clocks that nobody answered are raised to a supervisor."""

from caretower.migrations import run_sql

revision = "referral_0002"
down_revision = "referral_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward only."""
    run_sql("""
ALTER TABLE referral ADD COLUMN raised boolean NOT NULL DEFAULT false;
ALTER TABLE outreach_task ADD COLUMN raised boolean NOT NULL DEFAULT false;
""")
