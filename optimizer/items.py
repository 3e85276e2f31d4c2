"""A chosen bundle in parts: what its price is made of, what is missing, when its steps happen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.costs import (
    Items,
    place_items,
    return_items,
    self_items,
    stability_item,
    team_items,
    van_items,
)
from optimizer.eligibility import Bools, Ints
from optimizer.plan import Arrivals, Part
from optimizer.pricing import bundles_of
from optimizer.problem import EMPTY
from optimizer.stars import Choice, Stars

Components = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Choices by column (n,): request, option, team, place, which parts they have, and which they
    lack although their request needs them."""

    stars: Stars
    request: Ints
    option: Ints
    team: Ints
    place: Ints
    has_team: Bools
    has_van: Bools
    has_place: Bools
    is_self: Bools
    missing: dict[Part, Bools]

    @staticmethod
    def of(stars: Stars, choices: Sequence[Choice]) -> "Table":
        """In their order."""
        i, option, team, place = bundles_of(choices)[0].T
        has_team, has_place = team < stars.no_team, place < stars.no_place
        requests = [stars.problem.requests[k] for k in i.tolist()]
        return Table(
            stars, i, option, team, place, has_team,
            has_van=option < stars.self_option,
            has_place=has_place,
            is_self=option == stars.self_option,
            missing={
                "team": ~has_team & _flags([r.needs_team for r in requests]),
                "van": (option == stars.none_option) & _flags([r.wants_van for r in requests]),
                "place": ~has_place & _flags([r.wants_place for r in requests]),
            },
        )  # fmt: skip

    @property
    def ready(self) -> Ints:
        """When each person can be picked up, as far as the team is concerned."""
        ready: Ints = self.stars.sides.ready[self.request, self.team]
        return ready


def items_of(table: Table) -> list[Components]:
    """The components of each choice's price, in tenths; they add up to it. None is zero."""
    n, i = table.stars.numbers, table.request
    costs: dict[str, Ints] = {}

    def note(where: Bools, items: Items) -> None:
        for name, own in items.items():
            costs[name] = np.zeros(len(i), dtype=np.int64)
            costs[name][where] = own

    team, place, van = table.has_team, table.has_place, table.has_van
    home, alone = van & place, table.is_self & place
    note(team, team_items(n, i[team], table.team[team]))
    note(place, place_items(n, i[place], table.place[place]))
    note(van, van_items(n, i[van], table.option[van], table.ready[van]))
    note(home, return_items(n, table.option[home], table.place[home]))
    note(alone, self_items(n, i[alone], table.place[alone]))
    for (part, where), dear in zip(table.missing.items(), table.stars.missing, strict=True):
        note(where, {f"missing_{part}": dear[i[where]]})
    same = _is_shown(table)
    note(same, {"stability": -stability_item(n)[i[same]]})
    return _noted(costs)


def _is_shown(table: Table) -> Bools:
    """Which choices are on the consoles already."""
    stars = table.stars
    shown = [stars.problem.requests[k].shown for k in table.request.tolist()]
    parts = zip(table.option.tolist(), table.team.tolist(), table.place.tolist(), strict=True)
    return _flags(
        [
            bundle not in (None, EMPTY) and stars.names.find(bundle) == chosen
            for bundle, chosen in zip(shown, parts, strict=True)
        ]
    )


def _noted(costs: dict[str, Ints]) -> list[Components]:
    """By choice what costs something, in the order of the components."""
    names, table = list(costs), np.column_stack(list(costs.values()))
    rows, columns = table.nonzero()
    pairs = [
        (names[column], cost)
        for column, cost in zip(columns.tolist(), table[rows, columns].tolist(), strict=True)
    ]
    ends = np.cumsum(np.bincount(rows, minlength=len(table))).tolist()
    return [tuple(pairs[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def arrivals_of(table: Table) -> list[Arrivals]:
    """When the steps of each choice happen."""
    times, i = table.stars.numbers.times, table.request
    sides = table.stars.sides
    van = np.where(table.has_van, table.option, 0)
    eta = _at(times.eta, i, van)
    ready = table.ready
    pick = np.where(table.has_van, np.maximum(ready, eta), ready)
    # Boarding takes time in a van; a team that drives the person itself leaves when it is ready.
    ride = (
        _at(times.go, i, np.where(table.has_place, table.place, 0)) + table.has_van * sides.load[i]
    )
    gone = table.has_place & ~table.missing["van"]
    nobody = table.missing["team"]
    return [
        Arrivals()
        if is_alone
        else Arrivals(
            team_s=float(team_s) if has_team else None,
            ready_s=float(ready_s),
            van_s=float(van_s) if has_van else None,
            pick_s=float(pick_s) if goes else None,
            place_s=float(pick_s + ride_s) if goes else None,
        )
        for is_alone, has_team, team_s, ready_s, has_van, van_s, goes, pick_s, ride_s in zip(
            nobody.tolist(),
            table.has_team.tolist(),
            _at(times.arrival, i, np.where(table.has_team, table.team, 0)).tolist(),
            ready.tolist(),
            table.has_van.tolist(),
            eta.tolist(),
            gone.tolist(),
            pick.tolist(),
            ride.tolist(),
            strict=True,
        )
    ]


def _at(matrix: Ints, i: Ints, k: Ints) -> Ints:
    """Entries of a matrix; 0 where it has no columns at all."""
    if not matrix.shape[1]:
        return np.zeros(len(i), dtype=np.int64)
    entries: Ints = matrix[i, k]
    return entries


def _flags(values: Sequence[bool]) -> Bools:
    return np.array(values, dtype=np.bool_)
