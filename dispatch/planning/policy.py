"""How requests and resources become a planning problem, as data with sources.

The file is `policy/planning.toml`; a local authority may hand in its own. The tiers' weights and
targets are dispatch's (`dispatch.policy`).
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

import optimizer.problem
from dispatch.planning.release import Law, ReleasePolicy, Stage
from dispatch.policy_form import Form, Sourced
from dispatch.words import Need, Tier
from registry.vocabulary import Vocabulary

Minutes = Annotated[float, Field(ge=0, le=10_080)]
Factor = Annotated[float, Field(ge=0, le=100)]
Words = tuple[str, ...]


class _Needs(Sourced):
    team: Words
    team_wished: Words
    van: Words
    place: Words


class _Duration(Sourced):
    on_scene_min: Minutes
    load_min: Minutes
    slot_within_h: Annotated[float, Field(gt=0, le=720)]


class _Wish(Sourced):
    language_min: Minutes
    lapsed_credential_min: Minutes
    less_preferred_type_min: Minutes
    other_than_chosen_min: Minutes


class _Freshness(Sourced):
    count_ageing_costs_min: Minutes
    count_stale_costs_min: Minutes
    position_lost_costs_min: Minutes

    @model_validator(mode="after")
    def in_order(self) -> Self:
        if self.count_ageing_costs_min > self.count_stale_costs_min:
            raise ValueError("a stale count must not cost less than an ageing one")
        return self


class _Transport(Sourced):
    team_may_drive: bool


class _Possible(Sourced):
    chance: Annotated[float, Field(ge=0.01, le=1)] = 0.3
    reserved_costs_min: Minutes = 15
    source: str = "own default"


class _Tiers(Sourced):
    strict: bool = False
    promoted_after_min: Minutes = 120
    all_or_nothing: tuple[Tier, ...] = ()
    source: str = "own default"

    @model_validator(mode="after")
    def imminent_gets_what_there_is(self) -> Self:
        if Tier.IMMINENT in self.all_or_nothing:
            raise ValueError(
                "all_or_nothing must not name imminent: a bed that lacks keeps no team"
            )
        return self


class _Law(Form):
    mean_min: Annotated[float, Field(gt=0, le=1440)]
    spread_min: Annotated[float, Field(gt=0, le=1440)]


class _Release(Sourced):
    visit: dict[Need, _Law]
    place: _Law
    clear: _Law
    weight: Annotated[float, Field(gt=0, le=100_000)]
    risk_factor: Annotated[float, Field(ge=1, le=10)]
    risk_min: Minutes
    soon_min: Minutes
    light_below: Annotated[float, Field(ge=0, le=1)]
    light_margin_min: Minutes
    learn_every_min: Annotated[float, Field(gt=0, le=10_080)]
    vans: bool

    @model_validator(mode="after")
    def every_need(self) -> Self:
        if self.visit.keys() != set(Need):
            raise ValueError("release.visit needs a law for none, possible and needed")
        return self


class _Cost(Sourced):
    lateness_factor: Factor
    patience_factor: Factor
    team_approach: Factor = 3.0
    place_drive_weighted: Factor
    place_drive: Factor
    van_wait_weighted: Factor
    van_idle: Factor
    van_approach: Factor
    van_return: Factor
    self_drive: Factor
    overtime_factor: Factor
    stability_min: Minutes
    surcharge_min: Minutes
    overtime_grace_min: Minutes
    horizon_min: Minutes
    max_team_drive_min: Minutes
    max_van_drive_min: Minutes
    max_place_drive_min: Minutes
    max_penalty_min: Minutes

    @model_validator(mode="after")
    def laws_of_the_model_hold(self) -> Self:
        """Nobody is cheaper left alone: what may be planned lies within the horizon, and leaving
        somebody alone costs more than changing what is shown."""
        for name in ("max_team_drive_min", "max_van_drive_min"):
            if getattr(self, name) > self.horizon_min:
                raise ValueError(f"{name}: must not be above horizon_min ({self.horizon_min:g})")
        least_min = self.stability_min + 1
        if self.surcharge_min < least_min:
            raise ValueError(f"surcharge_min: must be at least stability_min and 1 ({least_min:g})")
        return self


class _Loop(Sourced):
    coalesce_ms: Annotated[int, Field(ge=0, le=1_000)]
    solve_within_ms: Annotated[int, Field(ge=10, le=60_000)]
    explain_most: Annotated[int, Field(ge=0, le=1_000)]
    again_every_s: Annotated[float, Field(gt=0, le=600)]
    moved_every_s: Annotated[float, Field(gt=0, le=600)]
    facts_every_s: Annotated[float, Field(gt=0, le=3600)]
    lease_s: Annotated[float, Field(ge=1, le=60)]
    late_after_s: Annotated[float, Field(ge=1, le=600)] = 6
    hung_after_s: Annotated[float, Field(ge=30, le=3600)] = 120


class PlanningFile(Form):
    """The form of `policy/planning.toml`."""

    version: Annotated[str, Field(min_length=1)]
    needs: _Needs
    duration: _Duration
    wish: _Wish
    freshness: _Freshness
    transport: _Transport
    possible: _Possible = _Possible()
    tiers: _Tiers = _Tiers()
    release: _Release
    cost: _Cost
    loop: _Loop

    @model_validator(mode="after")
    def stale_comes_last(self) -> Self:
        """No ride is so long that a stale count would be preferred to a fresh one."""
        cost = self.cost
        ride = cost.max_place_drive_min * (cost.place_drive_weighted + cost.place_drive)
        if self.freshness.count_stale_costs_min < ride + self.freshness.count_ageing_costs_min:
            raise ValueError("freshness.count_stale_costs_min must be above the longest ride")
        if cost.max_penalty_min < self.freshness.count_stale_costs_min:
            raise ValueError("cost.max_penalty_min must not be below count_stale_costs_min")
        return self


@dataclass(frozen=True, slots=True)
class PlanningPolicy:
    """Durations in seconds, loop times as named. `cost` is handed to the optimizer as it is."""

    version: str
    team_groups: Words
    team_wished_groups: Words
    van_groups: Words
    place_groups: Words
    onscene_s: float
    load_s: float
    slot_within_s: float
    language_s: float
    lapsed_credential_s: float
    less_preferred_type_s: float
    other_than_chosen_s: float
    count_ageing_costs_s: float
    count_stale_costs_s: float
    position_lost_costs_s: float
    team_may_drive: bool
    reserved_costs_s: float
    strict: bool
    promoted_after_s: float
    all_or_nothing: tuple[Tier, ...]
    coalesce_ms: int
    solve_within_ms: int
    explain_most: int
    again_every_s: float
    moved_every_s: float
    facts_every_s: float
    lease_s: float
    late_after_s: float
    hung_after_s: float
    release: ReleasePolicy
    cost: optimizer.problem.Policy


def load_planning_policy(path: Path, vocabulary: Vocabulary) -> PlanningPolicy:
    """Read and check a policy file. Raises ValueError with what is wrong, OSError."""
    return planning_policy(tomllib.loads(path.read_text(encoding="utf-8")), vocabulary)


def planning_policy(raw: dict[str, Any], vocabulary: Vocabulary) -> PlanningPolicy:
    """The policy that a parsed file states. Raises ValueError with what is wrong."""
    given = PlanningFile.model_validate(raw)
    _check_groups(given.needs, vocabulary)
    needs, wish, fresh, loop = given.needs, given.wish, given.freshness, given.loop
    return PlanningPolicy(
        version=given.version,
        team_groups=needs.team,
        team_wished_groups=needs.team_wished,
        van_groups=needs.van,
        place_groups=needs.place,
        onscene_s=given.duration.on_scene_min * 60,
        load_s=given.duration.load_min * 60,
        slot_within_s=given.duration.slot_within_h * 3600,
        language_s=wish.language_min * 60,
        lapsed_credential_s=wish.lapsed_credential_min * 60,
        less_preferred_type_s=wish.less_preferred_type_min * 60,
        other_than_chosen_s=wish.other_than_chosen_min * 60,
        count_ageing_costs_s=fresh.count_ageing_costs_min * 60,
        count_stale_costs_s=fresh.count_stale_costs_min * 60,
        position_lost_costs_s=fresh.position_lost_costs_min * 60,
        team_may_drive=given.transport.team_may_drive,
        reserved_costs_s=given.possible.reserved_costs_min * 60,
        strict=given.tiers.strict,
        promoted_after_s=given.tiers.promoted_after_min * 60,
        all_or_nothing=given.tiers.all_or_nothing,
        coalesce_ms=loop.coalesce_ms,
        solve_within_ms=loop.solve_within_ms,
        explain_most=loop.explain_most,
        again_every_s=loop.again_every_s,
        moved_every_s=loop.moved_every_s,
        facts_every_s=loop.facts_every_s,
        lease_s=loop.lease_s,
        late_after_s=loop.late_after_s,
        hung_after_s=loop.hung_after_s,
        release=_release_policy(given.release),
        cost=replace(_cost(given.cost), possible_chance=given.possible.chance),
    )


def _check_groups(needs: _Needs, vocabulary: Vocabulary) -> None:
    """A group that is misspelt would match nobody to anything, and nobody would see it."""
    for name, groups in needs.model_dump(exclude={"source"}).items():
        for group in groups:
            if group not in vocabulary.needs:
                known = ", ".join(vocabulary.needs)
                raise ValueError(f"needs.{name}: {group!r} is no group of the vocabulary ({known})")


def _release_policy(given: _Release) -> ReleasePolicy:
    visit: dict[Need | None, Law] = {need: _law(law) for need, law in given.visit.items()}
    return ReleasePolicy(
        laws={
            Stage.VISIT: visit,
            Stage.PLACE: {None: _law(given.place)},
            Stage.CLEAR: {None: _law(given.clear)},
        },
        weight=given.weight,
        risk_factor=given.risk_factor,
        risk_s=given.risk_min * 60,
        soon_s=given.soon_min * 60,
        light_below=given.light_below,
        light_margin_s=given.light_margin_min * 60,
        learn_every_s=given.learn_every_min * 60,
        vans=given.vans,
    )


def _law(given: _Law) -> Law:
    return Law(given.mean_min * 60, given.spread_min * 60)


def _cost(cost: _Cost) -> optimizer.problem.Policy:
    """Minutes become seconds; factors stay."""
    given = cost.model_dump(exclude={"source"})
    return optimizer.problem.Policy(
        **{
            (f"{name.removesuffix('_min')}_s" if name.endswith("_min") else name): (
                value * 60 if name.endswith("_min") else value
            )
            for name, value in given.items()
        }
    )
