"""Accept, override and ask for a place: hold (registry) → promise (SQL) → apply (registry).

The hold is all or nothing and tells at once which resource is gone. The promise is guarded by the
database's constraints, the last arbiter: a lost acknowledgement or an expired hold puts nobody into
a place that was promised to somebody else. A crash in between leaves an expiring hold or a pending
outbox row; the keeper mends both.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from uuid6 import uuid7

from directory import Directory
from dispatch import booking, commands, store
from dispatch.advance import Advance, advance
from dispatch.commands import Receipt
from dispatch.errors import Conflict, DispatchError, NotAllowed, Refused, WrongState
from dispatch.knowing import happened_ms, told_late
from dispatch.policy import Policy
from dispatch.promise import Change, Promises
from dispatch.request import Bundle, CrisisRequest, Unmet
from dispatch.scope import check_scope, role_of
from dispatch.store import Choice
from dispatch.words import Event, Need, Role, Tier
from record import Actor
from record.errors import RecordError
from record.journal import Transaction
from registry import port
from registry.errors import Unavailable
from registry.port import Registry, Snapshot


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to claim, and what they saw when they wanted it.

    `prepare` writes the wish into the request as it is by then; it raises what forbids that.
    """

    command: commands.Accept | commands.Override | commands.AskPlace
    verb: str
    event: Event
    before: CrisisRequest
    prepare: Callable[[CrisisRequest], CrisisRequest]
    snapshot: Snapshot
    seen: Mapping[booking.Key, int]
    reason: str | None = None
    diverted: frozenset[booking.Key] = frozenset()
    warnings: tuple[str, ...] = ()

    @property
    def purpose(self) -> str:
        """What the command id stands for."""
        return f"{self.verb}:{self.before.id}"


