"""Requests and one kind of resource: after every event the proof holds, and SciPy agrees."""

from itertools import product

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scipy.optimize import linear_sum_assignment

from optimizer import assignment as assigning
from optimizer.assignment import Assignment
from optimizer.engine import COMPILED, PLAIN
from optimizer.matching import ALONE
from optimizer.problem import InvalidProblemError
from optimizer.sides import FAR

DEAREST = 60
Costs = np.ndarray


def _line(rng: np.random.Generator, length: int, most: int = DEAREST) -> Costs:
    """Costs with many ties, some below zero, some impossible."""
    line = rng.integers(-5, most, length)
    line[rng.random(length) < 0.25] = FAR
    return line


def _from_scratch(costs: Costs, alone: Costs) -> int:
    own = np.full((len(alone), len(alone)), FAR)
    np.fill_diagonal(own, alone)
    table = np.hstack([costs, own])
    return int(table[linear_sum_assignment(table)].sum())


def _assert_proved(given: Assignment, costs: Costs, alone: Costs) -> None:
    """Prices, values, pairs and total against the raw costs, one at a time."""
    chosen, proof = given.resources.tolist(), given.proof()
    value, price = proof.value.tolist(), proof.price.tolist()
    taken = [j for j in chosen if j != ALONE]
    assert len(set(taken)) == len(taken)
    for i, j in product(range(len(alone)), range(costs.shape[1])):
        assert value[i] - price[j] <= costs[i, j]
    total = 0
    for i, j in enumerate(chosen):
        pays = int(alone[i] if j == ALONE else costs[i, j])
        assert pays < FAR
        assert value[i] <= alone[i]
        assert value[i] - (0 if j == ALONE else price[j]) == pays
        total += pays
    assert all(p >= 0 for p in price)
    assert all(price[j] == 0 for j in range(len(price)) if j not in taken)
    assert given.total == proof.bound == total


class Events(RuleBasedStateMachine):
    """A region in which everything may happen at any time."""

    @initialize(
        requests=st.integers(0, 7),
        resources=st.integers(0, 6),
        seed=st.integers(0, 2**32),
        engine=st.sampled_from([COMPILED, COMPILED, PLAIN]),
    )
    def begin(self, requests, resources, seed, engine):
        self.rng = np.random.default_rng(seed)
        self.costs = np.array(
            [_line(self.rng, resources) for _ in range(requests)], dtype=np.int64
        ).reshape(requests, resources)
        self.alone = self.rng.integers(0, 2 * DEAREST, requests)
        self.engine, assigning.engine = assigning.engine, lambda: engine
        self.given = Assignment(self.costs, self.alone)

    def teardown(self):
        if hasattr(self, "engine"):
            assigning.engine = self.engine

    def _any(self, length):
        return int(self.rng.integers(length)) if length else None

    @rule(gone=st.booleans())
    def somebody_asks_or_is_done(self, gone):
        if (i := self._any(len(self.alone))) is None:
            return
        self.costs[i] = FAR if gone else _line(self.rng, self.costs.shape[1])
        self.alone[i] = 0 if gone else self.rng.integers(0, 2 * DEAREST)
        self.given.change_request(i, self.costs[i], int(self.alone[i]))

    @rule(gone=st.booleans())
    def a_resource_comes_moves_or_goes(self, gone):
        if (j := self._any(self.costs.shape[1])) is None:
            return
        self.costs[:, j] = FAR if gone else _line(self.rng, len(self.alone))
        self.given.change_resource(j, self.costs[:, j])

    @rule()
    def time_passes(self):
        later = self.rng.integers(0, 4, self.costs.shape)
        self.costs = np.where(self.costs < FAR, self.costs + later, FAR)
        self.alone = self.alone + self.rng.integers(0, 4, len(self.alone))
        self.given.change_all(self.costs, self.alone)

    @invariant()
    def nothing_is_cheaper(self):
        if hasattr(self, "given"):
            _assert_proved(self.given, self.costs, self.alone)
            assert self.given.total == _from_scratch(self.costs, self.alone)


