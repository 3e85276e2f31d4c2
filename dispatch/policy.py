"""The rules of dispatch as data: tiers, targets, clocks and weights, each with its source.

The file is `policy/dispatch.toml`; a local authority may hand in its own. `verified` is true only
for a rule that was read in a primary source.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from dispatch.policy_form import Form, Verified
from dispatch.words import Level, Tier


class _Seconds(Verified):
    seconds: Annotated[int, Field(ge=0, le=7 * 86_400)]


class _Number(Verified):
    value: Annotated[float, Field(gt=0)]


class _Metres(Verified):
    metres: Annotated[int, Field(gt=0)]


class _AtLeast(Verified):
    level: Annotated[str, Field(pattern="^(low|moderate|high|imminent)$")]


class _Row(Verified):
    by_urgency: Annotated[tuple[Tier, ...], Field(min_length=4, max_length=4)]


class _Clocks(Form):
    owner_imminent: _Seconds
    owner: _Seconds
    alarm: _Seconds
    crew_answer: _Seconds
    facility_answer: _Seconds
    place: _Seconds
    custody: _Seconds
    rescue: _Seconds
    follow_up: _Seconds
    not_located: _Seconds
    supervisor: _Seconds
    unserved: _Seconds
    check_in: _Seconds
    check_in_supervisor: _Seconds
    panic: _Seconds


class _Duplicates(Form):
    within: _Metres
    since: _Seconds


class _File(Form):
    version: Annotated[str, Field(min_length=1)]
    target: dict[Tier, _Seconds]
    weight: dict[Tier, _Number]
    tier: dict[str, _Row]
    at_least: dict[str, _AtLeast]
    clock: _Clocks
    duplicates: _Duplicates

    @model_validator(mode="after")
    def complete(self) -> Self:
        if set(self.target) != set(Tier) or set(self.weight) != set(Tier):
            raise ValueError("every tier needs a target and a weight")
        if set(self.tier) != {"none", "low", "moderate", "high"}:
            raise ValueError("the tier table needs the rows none, low, moderate and high")
        if set(self.at_least) != {"violence", "psychosis", "overdose", "danger_to_others"}:
            raise ValueError("at_least needs violence, psychosis, overdose and danger_to_others")
        return self

    @model_validator(mode="after")
    def monotone(self) -> Self:
        """More risk or more urgency never gives a lower tier, a lower tier no earlier target."""
        rows = [self.tier[name].by_urgency for name in ("none", "low", "moderate", "high")]
        columns = list(zip(*rows, strict=True))
        for line in [*rows, *columns]:
            ranks = [tier.rank for tier in line]
            if ranks != sorted(ranks):
                raise ValueError("the tier table must not fall with more risk or urgency")
        if min(tier.rank for tier in rows[3]) < Tier.HIGH.rank:
            raise ValueError("high clinical risk is never below the tier high")
        targets = [self.target[tier].seconds for tier in Tier]
        if targets != sorted(targets, reverse=True):
            raise ValueError("a higher tier's target must not be later")
        return self


@dataclass(frozen=True, slots=True)
class Clocks:
    """Answer and care clocks in seconds."""

    owner_imminent_s: int
    owner_s: int
    alarm_s: int
    crew_answer_s: int
    facility_answer_s: int
    place_s: int
    custody_s: int
    rescue_s: int
    follow_up_s: int
    not_located_s: int
    supervisor_s: int
    unserved_s: int
    check_in_s: int
    check_in_supervisor_s: int
    panic_s: int


@dataclass(frozen=True, slots=True)
class Policy:
    """Dispatch's rules. `target_s` counts from the opening of the request."""

    version: str
    target_s: dict[Tier, int]
    weight: dict[Tier, float]
    tier: dict[Level, tuple[Tier, ...]]  # by urgency 1 to 4
    at_least: dict[str, Level]
    clocks: Clocks
    duplicate_within_m: int
    duplicate_since_s: int


def load_policy(path: Path) -> Policy:
    """Read and check a policy file. Raises ValueError with what is wrong, OSError."""
    return parse_policy(path.read_text(encoding="utf-8"))


def parse_policy(text: str) -> Policy:
    """Parse the text of a policy file (TOML). Raises ValueError with what is wrong."""
    given = _File.model_validate(tomllib.loads(text))
    clock = given.clock
    return Policy(
        version=given.version,
        target_s={tier: rule.seconds for tier, rule in given.target.items()},
        weight={tier: rule.value for tier, rule in given.weight.items()},
        tier={Level[name.upper()]: row.by_urgency for name, row in given.tier.items()},
        at_least={name: Level[rule.level.upper()] for name, rule in given.at_least.items()},
        clocks=Clocks(
            owner_imminent_s=clock.owner_imminent.seconds,
            owner_s=clock.owner.seconds,
            alarm_s=clock.alarm.seconds,
            crew_answer_s=clock.crew_answer.seconds,
            facility_answer_s=clock.facility_answer.seconds,
            place_s=clock.place.seconds,
            custody_s=clock.custody.seconds,
            rescue_s=clock.rescue.seconds,
            follow_up_s=clock.follow_up.seconds,
            not_located_s=clock.not_located.seconds,
            supervisor_s=clock.supervisor.seconds,
            unserved_s=clock.unserved.seconds,
            check_in_s=clock.check_in.seconds,
            check_in_supervisor_s=clock.check_in_supervisor.seconds,
            panic_s=clock.panic.seconds,
        ),
        duplicate_within_m=given.duplicates.within.metres,
        duplicate_since_s=given.duplicates.since.seconds,
    )
