"""How much faster than life the policy laboratory runs at state scale, planning at each event."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.state_world import state_world
from caretower.laboratory import laboratory
from caretower.settings import Settings
from geo.region import load_region
from optimizer.warming import warm_up
from simulator.study import Arm, Cast

TARGET = 500.0
DAYS = {True: 0.1, False: 0.75}
SEED = 2026
RATE = 1.0
"""The demand of the parameters file: all of Utah."""


def run(*, short: bool) -> list[dict[str, Any]]:
    """Rows of this module."""
    with tempfile.TemporaryDirectory(prefix="ct-") as folder:
        region = load_region("utah", Path(folder))
    empty = laboratory(Settings(), region, Cast((), (), ()))
    world = state_world(region, empty.start_ms)
    lab = laboratory(Settings(), region, Cast(world.teams, world.vans, world.pools))
    warm_up()
    lab.run(Arm("caretower", RATE, SEED, 0.01))
    done = lab.run(Arm("caretower", RATE, SEED, DAYS[short]))
    plan_ms = 1000 * done.real_s / max(1, done.plans)
    return [
        {
            "name": "sim.speedup",
            "value": done.speed,
            "unit": "x",
            "baseline": None,
            "ratio": None,
            "target": TARGET,
            "holds": done.speed >= TARGET,
        },
        {
            "name": "sim.plan_ms",
            "value": plan_ms,
            "unit": "ms",
            "baseline": None,
            "ratio": None,
            "target": None,
            "holds": None,
        },
    ]
