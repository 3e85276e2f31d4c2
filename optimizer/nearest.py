"""Nearest first, as a careful dispatcher does it by hand: what there is when the solver fails.

The most urgent person first, each the nearest team, then the nearest place, then the nearest van,
as far as they fit. It uses the judge's arithmetic and nothing of the solver's, so that a fault in
one is none in the other. It is also what plans are compared with.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.case import Case, Known
from optimizer.plan import Assignment, Part, Plan, Reason
from optimizer.problem import ANY, SELF, Bundle, Problem, Request

Stock = Counter[str]
"""How many of each resource are left."""


def nearest_first(problem: Problem, kept: Mapping[str, Bundle] | None = None) -> Plan:
    """One assignment a request; `kept` are bundles that stay where they still fit.

    Explains nothing and proves nothing: its bound is that everybody could cost nothing and
    keep what is shown.
    """
    known, stock = Known.of(problem), _stock(problem)
    urgent = sorted(problem.requests, key=lambda r: (r.rank, -r.weight, -r.waited_s, r.id))
    bundles = {request.id: _promised(request) for request in urgent}
    for request in urgent:
        wanted = (kept or {}).get(request.id)
        if wanted is not None and request.locked is None and _fits(known, stock, request, wanted):
            bundles[request.id] = wanted
            stock.subtract(_parts(wanted))
    for request in urgent:
        if bundles[request.id] == _promised(request):
            bundles[request.id] = _built(known, stock, request)
    return _written(known, bundles)


def _stock(problem: Problem) -> Stock:
    """What is left beyond the locks."""
    stock = Counter({place.id: place.free for place in problem.places})
    stock.update(team.id for team in problem.teams)
    stock.update(van.id for van in problem.vans)
    for request in problem.requests:
        stock.subtract(_parts(_promised(request)))
    return stock


def _promised(request: Request) -> Bundle:
    """The locked parts; what is open is none."""
    lock = request.locked or Bundle()
    return Bundle(*(None if part == ANY else part for part in (lock.team, lock.van, lock.place)))


def _parts(bundle: Bundle) -> list[str]:
    parts = (bundle.team, bundle.van, bundle.place)
    return [part for part in parts if part is not None and part != SELF]


def _fits(known: Known, stock: Stock, request: Request, bundle: Bundle) -> bool:
    """Whether all of the bundle's parts are there, each of its kind, left, and may serve
    together."""
    kinds = ((bundle.team, known.teams), (bundle.van, known.vans), (bundle.place, known.places))
    if any(part not in (None, SELF) and part not in there for part, there in kinds):
        return False
    if any(stock[part] <= 0 for part in _parts(bundle)):
        return False
    case = Case.of(known, request.id, bundle)
    return not case.is_half and next(case.faults(), None) is None


def _built(known: Known, stock: Stock, request: Request) -> Bundle:
    """Part after part, each the nearest that fits with what is there; taken from the stock."""
    lock = request.locked or Bundle(ANY, ANY, ANY)
    bundle = _promised(request)
    for part, candidates in _by_distance(known, request):
        if getattr(lock, part) != ANY:
            continue
        for name in candidates:
            trial = replace(bundle, **{part: name})
            free = name == SELF or stock[name] > 0
            if free and next(Case.of(known, request.id, trial).faults(), None) is None:
                bundle = trial
                stock.subtract([] if name == SELF else [name])
                break
    if Case.of(known, request.id, bundle).is_half:
        stock.update(_parts(bundle))
        return Bundle()
    return bundle


def _by_distance(known: Known, request: Request) -> Iterator[tuple[Part, list[str]]]:
    problem, i = known.problem, known.requests[request.id]
    teams = problem.team_to_request[:, i] + np.array([team.release_s for team in problem.teams])
    vans = problem.van_to_request[:, i] + np.array([van.release_s for van in problem.vans])
    yield "team", _sorted(teams, [team.id for team in problem.teams])
    yield "place", _sorted(problem.request_to_place[i], [place.id for place in problem.places])
    yield "van", [*_sorted(vans, [van.id for van in problem.vans]), SELF]


def _sorted(seconds: NDArray[np.float64], names: list[str]) -> list[str]:
    """The nearest first, without those that no road leads to."""
    order = np.argsort(seconds, kind="stable")[: int((~np.isnan(seconds)).sum())]
    return [names[k] for k in order.tolist()]


def _written(known: Known, bundles: Mapping[str, Bundle]) -> Plan:
    problem = known.problem
    assignments = tuple(_assignment(known, name, bundles[name]) for name in sorted(bundles))
    by_rank: Counter[int] = Counter({request.rank: 0 for request in problem.requests})
    for one in assignments:
        by_rank[problem.requests[known.requests[one.request_id]].rank] += one.cost
    objective = sum(by_rank.values())
    ranks = tuple(sorted(by_rank.items()))
    return Plan(assignments, objective, known.least_cost(), "nearest", False, ranks)


def _assignment(known: Known, name: str, bundle: Bundle) -> Assignment:
    case = Case.of(known, name, bundle)
    problem, missing = known.problem, case.missing()
    counts = {"team": len(problem.teams), "van": len(problem.vans), "place": len(problem.places)}
    return Assignment(
        request_id=name,
        bundle=bundle,
        arrivals=case.arrivals(),
        costs=tuple(case.costs().items()),
        missing=missing,
        reasons=tuple(Reason(part, "unexamined", counts[part]) for part in missing if counts[part]),
    )