@dataclass(frozen=True, slots=True)
class Claiming:
    """Claims resources for requests. `timezone` is the region's IANA zone."""

    promises: Promises
    registry: Registry
    directory: Directory
    policy: Policy
    timezone: str

    async def accept(
        self, actor: Actor, command: commands.Accept | commands.Override, *, divert: bool
    ) -> Receipt:
        """Claim all that is certainly needed of the bundle, or nothing."""
        override = isinstance(command, commands.Override)
        verb = "overridden" if override else "accepted"
        if answered := await self._answered(actor, command, f"{verb}:{command.request}"):
            return answered
        before = await self._load(command.request)
        snapshot = await self.registry.snapshot()

        def prepare(request: CrisisRequest) -> CrisisRequest:
            planned = booking.accepting(request, command.bundle, snapshot, override=override)
            return replace(planned, eta_ms=command.eta_ms, arrive_ms=command.arrive_ms)

        wish = Wish(
            command,
            verb,
            Event.ACCEPT,
            before,
            prepare,
            snapshot,
            command.seen,
            command.reason,
            booking.committed(command.bundle, before.id, snapshot) if divert else frozenset(),
            await self._warnings(actor, before, command),
        )
        return await self._claim(actor, wish)

    async def ask_place(self, actor: Actor, command: commands.AskPlace) -> Receipt:
        """The place (and van) is needed now: claim it and ask the facility."""
        purpose = f"place_asked:{command.request}"
        if answered := await self._answered(actor, command, purpose):
            return answered
        before = await self._load(command.request)
        check_scope(actor, before)
        snapshot = await self.registry.snapshot()
        wanted = Bundle(
            pool=command.pool, slot=command.slot, van=command.van, backup=command.backup
        )
        if wanted.place is None and before.plan.place is None:
            return await self._want_place(actor, command, purpose)

        def prepare(request: CrisisRequest) -> CrisisRequest:
            check_scope(actor, request)
            planned = booking.asking(request, wanted, snapshot)
            return replace(planned, arrive_ms=command.arrive_ms or request.arrive_ms)

        wish = Wish(
            command,
            "place_asked",
            Event.ASK_PLACE,
            before,
            prepare,
            snapshot,
            command.seen,
        )
        return await self._claim(actor, wish)

    async def _want_place(self, actor: Actor, command: commands.AskPlace, purpose: str) -> Receipt:
        """Nothing is planned that could be asked: the need is certain now, and has a clock."""

        async def work(tx: Transaction) -> Receipt:
            current = await store.load(tx.connection, command.request, lock=True)
            check_scope(actor, current)
            van = Need.NEEDED if current.needs.van is Need.POSSIBLE else current.needs.van
            needs = replace(current.needs, place=Need.NEEDED, van=van)
            moved = advance(
                replace(current, needs=needs),
                Event.TRIAGE,
                role_of(actor),
                tx.now_ms,
                self.policy.clocks,
            )
            change = Change(moved.request, "place_wanted", moved.effects)
            return await self.promises.keep(tx, current, change)

        return await self.promises.once(actor, command, purpose, Receipt, work)

    async def _claim(self, actor: Actor, wish: Wish) -> Receipt:
        now_ms = self.promises.journal.clock()
        preview = self._advance(wish, actor, now_ms)
        held = await self._hold(actor, wish, preview)
        recommended = await self._recommended(wish.before.id)

        async def work(tx: Transaction) -> Receipt:
            current, others = await _locked(tx, wish)
            rows = await self._divert(tx, actor, wish, others)
            moved = self._advance(replace(wish, before=current), actor, tx.now_ms)
            # A note, a clock or a new recommendation may have come while the resources were held.
            if (current.tier, _claims(moved)) != (wish.before.tier, _claims(preview)):
                raise Conflict("the request was changed meanwhile: look again")
            change = Change(
                moved.request, wish.verb, moved.effects, wish.reason, _codes(wish), wish.warnings
            )
            room = booking.room(moved.request.held, wish.snapshot)
            receipt = await self.promises.keep(tx, current, change, room)
            choice = _choice(tx, wish, moved.request.plan, recommended)
            await store.add_choice(tx.connection, str(uuid7()), current.id, choice)
            return replace(receipt, rows=(*rows, *receipt.rows))

        try:
            return await self.promises.once(actor, wish.command, wish.purpose, Receipt, work)
        except (DispatchError, RecordError) as error:
            if held:
                # A registry that is away ends the hold by itself, in seconds.
                with suppress(Unavailable):
                    await self.registry.release(held, f"{wish.command.command_id}/release")
            raise _named(error, preview.request.plan) from error

    async def _hold(self, actor: Actor, wish: Wish, preview: Advance) -> str | None:
        command = booking.hold_command(
            wish.before.id,
            preview.effects,
            wish.seen,
            wish.diverted,
            command_id=wish.command.command_id,
            by=actor.id,
        )
        if command is None:
            return None
        outcome = await self.registry.hold(command)
        if isinstance(outcome, port.Refused):
            raise Refused(outcome.kind, outcome.id, outcome.reason)
        return command.hold_id

    async def _divert(
        self, tx: Transaction, actor: Actor, wish: Wish, others: Iterable[CrisisRequest]
    ) -> tuple[str, ...]:
        """Take the diverted units from their requests: a person decided so, and it is logged."""
        rows: tuple[str, ...] = ()
        for other in others:
            kind, unit = min(wish.diverted & _units(other))
            try:
                moved = advance(other, Event.DIVERT, role_of(actor), tx.now_ms, self.policy.clocks)
            except WrongState as error:
                raise Refused(kind, unit, "with_a_person") from error
            detail = {"to": wish.before.id, "unit": unit}
            change = Change(moved.request, "diverted", moved.effects, wish.reason, detail)
            receipt = await self.promises.keep(tx, other, change)
            rows = (*rows, *receipt.rows)
            await store.add_unmet(
                tx.connection,
                Unmet(
                    id=str(uuid7()),
                    request=other.id,
                    at_ms=tx.now_ms,
                    kind=kind,
                    resource=unit,
                    reason="diverted",
                    decided_by=actor.name,
                    recorded_by=actor.id,
                    protected=False,
                ),
            )
        return rows

    def _advance(self, wish: Wish, actor: Actor, now_ms: int) -> Advance:
        at_ms, downtime = _told(wish)
        then_ms = happened_ms(wish.before, at_ms, now_ms, downtime=downtime)
        return advance(
            wish.prepare(wish.before),
            wish.event,
            role_of(actor),
            now_ms,
            self.policy.clocks,
            then_ms,
        )

    async def _warnings(
        self, actor: Actor, request: CrisisRequest, command: commands.Accept | commands.Override
    ) -> tuple[str, ...]:
        """A lapsed credential warns and needs a supervisor's reason; an imminent person is served.

        Raises NotAllowed.
        """
        if command.bundle.team is None:
            return ()
        now = datetime.fromtimestamp(self.promises.journal.clock() / 1000, UTC)
        today = now.astimezone(ZoneInfo(self.timezone)).date()
        crew = await self.directory.crew(command.bundle.team)
        if not any(member.lapsed(today) for member in crew):
            return ()
        signed = role_of(actor) is Role.SUPERVISOR and (command.reason or "").strip()
        if request.tier is not Tier.IMMINENT and not signed:
            raise NotAllowed(
                "credential_lapsed", "a credential of this crew has lapsed: a supervisor's reason"
            )
        return ("credential_lapsed",)

    async def _answered(
        self, actor: Actor, command: commands.Command, purpose: str
    ) -> Receipt | None:
        """The receipt of a command that is kept already: nothing is held for it again."""
        async with self.promises.journal.engine.connect() as connection:
            if not await store.answered(connection, command.command_id):
                return None

        async def work(_: Transaction) -> Receipt:
            raise Conflict("the answer to this command has just been forgotten")

        return await self.promises.once(actor, command, purpose, Receipt, work)

    async def _load(self, request: str) -> CrisisRequest:
        async with self.promises.journal.engine.connect() as connection:
            return await store.load(connection, request)

    async def _recommended(self, request: str) -> tuple[int | None, dict[str, Any] | None]:
        """The plan's version and what it recommends for this request now."""
        plan = await self.registry.plan()
        if plan is None:
            return None, None
        read = msgspec.json.decode(plan)
        return read.get("version"), read.get("recommendations", {}).get(request)


