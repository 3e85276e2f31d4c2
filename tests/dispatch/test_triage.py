"""Risk and urgency become tier and target: truth tables, and laws that hold for every answer."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.policy import Policy
from dispatch.request import Cssrs, Risk
from dispatch.triage import clinical_level, core_level, screener_level, triage
from dispatch.words import Answer, Level, Tier, Urgency
from tests.dispatch.conftest import T0_MS, all_no

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
QUESTIONS = [field.name for field in fields(Risk) if field.name != "cssrs"]
SCREENER = [field.name for field in fields(Cssrs)]

answers = st.sampled_from(Answer)
screeners = st.builds(Cssrs, **dict.fromkeys(SCREENER, answers))
risks = st.builds(Risk, cssrs=screeners, **dict.fromkeys(QUESTIONS, answers))
urgencies = st.sampled_from(Urgency)


def screened(**yes: Answer) -> Cssrs:
    return replace(all_no().cssrs, **yes)


@pytest.mark.parametrize(
    ("question", "level"),
    [
        ("wish_to_be_dead", Level.LOW),
        ("suicidal_thoughts", Level.LOW),
        ("thoughts_of_method", Level.MODERATE),
        ("some_intent", Level.HIGH),
        ("intent_with_plan", Level.HIGH),
        ("behaviour_lifetime", Level.MODERATE),
        ("behaviour_3_months", Level.HIGH),
    ],
)
def test_each_question_of_the_screener_gives_its_level(question: str, level: Level) -> None:
    assert screener_level(screened(**{question: YES})) is level


@pytest.mark.parametrize(
    ("desire", "intent", "capability", "buffers", "level"),
    [
        (NO, NO, NO, YES, Level.NONE),
        (NO, NO, YES, YES, Level.LOW),
        (YES, NO, NO, YES, Level.MODERATE),
        (YES, NO, NO, NO, Level.HIGH),
        (YES, NO, YES, YES, Level.HIGH),
        (NO, YES, NO, YES, Level.HIGH),
    ],
)
def test_desire_intent_capability_and_buffers_give_their_level(
    desire: Answer, intent: Answer, capability: Answer, buffers: Answer, level: Level
) -> None:
    asked = Risk(desire=desire, intent=intent, capability=capability, buffers=buffers)
    assert core_level(asked) is level


@pytest.mark.parametrize(
    ("question", "level"),
    [
        ("violence", Level.MODERATE),
        ("psychosis", Level.MODERATE),
        ("danger_to_others", Level.HIGH),
        ("overdose", Level.IMMINENT),
        ("imminent", Level.IMMINENT),
    ],
)
def test_what_the_screener_does_not_score_is_asked_besides(
    policy: Policy, question: str, level: Level
) -> None:
    assert clinical_level(replace(all_no(), **{question: YES}), policy) is level


def test_a_person_with_every_answer_no_is_of_no_clinical_risk(policy: Policy) -> None:
    assert clinical_level(all_no(), policy) is Level.NONE


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_without_an_answer_counts_as_high(policy: Policy, question: str) -> None:
    assert clinical_level(replace(all_no(), **{question: UNKNOWN}), policy) >= Level.HIGH


@pytest.mark.parametrize(
    "question",
    ["wish_to_be_dead", "suicidal_thoughts", "behaviour_lifetime", "behaviour_3_months"],
)
def test_a_missing_answer_of_the_screener_counts_as_high(policy: Policy, question: str) -> None:
    risk = replace(all_no(), cssrs=screened(**{question: UNKNOWN}))
    assert clinical_level(risk, policy) is Level.HIGH


def test_questions_that_the_screener_skips_are_not_missing(policy: Policy) -> None:
    skipped = screened(thoughts_of_method=UNKNOWN, some_intent=UNKNOWN, intent_with_plan=UNKNOWN)
    assert clinical_level(replace(all_no(), cssrs=skipped), policy) is Level.NONE


def test_questions_after_suicidal_thoughts_are_missing_when_not_asked(policy: Policy) -> None:
    asked = screened(suicidal_thoughts=YES, some_intent=UNKNOWN)
    assert clinical_level(replace(all_no(), cssrs=asked), policy) is Level.HIGH


def test_nothing_known_is_high(policy: Policy) -> None:
    assert triage(Risk(), Urgency.ROUTINE, T0_MS, policy).tier is Tier.HIGH


@pytest.mark.parametrize("urgency", Urgency)
def test_imminent_risk_is_imminent_at_every_urgency(policy: Policy, urgency: Urgency) -> None:
    assert triage(replace(all_no(), imminent=YES), urgency, T0_MS, policy).tier is Tier.IMMINENT


@given(risk=risks, urgency=urgencies, question=st.sampled_from(QUESTIONS + SCREENER))
def test_an_answer_that_raises_the_risk_never_lowers_the_tier(
    policy: Policy, risk: Risk, urgency: Urgency, question: str
) -> None:
    low, high = (YES, NO) if question == "buffers" else (NO, YES)
    lower, higher = answered(risk, question, low), answered(risk, question, high)
    before = triage(lower, urgency, T0_MS, policy)
    after = triage(higher, urgency, T0_MS, policy)
    assert after.level >= before.level
    assert after.tier.rank >= before.tier.rank
    assert after.target_ms <= before.target_ms


@given(risk=risks, urgency=urgencies)
def test_more_urgency_never_lowers_the_tier(policy: Policy, risk: Risk, urgency: Urgency) -> None:
    more = Urgency(min(urgency + 1, 4))
    before, after = (triage(risk, each, T0_MS, policy) for each in (urgency, more))
    assert after.tier.rank >= before.tier.rank


@given(risk=risks, urgency=urgencies, question=st.sampled_from(QUESTIONS))
def test_whatever_is_unknown_is_at_least_high(
    policy: Policy, risk: Risk, urgency: Urgency, question: str
) -> None:
    unknown = answered(risk, question, UNKNOWN)
    assert triage(unknown, urgency, T0_MS, policy).tier.rank >= Tier.HIGH.rank


@given(risk=risks, urgency=urgencies)
def test_the_target_counts_from_the_opening(policy: Policy, risk: Risk, urgency: Urgency) -> None:
    graded = triage(risk, urgency, T0_MS, policy)
    assert graded.target_ms == T0_MS + policy.target_s[graded.tier] * 1000


def answered(risk: Risk, question: str, answer: Answer) -> Risk:
    if question in SCREENER:
        return replace(risk, cssrs=replace(risk.cssrs, **{question: answer}))
    return replace(risk, **{question: answer})
