"""From a selection to a plan that people can read: words, times, components, reasons, backups."""

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.costs import place_items
from optimizer.eligibility import Bools
from optimizer.explain import Explanation, nearest_team
from optimizer.plan import Assignment, Plan, Stage
from optimizer.pricing import Prices
from optimizer.ranks import rank_costs, total
from optimizer.reasons import Selection, lock_faults, unserved
from optimizer.sides import FAR, GRID
from optimizer.stars import Choice, Stars, items_of, missing_parts
from optimizer.timeline import arrivals, backup_arrival_s


def written(
    stars: Stars,
    choices: Sequence[Choice],
    bound: int,
    stage: Stage,
    prices: Prices,
    explanations: Mapping[int, Explanation],
) -> Plan:
    """The plan, one assignment a request in the order of their ids."""
    selection = Selection.of(stars, choices, prices)
    return Plan(
        assignments=tuple(
            _assignment(selection, choice, explanations.get(i, Explanation()))
            for i, choice in enumerate(choices)
        ),
        objective=total(choices),
        bound=bound,
        stage=stage,
        proved=stage == "proved",
        by_rank=tuple(rank_costs(stars, choices).items()),
        prices=_prices(stars, prices),
    )


def _assignment(selection: Selection, choice: Choice, explanation: Explanation) -> Assignment:
    stars = selection.stars
    missing = missing_parts(stars, choice)
    backup = _backup(selection, choice)
    nearest = nearest_team(stars, choice.request)
    return Assignment(
        request_id=stars.problem.requests[choice.request].id,
        bundle=stars.bundle(choice),
        arrivals=arrivals(stars, choice),
        costs=tuple(items_of(stars, choice).items()),
        missing=missing,
        reasons=tuple(reason for part in missing for reason in unserved(selection, choice, part)),
        backup_place=None if backup is None else stars.problem.places[backup].id,
        backup_place_s=None if backup is None else backup_arrival_s(stars, choice, backup),
        alternatives=explanation.alternatives,
        nearest_team=None if nearest is None else stars.problem.teams[nearest].id,
        nearest=explanation.nearest,
        lock_faults=lock_faults(selection, choice),
    )


def _backup(selection: Selection, choice: Choice) -> int | None:
    """The best other place with room left that the same team and van could reach."""
    stars, i = selection.stars, choice.request
    places = len(stars.problem.places)
    if stars.problem.requests[i].place_need == "none" or not places:
        return None
    cost = sum(place_items(stars.numbers, i, np.arange(places)).values())
    fit = (
        selection.has_room("place")
        & (stars.faults.place[i] == 0)
        & (np.arange(places) != choice.place)
    )
    fit &= _reaches(stars, choice)
    best = int(np.where(fit, cost, FAR).argmin())
    return best if fit[best] else None


def _reaches(stars: Stars, choice: Choice) -> Bools:
    """Which places the same team and transport could take the person to in time (P,)."""
    sides, i, option = stars.sides, choice.request, choice.option
    if option == stars.none_option or sides.promised[i, option]:
        return np.ones(stars.no_place, dtype=np.bool_)
    ready = sides.ready[i, choice.team]
    if option == stars.self_option:
        last = sides.team_end[choice.team] if sides.strict[i] else FAR
        there: Bools = ready + sides.go[i] <= last
        return there
    pick = max(int(sides.eta[i, option]), int(ready)) + sides.load[i]
    home: Bools = pick + sides.go[i] + sides.home[option] <= sides.van_end[option]
    return home


def _prices(stars: Stars, prices: Prices) -> tuple[tuple[str, float], ...]:
    problem = stars.problem
    named = [
        *zip((t.id for t in problem.teams), prices.team[:-1].tolist(), strict=True),
        *zip((v.id for v in problem.vans), prices.van[:-2].tolist(), strict=True),
        *zip((p.id for p in problem.places), prices.place[:-1].tolist(), strict=True),
    ]
    return tuple((name, value / GRID) for name, value in named if value)
