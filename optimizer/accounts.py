"""Chosen bundles in the words of a plan: the parts of their price, what they lack, their steps."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np

from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.items import COMPONENTS
from optimizer.plan import Arrivals, Part
from optimizer.sides import Bundles
from optimizer.stars import Stars

Cell = TypeVar("Cell")
Components = tuple[tuple[str, int], ...]
LACKED: tuple[Part, ...] = ("team", "van", "place")
_NAMES = np.array(COMPONENTS, dtype=np.object_)
_MISSING = tuple(
    tuple(part for k, part in enumerate(LACKED) if code >> k & 1)
    for code in range(1 << len(LACKED))
)


class Accounts(NamedTuple):
    """By bundle: the components of its price that are not zero, in tenths; its steps; when the
    other place would be reached; whether it is on the consoles (n,); what of LACKED it lacks
    (n, 3)."""

    costs: list[Components]
    arrivals: list[Arrivals]
    elsewhere_s: list[float | None]
    shown: Bools
    lacks: Bools

    @property
    def missing(self) -> list[tuple[Part, ...]]:
        """The parts that each lacks."""
        codes = np.packbits(self.lacks, axis=1, bitorder="little")
        return [_MISSING[code] for code in codes[:, 0].tolist()]


def accounts_of(stars: Stars, bundles: Bundles, others: Ints) -> Accounts:
    """Of feasible bundles (n, 4), each with another place or -1 (n,)."""
    items = engine().itemised(stars.sides, stars.numbers, stars.missing, bundles, others)
    *arrivals, elsewhere_s = map(_told, items.moments.T.tolist())
    costs, width = items.costs.ravel(), len(COMPONENTS)
    at = costs.nonzero()[0]
    components = zip(_NAMES[at % width].tolist(), costs[at].tolist(), strict=True)
    return Accounts(
        costs=by_row(components, at.searchsorted(np.arange(0, len(costs) + 1, width))),
        arrivals=list(map(Arrivals, *arrivals)),
        elsewhere_s=elsewhere_s,
        shown=items.shown,
        lacks=items.lacks,
    )


def _told(moments: list[float]) -> list[float | None]:
    """None where there is no such step, and the moment is no number."""
    return [moment if moment == moment else None for moment in moments]


def by_row(cells: Iterable[Cell], ends: Ints) -> list[tuple[Cell, ...]]:
    """The cells of each row, one row after the other up to these ends (n + 1,)."""
    in_order = tuple(cells)
    return [in_order[start:end] for start, end in pairwise(ends.tolist())]
