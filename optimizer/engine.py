"""Which of two equal ways to compute is in use: compiled, or NumPy and GLOP while it compiles.

Compiling takes some ten seconds once a machine (numba keeps the result beside the code, or in the
user's cache if that cannot be written). Until somebody has warmed it up, the plain way works.
"""

from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from optimizer import (
    columns,
    counting,
    dense,
    grids,
    itemising,
    items,
    kernels,
    listing,
    matching,
    pairs,
    ways,
)  # fmt: skip
from optimizer.columns import Rows, Table
from optimizer.costs import Numbers
from optimizer.counting import Tally
from optimizer.eligibility import Bools, Flags, Ints
from optimizer.given import Rates, Requests
from optimizer.glop import Glop
from optimizer.items import Items
from optimizer.matching import Matching
from optimizer.pairs import PlaceSide, RideSide, TeamSide, VanSide
from optimizer.pivots import Floats
from optimizer.sides import Bundles, Sides
from optimizer.simplex import Simplex

Charges = tuple[Ints, Ints, Ints]
"""Shadow prices of vans (V + 2,), teams (J + 1,) and places (P + 1,), in grains."""


class Engine(NamedTuple):
    """The functions of `kernels.py`, `columns.py`, `ways.py`, `listing.py`, `pairs.py`,
    `matching.py`, `items.py` and `counting.py`, and the linear program."""

    costs_of: Callable[[Sides, Bundles], Ints]
    state: Callable[[Rows, tuple[Ints, Ints, Ints], Floats], None]
    reread: Callable[[Sides, Rows, int, Ints, Table], None]
    enlist: Callable[[Rows, Bundles, Ints, Table, int, Ints, Ints, bool], int]
    cheapest: Callable[..., tuple[Ints, Ints]]
    within: Callable[[Sides, Ints, Charges, Ints, int], tuple[int, Bundles]]
    crowded: Callable[[Ints, Ints, Ints, Ints], Bools]
    by_option: Callable[[Sides, Ints, Bools, Bools], Ints]
    by_team: Callable[[Sides, Ints, Ints, Bools], Ints]
    missing: Callable[[Requests, Rates], Ints]
    team_side: Callable[..., TeamSide]
    van_side: Callable[..., VanSide]
    ride_side: Callable[..., RideSide]
    place_side: Callable[..., PlaceSide]
    mend: Callable[[Matching, int, int], None]
    itemised: Callable[[Sides, Numbers, Ints, Bundles, Ints], Items]
    tally: Callable[[Flags, Ints, Bools, Ints], Tally]
    first_teams: Callable[[Flags, Ints, Bools], Ints]
    next_places: Callable[..., tuple[Ints, Bools]]
    program: type[Simplex] | type[Glop]


COMPILED = Engine(
    kernels.costs_of,
    columns.state,
    columns.reread,
    columns.enlist,
    kernels.cheapest,
    listing.within,
    ways.crowded,
    ways.by_option,
    ways.by_team,
    pairs.missing,
    pairs.team_side,
    pairs.van_side,
    pairs.ride_side,
    pairs.place_side,
    matching.mend,
    items.itemised,
    counting.tally,
    counting.first_teams,
    counting.next_places,
    Simplex,
)
PLAIN = Engine(
    dense.costs_of,
    dense.state,
    dense.reread,
    dense.enlist,
    dense.cheapest,
    dense.within,
    dense.crowded,
    dense.by_option,
    dense.by_team,
    grids.missing,
    grids.team_side,
    grids.van_side,
    grids.ride_side,
    grids.place_side,
    matching.match_anew,
    itemising.itemised,
    dense.tally,
    dense.first_teams,
    dense.next_places,
    Glop,
)

_compiled = Event()


def engine() -> Engine:
    """The way to compute now."""
    return COMPILED if _compiled.is_set() else PLAIN


def use_compiled() -> None:
    """From now on; called when everything has been compiled."""
    _compiled.set()
