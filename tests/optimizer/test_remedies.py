"""What single change would serve somebody: each one told is tried again by hand."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from optimizer.problem import (
    LARGEST_SIDE,
    LARGEST_TIME_S,
    Bundle,
    Place,
    Problem,
    Request,
    Team,
    Van,
)
from optimizer.remedies import Remedy, remedies
from optimizer.solve import instant, solve

MIN_S = 60.0


def _bed(id_: str = "r", **more: object) -> Request:
    return Request(id_, weight=3, needs_van=True, place_need="needed", **more)


def _told(problem: Problem, request: str = "r") -> Sequence[Remedy]:
    return remedies(problem, solve(problem), [request])[request]


def test_one_bed_more_in_a_full_place_serves_whoever_lacks_only_that(small_region):
    places = [Place("far", free=0), Place("near", free=0), Place("other", mask=0, free=9)]
    problem = small_region(
        [_bed(place_mask=0)],
        [Team("t")],
        [Van("v")],
        [replace(places[0]), replace(places[1]), replace(places[2], kind="slot")],
        go_s=[[1200, 600, 300]],
    )
    assert [(one.change, one.resource) for one in _told(problem)] == [
        ("room", "near"),
        ("room", "far"),
    ]


def test_where_no_place_would_fit_one_that_takes_the_person_is_asked_for(small_region):
    problem = small_region(
        [_bed(place_mask=4)], [Team("t")], [Van("v")], [Place("p", mask=3, free=2)]
    )
    assert [(one.part, one.change, one.resource) for one in _told(problem)] == [
        ("place", "new", "p")
    ]


def test_a_team_or_van_is_asked_for_until_the_last_minute_at_which_it_serves(small_region):
    problem = small_region([_bed(onscene_s=600)], [Team("t")], [], [Place("p", free=1)])
    (van,) = _told(problem)
    assert (van.part, van.change, van.by_s) == ("van", "new", problem.policy.horizon_s + 600)
    nobody = small_region([Request("r", weight=3)])
    (team,) = _told(nobody)
    assert (team.part, team.change, team.by_s) == ("team", "new", problem.policy.horizon_s)


def test_the_last_minute_is_that_of_the_van_that_must_be_home(small_region):
    """The only van ends its shift: a team that comes later is of no use."""
    van = Van("v", shift_end_s=5000.0)
    problem = small_region([_bed()], [], [van], [Place("p", free=1)])
    team = next(one for one in _told(problem) if one.part == "team")
    # 10 min to the place and 10 min home, half an hour after the shift at the latest.
    assert team.by_s == (5000 + 1800 - 1200) // MIN_S * MIN_S


def test_a_shift_is_made_exactly_as_much_longer_as_it_takes(small_region):
    van = Van("v", shift_end_s=0.0)
    problem = small_region(
        [_bed(onscene_s=1200, load_s=300)], [Team("t")], [van], [Place("p", free=1)]
    )
    told = {one.change: one for one in _told(problem)}
    home_s = 600 + 1200 + 300 + 600 + 600
    assert (told["shift"].resource, told["shift"].by_s) == ("v", home_s - 1800)
    enough = replace(problem, vans=(replace(van, shift_end_s=told["shift"].by_s),))
    assert solve(enough).of("r").bundle == Bundle("t", "v", "p")
    less = replace(problem, vans=(replace(van, shift_end_s=told["shift"].by_s - 1),))
    assert "van" in solve(less).of("r").missing


def test_a_resource_may_be_called_anything_even_as_the_one_that_is_tried(small_region):
    problem = small_region([Request("a", weight=3), Request("b", weight=3)], [Team("+new")])
    without = next(one.request_id for one in solve(problem).assignments if one.missing)
    assert [one.change for one in _told(problem, without)] == ["new"]


def test_a_place_that_has_as_many_as_can_be_asked_gets_none_more(small_region):
    """The person waits for a team, and wants all or nothing: the beds are not what is missing."""
    beds = Place("p", free=LARGEST_SIDE)
    problem = small_region([_bed(all_or_nothing=True)], [], [Van("v")], [beds])
    assert solve(problem).of("r").missing == ("team", "van", "place")
    assert [one.part for one in _told(problem)] == ["team"]


def test_whoever_lacks_two_things_is_told_that_no_single_change_helps(small_region):
    problem = small_region([_bed()], [], [], [Place("p", free=1)])
    assert solve(problem).of("r").missing == ("team", "van")
    assert _told(problem) == ()


def test_who_is_served_and_what_is_not_proved_have_no_remedies(small_region):
    served = small_region([Request("r", weight=3)], [Team("t")])
    assert remedies(served, solve(served), ["r"]) == {}
    alone = small_region([Request("r", weight=3)])
    assert remedies(alone, instant(alone), ["r"]) == {}
    assert remedies(alone, solve(alone), ["r"], lambda: True) == {}


def _changed(problem: Problem, request: str, told: Remedy) -> Problem:
    """The region with the change made by hand."""
    i = next(k for k, one in enumerate(problem.requests) if one.id == request)
    asked = problem.requests[i]
    there = np.full((1, len(problem.requests)), np.nan)
    there[0, i] = 0
    if told.change == "room":
        places = tuple(
            replace(one, free=one.free + 1) if one.id == told.resource else one
            for one in problem.places
        )
        return replace(problem, places=places)
    if told.change == "shift":
        return replace(
            problem,
            teams=tuple(_longer(one, told) for one in problem.teams),
            vans=tuple(_longer(one, told) for one in problem.vans),
        )
    if told.part == "team":
        team = Team("zz", mask=asked.team_mask, release_s=told.by_s)
        return replace(
            problem,
            teams=(*problem.teams, team),
            team_to_request=np.vstack([problem.team_to_request, there]),
        )
    if told.part == "van":
        van = Van("zz", mask=asked.van_mask, release_s=told.by_s, shift_end_s=LARGEST_TIME_S)
        return replace(
            problem,
            vans=(*problem.vans, van),
            van_to_request=np.vstack([problem.van_to_request, there]),
            place_to_base=np.hstack([problem.place_to_base, np.zeros((len(problem.places), 1))]),
        )
    k = next(k for k, one in enumerate(problem.places) if one.id == told.resource)
    return replace(
        problem,
        places=(*problem.places, Place("zz", mask=asked.place_mask, free=1)),
        request_to_place=np.hstack(
            [problem.request_to_place, problem.request_to_place[:, k : k + 1]]
        ),
        place_to_base=np.vstack([problem.place_to_base, problem.place_to_base[k : k + 1]]),
    )


def _longer(unit: Team | Van, told: Remedy) -> Team | Van:
    return replace(unit, shift_end_s=told.by_s) if unit.id == told.resource else unit


@pytest.mark.parametrize("seed", range(8))
def test_every_change_that_is_told_serves_and_changes_no_request(random_problem, seed):
    problem = random_problem(seed, requests=6, teams=4, vans=2, places=3)
    plan = solve(problem)
    lacked = {one.request_id: len(one.missing) for one in plan.assignments}
    found = remedies(problem, plan, [request.id for request in problem.requests])
    assert found.keys() == {name for name, many in lacked.items() if many}
    for name, changes in found.items():
        for told in changes:
            changed = _changed(problem, name, told)
            assert changed.requests is problem.requests
            after = solve(changed)
            assert after.of(name).missing == ()
            then = dict(after.by_rank)
            assert told.spared_by_rank == tuple((k, was - then[k]) for k, was in plan.by_rank)
            assert next(spared for _, spared in told.spared_by_rank if spared) > 0
            assert all(len(one.missing) <= lacked[one.request_id] for one in after.assignments)
