"""What the synthetic region is made of: rates, shares and durations as data with sources.

The file is `policy/simulation.toml`; anybody may hand in another.
"""

import tomllib
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field, model_validator

from dispatch.policy_form import Form, Sourced
from dispatch.words import Tier
from registry.vocabulary import Vocabulary

Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0, le=10_000)]
Minutes = Annotated[float, Field(gt=0, le=100_000)]
Hours = Annotated[float, Field(gt=0, le=240)]
Range = tuple[float, float]


class Spell(Form):
    """A lognormal time: its median in minutes, and the standard deviation of its logarithm."""

    median_min: Minutes
    spread: Annotated[float, Field(ge=0, le=3)]

    def draw_s(self, rng: np.random.Generator) -> float:
        """Seconds."""
        return 60 * float(rng.lognormal(log(self.median_min), self.spread))

    @property
    def mean_s(self) -> float:
        return 60 * self.median_min * float(np.exp(self.spread**2 / 2))


class DemandPart(Sourced):
    per_100k_a_day: Rate
    by_weekday: Annotated[tuple[Rate, ...], Field(min_length=7, max_length=7)]
    scatter_deg: Annotated[float, Field(ge=0, le=0.2)]


class TierPart(Sourced):
    share: Share
    by_hour: Annotated[tuple[Rate, ...], Field(min_length=24, max_length=24)]


class PersonPart(Sourced):
    child: Share
    adolescent: Share
    older_adult: Share
    psychosis: Share
    substance_use: Share
    wheelchair: Share
    lang_es: Share
    involuntary: Share


class PlacePart(Sourced):
    none: Share
    possible: Share
    needed: Share
    possible_becomes_needed: Share


class DurationPart(Sourced):
    decide: Spell
    acknowledge: Spell
    turn_out: Spell
    on_scene: Spell
    load: Spell
    hand_over: Spell
    clear: Spell
    drive_factor: Spell
    give_up_min: Minutes
    ems_from_scene_min: Minutes


class CrewPart(Sourced):
    declines: Share
    break_after_h: Hours
    break_min: Minutes
    shift_h: Hours


class FacilityPart(Sourced):
    stay: Spell
    own_people: Share
    says_walk_in: Share
    miscounts: Share
    closes: Share
    answer: Spell
    answers_late: Share
    late_by_min: Minutes
    phone_min: Minutes
    declines: Share
    pauses_a_day: Rate
    pause_min: Minutes
    report: Spell
    forgets: Share
    stay_of: Mapping[str, Spell]
    own_people_of: Mapping[str, Share]
    decline_reasons: Mapping[str, Share]


class AppointmentPart(Sourced):
    wanted: Share
    no_show: Share


class StormPart(Sourced):
    a_day: Rate
    radius_km: Range
    slowdown: Range
    hours: Range


class ClosedRoadPart(Sourced):
    a_day: Rate
    radius_km: Range
    hours: Range


class MassEventPart(Sourced):
    a_day: Rate
    requests: Rate
    within_min: Minutes
    scatter_deg: Annotated[float, Field(ge=0, le=0.2)]


class LivePart(Sourced):
    gps_s: Annotated[float, Field(gt=0, le=60)]
    standing_gps_s: Annotated[float, Field(gt=0, le=600)]
    left_to_people: Share
    patience_s: Range
    most_waiting: Annotated[int, Field(ge=1, le=1000)]


class Parameters(Form):
    """The form of `policy/simulation.toml`."""

    version: Annotated[str, Field(min_length=1)]
    demand: DemandPart
    tier: Mapping[Tier, TierPart]
    person: PersonPart
    place: PlacePart
    duration: DurationPart
    crew: CrewPart
    facility: FacilityPart
    appointment: AppointmentPart
    storm: StormPart
    closed_road: ClosedRoadPart
    mass_event: MassEventPart
    live: LivePart

    @model_validator(mode="after")
    def shares_add_up(self) -> Self:
        """Shares of one whole must sum to 1."""
        place = self.place
        wholes = {
            "tier": [part.share for part in self.tier.values()],
            "place": [place.none, place.possible, place.needed],
            "facility.decline_reasons": list(self.facility.decline_reasons.values()),
        }
        for name, shares in wholes.items():
            if abs(sum(shares) - 1) > 1e-6:
                raise ValueError(f"the shares of {name} must add up to 1")
        if set(self.tier) != set(Tier):
            raise ValueError("every tier needs its part")
        return self


def load_parameters(path: Path, vocabulary: Vocabulary) -> Parameters:
    """Read and check a file. Raises ValueError with what is wrong, OSError."""
    return parameters(tomllib.loads(path.read_text(encoding="utf-8")), vocabulary)


def parameters(raw: dict[str, Any], vocabulary: Vocabulary) -> Parameters:
    """The parameters that a parsed file states. Raises ValueError with what is wrong."""
    given = Parameters.model_validate(raw)
    for table, group in (
        ("stay_of", "pool_type"),
        ("own_people_of", "pool_type"),
        ("decline_reasons", "facility_decline"),
    ):
        for word in getattr(given.facility, table):
            if word not in vocabulary.codes[group]:
                raise ValueError(f"facility.{table}: {word!r} is not a word of {group}")
    return given
