"""What an import would change: the plan compared with the region as it is.

Each change is one command through the same definitions as everyone's. They are independent but
for their order, and each one leaves the region as its row says: an import that was cut short is
mended by running it again.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from uuid6 import uuid7

from api.defining import check_pool, check_slot, check_unit, definition
from api.schemas import resources as edge
from api.services import Services
from caretower.importing.rows import AnyRow, FacilityRow, Plan, PoolRow, SlotRow, UnitRow
from directory import (
    EVERYWHERE,
    Agreement,
    CrewMember,
    Directory,
    Facility,
    Organization,
    Rostered,
    Service,
)
from record import Actor
from registry.port import Counts, Registry, Snapshot
from registry.states import Pool, Slot, Team, Van

NAMESPACE = UUID("0f0b7c4e-5a52-5b0c-8d6e-3b8b7a1d2c55")
TRIES = 5

Do = Callable[[], Awaitable[Sequence[str]]]
"""Carries a change out; answers what somebody should know of it."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an import does. `what` is new, or which fields differ."""

    of: str
    key: str
    what: str
    do: Do


@dataclass(frozen=True, slots=True)
class Known:
    """The region as it is."""

    organizations: Mapping[str, Organization]
    facilities: Mapping[str, Facility]
    services: Mapping[str, Service]
    agreements: Mapping[tuple[str, str], Agreement]
    rosters: Mapping[tuple[str, str], Rostered]
    members: Mapping[str, CrewMember]
    resources: Snapshot


async def read_known(directory: Directory, registry: Registry) -> Known:
    """One look at the directory and the registry."""
    return Known(
        organizations={each.id: each for each in await directory.organizations()},
        facilities={each.id: each for each in await directory.facilities()},
        services={each.id: each for each in await directory.services()},
        agreements={(each.facility, each.zone): each for each in await directory.agreements()},
        rosters={(each.kind, each.unit): each for each in await directory.rosters()},
        members={each.id: each for each in await directory.members()},
        resources=await registry.snapshot(),
    )


