"""The relaxation over the bundles known so far. It outlives the question that it was made for:
when the next one comes, its columns and its basis go on as they are, wherever they still fit."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.columns import NONE, SELF, UNSEEN, Columns, Rows, Table
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.generation import Looked, Spare, grow
from optimizer.given import Names
from optimizer.glop import Glop
from optimizer.pivots import FOUND, IMPOSSIBLE
from optimizer.pricing import Floats, Prices, bundles_of, whole_grains
from optimizer.problem import SELF as BY_TEAM
from optimizer.remembered import Memory
from optimizer.sides import FAR, GRID, Bundles
from optimizer.simplex import Simplex
from optimizer.stars import Choice, Stars

FINE = 2**16
"""Limits are priced finer than resources, because their rows may hold whole costs."""
LARGEST = 2**60
"""Of a limit's price times an entry; any price proves a bound, and a larger one was digits."""
SPARE = 32
"""Rows made at once, at least, for requests or resources that are not there yet."""
SURPLUS = 16
"""Columns a request beyond which the program is tidied, and how many it keeps then."""
KEPT = 8
MARKS = 3
"""Limits that a decided choice may be in, at least: one for each of its resources."""
NOWHERE: dict[str | None, int] = {BY_TEAM: SELF, None: NONE}
MANY_ROWS = 6000
"""Where so many rows are possible, GLOP's sparse factors take less room than an inverse."""

