"""`caretower region import`: read, judge, compare, and only then change anything."""

import hashlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from caretower.importing.cells import Judge
from caretower.importing.changes import Change, Comparison, read_known, stable_id
from caretower.importing.rows import Plan, Source, named, read_plan, unknown
from caretower.importing.tables import Problem
from caretower.machine import stores
from caretower.processes import operator
from caretower.settings import Settings
from caretower.wiring import POLICY, Tower, api_services, production
from geo.region import load_region
from registry.vocabulary import load_vocabulary

MOST_SHOWN = 200


class NothingImported(ValueError):
    """The files have errors; nothing was changed."""


async def import_region(
    settings: Settings, files: Mapping[str, Path], console: Console, *, dry_run: bool
) -> None:
    """Raises NothingImported after saying every problem of every file; OSError; BadRegion."""
    sources = {what: Source(path.name, path.read_bytes()) for what, path in files.items()}
    region = load_region(settings.region, settings.cache_dir, settings.regions)
    vocabulary = load_vocabulary(POLICY / "vocabulary.toml")
    plan = read_plan(sources, Judge(region, vocabulary, time.time_ns() // 1_000_000))
    _say(plan.problems, console)
    if not plan.sound:
        raise _refusal(plan.problems)
    say = console.print
    async with stores(settings, lambda text: say(text)) as found, production(found) as tower:
        await import_plan(tower, plan, sources, console, dry_run=dry_run)


async def import_plan(
    tower: Tower, plan: Plan, sources: Mapping[str, Source], console: Console, *, dry_run: bool
) -> None:
    """Compare with the region as it is and put the difference in place."""
    comparison = await compare(tower, plan)
    missing = _missing(comparison)
    _say(missing, console)
    if missing:
        raise _refusal(missing)
    changes = comparison.changes()
    _tell(changes, comparison, console)
    if dry_run:
        console.print("Dry run: nothing was changed.")
        return
    for text in await carry_out(changes):
        console.print(text, soft_wrap=True)
    if changes:
        await _sign(tower, sources, len(changes))
    console.print("Done." if changes else "Nothing to change.")


async def compare(tower: Tower, plan: Plan) -> Comparison:
    """The plan beside what the region knows now."""
    known = await read_known(tower.directory, tower.registry)
    return Comparison(api_services(tower), known, plan, operator())


async def carry_out(changes: Sequence[Change]) -> list[str]:
    """One after the other; answers what somebody should know."""
    said: list[str] = []
    for change in changes:
        said += await change.do()
    return said


def _missing(comparison: Comparison) -> tuple[Problem, ...]:
    known = comparison.known
    there = {"facility": known.facilities, "team": known.resources.teams}
    asked = sorted({(each.kind, each.key) for each in named(comparison.plan)})
    found = {
        of: [
            key
            for kind, key in asked
            if kind == of and stable_id(comparison.region, kind, key) in ids
        ]
        for of, ids in there.items()
    }
    return unknown(comparison.plan, found)


async def _sign(tower: Tower, sources: Mapping[str, Source], count: int) -> None:
    """The audit knows which files were imported, and by whom."""
    digests = {what: hashlib.sha256(source.data).hexdigest() for what, source in sources.items()}
    async with tower.journal.transaction(operator()) as tx:
        detail = {"changes": count, **digests}
        await tx.audit("region.import", "region", tower.region.id, detail=detail)


def _say(problems: Sequence[Problem], console: Console) -> None:
    for problem in problems[:MOST_SHOWN]:
        mark = "error  " if problem.fatal else "look at"
        console.print(f"{mark}  {problem}", soft_wrap=True, markup=False)
    if len(problems) > MOST_SHOWN:
        console.print(f"… and {len(problems) - MOST_SHOWN:,} more")


def _refusal(problems: Sequence[Problem]) -> NothingImported:
    errors = sum(problem.fatal for problem in problems)
    return NothingImported(f"{errors} error{'s' if errors > 1 else ''}: nothing was imported")


ACCOMPANY = ("organization", "agreement", "hours")
"""What follows from a row: shown only where it changes by itself; a unit's service never."""


def _tell(changes: Sequence[Change], comparison: Comparison, console: Console) -> None:
    shown = [
        change
        for change in changes
        if change.of != "service" and (change.of not in ACCOMPANY or change.what != "new")
    ]
    for change in shown[:MOST_SHOWN]:
        text = f"{change.of:<10} {change.key:<24} {change.what}"
        console.print(text, soft_wrap=True, markup=False)
    if len(shown) > MOST_SHOWN:
        console.print(f"… and {len(shown) - MOST_SHOWN:,} more")
    for what in ("new", "changed"):
        counts = Counter(change.of for change in shown if (change.what == "new") is (what == "new"))
        said = ", ".join(f"{of} {count}" for of, count in counts.items())
        console.print(f"{what.title()}: {said or 'nothing'}.", soft_wrap=True)
    if kept := comparison.not_in_files():
        names = ", ".join(kept[:20]) + (" …" if len(kept) > 20 else "")
        console.print(f"Not in the files, and kept: {names}", soft_wrap=True, markup=False)
