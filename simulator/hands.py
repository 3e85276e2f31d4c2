"""Deeds carried out through the public doors, each by whoever may: crew, facility, dispatcher.

A deed keeps its command id however often it is sent, so that a lost answer does nothing twice.
What a person at a console has taken is theirs: the simulation's dispatcher leaves it alone.
"""

import asyncio
import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import shapely
import structlog
from uuid6 import uuid7

from dispatch.request import SELF
from geo.points import Point
from simulator import deeds
from simulator.board import Board, Object
from simulator.disturbances import BadRoads
from simulator.door import Door
from simulator.pace import Pace
from simulator.people import opening
from simulator.streams import Streams
from simulator.timetable import Visit
from simulator.world import NoSuchUnit

log = structlog.get_logger()

AWAY_S = 2.0
GIVE_UP_AFTER = 60
REACHED = 0.5
NURSE = "Demo Charge Nurse"
CREW = "Demo Crew"


def now_ms() -> int:
    """Real time, ms UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Cast:
    """The doors of everybody whom the simulation plays, by what they stand for."""

    dispatcher: Door
    units: Mapping[tuple[str, str], Door]
    facilities: Mapping[str, Door]
    providers: Mapping[str, Door]
    roster: Door | None = None


@dataclass(slots=True)
class Hands:
    """Carries deeds out. `me` is the account of the simulation's dispatcher."""

    cast: Cast
    board: Board
    pace: Pace
    streams: Streams
    most_waiting: int
    me: str = ""
    ready: set[str] = field(default_factory=set)
    referred: set[str] = field(default_factory=set)
    left_out: int = 0

    def is_ours(self, card: Object) -> bool:
        """Whether the simulation's dispatcher may act: nobody else owns the request."""
        return card["owner"] in (None, self.me)

    async def carry_out(self, deed: deeds.Deed) -> None:
        """Raises Refused, and httpx.HTTPError where the api stays away."""
        command = str(uuid7())
        for left in reversed(range(GIVE_UP_AFTER)):
            try:
                await self._do(deed, command)
            except httpx.HTTPError:
                if not left:
                    raise
                await asyncio.sleep(AWAY_S)
            else:
                return

    async def _do(self, deed: deeds.Deed, command: str) -> None:
        match deed:
            case deeds.Tell():
                await self._tell(deed, command)
            case deeds.Decide(request) | deeds.SeekPlace(request):
                self.ready.add(request)
            case deeds.RoadsTurnBad(roads) | deeds.RoadsRecover(roads):
                await self._close(roads, command, ends=isinstance(deed, deeds.RoadsRecover))
            case deeds.UnitSays(kind, unit, status):
                door = self.cast.units.get((kind, unit))
                if door is not None:
                    path = f"/v1/{kind}s/{unit}/status"
                    await door.post(path, command_id=command, status=status.value)
            case deeds.NextShift():
                await self._next_shift(deed, command)
            case (
                deeds.Count() | deeds.StillTrue() | deeds.WalkIn() | deeds.Pause() | deeds.Resume()
            ):
                await self._pool_says(deed, command)
            case other:
                await self._of_request(other, command)

    # requests
    async def _tell(self, deed: deeds.Tell, command: str) -> None:
        waiting = [c for c in self.board.of("request").values() if c["team"] is None]
        if len([c for c in waiting if c["ended_ms"] is None]) >= self.most_waiting:
            self.left_out += 1
            return
        body = opening(deed.call, self.streams.of("person", deed.call.id))
        if "custody" in body:
            body["custody"]["since_ms"] = now_ms()
        await self.cast.dispatcher.post("/v1/requests", command_id=command, **body)

    async def _of_request(self, deed: "OfRequest", command: str) -> None:
        card = self.board.get("request", deed.request)
        if card is None:
            return
        path = f"/v1/requests/{deed.request}"
        match deed:
            case deeds.CrewAnswers(_, declines):
                answer = {"answer": "declined", "reason": declines} if declines else YES_CREW
                door = self._crew(card)
                await door.post(f"{path}/crew-answer", command_id=command, by_name=CREW, **answer)
            case deeds.Step(_, step):
                await self._crew(card).post(f"{path}/steps", command_id=command, step=step)
            case deeds.AskPlace(_, by_van):
                await self._ask_place(card, command, by_van=by_van)
            case deeds.EndVisit(_, outcome):
                body = {"outcome": outcome, "safety_plan": outcome == "resolved_on_scene"}
                await self._crew(card).post(f"{path}/resolve", command_id=command, **body)
            case deeds.FacilityAnswers(_, pool, declines):
                answer = {"answer": "declined", "reason": declines} if declines else YES_FACILITY
                door = self._facility(pool)
                await door.post(
                    f"{path}/facility-answer", command_id=command, by_name=NURSE, **answer
                )
            case _ if self.is_ours(card):
                await self._desk(deed, card, command)

    async def _desk(self, deed: "OfRequest", card: Object, command: str) -> None:
        """What the simulation's dispatcher does for a request that is nobody else's."""
        door, path = self.cast.dispatcher, f"/v1/requests/{card['id']}"
        match deed:
            case deeds.GiveUp():
                outcome = {"outcome": "resolved_by_phone", "reason": "helped by telephone"}
                await door.post(f"{path}/resolve", command_id=command, **outcome)
            case deeds.ConfirmRescue():
                await door.post(f"{path}/rescue-confirmed", command_id=command)
            case deeds.FollowUp(_, wants):
                slot = self._next_slot() if wants and card["state"] != "handed_over" else None
                if slot is None:
                    how = "in_care" if card["state"] == "handed_over" else "declined"
                    await door.post(f"{path}/settle", command_id=command, how=how)
                else:
                    # The referral's id is its command's: a retry makes no second one.
                    body = {"referral": command, "request": card["id"], "slot": slot}
                    await door.post("/v1/referrals", command_id=command, **body)
                    self.referred.add(command)

    async def decide(self, request: str) -> bool:
        """Sends whom the plan recommends, or asks the place it names; False: not yet."""
        card = self.board.get("request", request)
        if card is None or card["ended_ms"] is not None or not self.is_ours(card):
            return True
        advice = self.board.get("recommendation", request)
        waiting = card["state"] in ("requested", "recommended")
        if waiting:
            if advice is None or advice["team"] is None or advice["free_ms"]:
                return False
            if card["owner"] is None:
                await self.cast.dispatcher.post(f"/v1/requests/{request}/own")
            await self.cast.dispatcher.post(f"/v1/requests/{request}/accept", **acceptance(advice))
            return True
        if card["place_claimed"] or card["place_need"] != "needed":
            return True
        if advice is None or not (advice["pool"] or advice["slot"]):
            return False
        body = {kind: advice[kind] for kind in ("pool", "slot") if advice[kind]}
        if advice["van"] and advice["van"] != SELF:
            body["van"] = advice["van"]
        await self.cast.dispatcher.post(f"/v1/requests/{request}/ask-place", **body)
        return True

    async def _ask_place(self, card: Object, command: str, *, by_van: bool) -> None:
        """The crew asks for what is planned; where nothing is, dispatch learns what is needed."""
        path = f"/v1/requests/{card['id']}"
        ours = self.is_ours(card)
        if not (ours and (by_van or not (card["pool"] or card["slot"]))):
            await self._crew(card).post(f"{path}/ask-place", command_id=command)
            return
        needs = {
            "words": card["needs"],
            "place": "needed",
            "van": "needed" if by_van else card["van_need"],
        }
        await self.cast.dispatcher.post(f"{path}/triage", command_id=command, needs=needs)

    def _crew(self, card: Object) -> Door:
        """The team that has the task; where none rides any more, the van."""
        for kind in ("team", "van"):
            unit = self.board.get(kind, card[kind] or "")
            door = self.cast.units.get((kind, card[kind] or ""))
            if door is not None and unit is not None and unit["request"] == card["id"]:
                return door
        raise NoSuchUnit(card["id"])

    def _next_slot(self) -> str | None:
        free = [s for s in self.board.of("slot").values() if s["open"] and s["free"] > 0]
        coming = [slot for slot in free if slot["starts_ms"] > now_ms()]
        return min(coming, key=lambda s: s["starts_ms"])["id"] if coming else None

    async def crew_reads(self, request: str) -> Any:
        """The packet of a request, read by the crew that has it; None once it is gone."""
        card = self.board.get("request", request)
        if card is None:
            return None
        return await self._crew(card).get(f"/v1/requests/{request}/packet")

    async def all_well(self, request: str) -> None:
        """The crew on scene says that all is well."""
        card = self.board.get("request", request)
        if card is not None and card["check_in_due_ms"] is not None:
            await self._crew(card).post(f"/v1/requests/{request}/all-well")

    # scheduled rides
    async def ends_of(self, visit: Visit) -> dict[str, Point]:
        """Where a ride begins and ends, as its driver reads it."""
        rider = await self.cast.units["van", visit.van].get(f"/v1/rides/{visit.ride}/person")
        return {end: Point(rider[end]["lon"], rider[end]["lat"]) for end in ENDS}

    async def report_ride(self, visit: Visit, step: str) -> None:
        """The driver reports what became of the rider."""
        door = self.cast.units["van", visit.van]
        await door.post(f"/v1/rides/{visit.ride}/steps", step=step)

    # clinics
    async def acknowledge(self, referral: Object) -> None:
        """The clinic has read the referral."""
        door = self.cast.providers.get(referral["provider"])
        if door is not None:
            await door.post(f"/v1/referrals/{referral['id']}/acknowledge")

    async def attend(self, referral: Object, *, came: bool) -> None:
        """The clinic says whether the person came."""
        door = self.cast.providers.get(referral["provider"])
        if door is not None:
            await door.post(f"/v1/referrals/{referral['id']}/{'attended' if came else 'no-show'}")

    async def reach_out(self, task: Object, most: int) -> None:
        """Somebody calls whoever did not come; after that the referral ends, by name."""
        dice = self.streams.of("outreach", task["id"], task["attempts"]).random()
        contact = "reached" if dice < REACHED else "no_answer"
        door = self.cast.dispatcher
        await door.post(f"/v1/tasks/{task['id']}/attempts", contact=contact)
        if contact == "reached" or task["attempts"] + 1 >= most:
            outcome = "no_longer_interested" if contact == "reached" else "could_not_contact"
            await door.post(f"/v1/referrals/{task['referral']}/end", outcome=outcome)
            self.referred.discard(task["referral"])

    # facilities, shifts, roads
    def _facility(self, pool: str) -> Door:
        known = self.board.get("pool", pool)
        door = self.cast.facilities.get(known["facility"] if known else "")
        if door is None:
            raise NoSuchUnit(pool)
        return door

    async def _pool_says(self, deed: "OfPool", command: str) -> None:
        door, path = self._facility(deed.pool), f"/v1/pools/{deed.pool}"
        match deed:
            case deeds.Count(_, occupied, closed):
                counts = {"occupied": occupied, "closed": closed, "at_ms": now_ms()}
                await door.post(f"{path}/counts", command_id=command, **counts)
            case deeds.StillTrue():
                await door.post(f"{path}/still-true", command_id=command)
            case deeds.WalkIn():
                await door.post(f"{path}/walk-in", command_id=command)
            case deeds.Pause(_, reason, until_ms):
                until = self.pace.real(until_ms)
                await door.post(f"{path}/pause", command_id=command, reason=reason, until_ms=until)
            case deeds.Resume():
                await door.post(f"{path}/resume", command_id=command)

    async def _next_shift(self, deed: deeds.NextShift, command: str) -> None:
        """The roster says when the unit works next: the same hours, a day later."""
        unit = self.board.get(deed.kind, deed.unit)
        if unit is None or self.cast.roster is None:
            return
        length_ms = unit["shift_end_ms"] - unit["shift_start_ms"]
        later_ms = max(DAY_MS, length_ms)
        times = {name: unit[name] + later_ms for name in ("shift_start_ms", "shift_end_ms")}
        own = ("crew",) if deed.kind == "team" else ("driver",)
        body = {name: unit[name] for name in (*DEFINED, *own)} | times
        await self.cast.roster.put(f"/v1/{deed.kind}s/{deed.unit}", command_id=command, **body)

    async def _close(self, roads: BadRoads, command: str, *, ends: bool) -> None:
        """Dispatch enters the closure, and takes it away when it is over."""
        path = f"/v1/closures/{roads.closure.id}"
        if ends:
            await self.cast.dispatcher.post(f"{path}/lift", command_id=command)
            return
        slow = roads.closure.slowdown
        body = {
            "area": json.loads(shapely.to_geojson(roads.closure.area)),
            "slowdown": None if math.isinf(slow) else round(slow, 2),
            "reason": roads.reason,
            "until_ms": self.pace.real(roads.until_ms) + LATER_MS,
        }
        await self.cast.dispatcher.put(path, command_id=command, **body)


