"""What the optimizer answers: one assignment a request, with its price, its bound and its proof.

Nothing here can refer back to what holds it, so the garbage collector need not look (`gc=False`).
"""

from typing import Literal

from msgspec import Struct

from optimizer.problem import Bundle

Stage = Literal["nearest", "repaired", "sequential", "lp", "proved"]
Part = Literal["team", "van", "place"]
ByRank = tuple[tuple[int, int], ...]
"""(rank, tenths of a minute), in the order in which ranks are planned: the first that is not zero
decides, whatever comes after it."""


class Arrivals(Struct, frozen=True, gc=False):
    """When each step happens, in seconds from now; None where there is no such step."""

    team_s: float | None = None
    ready_s: float | None = None
    van_s: float | None = None
    pick_s: float | None = None
    place_s: float | None = None


class Alternative(Struct, frozen=True, gc=False):
    """Another bundle for the request, and what the whole region pays if it is chosen.

    `regret` is exact: the optimum with this bundle forced minus the optimum, in tenths of a
    minute. Ranks come one after the other, so `regret_by_rank` (rank, tenths) is what orders
    alternatives; earlier ranks than the request's own never pay.
    """

    bundle: Bundle
    arrivals: Arrivals
    regret: int
    regret_by_rank: ByRank


class Reason(Struct, frozen=True, gc=False):
    """Why so many resources of a kind could not serve: counted, never guessed.

    `fault` is a word of `optimizer.eligibility.Fault` in lower case, "taken", or "unexamined" in a
    plan that explains nothing. `bits` are the indices of the missing mask bits with how many
    resources lack each; `holders` are (resource, request that has it, its shadow price in tenths
    of a minute or None if no price is known).
    """

    part: Part
    fault: str
    count: int
    bits: tuple[tuple[int, int], ...] = ()
    holders: tuple[tuple[str, str, float | None], ...] = ()


class Assignment(Struct, frozen=True, gc=False):
    """The plan for one request. `costs` are (component, tenths of a minute) and add up.

    `backup_place` is the best other place with room (a fact, it claims nothing); `backup_shared`
    says that more people may need it than it has room for in expectation. `nearest_team` is
    the eligible team that would arrive first. For requests that were to be explained:
    `alternatives` are the next best bundles, and `nearest` is the best one with the nearest team
    if the plan sends another; its regret says why, and None that an earlier rank needs that team.
    """

    request_id: str
    bundle: Bundle
    arrivals: Arrivals
    costs: tuple[tuple[str, int], ...]
    missing: tuple[Part, ...] = ()
    reasons: tuple[Reason, ...] = ()
    backup_place: str | None = None
    backup_place_s: float | None = None
    backup_shared: bool = False
    nearest_team: str | None = None
    alternatives: tuple[Alternative, ...] = ()
    nearest: Alternative | None = None
    lock_faults: tuple[str, ...] = ()

    @property
    def cost(self) -> int:
        """The price of the bundle in tenths of a minute."""
        return sum(cost for _, cost in self.costs)


class Plan(Struct, frozen=True, gc=False):
    """All requests of the region together, in the order of their ids.

    `objective` and `bound` are tenths of a minute; `proved` says that no plan is better, rank by
    rank. `by_rank` is the objective of each rank, `prices` the shadow price of each resource
    that has one: a bound of the relaxation, not what one more would spare (see `worth.py`).
    """

    assignments: tuple[Assignment, ...]
    objective: int
    bound: int
    stage: Stage
    proved: bool
    by_rank: ByRank
    prices: tuple[tuple[str, float], ...] = ()

    @property
    def gap(self) -> int:
        """How far from optimal this plan can be at most, in tenths of a minute."""
        return self.objective - self.bound

    def spared_by(self, after: "Plan") -> ByRank:
        """What each rank pays less in a plan for the same requests."""
        then = dict(after.by_rank)
        return tuple((rank, tenths - then[rank]) for rank, tenths in self.by_rank)

    def of(self, request_id: str) -> Assignment:
        """The assignment of one request; KeyError if it was not asked."""
        for assignment in self.assignments:
            if assignment.request_id == request_id:
                return assignment
        raise KeyError(request_id)
