"""`caretower study`: the policy laboratory on the demo's participants."""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console

from caretower.demo.world import load_world
from caretower.policies import check_policies
from caretower.settings import Settings
from dispatch.planning.policy import load_planning_policy
from dispatch.planning.release import Visit
from dispatch.planning.situation import Rules
from dispatch.policy import load_policy
from geo.region import Region, load_region
from optimizer.warming import warm_up
from registry.freshness import load_freshness
from registry.vocabulary import load_vocabulary
from simulator.parameters import load_parameters
from simulator.policies import BASELINE, POLICIES
from simulator.study import (
    TUNING_ROUNDS,
    Arm,
    Cast,
    Finding,
    Laboratory,
    Run,
    Seeds,
    Tuned,
    findings,
)


class UnknownPolicy(ValueError):
    """No policy has this name."""


@dataclass(frozen=True, slots=True)
class Study:
    """What is compared: the baseline and these policies, at each load, on the report seeds.

    `rounds`: how often the demand is tuned until it gives the load.
    """

    policies: Sequence[str]
    loads: Sequence[float]
    seeds: Seeds
    days: float
    rounds: int = TUNING_ROUNDS

    def __post_init__(self) -> None:
        for name in self.policies:
            if name not in POLICIES:
                raise UnknownPolicy(f"no policy '{name}': there are {', '.join(POLICIES)}")
        if not (self.policies and self.loads):
            raise ValueError("a study compares at least one policy at one load")
        if not all(0 < load <= 1 for load in self.loads):
            raise ValueError("a load is the share of time that teams are busy, above 0 and up to 1")

    def arms(self, rate: float) -> Iterator[Arm]:
        """The runs at one demand: every policy meets the same seeds."""
        for seed in self.seeds.report:
            for policy in dict.fromkeys([BASELINE, *self.policies]):
                yield Arm(policy, rate, seed, self.days)


@dataclass(frozen=True, slots=True)
class Studied:
    """What came of it, by load."""

    study: Study
    tuned: Mapping[float, Tuned]
    runs: Mapping[float, Sequence[Run]]

    @property
    def found(self) -> list[Finding]:
        """Every figure of every policy at every load."""
        return findings(self.runs)


def laboratory(settings: Settings, region: Region, cast: Cast) -> Laboratory:
    """A laboratory under the rules of these settings."""
    dispatch, vocabulary = load_policy(settings.policy("dispatch.toml")), load_vocabulary()
    return Laboratory(
        region=region,
        cast=cast,
        parameters=load_parameters(settings.policy("simulation.toml"), vocabulary),
        rules=Rules(
            planning=load_planning_policy(settings.policy("planning.toml"), vocabulary),
            freshness=load_freshness(settings.policy("freshness.toml")),
            weight=dispatch.weight,
            vocabulary=vocabulary,
        ),
        dispatch=dispatch,
    )


def demo_laboratory(settings: Settings) -> Laboratory:
    """The demo's teams, vans and facilities in their region."""
    region = load_region(settings.region, settings.cache_dir, settings.regions)
    empty = laboratory(settings, region, Cast((), (), ()))

    def locate(lon: float, lat: float) -> str | None:
        return region.authorities.locate(np.array([[lon, lat]]))[0]

    world = load_world(region.id, locate, empty.start_ms, ZoneInfo(region.timezone))
    return laboratory(settings, region, Cast(world.teams, world.vans, world.pools))


def conduct(settings: Settings, study: Study, jobs: int, out: Console) -> Studied:
    """Tune each load, then run every policy on every report seed. Raises BadPolicy before that."""
    check_policies(settings)
    runs: dict[float, list[Run]] = {}
    tuned: dict[float, Tuned] = {}
    with ProcessPoolExecutor(jobs, initializer=_prepare, initargs=(settings,)) as workers:
        tuning = {load: workers.submit(_tune, load, study) for load in study.loads}
        for load in study.loads:
            tuned[load] = at = tuning[load].result()
            out.print(f"load {load:g}: demand × {at.rate:.3f}", highlight=False)
            arms = list(study.arms(at.rate))
            runs[load] = []
            for run in workers.map(_run, arms, [at.visits] * len(arms)):
                runs[load].append(run)
                arm = run.arm
                out.print(f"  seed {arm.seed} {arm.policy}: ×{run.speed:.0f}", highlight=False)
    return Studied(study, tuned, runs)


def answer(studied: Studied) -> dict[str, Any]:
    """The study as plain JSON values: what was found, and every run that it rests on."""
    seeds = studied.study.seeds
    return {
        "baseline": BASELINE,
        "confidence": 0.95,
        "days": studied.study.days,
        "seeds": {"tuning": list(seeds.tuning), "report": list(seeds.report)},
        "demand": {f"{load:g}": at.rate for load, at in studied.tuned.items()},
        "findings": [_plain(asdict(one)) for one in studied.found],
        "runs": [
            {
                "load": load,
                "policy": run.arm.policy,
                "seed": run.arm.seed,
                "plans": run.plans,
                "events": run.events,
                "figures": dict(run.figures),
            }
            for load, of_load in studied.runs.items()
            for run in of_load
        ],
    }


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: an interval that one seed cannot give is null."""
    return json.loads(json.dumps(values).replace("Infinity", "null").replace("NaN", "null"))  # type: ignore[no-any-return]


_here: list[Laboratory] = []


def _prepare(settings: Settings) -> None:
    """Once in every worker process."""
    warm_up()
    _here[:] = [demo_laboratory(settings)]


def _tune(load: float, study: Study) -> Tuned:
    return _here[0].tuned(load, study.days, study.seeds.tuning, study.rounds)


def _run(arm: Arm, visits: Sequence[Visit]) -> Run:
    _here[0].visits = visits
    return _here[0].run(arm)
