"""What can be wrong with one plan while a planning loop goes on."""

from traceback import extract_tb

from geo.points import BadPosition
from geo.travel import EngineFailed
from optimizer.problem import InvalidProblemError


class PlanRefused(Exception):
    """The checker found something wrong with a plan."""


FAULTS = (
    *(PlanRefused, InvalidProblemError, EngineFailed, BadPosition),
    *(RuntimeError, ValueError, TypeError, LookupError, ArithmeticError, MemoryError),
)
"""What can be wrong with one plan while the loop goes on: known faults, and whatever else a solver
may break with. The same question would break the next process too."""


def told(fault: Exception) -> dict[str, str]:
    """What is logged of a fault: its kind and its line, never what it says."""
    lines = extract_tb(fault.__traceback__)
    return {"fault": type(fault).__name__, "at": f"{lines[-1].filename}:{lines[-1].lineno}"}
