"""Puts the demo's participants and log-ins in place; what is there already stays."""

import asyncio
import json
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from uuid6 import uuid7

from api.roles import Caller, Role
from api.store import Store
from caretower.demo.accounts import DemoAccount, accounts_path
from caretower.demo.world import Place, World, load_world, stable_id
from caretower.embedded.addresses import write_private
from caretower.settings import Settings
from caretower.wiring import Tower, production
from directory.participants import (
    EVERYWHERE,
    Agreement,
    Credential,
    CrewMember,
    Facility,
    Organization,
    Service,
)
from record.actor import system
from registry.port import Counts
from registry.states import Pool, Resource

SEEDER = system("demo-seed")
CREDENTIAL_DAYS = 400
LAPSED_DAYS = -20


async def seed_demo(settings: Settings) -> tuple[dict[str, DemoAccount], str]:
    """Defines participants anew (their counts and promises stay) and log-ins where missing.

    Answers the log-ins and the token of the wall.
    """
    async with production(settings) as tower:
        accounts = await seed_world(tower, demo_world(tower))
        return accounts, await wall_token(tower)


async def seed_world(tower: Tower, world: World) -> dict[str, DemoAccount]:
    """Puts these participants and their log-ins in place."""
    await seed_directory(tower, world)
    await seed_registry(tower, world)
    accounts = kept_accounts(accounts_path(tower.settings.data_dir), world)
    store = Store(tower.engine)

    async def put(name: str, account: DemoAccount) -> None:
        if await store.account_named(name) is None:
            role = Role(account.role)
            await tower.accounts.put_account(name, role, account.scope, account.password, SEEDER)

    await asyncio.gather(*(put(name, account) for name, account in accounts.items()))
    return accounts


async def wall_token(tower: Tower) -> str:
    """The device token of the demo's wall; the same at every start."""
    supervisor = Caller("demo-seed", "demo seed", Role.SUPERVISOR, None, "", 0)
    device = stable_id(tower.region.id, "wall")
    return (await tower.accounts.make_device("Demo wall", supervisor, device))[1]


def demo_world(tower: Tower) -> World:
    """The participants, located in the region's authorities."""

    def locate(lon: float, lat: float) -> str | None:
        return tower.region.authorities.locate(np.array([[lon, lat]]))[0]

    zone = ZoneInfo(tower.region.timezone)
    return load_world(tower.region.id, locate, tower.clock(), zone)


async def seed_directory(tower: Tower, world: World) -> None:
    """One fictional organization runs everything; all facilities take people of every zone."""
    directory = tower.directory
    owner = Organization(
        stable_id(tower.region.id, "organization"), "Demo Crisis Network", "", fictional=True
    )
    if owner not in await directory.organizations():
        await directory.put_organization(owner, SEEDER)
    known_facilities = set(await directory.facilities())
    for place in (*world.facilities, *world.providers):
        if (facility := _facility(place, owner.id)) not in known_facilities:
            await directory.put_facility(facility, SEEDER)
    known_services = set(await directory.services())
    for service in map(_service, world.pools):
        if service not in known_services:
            await directory.put_service(service, SEEDER)
    known_agreements = set(await directory.agreements())
    for place in world.facilities:
        types = tuple(sorted({pool.type for pool in world.pools if pool.facility == place.id}))
        if (agreement := Agreement(place.id, EVERYWHERE, types)) not in known_agreements:
            await directory.put_agreement(agreement, SEEDER)
    known_members = {member.id for member in await directory.members()}
    for member in crew_members(world, today(tower)):
        if member.id not in known_members:
            await directory.put_member(member, SEEDER)


def today(tower: Tower) -> date:
    """The calendar day in the region's own zone."""
    return datetime.fromtimestamp(tower.clock() / 1000, ZoneInfo(tower.region.timezone)).date()


def crew_members(world: World, day: date) -> Iterator[CrewMember]:
    """Two a team: a therapist and a peer. One therapist's credential has lapsed, to be seen."""
    for index, team in enumerate(world.teams):
        for seat, member in enumerate(team.crew):
            lapsed = index == len(world.teams) - 1 and seat == 0
            expires = day + timedelta(days=LAPSED_DAYS if lapsed else CREDENTIAL_DAYS)
            credential = Credential("therapist" if seat == 0 else "peer", expires)
            yield CrewMember(member, f"Demo crew {index + 1}{'AB'[seat]}", team.id, (credential,))


def _service(pool: Pool) -> Service:
    return Service(pool.id, pool.facility, pool.name, pool.type, pool.takes, pool.phone)


def _facility(place: Place, organization: str) -> Facility:
    return Facility(
        id=place.id,
        organization=organization,
        name=place.name,
        zone=place.zone,
        lon=place.lon,
        lat=place.lat,
        phone=place.phone,
        kind=place.kind,
        fictional=True,
    )


async def seed_registry(tower: Tower, world: World) -> None:
    """Definitions always; a first count only for pools that nobody has counted yet."""
    known = (await tower.registry.snapshot()).pools
    resources: list[Resource] = [*world.teams, *world.vans, *world.slots, *world.pools]
    await asyncio.gather(*(tower.registry.put(resource, str(uuid7())) for resource in resources))
    for pool in world.pools:
        if pool.id not in known:
            counts = Counts(pool.occupied, pool.closed, pool.capacity)
            await tower.registry.report_counts(pool.id, counts, tower.clock(), str(uuid7()))


def kept_accounts(path: Path, world: World) -> dict[str, DemoAccount]:
    """The log-ins of an earlier start, with new ones for whoever has none."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    accounts = {
        name: DemoAccount(**{**asdict(account), "password": kept[name]["password"]})
        if name in kept
        else account
        for name, account in wanted_accounts(world)
    }
    data = json.dumps({name: asdict(account) for name, account in accounts.items()}, indent=1)
    write_private(path, data)
    return accounts


def wanted_accounts(world: World) -> Iterator[tuple[str, DemoAccount]]:
    """One log-in per role to show, and one for everybody whom the script plays."""

    def account(role: str, scope: str | None, what: str, *, shown: bool = False) -> DemoAccount:
        return DemoAccount(role, scope, what, secrets.token_urlsafe(9), shown)

    yield "robin", account("dispatcher", None, "dispatcher", shown=True)
    yield "sam", account("dispatcher", None, "second dispatcher", shown=True)
    yield "alex", account("supervisor", None, "supervisor", shown=True)
    yield "officer", account("law_enforcement", None, "law enforcement", shown=True)
    yield "simulation", account("dispatcher", None, "the simulation's own dispatcher")
    yield "roster", account("supervisor", None, "the simulation's own roster")
    for index, place in enumerate(world.facilities):
        yield place.slug, account("facility", place.id, place.name, shown=index == 0)
    for index, place in enumerate(world.providers):
        yield place.slug, account("provider", place.id, place.name, shown=index == 0)
    for index, team in enumerate(world.teams):
        name = "crew-" + team.name.removeprefix("MCOT ").lower().replace(" ", "-")
        yield name, account("field", f"team:{team.id}", team.name, shown=index == 0)
    for van in world.vans:
        yield van.name.lower().replace(" ", "-"), account("field", f"van:{van.id}", van.name)
