"""Exact star pricing: the cheapest bundles of every request under given shadow prices.

Around one option the team and the place are chosen apart, because costs add up; only where the
pair then breaks the joint limit (a shift that ends) are all pairs looked at, and only if that
option could still win. Prices are multiples of 1/1024, so float64 sums are exact.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints
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
    """The best bundle around each ray: value, team, place (rays,). By request of the scope:
    `least`, the value of its best bundle, and `extra`, the index of the extra that has it or -1."""

    value: Floats
    team: Ints
    place: Ints
    least: Floats
    extra: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """The (request, option) pairs of a scope around which any bundle exists, in order.

    `row` (rays,) is the position of the request in the scope, `first` (scope,) its first ray;
    team_side (rays, J + 1) and place_side (rays, P + 1) are costs as float64.
    """

    stars: Stars
    scope: Ints
    row: Ints
    option: Ints
    first: Ints
    team_side: Floats
    place_side: Floats

    @staticmethod
    def of(stars: Stars, scope: Ints) -> "Rays":
        """Every request has at least one: what is always possible is around one."""
        team, place = stars.team_side[scope].min(axis=2), stars.place_side[scope].min(axis=2)
        row, option = np.nonzero(((team < FAR) & (place < FAR)) | _always(stars, scope))
        i = scope[row]
        return Rays(
            stars,
            scope,
            row,
            option,
            np.searchsorted(row, np.arange(len(scope))),
            stars.team_side[i, option].astype(np.float64),
            stars.place_side[i, option].astype(np.float64),
        )

    def without(self, request: int) -> "Rays":
        """The same without one request."""
        stays = self.scope[self.row] != request
        scope = self.scope[self.scope != request]
        row = np.searchsorted(scope, self.scope[self.row[stays]])
        return Rays(
            self.stars,
            scope,
            row,
            self.option[stays],
            np.searchsorted(row, np.arange(len(scope))),
            self.team_side[stays],
            self.place_side[stays],
        )

    def price(self, prices: Prices) -> Offers:
        """The cheapest bundle of every request, costs plus prices, exactly."""
        if not len(self.scope):
            nothing = np.zeros(0)
            return Offers(nothing, self.row, self.row, nothing, self.row)
        team_side, place_side = self._priced(prices)
        team, place = team_side.argmin(axis=1), place_side.argmin(axis=1)
        rays = np.arange(len(self.row))
        value = team_side[rays, team] + place_side[rays, place]
        self._respect_limits(team_side, place_side, (value, team, place))
        least = np.minimum.reduceat(value, self.first)
        extra = np.full(len(self.scope), -1, dtype=np.int64)
        for k, i in enumerate(self.scope.tolist()):
            for e, choice in enumerate(self.stars.extras[i]):
                worth = choice.cost + prices.of(self.stars, choice)
                if worth < least[k]:
                    least[k], extra[k] = worth, e
        return Offers(value, team, place, least, extra)

    def within(self, prices: Prices, limit: Floats) -> Iterator[Choice]:
        """Every bundle whose cost plus prices is at most its request's limit (scope,)."""
        stars = self.stars
        listed = [{extra[1:4]: extra for extra in stars.extras[i]} for i in self.scope.tolist()]
        for k, extras in enumerate(listed):
            for extra in extras.values():
                if extra.cost + prices.of(stars, extra) <= limit[k]:
                    yield extra
        team_side, place_side = self._priced(prices)
        least = team_side.min(axis=1) + place_side.min(axis=1)
        for ray in np.flatnonzero(least <= np.minimum(limit[self.row], FAR - 1)).tolist():
            k, option = int(self.row[ray]), int(self.option[ray])
            sums = team_side[ray][:, None] + place_side[ray][None, :]
            possible = (sums <= limit[k]) & (sums < FAR) & self._fits(ray)
            for team, place in np.argwhere(possible).tolist():
                choice = stars.plain(int(self.scope[k]), option, team, place)
                if choice is not None and choice[1:4] not in listed[k]:
                    yield choice

    def _priced(self, prices: Prices) -> tuple[Floats, Floats]:
        van = np.concatenate([prices.van, [0.0, 0.0]])[self.option]
        team_side = self.team_side + np.append(prices.team, 0.0)
        team_side += van[:, None]
        return team_side, self.place_side + np.append(prices.place, 0.0)

    def _fits(self, ray: int) -> Bools:
        i, option = self.scope[self.row[ray]], self.option[ray]
        need, room = self.stars.need[i, option], self.stars.room[i, option]
        fits: Bools = need[:, None] <= room[None, :]
        return fits

    def _best_fit(self, ray: int, team_side: Floats, place_side: Floats) -> tuple[float, int, int]:
        """The cheapest pair within the limit: each team with the cheapest place roomy enough."""
        i, option = self.scope[self.row[ray]], self.option[ray]
        room = self.stars.room[i, option]
        roomiest = np.argsort(-room, kind="stable")
        cheapest = np.minimum.accumulate(place_side[roomiest])
        fitting = np.searchsorted(-room[roomiest], -self.stars.need[i, option], side="right")
        sums = np.where(fitting > 0, team_side + cheapest[fitting - 1], np.inf)
        team = int(sums.argmin())
        among = roomiest[: fitting[team]]
        place = int(among[place_side[among].argmin()]) if len(among) else 0
        return float(sums[team]), team, place

    def _respect_limits(
        self, team_side: Floats, place_side: Floats, best: tuple[Floats, Ints, Ints]
    ) -> None:
        """Replace each pair that breaks its limit by the best that does not, where it could win."""
        value, team, place = best
        i = self.scope[self.row]
        need, room = self.stars.need[i, self.option, team], self.stars.room[i, self.option, place]
        broken = np.flatnonzero((need > room) & (value < FAR))
        intact = value.copy()
        intact[broken] = np.inf
        least = np.minimum.reduceat(intact, self.first)
        for ray in broken[np.argsort(value[broken], kind="stable")].tolist():
            row = self.row[ray]
            if value[ray] >= least[row]:
                value[ray] = np.inf
                continue
            value[ray], team[ray], place[ray] = self._best_fit(ray, team_side[ray], place_side[ray])
            least[row] = min(least[row], value[ray])


def _always(stars: Stars, scope: Ints) -> Bools:
    """The option of what is always possible, which may be an extra only."""
    always = np.zeros((len(scope), stars.none_option + 1), dtype=np.bool_)
    for k, i in enumerate(scope.tolist()):
        always[k, stars.least[i].option] = True
    return always
