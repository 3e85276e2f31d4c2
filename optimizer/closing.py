"""The exact choice among listed bundles, by CP-SAT on true costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ortools.sat.python import cp_model

from optimizer.eligibility import Ints
from optimizer.stars import Choice, Stars

EFFORT = 30.0
"""CP-SAT's own deterministic time (about seconds), so that a search ends the same everywhere."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The requests that were planned before, and what they may cost together at most."""

    requests: frozenset[int]
    tenths: int


@dataclass(frozen=True, slots=True)
class Closed:
    """The best selection found among the listed bundles; `exact` if none of them is better."""

    choices: tuple[Choice, ...]
    exact: bool

    @property
    def cost(self) -> int:
        """What they cost together."""
        return sum(choice.cost for choice in self.choices)


def choose(
    stars: Stars,
    listed: Iterable[Choice],
    budgets: Sequence[Budget] = (),
    hint: Sequence[Choice] = (),
    effort: float = EFFORT,
) -> Closed | None:
    """One bundle for each request that has any, the cheapest together, within capacity.

    `hint` is a selection known to be possible, or empty; None if there is no selection.
    """
    model = cp_model.CpModel()
    choices = sorted({*listed, *hint})
    picked = [model.new_bool_var("") for _ in choices]
    hinted = set(hint)
    for choice, variable in zip(choices, picked, strict=True):
        model.add_hint(variable, choice in hinted)
    for members in _groups(choices, 0, len(stars.problem.requests)).values():
        model.add_exactly_one(picked[k] for k in members)
    for field, capacity in (
        (1, stars.van_capacity),
        (2, stars.team_capacity),
        (3, stars.place_capacity),
    ):
        _limit(model, picked, _groups(choices, field, len(capacity)), capacity)
    for budget in budgets:
        spent = [
            choice.cost * picked[k]
            for k, choice in enumerate(choices)
            if choice.request in budget.requests
        ]
        model.add(sum(spent) <= budget.tenths)
    model.minimize(sum(c.cost * x for c, x in zip(choices, picked, strict=True)))
    solver = _solver(effort)
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Closed(tuple(sorted(hint)), exact=False) if hint else None
    chosen = tuple(c for c, x in zip(choices, picked, strict=True) if solver.boolean_value(x))
    return Closed(chosen, exact=status == cp_model.OPTIMAL)


def _groups(choices: list[Choice], field: int, count: int) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for k, choice in enumerate(choices):
        if choice[field] < count:
            groups.setdefault(choice[field], []).append(k)
    return groups


def _limit(
    model: cp_model.CpModel,
    picked: list[cp_model.IntVar],
    groups: dict[int, list[int]],
    capacity: Ints,
) -> None:
    for resource, members in groups.items():
        if len(members) > capacity[resource]:
            model.add(sum(picked[k] for k in members) <= int(capacity[resource]))


def _solver(effort: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.linearization_level = 2
    solver.parameters.max_deterministic_time = effort
    return solver
