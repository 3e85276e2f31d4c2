"""Joining two requests loses no answer that raises the risk."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from dispatch.joining import joined_risk
from dispatch.knowing import took_over
from dispatch.policy import Policy
from dispatch.request import Cssrs, Custody, Risk
from dispatch.triage import triage
from dispatch.words import Answer, Custodian, LegalBasis, Tier, Transporter, Urgency
from tests.dispatch.conftest import T0_MS, a_request

answers = st.sampled_from(Answer)
screeners = st.builds(Cssrs, **dict.fromkeys((f.name for f in fields(Cssrs)), answers))
known = st.sampled_from([Answer.YES, Answer.NO])
QUESTIONS = [f.name for f in fields(Risk) if f.name != "cssrs"]
fully_known = st.builds(
    Risk,
    cssrs=st.builds(Cssrs, **dict.fromkeys((f.name for f in fields(Cssrs)), known)),
    **dict.fromkeys(QUESTIONS, known),
)
risks = st.builds(Risk, cssrs=screeners, **dict.fromkeys(QUESTIONS, answers))


@given(one=risks, other=risks)
def test_a_yes_of_either_stays_a_yes(one: Risk, other: Risk) -> None:
    joined = joined_risk(one, other)
    for question in set(QUESTIONS) - {"buffers"}:
        either = Answer.YES in (getattr(one, question), getattr(other, question))
        assert (getattr(joined, question) is Answer.YES) == either


@given(one=risks, other=risks)
def test_what_one_of_them_knows_is_known(one: Risk, other: Risk) -> None:
    joined = joined_risk(one, other)
    for question in QUESTIONS:
        said = {getattr(one, question), getattr(other, question)}
        assert (getattr(joined, question) is Answer.UNKNOWN) == (said == {Answer.UNKNOWN})


@given(one=fully_known, other=fully_known)
def test_the_request_that_stays_is_never_of_a_lower_tier_than_either(
    policy: Policy, one: Risk, other: Risk
) -> None:
    joined = triage(joined_risk(one, other), Urgency.ROUTINE, T0_MS, policy)
    for each in (one, other):
        alone = triage(each, Urgency.ROUTINE, T0_MS, policy)
        assert joined.tier.rank >= alone.tier.rank


def test_the_custody_and_the_urgency_of_the_duplicate_are_not_lost(policy: Policy) -> None:
    custody = Custody(
        LegalBasis.OFFICER_HOLD, Custodian.LAW_ENFORCEMENT, frozenset({Transporter.EMS}), T0_MS
    )
    duplicate = a_request(custody=custody, custody_due_ms=T0_MS + 5, urgency=Urgency.EMERGENT)
    kept = took_over(a_request(urgency=Urgency.ROUTINE), duplicate, policy)
    assert (kept.custody, kept.custody_due_ms) == (custody, T0_MS + 5)
    assert (kept.urgency, kept.tier) == (Urgency.EMERGENT, Tier.IMMINENT)
