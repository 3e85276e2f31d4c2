"""From a selection to a plan that people can read: words, times, components, reasons, backups."""

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.costs import place_items
from optimizer.explain import Explanation
from optimizer.plan import Arrivals, Assignment, Part, Plan, Stage
from optimizer.pricing import Prices
from optimizer.ranks import rank_costs, total
from optimizer.reasons import lock_faults, unserved, used
from optimizer.stars import FAR, Choice, Stars, items_of, ready_s


def written(
    stars: Stars,
    choices: Sequence[Choice],
    bound: int,
    stage: Stage,
    prices: Prices,
    explanations: Mapping[int, Explanation],
) -> Plan:
    """The plan, one assignment a request in the order of their ids."""
    return Plan(
        assignments=tuple(
            _assignment(stars, choices, prices, choice, explanations.get(i, Explanation()))
            for i, choice in enumerate(choices)
        ),
        objective=total(choices),
        bound=bound,
        stage=stage,
        proved=stage == "proved",
        by_rank=tuple(rank_costs(stars, choices).items()),
        prices=_prices(stars, prices),
    )


def _assignment(
    stars: Stars,
    choices: Sequence[Choice],
    prices: Prices,
    choice: Choice,
    explanation: Explanation,
) -> Assignment:
    missing = missing_parts(stars, choice)
    return Assignment(
        request_id=stars.problem.requests[choice.request].id,
        bundle=stars.bundle(choice),
        arrivals=_arrivals(stars, choice),
        costs=tuple(items_of(stars, choice).items()),
        missing=missing,
        reasons=tuple(
            reason for part in missing for reason in unserved(stars, choices, prices, choice, part)
        ),
        backup_place=_backup(stars, choices, choice),
        alternatives=explanation.alternatives,
        nearest=explanation.nearest,
        lock_faults=lock_faults(stars, choices, choice),
    )


def missing_parts(stars: Stars, choice: Choice) -> tuple[Part, ...]:
    """The parts that the request needs and does not get."""
    request = stars.problem.requests[choice.request]
    parts: list[Part] = []
    if request.needs_team and choice.team == stars.no_team:
        parts.append("team")
    if request.wants_van and choice.option == stars.none_option:
        parts.append("van")
    if request.wants_place and choice.place == stars.no_place:
        parts.append("place")
    return tuple(parts)


def _arrivals(stars: Stars, choice: Choice) -> Arrivals:
    times, i = stars.numbers.times, choice.request
    request = stars.problem.requests[i]
    has_team, has_van = choice.team < stars.no_team, choice.option < stars.self_option
    if not has_team and request.needs_team:
        return Arrivals()
    ready = float(ready_s(stars, choice))
    eta = float(times.eta[i, choice.option]) if has_van else None
    pick = ready if eta is None else max(ready, eta)
    stays = choice.place == stars.no_place or "van" in missing_parts(stars, choice)
    # Boarding takes time in a van; a team that drives the person itself leaves when it is ready.
    ride = 0 if stays else int(times.go[i, choice.place]) + has_van * int(times.load[i])
    return Arrivals(
        team_s=float(times.arrival[i, choice.team]) if has_team else None,
        ready_s=ready,
        van_s=eta,
        pick_s=None if stays else pick,
        place_s=None if stays else pick + ride,
    )


def _backup(stars: Stars, choices: Sequence[Choice], choice: Choice) -> str | None:
    """The best other place with room left, for a person who needs one or may need one."""
    i, places = choice.request, len(stars.problem.places)
    if stars.problem.requests[i].place_need == "none" or not places:
        return None
    cost = sum(place_items(stars.numbers, i, np.arange(places)).values())
    room = stars.place_capacity > used(stars, choices, "place")
    fit = room & (stars.faults.place[i] == 0) & (np.arange(places) != choice.place)
    best = int(np.where(fit, cost, FAR).argmin())
    return stars.problem.places[best].id if fit[best] else None


def _prices(stars: Stars, prices: Prices) -> tuple[tuple[str, float], ...]:
    problem = stars.problem
    named = [
        *zip((t.id for t in problem.teams), prices.team.tolist(), strict=True),
        *zip((v.id for v in problem.vans), prices.van.tolist(), strict=True),
        *zip((p.id for p in problem.places), prices.place.tolist(), strict=True),
    ]
    return tuple((name, value) for name, value in named if value)
