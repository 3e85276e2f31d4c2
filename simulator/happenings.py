"""All that comes from outside: calls, storms and closed roads, the same whatever is decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from geo.closures import LiveRoads
from geo.region import Region
from simulator.demand import Call, Caller, Settlement, settlement
from simulator.disturbances import BadRoads, bad_roads, mass_events
from simulator.parameters import Parameters
from simulator.streams import Streams


class NoRoads(ValueError):
    """Nobody can drive in a region without roads."""


@dataclass(frozen=True, slots=True)
class Happenings:
    """What happens between two moments, in the order of time."""

    calls: Sequence[Call]
    bad_roads: Sequence[BadRoads]


def happenings(
    region: Region,
    parameters: Parameters,
    streams: Streams,
    rate: float,
    start_ms: int,
    end_ms: int,
) -> Happenings:
    """What comes from outside between start and end; `rate` multiplies the demand."""
    where, times = settlement_of(region), (start_ms, end_ms)
    events = mass_events(streams, parameters, where.points, where.weights, *times)
    lines = [corridor.at for corridor in region.corridors]
    return Happenings(
        caller_of(region, parameters, streams, rate).calls(*times, events),
        bad_roads(streams, parameters, where.points, lines, region.bounds, *times),
    )


def caller_of(region: Region, parameters: Parameters, streams: Streams, rate: float = 1) -> Caller:
    """The callers of a region."""
    return Caller(
        where=settlement_of(region),
        locate=lambda points: list(region.authorities.locate(points)),
        parameters=parameters,
        timezone=ZoneInfo(region.timezone),
        streams=streams,
        rate=rate,
    )


def settlement_of(region: Region) -> Settlement:
    """Where the region's people live: its postal points, or its places where there are none."""
    homes = region.zips if len(region.zips) else region.places
    return settlement(homes.at, homes.names, homes.population)


def roads_of(region: Region) -> LiveRoads:
    """The region's roads, open. Raises NoRoads."""
    if region.roads is None:
        raise NoRoads(f"{region.name} has no roads yet: caretower region build EXTRACT.osm.pbf")
    return LiveRoads(region.roads)
