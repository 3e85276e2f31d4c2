"""The keeper's work that gives every rostered team and van its next shift."""

from zoneinfo import ZoneInfo

from msgspec.structs import replace
from uuid6 import uuid7

from directory import Directory
from directory.roster import read_hours
from record.clock import Clock
from registry.port import Registry
from registry.states import Team, Van


async def roll_shifts(
    directory: Directory, registry: Registry, clock: Clock, timezone: str
) -> list[str]:
    """Units whose shift is over get the next one; answers their ids.

    One that still serves somebody keeps its shift until it is clear: it is theirs to end. A shift
    that somebody set by hand stays until it is over.
    """
    rosters = await directory.rosters()
    if not rosters:
        return []
    now_ms, zone = clock(), ZoneInfo(timezone)
    world = await registry.snapshot()
    units: dict[str, Team | Van] = {**world.teams, **world.vans}
    rolled = []
    for rostered in rosters:
        unit, hours = units.get(rostered.unit), read_hours(rostered.hours)
        if unit is None or unit.hold or unit.request or not hours.over(unit.shift_end_ms, now_ms):
            continue
        start_ms, end_ms = hours.window(now_ms, zone)
        shift = replace(unit, shift_start_ms=start_ms, shift_end_ms=end_ms)
        await registry.put(shift, str(uuid7()))
        rolled.append(unit.id)
    return rolled
