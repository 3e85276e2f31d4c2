"""Nobody is forgotten: outreach, follow-up, and clocks that run out."""

from typing import Any

import pytest

from referral.errors import Refused
from referral.referral import Refer
from referral.states import Contact, Outcome
from tests.referral.house import DISPATCHER, H_MS, KEEPER, POLICY, PROVIDER, T0_MS, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]


async def missed(house: House) -> tuple[dict[str, Any], dict[str, Any]]:
    card = await house.referred(after_h=1)
    house.time.now_ms += 2 * H_MS
    await house.referral.no_show(PROVIDER, an_id(), card["id"])
    (task,) = await house.referral.tasks()
    return card, task


async def test_a_new_slot_is_booked_from_the_task_and_ends_it(house: House) -> None:
    card, task = await missed(house)
    slot = await house.slot(after_h=50)
    again = await house.referral.rebook(DISPATCHER, an_id(), card["id"], slot)
    assert (again["state"], again["slot"], again["task_due_ms"]) == ("requested", slot, None)
    assert await house.card("task", task["id"]) is None
    assert (await house.slot_state(slot)).booked == 1
    assert (await house.referral.attended(PROVIDER, an_id(), card["id"]))["closed"] is True


async def test_attempts_are_kept_and_move_the_clock(house: House) -> None:
    _, task = await missed(house)
    after = await house.referral.outreach_attempt(
        DISPATCHER, an_id(), task["id"], Contact.NO_ANSWER, "rang twice"
    )
    assert (after["attempts"], after["due_ms"]) == (1, task["opened_ms"] + 48 * H_MS)
    (attempt,) = await house.referral.attempts(task["id"])
    assert (attempt["contact"], attempt["by"]) == ("no_answer", DISPATCHER.id)


async def test_could_not_contact_is_refused_before_three_attempts_and_never_closed(
    house: House,
) -> None:
    card, task = await missed(house)
    end = (card["id"], Outcome.COULD_NOT_CONTACT)
    for _ in range(3):
        with pytest.raises(Refused, match="attempts"):
            await house.referral.end_not_attended(DISPATCHER, an_id(), *end)
        await house.referral.outreach_attempt(DISPATCHER, an_id(), task["id"], Contact.LEFT_MESSAGE)
    ended = await house.referral.end_not_attended(DISPATCHER, an_id(), *end)
    assert (ended["state"], ended["outcome"], ended["closed"]) == (
        "failed",
        "could_not_contact",
        False,
    )
    assert await house.referral.tasks() == []


async def test_after_five_attempts_somebody_has_to_decide(house: House) -> None:
    _, task = await missed(house)
    for _ in range(POLICY.attempts_max):
        card = await house.referral.outreach_attempt(
            DISPATCHER, an_id(), task["id"], Contact.NO_ANSWER
        )
    assert card["escalated"] is True
    assert len(await house.referral.tasks()) == 1


async def test_a_provider_who_rejects_gives_the_seat_back_and_somebody_has_to_act(
    house: House,
) -> None:
    card = await house.referred()
    rejected = await house.referral.reject(PROVIDER, an_id(), card["id"], "not_eligible")
    assert rejected["state"] == "rejected"
    assert (await house.slot_state(card["slot"])).free == 1
    assert [task["reason"] for task in await house.referral.tasks()] == ["rejected"]


async def test_a_cancelled_referral_leaves_a_follow_up_that_is_owed_again(house: House) -> None:
    card = await house.referred()
    assert card["request"] in house.requests.settled
    await house.referral.cancel(PROVIDER, an_id(), card["id"], "booked in error")
    assert await house.requests.to_follow_up() == [card["request"]]
    again = Refer(an_id(), card["request"], await house.slot(after_h=40))
    await house.referral.refer(DISPATCHER, an_id(), again)
    await house.referral.watch.tick(KEEPER)
    assert await house.requests.to_follow_up() == []


