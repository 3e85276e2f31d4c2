"""The policy laboratory: policies × loads × seeds in virtual time, on common random numbers.

A load is the share of their time that teams are busy under the baseline; the demand that gives it
is found on tuning seeds, which are never reported. There, too, is learned how long visits take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import perf_counter
from typing import TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from msgspec.structs import replace

from dispatch.planning.driving import driving
from dispatch.planning.history import visits_of
from dispatch.planning.release import Visit, learn
from dispatch.planning.situation import Rules
from dispatch.policy import Policy as DispatchRules
from geo.closures import LiveRoads
from geo.region import Region
from registry.states import Pool, Team, Van
from simulator.figures import Estimate, estimate, of_requests, paired
from simulator.happenings import happenings, roads_of
from simulator.parameters import Parameters
from simulator.policies import BASELINE, POLICIES, Make, Means
from simulator.setting import Setting
from simulator.streams import Streams
from simulator.virtual import Log, Office
from simulator.world import World

Unit = TypeVar("Unit", Team, Van)

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
WARM_UP_MS = 6 * HOUR_MS
DRAIN_MS = 24 * HOUR_MS
TUNING_SEEDS = (1, 2)
TUNING_ROUNDS = 4
CLOSE_ENOUGH = 0.02
FIRST_GUESS = 1.7
"""Demand over load, about, with the parameters and the cast of the demo."""
START = (2026, 1, 5, 6)
"""A Monday, 6 o'clock in the region's own time."""


class SeedsOverlap(ValueError):
    """A seed on which the study was tuned must not be reported."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """Those on which demand and visits are learned, and those that are reported.

    Raises SeedsOverlap; ValueError where there are none.
    """

    tuning: tuple[int, ...]
    report: tuple[int, ...]

    def __post_init__(self) -> None:
        if not (self.tuning and self.report):
            raise ValueError("a study needs tuning seeds and report seeds")
        if both := sorted(set(self.tuning) & set(self.report)):
            named = ", ".join(map(str, both))
            raise SeedsOverlap(f"tuned on and reported: {named}; figures in-sample are too good")


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the tuning seeds gave at a load: the demand, and how long visits took."""

    rate: float
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part."""

    teams: Sequence[Team]
    vans: Sequence[Van]
    pools: Sequence[Pool]


@dataclass(frozen=True, slots=True)
class Arm:
    """One run: which policy, how much demand, which seed."""

    policy: str
    rate: float
    seed: int
    days: float


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one run. The times are those under load, without the quiet end. `visits` is the
    history that a record would have of it."""

    arm: Arm
    figures: Mapping[str, float]
    plans: int
    events: int
    simulated_s: float
    real_s: float
    visits: tuple[Visit, ...] = ()

    @property
    def speed(self) -> float:
        """Simulated over real time."""
        return self.simulated_s / self.real_s


@dataclass(frozen=True, slots=True)
class Finding:
    """One figure of one policy at one load, and its change against the baseline in shares."""

    policy: str
    load: float
    figure: str
    value: Estimate
    change: Estimate


def findings(runs: Mapping[float, Sequence[Run]]) -> list[Finding]:
    """Every figure of every policy, by load; the baseline must be among the policies."""
    found = []
    for load, of_load in runs.items():
        by_policy: dict[str, dict[int, Run]] = {}
        for run in of_load:
            by_policy.setdefault(run.arm.policy, {})[run.arm.seed] = run
        base = by_policy[BASELINE]
        for policy, of_policy in by_policy.items():
            seeds = sorted(of_policy.keys() & base.keys())
            names = {name for seed in seeds for name in of_policy[seed].figures}
            for name in sorted(names):
                both = [
                    (of_policy[seed].figures[name], base[seed].figures[name])
                    for seed in seeds
                    if name in of_policy[seed].figures and name in base[seed].figures
                ]
                ours, theirs = [x for x, _ in both], [x for _, x in both]
                found.append(Finding(policy, load, name, estimate(ours), paired(ours, theirs)))
    return found


