"""The same program as `simplex.py`, by OR-Tools' GLOP: the solver of record.

It plans while the kernels compile, whenever the compiled simplex gives up, and in the tests as
its judge.
"""

import numpy as np
from ortools.linear_solver import pywraplp

from optimizer.pivots import FOUND, IMPOSSIBLE, Bools, Floats, Ints

WARM, ANEW = "use_preprocessing: false", "use_preprocessing: true"


class Glop:
    """As `Simplex`."""

    def __init__(self, rhs: Floats, is_equality: Bools, _width: int) -> None:
        self._solver = pywraplp.Solver.CreateSolver("GLOP")
        # Preprocessing would throw away the basis, and with it the warm start.
        self._solver.SetSolverSpecificParametersAsString(WARM)
        self._objective = self._solver.Objective()
        self._objective.SetMinimization()
        self._rows: list[pywraplp.Constraint] = []
        self._columns: list[pywraplp.Variable] = []
        self._is_equality, self.rhs, self.y = is_equality[:0], rhs[:0], rhs[:0]
        self.add_rows(is_equality)
        self.set_rhs(rhs)

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._columns)

    def add(self, rows: Ints, coef: Floats, cost: Floats) -> None:
        """As `Simplex.add`."""
        for at, entries, price in zip(rows.tolist(), coef.tolist(), cost.tolist(), strict=True):
            column = self._solver.NumVar(0, self._solver.infinity(), "")
            self._objective.SetCoefficient(column, price)
            for row, entry in zip(at, entries, strict=True):
                if entry:
                    self._rows[row].SetCoefficient(column, entry)
            self._columns.append(column)

    def add_rows(self, is_equality: Bools) -> None:
        """As `Simplex.add_rows`."""
        self._rows += [self._solver.Constraint(-self._solver.infinity(), 0) for _ in is_equality]
        self._is_equality = np.append(self._is_equality, is_equality)
        self.y = np.append(self.y, np.zeros(len(is_equality)))
        self.set_rhs(np.append(self.rhs, np.zeros(len(is_equality))))

    def keep(self, columns: Bools) -> None:
        """As `Simplex.keep`; what is forgotten has no cost and no entries from now on."""
        for column, kept in zip(self._columns, columns.tolist(), strict=True):
            if not kept:
                self._objective.SetCoefficient(column, 0.0)
                column.SetUb(0)
        self._columns = [c for c, kept in zip(self._columns, columns.tolist(), strict=True) if kept]

    def in_basis(self) -> Bools:
        """As `Simplex.in_basis`; GLOP can go on without any."""
        return np.zeros(self.count, dtype=np.bool_)

    def price(self, cost: Floats, may: Bools) -> None:
        """As `Simplex.price`."""
        for column, price, is_open in zip(self._columns, cost.tolist(), may.tolist(), strict=True):
            # A closed column may stay in the basis: its cost would be in every price.
            self._objective.SetCoefficient(column, price if is_open else 0.0)
            column.SetUb(self._solver.infinity() if is_open else 0)

    def set_rhs(self, rhs: Floats) -> None:
        """As `Simplex.set_rhs`."""
        self.rhs = rhs
        for row, limit, is_equality in zip(self._rows, rhs, self._is_equality, strict=True):
            row.SetBounds(limit if is_equality else -self._solver.infinity(), limit)

    def enter(self, column: int, row: int) -> None:
        """GLOP finds its own way in."""

    def solve(self) -> int:
        """As `Simplex.solve`. Where GLOP loses its digits on the way, it begins anew."""
        status = self._solver.Solve()
        if status == pywraplp.Solver.ABNORMAL:
            self._solver.SetSolverSpecificParametersAsString(ANEW)
            status = self._solver.Solve()
            self._solver.SetSolverSpecificParametersAsString(WARM)
        if status == pywraplp.Solver.INFEASIBLE:
            return IMPOSSIBLE
        self.y = np.array([row.dual_value() for row in self._rows])
        if status != pywraplp.Solver.OPTIMAL or not np.isfinite(self.y).all():
            raise RuntimeError(f"the relaxation ended with GLOP status {status}")
        return FOUND

    def rebuild(self) -> None:
        """GLOP sees to its own digits."""

    def value(self) -> float:
        """As `Simplex.value`."""
        return float(self._objective.Value())

    def solution(self) -> tuple[Ints, Floats]:
        """As `Simplex.solution`."""
        x = np.array([column.solution_value() for column in self._columns])
        used = np.flatnonzero(x > 1e-4)
        return used, x[used]

    def basis(self) -> tuple[Ints, Ints]:
        """The columns of the last optimum's basis, and the rows whose slacks are in it."""
        basic = pywraplp.Solver.BASIC
        columns, rows = (
            np.flatnonzero([part.basis_status() == basic for part in parts])
            for parts in (self._columns, self._rows)
        )
        return columns, rows