Key = bytes
Name = str | tuple[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class Limit:
    """What earlier ranks must keep to, as a row: the sum of what their choices take is at most
    `most`; a choice that is not named takes 0. Under its name the row goes on from one question to
    the next."""

    name: tuple[int, str]
    takes: dict[Choice, int]
    most: int

    @property
    def unit(self) -> int:
        """The row counts in these, so that its entries are as large as the others."""
        return max([1, *(abs(entry) for entry in self.takes.values())])


class Master:
    """One bundle a request, resources within capacity, earlier ranks within their limits.

    A column keeps the rows of its parts (request, van, team, place) and of the limits that it
    takes from, so it means the same in every question. A resource has a row from the first column
    that uses it.
    """

    def __init__(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Sequence[Choice],
        limits: Sequence[Limit] = (),
    ) -> None:  # fmt: skip
        """A program for the requests in scope beside those decided; `start` is a selection within
        capacity."""
        self.engine = engine()
        self._names: dict[Name, int] = {}
        self._requests: dict[str, int] = {}
        self._columns: dict[Key, int] = {}
        self._known: Names | None = None
        self._width = 4 + max(MARKS, _most_marks(limits))
        self._table = Columns(self._width)
        self._is_request: Bools = np.zeros(0, dtype=np.bool_)
        self._free: dict[bool, list[int]] = {True: [], False: []}
        self._rhs: Floats = np.zeros(0)
        # Whole costs beside ones and zeros ask for the more careful solver.
        self._is_careful = _is_careful(limits)
        resources = len(stars.problem.teams) + len(stars.problem.vans) + len(stars.problem.places)
        self._is_careful |= len(stars.problem.requests) + resources > MANY_ROWS
        program = Glop if self._is_careful else self.engine.program
        self._program: Simplex | Glop = program(self._rhs, self._is_request, self._width)
        self._make_rows(len(scope) + len({choice.request for choice in decided}), is_request=True)
        self._is_makeshift = False
        self._go_on(stars, scope, decided, start, limits)

    def adopt(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Sequence[Choice],
        limits: Sequence[Limit] = (),
    ) -> bool:  # fmt: skip
        """Go on with another question; False if that needs another program."""
        if self._is_makeshift or self._is_careful or _is_careful(limits):
            return False
        if self.engine is not engine() or 4 + _most_marks(limits) > self._width:
            return False
        if len(self._table) > SURPLUS * (len(scope) + SPARE):
            self._tidy()
        self._go_on(stars, scope, decided, start, limits)
        return True

    def _go_on(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Sequence[Choice],
        limits: Sequence[Limit],
    ) -> None:  # fmt: skip
        self._stars, self._scope, self._limits = stars, scope, tuple(limits)
        self._forced: Choice | None = None
        decided = sorted(set(decided))
        members = [*scope.tolist(), *sorted({choice.request for choice in decided})]
        fresh = self._find_rows(members)
        marks = self._marks(decided)
        keys = dict(zip(decided, self._keys_of(decided, marks), strict=True))
        self._recost(keys)
        mine, allowed = frozenset(scope.tolist()), frozenset(decided)
        own = [choice for choice in start if choice.request in mine]
        self._add_decided(keys, marks)
        self.add(*bundles_of([*(stars.least[i] for i in scope.tolist()), *own]))
        kept = {choice.request: choice for choice in reversed(decided)}
        kept |= {choice.request: choice for choice in start if choice in allowed}
        entering = [choice for choice in (*own, *kept.values()) if choice.request in fresh]
        for choice, key in zip(entering, self._keys_of(entering, marks), strict=True):
            self._program.enter(self._columns[key], int(self._request_row[choice.request]))

    def add(self, bundles: Bundles, costs: Ints) -> int:
        """The columns that are not there yet; how many those were."""
        parts = self._parts_of(bundles)
        first = {key: k for k, key in reversed([*enumerate(_keys(parts))])}
        new = sorted(k for key, k in first.items() if key not in self._columns)
        if new:
            rows, coef = self._entries(parts[new])
            self._program.add(rows, coef, costs[new].astype(np.float64))
            self._note(parts[new], bundles[new], costs[new], rows, coef)
        return len(new)

    def force(self, choice: Choice | None) -> None:
        """Use this bundle whatever it costs, and no other one of its request; None: none."""
        self._forced = choice
        if choice is not None:
            self._parts_of(bundles_of([choice])[0])
        self._state_rhs()

    def look(self, scope: Ints, memory: Memory) -> tuple[float, Looked] | None:
        """Re-optimise and price those requests; None if there is no solution. The value of the
        relaxation, in tenths of a minute. The compiled way lets better bundles in and goes on by
        itself, as far as it can."""
        looked = None
        if isinstance(self._program, Simplex) and not self._overfull:
            looked = self._grow(self._program, scope, memory)
        if looked is None:
            if not self._solve():
                return None
            prices = self.prices()
            enough = whole_grains(self.request_values(scope)) + GRID
            sides = self._stars.sides
            looked = Looked(
                prices, *engine().cheapest(sides, scope, prices.charges, enough, memory)
            )
        forced = 0 if self._forced is None else self._forced.cost
        return self._program.value() + forced, looked

    def _solve(self) -> bool:
        """Re-optimise; whether there is a solution."""
        if self._overfull:
            return False
        ended = self._program.solve()
        return ended == FOUND or (ended != IMPOSSIBLE and self._found_by_glop())

    def _grow(self, program: Simplex, scope: Ints, memory: Memory) -> Looked | None:
        """Generate bundles in one go; None if the program was not solved so."""
        stars = self._stars
        rows = np.array(self._free[False][: -SPARE - 1 : -1], dtype=np.int64)
        users = np.empty((len(rows), 2), dtype=np.int64)
        spare = Spare(rows, users, stars.van_capacity, stars.team_capacity, stars.place_capacity)
        grown = grow(program, stars.sides, scope, self._rows, spare, memory)
        if grown.taken:
            self._note_rows(rows[: grown.taken], users[: grown.taken], program.rhs)
        if len(grown.costs):
            parts = self._parts_of(grown.bundles)
            self._note(parts, grown.bundles, grown.costs, *self._entries(parts))
        return grown.looked

    def _note_rows(self, rows: Ints, users: Ints, rhs: Floats) -> None:
        """Know the spare rows that resources took, with their right-hand sides."""
        problem = self._stars.problem
        kinds = (problem.requests, problem.vans, problem.teams, problem.places)
        for row, (kind, k) in zip(rows.tolist(), users.tolist(), strict=True):
            self._names[kinds[kind][k].id] = row
        del self._free[False][-len(rows) :]
        self._rhs[rows] = rhs[rows]

    def prices(self) -> Prices:
        """The shadow prices, in whole grains and never negative."""
        rows = self._part_row
        duals = np.where(rows >= 0, self._program.y[np.maximum(rows, 0)], 0.0)
        return Prices.split(duals, len(self._van_row), len(self._team_row))

    def limit_prices(self) -> Ints:
        """What one more of each limit would be worth, in 1/FINE grains."""
        if not self._limits:
            return np.zeros(0, dtype=np.int64)
        units = np.array([limit.unit for limit in self._limits])
        duals = np.maximum(0.0, -self._program.y[self._limit_rows]) / units
        fine: Ints = np.minimum(np.rint(duals * GRID * FINE), LARGEST // units.max())
        return fine.astype(np.int64)

    def request_values(self, scope: Ints) -> Floats:
        """The dual value of each request, in tenths."""
        values: Floats = self._program.y[self._request_row[scope]]
        return values

    def known(self) -> tuple[Bundles, Ints]:
        """Every bundle of the scope that is in the program and possible."""
        mine = np.zeros(len(self._stars.problem.requests) + 1, dtype=np.bool_)
        mine[self._scope] = True
        bundles, costs = self._table.now.bundles, self._table.now.costs
        mine = mine[bundles[:, 0]] & (costs < FAR)
        return bundles[mine], costs[mine]

    def solution(self) -> tuple[Bundles, Ints, Floats]:
        """The bundles in use: indices, costs and shares."""
        used, share = self._program.solution()
        bundles, costs = self._table.now.bundles[used], self._table.now.costs[used]
        if self._forced is not None:
            forced, cost = bundles_of([self._forced])
            bundles, costs = np.concatenate([bundles, forced]), np.concatenate([costs, cost])
            share = np.append(share, 1.0)
        return bundles, costs, share

    def _find_rows(self, members: Sequence[int]) -> set[int]:
        """Rows by index for this question; the requests that had none so far."""
        problem, names = self._stars.problem, self._names
        free = [names.get(limit.name) for limit in self._limits]
        self._limit_rows = [
            self._new_row(limit.name) if row is None else row
            for limit, row in zip(self._limits, free, strict=True)
        ]
        if self._stars.names is not self._known:
            self._find_part_rows(self._stars.names)
        self._request_row = np.full(len(problem.requests), NONE, dtype=np.int64)
        fresh = set()
        for i in members:
            name = problem.requests[i].id
            row = self._requests.get(name)
            if row is None:
                row = self._requests[name] = self._take_row(is_request=True)
                fresh.add(i)
            self._request_row[i] = row
        self._members = members
        self._state_capacities()
        return fresh

    def _find_part_rows(self, parts: Names) -> None:
        """The rows of vans, teams and places by index; UNSEEN where there is none yet."""
        self._known = parts
        indices = (parts.options, parts.teams, parts.places)
        rows = [
            NOWHERE.get(name) or self._names.get(str(name), UNSEEN)
            for index in indices
            for name in index
        ]
        self._part_row = np.array(rows, dtype=np.int64)
        vans, teams = len(parts.options), len(parts.teams)
        self._van_row, self._team_row, self._place_row = np.split(
            self._part_row, [vans, vans + teams]
        )

    @property
    def _rows(self) -> Rows:
        return Rows(self._request_row, self._van_row, self._team_row, self._place_row)

    def _new_row(self, name: Name) -> int:
        row = self._names[name] = self._take_row(is_request=False)
        return row

    def _take_row(self, *, is_request: bool) -> int:
        if not self._free[is_request]:
            self._make_rows(SPARE + len(self._rhs) // 4, is_request=is_request)
        return self._free[is_request].pop()

    def _make_rows(self, count: int, *, is_request: bool) -> None:
        first, fresh = len(self._rhs), np.full(count, is_request)
        self._is_request = np.append(self._is_request, fresh)
        self._rhs = np.append(self._rhs, np.zeros(count))
        self._program.add_rows(fresh)
        self._free[is_request] += range(first + count - 1, first - 1, -1)

    def _recost(self, decided: dict[Choice, Key]) -> None:
        """What every column means and costs now; of requests that are decided, only those choices
        are open."""
        now = self._table.now
        requests = {choice.request for choice in decided}
        settled = np.zeros(len(self._rhs), dtype=np.bool_)
        settled[self._request_row[list(requests)]] = True
        is_open = ~(settled[now.parts[:, 0]] | now.marked)
        is_open[[self._columns[key] for key in decided.values() if key in self._columns]] = True
        index = np.empty(len(self._rhs), dtype=np.int64)
        self.engine.reread(
            self._stars.sides, self._rows, index, now.parts, is_open, now.bundles, now.costs
        )
        self._program.price(now.costs.astype(np.float64), now.costs < FAR)

    def _marks(self, decided: Sequence[Choice]) -> dict[Choice, tuple[int, ...]]:
        """The limits, by number, that each decided choice takes from."""
        found: dict[Choice, list[int]] = {choice: [] for choice in decided}
        for k, limit in enumerate(self._limits):
            for choice, entry in limit.takes.items():
                if entry and choice in found:
                    found[choice].append(k)
        return {choice: tuple(limits) for choice, limits in found.items()}

    def _keys_of(
        self, choices: Sequence[Choice], marks: dict[Choice, tuple[int, ...]]
    ) -> list[Key]:
        """What tells their columns apart: their rows, and those of the limits that they take from,
        if there are any."""
        if not choices:
            return []
        keys = _keys(self._parts_of(bundles_of(choices)[0]))
        limits = [[self._limit_rows[k] for k in marks.get(choice, ())] for choice in choices]
        return [
            key + np.array(rows, dtype=np.int32).tobytes() if rows else key
            for key, rows in zip(keys, limits, strict=True)
        ]

    def _add_decided(
        self, decided: dict[Choice, Key], marks: dict[Choice, tuple[int, ...]]
    ) -> None:
        """Columns that take from limits, too."""
        keyed = {key: choice for choice, key in decided.items() if key not in self._columns}
        if not keyed:
            return
        bundles, costs = bundles_of(keyed.values())
        parts = self._parts_of(bundles)
        rows, coef = self._entries(parts)
        for n, choice in enumerate(keyed.values()):
            for e, k in enumerate(marks[choice], start=4):
                limit = self._limits[k]
                rows[n, e], coef[n, e] = self._limit_rows[k], limit.takes[choice] / limit.unit
        self._program.add(rows, coef, costs.astype(np.float64))
        self._note(parts, bundles, costs, rows, coef, list(keyed))

    def _entries(self, parts: Bundles) -> tuple[Ints, Floats]:
        """Columns without limits: rows and entries (n, width)."""
        rows = np.zeros((len(parts), self._width), dtype=np.int64)
        coef = np.zeros(rows.shape)
        rows[:, :4], coef[:, :4] = np.maximum(parts, 0), parts >= 0
        return rows, coef

    def _note(
        self, parts: Bundles, bundles: Bundles, costs: Ints, rows: Ints, coef: Floats,
        keys: Sequence[Key] | None = None,
    ) -> None:  # fmt: skip
        """Know the columns that the program was given, by what tells them apart."""
        known = keys or _keys(parts)
        self._columns.update(
            zip(known, range(len(self._table), len(self._table) + len(known)), strict=True)
        )
        marked = (coef[:, 4:] != 0).any(axis=1)
        self._table.append(Table(parts, bundles, costs, marked, rows, coef))

    def _parts_of(self, bundles: Bundles) -> Bundles:
        """The rows of bundles; a resource that had none is given one."""
        problem = self._stars.problem
        columns = (self._request_row, self._van_row, self._team_row, self._place_row)
        parts = np.stack([row[bundles[:, k]] for k, row in enumerate(columns)], axis=1)
        if not (parts == UNSEEN).any():
            return parts
        kinds = (problem.requests, problem.vans, problem.teams, problem.places)
        for k, (row, kind) in enumerate(zip(columns, kinds, strict=True)):
            for index in np.unique(bundles[parts[:, k] == UNSEEN, k]).tolist():
                row[index] = self._new_row(kind[index].id)
            parts[:, k] = row[bundles[:, k]]
        self._state_capacities()
        self._state_rhs()
        return parts

    def _state_capacities(self) -> None:
        """The right-hand side of every row, with nothing forced."""
        stars = self._stars
        self._rhs[:] = 0
        self._rhs[self._request_row[self._members]] = 1
        for row, capacity in (
            (self._van_row[:-2], stars.van_capacity),
            (self._team_row[:-1], stars.team_capacity),
            (self._place_row[:-1], stars.place_capacity),
        ):
            seen = row >= 0
            self._rhs[row[seen]] = capacity[seen]
        self._rhs[self._limit_rows] = [limit.most / limit.unit for limit in self._limits]

    def _state_rhs(self) -> None:
        rhs, forced = self._rhs, self._forced
        if forced is not None:
            rhs = rhs.copy()
            rows = (self._request_row, self._van_row, self._team_row, self._place_row)
            taken = [int(row[k]) for row, k in zip(rows, forced[:4], strict=True)]
            rhs[[row for row in taken if row >= 0]] -= 1
        below = rhs < 0
        below[self._limit_rows] = False
        self._overfull = bool(below.any())
        self._program.set_rhs(rhs)

    def _tidy(self) -> None:
        """Forget the columns that are worth least, and the rows that nothing uses any more."""
        now = self._table.now
        dear = now.costs - (now.coef * self._program.y[now.rows]).sum(axis=1)
        dear[now.costs >= FAR] = np.inf
        basic = self._program.in_basis()
        most = np.partition(dear, n)[n] if (n := KEPT * len(self._members)) < len(dear) else np.inf
        kept = basic | (dear < most)
        self._program.keep(kept)
        self._table.keep(kept)
        moved = np.cumsum(kept) - 1
        self._columns = {key: int(moved[k]) for key, k in self._columns.items() if kept[k]}
        used = np.zeros(len(self._rhs), dtype=np.bool_)
        now = self._table.now
        used[now.rows[now.coef != 0]] = True
        for name in [name for name, row in self._requests.items() if not used[row]]:
            self._free[True].append(self._requests.pop(name))
        for part in [part for part, row in self._names.items() if not used[row]]:
            self._free[False].append(self._names.pop(part))
        self._known = None

    def _found_by_glop(self) -> bool:
        """The compiled simplex gave up: the solver of record decides, and ours goes on from its
        basis. Where that is no better, GLOP goes on itself, for this question."""
        if not isinstance(self._program, Simplex):
            return False
        program = Glop(self._program.rhs, self._is_request, self._width)
        now = self._table.now
        costs = now.costs.astype(np.float64)
        program.add(now.rows, now.coef, costs)
        program.price(costs, now.costs < FAR)
        if program.solve() != FOUND:
            return False
        self._program.begin_at(*program.basis())
        if self._program.solve() != FOUND:
            self._program, self._is_makeshift = program, True
        return True


def _keys(rows: Ints) -> list[Key]:
    """What tells columns apart: their rows."""
    packed = np.ascontiguousarray(rows, dtype=np.int32)
    keys: list[Key] = packed.view(f"V{4 * rows.shape[1]}").ravel().tolist()
    return keys


def _is_careful(limits: Sequence[Limit]) -> bool:
    return any(limit.unit > 1 for limit in limits)


def _most_marks(limits: Sequence[Limit]) -> int:
    count: dict[Choice, int] = {}
    for limit in limits:
        for choice in limit.takes:
            count[choice] = count.get(choice, 0) + 1
    return max(count.values(), default=0)
