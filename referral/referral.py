"""How a promise is closed: a person is referred to a slot, and somebody stays responsible.

A referral is closed by attendance and by nothing else. Whoever does not come, or of whom nobody
says whether they came, becomes an outreach task with a clock. Every command carries the caller's
id; a retry is answered the same.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from dispatch.reading import Ended
from record import Actor
from record.journal import Journal
from referral import clocks, store
from referral.cards import Card
from referral.errors import NotFound, ReferralError, Refused
from referral.follow_ups import FollowUps, Requests
from referral.outreach import after_attempt, close_tasks, follow, open_task
from referral.policy import Policy
from referral.reading import Person, Reading
from referral.scope import check_own
from referral.slip import undone
from referral.states import ENDED, Act, Contact, Outcome, Reason, State, after, appointment_after
from referral.store import Row
from referral.turn import Said, Turn, Turns, locked_task
from referral.watch import Watch
from registry.port import Claim, Effect, Free, HoldCommand, Registry
from registry.port import Refused as HoldRefused
from registry.states import Slot

NOBODY_SAID = Person()


@dataclass(frozen=True, slots=True)
class Refer:
    """The wish to book one slot for the person of an ended request; the caller gives its id."""

    referral: str
    request: str
    slot: str
    person: Person = NOBODY_SAID
    warm_hand_off_indicated: bool = False
    warm_hand_off_received: bool = False


class Referral(Reading):
    """The service of this room."""

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        requests: Requests,
        policy: Policy,
        clock: Callable[[], int],
    ) -> None:
        super().__init__(journal)
        self._registry = registry
        self._policy = policy
        self._turns = Turns(journal, registry, policy)
        self._follow_ups = FollowUps(journal, requests)
        self.watch = Watch(journal, self._turns, self._follow_ups, policy, clock)

    async def refer(self, actor: Actor, command_id: str, wish: Refer) -> Card:
        """Book the slot for the person and alert the provider; the follow-up is settled by that.

        A crash between the two leaves a follow-up that a retry or `watch.tick` settles.
        Raises NotFound (slot, request) and Refused: the request has not ended, the slot is full or
        over, or the person has another appointment at that time.
        """
        purpose = _purpose("refer", wish.referral, wish.request, wish.slot)
        request = await self._follow_ups.ended(wish.request)
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
        await self._follow_ups.settle(actor, wish.referral, wish.request)
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

        purpose = _purpose("undo", referral)
        return await self._turns.command(actor, (command_id, purpose, None), work)

    async def cancel(self, actor: Actor, command_id: str, referral: str, reason: str) -> Card:
        """The referral is called off; the seat is free again, and the follow-up is owed again.

        A crash between the two leaves a follow-up that a retry or `watch.tick` reopens.
        """
        card = await self._act(actor, command_id, referral, Act.CANCEL, reason=reason)
        await self._follow_ups.reopen([card["request"]])
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
            check_own(actor, referral)
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

        return await self._turns.command(actor, (command_id, purpose, note), work)

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

        return await self._turns.command(actor, (command_id, purpose, reason), work)

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
        had = await store.leave_seat(turn.db, row, appointment)
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
        check_own(actor, row)
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
            return await self._turns.command(actor, command, work)
        except ReferralError:
            await self._registry.release(command_id, f"{command_id}:release")
            raise

    async def _slot(self, slot: str) -> Slot:
        found = (await self._registry.snapshot()).slots.get(slot)
        if found is None:
            raise NotFound("slot", slot)
        return found


def _purpose(act: str, *parts: str | None) -> str:
    return " ".join([f"referral.{act}", *(part or "-" for part in parts)])
