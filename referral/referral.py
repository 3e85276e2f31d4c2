"""How a promise is closed: a person is referred to a slot, and somebody stays responsible.

A referral is closed by attendance and by nothing else. Whoever does not come, or of whom nobody
says whether they came, becomes an outreach task with a clock. Every command carries the caller's
id; a retry is answered the same.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from dispatch.commands import Receipt, Reopen, Settle
from dispatch.errors import Conflict as SettledOtherwise
from dispatch.errors import NotFound as UnknownRequest
from dispatch.errors import WrongState as SettledBefore
from dispatch.reading import Ended
from dispatch.words import Settled
from record import Actor
from record.actor import system
from record.errors import CommandReused as IdReused
from record.errors import ConstraintBroken
from record.journal import Journal
from referral import clocks, store
from referral.cards import Card, referral_card, task_card
from referral.errors import CommandReused, Conflict, NotFound, NotYours, ReferralError, Refused
from referral.outreach import after_attempt, close_tasks, follow, open_task
from referral.policy import Policy
from referral.slip import undone
from referral.states import ENDED, Act, Contact, Outcome, Reason, State, after, appointment_after
from referral.store import Row
from referral.turn import Turn, earliest_due_ms, locked_task
from registry.port import Claim, Effect, Free, HoldCommand, Registry
from registry.port import Refused as HoldRefused
from registry.states import Slot

BY_RULE = system("referral")

OF_TASKS = {"outreach": "escalated", "raise_outreach": "raised"}
"""What a clock of an outreach task that ran out makes of the task."""

Said = tuple[str, str, object]
"""A command: its id, its purpose, and what it says besides; None where the purpose says it all."""


class Requests(Protocol):
    """What this room asks of dispatch."""

    async def ended(self, request: str) -> Ended | None:
        """The request if it came to an end with the person, else None."""
        ...

    async def to_follow_up(self) -> list[str]:
        """The ids of ended requests whose follow-up is not settled."""
        ...

    async def settle(self, actor: Actor, command: Settle) -> Receipt:
        """Settle the follow-up of an ended request. Raises WrongState when it is settled."""
        ...

    async def settled_as_referred(self, requests: list[str]) -> list[str]:
        """Which of these count as followed up because a referral was booked."""
        ...

    async def reopen(self, actor: Actor, command: Reopen) -> Receipt:
        """The follow-up is owed again. Raises WrongState where no referral had settled it."""
        ...


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider expects. Kept apart, and every read of it is audited."""

    name: str = ""
    phone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Refer:
    """The wish to book one slot for the person of an ended request; the caller gives its id."""

    referral: str
    request: str
    slot: str
    person: Person = Person()
    warm_hand_off_indicated: bool = False
    warm_hand_off_received: bool = False


@dataclass(frozen=True, slots=True)
class Escalation:
    """A clock that ran out: what was owed, and by whom."""

    kind: str
    id: str
    provider: str
    due_ms: int


