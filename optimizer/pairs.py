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
JUST_BELOW = (1 - 2.0**-45) / 6000
"""A little less than a 6000th, by more than what digits can make of it."""


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
    drives, lacks = np.empty(wider, dtype=np.bool_), np.empty((3, shape[1]), dtype=np.bool_)
    tables = drive, arrival, faults, cost, ready, drives
    return TeamSide(*tables, *_team_side(requests, teams, rates, drive_s, no_team, lacks, *tables))


def van_side(
    requests: Requests, vans: Vans, rates: Rates, approach_s: Seconds, faults: Flags
) -> VanSide:
    """Of `approach_s` (R, V); `faults` (R, V) knows who is excluded, and is filled."""
    shape = faults.shape
    approach, eta, cost = (np.empty(shape, dtype=np.int64) for _ in range(3))
    option = np.empty((shape[0], shape[1] + 2), dtype=np.bool_)
    lacks = np.empty(shape[1], dtype=np.bool_)
    tables = approach, eta, faults, cost, option
    return VanSide(*tables, *_van_side(requests, vans, rates, approach_s, lacks, *tables))


def ride_side(
    requests: Requests, places: Places, rates: Rates, go_s: Seconds, preference: Ints, faults: Flags
) -> RideSide:
    """Of `go_s` and `preference` (R, P); `faults` (R, P) knows who is excluded, and is filled."""
    go, cost, self_drive = (np.empty(faults.shape, dtype=np.int64) for _ in range(3))
    lacks = np.empty(faults.shape[1], dtype=np.bool_)
    tables = go, faults, cost, self_drive
    return RideSide(*tables, _ride_side(requests, places, rates, go_s, preference, lacks, *tables))


def place_side(requests: Requests, ride_cost: Ints, faults: Flags, no_place: Ints) -> PlaceSide:
    """Of what places cost by themselves (R, P), all faults (R, P), the price of no place (R,)."""
    cost = np.empty((faults.shape[0], faults.shape[1] + 1), dtype=np.int64)
    placed = np.empty(len(cost), dtype=np.bool_)
    dearest = _place_side(requests, ride_cost, faults, no_place, cost, placed)
    return PlaceSide(cost, placed, dearest)


@part
def _priced(thousandths: int, seconds: int) -> int:
    """As `costs.priced`, of what is not below zero: by a product, of which a loop takes several at
    once, and not by a division. It is too small by less than one up to 2**57."""
    whole = thousandths * seconds + 3000
    least = int(whole * JUST_BELOW)
    return least + (whole - 6000 * least >= 6000)


@part
def _compare(need: Ints, i: int, offer: Ints, lacks: Bools) -> None:
    """Which offers (L, K) lack a bit of a request's need (L, R); most need nothing."""
    for k in range(len(lacks)):
        lacks[k] = False
    for limb in range(len(need)):
        bits = need[limb, i]
        if bits:
            for k in range(len(lacks)):
                lacks[k] |= (bits & ~offer[limb, k]) != 0


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
    rates: Rates, weight: int, first: bool, arrival: int, behind: int, drive: int, wish: int,
    over: int,
) -> int:  # fmt: skip
    """The sum of `costs.team_components`."""
    cost = _priced(1000 * weight, arrival) + _priced(1000 * weight, wish)
    cost += _priced(rates.lateness_factor * weight, max(0, behind + arrival))
    if first:
        cost += _priced(rates.overtime_factor * weight, over)
    return cost + _priced(rates.team_approach, drive) if rates.team_approach else cost


