"""Star pricing against every bundle, one by one, under random prices; compiled and plain alike."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from optimizer import columns, counting, dense, kernels, listing, ways
from optimizer.around import TOP, work_of
from optimizer.certain import certain_of, lower
from optimizer.columns import NONE, SELF, UNSEEN, Rows, Table
from optimizer.eligibility import Ints
from optimizer.engine import COMPILED, PLAIN
from optimizer.pivots import FOUND, IMPOSSIBLE
from optimizer.pricing import Floats, Prices, bundles_of, within
from optimizer.problem import Problem, Request, Team, Van, in_order
from optimizer.remembered import NEVER, Remembered
from optimizer.sides import FAR, GRID
from optimizer.solve import solve
from optimizer.stars import Choice, Stars, stars_of

SIZE = {"requests": 5, "teams": 5, "vans": 4, "places": 4}
WIDE = {"requests": 5, "teams": 7, "vans": 6, "places": 50}
"""So many places that most of them are passed over."""
EVERYONE = np.arange(5)


def _all_choices(stars: Stars, request: int) -> list[Choice]:
    indices = product(
        range(stars.none_option + 1), range(stars.no_team + 1), range(stars.no_place + 1)
    )
    found = (stars.choice(request, *index) for index in indices)
    return [choice for choice in found if choice is not None]


def _random_prices(stars: Stars, seed: int) -> Prices:
    rng = np.random.default_rng(seed)
    sizes = (len(stars.van_capacity), len(stars.team_capacity), len(stars.place_capacity))
    scale = float(rng.choice([0, 800, 8000]))
    return Prices.of(*(-rng.exponential(scale, size) for size in sizes))


@pytest.mark.parametrize("seed", range(30))
def test_the_cheapest_bundle_is_the_cheapest_of_all(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, **SIZE)))
    prices = _random_prices(stars, seed)
    values, found = kernels.cheapest(stars.sides, EVERYONE, prices.charges)
    for i in range(5):
        best = min((prices.of_choice(choice), *choice[1:4]) for choice in _all_choices(stars, i))
        assert (values[i, 0], *found[i, 0]) == best


def _somewhat_later(problem: Problem, rng: np.random.Generator) -> Problem:
    """Time has passed; one of the kinds has changed otherwise, too: drives, releases and shifts,
    a lock, or what a request needs."""
    kind, size = rng.integers(0, 6), 900

    def moved(drive: Floats) -> Floats:
        return np.maximum(drive + rng.integers(-size, size, drive.shape), 0)

    def shifted(one: Team | Van) -> dict[str, float]:
        release_s, shift_end_s = max(0.0, one.release_s - 20), one.shift_end_s - 20
        if kind == 0 and rng.random() < 0.3:
            release_s = float(rng.integers(0, 3 * size))
        if kind == 1 and rng.random() < 0.3:
            shift_end_s += rng.integers(-size, size)
        return {"release_s": release_s, "shift_end_s": shift_end_s}

    requests = [replace(r, waited_s=r.waited_s + 20) for r in problem.requests]
    if kind == 2:
        k = int(rng.integers(len(requests)))
        requests[k] = replace(requests[k], load_s=float(rng.integers(0, size)))
    return replace(
        problem,
        requests=tuple(requests),
        teams=tuple(replace(team, **shifted(team)) for team in problem.teams),
        vans=tuple(replace(van, **shifted(van)) for van in problem.vans),
        team_to_request=moved(problem.team_to_request) if kind == 3 else problem.team_to_request,
        van_to_request=moved(problem.van_to_request) if kind == 4 else problem.van_to_request,
        request_to_place=moved(problem.request_to_place) if kind == 5 else problem.request_to_place,
    )


@pytest.mark.parametrize("size", [SIZE, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("seed", range(20))
def test_what_is_remembered_never_hides_a_cheaper_bundle(random_problem, seed, size):
    rng = np.random.default_rng(seed)
    problem = in_order(random_problem(seed, **size))
    remembered, stars = Remembered(), None
    for _ in range(20):
        problem = _somewhat_later(problem, rng)
        stars = stars_of(problem, stars)
        scope = np.sort(rng.permutation(5)[: rng.integers(2, 6)])
        memory = remembered.of(stars.given.ids, stars.names, stars.sides, scope)
        for price_seed in rng.integers(0, 4, 3).tolist():
            charges = _random_prices(stars, price_seed).charges
            exact, _ = kernels.cheapest(stars.sides, scope, charges)
            enough = exact[:, 0] + rng.integers(-2000, 3000, len(scope)) * GRID
            values, found = kernels.cheapest(stars.sides, scope, charges, enough, memory)
            assert values[:, 0].tolist() == np.minimum(exact[:, 0], enough).tolist()
            assert ((found[:, 0, 0] >= 0) == (exact[:, 0] <= enough)).all()


@pytest.mark.parametrize("size", [SIZE, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_cheaper_than_what_is_certain_of_a_request(random_problem, seed, size):
    rng = np.random.default_rng(seed)
    stars = stars_of(_shown(in_order(random_problem(seed, **size))))
    memory = Remembered().of(stars.given.ids, stars.names, stars.sides, EVERYONE)
    now = _random_prices(stars, seed).charges
    certain, work = certain_of(len(EVERYONE), now), work_of(stars.sides)
    values, found = np.empty((5, TOP), np.int64), np.empty((5, TOP, 3), np.int64)
    everything, tight = np.full(5, NEVER), 0
    for turn in range(60):
        exact, _ = kernels.cheapest(stars.sides, EVERYONE, now)
        looked_at = EVERYONE if turn == 0 else rng.permutation(5)[: rng.integers(0, 3)]
        kernels.look(
            stars.sides, looked_at, *now, everything, memory, values, found, certain.parts, work
        )
        certain.least[looked_at], certain.drop[looked_at] = exact[looked_at, 0], 0
        before, now = now, tuple(map(_moved, now, (2, 1, 1), [rng] * 3))
        exact, _ = kernels.cheapest(stars.sides, EVERYONE, now)
        for k, fell in enumerate((certain.vans, certain.teams, certain.places)):
            falls = before[k] - now[k]
            certain.fallen[k], certain.most[k] = (falls > 0).sum(), max(falls.max(), 0)
            fell[: certain.fallen[k]] = np.flatnonzero(falls > 0)
        lower(stars.sides, EVERYONE, memory, certain, now)
        assert (certain.least <= exact[:, 0]).all()
        tight += int((certain.least == exact[:, 0]).sum())
    assert tight > 0


def _shown(problem: Problem) -> Problem:
    """The problem whose plan is shown already, so that its bundles are cheaper than their parts."""
    shown = {a.request_id: a.bundle for a in solve(problem).assignments}
    requests = tuple(replace(r, shown=shown[r.id]) for r in problem.requests)
    return replace(problem, requests=requests)


def _moved(prices: Ints, free: int, rng: np.random.Generator) -> Ints:
    """A few other prices; the last ones stand for SELF and "none" and cost nothing."""
    moved, some = prices.copy(), rng.random(len(prices)) < rng.choice([0.0, 0.2, 0.6])
    some[-free:] = False
    moved[some] = np.maximum(prices[some] + rng.integers(-900, 900, some.sum()) * GRID, 0)
    return moved


@pytest.mark.parametrize("seed", range(20))
def test_columns_are_read_alike_by_both_engines(random_problem, seed):
    rng = np.random.default_rng(seed)
    stars = stars_of(in_order(random_problem(seed, **SIZE)))
    sizes = [len(EVERYONE), stars.none_option + 1, stars.no_team + 1, stars.no_place + 1]
    rows = Rows(*np.split(rng.permutation(sum(sizes)), np.cumsum(sizes)[:-1]))
    for own, last in zip(rows[1:], (2, 1, 1), strict=True):
        own[rng.random(len(own)) < 0.2] = UNSEEN
        own[len(own) - last :] = (SELF, NONE)[2 - last :]
    parts = np.column_stack([row[rng.integers(0, len(row), 200)] for row in rows])
    parts = parts[(parts != UNSEEN).all(axis=1)]
    rows.request[rng.integers(len(EVERYONE))] = NONE
    marked, opened, read = rng.random(len(parts)) < 0.2, rng.integers(0, len(parts), 3), []
    for way in (columns, dense):
        now = _table(parts, marked)
        way.reread(stars.sides, rows, sum(sizes), opened, now)
        read.append((now.costs.tolist(), now.bundles[now.costs < FAR].tolist()))
    assert read[0] == read[1]
    assert any(cost < FAR for cost in read[0][0])


def _table(parts, marked):
    count = len(parts)
    blank = np.zeros(count, dtype=np.int64)
    return Table(parts, np.zeros_like(parts), blank, marked, parts, np.zeros((count, 4)))


@pytest.mark.parametrize("seed", range(20))
def test_bundles_find_their_columns_alike_in_both_engines(seed):
    rng = np.random.default_rng(seed)
    rows = Rows(*np.split(rng.permutation(12), 4))
    noted = []
    for way in (columns, dense):
        own, table, seen = np.random.default_rng(seed), columns.Columns(6), []
        for turn in range(12):
            bundles = own.integers(0, 3, (own.integers(1, 40), 4))
            if turn == 5:  # columns that take from a limit are not found by their rows
                parts = np.column_stack([row[bundles[:, k]] for k, row in enumerate(rows)])
                entries = np.ones((len(parts), 6))
                fresh = Table(
                    parts, bundles, parts[:, 0], entries[:, 0] > 0, entries.astype(int), entries
                )
                table.append(fresh)
            if turn == 8:
                table.keep(own.random(len(table)) < 0.7)
            table.make_room(len(bundles))
            costs, at = bundles.sum(axis=1), np.empty(len(bundles), dtype=np.int64)
            known = (table.room, len(table), table.slots, at, turn == 0)
            table.cut(way.enlist(rows, bundles, costs, *known))
            assert (table.now.bundles[at] == bundles).all()
            assert not table.now.marked[at].any()
            seen += [at.tolist(), *(part.tolist() for part in table.now)]
        noted.append(seen)
    assert noted[0] == noted[1]
    rows.place[1] = UNSEEN
    bundles[:, 3] = 1
    for way in (columns, dense):
        assert way.enlist(rows, bundles, costs, *known) < 0


@pytest.mark.parametrize("seed", range(20))
def test_who_takes_more_than_there_is_is_known_alike_by_both_engines(seed):
    rng = np.random.default_rng(seed)
    capacities = [rng.integers(0, 3, 4) for _ in range(3)]
    chosen = rng.integers(0, [1, 6, 5, 5, 9], (8, 5))
    crowded = [way.crowded(chosen, *capacities).tolist() for way in (ways, dense)]
    short = [
        {k for k in range(4) if (part == k).sum() > room[k]}
        for part, room in zip(chosen.T[1:4], capacities, strict=True)
    ]
    expected = [
        bool(short[0] & {o} or short[1] & {j} or short[2] & {p}) for _, o, j, p, _ in chosen
    ]
    assert crowded == [expected, expected]


@pytest.mark.parametrize("seed", range(30))
def test_the_listed_bundles_are_all_within_the_limit_and_no_others(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, **SIZE)))
    prices = _random_prices(stars, seed)
    values, _ = kernels.cheapest(stars.sides, EVERYONE, prices.charges)
    limit = values[:, 0] + 5000 * GRID
    bundles, costs = within(stars, EVERYONE, prices, limit)
    every = [
        choice
        for i in range(5)
        for choice in _all_choices(stars, i)
        if prices.of_choice(choice) <= limit[i]
    ]
    assert sorted((*b, c) for b, c in zip(bundles.tolist(), costs.tolist(), strict=True)) == every


@pytest.mark.parametrize("size", [SIZE, WIDE], ids=["small", "wide"])
@pytest.mark.parametrize("seed", range(30))
def test_the_plain_way_answers_bit_for_bit_like_the_compiled_one(random_problem, seed, size):
    stars = stars_of(in_order(random_problem(seed, **size)))
    sides, charges = stars.sides, _random_prices(stars, seed).charges
    rng = np.random.default_rng(seed)
    fast, slow = (way.cheapest(sides, EVERYONE, charges) for way in (kernels, dense))
    assert fast[0].tolist() == slow[0].tolist()
    assert fast[1].tolist() == slow[1].tolist()
    limit = fast[0][:, 0] + 9000 * GRID
    counts, lists = zip(
        *(way.within(sides, EVERYONE, charges, limit, 10_000) for way in (listing, dense)),
        strict=True,
    )
    assert counts[0] == counts[1]
    assert lists[0][: counts[0]].tolist() == lists[1].tolist()
    teams, places = (rng.random(len(of)) < 0.7 for of in charges[1:])
    by_option = [way.by_option(sides, EVERYONE, teams, places) for way in (ways, dense)]
    assert by_option[0].tolist() == by_option[1].tolist()
    options = rng.integers(0, len(charges[0]), 5)
    by_team = [way.by_team(sides, EVERYONE, options, places) for way in (ways, dense)]
    assert by_team[0].tolist() == by_team[1].tolist()


@pytest.mark.parametrize("seed", range(40))
def test_what_a_plan_says_is_counted_alike_in_both_ways(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed, **SIZE)))
    rng = np.random.default_rng(seed)
    for flags in (stars.faults.team, stars.faults.van, stars.faults.place):
        rows, room = rng.permutation(5)[:3], rng.random(flags.shape[1]) < 0.5
        given = rng.integers(0, flags.shape[1] + 2, 5)
        tallies = [way.tally(flags, rows, room, given) for way in (counting, dense)]
        for fast, slow in zip(*tallies, strict=True):
            assert fast.tolist() == slow.tolist()
    arrival, needs = stars.numbers.times.arrival, rng.random(5) < 0.8
    first = [way.first_teams(stars.faults.team, arrival, needs) for way in (counting, dense)]
    assert first[0].tolist() == first[1].tolist()
    _, found = kernels.cheapest(stars.sides, EVERYONE, _random_prices(stars, seed).charges)
    bundles = np.column_stack([EVERYONE, found[:, 0]])
    asked, left = rng.random(5) < 0.8, rng.integers(0, 3, 4) * 1000
    question = (stars.sides, stars.faults.place, bundles, asked)
    possible = rng.permutation(5)[:4]
    places = [way.next_places(*question, possible, left, 700) for way in (counting, dense)]
    assert places[0][0].tolist() == places[1][0].tolist()
    assert places[0][1].tolist() == places[1][1].tolist()


@pytest.mark.parametrize("seed", range(15))
def test_the_plain_way_prices_every_bundle_like_the_compiled_one(random_problem, seed):
    stars = stars_of(in_order(random_problem(seed)))
    for i in range(len(stars.problem.requests)):
        bundles, costs = bundles_of(_all_choices(stars, i))
        for way in (kernels, dense):
            assert way.costs_of(stars.sides, bundles).tolist() == costs.tolist()


@pytest.mark.parametrize("seed", range(25))
def test_the_compiled_simplex_finds_what_glop_finds_after_every_change(seed):
    rng = np.random.default_rng(seed)
    people, things = 6, 8
    is_request = np.arange(people + things) < people
    rhs = np.where(is_request, 1.0, rng.integers(0, 3, people + things))
    programs = [way.program(rhs, is_request, 4) for way in (COMPILED, PLAIN)]
    rows, coef = np.zeros((people, 4), dtype=np.int64), np.zeros((people, 4))
    rows[:, 0], coef[:, 0] = np.arange(people), 1
    costs = np.full(people, 9000.0)
    for program in programs:
        program.add(rows, coef, costs)
    for change in range(12):
        kind = change % 3
        if kind == 0:
            rows = np.column_stack(
                [
                    rng.integers(0, people, 15),
                    people + np.argsort(rng.random((15, things)))[:, :3],
                ]
            )
            coef, fresh = np.ones((15, 4)), rng.integers(0, 9000, 15).astype(float)
            costs = np.append(costs, fresh)
            for program in programs:
                program.add(rows, coef, fresh)
        elif kind == 1:
            changed = rhs.copy()
            changed[rng.integers(0, people + things)] = rng.integers(0, 2)
            for program in programs:
                program.set_rhs(changed)
        else:
            costs = costs + np.append(
                np.zeros(people), rng.integers(-900, 900, len(costs) - people)
            )
            may = np.append(np.ones(people, dtype=bool), rng.random(len(costs) - people) < 0.9)
            for program in programs:
                program.price(np.where(may, costs, 2.0**34), may)
        ended = [program.solve() for program in programs]
        assert ended[0] == ended[1]
        if ended[0] == FOUND:
            assert programs[0].value() == pytest.approx(programs[1].value(), abs=0.05)
        else:
            assert ended[0] == IMPOSSIBLE


@pytest.mark.parametrize("dual", [-1e14, -1e25, -1e300])
def test_a_dual_that_is_only_digits_never_becomes_a_price_below_zero(small_region, dual):
    stars = stars_of(small_region([Request("r", weight=1)], [Team("t")]))
    prices = Prices.of(np.zeros(0), np.array([dual]), np.zeros(0))
    assert prices.team[0] > 0
    assert prices.worth(stars) == prices.team[0]
