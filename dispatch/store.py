"""The statements on dispatch's tables."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from dispatch.clocks import next_due_ms
from dispatch.errors import Conflict, NotFound, Refused
from dispatch.policy import Clocks
from dispatch.request import CrisisRequest, Note, Person, Unmet
from dispatch.tables import (
    crisis_request,
    place_promise,
    request_choice,
    request_note,
    request_person,
    row_of,
    slot_seat,
    unmet_need,
    unserved,
)
from dispatch.unserved import Episode, Key
from dispatch.words import FOLLOWED_UP, OPEN, Settled
from record.tables import command


@dataclass(frozen=True, slots=True)
class Duplicate:
    """An open or recent request that may be the same person's. `third_party`: of either call."""

    request: str
    distance_m: int
    apart_s: int
    same_callback: bool
    third_party: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What was recommended and what a person chose."""

    at_ms: int
    by: str
    plan_version: int | None
    recommended: dict[str, Any] | None
    chosen: dict[str, Any]
    reason: str | None


async def load(connection: AsyncConnection, id: str, *, lock: bool = False) -> CrisisRequest:
    """The request; `lock` keeps others from changing it until the commit. Raises NotFound."""
    statement = select(crisis_request.c.body).where(crisis_request.c.id == id)
    if lock:
        statement = statement.with_for_update()
    body = (await connection.execute(statement)).scalar_one_or_none()
    if body is None:
        raise NotFound("request", id)
    return _request(body)


async def load_all(connection: AsyncConnection, ids: Set[str]) -> dict[str, CrisisRequest]:
    """Several requests by id, locked in the order of their ids: whoever needs more than one locks
    them like this, so that no two wait for each other. Raises NotFound."""
    statement = (
        select(crisis_request.c.id, crisis_request.c.body)
        .where(crisis_request.c.id.in_(ids))
        .order_by(crisis_request.c.id)
        .with_for_update()
    )
    found = {row.id: _request(row.body) for row in await connection.execute(statement)}
    for missing in sorted(ids - found.keys()):
        raise NotFound("request", missing)
    return found


async def create(connection: AsyncConnection, request: CrisisRequest, clocks: Clocks) -> None:
    """Write a new request."""
    await connection.execute(insert(crisis_request).values(_columns(request, clocks)))


async def save(
    connection: AsyncConnection, before: CrisisRequest, after: CrisisRequest, clocks: Clocks
) -> None:
    """Write the next version. Raises Conflict when `before` is not the last one any more."""
    this = (crisis_request.c.id == before.id) & (crisis_request.c.version == before.version)
    changed = await connection.execute(
        update(crisis_request).where(this).values(_columns(after, clocks))
    )
    if changed.rowcount != 1:
        raise Conflict("the request was changed meanwhile: look again")


async def promise_place(
    connection: AsyncConnection, request: CrisisRequest, room: Mapping[str, int], now_ms: int
) -> None:
    """Make the promised place the one that the request holds now, or none.

    `room` gives for a pool or slot how many promises it can carry at all, by the last known count.

    Raises:
        Refused: the place has no room for one more promise.
    """
    await connection.execute(delete(place_promise).where(place_promise.c.request == request.id))
    await leave_seats(connection, request.id)
    if request.held.place is None:
        return
    if request.held.slot:
        await take_seat(connection, request.held.slot, request.id, room[request.held.slot])
    kind, place = ("pool" if request.held.pool else "slot"), request.held.place
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"{kind}:{place}", 0))
    await connection.execute(select(lock))
    promised = (
        select(func.count())
        .select_from(place_promise)
        .where(place_promise.c.kind == kind, place_promise.c.place == place)
        .scalar_subquery()
    )
    row = select(
        literal(request.id), literal(kind), literal(place), literal(now_ms, BigInteger)
    ).where(promised < room[place])
    made = await connection.execute(
        insert(place_promise).from_select(["request", "kind", "place", "made_ms"], row)
    )
    if made.rowcount != 1:
        raise Refused(kind, place, "full")


_TAKE_SEAT = text(
    """
    INSERT INTO slot_seat (slot, seat, holder, capacity)
    SELECT :slot, number, :holder, :capacity FROM generate_series(1, :capacity) AS number
    WHERE NOT EXISTS (SELECT FROM slot_seat WHERE slot = :slot AND seat = number)
    ORDER BY number LIMIT 1
    RETURNING seat
    """
).bindparams(
    bindparam("slot", type_=Text),
    bindparam("holder", type_=Text),
    bindparam("capacity", type_=Integer),
)


async def take_seat(connection: AsyncConnection, slot: str, holder: str, capacity: int) -> int:
    """Book the lowest free seat of a slot and answer its number. Raises Refused."""
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"seats:{slot}", 0))
    await connection.execute(select(lock))
    seat = {"slot": slot, "holder": holder, "capacity": capacity}
    taken = (await connection.execute(_TAKE_SEAT, seat)).scalar_one_or_none()
    if taken is None:
        raise Refused("slot", slot, "full")
    return int(taken)


async def leave_seats(connection: AsyncConnection, holder: str, slot: str | None = None) -> None:
    """Give back the seats of this holder, in one slot or in every one."""
    this = slot_seat.c.holder == holder
    if slot is not None:
        this &= slot_seat.c.slot == slot
    await connection.execute(delete(slot_seat).where(this))


async def holder(connection: AsyncConnection, kind: str, unit: str) -> str | None:
    """The id of the request that a team or van is promised to; None when to none."""
    column = crisis_request.c.team if kind == "team" else crisis_request.c.van
    found = await connection.execute(select(crisis_request.c.id).where(column == unit))
    id_: str | None = found.scalar_one_or_none()
    return id_


async def is_promised(connection: AsyncConnection, van: str) -> bool:
    """Whether a request has this van, without locking it."""
    this = select(crisis_request.c.id).where(crisis_request.c.van == van)
    return (await connection.execute(this)).first() is not None


async def answered(connection: AsyncConnection, command_id: str) -> bool:
    """Whether this command was kept before."""
    this = select(command.c.id).where(command.c.id == command_id)
    return (await connection.execute(this)).first() is not None


async def open_requests(connection: AsyncConnection) -> list[CrisisRequest]:
    """Requests that have not ended, the oldest first."""
    statement = (
        select(crisis_request.c.body)
        .where(crisis_request.c.open, crisis_request.c.state.in_(sorted(OPEN)))
        .order_by(crisis_request.c.opened_ms, crisis_request.c.id)
    )
    return [_request(body) for body in (await connection.execute(statement)).scalars()]


async def owed_by(connection: AsyncConnection, owner: str) -> list[CrisisRequest]:
    """What this owner still owes, ended requests too, locked in the order of their ids."""
    statement = (
        select(crisis_request.c.body)
        .where(crisis_request.c.open, crisis_request.c.owner == owner)
        .order_by(crisis_request.c.id)
        .with_for_update()
    )
    return [_request(body) for body in (await connection.execute(statement)).scalars()]


async def due(connection: AsyncConnection, now_ms: int, limit: int = 500) -> list[CrisisRequest]:
    """Requests with a clock that has run out and was not escalated, the longest due first."""
    statement = (
        select(crisis_request.c.body)
        .where(crisis_request.c.next_due_ms <= now_ms)
        .order_by(crisis_request.c.next_due_ms, crisis_request.c.id)
        .limit(limit)
    )
    return [_request(body) for body in (await connection.execute(statement)).scalars()]


async def to_follow_up(connection: AsyncConnection) -> list[str]:
    """The ids of ended requests whose follow-up is not settled, the oldest first."""
    statement = (
        select(crisis_request.c.id)
        .where(crisis_request.c.open, crisis_request.c.state.in_(sorted(FOLLOWED_UP)))
        .where(crisis_request.c.body["settled"].astext.is_(None))
        .order_by(crisis_request.c.opened_ms, crisis_request.c.id)
    )
    return list((await connection.execute(statement)).scalars())


async def settled(connection: AsyncConnection, requests: list[str], how: Settled) -> list[str]:
    """Those of these requests whose follow-up was settled in this way."""
    statement = select(crisis_request.c.id).where(
        crisis_request.c.id.in_(requests), crisis_request.c.body["settled"].astext == how.value
    )
    return list((await connection.execute(statement)).scalars())


async def put_person(connection: AsyncConnection, request: str, person: Person) -> None:
    """Write or replace who it is; the call-back number is kept as digits only."""
    values = {name: getattr(person, name) for name in Person.__dataclass_fields__}
    values["callback"] = digits(person.callback)
    statement = upsert(request_person).values(request=request, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["request"], set_=values)
    )


async def person_of(connection: AsyncConnection, request: str) -> Person:
    """Who it is; the caller writes the audit line. Raises NotFound where its role may not see."""
    this = select(request_person).where(request_person.c.request == request)
    row = (await connection.execute(this)).mappings().one_or_none()
    if row is None:
        raise NotFound("person of request", request)
    return Person(**{name: row[name] for name in Person.__dataclass_fields__})


async def contact_known(connection: AsyncConnection, request: str) -> bool:
    """Whether there is a call-back number, without reading it."""
    known = select(request_person.c.callback.is_not(None)).where(
        request_person.c.request == request
    )
    return bool((await connection.execute(known)).scalar())


async def add_note(connection: AsyncConnection, note: Note) -> None:
    """Write a note."""
    await connection.execute(insert(request_note).values(row_of(note)))


async def notes_of(connection: AsyncConnection, request: str) -> list[Note]:
    """The notes of a request, the oldest first."""
    statement = (
        select(request_note)
        .where(request_note.c.request == request)
        .order_by(request_note.c.at_ms, request_note.c.id)
    )
    return [Note(**row) for row in (await connection.execute(statement)).mappings()]


async def add_unmet(connection: AsyncConnection, unmet: Unmet) -> None:
    """Write a line of the unmet-need log."""
    await connection.execute(insert(unmet_need).values(row_of(unmet)))


async def unmet_needs(
    connection: AsyncConnection,
    *,
    since_ms: int = 0,
    request: str | None = None,
    limit: int = 1_000,
) -> list[Unmet]:
    """The unmet-need log, the newest first."""
    statement = select(unmet_need).where(unmet_need.c.at_ms >= since_ms)
    if request is not None:
        statement = statement.where(unmet_need.c.request == request)
    statement = statement.order_by(unmet_need.c.at_ms.desc(), unmet_need.c.id.desc()).limit(limit)
    return [Unmet(**row) for row in (await connection.execute(statement)).mappings()]


async def episodes(connection: AsyncConnection) -> dict[Key, Episode]:
    """Since when the plan leaves whom without what."""
    rows = await connection.execute(select(unserved))
    return {(row.request, row.resource): Episode(row.since_ms, row.logged_ms) for row in rows}


async def begin_episode(connection: AsyncConnection, key: Key, now_ms: int) -> None:
    """Remember that the plan leaves this request without from now on."""
    row = upsert(unserved).values(request=key[0], resource=key[1], since_ms=now_ms)
    await connection.execute(row.on_conflict_do_nothing())


async def end_episode(connection: AsyncConnection, key: Key) -> None:
    """The plan serves the request, or it does not wait any more."""
    await connection.execute(delete(unserved).where(_episode(key)))


async def log_episode(connection: AsyncConnection, key: Key, now_ms: int) -> bool:
    """Mark the episode as written down; False when that was done before."""
    unlogged = _episode(key) & unserved.c.logged_ms.is_(None)
    marked = await connection.execute(update(unserved).where(unlogged).values(logged_ms=now_ms))
    return bool(marked.rowcount)


def _episode(key: Key) -> ColumnElement[bool]:
    return (unserved.c.request == key[0]) & (unserved.c.resource == key[1])


async def add_choice(
    connection: AsyncConnection,
    id: str,
    request: str,
    choice: Choice,
) -> None:
    """Write what was recommended and what was chosen."""
    await connection.execute(
        insert(request_choice).values(id=id, request=request, **row_of(choice))
    )


async def choices_of(connection: AsyncConnection, request: str) -> list[Choice]:
    """What was chosen for a request, the oldest first."""
    names = list(Choice.__dataclass_fields__)
    statement = (
        select(*(request_choice.c[name] for name in names))
        .where(request_choice.c.request == request)
        .order_by(request_choice.c.at_ms, request_choice.c.id)
    )
    return [Choice(**row) for row in (await connection.execute(statement)).mappings()]


async def duplicates(
    connection: AsyncConnection, request: CrisisRequest, within_m: int, since_s: int
) -> list[Duplicate]:
    """Requests near in place and time, or from the same call-back number; the nearest first.

    Numbers are compared inside the database and never leave it. Distances in metres on a sphere.
    """
    this, other = request_person.alias("this"), request_person.alias("other")
    distance = _distance_m(request.lon, request.lat)
    same = func.coalesce(this.c.callback == other.c.callback, False)
    apart_ms = func.abs(crisis_request.c.opened_ms - request.opened_ms)
    statement = (
        select(
            crisis_request.c.id,
            distance.label("distance_m"),
            apart_ms.label("apart_ms"),
            same.label("same_callback"),
            (this.c.third_party | other.c.third_party).label("third_party"),
        )
        .join(other, other.c.request == crisis_request.c.id)
        .join(this, this.c.request == request.id)
        .where(crisis_request.c.id != request.id, crisis_request.c.state.in_(sorted(OPEN)))
        .where(same | ((apart_ms <= since_s * 1000) & (distance <= within_m)))
        .order_by(same.desc(), distance, crisis_request.c.id)
    )
    return [
        Duplicate(row.id, round(row.distance_m), row.apart_ms // 1000, *row[3:])
        for row in await connection.execute(statement)
    ]


def digits(number: str | None) -> str | None:
    """A telephone number as digits, so that two ways of writing it are one; None for none."""
    return "".join(filter(str.isdecimal, number or "")) or None


def _distance_m(lon: float, lat: float) -> Any:
    """Great-circle distance in metres (haversine, mean Earth radius 6,371,009 m)."""
    to_lon, to_lat = crisis_request.c.lon, crisis_request.c.lat
    half = func.power(func.sin(func.radians(to_lat - lat) / 2), 2) + func.cos(
        func.radians(to_lat)
    ) * func.cos(func.radians(lat)) * func.power(func.sin(func.radians(to_lon - lon) / 2), 2)
    return 2 * 6_371_009 * func.asin(func.sqrt(func.least(1.0, half)))


def _columns(request: CrisisRequest, clocks: Clocks) -> dict[str, Any]:
    return {
        "id": request.id,
        "version": request.version,
        "state": request.state.value,
        "open": request.owed,
        "tier": request.tier.value,
        "owner": request.owner,
        "zone": request.zone,
        "lon": request.lon,
        "lat": request.lat,
        "opened_ms": request.opened_ms,
        "next_due_ms": next_due_ms(request, clocks),
        "team": request.held.team,
        "van": request.held.van,
        "shared_le": request.shared_le,
        "body": msgspec.to_builtins(request),
    }


def _request(body: Any) -> CrisisRequest:
    return msgspec.convert(body, CrisisRequest)
