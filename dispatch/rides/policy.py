"""How scheduled rides are planned, as data with sources (`policy/rides.toml`)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from dispatch.policy_form import Form, Sourced

Minutes = Annotated[float, Field(ge=0, le=1440)]
Some = Annotated[float, Field(gt=0, le=1440)]


class _Appointment(Sourced):
    early_min: Some
    before_min: Minutes
    home_within_min: Some
    alight_min: Minutes


class _Van(Sourced):
    reach_min: Some
    seen_min: Minutes


class _Window(Sourced):
    before_min: Minutes
    behind_min: Some


class _Detour(Sourced):
    factor: Annotated[float, Field(ge=1, le=10)]
    min: Minutes


class _Crisis(Sourced):
    taken_min: Minutes
    least_min: Minutes
    stability_min: Minutes


class _Loop(Sourced):
    ahead_h: Annotated[float, Field(gt=0, le=168)]
    coalesce_ms: Annotated[int, Field(ge=0, le=1_000)]
    again_every_s: Annotated[float, Field(gt=0, le=600)]
    moved_s: Annotated[float, Field(ge=0, le=900)]
    iterations: Annotated[int, Field(ge=0, le=1_000_000)]
    search_ms: Annotated[int, Field(ge=10, le=60_000)]
    gain_s: Annotated[float, Field(ge=0, le=3_600)]


class _File(Form):
    version: Annotated[str, Field(min_length=1)]
    appointment: _Appointment
    van: _Van
    window: _Window
    detour: _Detour
    crisis: _Crisis
    loop: _Loop


@dataclass(frozen=True, slots=True)
class RidesPolicy:
    """Durations in seconds, or as named; see the file."""

    version: str
    early_s: float
    before_s: float
    home_within_s: float
    board_s: float
    alight_s: float
    reach_s: float
    seen_s: float
    told_before_ms: int
    told_behind_ms: int
    detour_factor: float
    detour_s: float
    taken_s: float
    taken_least_s: float
    stability_s: int
    ahead_s: float
    coalesce_ms: int
    again_every_s: float
    moved_s: float
    iterations: int
    search_ms: int
    gain_s: float


def load_rides_policy(path: Path, board_s: float) -> RidesPolicy:
    """Read and check a policy file; boarding takes as long as the planning policy says.

    Raises ValueError with what is wrong, OSError.
    """
    return rides_policy(tomllib.loads(path.read_text(encoding="utf-8")), board_s)


def load_home_within_ms(path: Path) -> int:
    """How long after its appointment a ride home may be planned; what keeps rides must know no
    more of the policy. Raises as `load_rides_policy` does."""
    return round(load_rides_policy(path, board_s=0).home_within_s * 1000)


def rides_policy(raw: dict[str, Any], board_s: float) -> RidesPolicy:
    """The policy that a parsed file states. Raises ValueError with what is wrong."""
    given = _File.model_validate(raw)
    asked, window, crisis, loop = given.appointment, given.window, given.crisis, given.loop
    if asked.before_min >= asked.early_min:
        raise ValueError("appointment.before_min must be below early_min")
    return RidesPolicy(
        version=given.version,
        early_s=asked.early_min * 60,
        before_s=asked.before_min * 60,
        home_within_s=asked.home_within_min * 60,
        board_s=board_s,
        alight_s=asked.alight_min * 60,
        reach_s=given.van.reach_min * 60,
        seen_s=given.van.seen_min * 60,
        told_before_ms=round(window.before_min * 60_000),
        told_behind_ms=round(window.behind_min * 60_000),
        detour_factor=given.detour.factor,
        detour_s=given.detour.min * 60,
        taken_s=crisis.taken_min * 60,
        taken_least_s=crisis.least_min * 60,
        stability_s=round(crisis.stability_min * 60),
        ahead_s=loop.ahead_h * 3600,
        coalesce_ms=loop.coalesce_ms,
        again_every_s=loop.again_every_s,
        moved_s=loop.moved_s,
        iterations=loop.iterations,
        search_ms=loop.search_ms,
        gain_s=loop.gain_s,
    )
