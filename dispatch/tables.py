"""Dispatch's tables, and how a dataclass is written as a row of one.

`crisis_request.body` is the whole request; the columns beside it are what the database itself
guards and searches. Identity stands in `request_person` and nowhere else.
"""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    insert,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.request import Person
from record.tables import metadata

crisis_request = Table(
    "crisis_request",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("tier", Text, nullable=False),
    Column("owner", Text),
    Column("zone", Text, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("next_due_ms", BigInteger),
    Column("team", Text),
    Column("van", Text),
    Column("shared_le", Boolean, nullable=False),
    Column("body", JSONB, nullable=False),
    CheckConstraint("version > 0", name="version"),
    # A team and a van are in one request at most: the last arbiter of every acceptance.
    Index("uq_crisis_request_team", "team", unique=True, postgresql_where=text("team IS NOT NULL")),
    Index("uq_crisis_request_van", "van", unique=True, postgresql_where=text("van IS NOT NULL")),
    Index("ix_crisis_request_open", "opened_ms", postgresql_where=text("open")),
    Index("ix_crisis_request_due", "next_due_ms", postgresql_where=text("next_due_ms IS NOT NULL")),
)

# A unit of a bed pool or slot that is promised to a request and not yet occupied.
place_promise = Table(
    "place_promise",
    metadata,
    Column("request", Text, ForeignKey("crisis_request.id"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    CheckConstraint("kind IN ('pool', 'slot')", name="kind"),
    Index("ix_place_promise_place", "kind", "place"),
)

# A seat of an appointment slot and whose it is: a request's here, a referral's above. The primary
# key is the last arbiter of every booking, whichever room makes it.
slot_seat = Table(
    "slot_seat",
    metadata,
    Column("slot", Text, primary_key=True),
    Column("seat", Integer, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    CheckConstraint("seat BETWEEN 1 AND capacity", name="exists"),
    Index("ix_slot_seat_holder", "holder"),
)

request_person = Table(
    "request_person",
    metadata,
    Column("request", Text, ForeignKey("crisis_request.id"), primary_key=True),
    *(
        Column(name, Boolean if name == "third_party" else Text, nullable=name != "third_party")
        for name in Person.__dataclass_fields__
    ),
    Index("ix_request_person_callback", "callback"),
)

request_note = Table(
    "request_note",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, ForeignKey("crisis_request.id"), nullable=False),
    Column("author", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_request_note_request", "request", "at_ms"),
)

unmet_need = Table(
    "unmet_need",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, ForeignKey("crisis_request.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource", Text),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("recorded_by", Text, nullable=False),
    Column("protected", Boolean, nullable=False),
    Index("ix_unmet_need_at_ms", "at_ms"),
    Index("ix_unmet_need_request", "request"),
)

# What was recommended, what was chosen, and why it was another.
request_choice = Table(
    "request_choice",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", Text, ForeignKey("crisis_request.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("plan_version", Integer),
    Column("recommended", JSONB(none_as_null=True)),
    Column("chosen", JSONB, nullable=False),
    Column("reason", Text),
    Index("ix_request_choice_request", "request", "at_ms"),
)

# Since when the published plan has had no team or place for a request; gone when it has one.
unserved = Table(
    "unserved",
    metadata,
    Column("request", Text, ForeignKey("crisis_request.id"), primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("logged_ms", BigInteger),
    CheckConstraint("resource IN ('team', 'place')", name="resource"),
)

# A call for help of a crew or driver; a unit has one open at most.
field_panic = Table(
    "field_panic",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("request", Text, ForeignKey("crisis_request.id")),
    Column("pressed_ms", BigInteger, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    Column("answer_due_ms", BigInteger),
    Column("overdue", Boolean, nullable=False),
    Column("acknowledged_by", Text),
    Column("acknowledged_ms", BigInteger),
    Column("ended_ms", BigInteger),
    CheckConstraint("kind IN ('team', 'van')", name="kind"),
    Index(
        "uq_field_panic_open",
        "kind",
        "unit",
        unique=True,
        postgresql_where=text("ended_ms IS NULL"),
    ),
)

# Roads that are closed or slow; `area` is GeoJSON.
road_closure = Table(
    "road_closure",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("area", JSONB, nullable=False),
    Column("slowdown", Float),
    Column("reason", Text, nullable=False),
    Column("note", Text),
    Column("from_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    CheckConstraint("slowdown > 1", name="slowdown"),
    CheckConstraint("until_ms > from_ms", name="until_ms"),
    Index("ix_road_closure_open", "until_ms", postgresql_where=text("ended_ms IS NULL")),
)


def row_of(value: Any) -> dict[str, Any]:
    """A dataclass as the columns of its row."""
    names: Iterable[str] = value.__dataclass_fields__
    return {name: getattr(value, name) for name in names}


async def put_row(connection: AsyncConnection, table: Table, value: Any, *, new: bool) -> None:
    """Write a new row, or the next version of one that was loaded and locked; `id` is its key."""
    if new:
        await connection.execute(insert(table).values(row_of(value)))
    else:
        await connection.execute(update(table).where(table.c.id == value.id).values(row_of(value)))
