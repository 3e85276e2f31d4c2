"""The judge: recomputes every price and every limit of a plan from the raw problem.

It shares nothing with the solver but the types of the question and the answer, works on one
assignment at a time in plain integers, and knows no array. A plan is shown to nobody before this.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.case import Case, Known
from optimizer.plan import Assignment, Plan
from optimizer.problem import SELF, Problem


def check(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """What is wrong with the plan, in words; empty if nothing is."""
    judge = _Judge(Known.of(problem))
    asked = sorted(request.id for request in problem.requests)
    if [assignment.request_id for assignment in plan.assignments] != asked:
        return ("every request must have exactly one assignment, in the order of ids",)
    found = [
        f"{assignment.request_id}: {fault}"
        for assignment in plan.assignments
        for fault in judge.faults(assignment)
    ]
    if found:
        return tuple(found)
    return (*judge.shared(plan), *judge.totals(plan))


@dataclass(frozen=True, slots=True)
class _Judge:
    known: Known

    def faults(self, assignment: Assignment) -> Iterator[str]:
        """What is wrong with one assignment by itself."""
        bundle = assignment.bundle
        unknown = [
            str(name)
            for name, known in (
                (bundle.team, self.known.teams),
                (bundle.van, {**self.known.vans, SELF: 0}),
                (bundle.place, self.known.places),
            )
            if name is not None and name not in known
        ]
        if unknown:
            yield f"names unknown resources {unknown}"
            return
        case = Case.of(self.known, assignment.request_id, bundle, assignment.backup_place)
        yield from case.faults()
        if case.is_half:
            yield "all or nothing was asked"
        yield from wrong_words(case, assignment)

    def shared(self, plan: Plan) -> Iterator[str]:
        """What is wrong between assignments: no unit serves two, no place more than it has."""
        stock = {
            **dict.fromkeys(self.known.teams, 1),
            **dict.fromkeys(self.known.vans, 1),
            **{place.id: place.free for place in self.known.problem.places},
        }
        locks = Counter(
            part
            for request in self.known.problem.requests
            if request.locked is not None
            for part in (request.locked.team, request.locked.van, request.locked.place)
        )
        bundles = [assignment.bundle for assignment in plan.assignments]
        given = Counter(part for b in bundles for part in (b.team, b.van, b.place))
        for name, free in stock.items():
            if given[name] > max(free, locks[name]):
                yield f"{name} is given to {given[name]}, there is {free}"
        for assignment in plan.assignments:
            backup = assignment.backup_place
            if backup is not None and given[backup] >= stock[backup]:
                yield f"{assignment.request_id}: the backup {backup} has no room"
        yield from self._too_hopeful(plan, given, locks)

    def _too_hopeful(
        self, plan: Plan, given: Counter[str | None], locks: Counter[str | None]
    ) -> Iterator[str]:
        """Places that are the backup of more people than they can serve in expectation."""
        problem = self.known.problem
        chance = round(problem.policy.possible_chance * 1000)
        may_need = {one.id for one in problem.requests if one.place_need == "possible"}
        counted = Counter(
            one.backup_place
            for one in plan.assignments
            if one.request_id in may_need and not one.backup_shared
        )
        for place in problem.places:
            room = max(place.free, locks[place.id]) - given[place.id]
            if counted[place.id] * chance > room * 1000:
                yield f"{place.id} is the backup of {counted[place.id]} who may need it"

    def totals(self, plan: Plan) -> Iterator[str]:
        """What is wrong with the sums and the proof."""
        by_rank: Counter[int] = Counter({r.rank: 0 for r in self.known.problem.requests})
        for assignment in plan.assignments:
            rank = self.known.problem.requests[self.known.requests[assignment.request_id]].rank
            by_rank[rank] += assignment.cost
        if plan.by_rank != tuple(sorted(by_rank.items())):
            yield "the costs by rank do not add up"
        if plan.objective != sum(by_rank.values()):
            yield "the objective does not add up"
        if plan.bound > plan.objective:
            yield "the bound exceeds the objective"
        if plan.stage == "nearest" and plan.bound > self.known.least_cost():
            yield "the bound of a plan that proves nothing is above what any plan costs at least"
        if plan.proved != (plan.stage == "proved") or (plan.proved and plan.gap != 0):
            yield "the proof does not fit the stage and the gap"


def wrong_words(case: Case, assignment: Assignment) -> Iterator[str]:
    """Prices, times, missing parts and backup against what they must be."""
    costs = case.costs()
    if dict(assignment.costs) != costs or len(assignment.costs) != len(costs):
        yield f"costs {dict(assignment.costs)}, must be {costs}"
    if assignment.missing != case.missing():
        yield f"missing {assignment.missing}, must be {case.missing()}"
    if assignment.arrivals != case.arrivals():
        yield f"arrivals {assignment.arrivals}, must be {case.arrivals()}"
    yield from case.backup_faults()
    if case.backup is not None and assignment.backup_place_s != case.backup_s():
        yield f"backup at {assignment.backup_place_s}, must be {case.backup_s()}"
