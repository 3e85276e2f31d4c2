"""What else could be done for one request, and what it would cost the region, exactly.

A bundle is forced and everything else is solved again: the difference is its regret. The search
is best first: a candidate begins with the bound of the plan's own prices, is then relaxed with the
bundle forced (whose prices bound all other candidates too), and is closed only if it still leads.
It ends when no candidate left can beat those found. Ranks planned before stay at their optimum:
what would cost them anything is no alternative.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.accounts import accounts_of
from optimizer.bounds import Relaxed
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.plan import Alternative
from optimizer.pricing import bundles_of, choices_of, within
from optimizer.ranks import Outcome, close_forced, rank_costs, relax_forced, total
from optimizer.sides import FAR, GRID
from optimizer.stars import Choice, Stars

FIRST_SLACK = 300 * GRID
"""Grains within which bundles are listed first: half an hour."""
SLACK_GROWTH = 8
COUNT = 3
NOBODY = NOWHERE = -1


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
    nearest, chosen = int(nearest_teams(stars)[request]), outcome.choices[request].team
    if nearest in (NOBODY, chosen):
        return Explanation(others)
    by_nearest = alternatives(stars, outcome, request, 1, team=nearest, is_late=is_late)
    return Explanation(others, by_nearest[0] if by_nearest else None)


def nearest_teams(stars: Stars) -> Ints:
    """The eligible team that would arrive first at each request (R,); NOBODY if none may come."""
    return engine().first_teams(
        stars.faults.team, stars.numbers.times.arrival, stars.sides.needs_team
    )


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
    search = _Search(stars, outcome, position, request, team)
    relaxed: dict[Choice, Relaxed] = {}
    found: list[Alternative] = []
    while (candidate := search.next()) is not None:
        if is_late():
            return ()
        worst = found[count - 1].regret_by_rank[position][1] if len(found) >= count else None
        if worst is not None and search.cannot_beat(worst):
            break
        if candidate in relaxed:
            other = _forced(stars, outcome, position, candidate, relaxed.pop(candidate))
            search.strike(candidate)
            if other is not None and not other.proved:
                return ()
            if other is not None:
                found.append(_alternative(stars, outcome, other, candidate))
                found.sort(key=lambda one: [regret for _, regret in one.regret_by_rank])
        elif (bounded := relax_forced(outcome, candidate)) is not None:
            relaxed[candidate] = bounded
            search.learn(candidate, bounded)
        else:
            search.strike_all(candidate)
    return tuple(found[:count])


@dataclass(frozen=True, slots=True)
class _Forced:
    """The cost of each rank with a bundle forced, and whether it is proved."""

    by_rank: dict[int, int]
    proved: bool


def _forced(
    stars: Stars, outcome: Outcome, position: int, choice: Choice, relaxed: Relaxed
) -> _Forced | None:
    """The optimum with this choice made; None if earlier ranks do not allow it."""
    best = rank_costs(stars, outcome.chosen)
    is_last = position == len(outcome.steps) - 1
    if is_last and relaxed.is_whole and relaxed.total <= relaxed.certificate.whole:
        # Earlier ranks are at their optimum in any such selection: this one pays all.
        rank = stars.problem.requests[choice.request].rank
        own = relaxed.total - sum(best.values()) + best[rank]
        return _Forced({**best, rank: own}, proved=True)
    closed = close_forced(stars, outcome, choice, relaxed)
    if closed is None:
        return None
    return _Forced(rank_costs(stars, closed.chosen), closed.proved)


def _alternative(stars: Stars, outcome: Outcome, forced: _Forced, choice: Choice) -> Alternative:
    best = rank_costs(stars, outcome.chosen)
    by_rank = tuple((rank, forced.by_rank[rank] - cost) for rank, cost in best.items())
    return Alternative(
        bundle=stars.bundle(choice),
        arrivals=accounts_of(stars, bundles_of([choice])[0], np.array([NOWHERE])).arrivals[0],
        regret=sum(regret for _, regret in by_rank),
        regret_by_rank=by_rank,
    )


class _Search:
    """The bundles of one request by what the ranks up to its own must cost with each, at least.

    The list grows as far as it must; every relaxation brings new prices, and they bound every
    bundle of the list too.
    """

    def __init__(
        self, stars: Stars, outcome: Outcome, position: int, request: int, team: int | None
    ) -> None:
        self._stars, self._outcome, self._request, self._team = stars, outcome, request, team
        self._step, self._chosen = outcome.steps[position], outcome.choices[request]
        self._is_last = position == len(outcome.steps) - 1
        self._claimed = self._step.earlier.claimed(stars)
        decided = self._step.earlier.requests.union(self._step.scope.tolist())
        self._optimum = total(outcome.chosen[list(decided)])
        certificate = self._step.certificate
        self._own = int(certificate.least[self._step.scope == request][0])
        self._learnt = [(certificate.prices, certificate.bound - self._own)]
        self._struck: set[tuple[int, ...]] = {self._chosen[1:4]}
        self._list(FIRST_SLACK)

    def _list(self, slack: int) -> None:
        """List the bundles whose value is within `slack` (grains) of the request's least."""
        prices, offset = self._learnt[0]
        self._slack = slack
        only = np.array([self._request], dtype=np.int64)
        limit = np.array([self._own + slack], dtype=np.int64)
        bundles, costs = within(self._stars, only, prices, limit)
        fits = np.ones(len(bundles), dtype=np.bool_)
        for k, gone in enumerate(self._claimed, start=1):
            padded = np.append(gone, [False, False])
            fits &= ~padded[bundles[:, k]]
        if self._team is not None:
            fits &= bundles[:, 2] == self._team
        for k in np.flatnonzero(fits).tolist():
            fits[k] = tuple(bundles[k, 1:].tolist()) not in self._struck
        self._bundles, self._costs = bundles[fits], costs[fits]
        self._least = np.max(
            [p.of_bundles(self._bundles, self._costs) + off for p, off in self._learnt], axis=0
        )
        self._beyond = offset + self._own + slack

    def next(self) -> Choice | None:
        """The bundle that may cost least; None if there is none left."""
        while not len(self._least) or self._least.min() > self._beyond:
            if self._own + self._slack >= FAR * GRID:
                break
            self._list(self._slack * SLACK_GROWTH)
        if not len(self._least):
            return None
        k = int(self._least.argmin())
        return choices_of(self._bundles[k : k + 1], self._costs[k : k + 1])[0]

    def cannot_beat(self, regret: int) -> bool:
        """Whether every bundle left costs this rank more; in the last rank, as much is enough."""
        least = -(-int(self._least.min()) // GRID) - self._optimum
        return least > regret or (self._is_last and least == regret)

    def learn(self, choice: Choice, relaxed: Relaxed) -> None:
        """Raise every bundle to what the prices with this one forced prove."""
        prices = relaxed.certificate.prices
        offset = relaxed.certificate.bound - prices.of_choice(choice)
        self._learnt.append((prices, offset))
        values = prices.of_bundles(self._bundles, self._costs) + offset
        np.maximum(self._least, values, out=self._least)

    def strike(self, choice: Choice) -> None:
        """This bundle is done."""
        self._struck.add(choice[1:4])
        self._keep((self._bundles[:, 1:] != choice[1:4]).any(axis=1))

    def strike_all(self, choice: Choice) -> None:
        """Strike a bundle that earlier ranks do not allow, and every other one with its team or
        its place if they do not even allow that alone."""
        self.strike(choice)
        none, no_team, no_place = self._stars.none_option, self._stars.no_team, self._stars.no_place
        if choice.team < no_team and self._is_impossible(none, choice.team, no_place):
            self._claimed[1][choice.team] = True
            self._keep(self._bundles[:, 2] != choice.team)
        if choice.place < no_place and self._is_impossible(none, no_team, choice.place):
            self._claimed[2][choice.place] = True
            self._keep(self._bundles[:, 3] != choice.place)

    def _keep(self, fits: Bools) -> None:
        self._bundles, self._costs = self._bundles[fits], self._costs[fits]
        self._least = self._least[fits]

    def _is_impossible(self, option: int, team: int, place: int) -> bool:
        alone = self._stars.choice(self._request, option, team, place)
        return alone is not None and relax_forced(self._outcome, alone) is None
