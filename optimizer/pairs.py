"""What every request costs with every team, van and place, and what keeps them apart; compiled.

`grids.py` gives the same answers in NumPy. R requests, J teams, V vans, P places.
"""

from typing import NamedTuple

import numpy as np

from optimizer.eligibility import Bools, Fault, Flags, Ints
from optimizer.given import OPEN, Places, Rates, Requests, Teams, Vans
from optimizer.problem import Seconds
from optimizer.sides import FAR, kernel, part

LACKS, UNREACHABLE, DRIVE = Fault.LACKS.value, Fault.UNREACHABLE.value, Fault.DRIVE.value
HORIZON, SHIFT, KIND = Fault.HORIZON.value, Fault.SHIFT.value, Fault.KIND.value


class TeamSide(NamedTuple):
    """`drive`, `arrival` and `faults` (R, J); `cost`, FAR where a team may not be used, `ready` and
    `drives`, who may drive the person (R, J + 1); the latest moment and the dearest cost."""

    drive: Ints
    arrival: Ints
    faults: Flags
    cost: Ints
    ready: Ints
    drives: Bools
    latest: int
    dearest: int


class VanSide(NamedTuple):
    """`approach`, `eta`, `faults` and `cost` of the approach (R, V); `option` (R, V + 2): may be
    used; the latest moment and the dearest cost."""

    approach: Ints
    eta: Ints
    faults: Flags
    cost: Ints
    option: Bools
    latest: int
    dearest: int


class RideSide(NamedTuple):
    """Seconds of the ride, faults but for FULL, what a place costs by itself, whether it may be
    used or not, and what it costs that the team drives there (R, P); the dearest such drive."""

    go: Ints
    faults: Flags
    cost: Ints
    self_drive: Ints
    dearest: int


class PlaceSide(NamedTuple):
    """`cost` (R, P + 1), FAR where a place may not be used; `placed` (R,): any may; the dearest."""

    cost: Ints
    placed: Bools
    dearest: int


def missing(requests: Requests, rates: Rates) -> Ints:
    """What each request pays without a team, a van, a place (3, R); 0 for what it does not need."""
    costs = np.empty((3, len(requests.weight)), dtype=np.int64)
    _missing(requests, rates, costs)
    return costs


def team_side(
    requests: Requests, teams: Teams, rates: Rates, drive_s: Seconds, no_team: Ints, faults: Flags
) -> TeamSide:
    """Of `drive_s` (R, J) and the price of no team (R,); `faults` (R, J) knows who is excluded,
    and is filled."""
    shape, wider = faults.shape, (faults.shape[0], faults.shape[1] + 1)
    drive, arrival = np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64)
    cost, ready = np.empty(wider, dtype=np.int64), np.empty(wider, dtype=np.int64)
    drives = np.empty(wider, dtype=np.bool_)
    tables = drive, arrival, faults, cost, ready, drives
    return TeamSide(*tables, *_team_side(requests, teams, rates, drive_s, no_team, *tables))


def van_side(
    requests: Requests, vans: Vans, rates: Rates, approach_s: Seconds, faults: Flags
) -> VanSide:
    """Of `approach_s` (R, V); `faults` (R, V) knows who is excluded, and is filled."""
    shape = faults.shape
    approach, eta, cost = (np.empty(shape, dtype=np.int64) for _ in range(3))
    option = np.empty((shape[0], shape[1] + 2), dtype=np.bool_)
    tables = approach, eta, faults, cost, option
    return VanSide(*tables, *_van_side(requests, vans, rates, approach_s, *tables))


def ride_side(
    requests: Requests, places: Places, rates: Rates, go_s: Seconds, preference: Ints, faults: Flags
) -> RideSide:
    """Of `go_s` and `preference` (R, P); `faults` (R, P) knows who is excluded, and is filled."""
    go, cost, self_drive = (np.empty(faults.shape, dtype=np.int64) for _ in range(3))
    tables = go, faults, cost, self_drive
    return RideSide(*tables, _ride_side(requests, places, rates, go_s, preference, *tables))


def place_side(requests: Requests, ride_cost: Ints, faults: Flags, no_place: Ints) -> PlaceSide:
    """Of what places cost by themselves (R, P), all faults (R, P), the price of no place (R,)."""
    cost = np.empty((faults.shape[0], faults.shape[1] + 1), dtype=np.int64)
    placed = np.empty(len(cost), dtype=np.bool_)
    dearest = _place_side(requests, ride_cost, faults, no_place, cost, placed)
    return PlaceSide(cost, placed, dearest)


