"""OR-Tools routing on the same rides: windows, seats, longest rides, shifts, prices."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from ortools.constraint_solver import pywrapcp, routing_enums_pb2

from optimizer.eligibility import whole
from optimizer.rides.plan import Deed, RidesPlan, Route, Stop
from optimizer.rides.problem import Ride, RidesProblem, Van
from optimizer.rides.solve import solve


@dataclass(frozen=True, slots=True)
class Reference:
    """The plan that OR-Tools had in the end, and when (seconds) it had found which cost."""

    plan: RidesPlan
    progress: tuple[tuple[float, int], ...]

    def time_below(self, cost: int) -> float | None:
        """When it first had a better plan; None if never."""
        return next((spent for spent, found in self.progress if found < cost), None)


def reference(problem: RidesProblem, limit_s: float) -> Reference:
    """Guided local search for so long. Every van must start at its base and have the same number
    of seats: who shares with nobody takes all of them, because a rule for that cannot be stated."""
    model = _Model(problem)
    progress: list[tuple[float, int]] = []
    began = perf_counter()

    def seen() -> None:
        progress.append((perf_counter() - began, model.routing.CostVar().Value()))

    model.routing.AddAtSolutionCallback(seen)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    search.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    search.time_limit.FromMilliseconds(round(1000 * limit_s))
    answer = model.routing.SolveWithParameters(search)
    # The same orders with this project's moments, so that one judge can judge both.
    plan = solve(problem, model.plan(answer), iterations=0)
    return Reference(plan, tuple(progress))


class _Model:
    """Stops 2r and 2r + 1 of ride r, then one node a van."""

    def __init__(self, problem: RidesProblem) -> None:
        self.problem = problem
        rides, vans = problem.rides, problem.vans
        depots = [2 * len(rides) + v for v in range(len(vans))]
        self.manager = pywrapcp.RoutingIndexManager(
            2 * len(rides) + len(vans), len(vans), depots, depots
        )
        self.routing = pywrapcp.RoutingModel(self.manager)
        self._places = [place for ride in rides for place in (ride.origin, ride.destination)]
        self._places += [van.base for van in vans]
        self._drive = whole(problem.drive_s).tolist()
        self._stays = [stay for ride in rides for stay in (ride.board_s, ride.alight_s)]
        self._stays += [0] * len(vans)
        self.routing.SetArcCostEvaluatorOfAllVehicles(self._over_arcs(lambda a, b: self._leg(a, b)))
        horizon = round(max(van.shift_end_s for van in vans))
        timed = self._over_arcs(lambda a, b: round(self._stays[a]) + self._leg(a, b))
        self.routing.AddDimension(timed, horizon, horizon, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self._seats(vans)
        for r, ride in enumerate(rides):
            self._ride(r, ride)
        for v, van in enumerate(vans):
            self.time.CumulVar(self.routing.Start(v)).SetMin(round(van.free_s))
            self.time.CumulVar(self.routing.End(v)).SetMax(round(van.shift_end_s))

    def _leg(self, a: int, b: int) -> int:
        return int(self._drive[self._places[a]][self._places[b]])

    def _over_arcs(self, value: Callable[[int, int], int]) -> int:
        nodes = range(len(self._places))
        return int(
            self.routing.RegisterTransitMatrix([[value(a, b) for b in nodes] for a in nodes])
        )

    def _seats(self, vans: tuple[Van, ...]) -> None:
        taken = [0] * len(self._places)
        for r, ride in enumerate(self.problem.rides):
            seats = ride.seats if ride.shares else vans[0].seats
            taken[2 * r], taken[2 * r + 1] = seats, -seats
        evaluator = self.routing.RegisterUnaryTransitVector(taken)
        self.routing.AddDimensionWithVehicleCapacity(
            evaluator, 0, [van.seats for van in vans], True, "seats"
        )

    def _ride(self, r: int, ride: Ride) -> None:
        routing, solver = self.routing, self.routing.solver()
        a, b = self.manager.NodeToIndex(2 * r), self.manager.NodeToIndex(2 * r + 1)
        routing.AddPickupAndDelivery(a, b)
        solver.Add(routing.VehicleVar(a) == routing.VehicleVar(b))
        begin, end = self.time.CumulVar(a), self.time.CumulVar(b)
        solver.Add(end - begin <= round(ride.most_ride_s) + round(ride.board_s))
        solver.Add(begin + round(ride.board_s) <= end)
        horizon = round(max(van.shift_end_s for van in self.problem.vans))
        begin.SetRange(round(ride.pick_up_s[0]), min(horizon, round(ride.pick_up_s[1])))
        end.SetRange(round(ride.drop_off_s[0]), min(horizon, round(ride.drop_off_s[1])))
        may = [v for v, van in enumerate(self.problem.vans) if ride.mask & ~van.mask == 0]
        for stop in (a, b):
            routing.VehicleVar(stop).SetValues([-1, *may])
            routing.AddDisjunction([stop], ride.left_out_s // 2)

    def plan(self, answer: pywrapcp.Assignment | None) -> RidesPlan:
        """The orders of the stops, without moments."""
        routes = []
        for v, van in enumerate(self.problem.vans):
            stops = []
            index = self.routing.Start(v)
            while answer is not None and not self.routing.IsEnd(index):
                index = answer.Value(self.routing.NextVar(index))
                node = self.manager.IndexToNode(index)
                if node < 2 * len(self.problem.rides):
                    ride = self.problem.rides[node // 2]
                    deed: Deed = "drop_off" if node % 2 else "pick_up"
                    stops.append(Stop(ride.id, deed, self._places[node], 0, 0, 0))
            routes.append(Route(van.id, tuple(stops), 0, 0))
        return RidesPlan(tuple(routes), (), (), (), 0, 0)
