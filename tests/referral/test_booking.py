"""A referral is booked: the seat, the retry, the crash, and giving it back."""

import asyncio

import pytest

from dispatch.words import Settled
from record.outbox import deliver_pending
from referral.errors import Conflict, NotFound, Refused, WrongState
from referral.referral import Refer
from registry.errors import Unavailable
from registry.port import Applied, Promise
from tests.referral.house import DISPATCHER, KEEPER, PERSON, PROVIDER, House, an_id

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]


async def test_a_referral_books_the_slot_and_alerts_the_provider_without_naming_the_person(
    house: House,
) -> None:
    card = await house.referred()
    slot = await house.slot_state(card["slot"])
    assert (slot.booked, slot.held, slot.free) == (1, 0, 0)
    shown = await house.card("referral", card["id"])
    assert shown == card
    assert (card["state"], card["provider"], card["source"]) == ("requested", "clinic", "utah")
    assert card["preferred"] is True
    assert "Ada" not in str(shown)
    assert "555" not in str(shown)


async def test_a_booked_referral_settles_the_follow_up_of_the_request(house: House) -> None:
    card = await house.referred()
    assert [settle.how for settle in house.requests.settled.values()] == [Settled.REFERRED]
    second = Refer(an_id(), card["request"], await house.slot(after_h=50), PERSON)
    await house.referral.refer(DISPATCHER, an_id(), second)
    assert len(house.requests.settled) == 1


@pytest.mark.parametrize("mended_by", ["a retry", "the keeper"])
async def test_a_crash_after_the_booking_leaves_nobody_to_be_called_in_vain(
    house: House, mended_by: str
) -> None:
    waiting = house.resolved_person()
    wish = Refer(an_id(), house.resolved_person(), await house.slot(), PERSON)
    command = an_id()
    house.requests.away = True
    with pytest.raises(ConnectionError):
        await house.referral.refer(DISPATCHER, command, wish)
    house.requests.away = False
    if mended_by == "a retry":
        await house.referral.refer(DISPATCHER, command, wish)
    else:
        await house.referral.watch.tick(KEEPER)
    assert list(house.requests.settled) == [wish.request]
    assert await house.requests.to_follow_up() == [waiting]
    await house.referral.watch.tick(KEEPER)
    assert await house.requests.to_follow_up() == [waiting]


async def test_only_a_person_whose_request_has_ended_can_be_referred(house: House) -> None:
    slot = await house.slot()
    with pytest.raises(Refused, match="neither handed over nor resolved"):
        await house.referral.refer(DISPATCHER, an_id(), Refer(an_id(), an_id(), slot))
    assert (await house.slot_state(slot)).free == 1


async def test_an_unknown_slot_is_refused_and_nothing_is_left_behind(house: House) -> None:
    wish = Refer(an_id(), house.resolved_person(), "no-such-slot")
    with pytest.raises(NotFound):
        await house.referral.refer(DISPATCHER, an_id(), wish)
    assert await house.rows("SELECT * FROM referral") == []


async def test_a_slot_that_is_over_is_refused_and_its_hold_given_back(house: House) -> None:
    slot = await house.slot(after_h=-5)
    wish = Refer(an_id(), house.resolved_person(), slot)
    with pytest.raises(Refused, match="over"):
        await house.referral.refer(DISPATCHER, an_id(), wish)
    assert (await house.slot_state(slot)).held == 0


