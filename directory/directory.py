"""Who takes part: every change is one transaction with its audit line."""

from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row, select

from directory import store
from directory.participants import Agreement, CrewMember, Facility, Organization, Service
from directory.roster import Rostered
from record import Actor
from record.journal import Journal

P = TypeVar("P", bound=store.Participant)


@dataclass(frozen=True, slots=True)
class Directory:
    """The participants of a region. A `put` of what is there replaces it."""

    journal: Journal

    async def organizations(self) -> tuple[Organization, ...]:
        """All of them, by id."""
        return await self._all(Organization)

    async def facilities(self) -> tuple[Facility, ...]:
        """All of them, by id."""
        return await self._all(Facility)

    async def services(self) -> tuple[Service, ...]:
        """All of them, by id."""
        return await self._all(Service)

    async def agreements(self) -> tuple[Agreement, ...]:
        """Who takes whom, by facility and zone."""
        return await self._all(Agreement)

    async def rosters(self) -> tuple[Rostered, ...]:
        """Who works which hours every day, by kind and unit."""
        return await self._all(Rostered)

    async def facility(self, id: str) -> Facility | None:
        """One facility, if it is known."""
        async with self.journal.engine.connect() as connection:
            rows = await connection.execute(select(store.facility).where(store.facility.c.id == id))
            row = rows.one_or_none()
        return None if row is None else _read(Facility, row)

    async def crew(self, team: str) -> tuple[CrewMember, ...]:
        """The members of a team's crew with their credentials, by id."""
        of_team = select(store.crew_member.c.id).where(store.crew_member.c.team == team)
        async with self.journal.engine.connect() as connection:
            return await store.members(connection, of_team)

    async def members(self) -> tuple[CrewMember, ...]:
        """Every crew member with credentials, by id."""
        async with self.journal.engine.connect() as connection:
            return await store.members(connection, select(store.crew_member.c.id))

    async def put_organization(self, organization: Organization, actor: Actor) -> None:
        """Define or redefine an organization."""
        await self._put(organization, "organization", organization.id, actor)

    async def put_facility(self, facility: Facility, actor: Actor) -> None:
        """Define or redefine a facility. Raises ConstraintBroken: unknown organization."""
        await self._put(facility, "facility", facility.id, actor)

    async def put_service(self, service: Service, actor: Actor) -> None:
        """Define or redefine a service. Raises ConstraintBroken: unknown facility."""
        await self._put(service, "service", service.id, actor)

    async def put_agreement(self, agreement: Agreement, actor: Actor) -> None:
        """Define or redefine an agreement. Raises ConstraintBroken: unknown facility."""
        await self._put(agreement, "facility", agreement.facility, actor)

    async def put_roster(self, rostered: Rostered, actor: Actor) -> None:
        """Define or redefine the daily hours of a team or van."""
        await self._put(rostered, rostered.kind, rostered.unit, actor)

    async def put_member(self, member: CrewMember, actor: Actor) -> None:
        """Define or redefine a crew member with all credentials."""
        async with self.journal.transaction(actor) as tx:
            await store.put_member(tx.connection, member)
            await tx.audit("directory.put_member", "crew_member", member.id)

    async def _put(
        self, participant: store.Participant, kind: str, subject: str, actor: Actor
    ) -> None:
        async with self.journal.transaction(actor) as tx:
            await store.put(tx.connection, participant)
            await tx.audit(f"directory.put_{type(participant).__name__.lower()}", kind, subject)

    async def _all(self, kind: type[P]) -> tuple[P, ...]:
        table = store.TABLES[kind]
        async with self.journal.engine.connect() as connection:
            rows = await connection.execute(select(table).order_by(*table.primary_key))
            return tuple(_read(kind, row) for row in rows)


def _read(kind: type[P], row: Row[Any]) -> P:
    # SQLAlchemy's column names are a subclass of str, which msgspec does not take as keys.
    return msgspec.convert({str(name): value for name, value in row._mapping.items()}, kind)
