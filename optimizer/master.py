"""The relaxation over the bundles known so far. It outlives the question that it was made for:
when the next one comes, its columns and its basis go on as they are, wherever they still fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.eligibility import Ints
from optimizer.engine import engine
from optimizer.glop import Glop
from optimizer.pricing import Floats, Prices, bundles_of, choices_of
from optimizer.problem import Place, Team, Van
from optimizer.sides import FAR, GRID, Bundles
from optimizer.simplex import FOUND, Simplex
from optimizer.stars import Choice, Stars

DEARER = 2.0**34
"""Tenths for a bundle that is no longer possible: it leaves the basis at once."""
FINE = 2**16
"""Limits are priced finer than resources, because their rows may hold whole costs."""
SPARE = 16
"""Rows kept free for requests, and for resources, that are not there yet."""
SURPLUS = 12
"""Columns a request beyond which the program is made anew."""
MANY_ROWS = 900
"""From here on GLOP's sparse factors beat an inverse (measured at 1,900: 25 ms against seconds)."""
GONE, SELF, NONE = -1, -2, -3
"""Where there is no row: not in this question, the team drives, without this part."""


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """What earlier ranks must keep to, as a row: the sum of what their choices take is at most
    `most`; a choice that is not named takes 0."""

    takes: dict[Choice, int]
    most: int

    @property
    def unit(self) -> int:
        """The row counts in these, so that its entries are as large as the others."""
        return max(1, *(abs(entry) for entry in self.takes.values()))


