"""The closed loop on real servers: booked, alerted, attended or missed, followed up."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from dispatch.commands import Receipt, Reopen, Settle
from dispatch.errors import WrongState as SettledBefore
from dispatch.reading import Ended
from dispatch.words import Settled, State
from record import Actor
from record.journal import Journal
from record.outbox import deliver_pending
from referral.errors import Conflict, NotFound, NotYours, Refused, WrongState
from referral.policy import load_policy
from referral.referral import Person, Refer, Referral
from referral.states import Contact, Outcome
from registry.errors import Unavailable
from registry.port import Applied, Promise, Registry
from registry.states import Slot

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("sound_record"),
]

H_MS = 3_600_000
T0_MS = 1_800_000_000_000
POLICY = load_policy(Path(__file__).parents[2] / "policy" / "referral.toml")
DISPATCHER = Actor("a-1", "dispatcher", "utah", "Dana")
PROVIDER = Actor("a-2", "provider", "clinic", "Pat")
OTHER = Actor("a-3", "provider", "elsewhere", "Olga")
KEEPER = Actor("system:keeper", "system", None, "keeper")
PERSON = Person(name="Ada Example", phone="555-0100", note="prefers mornings")


def an_id() -> str:
    return str(uuid7())


@dataclass
class Time:
    """A clock that the test moves."""

    now_ms: int = T0_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass
class EndedRequests:
    """The requests that dispatch has brought to their end."""

    known: dict[str, Ended] = field(default_factory=dict)
    settled: dict[str, Settle] = field(default_factory=dict)
    reopened: dict[str, Reopen] = field(default_factory=dict)
    away: bool = False

    async def ended(self, request: str) -> Ended | None:
        return self.known.get(request)

    async def to_follow_up(self) -> list[str]:
        return sorted(self.known.keys() - self.settled.keys())

    async def settle(self, actor: Actor, command: Settle) -> Receipt:
        if self.away:
            raise ConnectionError
        if command.request in self.settled:
            raise SettledBefore("settled", "be settled")
        self.settled[command.request] = command
        self.reopened.pop(command.request, None)
        state = self.known[command.request].state
        return Receipt(command.request, 2, state, {"settled": command.how.value})

    async def settled_as_referred(self, requests: list[str]) -> list[str]:
        return [request for request in requests if request in self.settled]

    async def reopen(self, actor: Actor, command: Reopen) -> Receipt:
        if self.away:
            raise ConnectionError
        del self.settled[command.request]
        self.reopened[command.request] = command
        return Receipt(command.request, 3, self.known[command.request].state, {})


@dataclass
class House:
    """The room under test with the parts around it."""

    referral: Referral
    registry: Registry
    engine: AsyncEngine
    time: Time
    requests: EndedRequests

    def resolved_person(self, *, contact_known: bool = False) -> str:
        request = an_id()
        self.requests.known[request] = Ended(
            request, State.RESOLVED_ON_SCENE, T0_MS - 3 * H_MS, T0_MS - H_MS, contact_known
        )
        return request

    async def slot(self, *, capacity: int = 1, after_h: float = 30, lasts_s: int = 3600) -> str:
        slot = Slot(
            id=an_id(),
            provider="clinic",
            zone="davis",
            name="Intake",
            mode="in_person",
            takes=("adult",),
            lon=-111.9,
            lat=40.9,
            starts_ms=T0_MS + int(after_h * H_MS),
            duration_s=lasts_s,
            capacity=capacity,
        )
        await self.registry.put(slot, an_id())
        return slot.id

    async def referred(self, **slot: Any) -> dict[str, Any]:
        wish = Refer(an_id(), self.resolved_person(), await self.slot(**slot), PERSON)
        return await self.referral.refer(DISPATCHER, an_id(), wish)

    async def slot_state(self, slot: str) -> Slot:
        return (await self.registry.snapshot()).slots[slot]

    async def card(self, kind: str, id: str) -> dict[str, Any] | None:
        return (await self.registry.snapshot()).cards.get(kind, {}).get(id)

    async def rows(self, query: str) -> list[Any]:
        async with self.engine.connect() as db:
            return list(await db.execute(text(query)))


@pytest.fixture
def house(registry: Registry, engine: AsyncEngine) -> House:
    time, requests = Time(), EndedRequests()
    service = Referral(Journal(engine, time), registry, requests, POLICY, time)
    return House(service, registry, engine, time, requests)


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


async def test_attended_in_one_tap_closes_the_loop_and_the_source_sees_it_at_once(
    house: House,
) -> None:
    card = await house.referred()
    closed = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert (closed["state"], closed["closed"]) == ("completed", True)
    assert await house.card("referral", card["id"]) == closed
    assert [c["closed"] for c in await house.referral.open_referrals(source="utah")] == [True]


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
        await house.referral.tick(KEEPER)
    assert list(house.requests.settled) == [wish.request]
    assert await house.requests.to_follow_up() == [waiting]
    await house.referral.tick(KEEPER)
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


async def test_a_no_show_opens_an_outreach_task_with_a_clock_at_once(house: House) -> None:
    card = await house.referred(after_h=1)
    house.time.now_ms += 2 * H_MS
    missed = await house.referral.no_show(PROVIDER, an_id(), card["id"])
    assert (missed["state"], missed["closed"]) == ("on-hold", False)
    assert missed["task_due_ms"] == house.time.now_ms + 24 * H_MS
    (task,) = await house.referral.tasks()
    assert (task["reason"], task["referral"], task["due_ms"]) == (
        "no_show",
        card["id"],
        missed["task_due_ms"],
    )
    assert await house.card("task", task["id"]) == task


async def test_a_no_show_that_was_a_slip_is_undone_with_its_task(house: House) -> None:
    card = await house.referred(after_h=1)
    await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 2 * H_MS
    await house.referral.no_show(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 20_000
    back = await house.referral.undo(PROVIDER, an_id(), card["id"])
    assert (back["state"], back["task_due_ms"]) == ("accepted", None)
    assert await house.referral.tasks() == []
    attended = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert attended["closed"]


async def test_an_attendance_that_was_a_slip_opens_the_loop_again(house: House) -> None:
    card = await house.referred(after_h=1)
    house.time.now_ms += 2 * H_MS
    missed = await house.referral.no_show(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 10 * 60_000
    closed = await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert closed["closed"]
    back = await house.referral.undo(PROVIDER, an_id(), card["id"])
    assert (back["state"], back["closed"]) == ("on-hold", False)
    assert back["task_due_ms"] == missed["task_due_ms"], "the clock that it had"
    seats = await house.rows("SELECT state FROM referral_seat")
    assert [row.state for row in seats] == ["noshow"]


async def test_what_was_said_too_long_ago_or_acted_on_is_no_slip_any_more(house: House) -> None:
    card = await house.referred(after_h=1)
    with pytest.raises(WrongState):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 2 * H_MS
    await house.referral.no_show(PROVIDER, an_id(), card["id"])
    (task,) = await house.referral.tasks()
    await house.referral.outreach_attempt(PROVIDER, an_id(), task["id"], Contact.NO_ANSWER)
    with pytest.raises(Refused, match="reached out"):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    house.time.now_ms += POLICY.slip_ms + 1
    with pytest.raises(Refused, match="too long ago"):
        await house.referral.undo(PROVIDER, an_id(), card["id"])
    with pytest.raises(NotYours):
        await house.referral.undo(OTHER, an_id(), card["id"])


async def test_nobody_is_a_no_show_before_the_appointment(house: House) -> None:
    card = await house.referred(after_h=1)
    with pytest.raises(Refused, match="not begun"):
        await house.referral.no_show(PROVIDER, an_id(), card["id"])


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


async def test_a_seat_that_is_exchanged_is_free_again(house: House) -> None:
    card = await house.referred()
    later = await house.slot(after_h=60)
    await house.referral.rebook(DISPATCHER, an_id(), card["id"], later)
    assert (await house.slot_state(card["slot"])).free == 1
    assert (await house.slot_state(later)).free == 0


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


async def test_a_cancelled_referral_frees_its_seat_and_cannot_be_attended(house: House) -> None:
    card = await house.referred()
    await house.referral.cancel(DISPATCHER, an_id(), card["id"], "booked in error")
    assert (await house.slot_state(card["slot"])).free == 1
    with pytest.raises(WrongState):
        await house.referral.attended(PROVIDER, an_id(), card["id"])


async def test_a_cancelled_referral_leaves_a_follow_up_that_is_owed_again(house: House) -> None:
    card = await house.referred()
    assert card["request"] in house.requests.settled
    await house.referral.cancel(PROVIDER, an_id(), card["id"], "booked in error")
    assert await house.requests.to_follow_up() == [card["request"]]
    again = Refer(an_id(), card["request"], await house.slot(after_h=40))
    await house.referral.refer(DISPATCHER, an_id(), again)
    await house.referral.tick(KEEPER)
    assert await house.requests.to_follow_up() == []


async def test_while_another_referral_stands_the_follow_up_stays_settled(house: House) -> None:
    card = await house.referred()
    other = Refer(an_id(), card["request"], await house.slot(after_h=40))
    await house.referral.refer(DISPATCHER, an_id(), other)
    await house.referral.cancel(DISPATCHER, an_id(), card["id"], "two were booked")
    await house.referral.tick(KEEPER)
    assert house.requests.reopened == {}


async def test_a_crash_before_the_follow_up_is_owed_again_is_mended_by_the_keeper(
    house: House,
) -> None:
    card = await house.referred()
    house.requests.away = True
    with pytest.raises(ConnectionError):
        await house.referral.cancel(DISPATCHER, an_id(), card["id"], "booked in error")
    house.requests.away = False
    await house.referral.tick(KEEPER)
    assert await house.requests.to_follow_up() == [card["request"]]


async def test_a_clock_that_nobody_answers_becomes_a_supervisors(house: House) -> None:
    card = await house.referred()
    house.time.now_ms += 31 * 60_000
    await house.referral.tick(KEEPER)
    house.time.now_ms += POLICY.supervisor_ms
    (late,) = await house.referral.tick(KEEPER)
    assert (late.kind, late.id) == ("raise_acknowledge", card["id"])
    assert (await house.card("referral", card["id"]) or {})["raised"] is True
    assert await house.referral.tick(KEEPER) == []
    seen = await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    assert (seen["escalated"], seen["raised"]) == (False, False)


async def test_an_outreach_task_that_nobody_works_on_becomes_a_supervisors(house: House) -> None:
    _, task = await missed(house)
    house.time.now_ms += 25 * H_MS
    await house.referral.tick(KEEPER)
    house.time.now_ms += POLICY.supervisor_ms
    assert [late.kind for late in await house.referral.tick(KEEPER)] == ["raise_outreach"]
    assert [t["raised"] for t in await house.referral.tasks()] == [True]
    tried = await house.referral.outreach_attempt(
        DISPATCHER, an_id(), task["id"], Contact.NO_ANSWER
    )
    assert (tried["escalated"], tried["raised"]) == (False, False)


async def test_a_provider_touches_and_reads_only_its_own(house: House) -> None:
    card = await house.referred()
    with pytest.raises(NotYours):
        await house.referral.attended(OTHER, an_id(), card["id"])
    with pytest.raises(NotYours):
        await house.referral.details(OTHER, card["id"])
    assert await house.referral.open_referrals(provider="elsewhere") == []


async def test_every_read_of_who_is_expected_leaves_an_audit_line(house: House) -> None:
    card = await house.referred()
    assert await house.referral.details(PROVIDER, card["id"]) == PERSON
    lines = await house.rows(
        "SELECT actor_id FROM audit WHERE action = 'referral.details' ORDER BY at_ms"
    )
    assert [line.actor_id for line in lines] == [PROVIDER.id]


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
    assert await house.referral.tick(KEEPER) == []
    house.time.now_ms += 31 * 60_000
    (late,) = await house.referral.tick(KEEPER)
    assert (late.kind, late.id) == ("acknowledge", card["id"])
    assert (await house.card("referral", card["id"]) or {})["escalated"] is True
    assert await house.referral.tick(KEEPER) == []
    seen = await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    assert (seen["state"], seen["escalated"]) == ("accepted", False)


async def test_when_nobody_says_whether_the_person_came_somebody_has_to_ask(house: House) -> None:
    card = await house.referred(after_h=1)
    await house.referral.acknowledge(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 5 * H_MS
    assert [late.kind for late in await house.referral.tick(KEEPER)] == ["attendance"]
    assert [t["reason"] for t in await house.referral.tasks()] == ["attendance_unknown"]
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    assert await house.referral.tasks() == []


async def test_an_outreach_task_whose_clock_ran_out_escalates(house: House) -> None:
    _, task = await missed(house)
    house.time.now_ms += 25 * H_MS
    assert [late.id for late in await house.referral.tick(KEEPER)] == [task["id"]]
    assert [t["escalated"] for t in await house.referral.tasks()] == [True]


async def test_what_has_ended_leaves_the_screens_after_a_day_and_stays_in_the_record(
    house: House,
) -> None:
    card = await house.referred()
    await house.referral.attended(PROVIDER, an_id(), card["id"])
    house.time.now_ms += 25 * H_MS
    await house.referral.tick(KEEPER)
    assert await house.card("referral", card["id"]) is None
    assert (await house.referral.referral(PROVIDER, card["id"]))["state"] == "completed"


async def test_the_migration_makes_what_the_tables_say(house: House) -> None:
    from referral import store

    for table in (store.referrals, store.details, store.seats, store.tasks, store.attempts):
        found = await house.rows(
            "SELECT column_name, is_nullable FROM information_schema.columns"
            f" WHERE table_name = '{table.name}'"
        )
        assert {(c.name, "YES" if c.nullable else "NO") for c in table.columns} == {
            tuple(row) for row in found
        }
