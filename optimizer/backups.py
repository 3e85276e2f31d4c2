"""The next place to ask: a fact of the plan that claims nothing.

Whoever needs a place gets the best other one. Whoever only may need one gets the best one that, in
expectation, still has room beside all the others who may need it.
"""

import numpy as np

from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.problem import Problem
from optimizer.reasons import Selection

WHOLE = 1000
"""Room and chances are counted in thousandths of a unit."""


def backups_of(selection: Selection) -> tuple[Ints, Bools]:
    """The best other place with room left that the same team and van could reach (R,), -1 for none;
    and whose place more people may need than it has room for (R,)."""
    stars = selection.stars
    possible, policy = _in_turn(stars.problem, stars.given.possible), stars.problem.policy
    asked = stars.given.requests.wants_place.copy()
    asked[possible] = True
    return engine().next_places(
        stars.sides,
        stars.faults.place,
        selection.bundles,
        asked,
        possible,
        (stars.place_capacity - selection.used["place"]) * WHOLE,
        round(policy.possible_chance * WHOLE),
    )


def _in_turn(problem: Problem, asking: list[int]) -> Ints:
    """These requests, the most urgent first."""
    requests = problem.requests

    def urgency(i: int) -> tuple[float, ...]:
        return requests[i].rank, -requests[i].weight, -requests[i].waited_s, i

    return np.array(sorted(asking, key=urgency), dtype=np.int64)
