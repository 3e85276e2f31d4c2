"""Every number of the model, compiled and in NumPy, with every feature: the same to the last bit;
and the same whether the last question is known or not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.costs import place_items, priced, team_items
from optimizer.engine import COMPILED, PLAIN
from optimizer.pairs import _priced
from optimizer.problem import ANY, SELF, Bundle, InvalidProblemError, Policy, Problem, in_order
from optimizer.sides import FAR
from optimizer.stars import Stars, stars_of

Rng = np.random.Generator
SIZES = st.fixed_dictionaries(
    {kind: st.integers(0, 5) for kind in ("requests", "teams", "vans", "places")}
)
SEEDS = st.integers(0, 2**32 - 1)


def _pick(rng: Rng, among: list[Any]) -> Any:
    return among[rng.integers(len(among))]


def _lock(problem: Problem, rng: Rng) -> Bundle | None:
    team = _pick(rng, [None, ANY, *(team.id for team in problem.teams)])
    vans = [None, ANY, *(van.id for van in problem.vans)]
    van = _pick(rng, vans if team in (None, ANY) else [SELF, *vans])
    place = _pick(rng, [None, ANY, *(place.id for place in problem.places)])
    return _pick(rng, [None, Bundle(team, van, place)])


def _featured(make: Callable[..., Problem], seed: int, sizes: dict[str, int]) -> Problem:
    """A random region with locks, exclusions, limits of one's own and masks of any length."""
    problem, rng = make(seed, **{kind: max(1, count) for kind, count in sizes.items()}), _rng(seed)
    problem = _first(problem, **sizes)
    names = [part.id for kind in (problem.teams, problem.vans, problem.places) for part in kind]
    shown = [None, Bundle(), Bundle("t0"), Bundle("t0", SELF, "p0"), Bundle("gone", None, "p0")]
    return replace(
        problem,
        requests=tuple(
            replace(
                request,
                locked=_lock(problem, rng),
                shown=_pick(rng, [request.shown, *shown]),
                excluded=frozenset(n for n in [*names, SELF, "gone"] if rng.random() < 0.1),
                place_kind=_pick(rng, ["bed", "slot", "any"]),
                place_preference_s=tuple((n, rng.random() * 3000) for n in ("p0", "p1", "gone")),
                waiting_horizon_s=_pick(rng, [None, float(rng.integers(10_800, 20_000))]),
                max_drive_s=_pick(rng, [None, float(rng.integers(600, 9000))]),
                team_mask=request.team_mask | _pick(rng, [0, 0, 1 << int(rng.integers(300))]),
                waited_s=request.waited_s + rng.random(),
            )
            for request in problem.requests
        ),
        places=tuple(replace(p, kind=_pick(rng, ["bed", "slot"])) for p in problem.places),
        policy=Policy(overtime_factor=rng.random() * 5, overtime_grace_s=rng.random() * 3600),
    )


def _rng(seed: int) -> Rng:
    return np.random.default_rng(seed)


def _first(problem: Problem, requests: int, teams: int, vans: int, places: int) -> Problem:
    return replace(
        problem,
        requests=problem.requests[:requests],
        teams=problem.teams[:teams],
        vans=problem.vans[:vans],
        places=problem.places[:places],
        team_to_request=problem.team_to_request[:teams, :requests],
        van_to_request=problem.van_to_request[:vans, :requests],
        request_to_place=problem.request_to_place[:requests, :places],
        place_to_base=problem.place_to_base[:places, :vans],
    )


def _arrays(stars: Stars) -> dict[str, Any]:
    """Everything that others read."""
    times = {name: getattr(stars.numbers.times, name) for name in stars.numbers.times.__slots__}
    faults = {f"{k}_faults": getattr(stars.faults, k) for k in stars.faults.__slots__}
    names = ("missing", "place_cost", "team_capacity", "van_capacity", "place_capacity")
    own = {name: getattr(stars, name) for name in names}
    return {**times, **faults, **own, **stars.sides._asdict(), "least": np.array(stars.least)}


