"""Every deadline has a time, an owner, and is escalated once."""

from dispatch.clocks import calls, deadlines, next_due_ms, run_out, to_raise
from dispatch.policy import Clocks
from dispatch.request import Bundle
from dispatch.words import Clock, CrewAnswer, FacilityAnswer, Rescue, Settled, State, Tier
from tests.dispatch.conftest import T0_MS, a_request

TARGET_MS = T0_MS + 2_400_000
CLOCKS = Clocks(
    owner_imminent_s=30,
    alarm_s=60,
    owner_s=120,
    crew_answer_s=120,
    check_in_s=1200,
    check_in_supervisor_s=300,
    panic_s=60,
    facility_answer_s=600,
    place_s=600,
    custody_s=21_600,
    rescue_s=900,
    follow_up_s=86_400,
    not_located_s=3_600,
    supervisor_s=600,
    unserved_s=300,
)


def clocks(**changes: object) -> dict[Clock, tuple[int, str | None]]:
    state = changes.pop("state", State.REQUESTED)
    assert isinstance(state, State)
    return {d.clock: (d.due_ms, d.owner) for d in deadlines(a_request(state, **changes), CLOCKS)}


def test_the_arrival_target_runs_until_somebody_has_reached_the_person() -> None:
    assert clocks() == {Clock.ARRIVAL: (TARGET_MS, "dana")}
    assert clocks(state=State.ON_SCENE, reached_ms=T0_MS) == {}


def test_a_request_without_an_owner_has_a_clock_and_an_imminent_one_a_shorter() -> None:
    assert clocks(tier=Tier.IMMINENT, owner=None)[Clock.OWNER] == (T0_MS + 30_000, None)
    assert clocks(tier=Tier.ROUTINE, owner=None)[Clock.OWNER] == (T0_MS + 120_000, None)
    assert Clock.OWNER not in clocks(tier=Tier.IMMINENT)


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


def test_a_person_whose_visit_has_ended_is_followed_up_in_time_by_an_owner() -> None:
    ended = {"state": State.RESOLVED_ON_SCENE, "ended_ms": T0_MS, "follow_up_due_ms": T0_MS + 9}
    assert clocks(**ended) == {Clock.FOLLOW_UP: (T0_MS + 9, "dana")}
    assert clocks(**ended, settled=Settled.REFERRED) == {}
    nobodys = clocks(**ended, owner=None, tier=Tier.IMMINENT)
    assert nobodys[Clock.OWNER] == (T0_MS + 120_000, None)
    assert calls(a_request(overdue=frozenset({Clock.FOLLOW_UP}))) == ["call_person"]


def test_a_place_that_is_needed_and_not_claimed_has_a_clock() -> None:
    assert clocks(place_wanted_ms=T0_MS)[Clock.PLACE] == (T0_MS + 600_000, "dana")
    assert calls(a_request(overdue=frozenset({Clock.PLACE}))) == ["find_place"]


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
    assert run_out(late, CLOCKS, TARGET_MS - 1) == []
    assert [d.clock for d in run_out(late, CLOCKS, TARGET_MS)] == [Clock.ARRIVAL]
    told = a_request(overdue=frozenset({Clock.ARRIVAL}))
    assert run_out(told, CLOCKS, TARGET_MS) == []
    assert next_due_ms(late, CLOCKS) == TARGET_MS


def test_a_clock_that_stays_unanswered_is_raised_to_a_supervisor_once() -> None:
    told = a_request(overdue=frozenset({Clock.ARRIVAL}))
    raised_ms = TARGET_MS + CLOCKS.supervisor_s * 1000
    assert next_due_ms(told, CLOCKS) == raised_ms
    assert to_raise(told, CLOCKS, raised_ms - 1) == []
    assert [d.clock for d in to_raise(told, CLOCKS, raised_ms)] == [Clock.ARRIVAL]
    raised = a_request(overdue=frozenset({Clock.ARRIVAL}), raised=frozenset({Clock.ARRIVAL}))
    assert to_raise(raised, CLOCKS, raised_ms) == []
    assert next_due_ms(raised, CLOCKS) is None
    assert calls(raised) == ["call_person", "call_supervisor"]


def test_a_silent_facility_means_a_telephone_call_and_the_backup() -> None:
    silent = a_request(
        State.ACCEPTED,
        plan=Bundle(pool="p-1", backup="p-2"),
        overdue=frozenset({Clock.FACILITY_ANSWER}),
    )
    assert calls(silent) == ["call_facility", "ask_backup"]


def test_a_missed_target_means_a_call_and_for_an_imminent_person_ems() -> None:
    late = frozenset({Clock.ARRIVAL})
    assert calls(a_request(overdue=late)) == ["call_person"]
    assert calls(a_request(overdue=late, tier=Tier.IMMINENT)) == ["call_person", "ask_ems_now"]
