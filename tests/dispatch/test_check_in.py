"""A crew on scene says in time that all is well, or somebody calls: desk, then supervisor."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import commands
from dispatch.advance import advance
from dispatch.clocks import calls, run_out
from dispatch.errors import DispatchError, Invalid, NotYours, WrongState
from dispatch.joining import joined_hazards
from dispatch.policy import Policy
from dispatch.request import Bundle, CrisisRequest, Hazards
from dispatch.words import Answer, Clock, Event, Need, Role, State
from record import Actor
from tests.dispatch.conftest import T0_MS, a_request
from tests.dispatch.house import CERTAIN, CREW, DANA, OTHER_CREW, House, an_id

DRIVER = Actor("a-driver", "field", "v-1", "Driver one")
CHECK_IN = {Clock.CHECK_IN, Clock.CHECK_IN_SUPERVISOR}
answers = st.sampled_from(Answer)
hazards = st.builds(Hazards, answers, answers, answers, answers, answers)


def on_scene(policy: Policy, at_ms: int = T0_MS + 60_000) -> CrisisRequest:
    going = a_request(
        State.EN_ROUTE, plan=Bundle(team="t-1"), held=Bundle(team="t-1"), crew_answer=None
    )
    return advance(going, Event.REACH_PERSON, Role.FIELD, at_ms, policy.clocks).request


def test_a_crew_that_says_nothing_is_the_desks_and_then_the_supervisors(policy: Policy) -> None:
    clocks = policy.clocks
    request = on_scene(policy)
    due_ms = T0_MS + 60_000 + clocks.check_in_s * 1000
    assert request.check_in_due_ms == due_ms
    assert run_out(request, clocks, due_ms - 1) == []
    assert [d.clock for d in run_out(request, clocks, due_ms)] == [Clock.CHECK_IN]
    late = replace(request, overdue=frozenset({Clock.CHECK_IN}))
    later_ms = due_ms + clocks.check_in_supervisor_s * 1000
    assert [d.clock for d in run_out(late, clocks, later_ms)] == [Clock.CHECK_IN_SUPERVISOR]
    assert "call_crew" in calls(late)
    taken = replace(late, check_in_taken_by="Dana")
    assert run_out(taken, clocks, later_ms) == []


def test_saying_that_all_is_well_begins_the_clock_anew_from_when_it_was_said(
    policy: Policy,
) -> None:
    late = replace(on_scene(policy), overdue=frozenset(CHECK_IN), check_in_taken_by="Dana")
    said_ms = T0_MS + 900_000
    now_ms = said_ms + 500_000
    well = advance(late, Event.ALL_WELL, Role.FIELD, now_ms, policy.clocks, said_ms).request
    assert well.check_in_due_ms == said_ms + policy.clocks.check_in_s * 1000
    assert (well.overdue, well.check_in_taken_by, well.changed_ms) == (frozenset(), None, now_ms)
    older = advance(well, Event.ALL_WELL, Role.FIELD, now_ms, policy.clocks, T0_MS + 70_000)
    assert older.request.check_in_due_ms == well.check_in_due_ms


@pytest.mark.parametrize("event", [Event.RESOLVE_ON_SCENE, Event.PERSON_REFUSES, Event.CANCEL])
def test_no_clock_is_left_when_the_crew_leaves(policy: Policy, event: Event) -> None:
    late = replace(on_scene(policy), overdue=frozenset(CHECK_IN))
    left = advance(late, event, Role.DISPATCHER, T0_MS + 9_000_000, policy.clocks).request
    assert left.check_in_due_ms is None
    assert not left.overdue & CHECK_IN


@given(
    events=st.lists(
        st.tuples(st.sampled_from(sorted(Event)), st.integers(0, 120), st.integers(0, 60)),
        max_size=20,
    )
)
def test_a_check_in_runs_exactly_while_a_crew_is_on_scene(
    policy: Policy, events: list[tuple[Event, int, int]]
) -> None:
    request = on_scene(policy)
    now_ms = T0_MS + 60_000
    for event, passed_min, late_min in events:
        now_ms += passed_min * 60_000
        told_ms = max(T0_MS, now_ms - late_min * 60_000)
        try:
            role = Role.DISPATCHER
            request = advance(request, event, role, now_ms, policy.clocks, told_ms).request
        except DispatchError:
            continue
        on = request.state is State.ON_SCENE
        assert (request.check_in_due_ms is not None) == on
        assert on or not request.overdue & CHECK_IN
        assert request.reached_ms is None or request.reached_ms <= now_ms


@given(one=hazards, other=hazards)
def test_joining_loses_no_warning_and_takes_no_silence_for_a_no(
    one: Hazards, other: Hazards
) -> None:
    joined = joined_hazards(one, other)
    for name in Hazards.__dataclass_fields__:
        both = {getattr(one, name), getattr(other, name)}
        said = getattr(joined, name)
        assert (said is Answer.YES) == (Answer.YES in both)
        assert (said is Answer.UNKNOWN) == (both == {Answer.UNKNOWN})


async def there(house: House) -> str:
    request = await house.accepted()
    await house.crew_says(request, accepted=True)
    await house.step(request, Event.DEPART, Event.REACH_PERSON)
    return request


async def overdue(house: House, request: str) -> list[str]:
    card = await house.card(request)
    assert card is not None
    return [clock for clock in card["overdue"] if clock in CHECK_IN]


async def test_the_keeper_escalates_an_overdue_check_in_and_a_name_stops_it(house: House) -> None:
    request = await there(house)
    clocks = house.dispatch._policy.clocks
    with pytest.raises(WrongState):
        await house.dispatch.take_check_in(DANA, commands.TakeCheckIn(an_id(), request))
    house.time.pass_s(clocks.check_in_s + 1)
    await house.dispatch.watch.tick()
    assert await overdue(house, request) == ["check_in"]
    house.time.pass_s(clocks.check_in_supervisor_s)
    await house.dispatch.watch.tick()
    assert await overdue(house, request) == ["check_in", "check_in_supervisor"]
    await house.dispatch.take_check_in(DANA, commands.TakeCheckIn(an_id(), request))
    card = await house.card(request)
    assert card is not None
    assert card["check_in_taken_by"] == "Dana"
    said = commands.AllWell(an_id(), request, by="Pat", by_phone=True)
    await house.dispatch.all_well(DANA, said)
    assert await overdue(house, request) == []


async def test_only_the_crew_with_the_person_says_that_all_is_well(house: House) -> None:
    request = await there(house)
    for foreign in (OTHER_CREW, DRIVER):
        with pytest.raises(NotYours):
            await house.dispatch.all_well(foreign, commands.AllWell(an_id(), request))
    with pytest.raises(Invalid):
        await house.dispatch.all_well(CREW, commands.AllWell(an_id(), request, "Pat", True))
    await house.dispatch.all_well(CREW, commands.AllWell(an_id(), request))


async def test_what_is_told_late_keeps_its_own_time_and_says_when_it_was_told(
    house: House,
) -> None:
    request = await house.accepted()
    left_ms = house.time() + 60_000
    house.time.pass_s(600)
    told = commands.AnswerForCrew(an_id(), request, accepted=True, by="Pat", at_ms=left_ms - 30_000)
    await house.dispatch.crew_answer(CREW, told)
    depart = commands.Step(an_id(), request, Event.DEPART, left_ms)
    reach = commands.Step(an_id(), request, Event.REACH_PERSON, left_ms + 120_000)
    for step in (depart, reach, depart, reach):  # retries of both change nothing
        await house.dispatch.step(CREW, step)
    known = await house.dispatch.request(DANA, request)
    assert known.request.reached_ms == left_ms + 120_000
    assert known.request.changed_ms > left_ms + 400_000
    deeds = {deed.action: deed for deed in known.timeline}
    assert [deed.action for deed in known.timeline].count("depart") == 1
    assert (deeds["crew_acknowledged"].at_ms, deeds["depart"].at_ms) == (left_ms - 30_000, left_ms)
    assert deeds["depart"].told_ms > left_ms + 400_000
    assert deeds["opened"].told_ms == deeds["opened"].at_ms


async def test_nothing_happens_in_the_future_or_before_the_request(house: House) -> None:
    request = await house.accepted()
    for at_ms in (house.time() + 60_000, house.time() - 3_600_000):
        step = commands.Step(an_id(), request, Event.DEPART, at_ms)
        with pytest.raises(Invalid):
            await house.dispatch.step(CREW, step)


async def test_hazards_are_kept_and_what_was_not_asked_is_unknown(house: House) -> None:
    asked = Hazards(weapons=Answer.YES, dogs=Answer.NO)
    request = await house.accepted(hazards=asked)
    packet = await house.dispatch.packet(CREW, request)
    assert packet.request.hazards == asked
    assert packet.request.hazards.premises is Answer.UNKNOWN
    more = Hazards(weapons=Answer.YES, dogs=Answer.NO, premises=Answer.YES)
    await house.dispatch.triage(DANA, commands.Triage(an_id(), request, hazards=more))
    await house.dispatch.triage(DANA, commands.Triage(an_id(), request))
    assert (await house.request(request)).hazards == more


async def test_a_packet_is_read_by_who_has_the_request_now_and_each_reading_is_kept(
    house: House,
) -> None:
    possible = replace(CERTAIN, van=Need.POSSIBLE, place=Need.POSSIBLE)
    request = await house.accepted(possible)
    await house.dispatch.packet(CREW, request)
    for foreign in (OTHER_CREW, DRIVER):  # the van is planned, and nobody's yet
        with pytest.raises(NotYours):
            await house.dispatch.packet(foreign, request)
    read = "SELECT actor_id, detail->>'view' FROM audit WHERE action = 'request.read'"
    assert [tuple(row) for row in await house.rows(read)] == [(CREW.id, "packet")]


async def test_a_driver_beside_a_crew_reports_the_ride_and_nothing_before_it(house: House) -> None:
    request = await house.accepted()
    with pytest.raises(NotYours):
        await house.crew_says(request, accepted=True, actor=DRIVER)
    with pytest.raises(NotYours):
        await house.step(request, Event.DEPART, actor=DRIVER)
    await house.step(request, Event.DEPART, Event.REACH_PERSON)
    end = commands.Resolve(an_id(), request, Event.RESOLVE_ON_SCENE)
    with pytest.raises(NotYours):
        await house.dispatch.resolve(DRIVER, end)
    ride = (Event.LEAVE_WITH_PERSON, Event.REACH_PLACE, Event.HAND_OVER_PERSON)
    done = await house.step(request, *ride, actor=DRIVER)
    assert done.state is State.HANDED_OVER


async def test_a_driver_without_a_crew_is_the_crew(house: House) -> None:
    needs = replace(CERTAIN, team=False)
    request = await house.accepted(needs, Bundle(van="v-1", pool="p-1"))
    await house.crew_says(request, accepted=True, actor=DRIVER)
    await house.step(request, Event.DEPART, Event.REACH_PERSON, actor=DRIVER)
    await house.dispatch.all_well(DRIVER, commands.AllWell(an_id(), request))


async def test_a_place_that_nobody_planned_can_be_wanted_on_scene(house: House) -> None:
    possible = replace(CERTAIN, van=Need.POSSIBLE, place=Need.POSSIBLE)
    request = await house.accepted(possible, Bundle(team="t-1"))
    await house.step(request, Event.DEPART, Event.REACH_PERSON)
    wish = commands.AskPlace(an_id(), request)
    first = await house.dispatch.ask_place(CREW, wish)
    assert await house.dispatch.ask_place(CREW, wish) == first
    known = await house.request(request)
    assert (known.needs.place, known.needs.van, known.held.pool) == (Need.NEEDED, Need.NEEDED, None)
    assert known.place_wanted_ms is not None
    with pytest.raises(NotYours):
        await house.dispatch.ask_place(OTHER_CREW, commands.AskPlace(an_id(), request))
