"""A dispatch room on real servers, with a small region to dispatch in."""

import time
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from uuid6 import uuid7

from directory import Credential, CrewMember, Directory
from dispatch import commands
from dispatch.commands import Receipt
from dispatch.dispatch import Dispatch
from dispatch.policy import load_policy
from dispatch.request import Bundle, CrisisRequest, Needs, Person
from dispatch.words import Event, Need, Urgency
from record import Actor
from record.actor import system
from record.journal import Journal
from registry.port import Counts, Registry
from registry.states import Pool, Slot, Team, Van
from registry.vocabulary import load_vocabulary
from tests.dispatch.conftest import all_no

POLICY = load_policy(Path(__file__).parents[2] / "policy" / "dispatch.toml")
VOCABULARY = load_vocabulary()
DANA = Actor("a-dana", "dispatcher", None, "Dana")
ERIN = Actor("a-erin", "dispatcher", None, "Erin")
SUPERVISOR = Actor("a-sue", "supervisor", None, "Sue")
FACILITY = Actor("a-fac", "facility", "f-1", "Front desk")
OTHER_FACILITY = Actor("a-fac2", "facility", "f-2", "Other desk")
CREW = Actor("a-crew", "field", "t-1", "Crew one")
OTHER_CREW = Actor("a-crew2", "field", "t-2", "Crew two")
PLANNER = system("planner")

CERTAIN = Needs(words=frozenset({"adult"}), place=Need.NEEDED, van=Need.NEEDED)
POSSIBLE = Needs(words=frozenset({"adult"}))
ALL = Bundle(team="t-1", van="v-1", pool="p-1")
ADA = Person(
    name="Ada Example",
    callback="(801) 555-0100",
    address="12 Hidden Lane",
    weapons="none known",
    third_party=True,
)
SHIFT_MS = 12 * 3_600_000


def an_id() -> str:
    return str(uuid7())


@dataclass
class Time:
    """A clock that the test moves on from the real time."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def pass_s(self, seconds: int) -> None:
        self.ahead_ms += seconds * 1000


@dataclass
class House:
    """The room under test with the parts around it."""

    engine: AsyncEngine
    registry: Registry
    time: Time = field(default_factory=Time)

    def __post_init__(self) -> None:
        self.journal = Journal(self.engine, self.time)
        self.directory = Directory(self.journal)
        self.dispatch = Dispatch(
            self.journal, self.registry, self.directory, POLICY, VOCABULARY, "America/Denver"
        )

    async def settle(self, *, teams: int = 2, vans: int = 1, beds: int = 1) -> "House":
        """Teams t-1…, vans v-1…, pools p-1 (f-1) and p-2 (f-2), a slot s-1."""
        now = self.time()
        shift = {"shift_start_ms": now - 60_000, "shift_end_ms": now + SHIFT_MS}
        at = {"base_lon": -111.97, "base_lat": 41.22, "zone": "weber"}
        for n in range(1, teams + 1):
            await self.registry.put(
                Team(id=f"t-{n}", name=f"Team {n}", seats=3, **shift, **at), an_id()
            )
        for n in range(1, vans + 1):
            await self.registry.put(
                Van(id=f"v-{n}", name=f"Van {n}", seats=4, **shift, **at), an_id()
            )
        for n in (1, 2):
            pool = Pool(
                id=f"p-{n}",
                facility=f"f-{n}",
                zone="weber",
                name=f"Unit {n}",
                type="receiving",
                takes=("adult",),
                lon=-111.95,
                lat=41.2,
                capacity=beds,
            )
            await self.registry.put(pool, an_id())
            await self.registry.report_counts(f"p-{n}", Counts(0, 0), now, an_id())
        slot = Slot(
            id="s-1",
            provider="clinic",
            zone="weber",
            name="Intake",
            mode="in_person",
            takes=("adult",),
            lon=-111.9,
            lat=41.2,
            starts_ms=now + 3_600_000,
            duration_s=3600,
        )
        await self.registry.put(slot, an_id())
        return self

    async def crew(self, team: str, expires_on: date) -> None:
        member = CrewMember(
            f"m-{team}", "Pat Example", team, (Credential("therapist", expires_on),)
        )
        await self.directory.put_member(member, DANA)

    async def opened(self, needs: Needs = POSSIBLE, **changes: Any) -> str:
        """Open a request of nobody in particular; its id."""
        request = an_id()
        given: dict[str, Any] = {
            "zone": "weber",
            "place": "Ogden",
            "lon": -111.97,
            "lat": 41.22,
            "needs": needs,
            "risk": all_no(),
            "urgency": Urgency.URGENT,
            "owner": DANA.id,
        }
        await self.dispatch.open(DANA, commands.OpenRequest(an_id(), request, **(given | changes)))
        return request

    async def accepted(
        self, needs: Needs = CERTAIN, bundle: Bundle | None = None, **changes: Any
    ) -> str:
        """Open a request and accept team t-1, van v-1 and a bed of p-1 for it; its id."""
        request = await self.opened(needs, **changes)
        bundle = bundle or ALL
        await self.dispatch.accept(DANA, commands.Accept(an_id(), request, bundle))
        return request

    async def step(self, request: str, *events: Event, actor: Actor = CREW) -> Receipt:
        for event in events:
            receipt = await self.dispatch.step(actor, commands.Step(an_id(), request, event))
        return receipt

    async def facility(self, request: str, *, accepted: bool, **changes: Any) -> Receipt:
        given: dict[str, Any] = {"by": "Nurse Kim", "reason": None if accepted else "staffing"}
        actor = changes.pop("actor", FACILITY)
        command = commands.AnswerForFacility(
            an_id(), request, accepted=accepted, **(given | changes)
        )
        return await self.dispatch.facility_answer(actor, command)

    async def crew_says(self, request: str, *, accepted: bool, **changes: Any) -> Receipt:
        given: dict[str, Any] = {"by": "Pat", "reason": None if accepted else "crew_incomplete"}
        actor = changes.pop("actor", CREW)
        command = commands.AnswerForCrew(an_id(), request, accepted=accepted, **(given | changes))
        return await self.dispatch.crew_answer(actor, command)

    async def request(self, request: str) -> CrisisRequest:
        return (await self.dispatch.request(DANA, request)).request

    async def pool(self, pool: str = "p-1") -> Pool:
        return (await self.registry.snapshot()).pools[pool]

    async def team(self, team: str = "t-1") -> Team:
        return (await self.registry.snapshot()).teams[team]

    async def van(self, van: str = "v-1") -> Van:
        return (await self.registry.snapshot()).vans[van]

    async def card(self, request: str) -> dict[str, Any] | None:
        return (await self.registry.snapshot()).cards.get("request", {}).get(request)

    async def rows(self, query: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return list(await connection.execute(text(query)))
