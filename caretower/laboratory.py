"""`caretower study`: the policy laboratory on the demo's participants, with a table and JSON."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table

from caretower.demo.world import load_world
from caretower.settings import Settings
from dispatch.planning import Rules
from dispatch.planning_policy import load_planning_policy
from dispatch.policy import load_policy
from geo.region import Region, load_region
from registry.freshness import load_freshness
from registry.vocabulary import load_vocabulary
from simulator.parameters import load_parameters
from simulator.policies import BASELINE, POLICIES
from simulator.study import FIRST_REPORT_SEED, Arm, Cast, Finding, Laboratory, Run, findings

SHOWN = (
    ("imminent.mean_min", "imminent mean min"),
    ("imminent.p90_min", "imminent p90 min"),
    ("high.p90_min", "high p90 min"),
    ("all.mean_min", "all mean min"),
    ("all.p90_min", "all p90 min"),
    ("all.late", "late share"),
    ("all.unserved", "unserved share"),
    ("utilisation", "team utilisation"),
    ("driven_min_a_request", "driven min a request"),
    ("facility_declines_a_day", "declines a day"),
)


class UnknownPolicy(ValueError):
    """No policy has this name."""


def laboratory(settings: Settings, region: Region, cast: Cast) -> Laboratory:
    """A laboratory under the rules of these settings."""
    dispatch = load_policy(settings.policy("dispatch.toml"))
    return Laboratory(
        region=region,
        cast=cast,
        parameters=load_parameters(settings.policy("simulation.toml")),
        rules=Rules(
            planning=load_planning_policy(settings.policy("planning.toml")),
            freshness=load_freshness(settings.policy("freshness.toml")),
            weight=dispatch.weight,
            vocabulary=load_vocabulary(),
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


def study(
    settings: Settings,
    policies: Sequence[str],
    loads: Sequence[float],
    seeds: int,
    days: float,
    jobs: int,
    out: Console,
) -> dict[str, Any]:
    """Runs everything and answers it as plain JSON values. Raises UnknownPolicy."""
    for name in policies:
        if name not in POLICIES:
            raise UnknownPolicy(f"no policy {name!r}: there are {', '.join(POLICIES)}")
    arms_of = list(dict.fromkeys([BASELINE, *policies]))
    runs: dict[float, list[Run]] = {}
    rates = {}
    with ProcessPoolExecutor(jobs, initializer=_prepare, initargs=(settings,)) as workers:
        tuned = {load: workers.submit(_tune, load, days) for load in loads}
        for load in loads:
            rates[load] = rate = tuned[load].result()
            out.print(f"load {load:g}: demand × {rate:.3f}", highlight=False)
            report = range(FIRST_REPORT_SEED, FIRST_REPORT_SEED + seeds)
            arms = [Arm(policy, rate, seed, days) for seed in report for policy in arms_of]
            runs[load] = []
            for run in workers.map(_run, arms):
                runs[load].append(run)
                arm = run.arm
                out.print(f"  seed {arm.seed} {arm.policy}: ×{run.speed:.0f}", highlight=False)
    found = findings(runs)
    show(found, out)
    return answer(found, runs, rates)


def answer(
    found: Sequence[Finding], runs: Mapping[float, Sequence[Run]], rates: Mapping[float, float]
) -> dict[str, Any]:
    """The study as plain values: what was found, and every run that it rests on."""
    return {
        "baseline": BASELINE,
        "confidence": 0.95,
        "demand": {f"{load:g}": rate for load, rate in rates.items()},
        "findings": [_plain(asdict(one)) for one in found],
        "runs": [
            {
                "load": load,
                "policy": run.arm.policy,
                "seed": run.arm.seed,
                "days": run.arm.days,
                "plans": run.plans,
                "events": run.events,
                "figures": dict(run.figures),
            }
            for load, of_load in runs.items()
            for run in of_load
        ],
    }


def show(found: Sequence[Finding], out: Console) -> None:
    """One table a load: each figure with its interval, and the change against the baseline."""
    by_key = {(one.load, one.policy, one.figure): one for one in found}
    policies = list(dict.fromkeys(one.policy for one in found))
    for load in dict.fromkeys(one.load for one in found):
        table = Table("figure", *policies, title=f"load {load:g} (95 % intervals over seeds)")
        for figure, label in SHOWN:
            cells = [_cell(by_key.get((load, policy, figure))) for policy in policies]
            table.add_row(label, *cells)
        out.print(table)


def _cell(one: Finding | None) -> str:
    if one is None:
        return "–"
    value = f"{one.value.mean:.3g} ± {one.value.half:.2g}"
    if one.policy == BASELINE:
        return value
    return f"{value}  ({100 * one.change.mean:+.1f} ± {100 * one.change.half:.1f} %)"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: an interval that one seed cannot give is null."""
    return json.loads(json.dumps(values).replace("Infinity", "null").replace("NaN", "null"))  # type: ignore[no-any-return]


_here: list[Laboratory] = []


def _prepare(settings: Settings) -> None:
    """Once in every worker process."""
    _here[:] = [demo_laboratory(settings)]


def _tune(load: float, days: float) -> float:
    return _here[0].tuned_rate(load, days)


def _run(arm: Arm) -> Run:
    return _here[0].run(arm)