def _assert_same(one: Stars, other: Stars) -> None:
    arrays = _arrays(other)
    for name, array in _arrays(one).items():
        assert np.array_equal(array, arrays[name]), name
        assert np.asarray(array).dtype == np.asarray(arrays[name]).dtype, name
    assert one.names.options == other.names.options


@settings(max_examples=100, deadline=None)
@given(SEEDS, SIZES)
def test_compiled_and_plain_agree_to_the_last_bit(random_problem, seed, sizes):
    problem = in_order(_featured(random_problem, seed, sizes))
    _assert_same(stars_of(problem, way=COMPILED), stars_of(problem, way=PLAIN))


@given(st.integers(0, 2**57 // 6000 - 2), st.integers(-3000, 2999))
def test_a_price_by_a_product_is_the_one_by_a_division(tenths, rest):
    seconds = max(0, 6000 * tenths + rest)
    assert _priced(1, seconds) == priced(1, seconds)


def _no_change(problem: Problem, _: Rng) -> Problem:
    return problem


def _beds(problem: Problem, rng: Rng) -> Problem:
    places = tuple(replace(p, free=int(rng.integers(3))) for p in problem.places)
    return replace(problem, places=places)


def _wishes(problem: Problem, rng: Rng) -> Problem:
    changed = [
        {"place_kind": "any"},
        {"place_mask": 1 << 70},
        {"weight": 7},
        {"excluded": frozenset({"p0"})},
        {"place_preference_s": (("p0", 60.0),)},
    ]
    requests = tuple(replace(r, **_pick(rng, changed)) for r in problem.requests)
    return replace(problem, requests=requests)


def _facilities(problem: Problem, rng: Rng) -> Problem:
    changed = [{"mask": 1}, {"kind": "slot"}, {"penalty_s": 90.0}, {"id": "p9"}]
    first = tuple(replace(p, **_pick(rng, changed)) for p in problem.places[:1])
    return replace(problem, places=(*first, *problem.places[1:]))


def _roads(problem: Problem, rng: Rng) -> Problem:
    name = _pick(rng, ["request_to_place", "place_to_base", "team_to_request", "van_to_request"])
    return replace(problem, **{name: getattr(problem, name) + 60})


def _prices(problem: Problem, rng: Rng) -> Problem:
    name = _pick(rng, ["van_return", "place_drive", "self_drive", "horizon_s"])
    return replace(
        problem, policy=replace(problem.policy, **{name: 18_000.0 if "_s" in name else 9.0})
    )


def _one_less(problem: Problem, rng: Rng) -> Problem:
    kind = _pick(rng, ["requests", "teams", "vans", "places"])
    sizes = {k: len(getattr(problem, k)) for k in ("requests", "teams", "vans", "places")}
    unlocked = tuple(replace(r, locked=None) for r in problem.requests)
    return _first(replace(problem, requests=unlocked), **{**sizes, kind: max(0, sizes[kind] - 1)})


CHANGES = (_no_change, _beds, _wishes, _facilities, _roads, _prices, _one_less)


@settings(max_examples=100, deadline=None)
@given(SEEDS, SIZES, st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4))
def test_what_is_kept_from_the_last_question_is_what_would_be_computed_anew(
    random_problem, seed, sizes, changes
):
    problem, rng = _featured(random_problem, seed, sizes), _rng(seed)
    stars = stars_of(in_order(problem))
    for change in changes:
        try:
            problem = change(problem, rng)
        except InvalidProblemError:  # a lock on what was renamed
            continue
        stars = stars_of(in_order(problem), stars)
        _assert_same(stars, stars_of(in_order(problem)))


@pytest.mark.parametrize("way", [COMPILED, PLAIN])
@pytest.mark.parametrize("seed", range(5))
def test_every_price_of_a_side_is_the_sum_of_its_items(random_problem, seed, way):
    stars = stars_of(in_order(random_problem(seed, 5, 5, 4, 4)), way=way)
    team = stars.sides.team[:, :-1]
    for found, items in ((team, team_items), (stars.place_cost, place_items)):
        for pair in np.argwhere(found < FAR).tolist():
            own = items(stars.numbers, *pair).values()
            assert found[tuple(pair)] == sum(int(cost) for cost in own)