def stable_id(region: str, kind: str, key: str) -> str:
    """The same id for the same key of the same region, for ever."""
    return str(uuid5(NAMESPACE, f"{region}/{kind}/{key}"))


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares a plan with what is known; every change is carried out by `actor`."""

    parts: Services
    known: Known
    plan: Plan
    actor: Actor

    @property
    def region(self) -> str:
        return self.parts.region.face.id

    def changes(self) -> list[Change]:
        """What differs, in an order in which it can be carried out."""
        return [
            *self._organizations(),
            *self._facilities(),
            *self._pools(),
            *self._slots(),
            *self._agreements(),
            *self._units("team", self.plan.teams or ()),
            *self._crew(),
            *self._units("van", self.plan.vans or ()),
        ]

    def not_in_files(self) -> list[str]:
        """What the region has and the given files do not: it stays."""
        plan, world = self.plan, self.known.resources
        return [
            *self._left("facility", plan.facilities, self.known.facilities),
            *self._left("pool", plan.units, world.pools),
            *self._left("slot", plan.slots, self._coming()),
            *self._left("team", plan.teams, world.teams),
            *self._left("crew", plan.crew, self.known.members),
            *self._left("van", plan.vans, world.vans),
        ]

    def _left(
        self,
        kind: str,
        rows: Sequence[AnyRow] | None,
        there: Mapping[str, Any],
    ) -> Iterator[str]:
        if rows is None:
            return
        given = {stable_id(self.region, kind, row.key) for row in rows}
        yield from (f"{kind} {each.name}" for id, each in there.items() if id not in given)

    def _organizations(self) -> Iterator[Change]:
        names = dict.fromkeys(self._owner(row) for row in self.plan.facilities or ())
        for name in names:
            wish = Organization(stable_id(self.region, "organization", name), name)
            before = self.known.organizations.get(wish.id)
            put = self.parts.directory.put_organization
            yield from _directory("organization", name, before, wish, put, self.actor)

    def _facilities(self) -> Iterator[Change]:
        for row in self.plan.facilities or ():
            wish = self._facility(row)
            before = self.known.facilities.get(wish.id)
            put = self.parts.directory.put_facility
            yield from _directory("facility", row.key, before, wish, put, self.actor)

    def _facility(self, row: FacilityRow) -> Facility:
        return Facility(
            id=stable_id(self.region, "facility", row.key),
            organization=stable_id(self.region, "organization", self._owner(row)),
            name=row.name,
            zone=row.zone,
            lon=round(row.lon, 6),
            lat=round(row.lat, 6),
            phone=row.phone,
            kind=row.kind,
        )

    def _owner(self, row: FacilityRow) -> str:
        return row.organization or self.parts.region.face.name

    def _places(self) -> dict[str, Facility]:
        """Every facility, as the files leave it."""
        given = [self._facility(row) for row in self.plan.facilities or ()]
        return {**self.known.facilities, **{each.id: each for each in given}}

    def _pools(self) -> Iterator[Change]:
        places = self._places()
        pools = self.known.resources.pools
        redefined = set()
        for row in self.plan.units or ():
            id = stable_id(self.region, "pool", row.key)
            redefined.add(id)
            yield from self._pool(row.key, _pool_body(row, places[self._place_of(row)]), id, row)
        moved = {self._facility(row).id for row in self.plan.facilities or ()}
        for id, pool in pools.items():
            if id not in redefined and pool.facility in moved:
                place = places[pool.facility]
                fields = (*edge.PoolDefinition.model_fields,)
                same = {name: getattr(pool, name) for name in fields if name != "command_id"}
                wish = same | {"takes": list(pool.takes)} | _where(place)
                yield from self._pool(pool.name, wish, id, None)

    def _place_of(self, row: PoolRow | SlotRow) -> str:
        return stable_id(self.region, "facility", row.facility)

    def _pool(
        self, key: str, wish: dict[str, object], id: str, row: PoolRow | None
    ) -> Iterator[Change]:
        body = edge.PoolDefinition.model_validate({"command_id": str(uuid7()), **wish})
        before = self.known.resources.pools.get(id)
        counted = row.counted if row else None
        first = {"occupied": counted[0], "closed": counted[1]} if counted else {"occupied": 0}
        after = definition(Pool, id, body, **({"closed": body.capacity} | first))

        async def define() -> Sequence[str]:
            check_pool(self.parts, body)
            await self.parts.registry.put(after, body.command_id)
            if before is None and counted is None:
                return [f"unit {key}: no count was given; closed until the facility counts"]
            return ()

        if what := _difference(before, after, tuple(wish), but=("capacity",)):
            yield Change("unit", key, what, define)
        if before and before.capacity != body.capacity:
            what = f"capacity {before.capacity} → {body.capacity}"
            yield Change("unit", key, what, lambda: self._licensed(key, id, body.capacity))
        service = Service(id, body.facility, body.name, body.type, tuple(body.takes), body.phone)
        known = self.known.services.get(id)
        put = self.parts.directory.put_service
        yield from _directory("service", key, known, service, put, self.actor)

    async def _licensed(self, key: str, id: str, capacity: int) -> Sequence[str]:
        """The facility's own count stays, with its age; only the licensed number changes."""
        registry = self.parts.registry
        pool = (await registry.snapshot()).pools[id]
        for _ in range(TRIES):
            counts = Counts(pool.occupied, pool.closed, capacity)
            counted = await registry.report_counts(id, counts, pool.updated_ms, str(uuid7()))
            if not counted.late:
                break
            pool = counted.pool
        else:
            return [f"unit {key}: it is being counted; run the import again for its capacity"]
        if not counted.pool.overcommitted:
            return ()
        concerned = ", ".join([*counted.holds, *counted.requests]) or "people who are there"
        short = counted.pool.deficit
        return [f"unit {key}: overcommitted by {short}, gives nothing new; concerned: {concerned}"]

    def _coming(self) -> dict[str, Slot]:
        """Appointments that are not over."""
        now_ms = self.parts.clock()
        slots = self.known.resources.slots
        return {id: slot for id, slot in slots.items() if slot.starts_ms > now_ms}

    def _slots(self) -> Iterator[Change]:
        places = self._places()
        for row in self.plan.slots or ():
            id = stable_id(self.region, "slot", row.key)
            before = self.known.resources.slots.get(id)
            if before is None and row.starts_ms < self.parts.clock():
                continue
            body = _slot_body(row, places[self._place_of(row)])
            fields = tuple(name for name in type(body).model_fields if name != "command_id")
            if what := _difference(before, definition(Slot, id, body), fields):
                yield Change("slot", row.key, what, self._appointment(row.key, id, body, before))

    def _appointment(self, key: str, id: str, body: edge.SlotDefinition, before: Slot | None) -> Do:
        async def define() -> Sequence[str]:
            check_slot(self.parts, body)
            await self.parts.registry.put(definition(Slot, id, body), body.command_id)
            if before and before.booked and before.starts_ms != body.starts_ms:
                return [f"slot {key}: {before.booked} booked at its former time: call them"]
            return ()

        return define

    def _crew(self) -> Iterator[Change]:
        for row in self.plan.crew or ():
            id = stable_id(self.region, "crew", row.key)
            team = stable_id(self.region, "team", row.team) if row.team else None
            wish = CrewMember(id, row.name, team, row.credentials)
            put = self.parts.directory.put_member
            before = self.known.members.get(id)
            yield from _directory("crew", row.key, before, wish, put, self.actor)

    def _agreements(self) -> Iterator[Change]:
        """Who takes people of which zones into which types of places."""
        rows = {self._facility(row).id: row for row in self.plan.facilities or ()}
        units = {self._place_of(row) for row in self.plan.units or ()}
        for facility in dict.fromkeys([*rows, *sorted(units)]):
            types = self._types(facility)
            before = {zone: a for (of, zone), a in self.known.agreements.items() if of == facility}
            if facility in rows:
                serves = rows[facility].serves
            else:
                serves = tuple(z for z, a in before.items() if a.pool_types) or (EVERYWHERE,)
            wanted = dict.fromkeys(serves, types) | {z: () for z in before if z not in serves}
            for zone, pool_types in wanted.items():
                if not pool_types and zone not in before:
                    continue
                wish = Agreement(facility, zone, pool_types)
                put = self.parts.directory.put_agreement
                key = rows[facility].key if facility in rows else self._places()[facility].name
                yield from _directory("agreement", key, before.get(zone), wish, put, self.actor)

    def _types(self, facility: str) -> tuple[str, ...]:
        """The types of all its units, as the files leave them."""
        types = {
            id: pool.type
            for id, pool in self.known.resources.pools.items()
            if pool.facility == facility
        }
        for row in self.plan.units or ():
            if self._place_of(row) == facility:
                types[stable_id(self.region, "pool", row.key)] = row.type
        return tuple(sorted(set(types.values())))

    def _units(self, kind: str, rows: Sequence[UnitRow]) -> Iterator[Change]:
        for row in rows:
            id = stable_id(self.region, kind, row.key)
            before: Team | Van | None = (
                self.known.resources.teams.get(id)
                if kind == "team"
                else self.known.resources.vans.get(id)
            )
            yield from self._unit(kind, row, id, before)
            wish = Rostered("team" if kind == "team" else "van", id, str(row.hours))
            known = self.known.rosters.get((kind, id))
            put = self.parts.directory.put_roster
            yield from _directory("hours", row.key, known, wish, put, self.actor)

    def _unit(
        self, kind: str, row: UnitRow, id: str, before: Team | Van | None
    ) -> Iterator[Change]:
        shift = self._shift(row, before)
        wish = _unit_body(row, shift)
        body: edge.TeamDefinition | edge.VanDefinition
        after: Team | Van
        if kind == "team":
            crew = list(before.crew) if isinstance(before, Team) else []
            body = edge.TeamDefinition.model_validate(wish | {"crew": crew})
            after = definition(Team, id, body)
        else:
            kept = before.driver if isinstance(before, Van) else None
            body = edge.VanDefinition.model_validate(wish | {"driver": row.driver or kept})
            after = definition(Van, id, body)

        async def define() -> Sequence[str]:
            check_unit(self.parts, body)
            await self.parts.registry.put(after, body.command_id)
            return ()

        fields = tuple(name for name in type(body).model_fields if name != "command_id")
        if what := _difference(before, after, fields):
            yield Change(kind, row.key, what, define)

    def _shift(self, row: UnitRow, before: Team | Van | None) -> tuple[int, int]:
        zone = ZoneInfo(self.parts.region.face.timezone)
        now_ms = self.parts.clock()
        if before and row.hours.gives(before.shift_start_ms, before.shift_end_ms, now_ms, zone):
            return before.shift_start_ms, before.shift_end_ms
        return row.hours.window(now_ms, zone)


