"""What facilities and crews answer: by name, with a coded reason where they decline.

A decline frees what it concerns, excludes the one who declined for this person, and is a line of
the unmet-need log: why, who decided, and whether the ground is one that oversight must see.
"""

from dataclasses import dataclass, replace
from typing import Any

from uuid6 import uuid7

from dispatch import store
from dispatch.advance import advance
from dispatch.claiming import Claiming
from dispatch.commands import AnswerForCrew, AnswerForFacility, AskPlace, Receipt
from dispatch.errors import DispatchError, Invalid, NotAllowed, NotYours
from dispatch.knowing import happened_ms, told_late
from dispatch.policy import Policy
from dispatch.promise import Change, Promises
from dispatch.request import CrisisRequest, Unmet
from dispatch.scope import check_lead, check_scope, role_of
from dispatch.transitions import DESK
from dispatch.words import Event
from record import Actor
from record.actor import system
from record.journal import Transaction
from registry.vocabulary import UnknownWord, Vocabulary

BY_RULE = system("dispatch")


@dataclass(frozen=True, slots=True)
class Answers:
    """Takes the answers of facilities and crews."""

    promises: Promises
    claiming: Claiming
    policy: Policy
    vocabulary: Vocabulary

    async def of_facility(self, actor: Actor, command: AnswerForFacility) -> Receipt:
        """The facility accepts or declines the incoming person; then the backup is asked."""
        self._check(actor, command, "facility_decline")

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            check_scope(actor, before)
            if before.held.pool is None:
                raise NotAllowed("place_is_claimed", "no facility is asked for this request now")
            if command.accepted:
                return self._facility_accepts(tx, before, command)
            return await self._facility_declines(tx, before, command)

        receipt = await self.promises.change(actor, command, "facility_answer", how)
        if not command.accepted:
            await self._ask_backup(command)
        return receipt

    async def of_crew(self, actor: Actor, command: AnswerForCrew) -> Receipt:
        """The crew acknowledges or declines; a decline frees everything."""
        self._check(actor, command, "crew_decline")

        async def how(tx: Transaction, before: CrisisRequest) -> Change:
            check_lead(actor, before)
            if command.accepted:
                return self._crew_acknowledges(tx, before, command)
            return await self._crew_declines(tx, before, command)

        return await self.promises.change(actor, command, "crew_answer", how)

    def _check(self, actor: Actor, command: AnswerForFacility | AnswerForCrew, codes: str) -> None:
        if not command.by.strip():
            raise Invalid("an answer needs the name of who gave it")
        if command.by_phone and role_of(actor) not in DESK:
            raise NotYours("only the desk takes down answers given by telephone")
        if command.accepted:
            return
        try:
            self.vocabulary.check_code(codes, command.reason or "")
        except UnknownWord as error:
            raise Invalid(str(error)) from error

    def _facility_accepts(
        self, tx: Transaction, before: CrisisRequest, command: AnswerForFacility
    ) -> Change:
        change = self._moved(tx, before, Event.FACILITY_ACCEPT, "facility_accepted", command)
        return replace(change, after=replace(change.after, facility_by=command.by))

    async def _facility_declines(
        self, tx: Transaction, before: CrisisRequest, command: AnswerForFacility
    ) -> Change:
        crew_goes_on = before.held.team is not None or before.reached_ms is not None
        event = Event.FACILITY_DECLINE if crew_goes_on else Event.FACILITY_DECLINE_WITHOUT_CREW
        change = self._moved(tx, before, event, "facility_declined", command)
        await self._log(tx, before, "pool", before.held.pool, command)
        excluded = before.excluded_facilities | ({before.facility} if before.facility else set())
        after = replace(change.after, facility_by=command.by, excluded_facilities=excluded)
        return replace(change, after=after)

    def _crew_acknowledges(
        self, tx: Transaction, before: CrisisRequest, command: AnswerForCrew
    ) -> Change:
        return self._moved(tx, before, Event.CREW_ACKNOWLEDGE, "crew_acknowledged", command)

    async def _crew_declines(
        self, tx: Transaction, before: CrisisRequest, command: AnswerForCrew
    ) -> Change:
        change = self._moved(tx, before, Event.CREW_DECLINE, "crew_declined", command)
        team = before.held.team
        kind, unit = ("team", team) if team else ("van", before.held.van)
        await self._log(tx, before, kind, unit, command)
        excluded = before.excluded_teams | ({team} if team else set())
        return replace(change, after=replace(change.after, excluded_teams=excluded))

    def _moved(
        self,
        tx: Transaction,
        before: CrisisRequest,
        event: Event,
        verb: str,
        command: AnswerForFacility | AnswerForCrew,
    ) -> Change:
        at_ms = happened_ms(before, command.at_ms, tx.now_ms, downtime=command.downtime)
        moved = advance(before, event, role_of(tx.actor), tx.now_ms, self.policy.clocks, at_ms)
        detail: dict[str, Any] = {"by": command.by, "by_phone": command.by_phone}
        detail |= told_late(command.at_ms, at_ms, downtime=command.downtime)
        return Change(moved.request, verb, moved.effects, command.reason, detail)

    async def _ask_backup(self, declined: AnswerForFacility) -> None:
        async with self.promises.journal.engine.connect() as connection:
            request = await store.load(connection, declined.request)
        if not request.needs_place_now or request.plan.backup is None:
            return
        ask = AskPlace(f"{declined.command_id}/backup", request.id, pool=request.plan.backup)
        try:
            await self.claiming.ask_place(BY_RULE, ask)
        except DispatchError:
            # Somebody was quicker, at the backup or at the request: it stays open, and planned.
            return

    async def _log(
        self,
        tx: Transaction,
        request: CrisisRequest,
        kind: str,
        resource: str | None,
        command: AnswerForFacility | AnswerForCrew,
    ) -> None:
        reason = command.reason or ""
        overseen = reason in self.vocabulary.codes.get("facility_decline_oversight", ())
        await store.add_unmet(
            tx.connection,
            Unmet(
                id=str(uuid7()),
                request=request.id,
                at_ms=tx.now_ms,
                kind=kind,
                resource=resource,
                reason=reason,
                decided_by=command.by,
                recorded_by=tx.actor.id,
                protected=kind == "pool" and overseen,
            ),
        )
