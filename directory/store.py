"""The directory's tables, and how a participant becomes rows and is read back."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Select,
    Table,
    Text,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from directory.participants import (
    Agreement,
    Credential,
    CrewMember,
    Facility,
    Organization,
    Service,
)
from directory.roster import Rostered
from record.tables import metadata

organization = Table(
    "organization",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("fictional", Boolean, nullable=False),
)

facility = Table(
    "facility",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", ForeignKey(organization.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("phone", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fictional", Boolean, nullable=False),
    CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
)

service = Table(
    "service",
    metadata,
    Column("id", Text, primary_key=True),
    Column("facility", ForeignKey(facility.c.id), nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("takes", ARRAY(Text), nullable=False),
    Column("phone", Text, nullable=False),
    Index("ix_service_facility", "facility"),
)

agreement = Table(
    "agreement",
    metadata,
    Column("facility", ForeignKey(facility.c.id), primary_key=True),
    Column("zone", Text, primary_key=True),
    Column("pool_types", ARRAY(Text), nullable=False),
)

crew_member = Table(
    "crew_member",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("team", Text),
    Index("ix_crew_member_team", "team"),
)

credential = Table(
    "credential",
    metadata,
    Column("member", ForeignKey(crew_member.c.id), primary_key=True),
    Column("word", Text, primary_key=True),
    Column("expires_on", Date, nullable=False),
)

rostered = Table(
    "rostered",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("hours", Text, nullable=False),
    CheckConstraint("kind IN ('team', 'van')", name="kind"),
)

Participant = Organization | Facility | Service | Agreement | Rostered
TABLES: Mapping[type, Table] = {
    Organization: organization,
    Facility: facility,
    Service: service,
    Agreement: agreement,
    Rostered: rostered,
}


async def put(connection: AsyncConnection, participant: Participant) -> None:
    """Insert it, or replace the one with the same key."""
    await _upsert(connection, TABLES[type(participant)], asdict(participant))


async def put_member(connection: AsyncConnection, member: CrewMember) -> None:
    """Insert or replace a crew member with all credentials."""
    row = {"id": member.id, "name": member.name, "team": member.team}
    await _upsert(connection, crew_member, row)
    await connection.execute(delete(credential).where(credential.c.member == member.id))
    if member.credentials:
        rows = [{"member": member.id, **asdict(held)} for held in member.credentials]
        await connection.execute(insert(credential), rows)


async def members(connection: AsyncConnection, where: Select[Any]) -> tuple[CrewMember, ...]:
    """The crew members that `where` (a selection of their ids) names, by id."""
    held = (
        select(crew_member, credential.c.word, credential.c.expires_on)
        .outerjoin(credential)
        .where(crew_member.c.id.in_(where))
        .order_by(crew_member.c.id, credential.c.word)
    )
    rows = (await connection.execute(held)).all()
    return tuple(_member(list(of_one)) for _, of_one in groupby(rows, key=attrgetter("id")))


def _member(rows: Sequence[Any]) -> CrewMember:
    first = rows[0]
    held = tuple(Credential(row.word, row.expires_on) for row in rows if row.word is not None)
    return CrewMember(first.id, first.name, first.team, held)


async def _upsert(connection: AsyncConnection, table: Table, row: dict[str, Any]) -> None:
    key = [column.name for column in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in key}
    statement = upsert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest)
    await connection.execute(statement)
