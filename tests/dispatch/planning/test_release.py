"""When a busy unit will be free: the laws, what is learned of them, and what is planned on them."""

from dataclasses import replace
from math import exp, log1p, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.planning.driving import driving
from dispatch.planning.foresight import busy_share, foreseen
from dispatch.planning.history import step_of, visits_of
from dispatch.planning.question import question
from dispatch.planning.recommendation import plan_view
from dispatch.planning.release import Law, Stage, Visit, learn
from dispatch.planning.situation import Situation
from dispatch.request import Bundle, CrisisRequest, Needs
from dispatch.words import Need, State, Tier
from geo.estimate import Estimate
from optimizer.check import check
from optimizer.solve import solve
from record.versions import Version
from registry.states import Team, UnitStatus
from tests.dispatch.planning.situation import MIN_MS, NOW_MS, RULES, a_pool, a_request, a_team, by

POLICY = RULES.planning.release
MODEL = learn((), POLICY)
ROADS = Estimate()


@given(
    mean_s=st.floats(60, 10_000),
    spread=st.floats(0.1, 1.5),
    elapsed=st.floats(0, 3),
)
def test_what_is_left_of_a_lognormal_time_is_what_is_drawn_of_it(
    mean_s: float, spread: float, elapsed: float
) -> None:
    law = Law(mean_s, spread * mean_s)
    sigma = sqrt(log1p(spread**2))
    drawn = mean_s * np.exp(
        sigma * np.random.default_rng(5).standard_normal(200_000) - sigma**2 / 2
    )
    over = drawn[drawn > elapsed * mean_s] - elapsed * mean_s
    left = law.left(elapsed * mean_s)
    assert left.mean_s >= 0
    if len(over) > 20_000:
        assert left.mean_s == pytest.approx(float(over.mean()), rel=0.12)
        assert left.spread_s == pytest.approx(float(over.std()), rel=0.35)


def test_a_visit_without_an_end_is_judged_like_the_longest_that_is_thought_of() -> None:
    law = Law(3600, 1800)
    assert law.left(10**9) == law.left(2 * 10**9)
    assert 0 < law.left(10**9).mean_s < 10 * exp(5) * 3600


def test_without_a_history_the_policy_speaks() -> None:
    for need in Need:
        assert MODEL.law(Stage.VISIT, Tier.HIGH, need) == POLICY.laws[Stage.VISIT][need]


def visits(count: int, minutes: float, tier: Tier | None = Tier.HIGH) -> list[Visit]:
    return [Visit(Stage.VISIT, tier, Need.NONE, 60 * minutes)] * count


def test_little_history_moves_little_and_much_history_decides() -> None:
    before = MODEL.law(Stage.VISIT, Tier.HIGH, Need.NONE).mean_s
    few = learn(visits(1, 200), POLICY).law(Stage.VISIT, Tier.HIGH, Need.NONE).mean_s
    many = learn(visits(5000, 200), POLICY).law(Stage.VISIT, Tier.HIGH, Need.NONE).mean_s
    assert before < few < before + 20 * 60
    assert many == pytest.approx(200 * 60, rel=0.02)


def test_a_tier_that_was_not_seen_learns_from_the_others_and_another_need_does_not() -> None:
    model = learn(visits(5000, 200, Tier.ROUTINE), POLICY)
    assert model.law(Stage.VISIT, Tier.HIGH, Need.NONE).mean_s > 150 * 60
    assert model.law(Stage.VISIT, Tier.HIGH, Need.NEEDED) == POLICY.laws[Stage.VISIT][Need.NEEDED]


@given(st.lists(st.floats(1, 500), max_size=30))
def test_what_is_learned_lies_between_the_policy_and_what_was_seen(minutes: list[float]) -> None:
    seen = [Visit(Stage.CLEAR, None, None, 60 * one) for one in minutes]
    prior = POLICY.laws[Stage.CLEAR][None].mean_s
    law = learn(seen, POLICY).law(Stage.CLEAR, None, None)
    ends = [prior, *(60 * one for one in minutes)]
    assert min(ends) - 1e-6 <= law.mean_s <= max(ends) + 1e-6
    assert law.spread_s > 0


# What the record tells


def version(minute: int, state: State, *freed: str, need: Need = Need.POSSIBLE) -> Version:
    effects = [{"do": "free", "kind": kind, "id": "X", "request": "R"} for kind in freed]
    card = (None, None) if state is State.HANDED_OVER else ("high", need.value)
    return Version("R", minute * MIN_MS, (state.value,), card, effects)


def told(*kept: Version) -> list[Visit]:
    return list(visits_of(map(step_of, kept)))


def test_a_visit_lasts_until_the_van_leaves_with_the_person_and_the_team_is_let_go() -> None:
    assert told(
        version(0, State.EN_ROUTE),
        version(10, State.ON_SCENE),
        version(50, State.ON_SCENE, "van", need=Need.NEEDED),
        version(70, State.TRANSPORTING, "team", need=Need.NEEDED),
        version(90, State.ARRIVED, need=Need.NEEDED),
        version(105, State.HANDED_OVER, "van"),
    ) == [
        Visit(Stage.VISIT, Tier.HIGH, Need.POSSIBLE, 60 * 60),
        Visit(Stage.PLACE, None, None, 15 * 60),
    ]


def test_a_team_that_drives_itself_is_with_the_person_until_the_hand_over() -> None:
    found = told(
        version(10, State.ON_SCENE),
        version(70, State.TRANSPORTING),
        version(90, State.ARRIVED),
        version(105, State.HANDED_OVER, "team"),
    )
    assert [(one.stage, one.lasted_s / 60) for one in found] == [("visit", 95), ("place", 15)]


