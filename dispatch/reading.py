"""What is known of requests: read by those who may, with every reading in the audit."""

from dataclasses import dataclass
from typing import Any

from dispatch import store
from dispatch.card import face
from dispatch.planning.history import BODY, CARD, SHORTEST_S, step_of, visits_of
from dispatch.planning.release import Visit
from dispatch.policy import Policy
from dispatch.promise import Promises
from dispatch.request import CrisisRequest, Note, Person, Unmet
from dispatch.scope import check_role, check_scope
from dispatch.store import Choice, Duplicate
from dispatch.transitions import DESK
from dispatch.words import FOLLOWED_UP, Settled, State
from record import Actor, audit
from record.actor import system
from record.versions import versions

KEEPER = system("keeper")
READ = "request.read"


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of a timeline: when, by which member of staff, what, and why where that is due.

    `told_ms` is when it came into the record: later than `at_ms` after a dead spot or an outage.
    """

    at_ms: int
    by: str
    action: str
    reason: str | None
    told_ms: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known about a request, for those who may read it."""

    request: CrisisRequest
    card: dict[str, Any]
    person: Person
    notes: list[Note]
    unmet: list[Unmet]
    choices: list[Choice]
    timeline: list[Deed]


@dataclass(frozen=True, slots=True)
class Packet:
    """What is handed to whoever goes there; what of it they see is decided at the door."""

    request: CrisisRequest
    person: Person
    notes: list[Note]


@dataclass(frozen=True, slots=True)
class Ended:
    """A request that came to an end with the person: what follow-up needs to know of it."""

    id: str
    state: State
    opened_ms: int
    ended_ms: int
    contact_known: bool


class Reading:
    """Reads the requests of one region; `promises` opens the transactions that audit it."""

    def __init__(self, promises: Promises, policy: Policy) -> None:
        self._promises = promises
        self._policy = policy
        self._engine = promises.journal.engine

    async def open_requests(self) -> list[CrisisRequest]:
        """Requests that have not ended, without identity; the oldest first."""
        async with self._engine.connect() as connection:
            return await store.open_requests(connection)

    async def visits(self, most: int = 10_000, shortest_s: float = SHORTEST_S) -> list[Visit]:
        """How long the latest visits took, from at most so many versions of requests."""
        async with self._engine.connect() as connection:
            kept = await versions(connection, "request", most, body=BODY, card=CARD)
        return list(visits_of(map(step_of, kept), shortest_s))

    async def to_follow_up(self) -> list[str]:
        """The ids of ended requests whose follow-up is not settled, the oldest first."""
        async with self._engine.connect() as connection:
            return await store.to_follow_up(connection)

    async def settled_as_referred(self, requests: list[str]) -> list[str]:
        """Which of these count as followed up because a referral was booked."""
        async with self._engine.connect() as connection:
            return await store.settled(connection, requests, Settled.REFERRED)

    async def request(self, actor: Actor, request: str) -> Dossier:
        """Everything about a request; the reading is in the audit before this answers."""
        timeline = await self._timeline(request)
        async with self._promises.transaction(actor) as tx:
            found = await store.load(tx.connection, request)
            await tx.audit(READ, "request", request)
            return Dossier(
                found,
                face(found),
                await store.person_of(tx.connection, request),
                await store.notes_of(tx.connection, request),
                await store.unmet_needs(tx.connection, request=request),
                await store.choices_of(tx.connection, request),
                timeline,
            )

    async def packet(self, actor: Actor, request: str) -> Packet:
        """What the crew or driver that has this request must know; the reading is in the audit."""
        async with self._promises.transaction(actor) as tx:
            found = await store.load(tx.connection, request)
            check_scope(actor, found)
            await tx.audit(READ, "request", request, detail={"view": "packet"})
            return Packet(
                found,
                await store.person_of(tx.connection, request),
                await store.notes_of(tx.connection, request),
            )

    async def ended(self, request: str) -> Ended | None:
        """The request if it was handed over or resolved, else None; no identity."""
        async with self._promises.transaction(KEEPER) as tx:
            found = await store.load(tx.connection, request)
            if found.ended_ms is None or found.state not in FOLLOWED_UP:
                return None
            known = await store.contact_known(tx.connection, request)
        return Ended(found.id, found.state, found.opened_ms, found.ended_ms, known)

    async def duplicates(self, actor: Actor, request: str) -> list[Duplicate]:
        """Open requests that may be about the same person, for a person to judge."""
        check_role(actor, DESK)
        within_m, since_s = self._policy.duplicate_within_m, self._policy.duplicate_since_s
        async with self._promises.transaction(actor) as tx:
            this = await store.load(tx.connection, request)
            return await store.duplicates(tx.connection, this, within_m, since_s)

    async def unmet_needs(self, actor: Actor, since_ms: int = 0) -> list[Unmet]:
        """What could not be had, why, and who decided; the newest first."""
        check_role(actor, DESK)
        async with self._engine.connect() as connection:
            return await store.unmet_needs(connection, since_ms=since_ms)

    async def _timeline(self, request: str) -> list[Deed]:
        """What was done, the newest last; who read of it is in the audit alone."""
        lines = await audit.of_subject(self._engine, "request", request)
        return [
            Deed(
                line.detail.get("happened_ms", line.at_ms),
                line.actor_name,
                line.action.removeprefix("request."),
                line.reason,
                line.at_ms,
            )
            for line in lines
            if line.action != READ
        ]
