"""The dispatch service on a real PostgreSQL and a real Valkey."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch import commands
from dispatch.errors import (
    Conflict,
    DispatchError,
    Invalid,
    NotAllowed,
    NotFound,
    NotYours,
    Refused,
    WrongState,
)
from dispatch.request import SELF, Bundle, Custody, Person
from dispatch.words import (
    Answer,
    Custodian,
    Event,
    FacilityAnswer,
    LegalBasis,
    Need,
    Rescue,
    Settled,
    State,
    Tier,
    Transporter,
    Urgency,
)
from record import Actor
from record.actor import system
from registry.port import Counts
from registry.server import ServerRegistry, connect
from registry.states import UnitStatus
from tests.dispatch.conftest import all_no
from tests.dispatch.house import (
    CERTAIN,
    CREW,
    DANA,
    ERIN,
    FACILITY,
    OTHER_CREW,
    OTHER_FACILITY,
    PLANNER,
    POLICY,
    POSSIBLE,
    SUPERVISOR,
    House,
    an_id,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]
KEEPER = system("keeper")
ALL = Bundle(team="t-1", van="v-1", pool="p-1")
ADA = Person(
    name="Ada Example",
    callback="(801) 555-0100",
    address="12 Hidden Lane",
    weapons="none known",
    third_party=True,
)


@pytest.fixture
async def house(engine: AsyncEngine, registry: ServerRegistry) -> House:
    return await House(engine, registry).settle()


# the whole way


async def test_a_request_goes_all_the_way_to_a_bed(house: House) -> None:
    request = await house.accepted()
    pool, team, van = await house.pool(), await house.team(), await house.van()
    assert (pool.reserved, pool.held, pool.free) == (1, 0, 0)
    assert (team.request, team.status) == (request, UnitStatus.DISPATCHED)
    assert (van.request, van.status) == (request, UnitStatus.DISPATCHED)

    await house.crew_says(request, accepted=True)
    await house.facility(request, accepted=True)
    await house.step(request, Event.DEPART, Event.REACH_PERSON)
    assert (await house.team()).status is UnitStatus.ON_SCENE
    await house.step(request, Event.LEAVE_WITH_PERSON)
    team, van = await house.team(), await house.van()
    assert (team.request, team.status) == (None, UnitStatus.CLEARING)
    assert van.status is UnitStatus.TRANSPORTING
    await house.step(request, Event.REACH_PLACE, Event.HAND_OVER_PERSON, actor=FACILITY)

    pool, van = await house.pool(), await house.van()
    assert (pool.reserved, pool.occupied, pool.free) == (0, 1, 0)
    assert (van.request, van.status) == (None, UnitStatus.CLEARING)
    ended = await house.request(request)
    assert (ended.state, ended.facility_by) == (State.HANDED_OVER, "Nurse Kim")
    settle = commands.Settle(an_id(), request, Settled.IN_CARE)
    assert (await house.dispatch.settle(DANA, settle)).card["place_claimed"] is False
    assert await house.card(request) is None
    assert await house.rows("SELECT * FROM place_promise") == []
    visits = await house.dispatch.visits()
    assert [(one.stage, one.tier) for one in visits] == [("visit", ended.tier), ("place", None)]


async def test_a_visit_that_ends_on_scene_never_claimed_a_bed(house: House) -> None:
    request = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF, pool="p-1"))
    assert (await house.pool()).free == 1
    await house.step(request, Event.REACH_PERSON)
    done = commands.Resolve(an_id(), request, Event.RESOLVE_ON_SCENE, safety_plan=True)
    await house.dispatch.resolve(CREW, done)
    assert (await house.team()).status is UnitStatus.CLEARING
    found = await house.dispatch.ended(request)
    assert found is not None
    assert (found.state, found.contact_known) == (State.RESOLVED_ON_SCENE, False)


async def test_the_team_asks_for_the_bed_when_it_is_needed(house: House) -> None:
    request = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF, pool="p-1"))
    await house.step(request, Event.REACH_PERSON)
    receipt = await house.dispatch.ask_place(CREW, commands.AskPlace(an_id(), request))
    assert (receipt.card["facility_answer"], receipt.card["place_need"]) == ("asked", "needed")
    assert (await house.pool()).reserved == 1


async def test_the_planner_shows_a_recommendation_and_claims_nothing(house: House) -> None:
    request = await house.opened()
    shown = commands.Recommended(an_id(), request, 7, ALL)
    assert (await house.dispatch.recommended(PLANNER, shown)).state is State.RECOMMENDED
    assert (await house.team()).request is None
    gone = commands.Recommended(an_id(), request, 8, None)
    assert (await house.dispatch.recommended(PLANNER, gone)).state is State.REQUESTED


async def test_what_was_recommended_and_what_was_chosen_stay_in_the_record(house: House) -> None:
    request = await house.opened()
    lease = await house.registry.lease("planner", "test", 30)
    assert lease is not None
    recommended = {"request": request, "team": "t-2", "van": SELF, "pool": None}
    plan = {"version": 9, "recommendations": {request: recommended}}
    await house.registry.publish_plan(msgspec.json.encode(plan), lease.token)
    nearer = commands.Override(
        an_id(), request, Bundle(team="t-1", van=SELF), "the family asked for this team"
    )
    await house.dispatch.override(DANA, nearer)
    (choice,) = (await house.dispatch.request(DANA, request)).choices
    assert (choice.plan_version, choice.recommended) == (9, recommended)
    assert choice.chosen["team"] == "t-1"
    assert choice.reason == "the family asked for this team"


# all or nothing


async def test_a_refusal_names_the_resource_and_claims_nothing(house: House) -> None:
    await house.registry.report_counts("p-1", Counts(1, 0), house.time(), an_id())
    request = await house.opened(CERTAIN)
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(DANA, commands.Accept(an_id(), request, ALL))
    assert (refused.value.kind, refused.value.resource) == ("pool", "p-1")
    assert (await house.team()).request is None
    assert (await house.team()).hold is None
    assert (await house.request(request)).state is State.REQUESTED


async def test_what_was_seen_must_still_be_true(house: House) -> None:
    seen = {("pool", "p-1"): (await house.pool()).version}
    await house.registry.report_counts("p-1", Counts(0, 0, capacity=2), house.time(), an_id())
    request = await house.opened(CERTAIN)
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(DANA, commands.Accept(an_id(), request, ALL, seen))
    assert (refused.value.kind, refused.value.reason) == ("pool", "version_changed")


async def test_a_second_dispatcher_cannot_take_the_same_bed(house: House) -> None:
    await house.accepted()
    second = await house.opened(CERTAIN)
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(
            ERIN, commands.Accept(an_id(), second, Bundle(team="t-2", van=SELF, pool="p-1"))
        )
    assert (refused.value.kind, refused.value.reason) == ("pool", "full")


async def test_a_team_that_is_committed_is_never_taken_without_a_person_who_says_so(
    house: House,
) -> None:
    first = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))
    second = await house.opened(POSSIBLE)
    bundle = Bundle(team="t-1", van=SELF)
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(DANA, commands.Accept(an_id(), second, bundle))
    assert (refused.value.kind, refused.value.resource) == ("team", "t-1")
    with pytest.raises(Refused):
        await house.dispatch.override(
            DANA, commands.Override(an_id(), second, bundle, "I want this one")
        )
    diverting = commands.Override(an_id(), second, bundle, "child alone", divert=True)
    await house.dispatch.override(DANA, diverting)
    assert (await house.team()).request == second
    assert (await house.request(first)).state is State.REQUESTED
    (unmet,) = await house.dispatch.unmet_needs(DANA)
    assert (unmet.request, unmet.reason, unmet.decided_by) == (first, "diverted", "Dana")


async def test_a_team_with_a_person_cannot_even_be_diverted(house: House) -> None:
    first = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))
    await house.step(first, Event.REACH_PERSON)
    second = await house.opened(POSSIBLE)
    bundle = Bundle(team="t-1", van=SELF)
    with pytest.raises(Refused) as refused:
        await house.dispatch.override(
            DANA, commands.Override(an_id(), second, bundle, "nearer", divert=True)
        )
    assert refused.value.reason == "with_a_person"
    assert (await house.team()).request == first


async def test_the_database_is_the_last_arbiter_when_the_registry_has_forgotten(
    house: House, valkey_url: str
) -> None:
    await house.accepted()
    empty = await connect(valkey_url, region=f"empty-{an_id()}")
    forgetful = await House(house.engine, empty, house.time).settle()
    assert (await forgetful.pool()).free == 1
    second = await house.opened(CERTAIN)
    for bundle, kind in (
        (Bundle(team="t-1", van=SELF), "team"),
        (Bundle(team="t-2", van="v-1"), "van"),
        (Bundle(team="t-2", van=SELF, pool="p-1"), "pool"),
    ):
        with pytest.raises(Refused) as refused:
            await forgetful.dispatch.accept(DANA, commands.Accept(an_id(), second, bundle))
        assert refused.value.kind == kind
        assert refused.value.resource in {"t-1", "v-1", "p-1"}
        assert (await forgetful.team("t-2")).hold is None
    await empty.close()


# once each


async def test_a_retry_gets_the_same_receipt_and_changes_nothing(house: House) -> None:
    request = await house.opened(CERTAIN)
    accept = commands.Accept(an_id(), request, ALL)
    first = await house.dispatch.accept(DANA, accept)
    assert await house.dispatch.accept(DANA, accept) == first
    assert await house.dispatch.accept(DANA, accept) == first
    assert (await house.request(request)).version == first.version
    assert (await house.pool()).reserved == 1


async def test_an_id_used_for_something_else_is_a_conflict(house: House) -> None:
    request = await house.opened()
    note = commands.AddNote(an_id(), request, "calm")
    await house.dispatch.note(DANA, note)
    with pytest.raises(Conflict):
        await house.dispatch.cancel(DANA, commands.Cancel(note.command_id, request, "error"))
    with pytest.raises(Conflict):
        await house.dispatch.note(ERIN, note)


async def test_a_request_id_is_opened_once(house: House) -> None:
    command = commands.OpenRequest(an_id(), an_id(), "weber", "Ogden", -111.97, 41.22)
    first = await house.dispatch.open(DANA, command)
    assert await house.dispatch.open(DANA, command) == first
    with pytest.raises(Conflict):
        await house.dispatch.open(DANA, replace(command, command_id=an_id()))


async def test_two_keepers_escalate_a_clock_once(house: House) -> None:
    request = await house.accepted()
    house.time.pass_s(POLICY.clocks.facility_answer_s)
    changed = await asyncio.gather(house.dispatch.tick(), house.dispatch.tick())
    assert sum(changed) == 1
    lines = await house.rows("SELECT * FROM audit WHERE action = 'request.escalated'")
    assert [line.subject_id for line in lines] == [request]


async def test_two_dispatchers_who_accept_one_request_differently_make_one_promise(
    house: House,
) -> None:
    request = await house.opened(POSSIBLE)
    wishes = [
        house.dispatch.accept(actor, commands.Accept(an_id(), request, Bundle(team=team, van=SELF)))
        for actor, team in ((DANA, "t-1"), (ERIN, "t-2"))
    ]
    answers = await asyncio.gather(*wishes, return_exceptions=True)
    assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
    assert all(
        isinstance(answer, DispatchError) for answer in answers if isinstance(answer, BaseException)
    )
    teams = [await house.team("t-1"), await house.team("t-2")]
    assert sorted(str(team.request) for team in teams) == sorted([request, "None"])
    assert [team.hold for team in teams] == [None, None]


# answers


async def test_a_facility_that_declines_is_logged_and_not_asked_again(house: House) -> None:
    request = await house.accepted()
    await house.facility(request, accepted=False, reason="aggression", by="Dr. Lee")
    found = await house.request(request)
    assert (found.state, found.facility_answer) == (State.ACCEPTED, FacilityAnswer.DECLINED)
    assert found.needs_place_now
    assert found.excluded_facilities == {"f-1"}
    assert (await house.pool()).free == 1
    assert (await house.team()).request == request
    (unmet,) = await house.dispatch.unmet_needs(SUPERVISOR)
    assert (unmet.resource, unmet.reason, unmet.decided_by) == ("p-1", "aggression", "Dr. Lee")
    assert unmet.protected
    with pytest.raises(Refused):
        await house.dispatch.ask_place(DANA, commands.AskPlace(an_id(), request, pool="p-1"))


async def test_after_a_decline_the_backup_is_asked_by_rule(house: House) -> None:
    request = await house.accepted(bundle=replace(ALL, backup="p-2"))
    await house.facility(request, accepted=False)
    found = await house.request(request)
    assert (found.held.pool, found.facility, found.facility_answer) == ("p-2", "f-2", "asked")
    assert ((await house.pool("p-1")).free, (await house.pool("p-2")).reserved) == (1, 1)
    await house.facility(request, accepted=True, actor=OTHER_FACILITY)


async def test_without_a_crew_a_decline_brings_the_request_back_to_the_planner(
    house: House,
) -> None:
    needs = replace(CERTAIN, team=False)
    request = await house.accepted(needs, Bundle(van="v-1", pool="p-1"))
    await house.facility(request, accepted=False)
    found = await house.request(request)
    assert (found.state, found.held) == (State.REQUESTED, Bundle())
    assert (await house.van()).request is None


async def test_a_crew_that_declines_is_free_and_excluded_for_this_person(house: House) -> None:
    request = await house.accepted()
    await house.crew_says(request, accepted=False, by="Lead Pat")
    found = await house.request(request)
    assert (found.state, found.excluded_teams) == (State.REQUESTED, {"t-1"})
    assert (await house.team()).status is UnitStatus.AVAILABLE
    assert (await house.pool()).free == 1
    (unmet,) = await house.dispatch.unmet_needs(DANA)
    assert (unmet.kind, unmet.decided_by, unmet.protected) == ("team", "Lead Pat", False)
    with pytest.raises(Refused) as refused:
        await house.dispatch.accept(DANA, commands.Accept(an_id(), request, ALL))
    assert refused.value.reason == "declined_before"


async def test_an_answer_by_telephone_is_taken_down_by_the_desk_and_attributed(
    house: House,
) -> None:
    request = await house.accepted()
    await house.facility(request, accepted=True, actor=DANA, by="Nurse Kim", by_phone=True)
    (line,) = await house.rows(
        "SELECT actor_name, detail FROM audit WHERE action = 'request.facility_accepted'"
    )
    assert line.actor_name == "Dana"
    assert (line.detail["by"], line.detail["by_phone"]) == ("Nurse Kim", True)
    with pytest.raises(NotYours):
        await house.facility(request, accepted=True, actor=FACILITY, by_phone=True)


async def test_an_answer_needs_a_name_and_a_decline_a_coded_reason(house: House) -> None:
    request = await house.accepted()
    with pytest.raises(Invalid):
        await house.facility(request, accepted=True, by=" ")
    for reason in (None, "", "they cannot pay"):
        with pytest.raises(Invalid):
            await house.facility(request, accepted=False, reason=reason)


async def test_crews_and_facilities_speak_for_their_own_requests_only(house: House) -> None:
    request = await house.accepted()
    with pytest.raises(NotYours):
        await house.facility(request, accepted=True, actor=OTHER_FACILITY)
    with pytest.raises(NotYours):
        await house.crew_says(request, accepted=True, actor=OTHER_CREW)
    with pytest.raises(NotYours):
        await house.step(request, Event.DEPART, actor=OTHER_CREW)
    waiting = await house.opened()
    with pytest.raises(NotYours):
        await house.dispatch.accept(CREW, commands.Accept(an_id(), waiting, ALL))


# clocks


async def test_a_facility_that_does_not_answer_is_escalated_once(house: House) -> None:
    request = await house.accepted(bundle=replace(ALL, backup="p-2"))
    await house.crew_says(request, accepted=True)
    assert await house.dispatch.tick() == 0
    house.time.pass_s(POLICY.clocks.facility_answer_s)
    assert [
        (due.request, due.deadline.clock) for due in await house.dispatch.due(house.time())
    ] == [(request, "facility_answer")]
    assert await house.dispatch.tick() == 1
    assert await house.dispatch.tick() == 0
    card = await house.card(request)
    assert card is not None
    assert card["escalated"] is True
    assert card["calls"] == ["call_facility", "ask_backup"]
    await house.facility(request, accepted=True, actor=DANA, by="Night nurse", by_phone=True)
    card = await house.card(request)
    assert card is not None
    assert (card["escalated"], card["calls"]) == (False, [])


async def test_a_clock_that_nobody_answers_becomes_a_supervisors_until_it_is_answered(
    house: House,
) -> None:
    request = await house.accepted(bundle=replace(ALL, backup="p-2"))
    await house.crew_says(request, accepted=True)
    house.time.pass_s(POLICY.clocks.facility_answer_s)
    await house.dispatch.tick()
    house.time.pass_s(POLICY.clocks.supervisor_s - 1)
    assert await house.dispatch.tick() == 0
    house.time.pass_s(1)
    assert await house.dispatch.tick() == 1
    assert await house.dispatch.tick() == 0
    card = await house.card(request) or {}
    assert (card["raised"], card["calls"][-1]) == (["facility_answer"], "call_supervisor")
    await house.facility(request, accepted=True, actor=DANA, by="Night nurse", by_phone=True)
    card = await house.card(request) or {}
    assert (card["raised"], card["calls"]) == ([], [])


async def test_a_person_who_was_not_found_is_looked_for_again_by_an_owner(house: House) -> None:
    request = await house.accepted()
    lost = commands.Resolve(an_id(), request, Event.NOT_LOCATED)
    receipt = await house.dispatch.resolve(DANA, lost)
    after_s = POLICY.clocks.not_located_s
    assert receipt.card["owner"] == DANA.id
    assert receipt.card["follow_up_due_ms"] - receipt.card["ended_ms"] == after_s * 1000
    house.time.pass_s(after_s)
    assert await house.dispatch.tick() == 1
    assert (await house.card(request) or {})["overdue"] == ["follow_up"]
    nobody = commands.Settle(an_id(), request, Settled.COULD_NOT_CONTACT, "three calls, two visits")
    await house.dispatch.settle(DANA, nobody)
    assert await house.card(request) is None


async def test_a_follow_up_whose_referral_was_called_off_is_owed_again_with_its_clock(
    house: House,
) -> None:
    request = await house.accepted()
    by_phone = commands.Resolve(an_id(), request, Event.HAND_OVER_TO_EMS)
    await house.dispatch.resolve(DANA, by_phone)
    await house.dispatch.settle(KEEPER, commands.Settle(an_id(), request, Settled.REFERRED))
    assert await house.card(request) is None
    again = commands.Reopen(an_id(), request)
    with pytest.raises(NotYours):
        await house.dispatch.reopen(DANA, again)
    house.time.pass_s(3_600)
    from_ms = house.time()
    receipt = await house.dispatch.reopen(KEEPER, again)
    card = await house.card(request) or {}
    assert card == receipt.card
    runs_ms = card["follow_up_due_ms"] - POLICY.clocks.follow_up_s * 1000
    assert from_ms <= runs_ms <= house.time()
    assert card["settled"] is None
    assert await house.dispatch.to_follow_up() == [request]
    with pytest.raises(WrongState):
        await house.dispatch.reopen(KEEPER, commands.Reopen(an_id(), request))


async def test_what_was_written_by_hand_is_entered_with_its_true_times(house: House) -> None:
    await house.settle()
    now_ms = house.time()

    def ago(minutes: int) -> dict[str, Any]:
        return {"at_ms": now_ms - minutes * 60_000, "downtime": True}

    request = await house.opened(CERTAIN, **ago(90))
    await house.dispatch.accept(DANA, commands.Accept(an_id(), request, ALL, **ago(80)))
    await house.crew_says(request, accepted=True, **ago(79))
    await house.facility(request, accepted=True, **ago(78))
    for minutes, event in (
        (75, Event.DEPART),
        (55, Event.REACH_PERSON),
        (30, Event.LEAVE_WITH_PERSON),
        (15, Event.REACH_PLACE),
        (5, Event.HAND_OVER_PERSON),
    ):
        step = commands.Step(an_id(), request, event, **ago(minutes))
        await house.dispatch.step(DANA, step)
    found = await house.request(request)
    target_ms = POLICY.target_s[found.tier] * 1000
    assert found.opened_ms == now_ms - 90 * 60_000
    assert found.target_ms == found.opened_ms + target_ms
    assert (found.reached_ms, found.ended_ms) == (now_ms - 55 * 60_000, now_ms - 5 * 60_000)
    timeline = (await house.dispatch.request(DANA, request)).timeline
    assert timeline[0].at_ms == now_ms - 90 * 60_000
    assert all(deed.told_ms >= now_ms for deed in timeline)
    lines = await house.rows("SELECT detail FROM audit WHERE action LIKE 'request.%'")
    told = [line.detail for line in lines if "happened_ms" in line.detail]
    assert len(told) == 9
    assert all(detail["downtime"] is True for detail in told)


async def test_a_recommendation_of_now_does_not_keep_paper_from_telling_what_was_before_it(
    house: House,
) -> None:
    await house.settle()
    now_ms = house.time()
    called: dict[str, Any] = {"at_ms": now_ms - 60 * 60_000, "downtime": True}
    accepted: dict[str, Any] = {"at_ms": now_ms - 50 * 60_000, "downtime": True}
    request = await house.opened(CERTAIN, **called)
    await house.dispatch.recommended(PLANNER, commands.Recommended(an_id(), request, 7, ALL))
    by_hand = commands.Override(an_id(), request, ALL, "decided by hand", **accepted)
    await house.dispatch.override(DANA, by_hand)
    deeds = {deed.action: deed for deed in (await house.dispatch.request(DANA, request)).timeline}
    assert deeds["overridden"].at_ms == accepted["at_ms"]
    assert deeds["overridden"].told_ms >= now_ms
    with pytest.raises(Invalid):
        await house.crew_says(request, accepted=True, **called)


async def test_steps_that_were_written_by_hand_follow_each_other(house: House) -> None:
    request = await house.accepted()
    now_ms = house.time()
    await house.crew_says(request, accepted=True)
    reached = commands.Step(
        an_id(), request, Event.REACH_PERSON, at_ms=now_ms - 60_000, downtime=True
    )
    with pytest.raises(Invalid):
        await house.dispatch.step(CREW, reached)
    untimed = commands.Step(an_id(), request, Event.DEPART, downtime=True)
    with pytest.raises(Invalid):
        await house.dispatch.step(CREW, untimed)
    with pytest.raises(Invalid):
        await house.opened(at_ms=now_ms + 3_600_000, downtime=True)
    with pytest.raises(Invalid):
        await house.opened(downtime=True)


async def test_the_desk_may_ask_the_backup_when_a_facility_stays_silent(house: House) -> None:
    request = await house.accepted(bundle=replace(ALL, backup="p-2"))
    house.time.pass_s(POLICY.clocks.facility_answer_s)
    await house.dispatch.tick()
    await house.dispatch.ask_place(DANA, commands.AskPlace(an_id(), request, pool="p-2"))
    assert ((await house.pool("p-1")).free, (await house.pool("p-2")).reserved) == (1, 1)
    assert "facility_answer" not in (await house.request(request)).overdue


async def test_an_imminent_request_that_nobody_owns_raises_an_alarm_at_once(house: House) -> None:
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    await house.dispatch.tick()
    card = await house.card(request)
    assert card is not None
    assert (card["tier"], card["overdue"]) == ("imminent", ["owner"])
    await house.dispatch.own(ERIN, commands.Own(an_id(), request))
    card = await house.card(request)
    assert card is not None
    assert (card["owner"], card["overdue"]) == (ERIN.id, [])


async def test_an_alarm_that_was_heard_is_quiet_for_all_until_it_escalates_again(
    house: House,
) -> None:
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    await house.dispatch.tick()
    heard = commands.AcknowledgeAlarm(an_id(), request)
    card = (await house.dispatch.acknowledge_alarm(DANA, heard)).card
    assert (card["alarm_heard"]["by"], card["overdue"], card["owner"]) == ("Dana", [], None)
    assert await house.dispatch.tick() == 0
    assert (await house.card(request) or {})["alarm_heard"] == card["alarm_heard"]

    house.time.pass_s(POLICY.clocks.alarm_s + 1)
    assert await house.dispatch.tick() == 1
    again = await house.card(request) or {}
    assert (again["alarm_heard"], again["overdue"]) == (None, ["owner"])


async def test_another_clock_that_runs_out_ends_the_silence_of_an_alarm(house: House) -> None:
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    house.time.pass_s(POLICY.target_s[Tier.IMMINENT] - 5)
    await house.dispatch.tick()
    await house.dispatch.acknowledge_alarm(DANA, commands.AcknowledgeAlarm(an_id(), request))
    house.time.pass_s(6)
    await house.dispatch.tick()
    card = await house.card(request) or {}
    assert (card["alarm_heard"], card["overdue"]) == (None, ["arrival"])


async def test_only_an_alarm_is_acknowledged_and_whoever_owns_it_ends_it(house: House) -> None:
    calm = await house.opened(owner=None)
    with pytest.raises(NotAllowed, match="nothing sounds"):
        await house.dispatch.acknowledge_alarm(DANA, commands.AcknowledgeAlarm(an_id(), calm))
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    await house.dispatch.acknowledge_alarm(DANA, commands.AcknowledgeAlarm(an_id(), request))
    card = (await house.dispatch.own(ERIN, commands.Own(an_id(), request))).card
    assert card["alarm_heard"] is None
    with pytest.raises(NotYours):
        await house.dispatch.acknowledge_alarm(CREW, commands.AcknowledgeAlarm(an_id(), request))


async def test_taking_a_request_is_undone_by_its_owner_alone(house: House) -> None:
    request = await house.opened(owner=ERIN.id)
    await house.dispatch.own(DANA, commands.Own(an_id(), request))
    with pytest.raises(NotAllowed, match="somebody else"):
        await house.dispatch.disown(ERIN, commands.Disown(an_id(), request))
    back = await house.dispatch.disown(DANA, commands.Disown(an_id(), request, ERIN.id))
    assert back.card["owner"] == ERIN.id
    nobody = await house.dispatch.disown(ERIN, commands.Disown(an_id(), request))
    assert nobody.card["owner"] is None
    house.time.pass_s(POLICY.clocks.owner_s + 1)
    await house.dispatch.tick()
    assert "owner" in (await house.request(request)).overdue


async def test_an_open_rescue_keeps_an_owner(house: House) -> None:
    request = await house.opened()
    await house.dispatch.call_rescue(DANA, commands.CallRescue(an_id(), request))
    with pytest.raises(NotAllowed, match="rescue"):
        await house.dispatch.disown(DANA, commands.Disown(an_id(), request))


async def test_an_acceptance_is_taken_back_while_nobody_has_answered(house: House) -> None:
    request = await house.accepted()
    back = await house.dispatch.take_back(DANA, commands.TakeBack(an_id(), request))
    assert (back.state, back.card["team"], back.card["pool"]) == (State.REQUESTED, None, None)
    snapshot = await house.registry.snapshot()
    assert snapshot.teams["t-1"].status == "available"
    assert (snapshot.pools["p-1"].free, snapshot.pools["p-1"].reserved) == (1, 0)
    timeline = (await house.dispatch.request(DANA, request)).timeline
    assert [deed.action for deed in timeline] == ["opened", "accepted", "taken_back"]
    again = await house.dispatch.accept(
        DANA, commands.Accept(an_id(), request, Bundle(team="t-1", van="v-1", pool="p-1"))
    )
    assert again.state is State.ACCEPTED


@pytest.mark.parametrize("who", ["crew", "facility"])
async def test_an_acceptance_that_somebody_relies_on_is_not_taken_back(
    house: House, who: str
) -> None:
    request = await house.accepted()
    if who == "crew":
        answer = commands.AnswerForCrew(an_id(), request, accepted=True, by="Cal")
        await house.dispatch.crew_answer(CREW, answer)
    else:
        said = commands.AnswerForFacility(an_id(), request, accepted=True, by="Fay")
        await house.dispatch.facility_answer(FACILITY, said)
    with pytest.raises(NotAllowed, match=f"the {who} has"):
        await house.dispatch.take_back(DANA, commands.TakeBack(an_id(), request))
    assert (await house.request(request)).held.team == "t-1"


async def test_a_rescue_is_a_loop_with_an_owner_that_only_a_confirmation_closes(
    house: House,
) -> None:
    request = await house.opened(risk=replace(all_no(), imminent=Answer.YES))
    await house.dispatch.resolve(DANA, commands.Resolve(an_id(), request, Event.HAND_OVER_TO_EMS))
    house.time.pass_s(POLICY.clocks.rescue_s)
    await house.dispatch.tick()
    card = await house.card(request)
    assert card is not None
    assert (card["rescue"], card["calls"]) == ("open", ["call_rescuers"])
    await house.dispatch.settle(DANA, commands.Settle(an_id(), request, Settled.IN_CARE))
    assert await house.card(request) is not None
    await house.dispatch.rescue_confirmed(
        DANA, commands.ConfirmRescue(an_id(), request, "Engine 3, Capt. Roe")
    )
    assert await house.card(request) is None
    assert (await house.request(request)).rescue is Rescue.CONFIRMED


async def test_a_rescue_may_be_called_while_the_team_is_on_its_way(house: House) -> None:
    request = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))
    receipt = await house.dispatch.call_rescue(DANA, commands.CallRescue(an_id(), request))
    assert (receipt.state, receipt.card["rescue"]) == (State.ACCEPTED, "open")
    assert (await house.team()).request == request


# follow-up


async def resolved_on_scene(house: House) -> str:
    request = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))
    await house.step(request, Event.DEPART, Event.REACH_PERSON)
    resolve = commands.Resolve(an_id(), request, Event.RESOLVE_ON_SCENE, safety_plan=True)
    await house.dispatch.resolve(CREW, resolve)
    return request


async def test_a_person_is_kept_in_sight_when_the_visit_ends_and_holds_nothing(
    house: House,
) -> None:
    request = await resolved_on_scene(house)
    card = await house.card(request)
    assert card is not None
    assert (card["state"], card["owner"], card["settled"]) == ("resolved_on_scene", DANA.id, None)
    assert card["follow_up_due_ms"] - card["ended_ms"] == POLICY.clocks.follow_up_s * 1000
    assert (await house.team()).request is None
    assert await house.dispatch.open_requests() == []
    assert await house.dispatch.to_follow_up() == [request]
    await house.registry.report_status("team", "t-1", UnitStatus.AVAILABLE, an_id())
    await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF))


async def test_a_late_follow_up_is_escalated_once_and_settled_once(house: House) -> None:
    request = await resolved_on_scene(house)
    house.time.pass_s(POLICY.clocks.follow_up_s)
    assert [await house.dispatch.tick() for _ in range(2)] == [1, 0]
    card = await house.card(request)
    assert card is not None
    assert (card["calls"], card["overdue"]) == (["call_person"], ["follow_up"])
    settle = commands.Settle(an_id(), request, Settled.DECLINED)
    receipt = await house.dispatch.settle(DANA, settle)
    assert (receipt.card["settled"], receipt.card["overdue"]) == ("declined", [])
    assert await house.dispatch.settle(DANA, settle) == receipt
    assert await house.card(request) is None
    assert await house.dispatch.to_follow_up() == []
    with pytest.raises(WrongState):
        await house.dispatch.settle(DANA, replace(settle, command_id=an_id()))


async def test_only_the_desk_settles_and_says_why_nothing_follows(house: House) -> None:
    request = await resolved_on_scene(house)
    for how in (Settled.NOT_NEEDED, Settled.COULD_NOT_CONTACT):
        with pytest.raises(NotAllowed):
            await house.dispatch.settle(DANA, commands.Settle(an_id(), request, how))
    with pytest.raises(NotYours):
        await house.dispatch.settle(CREW, commands.Settle(an_id(), request, Settled.DECLINED))
    reason = "has an appointment with her own therapist"
    settle = commands.Settle(an_id(), request, Settled.NOT_NEEDED, reason)
    assert (await house.dispatch.settle(DANA, settle)).card["settled"] == "not_needed"


async def test_nothing_is_to_be_settled_of_a_request_that_is_open_or_never_met_the_person(
    house: House,
) -> None:
    open_one, cancelled = await house.opened(), await house.opened()
    await house.dispatch.cancel(DANA, commands.Cancel(an_id(), cancelled, "a test call"))
    assert await house.card(cancelled) is None
    for request in (open_one, cancelled):
        with pytest.raises(WrongState):
            await house.dispatch.settle(DANA, commands.Settle(an_id(), request, Settled.IN_CARE))


async def test_nobody_is_asked_any_more_when_a_request_ends(house: House) -> None:
    request = await house.accepted()
    resolve = commands.Resolve(an_id(), request, Event.RESOLVE_BY_PHONE)
    card = (await house.dispatch.resolve(DANA, resolve)).card
    assert (card["crew_answer"], card["crew_due_ms"]) == (None, None)
    assert (card["facility_answer"], card["answer_due_ms"]) == (None, None)
    assert card["place_claimed"] is False


async def test_a_follow_up_changes_hands_at_sign_out(house: House) -> None:
    request = await resolved_on_scene(house)
    receipts = await house.dispatch.hand_over(DANA, commands.HandOver(an_id(), ERIN.id))
    assert [receipt.request for receipt in receipts] == [request]
    receipt = await house.dispatch.own(DANA, commands.Own(an_id(), request))
    assert receipt.card["owner"] == DANA.id


# the unmet-need log


async def test_whoever_the_plan_leaves_without_for_long_is_in_the_log_once_an_episode(
    house: House,
) -> None:
    request = await house.opened()
    lease = await house.registry.lease("planner", "test", 60)
    assert lease is not None

    async def published(team: str | None) -> None:
        grounds = [{"resource": "team", "reason": "taken", "count": 2, "text": "2 teams: taken"}]
        advice = {"team": team, "pool": None, "slot": None, "unserved": grounds}
        plan = {"version": 1, "recommendations": {request: advice}}
        await house.registry.publish_plan(msgspec.json.encode(plan), lease.token)

    async def written(passed_s: int) -> int:
        house.time.pass_s(passed_s)
        return await house.dispatch.log_unserved()

    after_s = POLICY.clocks.unserved_s
    assert await written(0) == 0
    await published(None)
    assert [await written(after_s) for _ in range(3)] == [0, 1, 0]
    (line,) = await house.dispatch.unmet_needs(DANA)
    assert (line.kind, line.resource, line.reason) == ("unserved", "team", "taken")
    assert (line.decided_by, line.recorded_by) == ("planner", "system:keeper")
    await published("t-1")
    assert await written(after_s) == 0
    await published(None)
    assert [await written(after_s) for _ in range(2)] == [0, 1]
    await house.dispatch.cancel(DANA, commands.Cancel(an_id(), request, "a test call"))
    assert await written(0) == 0
    assert await house.rows("SELECT * FROM unserved") == []


async def test_two_keepers_write_one_line(house: House) -> None:
    request = await house.opened()
    lease = await house.registry.lease("planner", "test", 60)
    assert lease is not None
    advice = {"team": None, "pool": None, "slot": None, "unserved": []}
    plan = {"recommendations": {request: advice}}
    await house.registry.publish_plan(msgspec.json.encode(plan), lease.token)
    await house.dispatch.log_unserved()
    house.time.pass_s(POLICY.clocks.unserved_s)
    lines = await asyncio.gather(*(house.dispatch.log_unserved() for _ in range(4)))
    assert sum(lines) == 1
    assert len(await house.dispatch.unmet_needs(DANA)) == 1


# the timeline


async def test_the_timeline_says_who_did_what_and_why_and_names_no_person(house: House) -> None:
    request = await house.opened(person=Person(name="Ada Example"))
    await house.dispatch.request(ERIN, request)
    resolve = commands.Resolve(an_id(), request, Event.PERSON_REFUSES, reason="wants no visit")
    await house.dispatch.resolve(DANA, resolve)
    await house.dispatch.settle(DANA, commands.Settle(an_id(), request, Settled.DECLINED))
    timeline = (await house.dispatch.request(ERIN, request)).timeline
    assert [(deed.by, deed.action, deed.reason) for deed in timeline] == [
        ("Dana", "opened", None),
        ("Dana", "person_refuses", "wants no visit"),
        ("Dana", "settled", "declined"),
    ]
    assert [deed.at_ms for deed in timeline] == sorted(deed.at_ms for deed in timeline)
    reads = await house.rows("SELECT 1 FROM audit WHERE action = 'request.read'")
    assert len(reads) == 2


# responsibility


async def test_at_sign_out_all_requests_change_hands_together(house: House) -> None:
    mine = {await house.opened() for _ in range(3)}
    other = await house.opened(owner=ERIN.id)
    sign_out = commands.HandOver(an_id(), ERIN.id)
    receipts = await house.dispatch.hand_over(DANA, sign_out)
    assert await house.dispatch.hand_over(DANA, sign_out) == receipts
    assert {receipt.request for receipt in receipts} == mine
    assert {found.owner for found in await house.dispatch.open_requests()} == {ERIN.id}
    assert (await house.request(other)).version == 1
    with pytest.raises(NotYours):
        await house.dispatch.hand_over(DANA, commands.HandOver(an_id(), "x", source=ERIN.id))
    taken = commands.HandOver(an_id(), DANA.id, source=ERIN.id)
    assert len(await house.dispatch.hand_over(SUPERVISOR, taken)) == 4


async def test_notes_carry_author_and_time(house: House) -> None:
    request = await house.opened()
    await house.dispatch.note(DANA, commands.AddNote(an_id(), request, "speaks softly"))
    await house.dispatch.note(ERIN, commands.AddNote(an_id(), request, "dog is inside"))
    notes = (await house.dispatch.request(DANA, request)).notes
    assert [(note.author, note.text) for note in notes] == [
        ("Dana", "speaks softly"),
        ("Erin", "dog is inside"),
    ]


async def test_possible_duplicates_are_offered_by_place_and_by_number(house: House) -> None:
    request = await house.opened(person=ADA)
    near = await house.opened(lon=-111.971, lat=41.221)
    same_number = await house.opened(lon=-113.5, lat=37.1, person=Person(callback="801 555 0100"))
    await house.opened(lon=-112.5, lat=40.1, person=Person(callback="801 555 0199"))
    found = await house.dispatch.duplicates(DANA, request)
    assert [(one.request, one.same_callback, one.third_party) for one in found] == [
        (same_number, True, True),
        (near, False, True),
    ]
    assert 100 < found[1].distance_m < 200


async def test_joining_ends_the_duplicate_and_keeps_its_risk(house: House) -> None:
    duplicate = await house.opened(risk=replace(all_no(), imminent=Answer.YES))
    stays = await house.opened(urgency=Urgency.ROUTINE)
    await house.dispatch.join(DANA, commands.Join(an_id(), duplicate, stays))
    ended, kept = await house.request(duplicate), await house.request(stays)
    assert (ended.state, ended.joined_to) == (State.CANCELLED, stays)
    assert (kept.tier, kept.state) == (Tier.IMMINENT, State.REQUESTED)
    assert await house.card(duplicate) is None
    with pytest.raises(Invalid):
        await house.dispatch.join(DANA, commands.Join(an_id(), stays, stays))


# rules


async def test_a_lapsed_credential_needs_a_supervisors_reason(house: House) -> None:
    await house.crew("t-1", date(2020, 1, 1))
    request = await house.opened()
    bundle = Bundle(team="t-1", van=SELF)
    for actor, reason in ((DANA, "no other team"), (SUPERVISOR, None)):
        with pytest.raises(NotAllowed) as refused:
            await house.dispatch.accept(
                actor, commands.Accept(an_id(), request, bundle, reason=reason)
            )
        assert refused.value.rule == "credential_lapsed"
    signed = commands.Accept(an_id(), request, bundle, reason="renewal is being processed")
    receipt = await house.dispatch.accept(SUPERVISOR, signed)
    assert receipt.warnings == ("credential_lapsed",)


async def test_a_lapsed_credential_does_not_leave_an_imminent_person_alone(house: House) -> None:
    await house.crew("t-1", date(2020, 1, 1))
    request = await house.opened(risk=replace(all_no(), imminent=Answer.YES))
    receipt = await house.dispatch.accept(
        DANA, commands.Accept(an_id(), request, Bundle(team="t-1", van=SELF))
    )
    assert receipt.warnings == ("credential_lapsed",)


async def test_words_outside_the_vocabulary_are_refused(house: House) -> None:
    for needs in (
        replace(POSSIBLE, words=frozenset({"insured"})),
        replace(POSSIBLE, pool_types=("hotel",)),
    ):
        with pytest.raises(Invalid):
            await house.opened(needs)


async def test_what_is_learnt_later_changes_tier_and_target(house: House) -> None:
    request = await house.opened(urgency=Urgency.ROUTINE)
    assert (await house.request(request)).tier is Tier.ROUTINE
    learnt = commands.Triage(an_id(), request, risk=replace(all_no(), danger_to_others=Answer.YES))
    receipt = await house.dispatch.triage(DANA, learnt)
    found = await house.request(request)
    assert receipt.card["tier"] == "high"
    assert found.target_ms == found.opened_ms + POLICY.target_s[Tier.HIGH] * 1000


async def test_cancelling_sharing_and_overriding_need_a_reason(house: House) -> None:
    request = await house.opened()
    with pytest.raises(NotAllowed):
        await house.dispatch.cancel(DANA, commands.Cancel(an_id(), request, " "))
    with pytest.raises(NotAllowed):
        await house.dispatch.share_with_law_enforcement(
            DANA, commands.ShareWithLawEnforcement(an_id(), request, "")
        )
    with pytest.raises(NotAllowed):
        await house.dispatch.override(DANA, commands.Override(an_id(), request, ALL, ""))


async def test_a_bundle_that_contradicts_itself_is_refused(house: House) -> None:
    request = await house.opened()
    for bundle in (Bundle(), Bundle(van=SELF), Bundle(pool="p-1"), replace(ALL, slot="s-1")):
        with pytest.raises(Invalid):
            await house.dispatch.accept(DANA, commands.Accept(an_id(), request, bundle))
    for bundle in (Bundle(team="t-9"), replace(ALL, backup="p-9")):
        with pytest.raises(Refused) as refused:
            await house.dispatch.accept(DANA, commands.Accept(an_id(), request, bundle))
        assert refused.value.reason == "unknown"


@pytest.mark.parametrize("word", ["child", "adolescent", "involuntary"])
async def test_no_reason_puts_anybody_where_their_age_or_legal_status_is_not_taken(
    house: House, word: str
) -> None:
    request = await house.opened(replace(CERTAIN, words=frozenset({word})))
    with pytest.raises(Refused) as refused:
        await house.dispatch.override(DANA, commands.Override(an_id(), request, ALL, "nearest"))
    assert (refused.value.resource, refused.value.reason) == ("p-1", "does_not_take")


async def test_a_facility_that_was_not_asked_has_no_part_in_the_request(house: House) -> None:
    request = await house.accepted(POSSIBLE, Bundle(team="t-1", van=SELF, pool="p-1"))
    with pytest.raises(NotYours):
        await house.dispatch.note(FACILITY, commands.AddNote(an_id(), request, "who is it?"))


async def test_an_unknown_request_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        await house.dispatch.note(DANA, commands.AddNote(an_id(), an_id(), "hello"))
    with pytest.raises(NotFound):
        await house.dispatch.request(DANA, an_id())


async def test_an_event_in_the_wrong_state_is_refused(house: House) -> None:
    request = await house.opened()
    with pytest.raises(WrongState):
        await house.step(request, Event.REACH_PLACE, actor=DANA)


# privacy


async def test_identity_is_in_its_own_table_and_nowhere_else(house: House) -> None:
    request = await house.accepted(person=ADA)
    await house.dispatch.note(DANA, commands.AddNote(an_id(), request, "Ada is calm"))
    for table in ("crisis_request", "outbox", "audit", "command", "place_promise"):
        kept = str(await house.rows(f"SELECT * FROM {table}"))
        for secret in ("Ada", "Hidden Lane", "5550100", "555-0100"):
            assert secret not in kept, table
    snapshot = msgspec.json.encode(await house.registry.snapshot()).decode()
    assert "Ada" not in snapshot
    assert "Hidden" not in snapshot


async def test_the_database_shows_identity_to_those_in_the_persons_care_only(
    house: House,
) -> None:
    request = await house.opened(person=ADA)
    assert await house.rows("SELECT * FROM request_person") == []
    for role, sees in (
        ("dispatcher", 1),
        ("field", 1),
        ("facility", 0),
        ("provider", 0),
        ("wall", 0),
        ("law_enforcement", 0),
    ):
        async with house.journal.transaction(Actor("a-x", role, None, "X")) as tx:
            found = await tx.connection.execute(text("SELECT * FROM request_person"))
            assert len(found.all()) == sees, role
    officer = Actor("a-law", "law_enforcement", None, "Officer")
    with pytest.raises(NotFound):
        await house.dispatch.request(officer, request)
    await house.dispatch.share_with_law_enforcement(
        DANA, commands.ShareWithLawEnforcement(an_id(), request, "threat")
    )
    assert (await house.dispatch.request(officer, request)).person.address == "12 Hidden Lane"


async def test_every_read_of_a_request_is_audited(house: House) -> None:
    request = await house.opened(person=ADA)
    dossier = await house.dispatch.request(ERIN, request)
    assert dossier.person.name == "Ada Example"
    (line,) = await house.rows("SELECT * FROM audit WHERE action = 'request.read'")
    assert (line.actor_id, line.subject_id) == (ERIN.id, request)


async def test_sharing_with_law_enforcement_is_an_explicit_logged_act(house: House) -> None:
    request = await house.opened(person=ADA)
    receipt = await house.dispatch.share_with_law_enforcement(
        DANA, commands.ShareWithLawEnforcement(an_id(), request, "serious and imminent threat")
    )
    assert receipt.card["shared_le"] is True
    (line,) = await house.rows(
        "SELECT * FROM audit WHERE action = 'request.shared_with_law_enforcement'"
    )
    assert (line.actor_id, line.reason) == (DANA.id, "serious and imminent threat")


async def test_only_dispatch_opens_requests(house: House) -> None:
    command = commands.OpenRequest(an_id(), an_id(), "weber", "Ogden", -111.97, 41.22)
    with pytest.raises(NotYours):
        await house.dispatch.open(FACILITY, command)
    assert (await house.dispatch.open(system("telephony"), command)).version == 1


async def test_unknown_risk_opens_as_high(house: House) -> None:
    command = commands.OpenRequest(
        an_id(), an_id(), "weber", "Ogden", -111.97, 41.22, urgency=Urgency.ROUTINE
    )
    receipt = await house.dispatch.open(DANA, command)
    assert receipt.card["tier"] == "high"


async def test_custody_counts_from_when_it_began(house: House) -> None:
    since_ms = house.time() - 3_600_000
    custody = Custody(
        LegalBasis.OFFICER_HOLD,
        Custodian.LAW_ENFORCEMENT,
        frozenset({Transporter.LAW_ENFORCEMENT}),
        since_ms,
    )
    request = await house.opened(custody=custody)
    found = await house.request(request)
    assert found.custody_due_ms == since_ms + POLICY.clocks.custody_s * 1000
    assert found.needs.place is Need.POSSIBLE
    with pytest.raises(Invalid):
        await house.opened(custody=replace(custody, since_ms=house.time() + 60_000))


async def test_an_acceptance_that_says_what_was_seen_is_kept_and_its_retry_answered(
    house: House,
) -> None:
    request = await house.opened()
    seen = {("team", "t-1"): (await house.team()).version, ("pool", "p-1"): 0}
    accept = commands.Accept(an_id(), request, Bundle(team="t-1"), seen)
    first = await house.dispatch.accept(DANA, accept)
    again = replace(accept, seen=dict(reversed(seen.items())))
    assert await house.dispatch.accept(DANA, again) == first
    with pytest.raises(Conflict):
        await house.dispatch.accept(DANA, replace(accept, seen={("team", "t-1"): 99}))