def test_what_was_told_afterwards_all_at_once_teaches_nothing() -> None:
    assert told(version(10, State.ON_SCENE), version(10, State.HANDED_OVER, "team")) == []


def test_a_visit_that_goes_on_tells_nothing_yet() -> None:
    assert told(version(10, State.ON_SCENE), version(40, State.ON_SCENE)) == []


# Who is free soon


def on_scene(minutes: float, need: Need = Need.NONE, **more: Any) -> CrisisRequest:
    since_ms = NOW_MS - round(minutes * MIN_MS)
    given: dict[str, Any] = {
        "state": State.ON_SCENE,
        "needs": Needs(place=need, van=Need.NONE),
        "held": Bundle(team="T1"),
        "plan": Bundle(team="T1"),
        "stepped_ms": since_ms,
        "reached_ms": since_ms,
    }
    return replace(a_request("R1"), **(given | more))


def with_busy(*more: CrisisRequest, busy: CrisisRequest | None = None, **given: Any) -> Situation:
    team = a_team("T1", request="R1", status=UnitStatus.ON_SCENE, changed_ms=NOW_MS)
    teams = by(team, *given.pop("teams", ()))
    requests = [busy or on_scene(30), *more]
    situation = Situation(now_ms=NOW_MS, requests=requests, teams=teams, **given)
    return foreseen(situation, MODEL, ROADS)


def test_a_team_on_scene_is_free_after_the_rest_of_its_visit_and_clearing_at_the_scene() -> None:
    release = with_busy().releases["T1"]
    visit = MODEL.law(Stage.VISIT, Tier.HIGH, Need.NONE).left(30 * 60)
    clear = MODEL.law(Stage.CLEAR, None, None)
    assert release.expected_s == pytest.approx(visit.mean_s + clear.mean_s)
    assert release.planned_s > release.expected_s * POLICY.risk_factor
    assert release.at == (-112.0, 41.0)


def test_the_longer_a_short_visit_lasts_the_sooner_it_is_over() -> None:
    early, late = with_busy(busy=on_scene(5)), with_busy(busy=on_scene(40))
    assert late.releases["T1"].expected_s < early.releases["T1"].expected_s


def test_a_team_that_drives_to_the_place_is_free_there() -> None:
    riding = on_scene(3, Need.NEEDED, state=State.TRANSPORTING, held=Bundle(team="T1", pool="P1"))
    release = with_busy(busy=riding, pools=by(a_pool("P1", lon=-111.9, lat=41.1))).releases["T1"]
    assert release.at == (-111.9, 41.1)
    assert release.expected_s > MODEL.law(Stage.PLACE, None, None).mean_s


def test_nobody_can_say_when_a_crew_is_free_that_seeks_a_place_or_has_not_arrived() -> None:
    assert not with_busy(busy=on_scene(30, Need.NEEDED)).releases
    assert not with_busy(busy=on_scene(3, state=State.EN_ROUTE)).releases


def test_a_team_that_clears_is_free_soon_and_one_that_rests_is_not() -> None:
    clearing = a_team("T1", status=UnitStatus.CLEARING, changed_ms=NOW_MS - MIN_MS)
    resting = a_team("T2", status=UnitStatus.OUT_OF_SERVICE)
    situation = Situation(now_ms=NOW_MS, teams=by(clearing, resting))
    assert set(foreseen(situation, MODEL, ROADS).releases) == {"T1"}


def test_at_light_load_waiting_for_a_busy_team_must_gain_the_margin() -> None:
    idle = [a_team(f"T{k}") for k in range(2, 9)]
    light, full = with_busy(teams=idle), with_busy()
    assert busy_share(light) < POLICY.light_below <= busy_share(full)
    more_s = light.releases["T1"].planned_s - full.releases["T1"].planned_s
    assert more_s == pytest.approx(POLICY.light_margin_s)


# What is recommended


def waits() -> CrisisRequest:
    return a_request("R2", lat=41.01, lon=-112.0)


def advised(situation: Situation) -> Any:
    put = question(replace(situation, timezone="America/Denver"), RULES, driving(ROADS))
    plan = solve(put.problem)
    assert check(put.problem, plan) == ()
    return plan_view(put, plan, 1, (1, 1)).recommendations


def test_a_busy_team_near_by_is_recommended_before_an_idle_one_far_away_and_said_to_be_busy() -> (
    None
):
    far = a_team("T2", base_lat=42.0)
    best = advised(with_busy(waits(), busy=on_scene(40), teams=[far]))
    assert best["R2"].team == "T1"
    assert best["R2"].free_ms > NOW_MS
    assert "is busy, expected free at " in best["R2"].why.team
    assert " ± " in best["R2"].why.team
    assert "Team T1 is still busy: it can be accepted when it is free." in best["R2"].warnings


def test_an_idle_team_near_by_comes_before_a_busy_one() -> None:
    near: Team = a_team("T2", base_lat=41.05)
    best = advised(with_busy(waits(), busy=on_scene(40), teams=[near]))
    assert (best["R2"].team, best["R2"].free_ms) == ("T2", None)
    assert "busy" not in best["R2"].why.team


def test_whom_a_busy_team_is_with_keeps_it_on_the_screen() -> None:
    best = advised(with_busy(waits(), busy=on_scene(40, Need.POSSIBLE), pools=by(a_pool("P1"))))
    assert best["R1"].team == "T1"
    assert best["R1"].why.team == "Team T1 is with the person."
    assert best["R1"].free_ms is None
    assert best["R2"].team == "T1"
