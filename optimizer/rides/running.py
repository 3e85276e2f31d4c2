"""A plan that is being driven: what would one more ride cost, answered while somebody calls."""

from dataclasses import dataclass, replace

import numpy as np

from optimizer.problem import InvalidProblemError
from optimizer.rides.board import Board
from optimizer.rides.engine import engine
from optimizer.rides.model import put_ride
from optimizer.rides.plan import RidesPlan
from optimizer.rides.problem import Ride, RidesProblem
from optimizer.rides.waiting import without_waiting

ROOM = 32


@dataclass(frozen=True, slots=True)
class Offer:
    """How a ride would be carried: by which van, when, and what that costs more."""

    ride: Ride
    van_id: str
    pick_up_s: int
    drop_off_s: int
    more: int


class Running:
    """A plan that takes in one ride after the other, with nobody else moved to another van or out
    of their windows. Not for two threads at once."""

    def __init__(self, problem: RidesProblem, plan: RidesPlan) -> None:
        self._open(problem, plan)

    def _open(self, problem: RidesProblem, plan: RidesPlan) -> None:
        self._board = Board.of(problem, room=ROOM)
        self._board.adopt(plan)
        self._more: list[Ride] = []

    @property
    def problem(self) -> RidesProblem:
        """The problem with every ride that was taken in."""
        problem = self._board.problem
        return replace(problem, rides=(*problem.rides, *self._more))

    @property
    def plan(self) -> RidesPlan:
        """The plan as it is now."""
        return self._board.written(tuple(self._more))

    def offer(self, ride: Ride) -> Offer | None:
        """The cheapest way to carry one more ride; None if there is none. Nothing is promised.

        Raises InvalidProblemError for a place that is unknown, an id that is not new, and for
        somebody who is aboard already.
        """
        board, r = self._board, len(self._board.problem.rides) + len(self._more)
        self._check(ride)
        vans = board.problem.vans
        lacks = np.array([ride.mask & ~van.mask != 0 for van in vans], dtype=np.bool_)
        lacks[list(board.broken.closed)] = True
        put_ride(board.model, r, ride, board.vans, lacks, board.problem.stability_s)
        board.found.version[r] = -2
        work = board.work
        v = engine().offered(board.model, board.routes, board.found, work, r)
        if v < 0:
            return None
        n = int(board.routes.length[v]) + 2
        route = work.seq[:n].tolist()
        moments = without_waiting(board.model, route, work.moment[:n].tolist())
        first, last = (moments[route.index(stop)] for stop in (2 * r, 2 * r + 1))
        return Offer(ride, vans[v].id, first, last, int(board.found.more[r, v]))

    def take(self, ride: Ride) -> Offer | None:
        """Carry the ride in the way that `offer` says; None if there is none."""
        offer = self.offer(ride)
        if offer is None:
            return None
        board, r = self._board, len(self._board.problem.rides) + len(self._more)
        v = board.vans.index(offer.van_id)
        engine().put_in(board.model, board.routes, board.found, board.work, r, v)
        self._more.append(ride)
        if len(self._more) == ROOM:
            self._open(self.problem, self.plan)
        return offer

    def _check(self, ride: Ride) -> None:
        problem = self._board.problem
        problem.check_place(ride.origin, f"ride {ride.id}: origin")
        problem.check_place(ride.destination, f"ride {ride.id}: destination")
        if ride.aboard_since_s is not None:
            raise InvalidProblemError(f"ride {ride.id}: is aboard already")
        if any(one.id == ride.id for one in (*problem.rides, *self._more)):
            raise InvalidProblemError(f"ride {ride.id}: is planned already")
