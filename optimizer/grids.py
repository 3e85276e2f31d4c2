"""Pairs in NumPy, all at once: what runs while `pairs.py` compiles, with the same answers."""

import numpy as np

from optimizer.costs import (
    Items,
    missing_components,
    place_components,
    priced,
    team_components,
)
from optimizer.eligibility import FAR_S, Bools, Fault, Flags, Ints, lacks, whole
from optimizer.given import OPEN, Places, Rates, Requests, Teams, Vans
from optimizer.pairs import PlaceSide, RideSide, TeamSide, VanSide
from optimizer.problem import Seconds
from optimizer.sides import FAR


def missing(requests: Requests, rates: Rates) -> Ints:
    """As `pairs.missing`."""
    needed = (requests.needs_team, requests.wants_van, requests.wants_place)
    return np.stack(list(missing_components(rates, requests).values())) * np.stack(needed)


def team_side(
    requests: Requests, teams: Teams, rates: Rates, drive_s: Seconds, no_team: Ints, faults: Flags
) -> TeamSide:
    """As `pairs.team_side`."""
    i, j = np.ogrid[: faults.shape[0], : faults.shape[1]]
    horizon, onscene, first = requests.horizon[i], requests.onscene[i], requests.first[i]
    road = whole(drive_s)
    reach, at = road < FAR_S, teams.release + road
    faults = (
        faults
        | _flag(lacks(requests.team_need[:, i], teams.offer[:, j]), Fault.LACKS)
        | _flag(~reach, Fault.UNREACHABLE)
        | _flag(reach & (road > requests.farthest[i]), Fault.DRIVE)
        | _flag(reach & (at > horizon), Fault.HORIZON)
        | _flag(reach & (at + onscene > teams.end) & ~first, Fault.SHIFT)
    )
    drive, arrival = np.where(reach, road, horizon), np.where(reach, at, horizon)
    cost = _sum(team_components(rates, requests, teams, i, j, arrival, drive))
    cost = np.hstack([cost, no_team[:, None]])
    needs = requests.needs_team[:, None]
    free = np.hstack([(faults == 0) & needs, ~(requests.whole[:, None] & needs)])
    may = _locked(free, requests.lock[:, 1])
    ready = np.hstack([arrival + onscene, horizon * needs + onscene])
    seated = teams.drives & ~lacks(requests.van_need[:, i], teams.car[:, j])
    drives = np.hstack([seated | (requests.driver[i] == j), np.zeros_like(needs)])
    return TeamSide(
        drive, arrival, faults, np.where(may, cost, FAR), ready, drives,
        latest=int(ready.max(initial=0)),
        dearest=int(cost.max(initial=0, where=may)),
    )  # fmt: skip


def van_side(
    requests: Requests, vans: Vans, rates: Rates, approach_s: Seconds, faults: Flags
) -> VanSide:
    """As `pairs.van_side`."""
    i, v = np.ogrid[: faults.shape[0], : faults.shape[1]]
    last, road = requests.horizon[i] + requests.onscene[i], whole(approach_s)
    reach, at = road < FAR_S, vans.release + road
    faults = (
        faults
        | _flag(lacks(requests.van_need[:, i], vans.offer[:, v]), Fault.LACKS)
        | _flag(~reach, Fault.UNREACHABLE)
        | _flag(reach & (road > rates.max_van_drive_s), Fault.DRIVE)
        | _flag(reach & (at > last), Fault.HORIZON)
        | _flag(reach & (at > vans.end), Fault.SHIFT)
    )
    approach = np.where(reach, road, rates.max_van_drive_s)
    eta, cost = np.where(reach, at, last), priced(rates.van_approach, approach)
    wants, whole_only = requests.wants_van[:, None], requests.whole[:, None]
    free = np.hstack([(faults == 0) & wants, requests.by_self[:, None], ~(whole_only & wants)])
    option = _locked(free, requests.lock[:, 0])
    latest, dearest = int(eta.max(initial=0)), int(cost.max(initial=0))
    return VanSide(approach, eta, faults, cost, option, latest, dearest)


def ride_side(
    requests: Requests, places: Places, rates: Rates, go_s: Seconds, preference: Ints, faults: Flags
) -> RideSide:
    """As `pairs.ride_side`."""
    i, p = np.ogrid[: faults.shape[0], : faults.shape[1]]
    road, kind = whole(go_s), requests.kind[i]
    reach = road < FAR_S
    faults = (
        faults
        | _flag(lacks(requests.place_need[:, i], places.offer[:, p]), Fault.LACKS)
        | _flag((kind != 0) & (kind != places.kind), Fault.KIND)
        | _flag(reach & (road > rates.max_place_drive_s), Fault.DRIVE)
        | _flag(~reach, Fault.UNREACHABLE)
    )
    go = np.where(reach, road, rates.max_place_drive_s)
    cost = _sum(place_components(rates, requests.weight[i], go, preference))
    self_drive = priced(rates.self_drive, go)
    return RideSide(go, faults, cost, self_drive, int(self_drive.max(initial=0)))


def place_side(requests: Requests, ride_cost: Ints, faults: Flags, no_place: Ints) -> PlaceSide:
    """As `pairs.place_side`."""
    wants = requests.wants_place[:, None]
    free = np.hstack([(faults == 0) & wants, ~(requests.whole[:, None] & wants)])
    may = _locked(free, requests.lock[:, 2])
    cost = np.hstack([ride_cost, no_place[:, None]])
    placed: Bools = may[:, :-1].sum(axis=1) > 0
    dearest = int(cost.max(initial=0, where=may))
    return PlaceSide(np.where(may, cost, FAR), placed, dearest)


def _locked(free: Bools, lock: Ints) -> Bools:
    """What is locked is the only choice, whatever its faults: a promise is never dropped."""
    only = lock[:, None] == np.arange(free.shape[1])
    may: Bools = np.where((lock == OPEN)[:, None], free, only)
    return may


def _flag(where: Bools, fault: Fault) -> Flags:
    flags: Flags = where.astype(np.uint16) * np.uint16(fault.value)
    return flags


def _sum(items: Items) -> Ints:
    total: Ints = np.sum(np.broadcast_arrays(*items.values()), axis=0)
    return total
