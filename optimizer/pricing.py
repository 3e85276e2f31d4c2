"""Exact star pricing: the cheapest bundles of every request under given shadow prices.

Around one option the team and the place are chosen apart, because costs add up; only where the
pair then breaks the joint limit (a shift that ends) are all pairs looked at, and only if that
option could still win. Prices are multiples of 1/1024, so float64 sums are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Ints
from optimizer.stars import FAR, Choice, Stars

Floats = NDArray[np.float64]
GRID = 1024
"""Shadow prices are rounded to this part of a tenth of a minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Prices:
    """What a unit of each resource costs: team (J,), van (V,), place (P,), none below zero."""

    team: Floats
    van: Floats
    place: Floats

    @staticmethod
    def free(stars: Stars) -> "Prices":
        """Everything for nothing."""
        sizes = (stars.team_capacity, stars.van_capacity, stars.place_capacity)
        return Prices(*(np.zeros(len(size)) for size in sizes))

    def worth(self, stars: Stars) -> float:
        """The value of all capacity at these prices."""
        return float(
            self.team @ stars.team_capacity
            + self.van @ stars.van_capacity
            + self.place @ stars.place_capacity
        )

    def of(self, stars: Stars, choice: Choice) -> float:
        """What the resources of a choice cost."""
        team = self.team[choice.team] if choice.team < stars.no_team else 0.0
        van = self.van[choice.option] if choice.option < stars.self_option else 0.0
        place = self.place[choice.place] if choice.place < stars.no_place else 0.0
        return float(team + van + place)


@dataclass(frozen=True, slots=True, eq=False)
class Offers:
    """The best bundle around each option: value, team and place (scope, options); `least` (scope,)
    is the value of the request's best bundle, `extra` the index of the extra that has it or -1."""

    value: Floats
    team: Ints
    place: Ints
    least: Floats
    extra: Ints


def price(stars: Stars, scope: Ints, prices: Prices) -> Offers:
    """The cheapest bundle of every request in `scope`, costs plus prices, exactly."""
    team_side, place_side = _priced_sides(stars, scope, prices)
    team, place = team_side.argmin(axis=2), place_side.argmin(axis=2)
    value = _take(team_side, team) + _take(place_side, place)
    _respect_limits(stars, scope, team_side, place_side, (value, team, place))
    least, extra = value.min(axis=1), np.full(len(scope), -1, dtype=np.int64)
    for k, i in enumerate(scope):
        for e, choice in enumerate(stars.extras[i]):
            worth = choice.cost + prices.of(stars, choice)
            if worth < least[k]:
                least[k], extra[k] = worth, e
    return Offers(value, team, place, least, extra)


def within(stars: Stars, scope: Ints, prices: Prices, limit: Floats) -> Iterator[Choice]:
    """Every bundle of every request whose cost plus prices is at most the request's limit."""
    team_side, place_side = _priced_sides(stars, scope, prices)
    least = team_side.min(axis=2) + place_side.min(axis=2)
    for k, i in enumerate(scope):
        listed = {extra[1:4]: extra for extra in stars.extras[i]}
        for extra in listed.values():
            if extra.cost + prices.of(stars, extra) <= limit[k]:
                yield extra
        for option in np.flatnonzero(least[k] <= min(limit[k], FAR - 1)):
            sums = team_side[k, option][:, None] + place_side[k, option][None, :]
            fits = stars.need[i, option][:, None] <= stars.room[i, option][None, :]
            for team, place in np.argwhere((sums <= limit[k]) & (sums < FAR) & fits):
                choice = stars.plain(int(i), int(option), int(team), int(place))
                if choice is not None and choice[1:4] not in listed:
                    yield choice


def _priced_sides(stars: Stars, scope: Ints, prices: Prices) -> tuple[Floats, Floats]:
    team_price, place_price = np.append(prices.team, 0.0), np.append(prices.place, 0.0)
    van_price = np.concatenate([prices.van, [0.0, 0.0]])
    team_side = stars.team_side[scope] + team_price
    place_side = stars.place_side[scope] + place_price
    place_side += van_price[:, None]
    return team_side, place_side


def _take(side: Floats, index: Ints) -> Floats:
    taken: Floats = np.take_along_axis(side, index[:, :, None], axis=2)[:, :, 0]
    return taken


def _respect_limits(
    stars: Stars,
    scope: Ints,
    team_side: Floats,
    place_side: Floats,
    best: tuple[Floats, Ints, Ints],
) -> None:
    """Replace each pair that breaks its limit by the best that does not, where it could win."""
    value, team, place = best
    rows, options = scope[:, None], np.arange(value.shape[1])[None, :]
    broken = stars.need[rows, options, team] > stars.room[rows, options, place]
    broken &= value < FAR
    least = np.where(broken, np.inf, value).min(axis=1)
    for k, option in np.argwhere(broken):
        if value[k, option] >= least[k]:
            value[k, option] = np.inf
            continue
        i = scope[k]
        sums = team_side[k, option][:, None] + place_side[k, option][None, :]
        fits = stars.need[i, option][:, None] <= stars.room[i, option][None, :]
        sums = np.where(fits, sums, np.inf)
        team[k, option], place[k, option] = np.unravel_index(sums.argmin(), sums.shape)
        value[k, option] = sums.min()
        least[k] = min(least[k], value[k, option])
