"""The components of the cost, in whole tenths of a minute, each a formula of the design.

Every function takes indices, single or whole arrays, so that the model is priced and a chosen
bundle is itemised by the same line of code.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optimizer.eligibility import FAR_S, Ints, Times, lacking, whole
from optimizer.engine import engine
from optimizer.problem import Policy, Problem

Items = dict[str, Ints]


def tenths(factor: float, weight: Any, seconds: Any) -> Ints:
    """factor x weight x seconds in tenths of a minute, half up; the factor to a thousandth."""
    return engine().priced(round(factor * 1000) * np.asarray(weight), np.asarray(seconds))


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The problem's numbers for the formulas below; R requests, J teams, P places.

    weight, waited, target, worst_wish (R,); wish and overtime (R, J): extra seconds for unmet
    wishes and for work beyond the shift; preference (R, P): extra seconds of a place.
    """

    policy: Policy
    times: Times
    weight: Ints
    waited: Ints
    target: Ints
    first: Ints
    worst_wish: Ints
    wish: Ints
    overtime: Ints
    preference: Ints


def numbers_of(problem: Problem, times: Times, before: Numbers | None = None) -> Numbers:
    """Gather the numbers; where there is no way, the last moment that counts stands in. Rides,
    ways home and what places are preferred are as before, if that is given."""
    requests, policy = problem.requests, problem.policy
    times = _bounded(times, policy, None if before is None else before.times)
    first = np.array([r.rank == 0 for r in requests], dtype=np.int64)
    last = whole([t.shift_end_s for t in problem.teams]) + whole(policy.overtime_grace_s)
    over = np.clip(times.ready - last[None, :], 0, times.horizon[:, None]) * first[:, None]
    return Numbers(
        policy=policy,
        times=times,
        weight=np.array([r.weight for r in requests], dtype=np.int64),
        waited=whole([r.waited_s for r in requests]),
        target=whole([r.target_s for r in requests]),
        first=first,
        worst_wish=whole([r.soft_team_penalty_s for r in requests]) + whole(policy.max_penalty_s),
        wish=_wish(problem),
        overtime=over,
        preference=_preference(problem) if before is None else before.preference,
    )


def team_items(n: Numbers, i: Any, j: Any) -> Items:
    """The wait for the team, its lateness, unmet wishes, work beyond the shift, its road."""
    arrival = n.times.arrival[i, j]
    return {
        "team_wait": tenths(1, n.weight[i], arrival),
        "lateness": tenths(n.policy.lateness_factor, n.weight[i], _late(n, i, arrival)),
        "team_wish": tenths(1, n.weight[i], n.wish[i, j]),
        "overtime": tenths(n.policy.overtime_factor, n.weight[i], n.overtime[i, j]),
        "team_approach": tenths(n.policy.team_approach, 1, n.times.drive[i, j]),
    }


def team_prices(n: Numbers) -> Ints:
    """The sum of `team_items` for every pair (R, J)."""
    factors = (n.policy.lateness_factor, n.policy.overtime_factor, n.policy.team_approach)
    return engine().team_price(
        n.times.arrival,
        n.weight[:, None],
        (n.waited - n.target)[:, None],
        n.wish,
        n.overtime,
        n.times.drive,
        *(round(factor * 1000) for factor in factors),
    )


def van_items(n: Numbers, i: Any, v: Any, ready: Any) -> Items:
    """Who waits for whom, and the van's way to the person."""
    eta = n.times.eta[i, v]
    return {
        "van_wait": tenths(n.policy.van_wait_weighted, n.weight[i], np.maximum(0, eta - ready)),
        "van_idle": tenths(n.policy.van_idle, 1, np.maximum(0, ready - eta)),
        **approach_items(n, i, v),
    }


def approach_items(n: Numbers, i: Any, v: Any) -> Items:
    """The van's way to the person."""
    return {"van_approach": tenths(n.policy.van_approach, 1, n.times.approach[i, v])}


def return_items(n: Numbers, v: Any, p: Any) -> Items:
    """The van's way home."""
    return {"van_return": tenths(n.policy.van_return, 1, n.times.home[p, v])}


def self_items(n: Numbers, i: Any, p: Any) -> Items:
    """The team drives there, and is away for it."""
    return {"self_drive": tenths(n.policy.self_drive, 1, n.times.go[i, p])}


