"""Who is responsible, and what the rules let a dispatcher do."""

from dataclasses import replace
from datetime import date

import pytest

from dispatch import commands
from dispatch.errors import (
    Invalid,
    NotAllowed,
    NotFound,
    NotYours,
    Refused,
    WrongState,
)
from dispatch.request import SELF, Bundle, Person
from dispatch.words import (
    Answer,
    Event,
    State,
    Tier,
    Urgency,
)
from record.actor import system
from tests.dispatch.conftest import all_no
from tests.dispatch.house import (
    ADA,
    ALL,
    CERTAIN,
    DANA,
    ERIN,
    FACILITY,
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
