"""A problem together with everything that a search works on; writes down what it found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.rides.engine import engine
from optimizer.rides.model import (
    FAR,
    PROMISED,
    Found,
    Model,
    Routes,
    Work,
    found_of,
    model_of,
    routes_of,
    work_of,
)
from optimizer.rides.plan import Deed, LeftOut, RidesPlan, Route, Stop
from optimizer.rides.problem import Ride, RidesProblem
from optimizer.rides.promises import Broken, relax
from optimizer.rides.reasons import obstacles_of
from optimizer.rides.waiting import without_waiting


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """The model, the routes as they are, and room to work in. Not for two threads at once.

    `broken` are the promises to people aboard that cannot be kept.
    """

    problem: RidesProblem
    model: Model
    routes: Routes
    found: Found
    work: Work
    broken: Broken

    @staticmethod
    def of(problem: RidesProblem, seed: int = 0, room: int = 0) -> "Board":
        """A board on which nobody is carried yet, not even who is aboard."""
        ordered = replace(
            problem,
            rides=tuple(sorted(problem.rides, key=lambda ride: ride.id)),
            vans=tuple(sorted(problem.vans, key=lambda van: van.id)),
        )
        model = model_of(ordered, room)
        work = work_of(model, seed)
        broken = relax(model, work)
        for r in broken.stranded:
            model.left_out[r] = ordered.rides[r].left_out_s
        board = Board(ordered, model, routes_of(model), found_of(model), work, broken)
        engine().settle_all(model, board.routes, work)
        return board

    def put_back(self) -> None:
        """Insert everyone who can be, and whoever is aboard before all others."""
        engine().put_back(self.model, self.routes, self.found, self.work, 1)
        model, routes = self.model, self.routes
        missing = np.flatnonzero((routes.van < 0) & (model.left_out == PROMISED))
        for v in sorted({int(np.argmin(model.extra[r])) for r in missing}):
            routes.van[routes.van == v] = -1
            order = self.broken.order.get(v, [])
            self._adopt(v, [2 * r for r in order] + [2 * r + 1 for r in order])
        if len(missing):
            engine().put_back(model, routes, self.found, self.work, 1)

    def adopt(self, plan: RidesPlan) -> None:
        """Take over the routes of another plan as far as they are still possible."""
        for v, stops in self._told(plan):
            self._adopt(v, stops)

    def keep_orders(self, plan: RidesPlan) -> None:
        """Among the stops that a van had in that plan, keep the plan's order unless another costs
        less."""
        for v, stops in self._told(plan):
            now = self.routes.route[v, : self.routes.length[v]].tolist()
            cost, common = self.routes.cost[v], iter([stop for stop in stops if stop in now])
            order = [next(common) if stop in stops else stop for stop in now]
            if order != now:
                self._adopt(v, order)
                if self.routes.length[v] == 0 or self.routes.cost[v] > cost:
                    self._adopt(v, now)

    def _told(self, plan: RidesPlan) -> Iterator[tuple[int, list[int]]]:
        """The vans of another plan that this problem has, with their stops that it has."""
        rows = {ride.id: r for r, ride in enumerate(self.problem.rides)}
        vans = {van.id: v for v, van in enumerate(self.problem.vans)}
        for route in plan.routes:
            if route.van_id in vans:
                v = vans[route.van_id]
                yield v, self._stops(v, route, rows)

    def _stops(self, v: int, route: Route, rows: dict[str, int]) -> list[int]:
        """The route's stops that this problem has, after those of who is aboard by now."""
        here = np.flatnonzero(
            (self.model.left_out == PROMISED) & (self.model.extra[:, v] < FAR)
        ).tolist()
        told = [
            2 * rows[stop.ride_id] + (stop.deed == "drop_off")
            for stop in route.stops
            if stop.ride_id in rows
        ]
        rest = [stop for stop in told if stop // 2 in here or (stop ^ 1) in told]
        rest = [stop for stop in rest if stop // 2 not in here or stop % 2 == 1]
        return [2 * r for r in here if 2 * r + 1 in rest] + rest

    def _adopt(self, v: int, stops: list[int]) -> None:
        possible = all(self.model.extra[stop // 2, v] < FAR for stop in stops)
        if not possible or len(stops) > self.routes.route.shape[1]:
            return
        self.routes.route[v, : len(stops)] = stops
        self.routes.length[v] = len(stops)
        engine().settle(self.model, self.routes, self.work, v)
        if self.routes.cost[v] >= FAR:
            self.routes.length[v] = 0
            self.routes.van[[stop // 2 for stop in stops]] = -1
            engine().settle(self.model, self.routes, self.work, v)

    @property
    def vans(self) -> list[str]:
        """The ids of the vans by row."""
        return [van.id for van in self.problem.vans]

    def written(self, more: tuple[Ride, ...] = ()) -> RidesPlan:
        """The routes as a plan, `more` rides being in the rows behind the problem's."""
        rides = (*self.problem.rides, *more)
        left = [r for r in range(len(rides)) if self.routes.van[r] < 0]
        broken = self.broken
        found = obstacles_of(self.problem, rides, self.model, self.work, left, broken)
        routes = tuple(self._route(v, rides) for v in range(len(self.problem.vans)))
        return RidesPlan(
            routes=routes,
            left_out=tuple(LeftOut(rides[r].id, found[r]) for r in left),
            late=tuple((rides[r].id, at) for r, at in sorted(broken.late.items())),
            overtime=tuple((self.vans[v], home) for v, home in sorted(broken.overtime.items())),
            drive_s=sum(route.drive_s for route in routes),
            cost=int(self.routes.cost.sum() + self.model.left_out[left].sum()),
        )

    def _route(self, v: int, rides: tuple[Ride, ...]) -> Route:
        model, n = self.model, int(self.routes.length[v])
        self.work.seq[:n] = self.routes.route[v, :n]
        engine().price(model, v, n, self.work)
        order = self.routes.route[v, :n].tolist()
        begins = without_waiting(model, order, self.work.moment[:n].tolist())
        here, now, driven = model.start[v], int(model.free[v]), 0
        stops = []
        for stop, begin in zip(order, begins, strict=True):
            place = int(model.place[stop])
            drive = int(model.drive[here, place])
            deed: Deed = "drop_off" if stop % 2 else "pick_up"
            leave = begin + int(model.stays[stop])
            if deed == "drop_off" or model.left_out[stop // 2] < PROMISED:
                stops.append(Stop(rides[stop // 2].id, deed, place, now + drive, begin, leave))
            here, now, driven = place, leave, driven + drive
        drive = int(model.drive[here, model.base[v]])
        return Route(self.problem.vans[v].id, tuple(stops), driven + drive, now + drive)
