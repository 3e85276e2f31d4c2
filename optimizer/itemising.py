"""Chosen bundles in NumPy: what runs while `items.py` compiles, with the same answers."""

import numpy as np

from optimizer import costs as formulas
from optimizer.costs import Numbers
from optimizer.eligibility import Bools, Ints
from optimizer.items import COMPONENTS, MISSING, Floats, Items
from optimizer.sides import Bundles, Sides


def itemised(sides: Sides, n: Numbers, missing: Ints, bundles: Bundles, others: Ints) -> Items:
    """As `items.itemised`."""
    i, option, team, place = bundles.T
    has_team, has_place = team < len(sides.team_end), place < sides.go.shape[1]
    has_van, alone = option < len(sides.van_end), option == len(sides.van_end)
    items = Items.blank(len(bundles))
    items.shown[:] = (sides.extra_bundle[i, 1] == bundles[:, 1:]).all(axis=1)

    def note(where: Bools, of_part: formulas.Items) -> None:
        for name, own in of_part.items():
            items.costs[where, COMPONENTS.index(name)] = own

    home, drives, same = has_van & has_place, alone & has_place, items.shown
    ready = sides.ready[i, team]
    note(has_team, formulas.team_items(n, i[has_team], team[has_team]))
    note(has_place, formulas.place_items(n, i[has_place], place[has_place]))
    note(has_van, formulas.van_items(n, i[has_van], option[has_van], ready[has_van]))
    note(home, formulas.return_items(n, option[home], place[home]))
    note(drives, formulas.self_items(n, i[drives], place[drives]))
    note(same, {"stability": -formulas.stability_item(n)[i[same]]})
    lacks = np.stack([~has_team, ~has_van & ~alone, ~has_place])
    items.costs[:, MISSING : MISSING + 3] = (lacks * missing[:, i]).T
    _steps(sides, n, bundles, others, items)
    return items


def _steps(sides: Sides, n: Numbers, bundles: Bundles, others: Ints, items: Items) -> None:
    """When the steps happen."""
    i, option, team, place = bundles.T
    no_team, no_van, _ = items.lacks.T
    ready, has_van = sides.ready[i, team], option < len(sides.van_end)
    eta = _at(sides.eta, i, option, has_van & ~no_team)
    pick = np.where(has_van, np.fmax(ready, eta), ready)
    gone = pick + has_van * sides.load[i]
    there = _at(sides.go, i, place, (place < sides.go.shape[1]) & ~no_team & ~no_van)
    items.moments[:, 0] = _at(n.times.arrival, i, team, team < len(sides.team_end))
    items.moments[:, 1] = np.where(no_team, np.nan, ready)
    items.moments[:, 2] = eta
    items.moments[:, 3] = np.where(np.isnan(there), np.nan, pick)
    items.moments[:, 4] = gone + there
    items.moments[:, 5] = gone + _at(sides.go, i, others, (others >= 0) & ~no_team & ~no_van)


def _at(matrix: Ints, i: Ints, k: Ints, where: Bools) -> Floats:
    """Entries of a matrix (n,), NaN where there is none."""
    found = np.full(len(i), np.nan)
    found[where] = matrix[i[where], k[where]]
    return found
