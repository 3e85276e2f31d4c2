"""The service: every command of a crisis request, kept as one promise each.

Every command takes the actor, raises the errors of `dispatch.errors`, and answers a retry with the
same command id by the same receipt.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from uuid6 import uuid7

from directory import Directory
from dispatch import commands, store
from dispatch.advance import Advance, advance, rescue_called
from dispatch.answers import Answers
from dispatch.claiming import Claiming
from dispatch.commands import RESOLUTIONS, RIDING, STEPS, Receipt
from dispatch.errors import Invalid, NotAllowed, NotYours, WrongState
from dispatch.knowing import check_needs, happened_ms, learnt, opened, told_late, took_over
from dispatch.panics import Panics
from dispatch.policy import Policy
from dispatch.promise import Change, Promises, Receipts
from dispatch.reading import Reading
from dispatch.request import CrisisRequest, Note, Silence
from dispatch.rides.rides import Rides
from dispatch.road_closures import RoadClosures
from dispatch.rules import nobody_has_answered
from dispatch.scope import check_lead, check_role, check_scope, role_of
from dispatch.transitions import CREW, DESK, PLACE
from dispatch.watch import Watch
from dispatch.words import OPEN, Clock, Event, Rescue, Role, Settled
from record import Actor
from record.actor import system
from record.journal import Journal, Transaction
from registry.port import Registry
from registry.vocabulary import Vocabulary

KEEPER = system("keeper")
READ = "request.read"
NOTHING_FOLLOWS = frozenset({Settled.NOT_NEEDED, Settled.COULD_NOT_CONTACT})


class Dispatch(Reading):
    """The dispatch service of one region. `timezone` is the region's IANA zone; a ride home may be
    planned until `home_within_ms` after its appointment."""

    def __init__(
        self,
        journal: Journal,
        registry: Registry,
        directory: Directory,
        policy: Policy,
        vocabulary: Vocabulary,
        timezone: str,
        home_within_ms: int = 0,
    ) -> None:
        super().__init__(Promises(journal, registry, policy.clocks), policy)
        self._vocabulary = vocabulary
        self._claiming = Claiming(self._promises, registry, directory, policy, timezone)
        self.panics = Panics(self._promises)
        self.closures = RoadClosures(self._promises)
        self.rides = Rides(self._promises, home_within_ms)
        self.watch = Watch(self._promises, self.panics, self.closures, self.rides)
        self._answers = Answers(self._promises, self._claiming, policy, vocabulary)

    # opening, and what is known

    async def open(self, actor: Actor, command: commands.OpenRequest) -> Receipt:
        """Open a request; it is on record before this answers."""
        check_role(actor, DESK | {Role.SYSTEM})
        check_needs(command.needs, self._vocabulary)

        async def work(tx: Transaction) -> Receipt:
            request = opened(command, self._policy, tx.now_ms)
            told = told_late(command.at_ms, request.opened_ms, downtime=command.downtime)
            receipt = await self._promises.keep(tx, None, Change(request, "opened", detail=told))
            await store.put_person(tx.connection, request.id, command.person)
            return receipt

        purpose = f"open:{command.request}"
        return await self._promises.once(actor, command, purpose, Receipt, work)

    async def triage(self, actor: Actor, command: commands.Triage) -> Receipt:
        """Set what is known now; tier and target follow from the policy."""
        if command.needs is not None:
            check_needs(command.needs, self._vocabulary)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            check_scope(actor, before)
            if command.person is not None:
                await store.put_person(tx.connection, before.id, command.person)
            known = learnt(before, command, self._policy, tx.now_ms)
            moved = self._advance(known, Event.TRIAGE, actor, tx)
            return Change(moved.request, "triaged", moved.effects)

        return await self._change(actor, command, "triage", how)

    async def recommended(self, actor: Actor, command: commands.Recommended) -> Receipt:
        """The planner shows its first recommendation, or has none any more."""
        event = Event.RECOMMEND if command.bundle else Event.WITHDRAW_RECOMMENDATION
        return await self._move(
            actor, command, event, detail={"plan_version": command.plan_version}
        )

    # responsibility

    async def own(self, actor: Actor, command: commands.Own) -> Receipt:
        """Take a request, or give it to somebody else."""
        check_role(actor, DESK)
        owner = command.owner or actor.id

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            return Change(_owned(before, owner, tx.now_ms), "owned", detail={"owner": owner})

        return await self._change(actor, command, "own", how)

    async def disown(self, actor: Actor, command: commands.Disown) -> Receipt:
        """Undo `own`: the request goes back to whom it was taken from, or to nobody.

        Only its owner gives it back; a rescue that is open keeps an owner.
        """
        check_role(actor, DESK)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if before.owner != actor.id:
                raise NotAllowed("owner", "somebody else owns it by now")
            if command.to is None and before.rescue is Rescue.OPEN:
                raise NotAllowed("rescue", "a rescue is open: hand the request to a colleague")
            after = _owned(before, command.to, tx.now_ms)
            return Change(after, "disowned", detail={"to": command.to})

        return await self._change(actor, command, "disown", how)

    async def acknowledge_alarm(self, actor: Actor, command: commands.AcknowledgeAlarm) -> Receipt:
        """Somebody has heard the alarm: it is quiet for all until its next escalation."""
        check_role(actor, DESK)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if not before.alarms:
                raise NotAllowed("alarm", "nothing sounds for this request any more")
            quiet_ms = self._policy.clocks.alarm_s * 1000
            silence = Silence(actor.name, tx.now_ms, tx.now_ms + quiet_ms)
            overdue = before.overdue - {Clock.OWNER}
            after = replace(_next(before, tx.now_ms), silence=silence, overdue=overdue)
            return Change(after, "alarm_heard", detail={"until_ms": silence.until_ms})

        return await self._change(actor, command, "acknowledge_alarm", how)

    async def hand_over(self, actor: Actor, command: commands.HandOver) -> tuple[Receipt, ...]:
        """All that the actor owes, follow-ups too, goes to somebody else, together or not at all.

        A supervisor may hand over another's.
        """
        check_role(actor, DESK)
        source = command.source or actor.id
        if source != actor.id and role_of(actor) is not Role.SUPERVISOR:
            raise NotYours("only a supervisor hands over another's requests")
        if command.owner == source:
            raise Invalid("the requests are theirs already")
        detail = {"owner": command.owner, "source": source}

        async def work(tx: Transaction) -> Receipts:
            theirs = await store.owed_by(tx.connection, source)
            changes = [(before, _owned(before, command.owner, tx.now_ms)) for before in theirs]
            return Receipts(
                tuple(
                    [
                        await self._promises.keep(
                            tx, before, Change(after, "handed_over", detail=detail)
                        )
                        for before, after in changes
                    ]
                )
            )

        receipts = await self._promises.once(actor, command, f"hand_over:{source}", Receipts, work)
        return receipts.each

    async def note(self, actor: Actor, command: commands.AddNote) -> Receipt:
        """Add a note with author and time."""
        check_role(actor, CREW | PLACE)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            check_scope(actor, before)
            at_ms = happened_ms(before, command.at_ms, tx.now_ms)
            note = Note(str(uuid7()), before.id, actor.name, at_ms, command.text)
            await store.add_note(tx.connection, note)
            detail = {"note": note.id} | told_late(command.at_ms, at_ms, downtime=command.downtime)
            return Change(_next(before, tx.now_ms), "noted", detail=detail)

        return await self._change(actor, command, "note", how)

    async def join(self, actor: Actor, command: commands.Join) -> Receipt:
        """A duplicate ends and points to the request that stays, which takes over its risk."""
        check_role(actor, DESK)
        if command.request == command.into:
            raise Invalid("a request cannot be joined to itself")

        async def work(tx: Transaction) -> Receipt:
            both = await store.load_all(tx.connection, {command.request, command.into})
            duplicate, stays = both[command.request], both[command.into]
            if stays.state not in OPEN:
                raise WrongState(stays.state.value, Event.JOIN.value)
            moved = self._advance(duplicate, Event.JOIN, actor, tx)
            pointing = replace(moved.request, joined_to=stays.id)
            ended = await self._promises.keep(
                tx,
                duplicate,
                Change(pointing, "joined", moved.effects, detail={"into": stays.id}),
            )
            wiser = took_over(_next(stays, tx.now_ms), duplicate, self._policy)
            kept = await self._promises.keep(
                tx, stays, Change(wiser, "took_over", detail={"of": duplicate.id})
            )
            return replace(ended, rows=(*ended.rows, *kept.rows))

        purpose = f"join:{command.request}:{command.into}"
        return await self._promises.once(actor, command, purpose, Receipt, work)

    # claiming and answers

    async def accept(self, actor: Actor, command: commands.Accept) -> Receipt:
        """Claim all that is certainly needed of the bundle, or nothing."""
        return await self._claiming.accept(actor, command, divert=False)

    async def override(self, actor: Actor, command: commands.Override) -> Receipt:
        """Claim another bundle for a reason; with `divert` also a unit that another request has."""
        _needs_reason(command.reason, "an override")
        return await self._claiming.accept(actor, command, divert=command.divert)

    async def take_back(self, actor: Actor, command: commands.TakeBack) -> Receipt:
        """Undo an acceptance while neither crew nor facility has answered."""

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if why_not := nobody_has_answered(before):
                raise NotAllowed("nobody_has_answered", why_not)
            moved = self._advance(before, Event.TAKE_BACK, actor, tx)
            return Change(moved.request, "taken_back", moved.effects)

        return await self._change(actor, command, "take_back", how)

    async def ask_place(self, actor: Actor, command: commands.AskPlace) -> Receipt:
        """After its assessment the team needs the place now: claim it and ask the facility."""
        return await self._claiming.ask_place(actor, command)

    async def facility_answer(self, actor: Actor, command: commands.AnswerForFacility) -> Receipt:
        """The facility accepts or declines, by name; after a decline the backup is asked."""
        return await self._answers.of_facility(actor, command)

    async def crew_answer(self, actor: Actor, command: commands.AnswerForCrew) -> Receipt:
        """The crew acknowledges or declines, by name; a decline frees everything."""
        return await self._answers.of_crew(actor, command)

    # carrying out and ending

    async def step(self, actor: Actor, command: commands.Step) -> Receipt:
        """A step that the crew or driver reports."""
        if command.event not in STEPS:
            raise Invalid(f"{command.event.value} is not a step")
        whose = check_scope if command.event in RIDING else check_lead
        return await self._move(
            actor,
            command,
            command.event,
            at_ms=command.at_ms,
            whose=whose,
            downtime=command.downtime,
        )

    async def all_well(self, actor: Actor, command: commands.AllWell) -> Receipt:
        """The crew on scene is well; a dispatcher may take that down by telephone, by name."""
        if command.by_phone and (role_of(actor) not in DESK or not command.by.strip()):
            raise Invalid("a word by telephone is taken down at the desk, with who gave it")
        by = {"by": command.by, "by_phone": True} if command.by_phone else {}
        return await self._move(
            actor, command, Event.ALL_WELL, detail=by, at_ms=command.at_ms, whose=check_lead
        )

    async def take_check_in(self, actor: Actor, command: commands.TakeCheckIn) -> Receipt:
        """Somebody at the desk sees to an overdue check-in: the alarm is theirs now, by name."""
        check_role(actor, DESK)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if Clock.CHECK_IN not in before.overdue:
                raise WrongState(before.state.value, "have its check-in taken on")
            after = replace(_next(before, tx.now_ms), check_in_taken_by=actor.name)
            return Change(after, "check_in_taken")

        return await self._change(actor, command, "take_check_in", how)

    async def resolve(self, actor: Actor, command: commands.Resolve) -> Receipt:
        """End the request with an outcome that is not a place."""
        if command.event not in RESOLUTIONS:
            raise Invalid(f"{command.event.value} is not an outcome")
        detail = {"safety_plan": command.safety_plan}
        return await self._move(
            actor,
            command,
            command.event,
            command.reason,
            detail,
            command.at_ms,
            check_lead,
            downtime=command.downtime,
        )

    async def cancel(self, actor: Actor, command: commands.Cancel) -> Receipt:
        """Withdraw the request, with a reason."""
        _needs_reason(command.reason, "a cancellation")
        return await self._move(actor, command, Event.CANCEL, command.reason)

    async def settle(self, actor: Actor, command: commands.Settle) -> Receipt:
        """Settle the follow-up of an ended request: nobody owes the person a call any more."""
        check_role(actor, DESK | {Role.SYSTEM})
        if command.how in NOTHING_FOLLOWS:
            _needs_reason(command.reason or "", "a person who is not followed up")

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if not before.follow_up_owed:
                raise WrongState("settled" if before.settled else before.state.value, "be settled")
            after = replace(
                _next(before, tx.now_ms),
                settled=command.how,
                overdue=before.overdue & {Clock.RESCUE},
            )
            detail = {"how": command.how.value}
            reason = command.reason or command.how.value
            return Change(after, "settled", reason=reason, detail=detail)

        return await self._change(actor, command, "settle", how)

    async def reopen(self, actor: Actor, command: commands.Reopen) -> Receipt:
        """The referral that settled the follow-up fell through: its clock runs again."""
        check_role(actor, frozenset({Role.SYSTEM}))

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if before.settled is not Settled.REFERRED:
                raise WrongState(before.state.value, "be followed up again")
            due_ms = tx.now_ms + self._policy.clocks.follow_up_s * 1000
            after = replace(_next(before, tx.now_ms), settled=None, follow_up_due_ms=due_ms)
            return Change(after, "reopened", resumes=True)

        return await self._change(actor, command, "reopen", how)

    async def share_with_law_enforcement(
        self, actor: Actor, command: commands.ShareWithLawEnforcement
    ) -> Receipt:
        """Let law enforcement see place and safety of this request: an explicit, logged act."""
        check_role(actor, DESK)
        _needs_reason(command.reason, "a disclosure")

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if before.state not in OPEN:
                raise WrongState(before.state.value, "be shared")
            after = replace(_next(before, tx.now_ms), shared_le=True)
            return Change(after, "shared_with_law_enforcement", reason=command.reason)

        return await self._change(actor, command, "share", how)

    async def call_rescue(self, actor: Actor, command: commands.CallRescue) -> Receipt:
        """EMS / 911 was called beside the team: contact must be confirmed in time."""
        check_role(actor, CREW)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            check_scope(actor, before)
            if before.state not in OPEN or before.rescue is Rescue.OPEN:
                raise WrongState(before.state.value, "call rescue")
            owner = before.owner or actor.id
            after = rescue_called(_next(before, tx.now_ms), owner, tx.now_ms, self._policy.clocks)
            return Change(after, "rescue_called", detail={"owner": owner})

        return await self._change(actor, command, "rescue", how)

    async def rescue_confirmed(self, actor: Actor, command: commands.ConfirmRescue) -> Receipt:
        """The rescuers' contact with the person is confirmed, by name: the loop closes."""
        check_role(actor, DESK)

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            if before.rescue is not Rescue.OPEN:
                raise WrongState(before.state.value, "confirm a rescue")
            after = replace(
                _next(before, tx.now_ms),
                rescue=Rescue.CONFIRMED,
                rescue_due_ms=None,
                overdue=before.overdue - {"rescue"},
            )
            return Change(after, "rescue_confirmed", detail={"by": command.by})

        return await self._change(actor, command, "rescue_confirmed", how)

    # how

    async def _change(
        self, actor: Actor, command: commands.OfRequest, purpose: str, how: Any
    ) -> Receipt:
        return await self._promises.change(actor, command, purpose, how)

    async def _move(
        self,
        actor: Actor,
        command: commands.OfRequest,
        event: Event,
        reason: str | None = None,
        detail: Mapping[str, Any] = {},
        at_ms: int | None = None,
        whose: Callable[[Actor, CrisisRequest], None] = check_scope,
        *,
        downtime: bool = False,
    ) -> Receipt:
        """One event of the table and nothing else."""

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            whose(actor, before)
            then_ms = happened_ms(before, at_ms, tx.now_ms, downtime=downtime)
            moved = self._advance(before, event, actor, tx, then_ms)
            told = {**detail, **told_late(at_ms, then_ms, downtime=downtime)}
            return Change(moved.request, event.value, moved.effects, reason, told)

        return await self._change(actor, command, event.value, how)

    def _advance(
        self,
        request: CrisisRequest,
        event: Event,
        actor: Actor,
        tx: Transaction,
        at_ms: int | None = None,
    ) -> Advance:
        return advance(request, event, role_of(actor), tx.now_ms, self._policy.clocks, at_ms)


def _next(request: CrisisRequest, now_ms: int) -> CrisisRequest:
    return replace(request, version=request.version + 1, changed_ms=now_ms)


def _owned(request: CrisisRequest, owner: str | None, now_ms: int) -> CrisisRequest:
    """With a new owner, who answers for an open rescue too and silences the alarm for nobody."""
    if not request.owed:
        raise WrongState(request.state.value, "be owned")
    return replace(
        _next(request, now_ms),
        owner=owner,
        silence=None,
        rescue_owner=owner if request.rescue is Rescue.OPEN else request.rescue_owner,
        overdue=request.overdue - {"owner"},
    )


def _needs_reason(reason: str, what: str) -> None:
    if not reason.strip():
        raise NotAllowed("reason", f"{what} needs a reason")