D = Organization | Facility | Service | Agreement | Rostered | CrewMember


def _directory(
    of: str, key: str, before: D | None, wish: D, put: Callable[..., Awaitable[None]], actor: Actor
) -> Iterator[Change]:
    async def define() -> Sequence[str]:
        await put(wish, actor)
        return ()

    if what := _difference(before, wish, tuple(asdict(wish))):
        yield Change(of, key, what, define)


def _difference(
    before: object | None, after: object, fields: Iterable[str], but: Sequence[str] = ()
) -> str:
    """`new`, or which fields change from what to what; empty if nothing does."""
    if before is None:
        return "new"
    pairs = [
        (name, getattr(before, name), getattr(after, name)) for name in fields if name not in but
    ]
    return ", ".join(f"{name} {_shown(a)} → {_shown(b)}" for name, a, b in pairs if a != b)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) or "nothing" if isinstance(value, tuple) else str(value)


def _where(place: Facility) -> dict[str, object]:
    return {"zone": place.zone, "lon": place.lon, "lat": place.lat}


def _pool_body(row: PoolRow, place: Facility) -> dict[str, object]:
    return {
        "facility": place.id,
        "name": row.name,
        **_where(place),
        "type": row.type,
        "takes": list(row.takes),
        "capacity": row.capacity,
        "phone": row.phone or place.phone,
    }


def _slot_body(row: SlotRow, place: Facility) -> edge.SlotDefinition:
    return edge.SlotDefinition.model_validate(
        {
            "command_id": str(uuid7()),
            "provider": place.id,
            "name": row.name,
            **_where(place),
            "mode": row.mode,
            "takes": list(row.takes),
            "starts_ms": row.starts_ms,
            "duration_s": row.minutes * 60,
            "capacity": row.capacity,
        }
    )


def _unit_body(row: UnitRow, shift: tuple[int, int]) -> dict[str, object]:
    return {
        "command_id": str(uuid7()),
        "name": row.name,
        "zone": row.zone,
        "seats": row.seats,
        "offers": list(row.offers),
        "shift_start_ms": shift[0],
        "shift_end_ms": shift[1],
        "base_lon": round(row.lon, 6),
        "base_lat": round(row.lat, 6),
        "phone": row.phone,
    }