LATER_MS = 60_000
"""A closure ends when it is lifted; its own end comes after that."""
DAY_MS = 86_400_000
ENDS = ("origin", "destination")
YES_CREW = {"answer": "acknowledged"}
YES_FACILITY = {"answer": "accepted"}
DEFINED = ("zone", "name", "offers", "seats", "base_lon", "base_lat", "phone")
OfPool = deeds.Count | deeds.StillTrue | deeds.WalkIn | deeds.Pause | deeds.Resume
OfRequest = (
    deeds.CrewAnswers
    | deeds.Step
    | deeds.AskPlace
    | deeds.EndVisit
    | deeds.FacilityAnswers
    | deeds.GiveUp
    | deeds.FollowUp
    | deeds.ConfirmRescue
)


def acceptance(advice: Mapping[str, Any]) -> dict[str, Any]:
    """The body that accepts a recommendation as it is."""
    bundle = {kind: advice[kind] for kind in ("team", "van", "pool", "slot") if advice[kind]}
    if advice["backup"]:
        bundle["backup"] = advice["backup"]["pool"]
    times = {
        name: now_ms() + int(1000 * advice[source])
        for name, source in (("eta_ms", "team_eta_s"), ("arrive_ms", "arrive_s"))
        if advice[source] is not None
    }
    return {"bundle": bundle, **times}