class Master:
    """One bundle a request, resources within capacity, earlier ranks within their limits.

    A column keeps the rows of its parts (request, van, team, place), so it means the same in every
    question.
    """

    def __init__(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Sequence[Choice],
        limits: Sequence[Limit] = (),
    ) -> None:  # fmt: skip
        """A program for the requests in scope beside those decided; `start` is a selection within
        capacity."""
        problem, asked = stars.problem, len(stars.problem.requests) + SPARE
        given = len(problem.teams) + len(problem.vans) + len(problem.places) + SPARE
        rows = asked + given + len(limits)
        self.engine = engine()
        self._is_request = np.arange(rows) < asked
        self._limit_rows = np.arange(asked + given, rows)
        self._limits = tuple(limits)
        self._names: dict[str, int] = {}
        self._requests: dict[str, int] = {}
        self._free_requests = iter(range(asked))
        self._free_resources = iter(range(asked, asked + given))
        self._columns: dict[tuple[int, ...], int] = {}
        self._is_makeshift = False
        self._parts: Bundles = np.zeros((0, 4), dtype=np.int64)
        self._bundles: Bundles = self._parts
        self._costs: Ints = np.zeros(0, dtype=np.int64)
        self._program: Simplex | Glop
        # Whole costs beside ones and zeros ask for the more careful solver, and so does size.
        careful = rows > MANY_ROWS or any(limit.unit > 1 for limit in limits)
        program = Glop if careful else self.engine.program
        self._program = program(np.zeros(rows), self._is_request, 4 + len(limits))
        if not self.adopt(stars, scope, decided, start):
            raise RuntimeError("a new program has rows for everything")

    def adopt(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Sequence[Choice]
    ) -> bool:
        """Go on with another question; False if that needs another program."""
        if self._is_makeshift or self.engine is not engine() or self._is_crowded(len(scope)):
            return False
        self._stars, self._scope = stars, scope
        members = [*scope.tolist(), *sorted({choice.request for choice in decided})]
        try:
            fresh = self._find_rows(members)
        except StopIteration:
            return False
        self._recost(decided)
        allowed, mine = frozenset(decided), frozenset(scope.tolist())
        began = [choice for choice in start if choice.request in mine or choice in allowed]
        kept = {choice.request: choice for choice in [*reversed(decided), *began]}
        began = list(kept.values())
        self.add(*bundles_of([stars.least[i] for i in scope.tolist()]))
        self.add(*bundles_of([*decided, *began]))
        for choice in began:
            if choice.request in fresh:
                key = tuple(self._parts_of(bundles_of([choice])[0])[0].tolist())
                self._program.enter(self._columns[key], self._request_row[choice.request])
        self._rhs = self._right_hand_sides(members)
        self.force(None)
        return True

    def add(self, bundles: Bundles, costs: Ints) -> int:
        """The columns that are not there yet; how many those were."""
        parts = self._parts_of(bundles)
        new = []
        for k, key in enumerate(map(tuple, parts.tolist())):
            if key not in self._columns:
                self._columns[key] = len(self._columns)
                new.append(k)
        if new:
            parts, bundles, costs = parts[new], bundles[new], costs[new]
            self._parts = np.concatenate([self._parts, parts])
            self._bundles = np.concatenate([self._bundles, bundles])
            self._costs = np.concatenate([self._costs, costs])
            self._program.add(*self._entries(parts, bundles, costs), costs.astype(np.float64))
        return len(new)

    def force(self, choice: Choice | None) -> None:
        """Use this bundle whatever it costs, and no other one of its request; None: none."""
        self._forced = choice
        rhs = self._rhs
        if choice is not None:
            parts = self._parts_of(bundles_of([choice])[0])[0]
            rhs = rhs.copy()
            rhs[parts[parts >= 0]] -= 1
        self._program.set_rhs(rhs)

    def solve(self) -> float | None:
        """Re-optimise; the value of the relaxation in tenths of a minute, None if it has none."""
        if (self._program.rhs[: len(self._is_request) - len(self._limits)] < 0).any():
            return None
        if self._program.solve() != FOUND and not self._found_by_glop():
            return None
        return self._program.value() + (0 if self._forced is None else self._forced.cost)

    def prices(self) -> Prices:
        """The shadow prices, in whole grains and never negative."""
        y = self._program.y
        rows = (self._van_row[:-2], self._team_row[:-1], self._place_row[:-1])
        return Prices.of(*(y[row] for row in rows))

    def limit_prices(self) -> Ints:
        """What one more of each limit would be worth, in 1/FINE grains."""
        units = [limit.unit for limit in self._limits]
        duals = np.maximum(0.0, -self._program.y[self._limit_rows]) / units
        fine: Ints = np.rint(duals * GRID * FINE).astype(np.int64)
        return fine

    def request_values(self, scope: Ints) -> Floats:
        """The dual value of each request, in tenths."""
        values: Floats = self._program.y[self._request_row[scope]]
        return values

    def known(self) -> tuple[Bundles, Ints]:
        """Every bundle of the scope that is in the program and possible."""
        mine = np.isin(self._bundles[:, 0], self._scope) & (self._costs < FAR)
        return self._bundles[mine], self._costs[mine]

    def solution(self) -> tuple[Bundles, Ints, Floats]:
        """The bundles in use: indices, costs and shares."""
        used, share = self._program.solution()
        bundles, costs = self._bundles[used], self._costs[used]
        if self._forced is not None:
            forced, cost = bundles_of([self._forced])
            bundles, costs = np.concatenate([bundles, forced]), np.concatenate([costs, cost])
            share = np.append(share, 1.0)
        return bundles, costs, share

    def _is_crowded(self, requests: int) -> bool:
        return len(self._parts) > SURPLUS * (requests + SPARE) or (
            bool(self._limits) and len(self._parts) > 0
        )

    def _find_rows(self, members: Sequence[int]) -> set[int]:
        """Rows by index for this question; the requests that had none so far."""
        problem = self._stars.problem

        def rows(parts: Sequence[Team | Van | Place]) -> list[int]:
            for part in parts:
                if part.id not in self._names:
                    self._names[part.id] = next(self._free_resources)
            return [self._names[part.id] for part in parts]

        self._van_row = np.array([*rows(problem.vans), SELF, NONE], dtype=np.int64)
        self._team_row = np.array([*rows(problem.teams), NONE], dtype=np.int64)
        self._place_row = np.array([*rows(problem.places), NONE], dtype=np.int64)
        self._request_row = np.full(len(problem.requests), NONE, dtype=np.int64)
        fresh = set()
        for i in members:
            name = problem.requests[i].id
            if name not in self._requests:
                self._requests[name] = next(self._free_requests)
                fresh.add(i)
            self._request_row[i] = self._requests[name]
        return fresh

    def _recost(self, decided: Sequence[Choice]) -> None:
        """What every column means and costs now."""
        at = np.full(len(self._is_request) - NONE, GONE, dtype=np.int64)
        bundles = np.empty_like(self._parts)
        columns = (self._request_row, self._van_row, self._team_row, self._place_row)
        for k, row in enumerate(columns):
            at[:] = GONE
            at[row[row >= 0]] = np.flatnonzero(row >= 0)
            if k:
                at[NONE] = len(row) - 1
            if k == 1:
                at[SELF] = len(row) - 2
            bundles[:, k] = at[self._parts[:, k]]
        there = np.flatnonzero((bundles >= 0).all(axis=1))
        costs = np.full(len(bundles), FAR, dtype=np.int64)
        costs[there] = self.engine.costs_of(self._stars.sides, bundles[there])
        open_choices = {choice[:4] for choice in decided}
        settled = np.isin(bundles[:, 0], [choice.request for choice in decided])
        for column in np.flatnonzero(settled).tolist():
            if tuple(bundles[column].tolist()) not in open_choices:
                costs[column] = FAR
        self._bundles, self._costs = bundles, np.minimum(costs, FAR)
        possible = costs < FAR
        self._program.price(np.where(possible, costs, DEARER).astype(np.float64), possible)

    def _parts_of(self, bundles: Bundles) -> Bundles:
        rows = (self._request_row, self._van_row, self._team_row, self._place_row)
        return np.stack([row[bundles[:, k]] for k, row in enumerate(rows)], axis=1)

    def _entries(self, parts: Bundles, bundles: Bundles, costs: Ints) -> tuple[Ints, Floats]:
        rows = np.empty((len(parts), 4 + len(self._limits)), dtype=np.int64)
        rows[:, :4], rows[:, 4:] = np.maximum(parts, 0), self._limit_rows
        coef = np.zeros(rows.shape)
        coef[:, :4] = parts >= 0
        for k, limit in enumerate(self._limits):
            unit = limit.unit
            own = [limit.takes.get(c, 0) / unit for c in choices_of(bundles, costs)]
            coef[:, 4 + k] = own
        return rows, coef

    def _right_hand_sides(self, members: Sequence[int]) -> Floats:
        rhs = np.zeros(len(self._is_request))
        rhs[self._request_row[members]] = 1
        rhs[self._van_row[:-2]] = self._stars.van_capacity
        rhs[self._team_row[:-1]] = self._stars.team_capacity
        rhs[self._place_row[:-1]] = self._stars.place_capacity
        rhs[self._limit_rows] = [limit.most / limit.unit for limit in self._limits]
        return rhs

    def _found_by_glop(self) -> bool:
        """The compiled simplex gave up, or says that nothing is possible: the solver of record
        decides, and goes on if there is a solution after all."""
        if not isinstance(self._program, Simplex):
            return False
        program = Glop(self._program.rhs, self._is_request, 4 + len(self._limits))
        costs = np.where(self._costs < FAR, self._costs, DEARER).astype(np.float64)
        program.add(*self._entries(self._parts, self._bundles, self._costs), costs)
        program.price(costs, self._costs < FAR)
        if program.solve() != FOUND:
            return False
        self._program, self._is_makeshift = program, True
        return True
