"""Attended, or not, or a slip of the finger."""

import pytest

from referral.errors import NotYours, Refused, WrongState
from referral.states import Contact
from tests.referral.house import H_MS, OTHER, POLICY, PROVIDER, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]


async def test_attended_in_one_tap_closes_the_loop_and_the_source_sees_it_at_once(
    house: House,
) -> None:
    card = await house.referred()
    closed = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert (closed["state"], closed["closed"]) == ("completed", True)
    assert await house.card("referral", card["id"]) == closed
    assert [c["closed"] for c in await house.referral.open_referrals(source="utah")] == [True]


async def test_a_no_show_opens_an_outreach_task_with_a_clock_at_once(house: House) -> None:
    card = await house.referred(after_h=1)
    house.time.now_ms += 2 * H_MS
    missed = await house.referral.no_show(PROVIDER, an_id(), card["id"])
    assert (missed["state"], missed["closed"]) == ("on-hold", False)
    assert missed["task_due_ms"] == house.time.now_ms + 24 * H_MS
    (task,) = await house.referral.tasks()
    assert (task["reason"], task["referral"], task["due_ms"]) == (
        "no_show",
        card["id"],
        missed["task_due_ms"],
    )
    assert await house.card("task", task["id"]) == task


async def test_a_no_show_that_was_a_slip_is_undone_with_its_task(house: House) -> None:
    card = await house.referred(after_h=1)
    await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 2 * H_MS
    await house.referral.no_show(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 20_000
    back = await house.referral.undo(PROVIDER, an_id(), card["id"])
    assert (back["state"], back["task_due_ms"]) == ("accepted", None)
    assert await house.referral.tasks() == []
    attended = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert attended["closed"]


async def test_an_attendance_that_was_a_slip_opens_the_loop_again(house: House) -> None:
    card = await house.referred(after_h=1)
    house.time.now_ms += 2 * H_MS
    missed = await house.referral.no_show(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 10 * 60_000
    closed = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert closed["closed"]
    back = await house.referral.undo(PROVIDER, an_id(), card["id"])
    assert (back["state"], back["closed"]) == ("on-hold", False)
    assert back["task_due_ms"] == missed["task_due_ms"], "the clock that it had"
    seats = await house.rows("SELECT state FROM referral_seat")
    assert [row.state for row in seats] == ["noshow"]


async def test_what_was_said_too_long_ago_or_acted_on_is_no_slip_any_more(house: House) -> None:
    card = await house.referred(after_h=1)
    with pytest.raises(WrongState):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 2 * H_MS
    await house.referral.no_show(PROVIDER, an_id(), card["id"])
    (task,) = await house.referral.tasks()
    await house.referral.outreach_attempt(PROVIDER, an_id(), task["id"], Contact.NO_ANSWER)
    with pytest.raises(Refused, match="reached out"):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    house.time.now_ms += POLICY.slip_ms + 1
    with pytest.raises(Refused, match="too long ago"):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    with pytest.raises(NotYours):
        await house.referral.undo(OTHER, an_id(), card["id"])


async def test_nobody_is_a_no_show_before_the_appointment(house: House) -> None:
    card = await house.referred(after_h=1)
    with pytest.raises(Refused, match="not begun"):
        await house.referral.no_show(PROVIDER, an_id(), card["id"])
