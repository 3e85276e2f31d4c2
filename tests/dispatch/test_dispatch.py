"""Requests are claimed, carried out and answered, on a real PostgreSQL and a real Valkey."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch import commands
from dispatch.errors import (
    Conflict,
    DispatchError,
    Invalid,
    NotYours,
    Refused,
)
from dispatch.request import SELF, Bundle
from dispatch.words import (
    Answer,
    Event,
    FacilityAnswer,
    Settled,
    State,
)
from record.actor import system
from registry.port import Counts, HoldCommand, Registry
from registry.server import connect
from registry.states import UnitStatus
from tests.dispatch.conftest import all_no
from tests.dispatch.house import (
    ALL,
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
    visits = await house.dispatch.visits(shortest_s=0)
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


async def test_units_that_are_diverted_crosswise_at_once_end_in_no_deadlock(
    engine: AsyncEngine, registry: Registry
) -> None:
    house = await House(engine, registry).settle(teams=2, vans=2, beds=9)
    for _ in range(6):
        robbed = [
            await house.accepted(CERTAIN, Bundle(f"t-{n}", f"v-{n}", f"p-{n}")) for n in (1, 2)
        ]
        crossed = [Bundle("t-1", "v-2", "p-1"), Bundle("t-2", "v-1", "p-2")]
        wishes = [
            commands.Override(an_id(), await house.opened(CERTAIN), bundle, "nearer", divert=True)
            for bundle in crossed
        ]
        both = [house.dispatch.override(DANA, wish) for wish in wishes]
        await asyncio.gather(
            *both, house.dispatch.hand_over(DANA, commands.HandOver(an_id(), ERIN.id))
        )
        for request in robbed:
            assert (await house.request(request)).state is State.REQUESTED
        for wish, bundle in zip(wishes, crossed, strict=True):
            held = (await house.request(wish.request)).held
            assert (held.team, held.van, held.pool) == (bundle.team, bundle.van, bundle.pool)
            await house.dispatch.take_back(DANA, commands.TakeBack(an_id(), wish.request))


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
    changed = await asyncio.gather(house.dispatch.watch.tick(), house.dispatch.watch.tick())
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


async def test_a_word_that_comes_while_the_resources_are_held_loses_no_acceptance(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await house.opened(POSSIBLE)
    hold = type(house.registry).hold

    async def hold_and_note(registry: Registry, command: HoldCommand) -> object:
        outcome = await hold(registry, command)
        await house.dispatch.note(DANA, commands.AddNote(an_id(), request, "calm"))
        return outcome

    monkeypatch.setattr(type(house.registry), "hold", hold_and_note)
    await house.dispatch.accept(
        DANA, commands.Accept(an_id(), request, Bundle("t-1", "v-1", "p-1"))
    )
    accepted = await house.request(request)
    assert accepted.held.team == "t-1"
    assert accepted.version == 3


async def test_another_tier_that_comes_while_the_resources_are_held_asks_to_look_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = await house.opened(POSSIBLE)
    hold, asked = type(house.registry).hold, replace(all_no(), imminent=Answer.YES)

    async def hold_and_ask(registry: Registry, command: HoldCommand) -> object:
        outcome = await hold(registry, command)
        await house.dispatch.triage(DANA, commands.Triage(an_id(), request, risk=asked))
        return outcome

    monkeypatch.setattr(type(house.registry), "hold", hold_and_ask)
    accept = commands.Accept(an_id(), request, Bundle("t-1", "v-1", "p-1"))
    with pytest.raises(Conflict):
        await house.dispatch.accept(DANA, accept)
    assert (await house.team()).hold is None


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
