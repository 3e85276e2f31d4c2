"""Star pricing against every bundle, one by one, under random prices."""

from itertools import product

import numpy as np
import pytest

from optimizer.pricing import GRID, Prices, Rays
from optimizer.problem import in_order
from optimizer.stars import Choice, Stars, items_of, stars_of


def _all_choices(stars: Stars, request: int) -> list[Choice]:
    indices = product(
        range(stars.none_option + 1), range(stars.no_team + 1), range(stars.no_place + 1)
    )
    found = (stars.choice(request, *index) for index in indices)
    return [choice for choice in found if choice is not None]


def _random_prices(stars: Stars, seed: int) -> Prices:
    rng = np.random.default_rng(seed)
    sizes = (len(stars.team_capacity), len(stars.van_capacity), len(stars.place_capacity))
    return Prices(*(np.rint(rng.exponential(8000, size) * GRID) / GRID for size in sizes))


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_bundle_is_the_cheapest_of_all(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, requests=5, teams=5, vans=4, places=4)))
    prices, rays = _random_prices(stars, seed), Rays.of(stars, np.arange(5))
    offers = rays.price(prices)
    for i in range(5):
        every = [choice.cost + prices.of(stars, choice) for choice in _all_choices(stars, i)]
        assert offers.least[i] == min(every)


@pytest.mark.parametrize("seed", range(30))
def test_the_listed_bundles_are_all_within_the_limit_and_no_others(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, requests=5, teams=5, vans=4, places=4)))
    prices, rays = _random_prices(stars, seed), Rays.of(stars, np.arange(5))
    limit = rays.price(prices).least + 5000
    listed = list(rays.within(prices, limit))
    every = [
        choice
        for i in range(5)
        for choice in _all_choices(stars, i)
        if choice.cost + prices.of(stars, choice) <= limit[i]
    ]
    assert sorted(listed) == sorted(every)


@pytest.mark.parametrize("seed", range(15))
def test_the_components_of_every_bundle_add_up_to_its_price(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed)))
    for i in range(len(stars.problem.requests)):
        for choice in _all_choices(stars, i):
            assert sum(items_of(stars, choice).values()) == choice.cost


@pytest.mark.parametrize("seed", range(10))
def test_a_scope_without_one_request_is_priced_like_the_others_alone(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, requests=5, teams=5, vans=4, places=4)))
    prices = _random_prices(stars, seed)
    without = Rays.of(stars, np.arange(5)).without(2).price(prices)
    others = Rays.of(stars, np.array([0, 1, 3, 4])).price(prices)
    assert without.least.tolist() == others.least.tolist()
