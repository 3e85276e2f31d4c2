"""Deadlines of the closed loop."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral import clocks
from referral.policy import PolicyInvalid, load_policy, parse_policy
from referral.states import Outcome, Reason

H_MS = 3_600_000
FILE = Path(__file__).parents[2] / "policy" / "referral.toml"
POLICY = load_policy(FILE)


def changed(table: str, **more: Any) -> dict[str, Any]:
    """The policy with some figures otherwise; None leaves one out."""
    raw = tomllib.loads(FILE.read_text(encoding="utf-8"))
    figures = {**raw.get(table, {}), **more}
    return {**raw, table: {name: value for name, value in figures.items() if value is not None}}


def test_every_figure_of_the_policy_names_its_source() -> None:
    assert set(POLICY.sources) >= {"acknowledge", "appointment", "outreach", "caring_connection"}
    assert all(POLICY.sources.values())


def test_a_policy_without_a_figure_is_refused() -> None:
    with pytest.raises(PolicyInvalid, match="within_min"):
        parse_policy(changed("acknowledge", within_min=None))


@pytest.mark.parametrize(
    ("table", "more", "told"),
    [
        ("acknowledge", {"within_mins": 5}, "acknowledge.within_mins: there is no such key"),
        ("outreech", {}, "outreech: there is no such key"),
        ("hold", {"ttl_s": "60"}, "hold.ttl_s: must be a number from 0"),
        ("supervisor", {"after_min": -1}, "supervisor.after_min: must be a number from 0"),
    ],
)
def test_what_the_policy_does_not_know_is_refused(
    table: str, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(PolicyInvalid, match=told):
        parse_policy(changed(table, **more))


def test_the_provider_has_thirty_minutes_to_acknowledge() -> None:
    assert clocks.acknowledge_due_ms(POLICY, 1_000) == 1_000 + 30 * 60_000


@pytest.mark.parametrize(
    ("after_h", "preferred"), [(23, False), (24, True), (48, True), (49, False)]
)
def test_an_appointment_a_day_or_two_after_discharge_is_preferred(
    after_h: int, preferred: bool
) -> None:
    assert clocks.preferred(POLICY, 5, 5 + after_h * H_MS) is preferred


@given(st.booleans(), st.booleans(), st.booleans())
def test_a_caring_connection_is_owed_only_when_the_rule_says_so(
    indicated: bool, received: bool, known: bool
) -> None:
    due_ms = clocks.caring_connection_due_ms(
        POLICY, 7, indicated=indicated, received=received, contact_known=known
    )
    owed = indicated and not received and known
    assert due_ms == (7 + 72 * H_MS if owed else None)


def test_the_first_attempt_is_due_within_a_day_and_the_next_within_two() -> None:
    assert clocks.outreach_due_ms(POLICY, 0, attempts=0) == 24 * H_MS
    assert clocks.outreach_due_ms(POLICY, 0, attempts=1) == 48 * H_MS


def test_a_caring_connection_keeps_its_own_clock_after_an_attempt() -> None:
    due = clocks.task_due_ms(POLICY, Reason.CARING_CONNECTION, opened_ms=0, due_ms=99, attempts=1)
    assert due == 99


@pytest.mark.parametrize(("made", "missing"), [(0, 3), (2, 1), (3, 0), (7, 0)])
def test_could_not_contact_needs_three_attempts(made: int, missing: int) -> None:
    assert clocks.attempts_owed(POLICY, Outcome.COULD_NOT_CONTACT, made) == missing


def test_other_outcomes_need_no_attempts() -> None:
    assert clocks.attempts_owed(POLICY, Outcome.GOT_HELP, 0) == 0
