"""Joining two requests loses no answer that raises the risk."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from dispatch.joining import joined_risk
from dispatch.policy import Policy
from dispatch.request import Cssrs, Risk
from dispatch.triage import triage
from dispatch.words import Answer, Urgency
from tests.dispatch.conftest import T0_MS

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
