"""From a selection to a plan that people can read: words, times, components, reasons, backups."""

from collections.abc import Mapping, Sequence

import numpy as np

from optimizer.backups import backups_of
from optimizer.explain import Explanation, nearest_teams
from optimizer.items import Table, arrivals_of, items_of
from optimizer.plan import Assignment, Part, Plan, Stage
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
    selection, table = Selection.of(stars, choices, prices), Table.of(stars, choices)
    missing = _missing(table)
    reasons = unserved(selection, missing)
    backups, shared = backups_of(selection)
    others = [(k, p) for k, p in enumerate(backups.tolist()) if p >= 0]
    away = arrivals_of(Table.of(stars, [choices[k]._replace(place=p) for k, p in others]))
    there = {k: arrivals.place_s for (k, _), arrivals in zip(others, away, strict=True)}
    team_ids = _ids(stars.problem.teams)
    place_ids = _ids(stars.problem.places)
    nothing = Explanation()
    columns = zip(
        choices, items_of(table), arrivals_of(table), missing,
        backups.tolist(), shared.tolist(), nearest_teams(stars).tolist(), strict=True,
    )  # fmt: skip
    return tuple(
        Assignment(
            request_id=stars.problem.requests[i].id,
            bundle=stars.bundle(choice),
            arrivals=arrivals,
            costs=items,
            missing=lacks,
            reasons=reasons.get(i, ()),
            backup_place=place_ids[backup],
            backup_place_s=there.get(i),
            backup_shared=is_shared,
            alternatives=explanations.get(i, nothing).alternatives,
            nearest_team=team_ids[nearest],
            nearest=explanations.get(i, nothing).nearest,
            lock_faults=lock_faults(selection, choice),
        )
        for i, (choice, items, arrivals, lacks, backup, is_shared, nearest) in enumerate(columns)
    )


def _ids(resources: Sequence[Team | Place]) -> list[str | None]:
    """By index; None at -1, which stands for none."""
    return [*(resource.id for resource in resources), None]


def _missing(table: Table) -> list[tuple[Part, ...]]:
    missing = table.missing
    rows = zip(*(flags.tolist() for flags in missing.values()), strict=True)
    return [tuple(p for p, lacks in zip(missing, row, strict=True) if lacks) for row in rows]


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
