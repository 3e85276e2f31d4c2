"""The relaxation over the bundles known so far. It outlives the question that it was made for:
when the next one comes, its columns and its basis go on as they are, wherever they still fit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.columns import NONE, SELF, UNSEEN, Columns, Rows, Table
from optimizer.eligibility import Bools, Ints
from optimizer.engine import engine
from optimizer.generation import Looked, Spare, grow
from optimizer.given import Names
from optimizer.glop import Glop
from optimizer.pivots import FOUND, IMPOSSIBLE
from optimizer.pricing import Chosen, Floats, Prices, bundles_of, choices_in, whole_grains
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

Key = tuple[int, ...]
Name = tuple[str | int, str]
"""A resource by kind and id, because another question may call a van what this one calls a team; or
a limit."""
PARTS = ("van", "team", "place")
"""In the order of a bundle."""


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
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Chosen,
        limits: Sequence[Limit] = (),
    ) -> None:  # fmt: skip
        """A program for the requests in scope beside those decided; `start` is a selection of all
        requests in their order, within capacity."""
        self.engine = engine()
        self._names: dict[Name, int] = {}
        self._requests: dict[str, int] = {}
        self._marked: dict[Key, int] = {}
        self._known: Names | None = None
        self._ids: list[str] | None = None
        self._members: Ints = np.zeros(0, dtype=np.int64)
        self._width = 4 + max(MARKS, _most_marks(limits))
        self._table = Columns(self._width)
        self._is_request: Bools = np.zeros(0, dtype=np.bool_)
        self._free: dict[bool, list[int]] = {True: [], False: []}
        # Whole costs beside ones and zeros ask for the more careful solver.
        self._is_careful = _is_careful(limits)
        resources = len(stars.problem.teams) + len(stars.problem.vans) + len(stars.problem.places)
        self._is_careful |= len(stars.problem.requests) + resources > MANY_ROWS
        program = Glop if self._is_careful else self.engine.program
        self._program: Simplex | Glop = program(np.zeros(0), self._is_request, self._width)
        self._make_rows(len(scope) + len({choice.request for choice in decided}), is_request=True)
        self._is_makeshift = False
        self._go_on(stars, scope, decided, start, limits)

    def adopt(
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Chosen,
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
        self, stars: Stars, scope: Ints, decided: Sequence[Choice], start: Chosen,
        limits: Sequence[Limit],
    ) -> None:  # fmt: skip
        self._stars, self._scope, self._limits = stars, scope, tuple(limits)
        self._forced: Choice | None = None
        decided = sorted(set(decided))
        before = sorted({choice.request for choice in decided})
        fresh = self._find_rows(np.concatenate([scope, before]) if before else scope)
        columns = self._add_marked(decided)
        plain = [choice for choice in decided if choice not in columns]
        bundles, costs = bundles_of(plain)
        if plain:
            self._give_rows(bundles)
        own = start[scope]
        at = self._add(
            np.concatenate([bundles, stars.least_bundles[scope], own[:, :4]]),
            np.concatenate([costs, stars.least_costs[scope], own[:, 4]]),
        )
        columns |= dict(zip(plain, at[: len(plain)].tolist(), strict=True))
        self._reread(columns.values())
        if fresh:
            first = {choice.request: choice for choice in reversed(decided)}
            kept = [choice for choice in choices_in(start[before]) if choice in columns]
            first |= {choice.request: choice for choice in kept}
            begin = dict(zip(scope.tolist(), at[len(at) - len(scope) :].tolist(), strict=True))
            begin |= {i: columns[choice] for i, choice in first.items()}
            for i in (i for i in begin if i in fresh):
                self._program.enter(begin[i], int(self._request_row[i]))

    def add(self, bundles: Bundles, costs: Ints) -> int:
        """The columns that are not there yet; how many those were."""
        before = len(self._table)
        self._add(bundles, costs)
        return len(self._table) - before

    def _add(self, bundles: Bundles, costs: Ints) -> Ints:
        """The column of each bundle; a new one where there is none yet."""
        first, at = len(self._table), self._enlist(bundles, costs)
        now = self._table.now
        if len(now.costs) > first:
            fresh = now.costs[first:].astype(np.float64)
            self._program.add(now.rows[first:], now.coef[first:], fresh)
        return at

    def _enlist(self, bundles: Bundles, costs: Ints, *, are_new: bool = False) -> Ints:
        """The column of each bundle in the table, which is given those that it lacks (all of them
        if they are new)."""
        table, at = self._table, np.empty(len(bundles), dtype=np.int64)
        table.make_room(len(bundles))
        enlist, known = self.engine.enlist, (table.room, len(table), table.slots)
        count = enlist(self._rows, bundles, costs, *known, at, are_new)
        if count < 0:
            self._give_rows(bundles)
            count = enlist(self._rows, bundles, costs, *known, at, are_new)
        if count > len(table):
            table.cut(count)
        return at

    def force(self, choice: Choice | None) -> None:
        """Use this bundle whatever it costs, and no other one of its request; None: none."""
        self._forced = choice
        if choice is not None:
            self._give_rows(bundles_of([choice])[0])
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
            self._note_rows(rows[: grown.taken], users[: grown.taken])
        if len(grown.costs):
            self._enlist(grown.bundles, grown.costs, are_new=True)
        return grown.looked

    def _note_rows(self, rows: Ints, users: Ints) -> None:
        """Know the spare rows that resources took."""
        problem = self._stars.problem
        kinds = (problem.vans, problem.teams, problem.places)
        for row, (kind, k) in zip(rows.tolist(), users.tolist(), strict=True):
            self._names[PARTS[kind - 1], kinds[kind - 1][k].id] = row
        del self._free[False][-len(rows) :]

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

    def _find_rows(self, members: Ints) -> Collection[int]:
        """Rows by index for this question; the requests that had none so far."""
        ids, names = self._stars.given.ids, self._names
        free = [names.get(limit.name) for limit in self._limits]
        self._limit_rows = [
            self._new_row(limit.name) if row is None else row
            for limit, row in zip(self._limits, free, strict=True)
        ]
        if self._stars.names is not self._known:
            self._find_part_rows(self._stars.names)
        if ids is self._ids and np.array_equal(members, self._members):
            return ()
        self._ids, self._members = ids, members
        asked, known = [ids[i] for i in members.tolist()], self._requests
        fresh = [k for k, name in enumerate(asked) if name not in known]
        for k in fresh:
            known[asked[k]] = self._take_row(is_request=True)
        self._request_row = np.full(len(ids), NONE, dtype=np.int64)
        self._request_row[members] = np.fromiter(map(known.__getitem__, asked), dtype=np.int64)
        return members[fresh].tolist() if fresh else ()

    def _find_part_rows(self, parts: Names) -> None:
        """The rows of vans, teams and places by index; UNSEEN where there is none yet."""
        self._known = parts
        indices = (parts.options, parts.teams, parts.places)
        rows = [
            NOWHERE.get(name) or self._names.get((part, str(name)), UNSEEN)
            for part, index in zip(PARTS, indices, strict=True)
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
            self._make_rows(SPARE + len(self._is_request) // 32, is_request=is_request)
        return self._free[is_request].pop()

    def _make_rows(self, count: int, *, is_request: bool) -> None:
        first, fresh = len(self._is_request), np.full(count, is_request)
        self._is_request = np.append(self._is_request, fresh)
        self._program.add_rows(fresh)
        self._free[is_request] += range(first + count - 1, first - 1, -1)

    def _reread(self, opened: Iterable[int]) -> None:
        """What every column means and costs now; of requests that are decided, only those columns
        are open."""
        now, those = self._table.now, np.fromiter(opened, dtype=np.int64)
        self.engine.reread(self._stars.sides, self._rows, len(self._is_request), those, now)
        self._program.price(now.costs.astype(np.float64), now.costs < FAR)

    def _marks(self, decided: Sequence[Choice]) -> dict[Choice, list[int]]:
        """The limits, by number, that decided choices take from."""
        found: dict[Choice, list[int]] = {}
        for k, limit in enumerate(self._limits):
            for choice in decided:
                if limit.takes.get(choice):
                    found.setdefault(choice, []).append(k)
        return found

    def _add_marked(self, decided: Sequence[Choice]) -> dict[Choice, int]:
        """The columns of those that take from limits; new ones where there are none yet."""
        marks = self._marks(decided)
        keys = self._keys_of(marks)
        fresh = {key: choice for choice, key in keys.items() if key not in self._marked}
        if fresh:
            self._marked |= {key: n for n, key in enumerate(fresh, start=len(self._table))}
            more = self._columns_of(fresh, marks)
            self._program.add(more.rows, more.coef, more.costs.astype(np.float64))
            self._table.append(more)
        return {choice: self._marked[key] for choice, key in keys.items()}

    def _keys_of(self, marks: dict[Choice, list[int]]) -> dict[Choice, Key]:
        """What tells their columns apart: their rows, and those of the limits that they take
        from."""
        if not marks:
            return {}
        bundles, _ = bundles_of(marks)
        self._give_rows(bundles)
        parts = np.column_stack([row[bundles[:, k]] for k, row in enumerate(self._rows)])
        return {
            choice: (*own, *(self._limit_rows[k] for k in limits))
            for own, (choice, limits) in zip(parts.tolist(), marks.items(), strict=True)
        }

    def _columns_of(self, keyed: dict[Key, Choice], marks: dict[Choice, list[int]]) -> Table:
        """Columns that take from limits."""
        bundles, costs = bundles_of(keyed.values())
        parts = np.array([key[:4] for key in keyed], dtype=np.int64)
        rows = np.zeros((len(parts), self._width), dtype=np.int64)
        coef = np.zeros(rows.shape)
        rows[:, :4], coef[:, :4] = np.maximum(parts, 0), parts >= 0
        for n, choice in enumerate(keyed.values()):
            for e, k in enumerate(marks[choice], start=4):
                limit = self._limits[k]
                rows[n, e], coef[n, e] = self._limit_rows[k], limit.takes[choice] / limit.unit
        return Table(parts, bundles, costs, np.ones(len(parts), dtype=np.bool_), rows, coef)

    def _give_rows(self, bundles: Bundles) -> None:
        """Rows for the resources of these bundles that have none yet."""
        problem, given = self._stars.problem, False
        kinds = (problem.vans, problem.teams, problem.places)
        for part, row, kind, own in zip(PARTS, self._rows[1:], kinds, bundles.T[1:], strict=True):
            unseen = own[row[own] == UNSEEN]
            for index in sorted(set(unseen.tolist())):
                row[index], given = self._new_row((part, kind[index].id)), True
        if given:
            self._state_rhs()

    def _state_rhs(self) -> None:
        """The right-hand side of every row, without what the forced choice takes."""
        stars, forced, rhs = self._stars, self._forced, np.zeros(len(self._is_request))
        capacities = (stars.van_capacity, stars.team_capacity, stars.place_capacity)
        self.engine.state(self._rows, capacities, rhs)
        if forced is not None:
            taken = [int(row[k]) for row, k in zip(self._rows, forced[:4], strict=True)]
            rhs[[row for row in taken if row >= 0]] -= 1
        self._overfull = forced is not None and bool((rhs < 0).any())
        if self._limits:
            rhs[self._limit_rows] = [limit.most / limit.unit for limit in self._limits]
        self._program.set_rhs(rhs)

    def _tidy(self) -> None:
        """Forget the columns that are worth least, and the rows that nothing uses any more."""
        now = self._table.now
        dear = now.costs - (now.coef * self._program.y[now.rows]).sum(axis=1)
        dear[now.costs >= FAR] = np.inf
        basic = self._program.in_basis()
        most = (
            np.partition(dear, n)[n]
            if (n := KEPT * int((self._request_row >= 0).sum())) < len(dear)
            else np.inf
        )
        kept = basic | (dear < most)
        self._program.keep(kept)
        self._table.keep(kept)
        moved = np.cumsum(kept) - 1
        self._marked = {key: int(moved[k]) for key, k in self._marked.items() if kept[k]}
        used = np.zeros(len(self._is_request), dtype=np.bool_)
        now = self._table.now
        used[now.rows[now.coef != 0]] = True
        for name in [name for name, row in self._requests.items() if not used[row]]:
            self._free[True].append(self._requests.pop(name))
        for part in [part for part, row in self._names.items() if not used[row]]:
            self._free[False].append(self._names.pop(part))
        self._known = self._ids = None

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


def _is_careful(limits: Sequence[Limit]) -> bool:
    return any(limit.unit > 1 for limit in limits)


def _most_marks(limits: Sequence[Limit]) -> int:
    count: dict[Choice, int] = {}
    for limit in limits:
        for choice in limit.takes:
            count[choice] = count.get(choice, 0) + 1
    return max(count.values(), default=0)
