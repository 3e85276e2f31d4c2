"""What does not change during a run of the world."""

from dataclasses import dataclass

from geo.closures import LiveRoads
from simulator.parameters import Parameters
from simulator.streams import Streams


@dataclass(frozen=True, slots=True)
class Setting:
    """Who lives how, on which roads. `facility_clock_s`: after it somebody telephones.

    `speed`: world seconds in a real one where people watch and act beside the simulation, which
    leaves them a share of the requests for a while; None where nobody does.
    """

    parameters: Parameters
    streams: Streams
    roads: LiveRoads
    facility_clock_s: float
    speed: float | None = None
