"""The replica that live screens read: a unit is where it was last seen, whoever asks and when."""

from typing import Any

from api.live.world import World, moved
from registry.model import MemoryRegistry
from registry.port import UnitPosition
from tests.api.builders import NOW_MS, command, team, van


async def heard(memory: MemoryRegistry, world: World) -> list[Any]:
    """Takes in what has happened; answers what it changed."""
    events = await memory.events(world.position)
    return [change for event in events for change in world.advance(event)]


async def test_a_unit_is_where_it_was_last_seen() -> None:
    memory, world = MemoryRegistry(lambda: NOW_MS), World()
    await memory.put(van(), command())
    world.start(await memory.snapshot())
    for step in (1, 2):
        point = UnitPosition("van", "van-1", -111.9 - step / 100, 41.2, NOW_MS - 10 + step)
        await memory.report_positions([point], "avl")
        event = (await memory.events(world.position))[0]
        assert set(moved(event)) == {("van", "van-1")}
        assert world.advance(event) == []
    (seen,) = world.of("van").values()
    assert (seen["lon"], seen["position_ms"]) == (-111.92, NOW_MS - 8)
    assert world.get("van", "van-1") == seen


async def test_what_changes_after_a_move_keeps_the_place_before_and_after() -> None:
    memory, world = MemoryRegistry(lambda: NOW_MS), World()
    await memory.put(team(), command())
    world.start(await memory.snapshot())
    await memory.report_positions([UnitPosition("team", "team-1", -111.9, 41.2, NOW_MS)], "avl")
    await memory.report_status("team", "team-1", "out_of_service", command())
    (change,) = await heard(memory, world)
    assert change.before["lon"] == change.after["lon"] == -111.9
    assert (change.before["status"], change.after["status"]) == ("available", "out_of_service")


async def test_a_unit_that_moved_and_went_is_gone() -> None:
    memory, world = MemoryRegistry(lambda: NOW_MS), World()
    await memory.put(van(), command())
    world.start(await memory.snapshot())
    await memory.report_positions([UnitPosition("van", "van-1", -111.9, 41.2, NOW_MS)], "avl")
    await memory.remove("van", "van-1", command())
    await heard(memory, world)
    assert world.get("van", "van-1") is None
    assert not world.of("van")