async def test_while_another_referral_stands_the_follow_up_stays_settled(house: House) -> None:
    card = await house.referred()
    other = Refer(an_id(), card["request"], await house.slot(after_h=40))
    await house.referral.refer(DISPATCHER, an_id(), other)
    await house.referral.cancel(DISPATCHER, an_id(), card["id"], "two were booked")
    await house.referral.watch.tick(KEEPER)
    assert house.requests.reopened == {}


async def test_a_crash_before_the_follow_up_is_owed_again_is_mended_by_the_keeper(
    house: House,
) -> None:
    card = await house.referred()
    house.requests.away = True
    with pytest.raises(ConnectionError):
        await house.referral.cancel(DISPATCHER, an_id(), card["id"], "booked in error")
    house.requests.away = False
    await house.referral.watch.tick(KEEPER)
    assert await house.requests.to_follow_up() == [card["request"]]


async def test_a_clock_that_nobody_answers_becomes_a_supervisors(house: House) -> None:
    card = await house.referred()
    house.time.now_ms += 31 * 60_000
    await house.referral.watch.tick(KEEPER)
    house.time.now_ms += POLICY.supervisor_ms
    (late,) = await house.referral.watch.tick(KEEPER)
    assert (late.kind, late.id) == ("raise_acknowledge", card["id"])
    assert (await house.card("referral", card["id"]) or {})["raised"] is True
    assert await house.referral.watch.tick(KEEPER) == []
    seen = await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    assert (seen["escalated"], seen["raised"]) == (False, False)


async def test_an_outreach_task_that_nobody_works_on_becomes_a_supervisors(house: House) -> None:
    _, task = await missed(house)
    house.time.now_ms += 25 * H_MS
    await house.referral.watch.tick(KEEPER)
    house.time.now_ms += POLICY.supervisor_ms
    assert [late.kind for late in await house.referral.watch.tick(KEEPER)] == ["raise_outreach"]
    assert [t["raised"] for t in await house.referral.tasks()] == [True]
    tried = await house.referral.outreach_attempt(
        DISPATCHER, an_id(), task["id"], Contact.NO_ANSWER
    )
    assert (tried["escalated"], tried["raised"]) == (False, False)


async def test_a_caring_connection_is_owed_where_the_warm_hand_off_failed(house: House) -> None:
    wish = Refer(
        an_id(),
        house.resolved_person(contact_known=True),
        await house.slot(),
        warm_hand_off_indicated=True,
    )
    card = await house.referral.refer(DISPATCHER, an_id(), wish)
    assert card["task_due_ms"] == T0_MS - 3 * H_MS + 72 * H_MS
    (task,) = await house.referral.tasks()
    assert task["reason"] == "caring_connection"
    await house.referral.outreach_attempt(DISPATCHER, an_id(), task["id"], Contact.REACHED)
    assert await house.referral.tasks() == []


async def test_an_unacknowledged_referral_escalates_once(house: House) -> None:
    card = await house.referred()
    assert await house.referral.watch.tick(KEEPER) == []
    house.time.now_ms += 31 * 60_000
    (late,) = await house.referral.watch.tick(KEEPER)
    assert (late.kind, late.id) == ("acknowledge", card["id"])
    assert (await house.card("referral", card["id"]) or {})["escalated"] is True
    assert await house.referral.watch.tick(KEEPER) == []
    seen = await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    assert (seen["state"], seen["escalated"]) == ("accepted", False)


async def test_when_nobody_says_whether_the_person_came_somebody_has_to_ask(house: House) -> None:
    card = await house.referred(after_h=1)
    await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 5 * H_MS
    assert [late.kind for late in await house.referral.watch.tick(KEEPER)] == ["attendance"]
    assert [t["reason"] for t in await house.referral.tasks()] == ["attendance_unknown"]
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert await house.referral.tasks() == []


async def test_an_outreach_task_whose_clock_ran_out_escalates(house: House) -> None:
    _, task = await missed(house)
    house.time.now_ms += 25 * H_MS
    assert [late.id for late in await house.referral.watch.tick(KEEPER)] == [task["id"]]
    assert [t["escalated"] for t in await house.referral.tasks()] == [True]
