"""Shortest augmenting paths between requests and resources, compiled, with prices that prove them.

Requests and resources are alike here: either may stay alone, at a price, or take one of the other
side. With `value` of requests and `worth` of resources (never above zero) the proof is

    value[i] <= alone[i],  worth[j] <= 0,  value[i] + worth[j] <= costs[i, j],

equal wherever somebody stays alone or a pair is made; so all values and worths add up to the cost.
What breaks this is put right by one shortest path: from a request or from a resource, the same
search with the sides exchanged.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from optimizer.eligibility import Ints
from optimizer.sides import kernel, part

ALONE = -1
"""Instead of a partner."""
IMPOSSIBLE = 2**48
"""The cost of two who cannot meet. Costs are below 2**44, so no path is longer than 2**45, and
no sum leaves what 64 bits, or SciPy's floats, hold exactly."""


class Matching(NamedTuple):
    """R requests, J resources; IMPOSSIBLE where they cannot meet.

    costs (R, J), turned (J, R): the same; alone (R,), idle (J,): the price of no partner, nothing
    for a resource; value, mate (R,), worth, holder (J,): the proof and the pairs; work: room for
    a search.
    """

    costs: Ints
    turned: Ints
    alone: Ints
    idle: Ints
    value: Ints
    worth: Ints
    mate: Ints
    holder: Ints
    work: Ints

    @staticmethod
    def of(costs: Ints, alone: Ints) -> "Matching":
        """Nobody has a partner yet, and every resource is worth nothing."""
        requests, resources = costs.shape
        return Matching(
            costs=np.array(costs, dtype=np.int64, order="C"),
            turned=np.array(costs.T, dtype=np.int64, order="C"),
            alone=np.array(alone, dtype=np.int64),
            idle=np.zeros(resources, dtype=np.int64),
            value=np.zeros(requests, dtype=np.int64),
            worth=np.zeros(resources, dtype=np.int64),
            mate=np.full(requests, ALONE),
            holder=np.full(resources, ALONE),
            work=np.empty((4, max(requests, resources)), dtype=np.int64),
        )


@part
def _settle(
    costs: Ints, alone: Ints, value: Ints, worth: Ints, mate: Ints, holder: Ints, work: Ints,
    start: int,
) -> None:  # fmt: skip
    """Give `start`, who has no partner, its place by the shortest path: to a partner that is free,
    or to somebody of its own side who stays alone instead. Of equal ways the lowest index."""
    others = len(worth)
    distance, via, done, route = work
    least = alone[start]
    for f in range(others):
        least = min(least, costs[start, f] - worth[f])
    value[start] = least
    if least == alone[start]:
        return
    nearest = 0
    for f in range(others):
        distance[f] = costs[start, f] - worth[f] - least
        via[f], done[f] = start, 0
        if distance[f] < distance[nearest]:
            nearest = f
    end, last, count = alone[start] - least, start, 0
    while nearest >= 0 and distance[nearest] <= end and holder[nearest] != ALONE:
        near, so_far = holder[nearest], distance[nearest]
        done[nearest], route[count] = 1, nearest
        count += 1
        if so_far + alone[near] - value[near] < end:
            end, last = so_far + alone[near] - value[near], near
        nearest = -1
        base = so_far - value[near]
        for f in range(others):
            if done[f] == 0:
                if base + costs[near, f] - worth[f] < distance[f]:
                    distance[f] = base + costs[near, f] - worth[f]
                    via[f] = near
                if nearest < 0 or distance[f] < distance[nearest]:
                    nearest = f
    stays = nearest < 0 or distance[nearest] > end
    length = end if stays else distance[nearest]
    value[start] += length
    for k in range(count):
        rise = length - distance[route[k]]
        worth[route[k]] -= rise
        value[holder[route[k]]] += rise
    at = nearest
    if stays:
        if last == start:
            return
        at, mate[last] = mate[last], ALONE
    while True:
        near = via[at]
        before = mate[near]
        mate[near], holder[at] = at, near
        if near == start:
            return
        at = before


@part
def _settle_request(m: Matching, i: int) -> None:
    if m.mate[i] == ALONE:
        _settle(m.costs, m.alone, m.value, m.worth, m.mate, m.holder, m.work, i)


@part
def _settle_resource(m: Matching, j: int) -> None:
    if m.holder[j] == ALONE:
        _settle(m.turned, m.idle, m.worth, m.value, m.holder, m.mate, m.work, j)


@part
def _request(m: Matching, i: int) -> None:
    """Its costs are others: it lets go, and is placed anew. What it had finds another."""
    had = m.mate[i]
    if had != ALONE:
        m.mate[i] = m.holder[had] = ALONE
    m.value[i] = m.alone[i]
    for j in range(len(m.worth)):
        m.value[i] = min(m.value[i], m.costs[i, j] - m.worth[j])
    if had != ALONE:
        _settle_resource(m, had)
    _settle_request(m, i)


@part
def _resource(m: Matching, j: int) -> None:
    """Its costs are others: it is given out anew. Who had it finds another."""
    had = m.holder[j]
    if had != ALONE:
        m.holder[j] = m.mate[had] = ALONE
    _settle_resource(m, j)
    if had != ALONE:
        _settle_request(m, had)


@part
def _everything(m: Matching) -> None:
    """All costs are others: worths stay, values follow, and whoever no longer fits is placed."""
    for i in range(len(m.value)):
        least, best = m.alone[i], ALONE
        for j in range(len(m.worth)):
            if m.costs[i, j] - m.worth[j] < least:
                least, best = m.costs[i, j] - m.worth[j], j
        m.value[i] = least
        had = m.mate[i]
        if had != ALONE and m.costs[i, had] - m.worth[had] > least:
            m.mate[i] = m.holder[had] = had = ALONE
        if had == ALONE and best != ALONE and m.holder[best] == ALONE:
            m.mate[i], m.holder[best] = best, i
    for j in range(len(m.worth)):
        if m.worth[j] < 0:
            _settle_resource(m, j)
    for i in range(len(m.value)):
        _settle_request(m, i)


@kernel
def mend(m: Matching, request: int, resource: int) -> None:
    """Make the pairs optimal again after the costs of this request or this resource have changed;
    ALONE for both: after all have."""
    if request != ALONE:
        _request(m, request)
    elif resource != ALONE:
        _resource(m, resource)
    else:
        _everything(m)


def match_anew(m: Matching, _request: int, _resource: int) -> None:
    """As `mend`, whatever has changed: by SciPy from nothing, while `mend` compiles."""
    requests, resources = m.costs.shape
    own = np.full((requests, requests), IMPOSSIBLE, dtype=np.float64)
    np.fill_diagonal(own, m.alone)
    rows, columns = linear_sum_assignment(np.hstack([m.costs.astype(np.float64), own]))
    m.holder[:] = ALONE
    m.mate[:] = np.where(columns < resources, columns, ALONE)
    paired = m.mate[rows] != ALONE
    m.holder[m.mate[paired]] = rows[paired]
    paid = np.where(paired, m.costs[rows, m.mate], m.alone) if resources else m.alone
    m.worth[:] = 0
    while True:
        m.value[:] = np.where(paired, paid - m.worth[m.mate], paid) if resources else paid
        worth = np.minimum(m.worth, (m.costs - m.value[:, None]).min(axis=0, initial=0))
        if (worth == m.worth).all():
            return
        m.worth[:] = worth
