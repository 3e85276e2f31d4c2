"""Requests and one kind of resource, kept optimal from event to event, with the proof at hand.

An event (somebody asks or is done, a team comes, goes or moves) changes one row or one column of
the costs. The pairs and prices of before stay, and one shortest path, at most two, makes them
optimal again: in microseconds, many times faster than to start anew.
"""

from dataclasses import dataclass

import numpy as np

from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.matching import ALONE, IMPOSSIBLE, Matching
from optimizer.problem import LARGEST_SIDE, InvalidProblemError
from optimizer.sides import FAR


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """What nobody needs to believe: `value` (R,) is at most what each request pays alone, `price`
    (J,) is never negative, and value - price is at most the cost of any pair. So no assignment is
    cheaper than `bound`, the sum of values less the sum of prices."""

    value: Ints
    price: Ints

    @property
    def bound(self) -> int:
        """The least that any assignment costs."""
        return int(self.value.sum()) - int(self.price.sum())


class Assignment:
    """The cheapest choice of a resource, or none, for each request. Not for two threads at once."""

    def __init__(self, costs: Ints, alone: Ints) -> None:
        """`costs` (requests, resources), FAR or more where they cannot meet; `alone` (requests,):
        the price of none. Whole numbers below FAR. A row that nobody has is FAR, and 0 for none.
        """
        if max(costs.shape) > LARGEST_SIDE:
            raise InvalidProblemError("too many to assign")
        self._matching = Matching.of(_checked(costs), _checked_price(alone))
        self._mend(ALONE, ALONE)

    @property
    def resources(self) -> Ints:
        """(requests,): the resource of each, ALONE for none."""
        return self._matching.mate.copy()

    @property
    def total(self) -> int:
        """What it costs."""
        m = self._matching
        paired = np.flatnonzero(m.mate != ALONE)
        alone = m.alone[m.mate == ALONE]
        return int(m.costs[paired, m.mate[paired]].sum()) + int(alone.sum())

    def proof(self) -> Proof:
        """Values and prices at which nothing is cheaper."""
        return Proof(self._matching.value.copy(), -self._matching.worth)

    def change_request(self, request: int, costs: Ints, alone: int) -> None:
        """Somebody asks, is done (all FAR, 0), or is elsewhere: costs (resources,)."""
        m, costs, price = self._matching, _checked(costs), _checked_price(np.array(alone))
        m.alone[request] = price
        m.costs[request] = m.turned[:, request] = costs
        self._mend(request, ALONE)

    def change_resource(self, resource: int, costs: Ints) -> None:
        """A resource comes, goes (all FAR), or is elsewhere: costs (requests,)."""
        m = self._matching
        m.costs[:, resource] = m.turned[resource] = _checked(costs)
        self._mend(ALONE, resource)

    def change_all(self, costs: Ints, alone: Ints) -> None:
        """Time has passed, and everything costs something else: as at the beginning."""
        m, costs, prices = self._matching, _checked(costs), _checked_price(alone)
        m.alone[:] = prices
        m.costs[:] = costs
        m.turned[:] = m.costs.T
        self._mend(ALONE, ALONE)

    def _mend(self, request: int, resource: int) -> None:
        engine().mend(self._matching, request, resource)


def _checked(costs: Ints) -> Ints:
    _refuse(costs <= -FAR)
    checked: Ints = np.where(costs < FAR, costs, IMPOSSIBLE)
    return checked


def _checked_price(alone: Ints) -> Ints:
    _refuse(np.abs(alone) >= FAR)
    return alone


def _refuse(too_large: Bools) -> None:
    if too_large.any():
        raise InvalidProblemError("costs too large to stay exact")
