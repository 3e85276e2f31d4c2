"""From a selection to a plan that people can read: words, times, components, reasons, backups."""

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.accounts import accounts_of
from optimizer.backups import backups_of
from optimizer.explain import Explanation, nearest_teams
from optimizer.plan import Assignment, Plan, Stage
from optimizer.pricing import Prices
from optimizer.problem import Place, Team
from optimizer.ranks import rank_costs, total
from optimizer.reasons import Selection, lock_faults, unserved
from optimizer.sides import GRID
from optimizer.stars import Choice, Stars


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
        assignments=_assignments(stars, choices, prices, explanations),
        objective=total(choices),
        bound=bound,
        stage=stage,
        proved=stage == "proved",
        by_rank=tuple(rank_costs(stars, choices).items()),
        prices=_prices(stars, prices),
    )


def _assignments(
    stars: Stars,
    choices: Sequence[Choice],
    prices: Prices,
    explanations: Mapping[int, Explanation],
) -> tuple[Assignment, ...]:
    problem, nothing = stars.problem, Explanation()
    selection = Selection.of(stars, choices, prices)
    backups, shared = backups_of(selection)
    accounts = accounts_of(stars, selection.bundles, backups)
    reasons = unserved(selection, accounts.lacks)
    teams, places = _ids(problem.teams), _ids(problem.places)
    columns = zip(
        choices, problem.requests, *accounts[:4], accounts.missing,
        backups.tolist(), shared.tolist(), nearest_teams(stars).tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        Assignment(
            request_id=request.id,
            bundle=(request.shown if is_shown else None) or stars.bundle(choice),
            arrivals=arrivals,
            costs=costs,
            missing=missing,
            reasons=reasons.get(choice.request, ()),
            backup_place=places[backup],
            backup_place_s=elsewhere_s,
            backup_shared=is_shared,
            alternatives=explanations.get(choice.request, nothing).alternatives,
            nearest_team=teams[nearest],
            nearest=explanations.get(choice.request, nothing).nearest,
            lock_faults=() if request.locked is None else lock_faults(selection, choice),
        )
        for (
            choice, request, costs, arrivals, elsewhere_s, is_shown, missing,
            backup, is_shared, nearest,
        ) in columns
    )  # fmt: skip


def _ids(resources: Sequence[Team | Place]) -> list[str | None]:
    """By index; None at -1, which stands for none."""
    return [*(resource.id for resource in resources), None]


def _prices(stars: Stars, prices: Prices) -> tuple[tuple[str, float], ...]:
    problem = stars.problem
    return tuple(
        (kind[k].id, int(values[k]) / GRID)
        for kind, values in (
            (problem.teams, prices.team),
            (problem.vans, prices.van),
            (problem.places, prices.place),
        )
        for k in np.flatnonzero(values).tolist()
    )
