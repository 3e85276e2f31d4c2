"""What is certain of each request while the prices of a question move, without another look.

A bundle is cheaper than at the last look only if it uses a resource whose price fell. So nothing of
a request costs less than the least seen then, but for bundles with such a resource: and of those a
bound is at hand, the resource with the cheapest of the other kinds. Nor does anything become
cheaper by more than the largest falls of all three kinds together. A request whose value is within
what is certain of it need not be looked at, and that is a proof.
"""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Ints
from optimizer.kernels import base_of
from optimizer.remembered import NEVER, Memory, is_known, least_now
from optimizer.sides import EXTRAS, GRID, Sides, kernel, part

Charges = tuple[Ints, Ints, Ints]


class Certain(NamedTuple):
    """In grains, for R requests: what any bundle costs at least (R,); what a way to travel, a team
    and a place do (R, 3); by how much team and place together may have become cheaper since the
    request was looked at (R,). The resources whose price fell last, in room for all of a kind: van
    (V + 2,), team (J + 1,), place (P + 1,); how many those are and the largest fall of each kind
    (3,)."""

    least: Ints
    parts: Ints
    drop: Ints
    vans: Ints
    teams: Ints
    places: Ints
    fallen: Ints
    most: Ints


def certain_of(requests: int, prices: Charges) -> Certain:
    """Room for what will be certain of so many requests."""
    vans, teams, places = (np.empty(len(kind), dtype=np.int64) for kind in prices)
    return Certain(
        least=np.empty(requests, dtype=np.int64),
        parts=np.empty((requests, 3), dtype=np.int64),
        drop=np.empty(requests, dtype=np.int64),
        vans=vans,
        teams=teams,
        places=places,
        fallen=np.zeros(3, dtype=np.int64),
        most=np.zeros(3, dtype=np.int64),
    )


@part
def note_looked(certain: Certain, asked: Ints, values: Ints) -> None:
    """These requests were looked at, with these values."""
    for k in range(len(asked)):
        certain.least[asked[k]], certain.drop[asked[k]] = values[k, 0], 0


@kernel
def lower(sides: Sides, scope: Ints, memory: Memory, certain: Certain, prices: Charges) -> None:
    """What is still certain at these prices, that fell for some resources."""
    for k in range(len(scope)):
        _lower(sides, scope[k], memory, certain, prices)


@part
def _lower(sides: Sides, i: int, memory: Memory, certain: Certain, prices: Charges) -> None:
    parts, fallen, most = certain.parts[i], certain.fallen, certain.most
    team = place = NEVER
    for at in range(fallen[1]):
        j = certain.teams[at]
        team = min(team, GRID * sides.team[i, j] + prices[1][j])
    for at in range(fallen[2]):
        p = certain.places[at]
        place = min(place, GRID * sides.place[i, p] + prices[2][p])
    parts[1], parts[2] = min(parts[1], team), min(parts[2], place)
    certain.drop[i] += most[1] + most[2]
    travel = with_van = NEVER
    for at in range(fallen[0]):
        o = certain.vans[at]
        if sides.option[i, o]:
            base = base_of(sides, i, o, prices[0])
            both = parts[1] + parts[2]
            if o < len(sides.van_end) and memory.row[i] >= 0 and is_known(sides, i, memory):
                both = max(both, least_now(sides, i, o, memory) - certain.drop[i])
            travel, with_van = min(travel, base), min(with_van, base + both)
    parts[0] = min(parts[0], travel)
    least = min(with_van, parts[0] + min(team + parts[2], parts[1] + place))
    for e in range(EXTRAS):
        o, j, p = sides.extra_bundle[i, e]
        if o >= 0:
            own = GRID * sides.extra_cost[i, e]
            least = min(least, own + prices[0][o] + prices[1][j] + prices[2][p])
    certain.least[i] = max(
        min(certain.least[i], least), certain.least[i] - most[0] - most[1] - most[2]
    )
