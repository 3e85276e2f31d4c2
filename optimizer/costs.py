"""The components of the cost, in whole tenths of a minute, each a formula of the design.

Every function takes indices, single or whole arrays, so that the model is priced and a chosen
bundle is itemised by the same line of code.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.eligibility import Ints, Times, lacks
from optimizer.given import Rates, Requests, Teams

Items = dict[str, Ints]


def priced(thousandths: Any, seconds: Any) -> Ints:
    """Thousandths of a tenth of a minute each, times seconds, in tenths, half up."""
    tenths: Ints = (thousandths * np.asarray(seconds) + 3000) // 6000
    return tenths


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """The problem's numbers for the formulas below; preference (R, P): extra seconds of a place."""

    rates: Rates
    times: Times
    requests: Requests
    teams: Teams
    preference: Ints


def team_items(n: Numbers, i: Any, j: Any) -> Items:
    """The wait for the team, its lateness, unmet wishes, work beyond the shift, its road."""
    ways = n.times.arrival[i, j], n.times.drive[i, j]
    return team_components(n.rates, n.requests, n.teams, i, j, *ways)


def team_components(
    rates: Rates, requests: Requests, teams: Teams, i: Any, j: Any, arrival: Ints, drive: Ints
) -> Items:
    """`team_items` of teams that arrive after so many seconds, so many of them on the road."""
    weight = requests.weight[i]
    unmet = lacks(requests.soft_need[:, i], teams.offer[:, j])
    over = arrival + requests.onscene[i] - teams.end[j]
    overtime = np.clip(over, 0, requests.horizon[i]) * requests.first[i]
    return {
        "team_wait": priced(1000 * weight, arrival),
        "lateness": priced(rates.lateness_factor * weight, _late(requests, i, arrival)),
        "team_wish": priced(1000 * weight, unmet * requests.soft[i] + teams.penalty[j]),
        "overtime": priced(rates.overtime_factor * weight, overtime),
        "team_approach": priced(rates.team_approach, drive),
    }


def van_items(n: Numbers, i: Any, v: Any, ready: Any) -> Items:
    """Who waits for whom, and the van's way to the person."""
    eta, weight = n.times.eta[i, v], n.requests.weight[i]
    return {
        "van_wait": priced(n.rates.van_wait_weighted * weight, np.maximum(0, eta - ready)),
        "van_idle": priced(n.rates.van_idle, np.maximum(0, ready - eta)),
        "van_approach": priced(n.rates.van_approach, n.times.approach[i, v]),
    }


def return_items(n: Numbers, v: Any, p: Any) -> Items:
    """The van's way home."""
    return {"van_return": priced(n.rates.van_return, n.times.home[p, v])}


def self_items(n: Numbers, i: Any, p: Any) -> Items:
    """The team drives there, and is away for it."""
    return {"self_drive": priced(n.rates.self_drive, n.times.go[i, p])}


def place_items(n: Numbers, i: Any, p: Any) -> Items:
    """The ride, for the person and for the road, and how far the place is from the wish."""
    return place_components(n.rates, n.requests.weight[i], n.times.go[i, p], n.preference[i, p])


def place_components(rates: Rates, weight: Ints, go: Ints, preference: Ints) -> Items:
    """`place_items` of rides of so many seconds."""
    return {
        "place_ride": priced(rates.place_drive_weighted * weight, go)
        + priced(rates.place_drive, go),
        "place_preference": priced(1000 * weight, preference),
    }


def missing_components(rates: Rates, requests: Requests) -> Items:
    """The price of leaving a part out (R,).

    The wait over the whole horizon with its lateness and the surcharge, plus the dearest this
    part could be in any other way: so nobody is cheaper left alone, whatever the wait or distance.
    Being late already makes it dearer still: so nobody is passed over for ever.
    """
    p, weight, horizon = rates, requests.weight, requests.horizon
    every = np.s_[:]
    alone = (
        priced(1000 * weight, horizon + p.surcharge_s)
        + priced(p.lateness_factor * weight, _late(requests, every, horizon))
        + priced(p.patience_factor * weight, _late(requests, every, 0))
    )
    latest_ready = horizon + requests.onscene
    by_van = (
        priced(p.van_wait_weighted * weight, latest_ready)
        + priced(p.van_idle, latest_ready)
        + priced(p.van_approach, p.max_van_drive_s)
        + priced(p.van_return, horizon)
    )
    return {
        "missing_team": alone
        + priced(1000 * weight, requests.soft + p.max_penalty_s)
        + priced(p.overtime_factor * weight, horizon * requests.first)
        + priced(p.team_approach, horizon),
        "missing_van": alone + np.maximum(by_van, priced(p.self_drive, p.max_place_drive_s)),
        "missing_place": alone
        + priced(p.place_drive_weighted * weight, p.max_place_drive_s)
        + priced(p.place_drive, p.max_place_drive_s)
        + priced(1000 * weight, 2 * p.max_penalty_s),
    }


def stability_item(n: Numbers) -> Ints:
    """What the bundle on the consoles is cheaper by (R,)."""
    return priced(1000 * n.requests.weight, n.rates.stability_s)


def _late(requests: Requests, i: Any, arrival: Any) -> Ints:
    late: Ints = np.maximum(0, requests.waited[i] + arrival - requests.target[i])
    return late
