"""What a chosen bundle is made of: in both ways the same, and adding up to its price."""

from dataclasses import replace

import numpy as np
import pytest

from optimizer.engine import COMPILED, PLAIN
from optimizer.pricing import Prices, within
from optimizer.problem import ANY, SELF, Bundle, Problem, in_order
from optimizer.remembered import NEVER
from optimizer.stars import Stars, stars_of

SIZES = (
    {},
    {"requests": 6, "teams": 5, "vans": 4, "places": 5},
    {"teams": 0, "features": False},
    {"vans": 0, "features": False},
    {"places": 0, "features": False},
    {"requests": 0, "features": False},
)


def _with_locks(problem: Problem, seed: int) -> Problem:
    rng = np.random.default_rng(seed)

    def part(resources):
        names = [ANY, None, *(resource.id for resource in resources)]
        return names[rng.integers(len(names))]

    def locked(request):
        if rng.random() < 0.6:
            return request
        team, van, place = part(problem.teams), part(problem.vans), part(problem.places)
        drives = team not in (ANY, None) and rng.random() < 0.3
        return replace(request, locked=Bundle(team, SELF if drives else van, place))

    return replace(problem, requests=tuple(map(locked, problem.requests)))


def _stars(random_problem, seed: int, size: dict) -> Stars:
    problem = random_problem(seed, **size)
    return stars_of(in_order(_with_locks(problem, seed) if seed % 2 else problem))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("seed", range(12))
def test_every_bundle_is_itemised_alike_in_both_ways_and_adds_up(random_problem, seed, size):
    stars = _stars(random_problem, seed, size)
    everyone = np.arange(len(stars.problem.requests))
    bundles, costs = within(stars, everyone, Prices.free(stars), np.full(len(everyone), NEVER - 1))
    others = np.random.default_rng(seed).integers(-1, max(stars.no_place, 1), len(bundles))
    others[others >= stars.no_place] = -1
    question = stars.sides, stars.numbers, stars.missing, bundles, others
    fast, slow = (way.itemised(*question) for way in (COMPILED, PLAIN))
    assert fast.costs.sum(axis=1).tolist() == costs.tolist()
    for found, expected in zip(fast, slow, strict=True):
        np.testing.assert_array_equal(found, expected)