@dataclass(slots=True)
class Laboratory:
    """One region with its cast and rules; runs follow each other on the same roads.

    What is opened in the warm-up is lived through and not counted. `visits` are the history from
    which policies know how long visits take.
    """

    region: Region
    cast: Cast
    parameters: Parameters
    rules: Rules
    dispatch: DispatchRules
    policies: Mapping[str, Make] = field(default_factory=lambda: POLICIES)
    warm_up_ms: int = WARM_UP_MS
    visits: Sequence[Visit] = ()
    _roads: LiveRoads | None = None

    @property
    def start_ms(self) -> int:
        """When every run begins (ms UTC)."""
        local = datetime(*START, tzinfo=ZoneInfo(self.region.timezone))
        return int(local.astimezone(UTC).timestamp() * 1000)

    def roads(self) -> LiveRoads:
        """The region's roads; their trees are built once."""
        if self._roads is None:
            self._roads = roads_of(self.region)
        return self._roads

    def means(self) -> Means:
        """What a policy is given at the start of a run."""
        roads = self.roads()
        releases = learn(self.visits, self.rules.planning.release)
        return Means(self.rules, roads, releases, driving(roads))

    def run(self, arm: Arm, log: Log | None = None) -> Run:
        """One run from its start until every request has ended."""
        began_s = perf_counter()
        streams, roads = Streams(arm.seed), self.roads()
        start_ms = self.start_ms
        end_ms = start_ms + self.warm_up_ms + int(arm.days * DAY_MS)
        outside = happenings(self.region, self.parameters, streams, arm.rate, start_ms, end_ms)
        setting = Setting(self.parameters, streams, roads, self.dispatch.clocks.facility_answer_s)
        world = World(setting)
        world.expect(outside)
        policy = self.policies[arm.policy](self.means())
        office = Office(world, policy, self.dispatch, roads, log)
        teams = [_on_shift(team, start_ms) for team in self.cast.teams]
        vans = [_on_shift(van, start_ms) for van in self.cast.vans]
        office.open(teams, vans, self.cast.pools, start_ms)
        office.run(end_ms)
        busy_ms = office.busy_ms(end_ms)
        drove_s = world.fleet.driven_s
        real_s = perf_counter() - began_s
        last_ms = end_ms
        while office.requests and last_ms < end_ms + DRAIN_MS:
            last_ms += HOUR_MS
            office.run(last_ms)
        for closure in roads.closures:
            roads.lift(closure.id)
        counted = [r for r in office.tally.ended if start_ms + self.warm_up_ms <= r.opened_ms]
        duty_ms = sum(on_duty_ms(team, start_ms, end_ms) for team in teams)
        tally, days = office.tally, (end_ms - start_ms) / DAY_MS
        figures = of_requests(counted) | {
            "utilisation": busy_ms / duty_ms,
            "driven_min_a_request": drove_s / 60 / max(1, len(tally.ended)),
            "facility_declines_a_day": tally.facility_declines / days,
            "crew_declines_a_day": tally.crew_declines / days,
            "turned_away_a_day": world.beds.turned_away / days,
            "never_ended": float(len(office.requests)),
        }
        visits = (*visits_of(tally.steps), *tally.cleared)
        simulated_s = (end_ms - start_ms) / 1000
        return Run(arm, figures, tally.plans, tally.events, simulated_s, real_s, visits)

    def tuned(
        self,
        load: float,
        days: float,
        seeds: Sequence[int] = TUNING_SEEDS,
        rounds: int = TUNING_ROUNDS,
    ) -> Tuned:
        """The demand under which the baseline's teams are busy for this share of their time."""
        rate = load * FIRST_GUESS
        for _ in range(rounds):
            runs = [self.run(Arm(BASELINE, rate, seed, days)) for seed in seeds]
            found = float(np.mean([run.figures["utilisation"] for run in runs]))
            if abs(found - load) < CLOSE_ENOUGH * load:
                break
            rate *= load / found
        return Tuned(rate, tuple(visit for run in runs for visit in run.visits))


def on_duty_ms(unit: Team | Van, start_ms: int, end_ms: int) -> int:
    """How long a unit is on shift between two moments, its shift coming back every day."""
    length_ms = unit.shift_end_ms - unit.shift_start_ms
    if length_ms >= DAY_MS:
        return end_ms - start_ms
    first = unit.shift_start_ms - DAY_MS * (1 + (unit.shift_start_ms - start_ms) // DAY_MS)
    starts = range(first, end_ms, DAY_MS)
    return sum(max(0, min(end_ms, s + length_ms) - max(start_ms, s)) for s in starts)


def _on_shift(unit: Unit, start_ms: int) -> Unit:
    """The unit with its shift moved to the run's first day, to the same hours."""
    length_ms = unit.shift_end_ms - unit.shift_start_ms
    days = (start_ms - unit.shift_start_ms) // DAY_MS
    begins_ms = unit.shift_start_ms + days * DAY_MS
    if begins_ms + length_ms <= start_ms:
        begins_ms += DAY_MS
    return replace(unit, shift_start_ms=begins_ms, shift_end_ms=begins_ms + length_ms)
