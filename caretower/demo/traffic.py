"""The demo's movement: a script that plays callers, crews, drivers and facilities.

It speaks to the running system through the same HTTP doors as everyone. Requests that a human has
taken are left to that human; their crews and facilities still answer, so that a recommendation
accepted by hand comes to its end.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import structlog
from uuid6 import uuid7

from caretower.demo.accounts import DemoAccount
from caretower.demo.door import Door, Refused
from caretower.demo.people import Settlement, invent

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
MEAN_BETWEEN_CALLS_S = 35.0
MOST_OPEN = 14
FAST_FORWARD = 10.0  # a drive of ten minutes is shown in one
STEP_S = 1.0
KEEP_TRUE_EVERY_S = 25.0

Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cast:
    """The accounts that the script plays, by what they stand for."""

    dispatcher: Door
    teams: Mapping[str, Door]
    vans: Mapping[str, Door]
    facilities: Mapping[str, Door]


@dataclass(slots=True)
class Stage:
    """What goes on: one task per request and role, so that nobody answers twice."""

    cast: Cast
    where: Settlement
    rng: random.Random
    me: str = ""
    tasks: dict[tuple[str, str], asyncio.Task[None]] = field(default_factory=dict)
    patience: dict[str, float] = field(default_factory=dict)

    def once(self, request: str, role: str, work: Any) -> None:
        """Starts a piece of work unless it runs already; a refusal is the system's right."""
        key = (request, role)
        running = self.tasks.get(key)
        if running is not None and not running.done():
            work.close()
            return
        self.tasks[key] = asyncio.create_task(attempt(work), name=f"{role}:{request}")


async def attempt(work: Any) -> None:
    """A refusal or a lost connection ends this attempt; the next look starts another."""
    try:
        await work
    except Refused as refused:
        log.info("traffic.refused", status=refused.status, title=refused.problem.get("title"))
        await asyncio.sleep(5)
    except httpx.HTTPError as error:
        log.info("traffic.unreachable", fault=type(error).__name__)


async def play(base_url: str, accounts: Mapping[str, DemoAccount], where: Settlement) -> None:
    """Runs for ever."""
    async with httpx.AsyncClient(base_url=base_url, timeout=15) as client:

        def doors(role: str) -> dict[str, Door]:
            return {
                account.scope.partition(":")[2] or account.scope: Door(
                    client, name, account.password
                )
                for name, account in accounts.items()
                if account.role == role and account.scope
            }

        field_doors = doors("field")
        robin = Door(client, "script", accounts["script"].password)
        cast = Cast(robin, field_doors, field_doors, doors("facility"))
        stage = Stage(cast, where, random.Random(time.time_ns()))  # noqa: S311
        await robin.log_in()
        stage.me = (await robin.get("/v1/me"))["id"]
        async with asyncio.TaskGroup() as group:
            group.create_task(callers(stage))
            group.create_task(upkeep(stage))
            group.create_task(look(stage))


async def callers(stage: Stage) -> None:
    """New crises, in exponential intervals, while the board is not full."""
    while True:
        with contextlib.suppress(Refused, httpx.HTTPError):
            cards = (await stage.cast.dispatcher.get("/v1/requests"))["items"]
            if sum(card["ended_ms"] is None for card in cards) < MOST_OPEN:
                body = invent(stage.rng, stage.where)
                await stage.cast.dispatcher.post("/v1/requests", **body)
        await asyncio.sleep(stage.rng.expovariate(1 / MEAN_BETWEEN_CALLS_S))


async def upkeep(stage: Stage) -> None:
    """Facilities stand by their counts, now and then with a change."""
    while True:
        await asyncio.sleep(KEEP_TRUE_EVERY_S)
        with contextlib.suppress(Refused, httpx.HTTPError):
            door = stage.rng.choice(list(stage.cast.facilities.values()))
            for pool in (await door.get("/v1/pad"))["pools"]:
                if stage.rng.random() < 0.8:
                    await door.post(f"/v1/pools/{pool['id']}/still-true")
                    continue
                room = pool["capacity"] - pool["closed"] - pool["reserved"] - pool["held"]
                drift = stage.rng.choice((-1, 1))
                occupied = min(max(0, pool["occupied"] + drift), max(0, room))
                await door.post(
                    f"/v1/pools/{pool['id']}/counts",
                    occupied=occupied,
                    closed=pool["closed"],
                    at_ms=time.time_ns() // 1_000_000,
                )


