"""What the page about the optimizer must not leave out: every module, every part of the price."""

from dataclasses import fields
from pathlib import Path

import pytest

from optimizer.problem import Policy
from optimizer.solve import solve

HOUSE = Path(__file__).parents[2]
PAGE = (HOUSE / "docs" / "optimizer.md").read_text()


def _between(start: str, end: str) -> str:
    return PAGE.partition(start)[2].partition(end)[0]


def test_every_module_stands_in_the_recipe():
    recipe = _between("## The recipe", "\n## ")
    modules = {path.name for path in (HOUSE / "optimizer").glob("*.py")} - {"__init__.py"}
    assert {name for name in modules if f"`{name}`" not in recipe} == set()


@pytest.mark.parametrize("seed", range(8))
def test_every_component_has_its_formula(random_problem, seed):
    plan = solve(random_problem(seed, requests=6, teams=3, vans=2, places=2))
    formulas = _between("**Components.**", "A part is missing")
    told = {name for assignment in plan.assignments for name, _ in assignment.costs}
    assert {name for name in told if f"| `{name}` |" not in formulas} == set()


def test_every_figure_of_the_policy_has_its_place():
    costs = _between("## Costs", "\n## ")
    named = {one.name for one in fields(Policy)} - {"possible_chance"}
    assert {name for name in named if f"`{name}`" not in costs} == set()
