"""Which of two equal ways to compute is in use: compiled, or NumPy and GLOP while it compiles.

Compiling takes some ten seconds once a machine (numba keeps the result beside the code, or in the
user's cache if that cannot be written). Until somebody has warmed it up, the plain way works.
"""

from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from optimizer import counting, dense, kernels, listing, matching, ways
from optimizer.eligibility import Bools, Flags, Ints
from optimizer.glop import Glop
from optimizer.matching import Matching
from optimizer.sides import Bundles, Sides
from optimizer.simplex import Simplex

Charges = tuple[Ints, Ints, Ints]
"""Shadow prices of vans (V + 2,), teams (J + 1,) and places (P + 1,), in grains."""


class Engine(NamedTuple):
    """The functions of `kernels.py`, `ways.py`, `listing.py`, `matching.py` and `counting.py`, and
    the linear program."""

    costs_of: Callable[[Sides, Bundles], Ints]
    cheapest: Callable[..., tuple[Ints, Ints]]
    within: Callable[[Sides, Ints, Charges, Ints, int], tuple[int, Bundles]]
    by_option: Callable[[Sides, Ints, Bools, Bools], Ints]
    by_team: Callable[[Sides, Ints, Ints, Bools], Ints]
    priced: Callable[[Ints, Ints], Ints]
    team_price: Callable[..., Ints]
    place_price: Callable[..., Ints]
    mend: Callable[[Matching, int, int], None]
    tally: Callable[[Flags, Ints, Bools], Ints]
    next_places: Callable[..., tuple[Ints, Bools]]
    program: type[Simplex] | type[Glop]


COMPILED = Engine(
    kernels.costs_of,
    kernels.cheapest,
    listing.within,
    ways.by_option,
    ways.by_team,
    kernels.priced,
    kernels.team_price,
    kernels.place_price,
    matching.mend,
    counting.tally,
    counting.next_places,
    Simplex,
)
PLAIN = Engine(
    dense.costs_of,
    dense.cheapest,
    dense.within,
    dense.by_option,
    dense.by_team,
    dense.priced,
    dense.team_price,
    dense.place_price,
    matching.match_anew,
    dense.tally,
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
