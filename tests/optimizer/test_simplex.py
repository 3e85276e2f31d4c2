"""The compiled simplex against HiGHS, change after change: the same optimum, the same refusals."""

import numpy as np
import pytest
from scipy.optimize import linprog

from optimizer.glop import Glop
from optimizer.pivots import FOUND, IMPOSSIBLE
from optimizer.simplex import Simplex

WIDTH = 6


class _Program:
    """A random assignment with three resources a bundle, some with limits that they take from or
    give to, kept beside the simplex that solves it."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.people, self.things = (
            int(self.rng.integers(low, high)) for low, high in ((4, 30), (6, 40))
        )
        size = self.people + self.things
        self.is_request = np.arange(size) < self.people
        self.rhs = np.where(self.is_request, 1.0, self.rng.integers(0, 3, size))
        self.simplex = Simplex(self.rhs, self.is_request, WIDTH)
        self.matrix, self.cost = np.zeros((size, 0)), np.zeros(0)
        self.may = np.zeros(0, dtype=bool)
        alone = np.zeros((self.people, WIDTH), dtype=np.int64)
        alone[:, 0] = np.arange(self.people)
        coef = np.zeros((self.people, WIDTH))
        coef[:, 0] = 1
        self._add(alone, coef, np.full(self.people, 9000.0))

    def change(self) -> None:
        """More columns; another capacity; other prices and closed columns; a column forced."""
        rng = self.rng
        kind = rng.integers(0, 4)
        if kind == 0:
            count = int(rng.integers(1, 30))
            things = self.people + np.argsort(rng.random((count, self.things)))[:, : WIDTH - 1]
            rows = np.column_stack([rng.integers(0, self.people, count), things])
            coef = np.ones((count, WIDTH))
            coef[:, 4:] = rng.choice([0, 0, 0, 0, 0, -1, 1], (count, WIDTH - 4))
            self._add(rows, coef, rng.integers(0, 9000, count).astype(float))
        elif kind == 1:
            self.rhs = self.rhs.copy()
            self.rhs[rng.integers(0, len(self.rhs))] = rng.integers(0, 2)
            self.simplex.set_rhs(self.rhs)
        elif kind == 2:
            bundles = len(self.cost) - self.people
            self.cost[self.people :] += rng.integers(-300, 300, bundles)
            self.may = np.append(np.ones(self.people, dtype=bool), rng.random(bundles) < 0.9)
            self.simplex.price(self.cost, self.may)
        else:
            column = int(rng.integers(0, len(self.cost)))
            self.simplex.set_rhs(np.maximum(self.rhs - self.matrix[:, column], 0))

    def _add(self, rows: np.ndarray, coef: np.ndarray, cost: np.ndarray) -> None:
        self.simplex.add(rows, coef, cost)
        fresh = np.zeros((len(self.rhs), len(cost)))
        for k in range(WIDTH):
            np.add.at(fresh, (rows[:, k], np.arange(len(cost))), coef[:, k])
        self.matrix = np.hstack([self.matrix, fresh])
        self.cost = np.append(self.cost, cost)
        self.may = np.append(self.may, np.ones(len(cost), dtype=bool))

    def optimum(self) -> float | None:
        """By HiGHS; None if there is no solution."""
        own, rhs = self.is_request, self.simplex.rhs
        found = linprog(
            self.cost,
            A_ub=self.matrix[~own], b_ub=rhs[~own], A_eq=self.matrix[own], b_eq=rhs[own],
            bounds=np.column_stack([np.zeros(len(self.cost)), np.where(self.may, np.inf, 0)]),
        )  # fmt: skip
        return float(found.fun) if found.status == 0 else None


@pytest.mark.parametrize("seed", range(12))
def test_after_every_change_the_simplex_finds_the_optimum_or_proves_that_there_is_none(seed):
    program = _Program(seed)
    for _ in range(40):
        program.change()
        ended, optimum = program.simplex.solve(), program.optimum()
        assert ended == (IMPOSSIBLE if optimum is None else FOUND)
        if optimum is not None:
            assert program.simplex.value() == pytest.approx(optimum, abs=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_the_basis_of_glop_is_one_to_go_on_from(seed):
    program = _Program(seed)
    for _ in range(20):
        program.change()
        ours, rhs = program.simplex, program.simplex.rhs
        if ours.solve() != FOUND:
            continue
        table = ours.tableau
        rows, coef = table.rows[: ours.count], table.coef[: ours.count]
        solvers = Glop(rhs, program.is_request, WIDTH), Simplex(rhs, program.is_request, WIDTH)
        for solver in solvers:
            solver.add(rows, coef, program.cost)
            solver.price(program.cost, program.may)
        glop, anew = solvers
        assert glop.solve() == FOUND
        columns, _ = glop.basis()
        anew.begin_at(*glop.basis())
        assert set(np.flatnonzero(anew.in_basis())) == set(columns)
        assert anew.solve() == FOUND
        assert anew.value() == pytest.approx(ours.value(), abs=0.05)


def test_a_column_that_is_closed_while_in_use_leaves_no_large_number_behind():
    is_request = np.array([True, True, False])
    simplex = Simplex(np.array([1.0, 1.0, 1.0]), is_request, 2)
    rows = np.array([[0, 0], [1, 0], [0, 2], [1, 2]])
    coef = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    cost = np.array([9.0, 9.0, 1.0, 2.0])
    simplex.add(rows, coef, cost)
    assert simplex.solve() == FOUND
    assert simplex.value() == pytest.approx(10, abs=1e-4)
    simplex.price(np.array([9.0, 9.0, 2.0**44, 2.0]), np.array([True, True, False, True]))
    assert simplex.solve() == FOUND
    assert simplex.value() == pytest.approx(11, abs=1e-4)
    assert np.abs(simplex.y).max() < 10


def test_rows_and_columns_may_come_and_go():
    simplex = Simplex(np.array([1.0]), np.array([True]), 2)
    simplex.add(np.array([[0, 0]]), np.array([[1.0, 0.0]]), np.array([9.0]))
    assert simplex.solve() == FOUND
    simplex.add_rows(np.array([True, False]))
    simplex.set_rhs(np.array([1.0, 1.0, 1.0]))
    simplex.add(
        np.array([[1, 0], [0, 2], [1, 2]]),
        np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 1.0]]),
        np.array([9.0, 4.0, 1.0]),
    )
    assert simplex.solve() == FOUND
    assert simplex.value() == pytest.approx(10, abs=1e-4)
    simplex.keep(np.array([True, False, False, True]) | simplex.in_basis())
    assert simplex.solve() == FOUND
    assert simplex.value() == pytest.approx(10, abs=1e-4)