class Referral:
    """The service of this room."""

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        requests: Requests,
        policy: Policy,
        clock: Callable[[], int],
    ) -> None:
        self._journal = journal
        self._registry = registry
        self._requests = requests
        self._policy = policy
        self._clock = clock

    async def refer(self, actor: Actor, command_id: str, wish: Refer) -> Card:
        """Book the slot for the person and alert the provider; the follow-up is settled by that.

        A crash between the two leaves a follow-up that a retry or `tick` settles.
        Raises NotFound (slot, request) and Refused: the request has not ended, the slot is full or
        over, or the person has another appointment at that time.
        """
        purpose = _purpose("refer", wish.referral, wish.request, wish.slot)
        request = await self._ended(wish.request)
        if request is None:
            raise Refused(wish.request, "the request is neither handed over nor resolved")

        async def book(turn: Turn, slot: Slot) -> Card:
            row = self._new_referral(actor, wish, request, slot, turn.now_ms)
            await store.add(turn.db, store.referrals, **row)
            await store.add(
                turn.db,
                store.details,
                referral=wish.referral,
                name=wish.person.name,
                phone=wish.person.phone,
                note=wish.person.note,
            )
            await self._sit(turn, row, slot)
            await self._owe_caring_connection(turn, row, wish, request)
            await turn.tx.audit("referral.refer", "referral", wish.referral)
            claim = Claim("slot", slot.id, wish.referral)
            return await turn.show_referral(row, "requested", [claim])

        card = await self._booking(
            actor, (command_id, purpose, wish), wish.referral, wish.slot, book
        )
        await self._settle(actor, wish.referral, wish.request)
        return card

    async def rebook(self, actor: Actor, command_id: str, referral: str, slot: str) -> Card:
        """Book another slot; what was still booked is given back, what was missed is done."""
        purpose = _purpose(Act.REBOOK, referral, slot)

        async def book(turn: Turn, new: Slot) -> Card:
            row = await self._locked(turn, actor, referral)
            state = after(State(row["state"]), Act.REBOOK)
            effects = await self._leave(turn, row, Act.REBOOK)
            await self._sit(turn, row, new)
            await close_tasks(turn, row, Act.REBOOK, keep={Reason.CARING_CONNECTION})
            row = await store.change(
                turn.db,
                store.referrals,
                row,
                state=state,
                acknowledged_ms=None,
                escalated=False,
                raised=False,
                **self._appointment(new, row["discharged_ms"], turn.now_ms),
            )
            await turn.tx.audit("referral.rebook", "referral", referral)
            return await turn.show_referral(
                row, "requested", [*effects, Claim("slot", slot, referral)]
            )

        return await self._booking(actor, (command_id, purpose, None), referral, slot, book)

    async def acknowledge(self, actor: Actor, command_id: str, referral: str) -> Card:
        """The provider has seen the referral and expects the person."""
        return await self._act(actor, command_id, referral, Act.ACKNOWLEDGE)

    async def reject(self, actor: Actor, command_id: str, referral: str, reason: str) -> Card:
        """The provider does not take the person: the seat is free again, somebody has to act."""
        return await self._act(actor, command_id, referral, Act.REJECT, reason=reason)

    async def attended(self, actor: Actor, command_id: str, referral: str) -> Card:
        """Care has begun: the only thing that closes the loop."""
        return await self._act(actor, command_id, referral, Act.ATTEND)

    async def no_show(self, actor: Actor, command_id: str, referral: str) -> Card:
        """The person did not come: an outreach task opens. Refused before the appointment."""
        return await self._act(actor, command_id, referral, Act.NO_SHOW)

    async def undo(self, actor: Actor, command_id: str, referral: str) -> Card:
        """Attended or no-show was a slip: the referral stands as before. Refused when it is late
        or somebody has acted on it."""

        async def work(turn: Turn) -> Card:
            row = await self._locked(turn, actor, referral)
            said = row["state"]
            row = await undone(turn, row)
            await turn.tx.audit("referral.undo", "referral", referral, detail={"said": said})
            return await turn.show_referral(row, "undone")

        return await self._command(actor, (command_id, _purpose("undo", referral), None), work)

    async def cancel(self, actor: Actor, command_id: str, referral: str, reason: str) -> Card:
        """The referral is called off; the seat is free again, and the follow-up is owed again.

        A crash between the two leaves a follow-up that a retry or `tick` reopens.
        """
        card = await self._act(actor, command_id, referral, Act.CANCEL, reason=reason)
        await self._reopen([card["request"]])
        return card

    async def end_not_attended(
        self, actor: Actor, command_id: str, referral: str, outcome: Outcome
    ) -> Card:
        """End without attendance, with a coded outcome. This is not closed.

        "Could not contact" is refused before the attempts that the policy asks for.
        """
        return await self._act(actor, command_id, referral, Act.END, outcome=outcome)

    async def outreach_attempt(
        self, actor: Actor, command_id: str, task: str, contact: Contact, note: str = ""
    ) -> Card:
        """Record one attempt to reach the person; answers the task's card."""
        purpose = _purpose("attempt", task, contact)

        async def work(turn: Turn) -> Card:
            referral, row = await locked_task(turn, task)
            _own(actor, referral)
            if row["closed_ms"] is not None:
                raise Refused(task, "the task is done")
            await store.add(
                turn.db,
                store.attempts,
                id=command_id,
                task=task,
                at_ms=turn.now_ms,
                by=actor.id,
                contact=contact,
                note=note,
            )
            row = await store.change(turn.db, store.tasks, row, **after_attempt(turn, row, contact))
            await turn.tx.audit("outreach.attempt", "task", task, detail={"contact": contact})
            card = await turn.show_task(row, referral, "attempted")
            referral = await store.change(turn.db, store.referrals, referral)
            await turn.show_referral(referral, "outreach")
            return card

        return await self._command(actor, (command_id, purpose, note), work)

    async def details(self, actor: Actor, referral: str) -> Person:
        """Whom the provider expects. The read is audited; only their own for a provider."""
        async with self._journal.transaction(actor) as tx:
            _own(actor, await store.one(tx.connection, store.referrals, referral))
            await tx.audit("referral.details", "referral", referral)
            found = await store.one(tx.connection, store.details, referral)
        return Person(found["name"], found["phone"], found["note"])

    async def referral(self, actor: Actor, referral: str) -> Card:
        """The referral's card as it stands."""
        async with self._journal.engine.connect() as db:
            row = await store.one(db, store.referrals, referral)
            _own(actor, row)
            tasks = await store.open_tasks_of(db, referral)
        return referral_card(row, earliest_due_ms(tasks))

    async def open_referrals(
        self, *, provider: str | None = None, source: str | None = None
    ) -> list[Card]:
        """Cards of the referrals on the screens, of one provider or one source or all."""
        async with self._journal.engine.connect() as db:
            found = await store.shown(db, provider, source)
        return [referral_card(row, due_ms) for row, due_ms in found]

    async def tasks(self, *, provider: str | None = None, source: str | None = None) -> list[Card]:
        """Cards of the open outreach tasks, the most urgent first."""
        async with self._journal.engine.connect() as db:
            found = await store.open_tasks(db, provider, source)
        return [task_card(task, referral) for task, referral in found]

    async def attempts(self, task: str) -> list[Row]:
        """The attempts of a task, oldest first: `at_ms, by, contact, note`."""
        async with self._journal.engine.connect() as db:
            return await store.attempts_of(db, task)

    async def due(self, now_ms: int) -> list[Escalation]:
        """Clocks that have run out and that `tick` has not acted on yet."""
        async with self._journal.engine.connect() as db:
            late = await store.overdue(
                db, now_ms, self._policy.ended_shown_ms, self._policy.supervisor_ms
            )
        return [Escalation(*clock) for clock in late]

    async def tick(self, actor: Actor) -> list[Escalation]:
        """Act on every clock that has run out, each in a transaction of its own."""
        found = await self.due(self._clock())
        for escalation in found:
            await self._escalate(actor, escalation)
        for referral, request in await self._unsettled():
            await self._settle(actor, referral, request)
        await self._reopen(None)
        return found

    async def _settle(self, actor: Actor, referral: str, request: str) -> None:
        """Tell dispatch that the person is referred, unless the follow-up is settled already."""
        settle = Settle(f"{referral}/settled", request, Settled.REFERRED)
        with suppress(SettledBefore, SettledOtherwise):
            await self._requests.settle(actor, settle)

    async def _reopen(self, requests: list[str] | None) -> None:
        """Follow-ups whose only referral was called off are owed again; None looks at all."""
        async with self._journal.engine.connect() as db:
            fallen = await store.called_off(db, requests)
        if not fallen:
            return
        for request in await self._requests.settled_as_referred(sorted(fallen)):
            again = Reopen(f"{fallen[request]}/reopened", request)
            with suppress(SettledBefore, SettledOtherwise):
                await self._requests.reopen(BY_RULE, again)

    async def _unsettled(self) -> list[tuple[str, str]]:
        """Referrals (with their requests) of whose booking a crash kept dispatch unaware."""
        requests = await self._requests.to_follow_up()
        if not requests:
            return []
        async with self._journal.engine.connect() as db:
            return await store.referred(db, requests)

    async def _ended(self, request: str) -> Ended | None:
        try:
            return await self._requests.ended(request)
        except UnknownRequest:
            raise NotFound("request", request) from None

    async def _escalate(self, actor: Actor, late: Escalation) -> None:
        async def work(turn: Turn) -> Card:
            if late.kind in OF_TASKS:
                return await self._escalate_task(turn, late.id, OF_TASKS[late.kind])
            row = await store.locked_referral(turn.db, late.id)
            if late.kind == "attendance" and State(row["state"]) in store.EXPECTED:
                await open_task(turn, row, Reason.ATTENDANCE_UNKNOWN)
                row = await store.change(turn.db, store.referrals, row)
            elif late.kind == "acknowledge" and row["state"] == State.REQUESTED:
                row = await store.change(turn.db, store.referrals, row, escalated=True)
            elif late.kind == "raise_acknowledge" and row["state"] == State.REQUESTED:
                row = await store.change(turn.db, store.referrals, row, raised=True)
            elif late.kind == "ended" and row["shown"]:
                row = await store.change(turn.db, store.referrals, row, shown=False)
            else:
                return {}
            await turn.tx.audit(f"referral.late.{late.kind}", "referral", late.id)
            return await turn.show_referral(row, late.kind)

        await self._turn(actor, work)

    async def _escalate_task(self, turn: Turn, task: str, how: str) -> Card:
        referral, row = await locked_task(turn, task)
        if row["closed_ms"] is not None or row[how]:
            return {}
        row = await store.change(turn.db, store.tasks, row, **{how: True})
        await turn.tx.audit(f"referral.late.outreach.{how}", "task", task)
        return await turn.show_task(row, referral, "late")

    async def _act(
        self,
        actor: Actor,
        command_id: str,
        referral: str,
        act: Act,
        *,
        reason: str | None = None,
        outcome: Outcome | None = None,
    ) -> Card:
        purpose = _purpose(act, referral, outcome)

        async def work(turn: Turn) -> Card:
            row = await self._locked(turn, actor, referral)
            state = after(State(row["state"]), act)
            await self._may(turn, row, act, outcome)
            effects = await self._leave(turn, row, act)
            await follow(turn, row, act)
            changes: dict[str, Any] = {"state": state, "outcome": outcome}
            if act is Act.ACKNOWLEDGE:
                changes |= {"acknowledged_ms": turn.now_ms, "escalated": False, "raised": False}
            if state in ENDED:
                changes["ended_ms"] = turn.now_ms
            row = await store.change(turn.db, store.referrals, row, **changes)
            await turn.tx.audit(f"referral.{act}", "referral", referral, reason=reason)
            return await turn.show_referral(row, state.value, effects)

        return await self._command(actor, (command_id, purpose, reason), work)

    async def _may(self, turn: Turn, row: Row, act: Act, outcome: Outcome | None) -> None:
        if act is Act.NO_SHOW and turn.now_ms < row["starts_ms"]:
            raise Refused(row["id"], "the appointment has not begun")
        if outcome is not None:
            made = await store.attempts_made(turn.db, row["id"])
            missing = clocks.attempts_owed(self._policy, outcome, made)
            if missing:
                raise Refused(row["id"], f"{missing} more attempts to reach the person are owed")

    async def _leave(self, turn: Turn, row: Row, act: Act) -> list[Effect]:
        """End the booked seat; a seat that nobody needs any more is free again."""
        appointment = appointment_after(act)
        if appointment is None:
            return []
        had = await store.leave_seat(turn.db, row["id"], appointment)
        given_back = had and appointment == "cancelled"
        return [Free("slot", row["slot"], row["id"])] if given_back else []

    async def _owe_caring_connection(
        self, turn: Turn, row: Row, wish: Refer, request: Ended
    ) -> None:
        due_ms = clocks.caring_connection_due_ms(
            self._policy,
            request.opened_ms,
            indicated=wish.warm_hand_off_indicated,
            received=wish.warm_hand_off_received,
            contact_known=request.contact_known or bool(wish.person.phone),
        )
        if due_ms is not None:
            await open_task(turn, row, Reason.CARING_CONNECTION, due_ms)

    def _new_referral(
        self, actor: Actor, wish: Refer, request: Ended, slot: Slot, now_ms: int
    ) -> dict[str, Any]:
        return {
            "id": wish.referral,
            "version": 1,
            "state": State.REQUESTED.value,
            "request": wish.request,
            "source": actor.scope,
            "discharged_ms": request.ended_ms,
            "referred_ms": now_ms,
            "acknowledged_ms": None,
            "escalated": False,
            "raised": False,
            "outcome": None,
            "ended_ms": None,
            "shown": True,
            "policy": self._policy.version,
            **self._appointment(slot, request.ended_ms, now_ms),
        }

    def _appointment(self, slot: Slot, discharged_ms: int, now_ms: int) -> dict[str, Any]:
        return {
            "slot": slot.id,
            "provider": slot.provider,
            "starts_ms": slot.starts_ms,
            "report_due_ms": clocks.report_due_ms(self._policy, slot.starts_ms, slot.duration_s),
            "preferred": clocks.preferred(self._policy, discharged_ms, slot.starts_ms),
            "acknowledge_due_ms": clocks.acknowledge_due_ms(self._policy, now_ms),
        }

    async def _sit(self, turn: Turn, row: Row, slot: Slot) -> None:
        ends_ms = slot.starts_ms + slot.duration_s * 1000
        if ends_ms <= turn.now_ms:
            raise Refused(slot.id, "the appointment is over")
        await store.take_seat(
            turn.db,
            referral=row["id"],
            request=row["request"],
            slot=slot.id,
            capacity=slot.capacity,
            starts_ms=slot.starts_ms,
            ends_ms=ends_ms,
        )

    async def _locked(self, turn: Turn, actor: Actor, referral: str) -> Row:
        row = await store.locked_referral(turn.db, referral)
        _own(actor, row)
        return row

    async def _booking(
        self,
        actor: Actor,
        command: Said,
        referral: str,
        slot: str,
        book: Callable[[Turn, Slot], Awaitable[Card]],
    ) -> Card:
        """Hold the slot, write the promise, apply it; a refusal gives the hold back at once."""
        command_id, *_ = command
        wish = HoldCommand(
            hold_id=command_id,
            request=referral,
            slot=slot,
            ttl_s=self._policy.hold_ttl_s,
            by=actor.id,
        )

        async def work(turn: Turn) -> Card:
            state = await self._slot(slot)
            held = await self._registry.hold(wish)
            if isinstance(held, HoldRefused):
                raise Refused(slot, held.reason)
            return await book(turn, state)

        try:
            return await self._command(actor, command, work)
        except ReferralError:
            await self._registry.release(command_id, f"{command_id}:release")
            raise

    async def _slot(self, slot: str) -> Slot:
        found = (await self._registry.snapshot()).slots.get(slot)
        if found is None:
            raise NotFound("slot", slot)
        return found

    async def _command(
        self, actor: Actor, command: Said, work: Callable[[Turn], Awaitable[Card]]
    ) -> Card:
        command_id, purpose, said = command

        async def once(turn: Turn) -> Card:
            return await turn.tx.once(
                command_id, purpose, dict[str, Any], lambda: work(turn), said=said
            )

        return await self._turn(actor, once)

    async def _turn(self, actor: Actor, work: Callable[[Turn], Awaitable[Card]]) -> Card:
        try:
            async with self._journal.transaction(actor) as tx:
                card = await work(Turn(tx, self._policy))
        except ConstraintBroken as broken:
            raise _as_refusal(broken.constraint) from None
        except IdReused:
            raise CommandReused from None
        await self._journal.deliver(self._registry, *tx.promised)
        return card


def _own(actor: Actor, row: Row) -> None:
    if actor.role == "provider" and actor.scope != row["provider"]:
        raise NotYours("this referral belongs to another provider")


def _as_refusal(constraint: str) -> ReferralError:
    if constraint == store.ONE_PLACE:
        return Refused("appointment", "the person has another appointment at that time")
    return Conflict(f"somebody else was first ({constraint})")


def _purpose(act: str, *parts: str | None) -> str:
    return " ".join([f"referral.{act}", *(part or "-" for part in parts)])
