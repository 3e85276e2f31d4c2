"""Commands of any kind, on every registry: told once, and refused when they cannot be meant."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from registry.errors import CommandReused, InvalidCommand, NotFound
from registry.port import DEDUPE_S, Counts, Promise
from registry.states import UnitStatus
from tests.contracts.region import START_MS, Region


async def test_a_command_id_with_another_body_is_refused_and_changes_nothing(
    region: Region,
) -> None:
    registry, now_ms = region.registry, region.now_ms
    first = await registry.report_counts("p1", Counts(1, 0), now_ms, "once")
    assert await registry.report_counts("p1", Counts(1, 0), now_ms, "once") == first
    for other in (
        registry.report_counts("p1", Counts(2, 0), now_ms, "once"),
        registry.walk_in("p1", "once"),
        registry.pause("p1", "staffing", None, "once"),
        registry.report_status("team", "t1", UnitStatus.CLEARING, "once"),
        registry.remove("van", "v1", "once"),
    ):
        with pytest.raises(CommandReused):
            await other
    assert await region.pool() == first.pool


async def test_unknown_kinds_and_ids_are_told_apart(region: Region) -> None:
    with pytest.raises(InvalidCommand):
        await region.registry.remove("hold", "h", region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.report_status("pool", "p1", UnitStatus.AVAILABLE, region.command())
    with pytest.raises(NotFound):
        await region.registry.report_status("van", "v9", UnitStatus.AVAILABLE, region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.report_status("van", "v1", "flying", region.command())  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        await region.registry.not_true("p9", 2, 1, region.command())
    for ask in (region.registry.walk_in, region.registry.still_true, region.registry.resume):
        with pytest.raises(NotFound):
            await ask("p9", region.command())
    with pytest.raises(InvalidCommand):
        await region.registry.apply(
            Promise(row_id="1", aggregate="team", aggregate_id="t1", version=1, kind="x")
        )


async def test_text_of_any_kind_comes_back_as_it_was(region: Region) -> None:
    for name in ('a "b\\":{}', "Ñandú, здоровье, 健康", "{}", "[]", "null", "\u2028 \x7f"):
        team = replace(await region.team(), name=name, crew=(name,), offers=())
        stored = await region.registry.put(team, region.command())
        assert (stored.name, stored.crew, stored.offers) == (name, (name,), ())
        assert await region.team() == stored


async def test_every_command_is_idempotent_by_its_id(region: Region) -> None:
    registry = region.registry
    team = await region.team()
    asks = (
        lambda: registry.put(team, "a"),
        lambda: registry.report_status("team", "t1", UnitStatus.ON_SCENE, "b"),
        lambda: registry.report_counts("p1", Counts(1, 0), START_MS, "c"),
        lambda: registry.walk_in("p1", "d"),
        lambda: registry.still_true("p1", "e"),
        lambda: registry.pause("p1", "staffing", None, "f"),
        lambda: registry.resume("p1", "g"),
        lambda: registry.remove("van", "v1", "h"),
    )
    first = [await ask() for ask in asks]
    position = await region.position()
    await region.at(START_MS + (DEDUPE_S - 1) * 1000)
    assert [await ask() for ask in asks] == first
    assert await region.position() == position