async def _locked(tx: Transaction, wish: Wish) -> tuple[CrisisRequest, list[CrisisRequest]]:
    """The request as it is by now, and those that a unit is taken from."""
    holders = [await store.holder(tx.connection, kind, unit) for kind, unit in wish.diverted]
    locked = await store.load_all(tx.connection, {wish.before.id, *filter(None, holders)})
    current = locked.pop(wish.before.id)
    return current, [other for other in locked.values() if wish.diverted & _units(other)]


def _units(request: CrisisRequest) -> set[booking.Key]:
    pairs = ("team", request.held.team), ("van", request.held.van)
    return {(kind, unit) for kind, unit in pairs if unit is not None}


def _claims(moved: Advance) -> set[booking.Key]:
    return {(one.kind, one.id) for one in moved.effects if isinstance(one, port.Claim)}


def _choice(
    tx: Transaction,
    wish: Wish,
    plan: Bundle,
    recommended: tuple[int | None, dict[str, Any] | None],
) -> Choice:
    version, bundle = recommended
    chosen = msgspec.to_builtins(plan)
    return Choice(tx.now_ms, tx.actor.id, version, bundle, chosen, wish.reason)


def _told(wish: Wish) -> tuple[int | None, bool]:
    """When it was accepted, where that was written by hand; a place is asked for now."""
    command = wish.command
    return (
        (None, False)
        if isinstance(command, commands.AskPlace)
        else (command.at_ms, command.downtime)
    )


def _codes(wish: Wish) -> dict[str, Any]:
    at_ms, downtime = _told(wish)
    codes: dict[str, Any] = told_late(at_ms, at_ms or 0, downtime=downtime) | {
        "diverted": sorted(unit for _, unit in wish.diverted),
        "warnings": list(wish.warnings),
    }
    return {name: value for name, value in codes.items() if value}


def _named(error: Exception, plan: Bundle) -> Exception:
    """A refusal of the database names the constraint only: here is which unit it was."""
    if isinstance(error, Refused) and not error.resource:
        unit = plan.team if error.kind == "team" else plan.claimed_van
        return Refused(error.kind, str(unit), error.reason)
    return error