@part
def _priced(thousandths: int, seconds: int) -> int:
    """As `costs.priced`, of what is not below zero."""
    return int(np.int64(np.uint64(thousandths * seconds + 3000) // np.uint64(6000)))


@part
def _lacks(need: Ints, i: int, offer: Ints, k: int) -> bool:
    """Whether an offer lacks a bit of a need, both in limbs."""
    lacked = 0
    for limb in range(len(need)):
        lacked |= need[limb, i] & ~offer[limb, k]
    return lacked != 0


@part
def _may(lock: int, k: int, otherwise: bool) -> bool:
    """What is locked is the only choice, whatever its faults: a promise is never dropped."""
    return otherwise if lock == OPEN else lock == k


@kernel
def _missing(requests: Requests, rates: Rates, costs: Ints) -> None:
    for i in range(len(requests.weight)):
        weight, horizon = requests.weight[i], requests.horizon[i]
        behind, latest = requests.waited[i] - requests.target[i], horizon + requests.onscene[i]
        alone = (
            _priced(1000 * weight, horizon + rates.surcharge_s)
            + _priced(rates.lateness_factor * weight, max(0, behind + horizon))
            + _priced(rates.patience_factor * weight, max(0, behind))
        )
        by_van = (
            _priced(rates.van_wait_weighted * weight, latest)
            + _priced(rates.van_idle, latest)
            + _priced(rates.van_approach, rates.max_van_drive_s)
            + _priced(rates.van_return, horizon)
        )
        team = _priced(1000 * weight, requests.soft[i] + rates.max_penalty_s)
        if requests.first[i]:
            team += _priced(rates.overtime_factor * weight, horizon)
        team += _priced(rates.team_approach, horizon)
        ride = rates.max_place_drive_s
        place = _priced(rates.place_drive_weighted * weight, ride)
        place += _priced(rates.place_drive, ride) + _priced(1000 * weight, 2 * rates.max_penalty_s)
        van = max(by_van, _priced(rates.self_drive, ride))
        costs[0, i] = alone + team if requests.needs_team[i] else 0
        costs[1, i] = alone + van if requests.wants_van[i] else 0
        costs[2, i] = alone + place if requests.wants_place[i] else 0


@part
def _team_cost(
    requests: Requests, teams: Teams, rates: Rates, i: int, j: int, arrival: int, drive: int
) -> int:
    """The sum of `costs.team_components`."""
    weight = requests.weight[i]
    cost = _priced(1000 * weight, arrival) + _priced(rates.team_approach, drive)
    late = requests.waited[i] + arrival - requests.target[i]
    if late > 0:
        cost += _priced(rates.lateness_factor * weight, late)
    wish = teams.penalty[j]
    if _lacks(requests.soft_need, i, teams.offer, j):
        wish += requests.soft[i]
    if wish > 0:
        cost += _priced(1000 * weight, wish)
    over = arrival + requests.onscene[i] - teams.end[j]
    if requests.first[i] and over > 0:
        cost += _priced(rates.overtime_factor * weight, min(over, requests.horizon[i]))
    return cost


@kernel
def _team_side(
    requests: Requests, teams: Teams, rates: Rates, drive_s: Seconds, no_team: Ints,
    drive: Ints, arrival: Ints, faults: Flags, cost: Ints, ready: Ints, drives: Bools,
) -> tuple[int, int]:  # fmt: skip
    count = len(teams.release)
    latest = dearest = 0
    for i in range(len(requests.weight)):
        lock, horizon, onscene = requests.lock[i, 1], requests.horizon[i], requests.onscene[i]
        for j in range(count):
            fault = 0
            if np.isnan(drive_s[i, j]):
                fault |= UNREACHABLE
                road = at = horizon
            else:
                road = int(np.rint(drive_s[i, j]))
                at = teams.release[j] + road
                if road > requests.farthest[i]:
                    fault |= DRIVE
                if at > horizon:
                    fault |= HORIZON
                if not requests.first[i] and at + onscene > teams.end[j]:
                    fault |= SHIFT
            if _lacks(requests.team_need, i, teams.offer, j):
                fault |= LACKS
            faults[i, j] |= fault
            drive[i, j], arrival[i, j], ready[i, j] = road, at, at + onscene
            latest = max(latest, at + onscene)
            cost[i, j] = FAR
            if _may(lock, j, faults[i, j] == 0 and requests.needs_team[i]):
                cost[i, j] = _team_cost(requests, teams, rates, i, j, at, road)
                dearest = max(dearest, cost[i, j])
            seated = teams.drives[j] and not _lacks(requests.van_need, i, teams.car, j)
            drives[i, j] = seated or requests.driver[i] == j
        ready[i, count] = onscene + (horizon if requests.needs_team[i] else 0)
        latest = max(latest, ready[i, count])
        drives[i, count] = False
        cost[i, count] = FAR
        if _may(lock, count, not (requests.whole[i] and requests.needs_team[i])):
            cost[i, count] = no_team[i]
            dearest = max(dearest, no_team[i])
    return latest, dearest


@kernel
def _van_side(
    requests: Requests, vans: Vans, rates: Rates, approach_s: Seconds,
    approach: Ints, eta: Ints, faults: Flags, cost: Ints, option: Bools,
) -> tuple[int, int]:  # fmt: skip
    count = len(vans.release)
    latest = dearest = 0
    for i in range(len(requests.weight)):
        lock, wants = requests.lock[i, 0], requests.wants_van[i]
        last = requests.horizon[i] + requests.onscene[i]
        for v in range(count):
            fault = 0
            if np.isnan(approach_s[i, v]):
                fault |= UNREACHABLE
                road, at = rates.max_van_drive_s, last
            else:
                road = int(np.rint(approach_s[i, v]))
                at = vans.release[v] + road
                if road > rates.max_van_drive_s:
                    fault |= DRIVE
                if at > last:
                    fault |= HORIZON
                if at > vans.end[v]:
                    fault |= SHIFT
            if _lacks(requests.van_need, i, vans.offer, v):
                fault |= LACKS
            faults[i, v] |= fault
            approach[i, v], eta[i, v] = road, at
            cost[i, v] = _priced(rates.van_approach, road)
            option[i, v] = _may(lock, v, faults[i, v] == 0 and wants)
            latest, dearest = max(latest, at), max(dearest, cost[i, v])
        option[i, count] = _may(lock, count, requests.by_self[i])
        option[i, count + 1] = _may(lock, count + 1, not (requests.whole[i] and wants))
    return latest, dearest


@kernel
def _ride_side(
    requests: Requests, places: Places, rates: Rates, go_s: Seconds, preference: Ints,
    go: Ints, faults: Flags, cost: Ints, self_drive: Ints,
) -> int:  # fmt: skip
    dearest = 0
    for i in range(len(requests.weight)):
        weight, kind = requests.weight[i], requests.kind[i]
        for p in range(len(places.free)):
            fault = 0
            if np.isnan(go_s[i, p]):
                fault |= UNREACHABLE
                road = rates.max_place_drive_s
            else:
                road = int(np.rint(go_s[i, p]))
                if road > rates.max_place_drive_s:
                    fault |= DRIVE
            if kind != 0 and kind != places.kind[p]:
                fault |= KIND
            if _lacks(requests.place_need, i, places.offer, p):
                fault |= LACKS
            faults[i, p] |= fault
            go[i, p] = road
            ride = _priced(rates.place_drive_weighted * weight, road)
            ride += _priced(rates.place_drive, road)
            cost[i, p] = ride + _priced(1000 * weight, preference[i, p])
            self_drive[i, p] = _priced(rates.self_drive, road)
            dearest = max(dearest, self_drive[i, p])
    return dearest


@kernel
def _place_side(
    requests: Requests, ride_cost: Ints, faults: Flags, no_place: Ints, cost: Ints, placed: Bools
) -> int:
    count = faults.shape[1]
    dearest = 0
    for i in range(len(requests.weight)):
        lock, wants = requests.lock[i, 2], requests.wants_place[i]
        placed[i] = False
        for p in range(count):
            cost[i, p] = FAR
            if _may(lock, p, faults[i, p] == 0 and wants):
                cost[i, p] = ride_cost[i, p]
                dearest = max(dearest, ride_cost[i, p])
                placed[i] = True
        cost[i, count] = FAR
        if _may(lock, count, not (requests.whole[i] and wants)):
            cost[i, count] = no_place[i]
            dearest = max(dearest, no_place[i])
    return dearest
