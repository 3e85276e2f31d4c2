"""When a team or van that is busy will be free, and where: a small model, learned from visits.

A visit's time is that of a lognormal law, whose mean and spread are learned for each stage, tier
and need of a place. Where few visits are known the policy's figures outweigh them. How long a visit
has lasted counts: what is left of it is the law's rest beyond that. Drives are asked of the roads.

The planner counts on later than is expected: a release is stretched by the policy's risk figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import erfc, exp, log, log1p, sqrt

from dispatch.words import Need, Tier

LATEST = 5.0
"""In spreads above the median: whatever lasts longer still is judged like this."""


class Stage(StrEnum):
    """What a busy unit is doing: a law's time runs from the stage's beginning."""

    VISIT = "visit"  # with the person at the scene, until the crew is done with them
    PLACE = "place"  # at the place, until the person is handed over
    CLEAR = "clear"  # without a person, until it reports itself available


@dataclass(frozen=True, slots=True)
class Law:
    """A lognormal time by its own mean and standard deviation, in seconds."""

    mean_s: float
    spread_s: float

    def left(self, elapsed_s: float) -> "Law":
        """Mean and spread of what is left after so long."""
        if elapsed_s <= 0 or self.spread_s == 0:
            return Law(max(0.0, self.mean_s - elapsed_s), self.spread_s)
        variance = log1p((self.spread_s / self.mean_s) ** 2)
        sigma, mu = sqrt(variance), log(self.mean_s) - variance / 2
        z = min(LATEST, (log(elapsed_s) - mu) / sigma)
        begun_s = exp(mu + sigma * z)
        beyond = _above(z)
        first = exp(mu + variance / 2) * _above(z - sigma) / beyond
        second = exp(2 * (mu + variance)) * _above(z - 2 * sigma) / beyond
        return Law(max(0.0, first - begun_s), sqrt(max(0.0, second - first * first)))

    def then(self, other: "Law") -> "Law":
        """This and then the other."""
        return Law(self.mean_s + other.mean_s, sqrt(self.spread_s**2 + other.spread_s**2))


def _above(z: float) -> float:
    """The share of a standard normal law above z."""
    return erfc(z / sqrt(2)) / 2


Kind = tuple[Stage, Tier | None, Need | None]
"""What a law is learned for; None stands for all of them together."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One stage of one visit that is over, as the record has it."""

    stage: Stage
    tier: Tier | None
    need: Need | None
    lasted_s: float


@dataclass(frozen=True, slots=True)
class ReleasePolicy:
    """The figures before anything is known, and how careful the planner is.

    `weight` is how many visits the figures count as. A release is planned as `risk_factor` times
    what is expected, and `risk_s` more; later than `soon_s` from now it is not planned at all.
    While less than `light_below` of the teams have a task, `light_margin_s` is added: waiting for
    a busy unit must gain that much over one that is free. Learned anew after `learn_every_s`.
    `vans`: whether vans are foreseen too.
    """

    laws: Mapping[Stage, Mapping[Need | None, Law]]
    weight: float
    risk_factor: float
    risk_s: float
    soon_s: float
    light_below: float
    light_margin_s: float
    learn_every_s: float
    vans: bool


@dataclass(frozen=True, slots=True)
class ReleaseModel:
    """The laws by kind. `visits` are how many it was learned from."""

    laws: Mapping[Kind, Law]
    policy: ReleasePolicy
    visits: int = 0

    def law(self, stage: Stage, tier: Tier | None, need: Need | None) -> Law:
        """The law of this kind of visit."""
        return self.laws[stage, tier, need]


def learn(visits: Iterable[Visit], policy: ReleasePolicy) -> ReleaseModel:
    """The model after these visits.

    A need's law begins with the policy's, a tier's with its need's: each counts as `weight` visits
    beside those that were seen, so that little history moves little.
    """
    seen: dict[Kind, list[float]] = {}
    count = 0
    for visit in visits:
        count += 1
        for tier in {None, visit.tier}:
            seen.setdefault((visit.stage, tier, visit.need), []).append(visit.lasted_s)
    laws: dict[Kind, Law] = {}
    for stage, of_stage in policy.laws.items():
        for need, given in of_stage.items():
            whole = _shrunk(seen.get((stage, None, need), ()), given, policy.weight)
            laws[stage, None, need] = whole
            for tier in Tier:
                laws[stage, tier, need] = _shrunk(
                    seen.get((stage, tier, need), ()), whole, policy.weight
                )
    return ReleaseModel(laws, policy, count)


def _shrunk(times_s: Sequence[float], prior: Law, weight: float) -> Law:
    """Mean and spread of these times together with a prior that counts as so many."""
    count = len(times_s) + weight
    if not times_s:
        return prior
    mean_s = (sum(times_s) + weight * prior.mean_s) / count
    squares = sum((one - mean_s) ** 2 for one in times_s)
    squares += weight * (prior.spread_s**2 + (prior.mean_s - mean_s) ** 2)
    return Law(mean_s, sqrt(squares / count))
