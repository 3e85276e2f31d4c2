"""Clocks run out, follow-ups stay in sight, and whom the plan leaves without is written down."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from dispatch import commands
from dispatch.errors import (
    Invalid,
    NotAllowed,
    NotYours,
    WrongState,
)
from dispatch.request import SELF, Bundle
from dispatch.words import (
    Answer,
    Event,
    Rescue,
    Settled,
    State,
    Tier,
)
from record.actor import system
from registry.states import UnitStatus
from tests.dispatch.conftest import all_no
from tests.dispatch.house import (
    ALL,
    CERTAIN,
    CREW,
    DANA,
    ERIN,
    FACILITY,
    PLANNER,
    POLICY,
    POSSIBLE,
    House,
    an_id,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]
KEEPER = system("keeper")


# clocks


async def test_a_facility_that_does_not_answer_is_escalated_once(house: House) -> None:
    request = await house.accepted(bundle=replace(ALL, backup="p-2"))
    await house.crew_says(request, accepted=True)
    assert await house.dispatch.watch.tick() == 0
    house.time.pass_s(POLICY.clocks.facility_answer_s)
    assert [
        (due.request, due.deadline.clock) for due in await house.dispatch.watch.due(house.time())
    ] == [(request, "facility_answer")]
    assert await house.dispatch.watch.tick() == 1
    assert await house.dispatch.watch.tick() == 0
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
    await house.dispatch.watch.tick()
    house.time.pass_s(POLICY.clocks.supervisor_s // 2)
    assert await house.dispatch.watch.tick() == 0
    house.time.pass_s(POLICY.clocks.supervisor_s // 2 + 1)
    assert await house.dispatch.watch.tick() == 1
    assert await house.dispatch.watch.tick() == 0
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
    assert await house.dispatch.watch.tick() == 1
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
    await house.dispatch.watch.tick()
    await house.dispatch.ask_place(DANA, commands.AskPlace(an_id(), request, pool="p-2"))
    assert ((await house.pool("p-1")).free, (await house.pool("p-2")).reserved) == (1, 1)
    assert "facility_answer" not in (await house.request(request)).overdue


async def test_an_imminent_request_that_nobody_owns_raises_an_alarm_at_once(house: House) -> None:
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    await house.dispatch.watch.tick()
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
    await house.dispatch.watch.tick()
    heard = commands.AcknowledgeAlarm(an_id(), request)
    card = (await house.dispatch.acknowledge_alarm(DANA, heard)).card
    assert (card["alarm_heard"]["by"], card["overdue"], card["owner"]) == ("Dana", [], None)
    assert await house.dispatch.watch.tick() == 0
    assert (await house.card(request) or {})["alarm_heard"] == card["alarm_heard"]

    house.time.pass_s(POLICY.clocks.alarm_s + 1)
    assert await house.dispatch.watch.tick() == 1
    again = await house.card(request) or {}
    assert (again["alarm_heard"], again["overdue"]) == (None, ["owner"])


async def test_another_clock_that_runs_out_ends_the_silence_of_an_alarm(house: House) -> None:
    imminent = replace(all_no(), imminent=Answer.YES)
    request = await house.opened(risk=imminent, owner=None)
    house.time.pass_s(POLICY.target_s[Tier.IMMINENT] - 5)
    await house.dispatch.watch.tick()
    await house.dispatch.acknowledge_alarm(DANA, commands.AcknowledgeAlarm(an_id(), request))
    house.time.pass_s(6)
    await house.dispatch.watch.tick()
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
    await house.dispatch.watch.tick()
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
    await house.dispatch.watch.tick()
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
    assert [await house.dispatch.watch.tick() for _ in range(2)] == [1, 0]
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
        return await house.dispatch.watch.log_unserved()

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
    await house.dispatch.watch.log_unserved()
    house.time.pass_s(POLICY.clocks.unserved_s)
    lines = await asyncio.gather(*(house.dispatch.watch.log_unserved() for _ in range(4)))
    assert sum(lines) == 1
    assert len(await house.dispatch.unmet_needs(DANA)) == 1
