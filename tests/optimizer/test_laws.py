"""What must never happen, whatever the weights say: one test a law."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.check import check
from optimizer.problem import ANY, SELF, Bundle, Place, Policy, Request, Team, Van
from optimizer.solve import instant, solve

HOUR = 3600.0


def _bed(**more: object) -> Request:
    """A request that needs a team, a van and a bed."""
    return Request("r", weight=9, needs_van=True, place_need="needed", **more)


@given(
    waited_s=st.floats(0, 200 * HOUR),
    drive_s=st.floats(0, 2 * HOUR),
    weight=st.integers(1, 27),
    penalty_s=st.floats(0, HOUR),
    rank=st.integers(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_an_eligible_free_team_is_never_dearer_than_nobody(
    small_region, waited_s, drive_s, weight, penalty_s, rank
):
    request = Request("r", weight, rank=rank, waited_s=waited_s, soft_team_mask=1)
    problem = small_region([request], [Team("t", penalty_s=penalty_s)], drive_s=drive_s)
    assert solve(problem).of("r").bundle.team == "t"


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_no_eligible_team_stays_free_while_someone_could_be_reached_by_it(random_problem, seed):
    problem = random_problem(seed, requests=6, teams=4, vans=2, places=3)
    plan = solve(problem)
    busy = {assignment.bundle.team for assignment in plan.assignments}
    for i, request in enumerate(problem.requests):
        if plan.of(request.id).bundle.team or not request.needs_team or request.all_or_nothing:
            continue
        reasons = plan.of(request.id).reasons
        assert "unfit" not in {reason.fault for reason in reasons if reason.part == "team"}
        for j, team in enumerate(problem.teams):
            lacks = request.team_mask & ~team.mask
            drive_s = problem.team_to_request[j, i]
            arrival_s = team.release_s + drive_s
            late = arrival_s + request.onscene_s > team.shift_end_s + 1800 and request.rank > 0
            eligible = not lacks and arrival_s <= 3 * HOUR and drive_s <= 2 * HOUR and not late
            assert team.id in busy or not eligible


def test_who_waits_longer_wins_in_the_end_over_a_heavier_request(small_region):
    def served(waited_s: float) -> bool:
        patient = Request("patient", weight=1, waited_s=waited_s, target_s=2 * HOUR)
        fresh = Request("fresh", weight=9, target_s=HOUR)
        plan = solve(small_region([patient, fresh], [Team("t")]))
        return plan.of("patient").bundle.team == "t"

    assert not served(0)
    assert served(100 * HOUR)


def test_imminent_is_not_traded_for_any_number_of_others(small_region):
    first = Request("first", weight=1, rank=0)
    others = [Request(f"other{k}", weight=10_000, waited_s=24 * HOUR) for k in range(5)]
    drive_s = [[900.0] + [60.0] * 5, [906.0] + [6000.0] * 5]
    plan = solve(small_region([first, *others], [Team("near"), Team("far")], drive_s=drive_s))
    assert plan.of("first").bundle.team == "near"


def test_among_equal_plans_for_imminent_the_best_for_the_others_is_taken(small_region):
    first, other = Request("first", weight=27, rank=0), Request("other", weight=1)
    drive_s = [[600.0, 60.0], [600.0, 6000.0]]
    plan = solve(small_region([first, other], [Team("a"), Team("b")], drive_s=drive_s))
    assert plan.of("first").bundle.team == "b"
    assert plan.of("other").bundle.team == "a"


def test_a_possible_place_claims_nothing_and_has_a_backup(small_region):
    maybe = Request("maybe", weight=27, needs_van=True, place_need="possible")
    sure = Request("sure", weight=1, needs_van=True, place_need="needed")
    problem = small_region(
        [maybe, sure], [Team("a"), Team("b")], [Van("v")], [Place("one", free=1)]
    )
    plan = solve(problem)
    assert plan.of("maybe").bundle.place is None
    assert plan.of("maybe").bundle.van is None
    assert plan.of("maybe").missing == ()
    assert plan.of("sure").bundle == Bundle(plan.of("sure").bundle.team, "v", "one")
    assert plan.of("maybe").backup_place is None

    roomier = small_region(
        [maybe, sure], [Team("a"), Team("b")], [Van("v")], [Place("one", free=2)]
    )
    assert solve(roomier).of("maybe").backup_place == "one"


def test_a_needed_place_has_another_one_as_backup(small_region):
    places = [Place("a", free=1), Place("b", free=1), Place("far", free=1)]
    problem = small_region([_bed()], [Team("t")], [Van("v")], places, go_s=[[600, 900, 6000]])
    assignment = solve(problem).of("r")
    assert (assignment.bundle.place, assignment.backup_place) == ("a", "b")
    assert assignment.backup_place_s == assignment.arrivals.place_s + 300


def test_a_lock_is_kept_and_the_rest_is_planned_around_it(small_region):
    locked = Request("locked", weight=1, locked=Bundle("near", None, None))
    other = Request("other", weight=27)
    teams = [Team("near"), Team("far")]
    plan = solve(small_region([locked, other], teams, drive_s=[[60, 60], [6000, 6000]]))
    assert plan.of("locked").bundle.team == "near"
    assert plan.of("locked").lock_faults == ()
    assert plan.of("other").bundle.team == "far"


@pytest.mark.parametrize("rank", [0, 1])
def test_what_is_promised_to_a_later_rank_is_not_for_an_earlier_one(small_region, rank):
    locked = Request("locked", weight=1, rank=2, locked=Bundle("near", None, ANY))
    other = Request("other", weight=27, rank=rank)
    teams = [Team("near"), Team("far")]
    plan = solve(small_region([other, locked], teams, drive_s=[[60, 60], [6000, 6000]]))
    assert plan.proved
    assert plan.of("locked").bundle.team == "near"
    assert plan.of("other").bundle.team == "far"


def test_the_last_bed_promised_to_a_later_rank_stays_theirs(small_region):
    held = _bed(rank=1, locked=Bundle(ANY, ANY, "p"))
    first = Request("first", weight=27, rank=0, place_need="needed")
    plan = solve(small_region([first, held], [Team("t")], [Van("v")], [Place("p", free=1)]))
    assert plan.of("r").bundle.place == "p"
    assert plan.of("first").bundle.place is None
    assert plan.of("first").bundle.team == "t"


def test_an_infeasible_lock_is_reported_and_never_dropped(small_region):
    request = _bed(team_mask=1, place_mask=2, locked=Bundle("t", "v", "p"))
    problem = small_region(
        [request],
        [Team("t", release_s=9 * HOUR)],
        [Van("v", shift_end_s=HOUR)],
        [Place("p", free=0)],
        go_s=np.nan,
    )
    plan = solve(problem)
    assert plan.of("r").bundle == Bundle("t", "v", "p")
    assert set(plan.of("r").lock_faults) >= {
        "team: lacks",
        "team: horizon",
        "place: lacks",
        "place: unreachable",
        "place: full",
        "place: taken",
        "van: shift",
    }
    assert check(problem, plan) == ()


def test_two_locks_on_one_team_both_stand_and_both_are_reported(small_region):
    requests = [Request(name, weight=1, locked=Bundle("t", ANY, ANY)) for name in ("a", "b")]
    plan = solve(small_region(requests, [Team("t")]))
    assert [a.bundle.team for a in plan.assignments] == ["t", "t"]
    assert [a.lock_faults for a in plan.assignments] == [("team: taken",)] * 2


def test_a_lock_on_the_team_leaves_van_and_place_free_to_choose(small_region):
    request = _bed(locked=Bundle("far", ANY, ANY))
    problem = small_region(
        [request],
        [Team("near"), Team("far")],
        [Van("v")],
        [Place("p", free=1)],
        drive_s=[[60], [3000]],
    )
    assert solve(problem).of("r").bundle == Bundle("far", "v", "p")


def test_all_or_nothing_takes_nothing_when_a_part_is_missing(small_region):
    request = _bed(all_or_nothing=True)
    without_bed = small_region([request], [Team("t")], [Van("v")], [Place("p", free=0)])
    plan = solve(without_bed)
    assert plan.of("r").bundle == Bundle()
    assert plan.of("r").missing == ("team", "van", "place")
    with_bed = small_region([request], [Team("t")], [Van("v")], [Place("p", free=1)])
    assert solve(with_bed).of("r").bundle == Bundle("t", "v", "p")


@pytest.mark.parametrize(("beyond_s", "rank", "serves"), [(1800, 1, 1), (1801, 1, 0), (7200, 0, 1)])
def test_a_team_works_half_an_hour_beyond_its_shift_and_longer_only_for_imminent(
    small_region, beyond_s, rank, serves
):
    request = Request("r", weight=9, rank=rank, onscene_s=3000)
    team = Team("t", shift_end_s=600 + 3000 - beyond_s)
    assignment = solve(small_region([request], [team])).of("r")
    assert (assignment.bundle.team == "t") == bool(serves)
    assert ("overtime" in dict(assignment.costs)) == (beyond_s > 1800 and bool(serves))


@pytest.mark.parametrize(("beyond_s", "takes"), [(1800, "v"), (1801, None)])
def test_a_driver_is_home_half_an_hour_after_the_shift_at_the_latest(small_region, beyond_s, takes):
    request = _bed(onscene_s=1200, load_s=300)
    home_at_s = 600 + 1200 + 300 + 600 + 600
    van = Van("v", shift_end_s=home_at_s - beyond_s)
    problem = small_region([request], [Team("t")], [van], [Place("p", free=1)])
    assert solve(problem).of("r").bundle == Bundle("t", takes, "p")


def test_a_shift_that_ends_picks_the_nearer_bed_instead_of_no_van(small_region):
    far_but_liked, near = Place("liked", free=1), Place("near", free=1)
    request = _bed(place_preference_s=(("near", 3000),))
    problem = small_region(
        [request],
        [Team("t")],
        [Van("v", shift_end_s=1500)],
        [far_but_liked, near],
        go_s=[[3000, 600]],
    )
    assert solve(problem).of("r").bundle == Bundle("t", "v", "near")


@pytest.mark.parametrize("drives", [True, False])
def test_the_team_drives_only_if_it_can_and_the_request_allows_it(small_region, drives):
    team = Team("t", drives=drives, van_mask=2)
    places = [Place("p", free=1)]
    allowed = small_region([_bed(allow_self_transport=True, van_mask=2)], [team], places=places)
    assert solve(allowed).of("r").bundle.van == (SELF if drives else None)
    forbidden = small_region([_bed()], [team], places=places)
    assert solve(forbidden).of("r").bundle.van is None
    unfit = small_region([_bed(allow_self_transport=True, van_mask=1)], [team], places=places)
    assert solve(unfit).of("r").bundle.van is None


def test_each_team_and_van_serves_one_and_each_place_as_many_as_are_free(small_region):
    requests = [Request(f"r{k}", weight=9, needs_van=True, place_need="needed") for k in range(4)]
    problem = small_region(
        requests,
        [Team(f"t{k}") for k in range(3)],
        [Van(f"v{k}") for k in range(3)],
        [Place("p", free=2)],
    )
    bundles = [assignment.bundle for assignment in solve(problem).assignments]
    assert sorted(b.team for b in bundles if b.team) == ["t0", "t1", "t2"]
    assert sum(b.place == "p" for b in bundles) == 2
    assert sum(b.van is not None for b in bundles) == 2


@pytest.mark.parametrize(("better_by_s", "stays"), [(170, True), (190, False)])
def test_the_shown_bundle_stays_unless_another_is_three_minutes_better(
    small_region, better_by_s, stays
):
    request = Request("r", weight=9, shown=Bundle("shown", None, None))
    teams = [Team("other"), Team("shown")]
    problem = small_region([request], teams, drive_s=[[2000 - better_by_s], [2000]])
    assert (solve(problem).of("r").bundle.team == "shown") is stays


def test_stability_never_keeps_a_request_without_what_is_free(small_region):
    request = _bed(shown=Bundle("t", None, None))
    problem = small_region(
        [request], [Team("t")], [Van("v")], [Place("p", free=1)], go_s=6000, approach_s=6000
    )
    assert solve(problem).of("r").bundle == Bundle("t", "v", "p")


def test_a_place_that_is_not_fresh_comes_last_but_does_not_vanish(small_region):
    stale, fresh = Place("stale", free=1, penalty_s=3000), Place("fresh", free=1)
    both = small_region([_bed()], [Team("t")], [Van("v")], [stale, fresh], go_s=[[600, 3000]])
    assert solve(both).of("r").bundle.place == "fresh"
    only = small_region([_bed()], [Team("t")], [Van("v")], [stale], go_s=[[600]])
    assert solve(only).of("r").bundle.place == "stale"


def test_who_was_declined_by_a_place_or_crew_is_not_sent_there_again(small_region):
    request = _bed(excluded=frozenset({"p", "t"}))
    problem = small_region(
        [request],
        [Team("t"), Team("u")],
        [Van("v")],
        [Place("p", free=1), Place("q", free=1)],
        drive_s=[[60], [900]],
        go_s=[[60, 900]],
    )
    assert solve(problem).of("r").bundle == Bundle("u", "v", "q")


def test_the_unserved_are_told_what_excluded_everything_by_number(small_region):
    request = _bed(place_mask=0b101)
    other = Request("other", weight=27, rank=0)
    problem = small_region(
        [request, other],
        [Team("t")],
        [Van("v")],
        [
            Place("a", free=0, mask=0b111),
            Place("b", free=1, mask=0b001),
            Place("c", free=1, mask=0b100),
        ],
        go_s=[[600, 600, np.nan], [600, 600, 600]],
    )
    told = {(r.part, r.fault): r for r in solve(problem).of("r").reasons}
    assert told["place", "full"].count == 1
    assert told["place", "unreachable"].count == 1
    assert told["place", "lacks"].count == 2
    assert told["place", "lacks"].bits == ((0, 1), (2, 1))
    assert [h[:2] for h in told["team", "taken"].holders] == [("t", "other")]


def test_a_language_wish_costs_minutes_and_excludes_nobody(small_region):
    request = Request("r", weight=9, soft_team_mask=1, soft_team_penalty_s=600)
    teams = [Team("speaks", mask=1), Team("near")]
    ten_minutes = small_region([request], teams, drive_s=[[1199], [600]])
    assert solve(ten_minutes).of("r").bundle.team == "speaks"
    eleven = small_region([request], teams, drive_s=[[1260], [600]])
    assert solve(eleven).of("r").bundle.team == "near"


def test_a_request_without_need_of_a_team_gets_van_and_bed_alone(small_region):
    request = _bed(needs_team=False)
    problem = small_region([request], [Team("t")], [Van("v")], [Place("p", free=1)])
    assert solve(problem).of("r").bundle == Bundle(None, "v", "p")


def test_the_price_of_a_bundle_is_the_formula_of_the_design(small_region):
    request = Request(
        "r", 9, waited_s=1200, target_s=1500, onscene_s=1800, load_s=300,
        needs_van=True, place_need="needed",
    )  # fmt: skip
    problem = small_region(
        [request],
        [Team("t", release_s=300)],
        [Van("v", release_s=2000)],
        [Place("p", free=1)],
        drive_s=600,
        approach_s=1000,
        go_s=1200,
        home_s=900,
    )
    assignment = solve(problem).of("r")
    assert dict(assignment.costs) == {
        "team_wait": 9 * 900 // 6,
        "lateness": 2 * 9 * 600 // 6,
        "place_ride": 9 * 600 // 6 + 600 // 6,
        "van_wait": 7 * 9 * 300 // 60,
        "van_approach": 3 * 1000 // 60,
        "van_return": 3 * 900 // 60,
    }
    arrivals = assignment.arrivals
    assert (arrivals.team_s, arrivals.ready_s, arrivals.van_s) == (900, 2700, 3000)
    assert (arrivals.pick_s, arrivals.place_s) == (3000, 4500)


def test_a_teams_road_has_its_price_whoever_it_goes_to(small_region):
    requests = [Request("near", 9, rank=1), Request("far", 1, rank=1)]
    teams = [Team("busy", release_s=1500), Team("idle")]
    drive_s = [[300, 600], [300, 2400]]
    problem = small_region(requests, teams, drive_s=drive_s, policy=Policy(team_approach=3.0))
    far, near = solve(problem).of("far"), solve(problem).of("near")
    assert (near.bundle.team, far.bundle.team) == ("idle", "busy")
    assert dict(near.costs)["team_approach"] == 3 * 300 // 6
    assert dict(far.costs)["team_approach"] == 3 * 600 // 6


def test_who_is_free_soon_and_near_spares_a_team_the_long_road_where_the_wait_is_worth_less(
    small_region,
):
    teams = [Team("busy", release_s=1800), Team("idle")]
    drive_s = [[1200], [2400]]

    def sent(weight: int, price: float) -> str | None:
        policy = Policy(team_approach=price)
        problem = small_region([Request("r", weight)], teams, drive_s=drive_s, policy=policy)
        return solve(problem).of("r").bundle.team

    assert sent(1, 0.0) == "idle"
    assert sent(1, 3.0) == "busy"
    assert sent(27, 3.0) == "idle"


def test_however_dear_the_road_is_nobody_is_left_alone_for_it(small_region):
    policy = Policy(team_approach=100.0)
    problem = small_region([Request("r", 1)], [Team("t")], drive_s=7200, policy=policy)
    assert solve(problem).of("r").bundle.team == "t"


def test_an_empty_region_has_an_empty_plan(small_region):
    assert solve(small_region([])).assignments == ()
    nobody = solve(small_region([_bed()]))
    assert nobody.of("r").missing == ("team", "van", "place")
    assert nobody.proved
    assert instant(small_region([_bed()])).of("r").bundle == Bundle()


def test_a_policy_under_which_the_laws_would_break_is_refused():
    with pytest.raises(ValueError, match="stability"):
        Policy(surcharge_s=100, stability_s=180)
    with pytest.raises(ValueError, match="max_team_drive_s"):
        Policy(horizon_s=3600)