async def look(stage: Stage) -> None:
    """Reads the board and lets everybody do what is theirs to do."""
    while True:
        with contextlib.suppress(Refused, httpx.HTTPError):
            board = await stage.cast.dispatcher.get("/v1/requests")
            for card in board["items"]:
                consider(stage, card)
            forget(stage, {card["id"] for card in board["items"]})
        await asyncio.sleep(LOOK_EVERY_S)


def forget(stage: Stage, open_ids: set[str]) -> None:
    """Ends the bookkeeping of requests that are no longer open."""
    for key in [key for key, task in stage.tasks.items() if key[0] not in open_ids and task.done()]:
        del stage.tasks[key]
    for request in stage.patience.keys() - open_ids:
        del stage.patience[request]


def consider(stage: Stage, card: Card) -> None:
    """What the script's people have to do for this request."""
    request = card["id"]
    if card["state"] in ("requested", "recommended"):
        until = stage.patience.setdefault(request, time.monotonic() + stage.rng.uniform(40, 240))
        ours = card["owner"] == stage.me or (card["owner"] is None and time.monotonic() > until)
        if ours:
            stage.once(request, "dispatch", dispatch(stage, card))
        return
    if card["ended_ms"] is not None:
        if card["owner"] == stage.me and card["follow_up_due_ms"] is not None:
            stage.once(request, "follow_up", follow_up(stage, card))
        return
    if card["team"] in stage.cast.teams:
        stage.once(request, "crew", crew(stage, card))
    if card["facility_answer"] == "asked" and card["pool"]:
        stage.once(request, "facility", facility(stage, card))


async def dispatch(stage: Stage, card: Card) -> None:
    """The script's dispatcher takes an unowned request and accepts what is recommended."""
    door, request = stage.cast.dispatcher, card["id"]
    if card["owner"] is None:
        await door.post(f"/v1/requests/{request}/own")
    await asyncio.sleep(stage.rng.uniform(3, 12))
    advice = (await door.get(f"/v1/requests/{request}/recommendation"))["recommendation"]
    if advice is None or advice["team"] is None:
        await asyncio.sleep(10)
        return
    await door.post(f"/v1/requests/{request}/accept", **acceptance(advice))


