"""What the planner knows of the directory: it changes rarely, and no event tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from directory import Agreement, Directory


@dataclass(frozen=True, slots=True)
class Facts:
    """What changes rarely: who takes whom, who is called what, whose credential has lapsed."""

    agreements: Mapping[str, Sequence[Agreement]] = field(default_factory=dict)
    lapsed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


async def read_facts(
    directory: Directory, now_ms: int, timezone: str, zone_names: Mapping[str, str]
) -> Facts:
    """The directory's facts on the region's own calendar day."""
    facilities, agreements, members = (
        await directory.facilities(),
        await directory.agreements(),
        await directory.members(),
    )
    today = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(ZoneInfo(timezone)).date()
    by_facility: dict[str, list[Agreement]] = {}
    for agreement in agreements:
        by_facility.setdefault(agreement.facility, []).append(agreement)
    lapsed: dict[str, list[str]] = {}
    for member in members:
        if member.team is not None and (words := member.lapsed(today)):
            lapsed.setdefault(member.team, []).extend(one.word for one in words)
    names = {facility.id: facility.name for facility in facilities}
    return Facts(by_facility, lapsed, {**zone_names, **names})
