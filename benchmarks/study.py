"""Whether planning together beats nearest idle: the policy laboratory on the demo's thirty teams.

Full: the first twenty of the forty report seeds of docs/simulation.md, at each load: about ten
minutes on two cores. Short: two seeds of a quarter of a day at one load, marked as such and held to
no target.
"""

from collections.abc import Iterator, Mapping

from rich.console import Console

from benchmarks.rows import Row, row
from caretower.laboratory import Study, conduct
from caretower.settings import Settings
from dispatch.words import Tier
from simulator.study import Finding, Seeds

JOBS = 2
FULL = Study(["caretower"], [0.32, 0.42, 0.55], Seeds((1, 2), tuple(range(1001, 1021))), 1.0)
SHORT = Study(["caretower"], [0.55], Seeds((1,), (1001, 1002)), 0.25, rounds=1)
TARGETS = {
    (0.55, "late"): -25.0,
    (0.55, "imminent_p90"): -25.0,
    (0.32, "worst_tier"): 1.0,
}
FIGURES = {"late": "all.late", "imminent_p90": "imminent.p90_min", "mean": "all.mean_min"}
TIERS = tuple(f"{tier.value}.mean_min" for tier in Tier)


def run(*, short: bool) -> list[Row]:
    """Rows of this module: changes against the baseline in per cent, less is better."""
    studied = conduct(Settings(), SHORT if short else FULL, JOBS, Console(quiet=True))
    by_load: dict[float, dict[str, Finding]] = {}
    for one in studied.found:
        if one.policy == "caretower":
            by_load.setdefault(one.load, {})[one.figure] = one
    return [one for load, found in by_load.items() for one in _rows(load, found, short=short)]


def _rows(load: float, found: Mapping[str, Finding], *, short: bool) -> Iterator[Row]:
    told = {name: found[figure] for name, figure in FIGURES.items()}
    told["worst_tier"] = max((found[name] for name in TIERS), key=lambda one: one.change.mean)
    for name, one in told.items():
        target = None if short else TARGETS.get((load, name))
        change = 100 * one.change.mean
        yield row(f"study.load_{round(100 * load):03d}.{name}", change, "%", target) | {
            "half": 100 * one.change.half,
            "seeds": one.change.count,
            "figure": one.figure,
            "short": short,
        }
