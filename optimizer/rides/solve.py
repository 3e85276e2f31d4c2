"""The recipe: take over what was planned, insert the rest, search for better, write it down."""

from collections.abc import Callable

from optimizer.rides.board import Board
from optimizer.rides.engine import engine
from optimizer.rides.model import routes_of
from optimizer.rides.plan import RidesPlan
from optimizer.rides.problem import RidesProblem

ITERATIONS = 2000
CHUNK = 25
"""Iterations between two looks at the clock."""

Deadline = Callable[[], bool]
"""Answers whether the time is up."""


def solve(
    problem: RidesProblem,
    previous: RidesPlan | None = None,
    *,
    seed: int = 0,
    iterations: int = ITERATIONS,
    deadline: Deadline | None = None,
) -> RidesPlan:
    """The best plan found in so many iterations, or until the time is up.

    Without a deadline, the same problem, previous plan, seed and iterations give the same plan on
    every machine. `previous` is repaired first: its routes stay as far as they are possible.
    """
    board = Board.of(problem, seed)
    if previous is not None:
        board.adopt(previous)
    board.put_back()
    improve(board, iterations, deadline or _never)
    if previous is not None:
        board.keep_orders(previous)
    return board.written()


def improve(board: Board, iterations: int, deadline: Deadline) -> None:
    """Search from the routes as they are; they become the best found."""
    if not board.problem.rides or not board.problem.vans:
        return
    kept, best = routes_of(board.model), routes_of(board.model)
    engine().copy(board.routes, best)
    for begin in range(0, iterations, CHUNK):
        if deadline():
            break
        end = min(begin + CHUNK, iterations)
        engine().search(board.model, board.routes, kept, best, board.found, board.work, begin, end)
    engine().copy(best, board.routes)


def _never() -> bool:
    return False
