"""A dispatcher who works all the while, and what the system said yes to."""

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from benchmarks.state_world import crisis
from simulator.demand import Caller
from simulator.door import Door, Refused

PAUSE_S = 0.05
LOOKS = 20
LOOK_EVERY_S = 0.1
OWN_AT_ONCE = 12


@dataclass(slots=True)
class Acknowledged:
    """What the system said yes to."""

    opened: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    refused: int = 0
    broken: list[str] = field(default_factory=list)
    slowest_s: float = 0.0


async def work(door: Door, people: Caller, seen: Acknowledged, rng: random.Random) -> None:
    """Opens requests, accepts what is recommended and ends the oldest, for ever."""
    mine: list[str] = []
    while True:
        body = crisis(rng, people)
        began = time.monotonic()
        try:
            await door.post("/v1/requests", **body)
            seen.opened.add(body["request"])
            mine.append(body["request"])
            if len(mine) > OWN_AT_ONCE:
                await end(door, mine.pop(0), seen)
            await accept(door, body["request"], seen)
        except Refused as refusal:
            seen.refused += 1
            if refusal.status >= 500 and refusal.status not in (502, 503, 504):
                seen.broken.append(str(refusal))
        except httpx.HTTPError:
            seen.refused += 1
        seen.slowest_s = max(seen.slowest_s, time.monotonic() - began)
        await asyncio.sleep(PAUSE_S)


async def accept(door: Door, request: str, seen: Acknowledged) -> None:
    """Accepts the recommendation once there is one of a team that is free."""
    for _ in range(LOOKS):
        advice = (await door.get(f"/v1/requests/{request}/recommendation"))["recommendation"]
        if advice is not None and advice["team"] and advice["free_ms"] is None:
            kinds = ("team", "van", "pool", "slot")
            bundle = {kind: advice[kind] for kind in kinds if advice[kind]}
            await door.post(f"/v1/requests/{request}/accept", bundle=bundle)
            seen.accepted.add(request)
            return
        await asyncio.sleep(LOOK_EVERY_S)


async def end(door: Door, request: str, seen: Acknowledged) -> None:
    """Gives the teams back; the crews of the region may have been quicker."""
    try:
        await door.post(f"/v1/requests/{request}/cancel", reason="room for the next")
    except Refused as refusal:
        if refusal.status >= 500:
            raise
        return
    seen.cancelled.add(request)


async def check(door: Door, seen: Acknowledged) -> list[str]:
    """What was acknowledged and is not there, or not so; and teams that serve two requests."""
    lost = []
    for request in seen.opened:
        try:
            known = await door.get(f"/v1/requests/{request}")
        except Refused as refusal:
            lost.append(f"request {request}: {refusal}")
            continue
        done = {deed["action"] for deed in known["timeline"]}
        lost += [
            f"request {request} has no line '{action}'"
            for action, said in (("accepted", seen.accepted), ("cancel", seen.cancelled))
            if request in said and action not in done
        ]
    cards: list[dict[str, Any]] = (await door.get("/v1/requests"))["items"]
    for kind in ("team", "van"):
        busy = [card[kind] for card in cards if card[kind] and card["ended_ms"] is None]
        lost += [
            f"{kind} {unit} serves two requests"
            for unit in sorted(set(busy) - {"self"})
            if busy.count(unit) > 1
        ]
    return lost
