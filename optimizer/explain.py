"""What else could be done for one request, and what it would cost the region, exactly.

A bundle is forced and everything else is solved again: the difference is its regret. The search
is best first: a candidate begins with the bound of the plan's own prices, is then relaxed with the
bundle forced (whose prices bound all other candidates too), and is closed only if it still leads.
It ends when no candidate left can beat those found. Ranks planned before stay at their optimum:
what would cost them anything is no alternative.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np

from optimizer.bounds import Relaxed
from optimizer.plan import Alternative
from optimizer.pricing import Floats, Prices
from optimizer.ranks import Outcome, close_forced, rank_costs, relax_forced, total
from optimizer.stars import FAR, Choice, Stars
from optimizer.timeline import arrivals

COUNT = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """The next best bundles, cheapest first, and the best one with the team that is nearest, if
    that is another team than the plan's."""

    alternatives: tuple[Alternative, ...] = ()
    nearest: Alternative | None = None


def explained(
    stars: Stars, outcome: Outcome, request: int, is_late: Callable[[], bool]
) -> Explanation:
    """Everything about one request of a proved plan; nothing once the time is up."""
    others = alternatives(stars, outcome, request, COUNT, is_late=is_late)
    nearest, chosen = nearest_team(stars, request), outcome.choices[request].team
    if nearest is None or nearest == chosen:
        return Explanation(others)
    by_nearest = alternatives(stars, outcome, request, 1, team=nearest, is_late=is_late)
    return Explanation(others, by_nearest[0] if by_nearest else None)


def nearest_team(stars: Stars, request: int) -> int | None:
    """The eligible team that would arrive first; None if nobody may come."""
    if not stars.problem.requests[request].needs_team or not len(stars.problem.teams):
        return None
    eligible = stars.faults.team[request] == 0
    arrival = np.where(eligible, stars.numbers.times.arrival[request], FAR)
    return int(arrival.argmin()) if eligible.any() else None


def alternatives(
    stars: Stars,
    outcome: Outcome,
    request: int,
    count: int,
    team: int | None = None,
    is_late: Callable[[], bool] = lambda: False,
) -> tuple[Alternative, ...]:
    """The `count` next best bundles (with that team, if one is given), cheapest first.

    Fewer if no more are possible; none if the time was up before they were proved.
    """
    position = next(k for k, step in enumerate(outcome.steps) if request in step.scope)
    search = _Search.of(stars, outcome, position, request, team)
    relaxed: dict[Choice, Relaxed] = {}
    found: list[Alternative] = []
    while (candidate := search.next()) is not None:
        if is_late():
            return ()
        worst = found[count - 1].regret_by_rank[position][1] if len(found) >= count else None
        if worst is not None and search.cannot_beat(worst):
            break
        if candidate in relaxed:
            forced = close_forced(stars, outcome, candidate, relaxed.pop(candidate))
            search.strike(candidate)
            if forced is not None and not forced.proved:
                return ()
            if forced is not None:
                found.append(_alternative(stars, outcome, forced, candidate))
                found.sort(key=lambda other: [regret for _, regret in other.regret_by_rank])
        elif (bounded := relax_forced(outcome, candidate)) is not None:
            relaxed[candidate] = bounded
            search.learn(candidate, bounded)
        else:
            search.strike_all(outcome, candidate)
    return tuple(found[:count])


def _alternative(stars: Stars, outcome: Outcome, forced: Outcome, choice: Choice) -> Alternative:
    best, other = rank_costs(stars, outcome.choices), rank_costs(stars, forced.choices)
    return Alternative(
        bundle=stars.bundle(choice),
        arrivals=arrivals(stars, choice),
        regret=total(forced.choices) - total(outcome.choices),
        regret_by_rank=tuple((rank, other[rank] - cost) for rank, cost in best.items()),
    )


