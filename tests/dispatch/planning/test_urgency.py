"""Who comes first, and when EMS is asked for."""

from dataclasses import replace

import pytest

from dispatch.planning.question import question, rank_of
from dispatch.planning.recommendation import plan_view
from dispatch.planning.situation import Situation
from dispatch.words import Tier
from optimizer.solve import solve
from optimizer.strictness import price_of_strictness
from tests.dispatch.planning.situation import (
    MIN_MS,
    NOW_MS,
    STRICT,
    a_request,
    a_team,
    asked,
    by,
    planned,
    recommended,
    roads,
)


def test_nobody_waits_for_ever_however_long_the_way_and_the_wait() -> None:
    request = a_request(tier=Tier.ROUTINE, opened_ms=NOW_MS - 10_000 * MIN_MS, target_ms=NOW_MS)
    assert recommended(request, {("T1", "R1"): 119}, teams=by(a_team())).team == "T1"


def test_imminent_risk_is_not_traded_against_any_number_of_others() -> None:
    others = [a_request(f"A{k}", tier=Tier.HIGH, opened_ms=NOW_MS - MIN_MS * 500) for k in range(8)]
    view = planned(
        {("T1", "R1"): 90, **{("T1", other.id): 1 for other in others}},
        requests=[a_request("R1", tier=Tier.IMMINENT), *others],
        teams=by(a_team()),
    )
    assert view.recommendations["R1"].team == "T1"


def test_a_strict_policy_plans_every_tier_before_the_next() -> None:
    requests = [a_request(tier.value, tier=tier) for tier in Tier]
    put = question(Situation(now_ms=NOW_MS, requests=requests), STRICT, roads({}))
    assert {one.id: one.rank for one in put.problem.requests} == {
        "imminent": 0,
        "high": 1,
        "moderate": 2,
        "routine": 3,
    }
    usual = asked(requests=requests).problem.requests
    assert {one.id: one.rank for one in usual} == dict.fromkeys(Tier, 1) | {"imminent": 0}


@pytest.mark.parametrize(
    ("late_min", "rank"), [(-60, 3), (0, 3), (119, 3), (120, 2), (240, 1), (100_000, 1)]
)
def test_under_a_strict_policy_whoever_is_late_moves_up_but_never_to_imminent(
    late_min: int, rank: int
) -> None:
    request = a_request(tier=Tier.ROUTINE, target_ms=NOW_MS - late_min * MIN_MS)
    assert rank_of(request, NOW_MS, STRICT.planning) == rank
    never = replace(STRICT.planning, promoted_after_s=0)
    assert rank_of(request, NOW_MS, never) == 3


def test_a_strict_plan_says_what_its_strictness_costs() -> None:
    requests = [a_request("R1", tier=Tier.HIGH), a_request("R2", tier=Tier.MODERATE)]
    minutes = {("T1", "R1"): 10, ("T1", "R2"): 10, ("T2", "R1"): 11, ("T2", "R2"): 110}
    situation = Situation(now_ms=NOW_MS, requests=requests, teams=by(a_team("T1"), a_team("T2")))
    put = question(situation, STRICT, roads(minutes))
    plan = solve(put.problem)
    price = price_of_strictness(put.problem, plan)
    view = plan_view(put, plan, 1, (1, 1), strict_tenths=price)
    assert view.recommendations["R1"].team == "T1"
    assert view.strictness is not None
    assert view.strictness.extra_min == price / 10 > 0
    assert view.strictness.text == (
        "Strict order: every tier is planned before the next. That costs the region"
        f" {price / 10:.1f} weighted minutes."
    )
    assert "not known yet" in plan_view(put, plan, 1, (1, 1)).strictness.text
    assert planned(requests=requests).strictness is None


@pytest.mark.parametrize(("eta_min", "asks"), [(29, False), (31, True)])
def test_ems_is_asked_for_when_no_team_reaches_an_imminent_person_in_time(
    eta_min: int, asks: bool
) -> None:
    request = a_request(tier=Tier.IMMINENT, target_ms=NOW_MS + 30 * MIN_MS)
    best = recommended(request, {("T1", "R1"): eta_min}, teams=by(a_team()))
    assert best.ems_now is asks


def test_ems_is_asked_for_when_there_is_no_team_at_all() -> None:
    assert recommended(a_request(tier=Tier.IMMINENT)).ems_now is True
    assert recommended(a_request(tier=Tier.HIGH)).ems_now is False
