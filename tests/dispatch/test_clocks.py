"""Every deadline has a time, an owner, and is escalated once."""

from dispatch.clocks import calls, deadlines, next_due_ms, run_out
from dispatch.request import Bundle
from dispatch.words import Clock, CrewAnswer, FacilityAnswer, Rescue, State, Tier
from tests.dispatch.conftest import T0_MS, a_request

TARGET_MS = T0_MS + 2_400_000


def clocks(**changes: object) -> dict[Clock, tuple[int, str | None]]:
    state = changes.pop("state", State.REQUESTED)
    assert isinstance(state, State)
    return {d.clock: (d.due_ms, d.owner) for d in deadlines(a_request(state, **changes), 30)}


def test_the_arrival_target_runs_until_somebody_has_reached_the_person() -> None:
    assert clocks() == {Clock.ARRIVAL: (TARGET_MS, "dana")}
    assert clocks(state=State.ON_SCENE, reached_ms=T0_MS) == {}


def test_an_imminent_request_without_an_owner_has_a_clock_of_its_own() -> None:
    assert clocks(tier=Tier.IMMINENT, owner=None)[Clock.OWNER] == (T0_MS + 30_000, None)
    assert Clock.OWNER not in clocks(tier=Tier.IMMINENT)
    assert Clock.OWNER not in clocks(tier=Tier.HIGH, owner=None)


def test_answers_have_a_clock_while_they_are_asked() -> None:
    running = clocks(
        crew_answer=CrewAnswer.ASKED,
        crew_due_ms=5,
        facility_answer=FacilityAnswer.ASKED,
        answer_due_ms=6,
    )
    assert running[Clock.CREW_ANSWER] == (5, "dana")
    assert running[Clock.FACILITY_ANSWER] == (6, "dana")
    answered = clocks(
        crew_answer=CrewAnswer.ACKNOWLEDGED,
        crew_due_ms=5,
        facility_answer=FacilityAnswer.ACCEPTED,
        answer_due_ms=6,
    )
    assert set(answered) == {Clock.ARRIVAL}


def test_custody_runs_until_the_end() -> None:
    assert clocks(custody_due_ms=7)[Clock.CUSTODY] == (7, "dana")
    assert clocks(state=State.HANDED_OVER, custody_due_ms=7) == {}


def test_a_rescue_stays_owned_after_the_request_has_ended() -> None:
    running = clocks(
        state=State.EMS_HANDED_OVER, rescue=Rescue.OPEN, rescue_due_ms=8, rescue_owner="erin"
    )
    assert running == {Clock.RESCUE: (8, "erin")}


def test_a_clock_runs_out_at_its_time_and_only_once() -> None:
    late = a_request()
    assert run_out(late, 0, TARGET_MS - 1) == []
    assert [d.clock for d in run_out(late, 0, TARGET_MS)] == [Clock.ARRIVAL]
    told = a_request(overdue=frozenset({Clock.ARRIVAL}))
    assert run_out(told, 0, TARGET_MS) == []
    assert next_due_ms(late, 0) == TARGET_MS
    assert next_due_ms(told, 0) is None


def test_a_silent_facility_means_a_telephone_call_and_the_backup() -> None:
    silent = a_request(
        State.ACCEPTED,
        plan=Bundle(pool="p-1", backup="p-2"),
        overdue=frozenset({Clock.FACILITY_ANSWER}),
    )
    assert calls(silent) == ["call_facility", "ask_backup"]


def test_a_target_that_is_missed_asks_for_ems() -> None:
    assert calls(a_request(overdue=frozenset({Clock.ARRIVAL}))) == ["ask_ems_now"]
