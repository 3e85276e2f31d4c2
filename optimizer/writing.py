"""From a selection to a plan that people can read: words, times, components, reasons, backups."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import repeat
from operator import attrgetter
from typing import Any

from optimizer.accounts import accounts_of
from optimizer.backups import backups_of
from optimizer.eligibility import Bools, Ints
from optimizer.explain import Explanation, nearest_teams
from optimizer.plan import Assignment, Plan, Stage
from optimizer.pricing import Chosen, Prices
from optimizer.problem import Bundle, Place, Team, Van
from optimizer.ranks import rank_costs, total
from optimizer.reasons import Selection, lock_faults, unserved
from optimizer.sides import GRID
from optimizer.stars import Stars


def written(
    stars: Stars,
    chosen: Chosen,
    bound: int,
    stage: Stage,
    prices: Prices,
    explanations: Mapping[int, Explanation],
) -> Plan:
    """The plan, one assignment a request in the order of their ids, as they were chosen."""
    return Plan(
        assignments=_assignments(stars, chosen, prices, explanations),
        objective=total(chosen),
        bound=bound,
        stage=stage,
        proved=stage == "proved",
        by_rank=tuple(rank_costs(stars, chosen).items()),
        prices=_prices(stars, prices),
    )


def _assignments(
    stars: Stars,
    chosen: Chosen,
    prices: Prices,
    explanations: Mapping[int, Explanation],
) -> tuple[Assignment, ...]:
    selection = Selection.of(stars, chosen[:, :4], prices)
    backups, shared = backups_of(selection)
    accounts = accounts_of(stars, selection.bundles, backups)
    reasons = unserved(selection, accounts.lacks)
    teams, places = [*stars.names.teams], [*stars.names.places]  # ids, and at -1 None
    everyone = range(len(chosen))
    told = [*map(explanations.get, everyone, repeat(Explanation()))] if explanations else ()
    faults = {i: lock_faults(selection, i) for i in stars.given.locked}
    fields: dict[str, Iterable[Any]] = {
        "request_id": stars.given.ids,
        "bundle": _bundles(selection, accounts.shown),
        "arrivals": accounts.arrivals,
        "costs": accounts.costs,
        "missing": accounts.missing,
        "reasons": map(reasons.get, everyone, repeat(())),
        "backup_place": [places[k] for k in backups.tolist()],
        "backup_place_s": accounts.elsewhere_s,
        "backup_shared": shared.tolist(),
        "nearest_team": [teams[k] for k in nearest_teams(stars).tolist()],
        "alternatives": map(attrgetter("alternatives"), told) if told else repeat(()),
        "nearest": map(attrgetter("nearest"), told) if told else repeat(None),
        "lock_faults": map(faults.get, everyone, repeat(())) if faults else repeat(()),
    }
    return tuple(map(Assignment, *(fields[name] for name in Assignment.__struct_fields__)))


def _bundles(selection: Selection, shown: Bools) -> list[Bundle | None]:
    """What was chosen in the words of the problem: what the consoles show, if it is that."""
    names, requests = selection.stars.names, selection.stars.problem.requests
    options, teams, places = [*names.options], [*names.teams], [*names.places]
    bundles = [*map(attrgetter("shown"), requests)]
    for i, o, j, p in selection.bundles[~shown].tolist():
        bundles[i] = Bundle(teams[j], options[o], places[p])
    return bundles


def _prices(stars: Stars, prices: Prices) -> tuple[tuple[str, float], ...]:
    """Of each resource that has one, in tenths."""
    problem = stars.problem
    kinds: tuple[tuple[Sequence[Team | Van | Place], Ints], ...] = (
        (problem.teams, prices.team),
        (problem.vans, prices.van),
        (problem.places, prices.place),
    )
    return tuple(
        (kind[k].id, values.item(k) / GRID)
        for kind, values in kinds
        for k in values[: len(kind)].nonzero()[0].tolist()  # the last ones are of nobody
    )