async def test_a_booking_whose_registry_went_away_is_delivered_later(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slot = await house.slot()
    wish = Refer(an_id(), house.resolved_person(), slot, PERSON)

    async def away(promise: Promise) -> Applied:
        raise Unavailable

    with monkeypatch.context() as outage:
        outage.setattr(house.registry, "apply", away)
        card = await house.referral.refer(DISPATCHER, an_id(), wish)
    assert await house.card("referral", card["id"]) is None
    await deliver_pending(house.engine, house.registry, house.time)
    assert await house.card("referral", card["id"]) == card
    state = await house.slot_state(slot)
    assert (state.booked, state.held) == (1, 0)


async def test_a_retry_is_answered_the_same_and_books_once(house: House) -> None:
    slot = await house.slot(capacity=3)
    wish = Refer(an_id(), house.resolved_person(), slot, PERSON)
    command = an_id()
    first = await house.referral.refer(DISPATCHER, command, wish)
    await house.referral.acknowledge(PROVIDER, an_id(), wish.referral)
    assert await house.referral.refer(DISPATCHER, command, wish) == first
    state = await house.slot_state(slot)
    assert (state.booked, state.held, state.free) == (1, 0, 2)


async def test_a_command_id_cannot_be_used_for_something_else(house: House) -> None:
    card, command = await house.referred(), an_id()
    await house.referral.acknowledge(PROVIDER, command, card["id"])
    with pytest.raises(Conflict):
        await house.referral.attended(PROVIDER, command, card["id"])


async def test_nobody_is_booked_into_two_places_at_one_time(house: House) -> None:
    person = house.resolved_person()
    first, second = await house.slot(), await house.slot(after_h=30.5)
    await house.referral.refer(DISPATCHER, an_id(), Refer(an_id(), person, first))
    with pytest.raises(Refused, match="another appointment"):
        await house.referral.refer(DISPATCHER, an_id(), Refer(an_id(), person, second))
    state = await house.slot_state(second)
    assert (state.held, state.booked, state.free) == (0, 0, 1)


async def test_of_many_who_want_the_last_seats_exactly_as_many_get_one(house: House) -> None:
    racers, capacity = 12, 3
    slot = await house.slot(capacity=capacity)
    wishes = [Refer(an_id(), house.resolved_person(), slot) for _ in range(racers)]

    async def attempt(wish: Refer) -> bool:
        try:
            await house.referral.refer(DISPATCHER, an_id(), wish)
        except Refused:
            return False
        return True

    won = await asyncio.gather(*(attempt(wish) for wish in wishes))
    assert sum(won) == capacity
    seats = await house.rows("SELECT seat FROM referral_seat ORDER BY seat")
    assert [row.seat for row in seats] == [1, 2, 3]
    state = await house.slot_state(slot)
    assert (state.booked, state.held, state.free) == (capacity, 0, 0)


async def test_of_many_appointments_of_one_person_at_one_time_exactly_one_is_booked(
    house: House,
) -> None:
    racers, person = 8, house.resolved_person()
    slots = [await house.slot(after_h=30 + n / 20) for n in range(racers)]

    async def attempt(slot: str) -> bool:
        try:
            await house.referral.refer(DISPATCHER, an_id(), Refer(an_id(), person, slot))
        except Refused:
            return False
        return True

    won = await asyncio.gather(*(attempt(slot) for slot in slots))
    assert sum(won) == 1
    states = [await house.slot_state(slot) for slot in slots]
    assert sum(state.booked for state in states) == 1
    assert sum(state.held for state in states) == 0


async def test_appointments_of_one_person_that_change_places_at_once_end_in_no_deadlock(
    house: House,
) -> None:
    person = house.resolved_person()
    hours = (30.0, 40.0)
    wishes = [Refer(an_id(), person, await house.slot(after_h=hour)) for hour in hours]
    for wish in wishes:
        await house.referral.refer(DISPATCHER, an_id(), wish)
    others = [await house.slot(after_h=hour + 0.5) for hour in reversed(hours)]
    answers = await asyncio.gather(
        *(
            house.referral.rebook(DISPATCHER, an_id(), wish.referral, other)
            for wish, other in zip(wishes, others, strict=True)
        ),
        return_exceptions=True,
    )
    assert all(isinstance(answer, dict | Refused) for answer in answers), answers


async def test_a_seat_that_is_exchanged_is_free_again(house: House) -> None:
    card = await house.referred()
    later = await house.slot(after_h=60)
    await house.referral.rebook(DISPATCHER, an_id(), card["id"], later)
    assert (await house.slot_state(card["slot"])).free == 1
    assert (await house.slot_state(later)).free == 0


async def test_a_cancelled_referral_frees_its_seat_and_cannot_be_attended(house: House) -> None:
    card = await house.referred()
    await house.referral.cancel(DISPATCHER, an_id(), card["id"], "booked in error")
    assert (await house.slot_state(card["slot"])).free == 1
    with pytest.raises(WrongState):
        await house.referral.attended(PROVIDER, an_id(), card["id"])
