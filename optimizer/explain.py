"""What else could be done for one request, and what it would cost the region, exactly.

A bundle is forced and everything else is solved again: the difference is its regret. Candidates
are tried in the order of a lower bound (their cost plus prices above the request's least), and the
search ends when no candidate left can beat those found. Ranks planned before stay at their
optimum: what would cost them anything is no alternative.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from optimizer.bounds import Earlier
from optimizer.plan import Alternative
from optimizer.pricing import Floats, Prices
from optimizer.ranks import Outcome, optimise, rank_costs, total
from optimizer.sequential import sequential
from optimizer.stars import FAR, Choice, Stars

COUNT = 3
FIRST_LIMIT = 300.0
"""Tenths of a minute above the best candidate within which candidates are sorted first."""
LIMIT_GROWTH = 8.0


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
    is_last = position == len(outcome.steps) - 1
    found: list[Alternative] = []
    for candidate, least_regret in _candidates(stars, outcome, position, request, team):
        if is_late():
            return ()
        if len(found) >= count:
            worst = found[count - 1].regret_by_rank[position][1]
            if worst < least_regret or (is_last and worst == least_regret):
                break
        forced = force(stars, outcome, candidate)
        if forced is not None and forced.proved:
            found.append(_alternative(stars, outcome, forced, candidate))
            found.sort(key=lambda other: [regret for _, regret in other.regret_by_rank])
    return tuple(found[:count])


def force(stars: Stars, outcome: Outcome, choice: Choice) -> Outcome | None:
    """The optimum with this choice made; None if it would cost an earlier rank anything."""
    position = next(k for k, step in enumerate(outcome.steps) if choice.request in step.scope)
    step, *later = outcome.steps[position:]
    scopes = [step.scope[step.scope != choice.request], *(other.scope for other in later)]
    earlier = Earlier((*step.earlier.choices, choice), step.earlier.budgets)
    pool = [column for known in outcome.steps[position:] for column in known.columns]
    start = sequential(stars, [choice, *outcome.choices])
    return optimise(stars, scopes, earlier, start, pool)


def _alternative(stars: Stars, outcome: Outcome, forced: Outcome, choice: Choice) -> Alternative:
    best, other = rank_costs(stars, outcome.choices), rank_costs(stars, forced.choices)
    return Alternative(
        bundle=stars.bundle(choice),
        regret=total(forced.choices) - total(outcome.choices),
        regret_by_rank=tuple((rank, other[rank] - cost) for rank, cost in best.items()),
    )


def _candidates(
    stars: Stars, outcome: Outcome, position: int, request: int, team: int | None
) -> Iterator[tuple[Choice, int]]:
    """Every other bundle of the request with the least that it must cost its rank more."""
    step, chosen = outcome.steps[position], outcome.choices[request]
    values = _values(stars, step.certificate.prices, request)
    values[chosen.option, chosen.team, chosen.place] = np.inf
    if team is not None:
        values[:, np.arange(values.shape[1]) != team] = np.inf
    base = float(step.certificate.bound) - step.certificate.least[step.scope == request][0]
    decided = step.earlier.requests.union(step.scope.tolist())
    optimum = total(choice for choice in outcome.choices if choice.request in decided)
    low, high = -np.inf, values.min(initial=np.inf) + FIRST_LIMIT
    while low < FAR:
        listed = np.argwhere((values > low) & (values <= high) & (values < FAR))
        order = np.argsort(values[tuple(listed.T)], kind="stable")
        for option, at_team, place in listed[order].tolist():
            choice = stars.choice(request, option, at_team, place)
            if choice is not None:
                least = ceil(base + values[option, at_team, place]) - optimum
                yield choice, max(0, least)
        low, high = high, high + (high - low if np.isfinite(low) else FIRST_LIMIT) * LIMIT_GROWTH


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
