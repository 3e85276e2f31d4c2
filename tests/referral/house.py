"""A referral room on real servers, with dispatch's ended requests beside it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from dispatch.commands import Receipt, Reopen, Settle
from dispatch.errors import WrongState as SettledBefore
from dispatch.reading import Ended
from dispatch.words import State
from record import Actor
from referral.policy import load_policy
from referral.reading import Person
from referral.referral import Refer, Referral
from registry.port import Registry
from registry.states import Slot

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
