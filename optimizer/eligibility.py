"""Who could serve whom at all: the faults of every (request, resource) pair, as flags.

A pair without a fault is eligible. The same flags cut the model and explain the unserved.
"""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray

from optimizer.problem import Problem, Seconds

Ints = NDArray[np.int64]
Flags = NDArray[np.uint16]
Bools = NDArray[np.bool_]

FAR_S = 10**9
"""Stands for "no way there" among whole seconds; larger than any sum of valid times."""
LIMB_BITS = 62


class Fault(IntFlag):
    """Why a resource cannot serve a request."""

    EXCLUDED = 1
    LACKS = 2
    UNREACHABLE = 4
    DRIVE = 8
    HORIZON = 16
    SHIFT = 32
    KIND = 64
    FULL = 128


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """Whole seconds. Shapes: drive, arrival and ready (requests, teams), eta and approach
    (requests, vans), go (requests, places), home (places, vans), horizon, onscene and load
    (requests,).
    """

    drive: Ints
    arrival: Ints
    ready: Ints
    eta: Ints
    approach: Ints
    go: Ints
    home: Ints
    horizon: Ints
    onscene: Ints
    load: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Flags of `Fault`: team (requests, teams), van (requests, vans), place (requests, places)."""

    team: Flags
    van: Flags
    place: Flags


def whole(seconds: object) -> Ints:
    """Whole seconds, half to even; FAR_S where there is no way."""
    values = np.asarray(seconds, dtype=np.float64)
    rounded: Ints = np.rint(np.where(np.isnan(values), FAR_S, values)).astype(np.int64)
    return rounded


def times_of(problem: Problem, before: Times | None = None) -> Times:
    """When everyone would be where; rides and ways home as before, if those are given."""
    onscene = whole([r.onscene_s for r in problem.requests])
    team_free = whole([t.release_s for t in problem.teams])
    van_free = whole([v.release_s for v in problem.vans])
    drive, approach = _by_request(problem.team_to_request), _by_request(problem.van_to_request)
    arrival = np.minimum(team_free[None, :] + drive, FAR_S)
    return Times(
        drive=drive,
        arrival=arrival,
        ready=np.minimum(arrival + onscene[:, None], FAR_S),
        eta=np.minimum(van_free[None, :] + approach, FAR_S),
        approach=approach,
        go=whole(problem.request_to_place) if before is None else before.go,
        home=whole(problem.place_to_base) if before is None else before.home,
        horizon=whole([problem.horizon_s(r) for r in problem.requests]),
        onscene=onscene,
        load=whole([r.load_s for r in problem.requests]),
    )


def _by_request(seconds: Seconds) -> Ints:
    """One row a request, in one piece."""
    return whole(np.ascontiguousarray(seconds.T))


def faults_of(problem: Problem, times: Times, before: Faults | None = None) -> Faults:
    """Everything that keeps a resource from a request by itself (joint limits come later); those
    of the places as before, but for how full they are, if those are given."""
    place = _place(problem, times) if before is None else before.place & ~np.uint16(Fault.FULL)
    full = np.array([p.free == 0 for p in problem.places], dtype=np.bool_)
    place |= _flag(full, Fault.FULL)
    return Faults(_team_faults(problem, times), _van_faults(problem, times), place)


def lacking(needs: list[int], offers: list[int]) -> Bools:
    """(needs, offers): whether the offer lacks a bit of the need. Masks may have any length."""
    missing = np.zeros((len(needs), len(offers)), dtype=np.bool_)
    longest = max((mask.bit_length() for mask in needs), default=0)
    for start in range(0, longest, LIMB_BITS):
        limb = (1 << LIMB_BITS) - 1
        need = np.array([(mask >> start) & limb for mask in needs], dtype=np.int64)
        offer = np.array([(mask >> start) & limb for mask in offers], dtype=np.int64)
        missing |= (need[:, None] & ~offer[None, :]) != 0
    return missing


def _team_faults(problem: Problem, times: Times) -> Flags:
    requests, teams = problem.requests, problem.teams
    drive = times.drive
    most = whole([problem.max_team_drive_s(r) for r in requests])[:, None]
    last = whole([t.shift_end_s for t in teams]) + whole(problem.policy.overtime_grace_s)
    first = np.array([r.rank == 0 for r in requests], dtype=np.bool_)[:, None]
    faults = _common([r.team_mask for r in requests], [t.mask for t in teams])
    faults |= _excluded(problem, [t.id for t in teams])
    faults |= _flag((drive > most) & (drive < FAR_S), Fault.DRIVE)
    faults |= _flag((times.arrival > times.horizon[:, None]) & (drive < FAR_S), Fault.HORIZON)
    faults |= _flag(drive >= FAR_S, Fault.UNREACHABLE)
    faults |= _flag((times.ready > last[None, :]) & (drive < FAR_S) & ~first, Fault.SHIFT)
    return faults


def _van_faults(problem: Problem, times: Times) -> Flags:
    requests, vans = problem.requests, problem.vans
    reach = times.approach < FAR_S
    latest = (times.horizon + times.onscene)[:, None]
    last = whole([v.shift_end_s for v in vans]) + whole(problem.policy.overtime_grace_s)
    faults = _common([r.van_mask for r in requests], [v.mask for v in vans])
    faults |= _excluded(problem, [v.id for v in vans])
    faults |= _flag((times.approach > whole(problem.policy.max_van_drive_s)) & reach, Fault.DRIVE)
    faults |= _flag((times.eta > latest) & reach, Fault.HORIZON)
    faults |= _flag(~reach, Fault.UNREACHABLE)
    faults |= _flag((times.eta > last[None, :]) & reach, Fault.SHIFT)
    return faults


def _place(problem: Problem, times: Times) -> Flags:
    requests, places = problem.requests, problem.places
    reach = times.go < FAR_S
    other = {
        kind: np.array([kind not in ("any", p.kind) for p in places], dtype=np.bool_)
        for kind in {r.place_kind for r in requests}
    }
    kinds = np.array([other[r.place_kind] for r in requests], dtype=np.bool_)
    faults = _common([r.place_mask for r in requests], [p.mask for p in places])
    faults |= _excluded(problem, [p.id for p in places])
    faults |= _flag(kinds.reshape(len(requests), len(places)), Fault.KIND)
    faults |= _flag((times.go > whole(problem.policy.max_place_drive_s)) & reach, Fault.DRIVE)
    faults |= _flag(~reach, Fault.UNREACHABLE)
    return faults


def _common(needs: list[int], offers: list[int]) -> Flags:
    return _flag(lacking(needs, offers), Fault.LACKS)


def _excluded(problem: Problem, ids: list[str]) -> Flags:
    found = np.zeros((len(problem.requests), len(ids)), dtype=np.bool_)
    for i, request in enumerate(problem.requests):
        if request.excluded:
            found[i] = [name in request.excluded for name in ids]
    return _flag(found, Fault.EXCLUDED)


def _flag(where: Bools, fault: Fault) -> Flags:
    flags: Flags = where.astype(np.uint16) * np.uint16(fault.value)
    return flags
