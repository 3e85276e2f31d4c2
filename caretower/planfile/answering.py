"""From a plan file to its plan: the best that the time allows, checked, in words."""

import codecs
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from caretower.planfile.asking import ask
from caretower.planfile.complaints import unread
from caretower.planfile.form import PlanFile
from caretower.planfile.reading import (
    PlanFileError,
    checked_settings,
    dispatch_policy,
    read,
    rules_of,
    text_of,
)
from dispatch.planning.question import Question
from dispatch.planning.recommendation import PlanView, decode, plan_view, shown_bundles
from dispatch.planning.serving import would_serve
from optimizer.check import check
from optimizer.closing import EFFORT
from optimizer.plan import Arrivals, Assignment, Plan
from optimizer.problem import Bundle
from optimizer.solve import Deadline, solve
from optimizer.strictness import price_of_strictness
from optimizer.warming import warm_up
from optimizer.worth import worths

Ticks = Callable[[], float]
"""Seconds that only grow."""
MANY = 20
"""Requests beyond which the compiled way pays for being loaded, or for being compiled once."""


def plan_file(path: Path, previous: Path | None = None) -> dict[str, Any]:
    """Plan a file; answers the plan as plain JSON values. `previous`: an earlier answer, which is
    then what the screens show. "-" is standard input. Raises PlanFileError."""
    before = None if previous is None else _earlier(previous)
    return plan_text(text_of(path), path.parent, before)


def plan_text(
    text: str,
    folder: Path | None = None,
    before: PlanView | None = None,
    ticks: Ticks = time.monotonic,
) -> dict[str, Any]:
    """Plan the text of a file. Raises PlanFileError."""
    file, settings = read(text, folder), checked_settings()
    try:
        rules, policy = rules_of(file, settings), dispatch_policy(settings)
        put = ask(file, rules, policy, shown_bundles(before))
        view = _plan(put, file, ticks)
    except PlanFileError:
        raise
    except ValueError as wrong:
        raise PlanFileError(str(wrong)) from None
    answer: dict[str, Any] = msgspec.to_builtins(view)
    return answer


def plan_file_schema() -> dict[str, Any]:
    """The JSON schema of a plan file."""
    return PlanFile.model_json_schema()


def _earlier(path: Path) -> PlanView:
    try:
        return decode(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except OSError as wrong:
        raise PlanFileError(f"--previous {path}: {unread(wrong)}") from None
    except (msgspec.MsgspecError, RecursionError):
        raise PlanFileError(f"--previous {path}: this is not an earlier answer") from None


def _plan(put: Question, file: PlanFile, ticks: Ticks) -> PlanView:
    is_late = _deadline(file.deadline_s, ticks)
    if len(put.problem.requests) > MANY and file.deadline_s is None:
        warm_up()
    told = [one.id for one in put.problem.requests] if file.explain == "full" else []
    plan = solve(
        put.problem,
        previous=_previous(put.situation.shown),
        deadline=is_late,
        explain=told,
        effort=EFFORT if file.deadline_s is None else min(EFFORT, file.deadline_s),
    )
    faults = check(put.problem, plan)
    if faults:
        raise PlanFileError(f"the plan did not pass its checker: {faults[0]}")
    strict = put.rules.planning.strict
    return plan_view(
        put,
        plan,
        version=1,
        at=(0, 0),
        serving=would_serve(put, plan, told, is_late),
        worth=worths(put.problem, plan, told, is_late),
        strict_tenths=price_of_strictness(put.problem, plan, is_late) if strict else None,
    )


def _deadline(within_s: float | None, ticks: Ticks) -> Deadline:
    if within_s is None:
        return lambda: False
    end_s = ticks() + within_s
    return lambda: ticks() >= end_s


def _previous(shown: Mapping[str, Bundle]) -> Plan | None:
    """The bundles of an earlier plan: all that a new one begins with."""
    if not shown:
        return None
    kept = tuple(Assignment(name, bundle, Arrivals(), ()) for name, bundle in shown.items())
    return Plan(kept, objective=0, bound=0, stage="repaired", proved=False, by_rank=())
