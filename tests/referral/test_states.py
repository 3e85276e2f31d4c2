"""What may follow what in a referral."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from referral.errors import WrongState
from referral.states import (
    CLOSED,
    ENDED,
    TRANSITIONS,
    Act,
    Appointment,
    State,
    after,
    appointment_after,
)


def test_only_attendance_closes_the_loop() -> None:
    closing = {act for (_, act), state in TRANSITIONS.items() if state in CLOSED}
    assert closing == {Act.ATTEND}


def test_ended_without_attendance_is_an_end_of_its_own_and_never_closed() -> None:
    ends = {state for (_, act), state in TRANSITIONS.items() if act is Act.END}
    assert ends == {State.FAILED}
    assert State.FAILED not in CLOSED


@given(st.sampled_from(sorted(ENDED)), st.sampled_from(list(Act)))
def test_nothing_leaves_an_ended_state(state: State, act: Act) -> None:
    with pytest.raises(WrongState):
        after(state, act)


@pytest.mark.parametrize("state", [state for state in State if state not in ENDED])
def test_every_open_state_can_still_be_booked_anew_or_ended(state: State) -> None:
    ways = {act for act in Act if (state, act) in TRANSITIONS}
    assert ways >= {Act.REBOOK, Act.CANCEL, Act.END}


def test_a_late_arrival_turns_a_no_show_into_attendance() -> None:
    missed = after(State.ACCEPTED, Act.NO_SHOW)
    assert missed is State.ON_HOLD
    assert after(missed, Act.ATTEND) is State.COMPLETED


def test_a_missed_seat_stays_used_and_a_cancelled_one_is_given_back() -> None:
    assert appointment_after(Act.NO_SHOW) is Appointment.NO_SHOW
    assert appointment_after(Act.CANCEL) is Appointment.CANCELLED
    assert appointment_after(Act.ACKNOWLEDGE) is None


@given(st.lists(st.sampled_from(list(Act)), max_size=30))
def test_whatever_is_tried_completed_means_that_the_last_act_was_attendance(
    acts: list[Act],
) -> None:
    state, last = State.REQUESTED, None
    for act in acts:
        if (state, act) in TRANSITIONS:
            state, last = after(state, act), act
    assert (state is State.COMPLETED) == (last is Act.ATTEND)