TestEvents = Events.TestCase
TestEvents.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


def test_a_state_stays_optimal_over_hundreds_of_events():
    rng = np.random.default_rng(5)
    requests, resources = 84, 60
    costs = np.stack([_line(rng, resources, 10_000) for _ in range(requests)])
    alone = rng.integers(0, 20_000, requests)
    given = Assignment(costs, alone)
    for event in range(300):
        if event % 2:
            i = int(rng.integers(requests))
            costs[i] = _line(rng, resources, 10_000)
            given.change_request(i, costs[i], int(alone[i]))
        else:
            j = int(rng.integers(resources))
            costs[:, j] = _line(rng, requests, 10_000) if event % 3 else FAR
            given.change_resource(j, costs[:, j])
        proof = given.proof()
        assert (proof.value <= alone).all()
        assert (proof.price >= 0).all()
        assert (proof.value[:, None] - proof.price <= costs).all()
        assert given.total == proof.bound == _from_scratch(costs, alone)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_among_all_assignments_is_cheaper(seed):
    rng = np.random.default_rng(seed)
    costs, alone = np.stack([_line(rng, 3) for _ in range(4)]), rng.integers(0, 2 * DEAREST, 4)
    ways = (way for way in product(range(-1, 3), repeat=4) if _is_possible(way))
    least = min(
        sum(int(alone[i] if j == ALONE else costs[i, j]) for i, j in enumerate(way)) for way in ways
    )
    assert Assignment(costs, alone).total == least


def _is_possible(way: tuple[int, ...]) -> bool:
    taken = [j for j in way if j != ALONE]
    return len(set(taken)) == len(taken)


def test_the_same_events_give_the_same_pairs_where_everything_costs_the_same():
    def pairs() -> list[int]:
        given = Assignment(np.full((6, 4), 7), np.full(6, 20))
        given.change_resource(2, np.full(6, 7))
        given.change_request(0, np.full(4, 7), 20)
        return given.resources.tolist()

    assert pairs() == pairs()


@pytest.mark.parametrize("engine", [COMPILED, PLAIN])
def test_the_largest_costs_stay_exact(monkeypatch, engine):
    monkeypatch.setattr(assigning, "engine", lambda: engine)
    top = FAR - 1
    costs = np.array([[top, -top, top - 1], [-top, -top, FAR], [top, 1 - top, FAR]])
    alone = np.array([top, top, top])
    given = Assignment(costs, alone)
    _assert_proved(given, costs, alone)
    assert given.total == top - 1 - top + 1 - top
    given.change_resource(1, np.array([FAR, FAR, top]))
    costs[:, 1] = FAR, FAR, top
    _assert_proved(given, costs, alone)


def test_costs_that_could_overflow_are_refused():
    fair, price = np.ones((2, 2), dtype=np.int64), np.ones(2, dtype=np.int64)
    given = Assignment(fair, price)
    with pytest.raises(InvalidProblemError):
        Assignment(-FAR * fair, price)
    with pytest.raises(InvalidProblemError):
        Assignment(fair, FAR * price)
    with pytest.raises(InvalidProblemError):
        given.change_request(0, fair[0], FAR)
    with pytest.raises(InvalidProblemError):
        given.change_resource(0, -FAR * fair[0])


def test_a_refused_change_changes_nothing():
    assignment = Assignment(np.array([[3, 9], [4, 5]]), np.array([1, 1]))
    for change in (
        lambda: assignment.change_request(0, np.array([-FAR, 1]), 7),
        lambda: assignment.change_all(np.array([[-FAR, 1], [1, 1]]), np.array([7, 7])),
    ):
        with pytest.raises(InvalidProblemError):
            change()
        assignment.change_resource(0, np.array([3, 4]))
        assert assignment.total == 2
