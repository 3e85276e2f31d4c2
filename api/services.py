"""Everything that the doors need, frozen; only the wiring knows what stands behind the names."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from api.identity import Identity
from api.reach import Travel
from api.region import RegionView
from api.trackers import Trackers
from directory import Directory
from dispatch.dispatch import Dispatch
from referral.referral import Referral
from referral.rides import AppointmentRides
from registry.gps import GpsPolicy, PositionLimits
from registry.port import Registry
from registry.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process behaves. Sizes in bytes, times in seconds unless named otherwise."""

    simulated: bool = False
    web_dist: Path | None = None
    body_limit: int = 1_000_000
    clock_ahead_s: int = 30
    ticket_s: int = 30
    metrics_token: str | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """One region's parts, as the wiring fills them. `clock` gives ms UTC.

    `travel` makes the travel times at the first call, which takes seconds.
    """

    region: RegionView
    vocabulary: Vocabulary
    registry: Registry
    directory: Directory
    dispatch: Dispatch
    referral: Referral
    rides: AppointmentRides
    identity: Identity
    travel: Callable[[], Travel]
    trackers: Trackers
    gps: GpsPolicy
    clock: Callable[[], int]
    settings: Settings = field(default_factory=Settings)

    @property
    def gps_limits(self) -> PositionLimits:
        """What a GPS point of this region must keep to."""
        return self.gps.limits(self.region.reach)
