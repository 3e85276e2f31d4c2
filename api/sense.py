"""What cannot be, whatever the schema says: a clock in the future, a vehicle off the map."""

from api.errors import BadInput
from api.services import Services


def not_ahead(parts: Services, at_ms: int | None, what: str) -> None:
    """Raises BadInput when `at_ms` is later than now, but for clocks that run a little fast."""
    if at_ms is not None and at_ms > parts.clock() + parts.settings.clock_ahead_s * 1000:
        raise BadInput(f"{what} is in the future")


def on_map(parts: Services, lon: float, lat: float, what: str) -> None:
    """Raises BadInput when no vehicle of the region can be there."""
    if not parts.region.near(lon, lat):
        raise BadInput(f"{what} is off the map")
