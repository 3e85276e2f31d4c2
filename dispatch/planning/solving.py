"""One plan: the solver's answer, checked, in words; or, where the solver fails, one that stands in.

All of it runs in threads, beside the loop that asks for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

import structlog

from dispatch.faults import FAULTS, PlanRefused, told
from dispatch.planning.policy import PlanningPolicy
from dispatch.planning.question import Question
from dispatch.planning.recommendation import (
    PlanView,
    Priced,
    next_version,
    plan_view,
    shown_bundles,
)
from dispatch.planning.serving import would_serve
from optimizer.check import check
from optimizer.nearest import nearest_first
from optimizer.plan import Plan
from optimizer.solve import Solved as Answer
from optimizer.solve import solve_warm
from optimizer.strictness import price_of_strictness
from optimizer.worth import worths

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Solved:
    """One plan with its question, the words for it, and who waits for alternatives.

    `answer` is the solver's own, still warm: it explains, and begins the next plan. Only one thread
    at a time may have it; None after a fault. `is_priced`: what a strict order costs was asked.
    """

    question: Question
    plan: Plan
    view: PlanView
    unexplained: tuple[str, ...]
    answer: Answer | None
    is_priced: bool = False


class Solver:
    """Answers questions, the last answer still warm. `ticks` gives seconds that only grow."""

    def __init__(self, policy: PlanningPolicy, ticks: Callable[[], float]) -> None:
        self._policy = policy
        self._ticks = ticks
        # A thread may outlive the task that waited for it.
        self._solving = Lock()

    def solve(
        self, put: Question, at: tuple[int, int], *, before: Solved | None, shown: PlanView | None
    ) -> Solved:
        """The next plan after `before`. `at`: epoch and number of the event that it knows; `shown`
        is on the consoles. Raises one of FAULTS where not even the nearest can be planned."""
        try:
            with self._solving:
                answer = self._answer(put, before)
                plan = _judged(put, answer.plan)
        except FAULTS as fault:
            log.error("planner.fault", **told(fault))
            return self._stand_in(put, at, shown, type(fault).__name__)
        view = plan_view(put, plan, next_version(shown), at, shown=shown)
        first = _most_urgent(put)[: self._policy.explain_most] if plan.proved else ()
        return Solved(put, plan, view, tuple(first), answer)

    def _answer(self, put: Question, before: Solved | None) -> Answer:
        within_s = self._policy.solve_within_ms / 1000
        late_s = self._ticks() + within_s
        return solve_warm(
            put.problem,
            previous=before.plan if before else None,
            deadline=lambda: self._ticks() > late_s,
            effort=within_s,
            before=before.answer if before else None,
        )

    def _stand_in(
        self, put: Question, at: tuple[int, int], shown: PlanView | None, fault: str
    ) -> Solved:
        """What the solver leaves us with: what is shown already, and the nearest for others."""
        plan = _judged(put, nearest_first(put.problem, shown_bundles(shown)))
        said = f"No full plan could be made ({fault}): whoever is new gets the nearest that fits."
        view = plan_view(put, plan, next_version(shown), at, shown=shown, degraded=said)
        return Solved(put, plan, view, (), None)

    def price(
        self, solved: Solved, requests: Sequence[str], is_late: Callable[[], bool]
    ) -> Priced | None:
        """These requests explained, and, once a plan, what a strict order costs; None where there
        is no answer to explain, or the checker refuses it explained."""
        put = solved.question
        if solved.answer is None:
            return None
        with self._solving:
            plan = solved.answer.explained(requests, is_late)
        if check(put.problem, plan):
            return None
        serving = would_serve(put, plan, requests, is_late)
        worth = worths(put.problem, plan, requests, is_late)
        if not self._policy.strict or solved.is_priced:
            return Priced(plan, serving, worth)
        return Priced(plan, serving, worth, price_of_strictness(put.problem, plan, is_late))


def _judged(put: Question, plan: Plan) -> Plan:
    """The plan itself. Raises PlanRefused."""
    if faults := check(put.problem, plan):
        raise PlanRefused(faults[0])
    return plan


def _most_urgent(put: Question) -> list[str]:
    """The requests of the problem: imminent ones first, then by weight, the oldest first."""
    order = sorted(
        put.problem.requests, key=lambda one: (one.rank, -one.weight, -one.waited_s, one.id)
    )
    return [one.id for one in order]
