"""`make mutants`: plants one fault at a time in a copy of the planning; its tests must find each.

Every fault is one that somebody could write in good faith. A survivor means that a test is missing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).resolve().parent.parent
PATIENCE_S = 300
"""Tests that take so long have found a fault: they never end by themselves."""
NEEDED = (
    "optimizer", "dispatch", "directory", "record", "registry", "geo", "caretower", "policy",
    "tests", "benchmarks", "pyproject.toml",
)  # fmt: skip
OPTIMIZER, PLANNING = "tests/optimizer", "tests/dispatch/planning"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is replaced in a module, and the tests that must find it."""

    name: str
    module: str
    right: str
    wrong: str
    tests: str = OPTIMIZER


FAULTS = (
    Fault(
        "the driver's shift is forgotten", "optimizer/sides.py",
        "sides.home[v, p] <= sides.van_end[v])", "0 <= sides.van_end[v])",
    ),
    Fault(
        "the team's shift is forgotten", "optimizer/pairs.py",
        "SHIFT if not first and at + onscene > teams.end[j] else 0", "0",
    ),
    Fault(
        "a dual has the wrong sign", "optimizer/generation.py",
        "max(0.0, -dual)", "max(0.0, dual)",
    ),
    Fault(
        "a dual has the wrong sign while the kernels compile", "optimizer/pricing.py",
        "np.maximum(0.0, -duals)", "np.maximum(0.0, duals)",
    ),
    Fault(
        "what is certain of a request outlives the prices", "optimizer/generation.py",
        "        if not is_first:\n            lower(",
        "        if count < 0:\n            lower(",
    ),
    Fault(
        "the closing adds reduced costs instead of true ones", "optimizer/ranks.py",
        "    decided, prices = bundles_of(earlier.choices)\n",
        "    decided, prices = bundles_of(earlier.choices)\n"
        "    costs = step.certificate.prices.of_bundles(bundles, costs) // GRID\n",
    ),
    Fault(
        "a branch is forgotten", "optimizer/branching.py",
        "        return [without, with_it] if more else [with_it, without]",
        "        return [with_it] if more else [without]",
    ),
    Fault(
        "a budget of an earlier rank is not heeded", "optimizer/branching.py",
        "    binding[packing.units :] = True\n", "    binding[packing.units :] = False\n",
    ),
    Fault(
        "only the nearest places are looked at", "optimizer/stars.py",
        "        place=place.cost,\n",
        "        place=np.where("
        "place.cost.argsort(axis=1).argsort(axis=1) < 2, place.cost, FAR),\n",
    ),
    Fault(
        "a lock is ignored", "optimizer/pairs.py",
        "return otherwise if lock == OPEN else lock == k", "return otherwise or lock == k",
    ),
    Fault(
        "a warm plan keeps the last question's costs", "optimizer/columns.py",
        "        costs[n] = _cost(sides, bundles[n]) if is_open else FAR\n",
        "        now = _cost(sides, bundles[n]) if is_open else FAR\n"
        "        if now == FAR or costs[n] == FAR:\n            costs[n] = now\n",
    ),
    Fault(
        "what is known of a star does not fall with prices", "optimizer/remembered.py",
        "max(memory.least[s, o] - drop, 0)",
        "max(memory.least[s, o], 0)",
    ),
    Fault(
        "what is certain of a request forgets the bundles that are shown", "optimizer/certain.py",
        "    for e in range(EXTRAS):", "    for e in range(0):",
    ),
    Fault(
        "the bound forgets the capacities", "optimizer/bounds.py",
        "int(least.sum()) - prices.worth(stars)", "int(least.sum())",
    ),
    Fault(
        "weights trade between the ranks", "optimizer/given.py",
        "            tuple((ranks == rank).nonzero()[0] for rank in sorted(set(ranks.tolist()))),",
        "            (np.arange(len(ranks)),) if len(ranks) else (),",
    ),
    Fault(
        "what is taken counts as free in the reasons", "optimizer/counting.py",
        "unfit += (mine[r] == 0) & room[r]", "unfit += mine[r] == 0",
    ),
    Fault(
        "a team that may not come is the nearest", "optimizer/counting.py",
        "if flags[i, j] == 0 and arrival[i, j] < least:", "if arrival[i, j] < least:",
    ),
    Fault(
        "a place that locks give twice is not told", "optimizer/reasons.py",
        "selection.used[part][index] > _stock(", "selection.used[part][index] > 1 + _stock(",
    ),
    Fault(
        "stability makes the shown bundle dearer", "optimizer/stars.py",
        "costs - stability_item(n)[rows]", "costs + stability_item(n)[rows]",
    ),
    Fault(
        "being late already does not count", "optimizer/costs.py",
        "        + priced(p.patience_factor * weight, _late(requests, every, 0))\n", "",
    ),
    Fault(
        "waiting for a busy team is priced as its road", "optimizer/costs.py",
        "priced(rates.team_approach, drive)", "priced(rates.team_approach, arrival)",
    ),
    Fault(
        "a shortest path leaves the prices as they were", "optimizer/matching.py",
        "        worth[route[k]] -= rise\n", "",
    ),
    Fault(
        "what somebody lets go keeps its price", "optimizer/matching.py",
        "        _settle_resource(m, had)\n", "        m.holder[had] = ALONE\n",
    ),
    Fault(
        "a turn gives out what another rank has", "optimizer/turns.py",
        "if ranks[choice.request] != rank:", "if ranks[choice.request] < rank:",
    ),
    Fault(
        "a change that serves nobody is told", "optimizer/remedies.py",
        "if not after.proved or assignment.missing or worse:", "if not after.proved:",
    ),
    Fault(
        "travel times stay when the roads change", "dispatch/planning/driving.py",
        "kept = homes.get(version)", "kept = next(iter(homes.values()), None)",
        f"{PLANNING}/test_driving.py",
    ),
    Fault(
        "a facility that declined is asked again", "dispatch/planning/question.py",
        "    return refused | pools | slots", "    return refused", f"{PLANNING}/test_needs.py",
    ),
    Fault(
        "the custody clock is not heeded", "dispatch/planning/question.py",
        "target_s=min(problem.target_s, latest_s)", "target_s=problem.target_s",
        f"{PLANNING}/test_places.py",
    ),
)  # fmt: skip


def main() -> int:
    """How many faults survive."""
    survivors = []
    for fault in FAULTS:
        started = time.perf_counter()
        found = _is_found(fault)
        spent_s = time.perf_counter() - started
        print(f"{'found' if found else 'SURVIVED':9} {spent_s:4.0f} s  {fault.name}", flush=True)
        if not found:
            survivors.append(fault.name)
    print(f"{len(FAULTS) - len(survivors)} of {len(FAULTS)} faults found")
    return len(survivors)


def _is_found(fault: Fault) -> bool:
    """Whether the tests fail with the fault planted."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in NEEDED:
            source = HOUSE / name
            into = copy / name
            if source.is_dir():
                shutil.copytree(source, into, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, into)
        module = copy / fault.module
        text = module.read_text(encoding="utf-8")
        if text.count(fault.right) != 1:
            raise LookupError(f"{fault.name}: its place in {fault.module} is gone")
        module.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not slow", fault.tests]
        path = {**os.environ, "PYTHONPATH": folder}
        try:
            ended = subprocess.run(
                command, cwd=copy, env=path, capture_output=True, check=False, timeout=PATIENCE_S
            )
        except subprocess.TimeoutExpired:
            return True
        return ended.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
