"""`make bench`: runs every measurement, prints a table, writes build/bench.json.

A broken *ratio* fails the run; a time never does, because machines differ and are noisy.
"""

import argparse
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

MODULES = (
    "plan",
    "assign",
    "peers",
    "national",
    "rides",
    "matrix",
    "roads",
    "registry",
    "record",
    "live",
    "gps",
    "wall",
    "simulation",
    "study",
)
SHORT_SLACK = 0.3
Row = dict[str, Any]


def measure(names: list[str], *, short: bool) -> list[Row]:
    """The rows of the named modules, one module after the other, never side by side."""
    rows: list[Row] = []
    for name in names:
        started = time.perf_counter()
        print(f"measuring {name} ...", flush=True)
        rows += importlib.import_module(f"benchmarks.{name}").run(short=short)
        print(f"  took {time.perf_counter() - started:.0f} s", flush=True)
    return rows


def broken(row: Row, *, short: bool) -> bool:
    """Answers and ratios are guarded, times are only shown.

    The short form has few samples: there a ratio is broken when it misses a third of its target.
    """
    unit = str(row["unit"])
    if row.get("holds") is not False or unit.startswith(("ms", "us", "s")) or unit.endswith("/s"):
        return False
    if short and row["unit"] == "x":
        return bool(row["value"] < row["target"] * SHORT_SLACK)
    return True


def show(rows: list[Row]) -> None:
    """A table for people."""
    columns = ("name", "value", "unit", "baseline", "ratio", "target", "holds")
    table = Table(*columns)
    for row in rows:
        table.add_row(
            *(f"{v:.4g}" if isinstance(v := row.get(c), float) else str(v) for c in columns)
        )
    Console(width=140).print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("--short", action="store_true", help="the small form that CI runs")
    parser.add_argument("only", nargs="*", choices=[*MODULES, []], help="modules to run (all)")
    options = parser.parse_args()
    rows = measure(options.only or list(MODULES), short=options.short)
    show(rows)
    target = Path("build/bench.json")
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(rows, indent=2) + "\n")
    faults = [row["name"] for row in rows if broken(row, short=options.short)]
    if faults:
        print("broken: " + ", ".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