async def follow_up(stage: Stage, card: Card) -> None:
    """The script's dispatcher refers most people to the next free appointment."""
    door, request = stage.cast.dispatcher, card["id"]
    await asyncio.sleep(stage.rng.uniform(20, 60))
    slots = (await door.get("/v1/slots"))["items"]
    free = [slot for slot in slots if slot["open"] and slot["free"] > 0]
    coming = [slot for slot in free if slot["starts_ms"] > time.time_ns() // 1_000_000]
    if card["state"] == "handed_over":
        await door.post(f"/v1/requests/{request}/settle", how="in_care")
    elif coming and stage.rng.random() < 0.7:
        slot = min(coming, key=lambda each: each["starts_ms"])["id"]
        await door.post("/v1/referrals", referral=str(uuid7()), request=request, slot=slot)
    else:
        await door.post(f"/v1/requests/{request}/settle", how="declined")


def acceptance(advice: Mapping[str, Any]) -> dict[str, Any]:
    """The body that accepts a recommendation as it is."""
    bundle = {kind: advice[kind] for kind in ("team", "van", "pool", "slot") if advice[kind]}
    if advice["backup"]:
        bundle["backup"] = advice["backup"]["pool"]
    now_ms = time.time_ns() // 1_000_000
    times = {
        name: now_ms + int(1000 * advice[source])
        for name, source in (("eta_ms", "team_eta_s"), ("arrive_ms", "arrive_s"))
        if advice[source] is not None
    }
    return {"bundle": bundle, **times}


async def facility(stage: Stage, card: Card) -> None:
    """The facility looks at the incoming person and answers; now and then it declines."""
    await asyncio.sleep(stage.rng.uniform(8, 45))
    for door in stage.cast.facilities.values():
        pad = await door.get("/v1/pad")
        if any(person["id"] == card["id"] for person in pad["incoming"]):
            accepts = stage.rng.random() < 0.92
            answer = {
                "answer": "accepted" if accepts else "declined",
                "by_name": "Demo Charge Nurse",
            }
            if not accepts:
                answer["reason"] = "staffing"
            await door.post(f"/v1/requests/{card['id']}/facility-answer", **answer)
            return


async def crew(stage: Stage, card: Card) -> None:
    """The crew's next step, one at a time; the next look calls for the one after."""
    door, request = stage.cast.teams[card["team"]], card["id"]
    path = f"/v1/requests/{request}/steps"
    match card["state"]:
        case "accepted":
            await asyncio.sleep(stage.rng.uniform(4, 15))
            await door.post(
                f"/v1/requests/{request}/crew-answer", answer="acknowledged", by_name="Demo Crew"
            )
        case "acknowledged":
            await asyncio.sleep(stage.rng.uniform(3, 10))
            await door.post(path, step="en_route")
        case "en_route":
            detail = await door.get(f"/v1/requests/{request}")
            await drive(stage, card, detail)
            await door.post(path, step="on_scene")
        case "on_scene":
            await visit(stage, card, door)
        case "transporting":
            pool = await place_of(stage, card)
            if pool is not None:
                await drive(stage, card, pool)
            await door.post(path, step="arrived")
        case "arrived":
            await asyncio.sleep(stage.rng.uniform(10, 25))
            await door.post(path, step="handed_over")


async def visit(stage: Stage, card: Card, door: Door) -> None:
    """On scene: many visits end there with a safety plan, others need a place."""
    await asyncio.sleep(stage.rng.uniform(25, 60))
    request = card["id"]
    needs_place = card["place_need"] == "needed"
    if card["place_need"] == "possible" and stage.rng.random() < 0.35:
        await door.post(f"/v1/requests/{request}/ask-place")
        return
    if not needs_place:
        await door.post(
            f"/v1/requests/{request}/resolve", outcome="resolved_on_scene", safety_plan=True
        )
        return
    if card["facility_answer"] == "accepted":
        await door.post(f"/v1/requests/{request}/steps", step="transporting")


async def place_of(stage: Stage, card: Card) -> dict[str, Any] | None:
    """Where the person is taken to."""
    pools = (await stage.cast.dispatcher.get("/v1/pools"))["items"]
    return next((pool for pool in pools if pool["id"] == card["pool"]), None)


async def drive(stage: Stage, card: Card, target: Mapping[str, Any]) -> None:
    """Moves the team, and the van when it rides along, in straight steps to the target."""
    units = [("team", card["team"])]
    if card["van"] and card["van"] != "self" and card["state"] == "transporting":
        units.append(("van", card["van"]))
    door = stage.cast.teams[card["team"]]
    teams = (await stage.cast.dispatcher.get("/v1/teams"))["items"]
    now = next(team for team in teams if team["id"] == card["team"])
    here = np.array([now["lon"], now["lat"]])
    there = np.array([target["lon"], target["lat"]])
    kilometres = float(np.hypot(*((there - here) * (85.0, 111.0))))
    steps = max(3, int(kilometres / 70 * 3600 / FAST_FORWARD / STEP_S))
    for share in np.linspace(0, 1, steps)[1:]:
        lon, lat = here + (there - here) * share
        at_ms = time.time_ns() // 1_000_000
        for kind, unit in units:
            speaker = door if kind == "team" else stage.cast.vans.get(unit)
            if speaker is not None:
                await report(speaker, kind, unit, float(lon), float(lat), at_ms)
        await asyncio.sleep(STEP_S)


async def report(door: Door, kind: str, unit: str, lon: float, lat: float, at_ms: int) -> None:
    """One GPS point of a unit."""
    point = {"kind": kind, "id": unit, "lon": lon, "lat": lat, "at_ms": at_ms}
    body = {"source": "demo", "positions": [point]}
    await door.report("/v1/positions", body)


def settlement(points: Any, names: Any, populations: Any) -> Settlement:
    """Demand follows population; a place without a figure counts as small."""
    weights = np.nan_to_num(np.asarray(populations, dtype=float), nan=500.0) + 100.0
    return Settlement(np.asarray(points, dtype=float), tuple(names), weights / weights.sum())
