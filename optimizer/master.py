"""The relaxation over the bundles known so far: a GLOP model that grows and stays warm."""

from collections.abc import Iterable, Sequence

import numpy as np
from ortools.linear_solver import pywraplp

from optimizer.closing import Budget
from optimizer.eligibility import Ints
from optimizer.pricing import GRID, Floats, Prices
from optimizer.stars import Choice, Stars


class Master:
    """One bundle a request (equality), resources within capacity, earlier ranks within budget."""

    def __init__(self, stars: Stars, scope: Sequence[int], budgets: Sequence[Budget]) -> None:
        """An empty model for the requests in scope; add a feasible selection before solving."""
        self._stars = stars
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        # Preprocessing would throw away the basis, and with it the warm start.
        self._solver.SetSolverSpecificParametersAsString("use_preprocessing: false")
        self._objective = self._solver.Objective()
        self._objective.SetMinimization()
        self._requests = {i: self._solver.Constraint(1, 1) for i in scope}
        self._teams = self._rows(stars.team_capacity)
        self._vans = self._rows(stars.van_capacity)
        self._places = self._rows(stars.place_capacity)
        self._budgets = list(budgets)
        self._budget_rows = [
            self._solver.Constraint(-self._solver.infinity(), budget.tenths) for budget in budgets
        ]
        self._variables: dict[Choice, pywraplp.Variable] = {}
        self._forced: Choice | None = None

    def add(self, choices: Iterable[Choice]) -> int:
        """Add the bundles that are not there yet; how many those were."""
        before = len(self._variables)
        for choice in choices:
            if choice not in self._variables:
                self._variables[choice] = self._column(choice)
        return len(self._variables) - before

    def force(self, choice: Choice | None) -> None:
        """Use this bundle whatever it costs, and no other one of its request; None: none."""
        if self._forced is not None:
            self._variables[self._forced].SetLb(0)
        if choice is not None:
            self.add([choice])
            self._variables[choice].SetLb(1)
        self._forced = choice

    def solve(self) -> float | None:
        """Re-optimise; the value of the relaxation in tenths of a minute, None if it has none."""
        status = self._solver.Solve()
        if status == pywraplp.Solver.INFEASIBLE:
            return None
        if status != pywraplp.Solver.OPTIMAL:
            raise RuntimeError(f"the relaxation ended with GLOP status {status}")
        return float(self._objective.Value())

    def prices(self) -> Prices:
        """The shadow prices, on the grid and never negative."""
        return Prices(_duals(self._teams), _duals(self._vans), _duals(self._places))

    def budget_prices(self) -> Floats:
        """What a tenth of an earlier rank's cost is worth."""
        return _duals(self._budget_rows)

    def request_values(self, scope: Ints) -> Floats:
        """The dual value of each request."""
        return np.array([self._requests[int(i)].dual_value() for i in scope])

    def columns(self) -> tuple[Choice, ...]:
        """Every bundle of the model, in the order of their coming."""
        return tuple(self._variables)

    def solution(self) -> list[tuple[float, Choice]]:
        """The bundles in use with their share, the largest first."""
        used = [(v.solution_value(), choice) for choice, v in self._variables.items()]
        return sorted(((x, c) for x, c in used if x > 1e-6), key=lambda xc: (-xc[0], xc[1]))

    def _rows(self, capacity: Ints) -> list[pywraplp.Constraint]:
        return [self._solver.Constraint(0, int(count)) for count in capacity]

    def _column(self, choice: Choice) -> pywraplp.Variable:
        stars = self._stars
        variable = self._solver.NumVar(0, self._solver.infinity(), "")
        self._objective.SetCoefficient(variable, choice.cost)
        self._requests[choice.request].SetCoefficient(variable, 1)
        if choice.team < stars.no_team:
            self._teams[choice.team].SetCoefficient(variable, 1)
        if choice.option < stars.self_option:
            self._vans[choice.option].SetCoefficient(variable, 1)
        if choice.place < stars.no_place:
            self._places[choice.place].SetCoefficient(variable, 1)
        for budget, row in zip(self._budgets, self._budget_rows, strict=True):
            if choice.request in budget.requests:
                row.SetCoefficient(variable, choice.cost)
        return variable


def _duals(rows: list[pywraplp.Constraint]) -> Floats:
    duals = np.array([row.dual_value() for row in rows], dtype=np.float64)
    prices: Floats = np.rint(np.maximum(0.0, -duals) * GRID) / GRID
    return prices
