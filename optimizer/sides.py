"""The numeric model of all bundles, small enough to stay in the processor's cache.

A bundle is (request i, option o, team j, place p); option V is SELF, V + 1 no transport; team J
and place P stand for "none". Its price is a sum of parts that each know two of the four:

    team[i, j] + place[i, p] + ...  van o = v:  approach[i, v] + wait(eta[i, v], ready[i, j])
                                                + way_home[v, p]
                                    SELF:       self_drive[i, p]
                                    none:       no_van[i]

Costs are whole tenths of a minute, times whole seconds; FAR stands for an impossible part.
`price` is the model; everything else (the compiled kernels, the array version) must agree with it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from optimizer.eligibility import Bools, Ints

FAR = 2**44
ALWAYS = 2**40
"""A latest moment that every moment satisfies."""
GRID = 1024
"""Shadow prices are whole grains, this many to a tenth of a minute; so all sums are integers."""
EXTRAS = 2

Loop = TypeVar("Loop", bound=Callable[..., Any])
Bundles = NDArray[np.int64]
"""(n, 4): request, option, team, place."""


part = njit(inline="always")
"""A formula, compiled as a part of a kernel."""


def kernel(loop: Loop) -> Loop:
    """Compile a loop over arrays that it was given. It makes none itself, so numba need not count
    references to them (`_nrt`), which would take nearly all of the time."""
    options: dict[str, Any] = {"cache": True, "nogil": True, "_nrt": False}
    compiled: Loop = njit(**options)(loop)
    return compiled


class Sides(NamedTuple):
    """R requests, V vans, J teams, P places.

    team, ready, drives (R, J + 1); place (R, P + 1); near (R, P): the places, the cheapest by
    itself first, whether it may be used or not; placed (R,): any may be used;
    go, self_drive (R, P); approach, eta (R, V);
    home, way_home (V, P); van_end (V,), team_end (J,): the last moment of work; option, alone,
    promised (R, V + 2): may be used, may be used without a team or a place, is locked together
    with its place so that no limit cuts it; wait, no_van, load, strict, needs_team (R,): what a
    second of waiting is weighted by (thousandths), the price of no transport, boarding, whether the
    team's shift binds, whether a team is needed. `idle`: thousandths for each second a van waits.
    extra_bundle (R, EXTRAS, 3), extra_cost (R, EXTRAS): bundles that have a price of their own;
    an option of -1 is none.
    """

    team: Ints
    ready: Ints
    drives: Bools
    place: Ints
    near: Ints
    placed: Bools
    go: Ints
    self_drive: Ints
    approach: Ints
    eta: Ints
    home: Ints
    way_home: Ints
    van_end: Ints
    team_end: Ints
    option: Bools
    alone: Bools
    promised: Bools
    wait: Ints
    no_van: Ints
    load: Ints
    strict: Bools
    needs_team: Bools
    extra_bundle: Ints
    extra_cost: Ints
    idle: int
    horizon: int


@part
def waiting(sides: Sides, i: int, eta: int, ready: int) -> int:
    """What it costs that the person waits for the van, or the van for the person."""
    if eta > ready:
        return int((sides.wait[i] * (eta - ready) + 3000) // 6000)
    return int((sides.idle * (ready - eta) + 3000) // 6000)


@part
def reaches(sides: Sides, i: int, v: int, p: int, ready: int) -> bool:
    """Whether van v, meeting the person when ready, gets its driver home in time from p."""
    if sides.promised[i, v]:
        return True
    if sides.home[v, p] > sides.horizon:
        return False
    pick = max(sides.eta[i, v], ready)
    return bool(pick + sides.load[i] + sides.go[i, p] + sides.home[v, p] <= sides.van_end[v])


@part
def drives_there(sides: Sides, i: int, j: int, p: int) -> bool:
    """Whether team j, driving the person itself, gets to p in time."""
    if not sides.strict[i] or sides.promised[i, len(sides.van_end)]:
        return True
    return bool(sides.ready[i, j] + sides.go[i, p] <= sides.team_end[j])


@part
def plain(sides: Sides, i: int, o: int, j: int, p: int) -> int:
    """The price of a bundle as the sum of its parts; FAR or more if it is not feasible."""
    vans, no_team, no_place = len(sides.van_end), len(sides.team_end), sides.go.shape[1]
    cost = int(sides.team[i, j] + sides.place[i, p])
    if not sides.option[i, o]:
        return FAR
    if not sides.alone[i, o] and (p == no_place or (j == no_team and sides.needs_team[i])):
        return FAR
    if o < vans:
        cost += sides.approach[i, o] + waiting(sides, i, sides.eta[i, o], sides.ready[i, j])
        if p < no_place:
            if not reaches(sides, i, o, p, sides.ready[i, j]):
                return FAR
            cost += sides.way_home[o, p]
    elif o == vans:
        if not sides.drives[i, j]:
            return FAR
        if p < no_place:
            if not drives_there(sides, i, j, p):
                return FAR
            cost += sides.self_drive[i, p]
    else:
        cost += sides.no_van[i]
    return cost


@part
def price(sides: Sides, i: int, o: int, j: int, p: int) -> int:
    """The price of a bundle in tenths; FAR or more if it is not feasible."""
    for e in range(EXTRAS):
        same = sides.extra_bundle[i, e]
        if same[0] == o and same[1] == j and same[2] == p:
            return int(sides.extra_cost[i, e])
    return plain(sides, i, o, j, p)
