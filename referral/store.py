"""The tables of this room and the statements that guard them.

SQL is the last arbiter of a seat: its number lies within the slot's capacity (check), nobody else
has it, be it for a crisis request (dispatch's `slot_seat`), and no person has two appointments at
one time (exclusion).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    exists,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch import store as places
from dispatch.errors import Refused as NoSeat
from record.tables import metadata
from referral.errors import NotFound, Refused
from referral.states import ENDED, Appointment, Contact, Outcome, Reason, State

Row = Mapping[str, Any]


def _one_of(column: str, words: Sequence[str]) -> str:
    return f"{column} IN ({', '.join(repr(str(word)) for word in words)})"


_ENDED_WORDS = sorted(ENDED)
EXPECTED = (State.REQUESTED, State.ACCEPTED)
"""The provider still expects the person."""
ONE_PLACE = "referral_person_in_one_place"
"""The constraint that forbids one person two appointments at one time."""

referrals = Table(
    "referral",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("source", Text),
    Column("slot", Text, nullable=False),
    Column("starts_ms", BigInteger, nullable=False),
    Column("report_due_ms", BigInteger, nullable=False),
    Column("discharged_ms", BigInteger, nullable=False),
    Column("referred_ms", BigInteger, nullable=False),
    Column("preferred", Boolean, nullable=False),
    Column("acknowledge_due_ms", BigInteger, nullable=False),
    Column("acknowledged_ms", BigInteger),
    Column("escalated", Boolean, nullable=False, server_default=text("false")),
    Column("raised", Boolean, nullable=False, server_default=text("false")),
    Column("outcome", Text),
    Column("ended_ms", BigInteger),
    Column("shown", Boolean, nullable=False, server_default=text("true")),
    Column("policy", Text, nullable=False),
    CheckConstraint(_one_of("state", list(State)), name="state"),
    CheckConstraint(_one_of("outcome", list(Outcome)), name="outcome"),
    CheckConstraint("(state = 'failed') = (outcome IS NOT NULL)", name="failed_says_why"),
    CheckConstraint(
        f"({_one_of('state', _ENDED_WORDS)}) = (ended_ms IS NOT NULL)", name="ended_has_time"
    ),
    Index("referral_of_request", "request"),
    Index("referral_shown", "provider", postgresql_where=text("shown")),
)

details = Table(
    "referral_detail",
    metadata,
    Column("referral", Text, ForeignKey("referral.id"), primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("note", Text, nullable=False),
)

seats = Table(
    "referral_seat",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("referral", Text, ForeignKey("referral.id"), nullable=False),
    Column("request", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("seat", Integer, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("starts_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default=Appointment.BOOKED.value),
    CheckConstraint("seat BETWEEN 1 AND capacity", name="exists"),
    CheckConstraint("starts_ms < ends_ms", name="lasts"),
    CheckConstraint(_one_of("state", list(Appointment)), name="state"),
    Index(
        "referral_seat_once",
        "slot",
        "seat",
        unique=True,
        postgresql_where=text("state <> 'cancelled'"),
    ),
    Index(
        "referral_books_once",
        "referral",
        unique=True,
        postgresql_where=text("state = 'booked'"),
    ),
    ExcludeConstraint(
        (Column("request"), "="),
        (func.int8range(Column("starts_ms"), Column("ends_ms")), "&&"),
        where=text("state = 'booked'"),
        name=ONE_PLACE,
    ),
)

tasks = Table(
    "outreach_task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("referral", Text, ForeignKey("referral.id"), nullable=False),
    Column("reason", Text, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("escalated", Boolean, nullable=False, server_default=text("false")),
    Column("raised", Boolean, nullable=False, server_default=text("false")),
    Column("closed_ms", BigInteger),
    Column("closed_by", Text),
    CheckConstraint(_one_of("reason", list(Reason)), name="reason"),
    CheckConstraint("(closed_ms IS NULL) = (closed_by IS NULL)", name="closed_says_how"),
    Index(
        "outreach_open_once",
        "referral",
        "reason",
        unique=True,
        postgresql_where=text("closed_ms IS NULL"),
    ),
)

attempts = Table(
    "outreach_attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("task", Text, ForeignKey("outreach_task.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("contact", Text, nullable=False),
    Column("note", Text, nullable=False),
    CheckConstraint(_one_of("contact", list(Contact)), name="contact"),
    Index("outreach_attempt_of_task", "task", "at_ms"),
)


async def take_seat(
    db: AsyncConnection,
    *,
    referral: str,
    request: str,
    slot: str,
    capacity: int,
    starts_ms: int,
    ends_ms: int,
) -> None:
    """Book the lowest seat of the slot that nobody has, of a referral or of a crisis request.

    Raises Refused where there is none.
    """
    await _lock_appointments(db, request)
    try:
        seat = await places.take_seat(db, slot, referral, capacity)
    except NoSeat:
        raise Refused(slot, "no seat is free") from None
    await add(
        db,
        seats,
        referral=referral,
        request=request,
        slot=slot,
        seat=seat,
        capacity=capacity,
        starts_ms=starts_ms,
        ends_ms=ends_ms,
    )


async def leave_seat(db: AsyncConnection, row: Row, state: Appointment) -> bool:
    """Give the booked seat of a referral its end; whether there was one."""
    await _lock_appointments(db, row["request"])
    left = await db.execute(
        update(seats)
        .where(seats.c.referral == row["id"], seats.c.state == Appointment.BOOKED)
        .values(state=state)
        .returning(seats.c.slot)
    )
    slot = left.scalar_one_or_none()
    if slot is not None and state is Appointment.CANCELLED:
        await places.leave_seats(db, row["id"], slot)
    return slot is not None


async def retake_seat(db: AsyncConnection, row: Row, left: Appointment, state: Appointment) -> None:
    """Give the seat of a referral that was left last its former state again."""
    await _lock_appointments(db, row["request"])
    last = (
        select(func.max(seats.c.id))
        .where(seats.c.referral == row["id"], seats.c.state == left)
        .scalar_subquery()
    )
    await db.execute(update(seats).where(seats.c.id == last).values(state=state))


async def _lock_appointments(db: AsyncConnection, request: str) -> None:
    """Let a person's appointments change one after the other, until the transaction ends.

    Two changes that overlap would each wait for the other's row, and the database would end one or
    both of them as a deadlock.
    """
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"appointments:{request}", 0))
    await db.execute(select(lock))


async def locked_referral(db: AsyncConnection, id: str) -> Row:
    """The referral, locked until the transaction ends: its tasks and seat change under this lock.

    Raises NotFound.
    """
    found = await db.execute(select(referrals).where(referrals.c.id == id).with_for_update())
    row = found.mappings().first()
    if row is None:
        raise NotFound("referral", id)
    return dict(row)


async def change(db: AsyncConnection, table: Table, row: Row, **values: Any) -> Row:
    """Write the next version of a locked row; answers it."""
    following = {**values, "version": row["version"] + 1}
    await db.execute(update(table).where(table.c.id == row["id"]).values(**following))
    return {**row, **following}


async def add(db: AsyncConnection, table: Table, **values: Any) -> None:
    """Insert one row."""
    await db.execute(insert(table).values(**values))


async def referrals_of(db: AsyncConnection, ids: list[str]) -> dict[str, Row]:
    """These referrals by id."""
    found = await db.execute(select(referrals).where(referrals.c.id.in_(ids)))
    return {row["id"]: dict(row) for row in found.mappings()}


async def open_tasks_of(db: AsyncConnection, referral: str) -> list[Row]:
    """The open outreach tasks of a referral, oldest first."""
    found = await db.execute(
        select(tasks)
        .where(tasks.c.referral == referral, tasks.c.closed_ms.is_(None))
        .order_by(tasks.c.opened_ms, tasks.c.id)
    )
    return [dict(row) for row in found.mappings()]


async def tasks_closed(db: AsyncConnection, referral: str, by: str, at_ms: int) -> list[Row]:
    """The tasks of a referral that one act closed."""
    found = await db.execute(
        select(tasks)
        .where(tasks.c.referral == referral, tasks.c.closed_by == by, tasks.c.closed_ms == at_ms)
        .order_by(tasks.c.opened_ms, tasks.c.id)
    )
    return [dict(row) for row in found.mappings()]


async def one(db: AsyncConnection, table: Table, id: str) -> Row:
    """The row with this primary key; raises NotFound."""
    key = next(iter(table.primary_key))
    found = (await db.execute(select(table).where(key == id))).mappings().first()
    if found is None:
        raise NotFound(table.name, id)
    return dict(found)


async def shown(
    db: AsyncConnection, provider: str | None, source: str | None
) -> list[tuple[Row, int | None]]:
    """Referrals on the screens with the earliest clock of their tasks, the latest booked first."""
    due_ms = (
        select(func.min(tasks.c.due_ms))
        .where(tasks.c.referral == referrals.c.id, tasks.c.closed_ms.is_(None))
        .scalar_subquery()
        .label("task_due_ms")
    )
    found = await db.execute(
        select(referrals, due_ms)
        .where(referrals.c.shown, *_of(provider, source))
        .order_by(referrals.c.starts_ms, referrals.c.id)
    )
    return [(dict(row), row["task_due_ms"]) for row in found.mappings()]


async def referred(db: AsyncConnection, requests: list[str]) -> list[tuple[str, str]]:
    """Which of these requests were referred: (the first referral, request)."""
    found = await db.execute(
        select(func.min(referrals.c.id), referrals.c.request)
        .where(referrals.c.request.in_(requests), referrals.c.state != State.CANCELLED)
        .group_by(referrals.c.request)
    )
    return [(row[0], row[1]) for row in found]


async def called_off(db: AsyncConnection, requests: list[str] | None) -> dict[str, str]:
    """Requests (None: all on the screens) of which every referral was cancelled: the last one's id.

    Any other end than a cancellation stands: the loop was closed, or given up with its reason.
    """
    live = func.bool_or(referrals.c.state != State.CANCELLED)
    found = select(referrals.c.request, func.max(referrals.c.id)).group_by(referrals.c.request)
    if requests is not None:
        found = found.where(referrals.c.request.in_(requests))
    shown = func.bool_or(referrals.c.shown)
    rows = await db.execute(found.having(~live, shown))
    return {row[0]: row[1] for row in rows}


async def open_tasks(
    db: AsyncConnection, provider: str | None, source: str | None
) -> list[tuple[Row, Row]]:
    """Open outreach tasks with their referrals, the most urgent first."""
    about = [referrals.c.request, referrals.c.provider, referrals.c.source]
    found = await db.execute(
        select(tasks, *about)
        .join(referrals, referrals.c.id == tasks.c.referral)
        .where(tasks.c.closed_ms.is_(None), *_of(provider, source))
        .order_by(tasks.c.due_ms, tasks.c.id)
    )
    return [(dict(row), dict(row)) for row in found.mappings()]


def _of(provider: str | None, source: str | None) -> list[ColumnElement[bool]]:
    wanted = []
    if provider is not None:
        wanted.append(referrals.c.provider == provider)
    if source is not None:
        wanted.append(referrals.c.source == source)
    return wanted


async def attempts_of(db: AsyncConnection, task: str) -> list[Row]:
    """The attempts of a task, oldest first."""
    found = await db.execute(
        select(attempts).where(attempts.c.task == task).order_by(attempts.c.at_ms, attempts.c.id)
    )
    return [dict(row) for row in found.mappings()]


async def attempts_made(db: AsyncConnection, referral: str) -> int:
    """How often somebody tried to reach the person of this referral, over all its tasks."""
    made = select(func.coalesce(func.sum(tasks.c.attempts), 0)).where(tasks.c.referral == referral)
    return int((await db.execute(made)).scalar_one())


async def overdue(
    db: AsyncConnection, now_ms: int, shown_for_ms: int, raised_after_ms: int
) -> list[tuple[str, str, str, int]]:
    """Clocks that have run out and wait for `tick`: (kind, id, provider, due_ms)."""
    r, t = referrals.c, tasks.c
    unknown = exists().where(
        t.referral == r.id, t.reason == Reason.ATTENDANCE_UNKNOWN, t.closed_ms.is_(None)
    )
    found: list[tuple[str, str, str, int]] = []
    for kind, id_, due, where in (
        ("acknowledge", r.id, r.acknowledge_due_ms, [r.state == State.REQUESTED, ~r.escalated]),
        (
            "raise_acknowledge",
            r.id,
            r.acknowledge_due_ms + raised_after_ms,
            [r.state == State.REQUESTED, r.escalated, ~r.raised],
        ),
        ("attendance", r.id, r.report_due_ms, [r.state.in_(EXPECTED), ~unknown]),
        ("ended", r.id, r.ended_ms + shown_for_ms, [r.shown, r.ended_ms.is_not(None)]),
        ("outreach", t.id, t.due_ms, [t.closed_ms.is_(None), ~t.escalated]),
        (
            "raise_outreach",
            t.id,
            t.due_ms + raised_after_ms,
            [t.closed_ms.is_(None), t.escalated, ~t.raised],
        ),
    ):
        wanted = select(id_, r.provider, due)
        if id_ is t.id:
            wanted = wanted.join_from(tasks, referrals, r.id == t.referral)
        late = await db.execute(wanted.where(due <= now_ms, *where).order_by(due, id_))
        found += [(kind, row[0], row[1], row[2]) for row in late]
    return found