@dataclass(slots=True, eq=False)
class _Search:
    """The bundles of one request by what the ranks up to its own must cost with each, at least.

    `least` (options, teams + 1, places + 1) only grows: every relaxation brings new prices, and
    they bound every other bundle too. inf: not possible, or done.
    """

    stars: Stars
    request: int
    least: Floats
    optimum: int
    is_last: bool

    @staticmethod
    def of(
        stars: Stars, outcome: Outcome, position: int, request: int, team: int | None
    ) -> "_Search":
        step, chosen = outcome.steps[position], outcome.choices[request]
        values = _values(stars, step.certificate.prices, request)
        own = step.certificate.least[step.scope == request][0]
        least = values + (float(step.certificate.bound) - own)
        least[chosen.option, chosen.team, chosen.place] = np.inf
        van_gone, team_gone, place_gone = step.earlier.claimed(stars)
        least[: stars.self_option][van_gone] = np.inf
        least[:, : stars.no_team][:, team_gone] = np.inf
        least[:, :, : stars.no_place][:, :, place_gone] = np.inf
        if team is not None:
            least[:, np.arange(least.shape[1]) != team] = np.inf
        decided = step.earlier.requests.union(step.scope.tolist())
        optimum = total(choice for choice in outcome.choices if choice.request in decided)
        is_last = position == len(outcome.steps) - 1
        return _Search(stars, request, least, optimum, is_last)

    def next(self) -> Choice | None:
        """The bundle that may cost least; None if there is none left."""
        option, team, place = np.unravel_index(self.least.argmin(), self.least.shape)
        if not np.isfinite(self.least[option, team, place]):
            return None
        return self.stars.choice(self.request, int(option), int(team), int(place))

    def cannot_beat(self, regret: int) -> bool:
        """Whether every bundle left costs this rank more; in the last rank, as much is enough."""
        least = ceil(self.least.min()) - self.optimum
        return least > regret or (self.is_last and least == regret)

    def learn(self, choice: Choice, relaxed: Relaxed) -> None:
        """Raise every bundle to what the prices with this one forced prove."""
        certificate = relaxed.certificate
        own = choice.cost + certificate.prices.of(self.stars, choice)
        values = _values(self.stars, certificate.prices, self.request)
        np.maximum(self.least, values + (float(certificate.bound) - own), out=self.least)

    def strike(self, choice: Choice) -> None:
        """This bundle is done."""
        self.least[choice.option, choice.team, choice.place] = np.inf

    def strike_all(self, outcome: Outcome, choice: Choice) -> None:
        """Strike a bundle that earlier ranks do not allow, and every other one with its team or
        its place if they do not even allow that alone."""
        self.strike(choice)
        none, no_team, no_place = self.stars.none_option, self.stars.no_team, self.stars.no_place
        if choice.team < no_team and self._is_impossible(outcome, none, choice.team, no_place):
            self.least[:, choice.team] = np.inf
        if choice.place < no_place and self._is_impossible(outcome, none, no_team, choice.place):
            self.least[:, :, choice.place] = np.inf

    def _is_impossible(self, outcome: Outcome, option: int, team: int, place: int) -> bool:
        alone = self.stars.choice(self.request, option, team, place)
        return alone is not None and relax_forced(outcome, alone) is None


def _values(stars: Stars, prices: Prices, request: int) -> Floats:
    """Cost plus prices of every bundle of a request (options, teams + 1, places + 1); inf if it
    is not feasible."""
    van = np.concatenate([prices.van, [0.0, 0.0]])[:, None]
    team_side = stars.team_side[request] + np.append(prices.team, 0.0) + van
    place_side = stars.place_side[request] + np.append(prices.place, 0.0)
    values: Floats = team_side[:, :, None] + place_side[:, None, :]
    fits = stars.need[request][:, :, None] <= stars.room[request][:, None, :]
    values = np.where(fits & (values < FAR), values, np.inf)
    for extra in stars.extras[request]:
        values[extra.option, extra.team, extra.place] = extra.cost + prices.of(stars, extra)
    return values
