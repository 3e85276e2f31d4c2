"""Imports on real servers: what is put in place, what a second one changes, what a crash leaves."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console
from sqlalchemy import select
from uuid6 import uuid7

from caretower.importing.cells import Judge
from caretower.importing.changes import Change, Comparison, read_known, stable_id
from caretower.importing.rows import Plan, PoolRow, Source, read_plan
from caretower.importing.run import carry_out, compare, import_plan
from caretower.processes import operator
from caretower.roster import roll_shifts
from caretower.wiring import Tower
from record.tables import audit
from registry.port import Claim, Counts, HoldCommand, Promise

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "region"
PASSING = {"version", "changed_ms", "updated_ms", "confirmed_ms"}


def plan_of(tower: Tower, example: dict[str, Source]) -> Plan:
    plan = read_plan(example, Judge(tower.region, tower.vocabulary, tower.clock()))
    assert plan.problems == ()
    return plan


async def put(
    tower: Tower, plan: Plan, example: dict[str, Source], *, dry_run: bool = False
) -> str:
    console = Console(file=io.StringIO(), width=200)
    await import_plan(tower, plan, example, console, dry_run=dry_run)
    return console.file.getvalue()


async def state(tower: Tower) -> dict[str, Any]:
    """Everything that an import can touch, without the times at which it did."""
    known = await read_known(tower.directory, tower.registry)
    world = known.resources
    resources = {**world.teams, **world.vans, **world.pools, **world.slots}
    return {
        "resources": {
            id: {n: v for n, v in msgspec.to_builtins(each).items() if n not in PASSING}
            for id, each in resources.items()
        },
        "directory": [
            known.organizations,
            known.facilities,
            known.services,
            known.agreements,
            known.rosters,
            known.members,
        ],
    }


def changed(plan: Plan, key: str, **more: Any) -> Plan:
    def edit(row: PoolRow) -> PoolRow:
        return replace(row, **more) if row.key == key else row

    return replace(plan, units=tuple(map(edit, plan.units or ())))


async def test_the_example_becomes_a_region(house: Any, example: dict[str, Source]) -> None:
    async with house.tower() as tower:
        said = await put(tower, plan_of(tower, example), example)
        world = await tower.registry.snapshot()
        facilities = {each.name: each for each in await tower.directory.facilities()}
        crew = await tower.directory.crew(stable_id(tower.region.id, "team", "team-1"))
        agreements = {
            (a.facility, a.zone): a.pool_types for a in await tower.directory.agreements()
        }
    assert sorted(team.name for team in world.teams.values()) == [
        "MCOT Harbor 1",
        "MCOT Harbor 2",
        "MCOT Harbor 3",
    ]
    chairs = next(pool for pool in world.pools.values() if pool.name == "Receiving chairs")
    center = facilities["Example Receiving Center"]
    assert (chairs.facility, chairs.zone, chairs.phone) == (center.id, "south", center.phone)
    assert (chairs.capacity, chairs.occupied, chairs.closed, chairs.free) == (12, 7, 1, 4)
    young = next(pool for pool in world.pools.values() if pool.name == "Adolescent unit")
    assert (young.closed, young.free) == (6, 0)
    assert "hospital-young: no count was given" in said
    north = facilities["Example Stabilization House"].id
    assert agreements[center.id, "*"] == ("observation_23h", "receiving")
    assert {zone for of, zone in agreements if of == north} == {"north", "south"}
    vans = {van.name: van for van in world.vans.values()}
    slots = sorted(world.slots.values(), key=lambda slot: slot.starts_ms)
    assert [slot.mode for slot in slots] == ["in_person", "in_person", "telehealth"]
    clinic = facilities["Example Quay Clinic"]
    first = datetime(2030, 6, 3, 9, tzinfo=ZoneInfo("Europe/Helsinki")).timestamp() * 1000
    assert (slots[0].provider, slots[0].zone, slots[0].starts_ms) == (clinic.id, "south", first)
    assert [(slot.duration_s, slot.free) for slot in slots] == [(3600, 1), (3600, 1), (2700, 2)]
    of_team = {member.name: member for member in crew}
    assert set(of_team) == {"Ash Example", "Bo Example"}
    assert [held.word for held in of_team["Ash Example"].credentials] == [
        "designated_examiner",
        "therapist",
    ]
    assert vans["Van 1"].offers == ("wheelchair", "secure")
    assert vans["Van 1"].shift_end_ms > tower.clock() + 300 * 86_400_000


async def test_a_second_import_changes_nothing(house: Any, example: dict[str, Source]) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        before = await state(tower), (await tower.registry.snapshot()).position
        said = await put(tower, plan, example)
        assert (await state(tower), (await tower.registry.snapshot()).position) == before
    assert "Nothing to change" in said


async def test_a_dry_run_says_what_would_change_and_changes_nothing(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        before = (await tower.registry.snapshot()).position
        said = await put(tower, plan_of(tower, example), example, dry_run=True)
        assert (await tower.registry.snapshot()).position == before
        assert await tower.directory.facilities() == ()
    assert "New: facility 4, unit 5, slot 3, team 3, crew 5, van 2." in said
    assert "nothing was changed" in said


async def test_what_a_facility_counted_and_a_crew_does_survives_an_import(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        chairs = stable_id(tower.region.id, "pool", "receiving-chairs")
        team = stable_id(tower.region.id, "team", "team-3")
        counted = Counts(occupied=2, closed=0)
        await tower.registry.report_counts(chairs, counted, tower.clock(), str(uuid7()))
        await tower.registry.report_status("team", team, "out_of_service", str(uuid7()))
        visit = stable_id(tower.region.id, "slot", "clinic-intake-mon")
        booking = Promise(
            row_id=str(uuid7()), aggregate="referral", aggregate_id=str(uuid7()), version=1,
            kind="booked", effects=(Claim("slot", visit, str(uuid7())),), card=None,
        )  # fmt: skip
        await tower.registry.apply(booking)
        later = tuple(
            replace(row, starts_ms=row.starts_ms + 60_000)
            if row.key == "clinic-intake-mon"
            else row
            for row in plan.slots or ()
        )
        edited = replace(changed(plan, "receiving-chairs", name="Chairs"), slots=later)
        said = await put(tower, edited, example)
        world = await tower.registry.snapshot()
    assert "slot clinic-intake-mon: 1 booked at its former time: call them" in said
    assert world.slots[visit].booked == 1
    assert (world.pools[chairs].name, world.pools[chairs].occupied) == ("Chairs", 2)
    assert world.teams[team].status == "out_of_service"


async def test_a_changed_capacity_keeps_the_facilitys_own_count_and_its_age(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        chairs = stable_id(tower.region.id, "pool", "receiving-chairs")
        before = (await tower.registry.snapshot()).pools[chairs]
        await put(tower, changed(plan, "receiving-chairs", capacity=14), example)
        after = (await tower.registry.snapshot()).pools[chairs]
    assert (after.capacity, after.occupied, after.closed, after.free) == (14, 7, 1, 6)
    assert after.updated_ms == before.updated_ms


async def test_a_capacity_below_what_is_claimed_is_reported_as_overcommitted(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        chairs = stable_id(tower.region.id, "pool", "receiving-chairs")
        hold = str(uuid7())
        claim = HoldCommand(hold_id=hold, request=str(uuid7()), pool=chairs, ttl_s=60, by="test")
        await tower.registry.hold(claim)
        said = await put(tower, changed(plan, "receiving-chairs", capacity=8), example)
        pool = (await tower.registry.snapshot()).pools[chairs]
    assert (pool.capacity, pool.held, pool.deficit, pool.free) == (8, 1, 1, 0)
    assert f"receiving-chairs: overcommitted by 1, gives nothing new; concerned: {hold}" in said


async def test_a_facility_that_moves_takes_its_units_along(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        rows = tuple(
            replace(row, lat=60.18, zone="north") if row.key == "harbor-hospital" else row
            for row in plan.facilities or ()
        )
        await put(tower, Plan(facilities=rows), example)
        world = await tower.registry.snapshot()
        adult = world.pools[stable_id(tower.region.id, "pool", "hospital-adult")]
        assert (adult.zone, adult.lat, adult.occupied) == ("north", 60.18, 17)
        again = await put(tower, Plan(facilities=rows), example)
    assert "Nothing to change" in again


async def test_a_facility_that_serves_fewer_zones_takes_nobody_from_the_others(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        rows = tuple(replace(row, serves=("south",)) for row in plan.facilities or ())
        await put(tower, Plan(facilities=rows), example)
        agreements = await tower.directory.agreements()
        again = await put(tower, Plan(facilities=rows), example)
    assert {each.zone for each in agreements if each.pool_types} == {"south"}
    assert "Nothing to change" in again


async def test_an_import_cut_short_anywhere_is_mended_by_another(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)

        async def changes() -> list[Change]:
            return (await compare(tower, plan)).changes()

        whole = len(await changes())
        left, rounds = whole, 0
        while todo := await changes():
            assert len(todo) == left
            await carry_out(todo[:3])
            left, rounds = left - len(todo[:3]), rounds + 1
        assert rounds == -(-whole // 3)
        assert "Nothing to change" in await put(tower, plan, example)
        assert len((await tower.registry.snapshot()).pools) == 5


async def test_kill_minus_9_in_the_middle_is_mended_by_running_it_again(
    house: Any, example: dict[str, Source]
) -> None:
    settings = house.settings
    assert settings.redis_url
    assert settings.database_url
    command = [sys.executable, "-m", "caretower", "region", "import"]
    command.append(str(settings.regions / settings.region))
    for what, source in example.items():
        command += [f"--{what}", str(EXAMPLE / source.name)]
    env = {
        **os.environ,
        "CARETOWER_DATA_DIR": str(settings.data_dir),
        "CARETOWER_REDIS_URL": settings.redis_url.get_secret_value(),
        "CARETOWER_DATABASE_URL": settings.database_url.get_secret_value(),
    }
    async with house.tower() as tower:
        first = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.DEVNULL)
        while not (await tower.registry.snapshot()).pools:
            assert first.returncode is None
            await asyncio.sleep(0)
        first.send_signal(signal.SIGKILL)
        assert await first.wait() == -signal.SIGKILL
        assert (await compare(tower, plan_of(tower, example))).changes()
        second = await asyncio.create_subprocess_exec(*command, env=env, stdout=subprocess.PIPE)
        said, _ = await second.communicate()
        assert second.returncode == 0, said
        assert (await compare(tower, plan_of(tower, example))).changes() == []


async def test_the_audit_knows_what_was_imported_and_by_whom(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        await put(tower, plan, example)
        async with tower.engine.connect() as connection:
            imports = select(audit).where(audit.c.action == "region.import")
            (line,) = (await connection.execute(imports)).all()
    assert line.actor_id.startswith("system:command line")
    assert line.detail["changes"] > 20
    assert len(line.detail["units"]) == 64


async def test_what_is_not_in_the_files_is_named_and_kept(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        said = await put(tower, replace(plan, teams=(plan.teams or ())[:1]), example)
        assert len((await tower.registry.snapshot()).teams) == 3
    assert "Not in the files, and kept: team MCOT Harbor 2, team MCOT Harbor 3" in said


async def test_shifts_roll_on_by_themselves_and_a_second_import_agrees(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        plan = plan_of(tower, example)
        await put(tower, plan, example)
        team = (await tower.registry.snapshot()).teams[stable_id(tower.region.id, "team", "team-1")]

        def later() -> int:
            return team.shift_end_ms + 1000

        rolled = await roll_shifts(tower.directory, tower.registry, later, tower.region.timezone)
        again = await roll_shifts(tower.directory, tower.registry, later, tower.region.timezone)
        after = (await tower.registry.snapshot()).teams[team.id]
        known = await read_known(tower.directory, tower.registry)
        parts = (await compare(tower, plan)).parts
        then = Comparison(replace(parts, clock=later), known, plan, operator())
        assert [change for change in then.changes() if change.key == "team-1"] == []
    assert team.id in rolled
    assert again == []
    assert after.shift_start_ms >= team.shift_end_ms
    assert (after.name, after.offers, after.base_lon) == (team.name, team.offers, team.base_lon)


async def test_a_team_that_serves_somebody_keeps_its_shift_until_it_is_clear(
    house: Any, example: dict[str, Source]
) -> None:
    async with house.tower() as tower:
        await put(tower, plan_of(tower, example), example)
        id = stable_id(tower.region.id, "team", "team-1")
        team = (await tower.registry.snapshot()).teams[id]
        hold = HoldCommand(
            hold_id=str(uuid7()), request=str(uuid7()), team=id, ttl_s=3600, by="test"
        )
        await tower.registry.hold(hold)
        rolled = await roll_shifts(
            tower.directory,
            tower.registry,
            lambda: team.shift_end_ms + 1000,
            tower.region.timezone,
        )
    assert id not in rolled
