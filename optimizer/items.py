"""Chosen bundles in numbers: what their price is made of, what is missing, when their steps happen.

One compiled pass over all of them; `itemising.py` gives the same answers in NumPy.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.costs import Numbers
from optimizer.eligibility import Bools, Ints
from optimizer.given import Rates, Requests
from optimizer.sides import Bundles, Sides, kernel, part, waiting

Floats = NDArray[np.float64]
COMPONENTS = (
    "team_wait", "lateness", "team_wish", "overtime", "team_approach", "place_ride",
    "place_preference", "van_wait", "van_idle", "van_approach", "van_return", "self_drive",
    "missing_team", "missing_van", "missing_place", "stability",
)  # fmt: skip
"""In the order in which a plan lists them."""
TEAM, PLACE, VAN = 0, 5, 7
RETURN, SELF_DRIVE, MISSING, STABILITY = 10, 11, 12, 15
"""Where the components of each part begin."""
MOMENTS = 6


class Items(NamedTuple):
    """Of n bundles: `costs` (n, COMPONENTS) in tenths; they add up to the price. `moments`
    (n, MOMENTS), NaN where there is no such step: the team there, the person ready, the van there,
    the person picked up, at the place, or at another place. `shown` (n,): on the consoles now."""

    costs: Ints
    moments: Floats
    shown: Bools

    @staticmethod
    def blank(count: int) -> "Items":
        """Nothing costs or happens yet."""
        return Items(
            np.zeros((count, len(COMPONENTS)), dtype=np.int64),
            np.full((count, MOMENTS), np.nan),
            np.zeros(count, dtype=np.bool_),
        )

    @property
    def lacks(self) -> Bools:
        """Whether a team, a van, a place is missing (n, 3)."""
        missing: Bools = self.costs[:, MISSING : MISSING + 3] > 0
        return missing


def itemised(sides: Sides, n: Numbers, missing: Ints, bundles: Bundles, others: Ints) -> Items:
    """Itemise feasible bundles (n, 4); `others` (n,): another place for each, -1 for none; what
    requests pay without a team, a van, a place: `missing` (3, R)."""
    items = Items.blank(len(bundles))
    bundles = np.ascontiguousarray(bundles)
    _itemise(
        sides, n.requests, n.rates, n.times.arrival, n.times.drive, missing, bundles, others,
        items.costs, items.moments, items.shown,
    )  # fmt: skip
    return items


@part
def _priced(thousandths: int, seconds: int) -> int:
    return (thousandths * seconds + 3000) // 6000


@part
def _team(
    sides: Sides, requests: Requests, rates: Rates, i: int, j: int, arrival: int, drive: int,
    costs: Ints,
) -> None:  # fmt: skip
    weight = requests.weight[i]
    late = max(0, requests.waited[i] + arrival - requests.target[i])
    over = max(0, arrival + requests.onscene[i] - sides.team_end[j])
    over = min(over, requests.horizon[i]) if requests.first[i] else 0
    costs[0] = _priced(1000 * weight, arrival)
    costs[1] = _priced(rates.lateness_factor * weight, late)
    costs[3] = _priced(rates.overtime_factor * weight, over)
    costs[4] = _priced(rates.team_approach, drive)
    costs[2] = sides.team[i, j] - costs[0] - costs[1] - costs[3] - costs[4]


@part
def _place(sides: Sides, rates: Rates, i: int, p: int, weight: int, costs: Ints) -> None:
    go = sides.go[i, p]
    costs[0] = _priced(rates.place_drive_weighted * weight, go) + _priced(rates.place_drive, go)
    costs[1] = sides.place[i, p] - costs[0]


@part
def _van(sides: Sides, i: int, v: int, ready: int, costs: Ints) -> None:
    eta = sides.eta[i, v]
    costs[0 if eta > ready else 1] = waiting(sides, i, eta, ready)
    costs[2] = sides.approach[i, v]


@part
def _steps(
    sides: Sides, i: int, o: int, j: int, p: int, other: int, arrival: int, moments: Floats
) -> None:
    """When the steps happen, of whoever lacks no team."""
    vans, teams, places = len(sides.van_end), len(sides.team_end), sides.go.shape[1]
    ready = sides.ready[i, j]
    if j < teams:
        moments[0] = arrival
    moments[1] = pick = gone = ready
    if o < vans:  # Boarding takes time in a van; a team that drives leaves when it is ready.
        moments[2] = sides.eta[i, o]
        pick = max(ready, sides.eta[i, o])
        gone = pick + sides.load[i]
    if o <= vans or not sides.no_van[i]:
        if p < places:
            moments[3], moments[4] = pick, gone + sides.go[i, p]
        if other >= 0:
            moments[5] = gone + sides.go[i, other]


@kernel
def _itemise(
    sides: Sides, requests: Requests, rates: Rates, arrival: Ints, drive: Ints, missing: Ints,
    bundles: Bundles, others: Ints, costs: Ints, moments: Floats, shown: Bools,
) -> None:  # fmt: skip
    vans, teams, places = len(sides.van_end), len(sides.team_end), sides.go.shape[1]
    for k in range(len(bundles)):
        i, o, j, p = bundles[k, 0], bundles[k, 1], bundles[k, 2], bundles[k, 3]
        cost, weight, at = costs[k], requests.weight[i], 0
        if j < teams:
            at = arrival[i, j]
            _team(sides, requests, rates, i, j, at, drive[i, j], cost[TEAM:])
        else:
            cost[MISSING] = missing[0, i]
        if o < vans:
            _van(sides, i, o, sides.ready[i, j], cost[VAN:])
        elif o > vans:
            cost[MISSING + 1] = missing[1, i]
        if p < places:
            _place(sides, rates, i, p, weight, cost[PLACE:])
            if o < vans:
                cost[RETURN] = sides.way_home[o, p]
            elif o == vans:
                cost[SELF_DRIVE] = sides.self_drive[i, p]
        else:
            cost[MISSING + 2] = missing[2, i]
        same = sides.extra_bundle[i, 1]
        shown[k] = same[0] == o and same[1] == j and same[2] == p
        if shown[k]:
            cost[STABILITY] = -_priced(1000 * weight, rates.stability_s)
        if not cost[MISSING]:
            _steps(sides, i, o, j, p, others[k], at, moments[k])