@kernel
def _team_side(
    requests: Requests, teams: Teams, rates: Rates, drive_s: Seconds, no_team: Ints, lacks: Bools,
    drive: Ints, arrival: Ints, faults: Flags, cost: Ints, ready: Ints, drives: Bools,
) -> tuple[int, int]:  # fmt: skip
    count = len(teams.release)
    latest = dearest = 0
    for i in range(len(requests.weight)):
        lock, horizon, onscene = requests.lock[i, 1], requests.horizon[i], requests.onscene[i]
        first, needs, farthest = requests.first[i], requests.needs_team[i], requests.farthest[i]
        weight, soft, driver = requests.weight[i], requests.soft[i], requests.driver[i]
        behind = requests.waited[i] - requests.target[i]
        _compare(requests.team_need, i, teams.offer, lacks[0])
        _compare(requests.soft_need, i, teams.offer, lacks[1])
        _compare(requests.van_need, i, teams.car, lacks[2])
        for j in range(count):
            fault = LACKS if lacks[0, j] else 0
            if np.isnan(drive_s[i, j]):
                fault |= UNREACHABLE
                road = at = horizon
            else:
                road = int(np.rint(drive_s[i, j]))
                at = teams.release[j] + road
                fault |= DRIVE if road > farthest else 0
                fault |= HORIZON if at > horizon else 0
                fault |= SHIFT if not first and at + onscene > teams.end[j] else 0
            faults[i, j] |= fault
            drive[i, j], arrival[i, j], ready[i, j] = road, at, at + onscene
            latest = max(latest, at + onscene)
        for j in range(count):
            wish = teams.penalty[j] + (soft if lacks[1, j] else 0)
            over = min(max(0, ready[i, j] - teams.end[j]), horizon)
            own = _team_cost(rates, weight, first, arrival[i, j], behind, drive[i, j], wish, over)
            may = _may(lock, j, needs & (faults[i, j] == 0))
            cost[i, j] = own if may else FAR
            dearest = max(dearest, own if may else 0)
        for j in range(count):
            drives[i, j] = teams.drives[j] & ~lacks[2, j]
        if driver != OPEN:
            drives[i, driver] = True
        ready[i, count] = onscene + (horizon if needs else 0)
        latest = max(latest, ready[i, count])
        drives[i, count] = False
        may = _may(lock, count, not (requests.whole[i] and needs))
        cost[i, count] = no_team[i] if may else FAR
        dearest = max(dearest, no_team[i] if may else 0)
    return latest, dearest


@kernel
def _van_side(
    requests: Requests, vans: Vans, rates: Rates, approach_s: Seconds, lacks: Bools,
    approach: Ints, eta: Ints, faults: Flags, cost: Ints, option: Bools,
) -> tuple[int, int]:  # fmt: skip
    count = len(vans.release)
    latest = dearest = 0
    for i in range(len(requests.weight)):
        lock, wants = requests.lock[i, 0], requests.wants_van[i]
        last = requests.horizon[i] + requests.onscene[i]
        _compare(requests.van_need, i, vans.offer, lacks)
        for v in range(count):
            fault = LACKS if lacks[v] else 0
            if np.isnan(approach_s[i, v]):
                fault |= UNREACHABLE
                road, at = rates.max_van_drive_s, last
            else:
                road = int(np.rint(approach_s[i, v]))
                at = vans.release[v] + road
                fault |= DRIVE if road > rates.max_van_drive_s else 0
                fault |= HORIZON if at > last else 0
                fault |= SHIFT if at > vans.end[v] else 0
            faults[i, v] |= fault
            approach[i, v], eta[i, v] = road, at
            cost[i, v] = _priced(rates.van_approach, road)
            option[i, v] = _may(lock, v, wants and faults[i, v] == 0)
            latest, dearest = max(latest, at), max(dearest, cost[i, v])
        option[i, count] = _may(lock, count, requests.by_self[i])
        option[i, count + 1] = _may(lock, count + 1, not (requests.whole[i] and wants))
    return latest, dearest


@kernel
def _ride_side(
    requests: Requests, places: Places, rates: Rates, go_s: Seconds, preference: Ints, lacks: Bools,
    go: Ints, faults: Flags, cost: Ints, self_drive: Ints,
) -> int:  # fmt: skip
    dearest = 0
    for i in range(len(requests.weight)):
        weight, kind = requests.weight[i], requests.kind[i]
        _compare(requests.place_need, i, places.offer, lacks)
        for p in range(len(places.free)):
            fault = LACKS if lacks[p] else 0
            if np.isnan(go_s[i, p]):
                fault |= UNREACHABLE
                road = rates.max_place_drive_s
            else:
                road = int(np.rint(go_s[i, p]))
                fault |= DRIVE if road > rates.max_place_drive_s else 0
            fault |= KIND if kind != 0 and kind != places.kind[p] else 0
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
        may = _may(lock, count, not (requests.whole[i] and wants))
        cost[i, count] = no_place[i] if may else FAR
        dearest = max(dearest, no_place[i] if may else 0)
    return dearest