def place_items(n: Numbers, i: Any, p: Any) -> Items:
    """The ride, for the person and for the road, and how far the place is from the wish."""
    go = n.times.go[i, p]
    return {
        "place_ride": tenths(n.policy.place_drive_weighted, n.weight[i], go)
        + tenths(n.policy.place_drive, 1, go),
        "place_preference": tenths(1, n.weight[i], n.preference[i, p]),
    }


def place_prices(n: Numbers) -> Ints:
    """The sum of `place_items` for every pair (R, P)."""
    factors = (n.policy.place_drive_weighted, n.policy.place_drive)
    return engine().place_price(
        n.times.go, n.weight[:, None], n.preference, *(round(factor * 1000) for factor in factors)
    )


def missing_items(n: Numbers, i: Any) -> Items:
    """The price of leaving a part out.

    The wait over the whole horizon with its lateness and the surcharge, plus the dearest this
    part could be in any other way: so nobody is cheaper left alone, whatever the wait or distance.
    Being late already makes it dearer still: so nobody is passed over for ever.
    """
    p, t, weight = n.policy, n.times, n.weight[i]
    alone = (
        tenths(1, weight, t.horizon[i] + whole(p.surcharge_s))
        + tenths(p.lateness_factor, weight, _late(n, i, t.horizon[i]))
        + tenths(p.patience_factor, weight, _late(n, i, 0))
    )
    latest_ready = t.horizon[i] + t.onscene[i]
    ride = whole(p.max_place_drive_s)
    by_van = (
        tenths(p.van_wait_weighted, weight, latest_ready)
        + tenths(p.van_idle, 1, latest_ready)
        + tenths(p.van_approach, 1, whole(p.max_van_drive_s))
        + tenths(p.van_return, 1, t.horizon[i])
    )
    return {
        "missing_team": alone
        + tenths(1, weight, n.worst_wish[i])
        + tenths(p.overtime_factor, weight, t.horizon[i] * n.first[i])
        + tenths(p.team_approach, 1, t.horizon[i]),
        "missing_van": alone + np.maximum(by_van, tenths(p.self_drive, 1, ride)),
        "missing_place": alone
        + tenths(p.place_drive_weighted, weight, ride)
        + tenths(p.place_drive, 1, ride)
        + tenths(1, weight, 2 * whole(p.max_penalty_s)),
    }


def stability_item(n: Numbers) -> Ints:
    """What the bundle on the consoles is cheaper by (R,)."""
    return tenths(1, n.weight, whole(n.policy.stability_s))


def _late(n: Numbers, i: Any, arrival: Any) -> Ints:
    late: Ints = np.maximum(0, n.waited[i] + arrival - n.target[i])
    return late


def _bounded(times: Times, policy: Policy, before: Times | None) -> Times:
    """Unreachable pairs are never eligible, but a lock may keep one: price it at the limit."""
    last = times.horizon[:, None]
    ready = last + times.onscene[:, None]

    def within(values: Ints, limit: Any) -> Ints:
        return np.where(values >= FAR_S, limit, values)

    return replace(
        times,
        drive=within(times.drive, last),
        arrival=within(times.arrival, last),
        ready=within(times.ready, ready),
        eta=within(times.eta, ready),
        approach=within(times.approach, whole(policy.max_van_drive_s)),
        go=within(times.go, whole(policy.max_place_drive_s)) if before is None else before.go,
        home=within(times.home, whole(policy.horizon_s)) if before is None else before.home,
    )


def _wish(problem: Problem) -> Ints:
    unmet = lacking([r.soft_team_mask for r in problem.requests], [t.mask for t in problem.teams])
    softly = whole([r.soft_team_penalty_s for r in problem.requests])
    own = whole([t.penalty_s for t in problem.teams])
    wish: Ints = unmet * softly[:, None] + own[None, :]
    return wish


def _preference(problem: Problem) -> Ints:
    position = {place.id: p for p, place in enumerate(problem.places)}
    own = whole([p.penalty_s for p in problem.places])
    preference = np.tile(own, (len(problem.requests), 1))
    for i, request in enumerate(problem.requests):
        for place, extra_s in request.place_preference_s:
            if place in position:
                preference[i, position[place]] += int(whole(extra_s))
    return preference
