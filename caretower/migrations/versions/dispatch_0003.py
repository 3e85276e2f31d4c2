"""One seat of a slot is one person's, whichever room booked it."""

from caretower.migrations import run_sql

revision = "dispatch_0003"
down_revision = "dispatch_0002"
branch_labels = None
depends_on = "referral_0001"

# Seats that referrals have keep their numbers; dispatch's promises follow behind them.
FILL = """
INSERT INTO slot_seat (slot, seat, holder, capacity)
    SELECT slot, seat, referral, greatest(seat, capacity) FROM referral_seat
    WHERE state <> 'cancelled';
INSERT INTO slot_seat (slot, seat, holder, capacity)
    SELECT place, taken + number, request, taken + number
    FROM (
        SELECT p.place, p.request,
            row_number() OVER (PARTITION BY p.place ORDER BY p.request) AS number,
            coalesce((SELECT max(s.seat) FROM slot_seat s WHERE s.slot = p.place), 0) AS taken
        FROM place_promise p WHERE p.kind = 'slot'
    ) AS promised;
"""


def upgrade() -> None:
    """Forward only."""
    run_sql("""
CREATE TABLE slot_seat (
    slot text NOT NULL,
    seat integer NOT NULL,
    holder text NOT NULL,
    capacity integer NOT NULL,
    CONSTRAINT pk_slot_seat PRIMARY KEY (slot, seat),
    CONSTRAINT ck_slot_seat_exists CHECK (seat BETWEEN 1 AND capacity)
);
CREATE INDEX ix_slot_seat_holder ON slot_seat (holder);
""")
    run_sql(FILL)
