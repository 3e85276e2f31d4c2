"""Where a team or a van is, as far as anybody knows. Pure."""

from registry import states

Unit = states.Team | states.Van


def position_age_s(unit: Unit, now_ms: int) -> float:
    """Seconds since the unit was last seen; one that never reported stands at its base."""
    return max(0, now_ms - unit.position_ms) / 1000 if unit.position_ms else 0.0


def unit_at(unit: Unit) -> tuple[float, float]:
    """Where a unit is; one that never reported stands at its base."""
    if unit.position_ms == 0:
        return unit.base_lon, unit.base_lat
    return unit.lon, unit.lat
