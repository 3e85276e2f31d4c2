"""Branch and bound against every combination and against CP-SAT, where three parts clash."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer import branching
from optimizer.branching import search
from optimizer.closing import Budget, Closed, choose
from optimizer.engine import PLAIN
from optimizer.pricing import Prices, bundles_of, choices_of, within
from optimizer.problem import in_order
from optimizer.remembered import NEVER
from optimizer.stars import Choice, stars_of

MUCH = 10**6


class _Clash:
    """A few requests that each want three parts at once, of which there are hardly enough."""

    def __init__(self, seed: int) -> None:
        self.rng = rng = np.random.default_rng(seed)
        requests, bundles = int(rng.integers(2, 7)), int(rng.integers(3, 8))
        kinds = [int(rng.integers(max(2, requests - 2), requests + 2)) for _ in range(3)]
        self.capacities = tuple(
            rng.integers(rng.random() < 0.8, 3 if k == 2 else 2, of) for k, of in enumerate(kinds)
        )
        self.requests = sorted(rng.choice(3 * requests, requests, replace=False).tolist())
        wanted = {
            (i, *(int(rng.integers(0, of + (rng.random() < 0.1))) for of in kinds))
            for i in self.requests
            for _ in range(bundles)
        }
        self.choices = [Choice(*bundle, int(rng.integers(1, 60))) for bundle in sorted(wanted)]
        self.budgets: tuple[Budget, ...] = ()

    def spare(self, part: int) -> None:
        """The first half of the requests may cost so much beyond their cheapest bundles."""
        first = self.requests[: len(self.requests) // 2]
        least = [min(c.cost for c in self.choices if c.request == i) for i in first]
        self.budgets = (Budget(frozenset(first), sum(least) + part),)

    def search(self, most: int = MUCH, effort: float = 30.0) -> Closed:
        listed = bundles_of(self.rng.permutation(self.choices))
        hint = self.rng.permutation(self.choices)[:3]
        hint = [Choice(*row) for row in hint.tolist()]
        return search(self.capacities, self.requests, listed, self.budgets, hint, most, effort)

    def best(self) -> int:
        """By trying every combination; MUCH if none is possible."""
        left = [free.tolist() for free in self.capacities]
        return self._best(0, left, [budget.tenths for budget in self.budgets])

    def _best(self, k: int, left: list[list[int]], money: list[int]) -> int:
        if k == len(self.requests):
            return 0
        least = MUCH
        for choice in self.choices:
            if choice.request != self.requests[k]:
                continue
            rest = [list(free) for free in left]
            for free, part in zip(rest, choice[1:4], strict=True):
                if part < len(free):
                    free[part] -= 1
            spent = [choice.cost * (choice.request in budget.requests) for budget in self.budgets]
            kept = [had - cost for had, cost in zip(money, spent, strict=True)]
            if min(min(free) for free in rest) >= 0 and min(kept, default=0) >= 0:
                least = min(least, choice.cost + self._best(k + 1, rest, kept))
        return least


@pytest.fixture
def solved(monkeypatch) -> list[int]:
    """The programs that each search solves, as they come."""
    programs = []
    plain = branching._Tree._branches
    monkeypatch.setattr(
        branching._Tree, "_branches", lambda *of: (programs.append(1), plain(*of))[1]
    )
    return programs


def test_what_is_found_is_the_best_of_all_combinations(solved):
    divided = 0
    for seed in range(500):
        clash = _Clash(seed)
        if seed % 3 == 0:
            clash.spare(seed % 20)
        best, before = clash.best(), len(solved)
        found = clash.search()
        assert found.exact
        assert sum(choice.cost for choice in found.choices) == best % MUCH
        assert [choice.request for choice in found.choices] == clash.requests * (best < MUCH)
        divided += len(solved) - before > 1
    assert divided > 25


def test_nothing_is_found_below_the_best():
    for seed in range(100):
        clash = _Clash(seed)
        best = clash.best()
        if best < MUCH:
            assert clash.search(best - 1) == Closed((), exact=True)
            assert sum(choice.cost for choice in clash.search(best).choices) == best


def test_the_same_question_has_the_same_answer_and_the_plain_engine_one_as_cheap(monkeypatch):
    clashes = [_Clash(seed) for seed in range(60)]
    answers = [clash.search() for clash in clashes]
    again = [_Clash(seed).search() for seed in range(60)]
    assert again == answers
    monkeypatch.setattr(branching, "engine", lambda: PLAIN)
    for clash, answer in zip(clashes, answers, strict=True):
        plain = clash.search()
        assert sum(c.cost for c in plain.choices) == sum(c.cost for c in answer.choices)


def test_where_no_limit_binds_everybody_has_their_cheapest():
    listed = [Choice(i, 0, 0, p, 10 * i + p) for i in (2, 5) for p in range(3)]
    ample = np.full(1, 9), np.full(1, 9), np.full(3, 9)
    found = search(ample, [2, 5], bundles_of(listed), (), (), MUCH, 30.0)
    assert found.exact
    assert [choice.cost for choice in found.choices] == [20, 50]


def test_without_effort_nothing_is_claimed(solved):
    claims = [_Clash(seed).search(effort=0.0) for seed in range(60)]
    assert not solved
    assert sum(not claim.exact for claim in claims) > 20


@pytest.mark.parametrize("seed", [*range(8), 406, 905, 1025, 1115, 1166, 1247])
def test_among_all_bundles_of_a_region_it_finds_what_cp_sat_finds(random_problem, seed):
    problem = random_problem(seed, requests=8, teams=6, vans=4, places=5)
    problem = replace(problem, requests=tuple(replace(r, rank=1) for r in problem.requests))
    stars = stars_of(in_order(problem))
    everyone = np.arange(8)
    listed = within(stars, everyone, Prices.free(stars), np.full(8, NEVER))
    capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
    dearest = sum(choice.cost for choice in stars.least)
    found = search(capacities, everyone.tolist(), listed, (), stars.least, dearest, 30.0)
    best = choose(stars, choices_of(*listed))
    assert found.exact
    assert sum(c.cost for c in found.choices) == sum(c.cost for c in best.choices)
