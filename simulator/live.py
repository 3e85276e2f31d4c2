"""The live driver: the world behind the public doors, in real time or faster.

It follows the board over a websocket like every console, lets the world's people act over HTTP with
accounts of their own, and reports positions: moving units every second along the roads. It keeps
nothing that it could not find again: after a restart of the api, or its own, it goes on from what
the board shows.
"""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from dispatch.words import CARRIED_OUT, State
from geo.closures import Closure, closure_area
from geo.points import Point
from geo.region import Region
from registry.states import Pool, Team, Van
from simulator import deeds
from simulator.board import Board, Gap, Key
from simulator.cases import case_of_card
from simulator.door import Door, Refused
from simulator.fates import Fates
from simulator.hands import Cast, Hands, now_ms
from simulator.happenings import Happenings, caller_of, happenings, roads_of
from simulator.pace import Pace
from simulator.parameters import Parameters
from simulator.setting import Setting
from simulator.streams import Streams
from simulator.timetable import Visit, next_visits
from simulator.world import NoSuchUnit, World

log = structlog.get_logger()

ACK_EVERY_S = 1.0
RECONNECT_S = 1.0
DESK_EVERY_S = 0.5
AGAIN_S = 6.0
LONGEST_NAP_S = 1.0
PROVIDERS_EVERY_S = 5.0
RIDES_EVERY_S = 5.0
AFTER_START_MS = 60_000
CHECK_IN_MS = 120_000
AHEAD_MS = 24 * 3_600_000
AT_ONCE = 16
GPS_AT_ONCE = 12
TIMEOUT_S = 15.0
MOST_ATTEMPTS = 5
FIRST_CALLS = 6
FIRST_EVERY_MS = 8_000


@dataclass(frozen=True, slots=True)
class Login:
    """An account to play. `scope` is `team:…`, `van:…`, a facility or a provider."""

    name: str
    password: str
    role: str
    scope: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be simulated: where, who, how fast, from which seed, how much demand."""

    url: str
    logins: Sequence[Login]
    region: Region
    parameters: Parameters
    facility_clock_s: float
    speed: float = 1.0
    seed: int = 0
    rate: float = 1.0


class Live:
    """One running simulation."""

    def __init__(self, plan: Plan, client: httpx.AsyncClient) -> None:
        self._plan = plan
        self.pace = Pace(now_ms(), plan.speed)
        self._streams = Streams(plan.seed)
        self._roads = roads_of(plan.region)
        self.board = Board()
        self.world = World(
            Setting(
                plan.parameters,
                self._streams,
                self._roads,
                plan.facility_clock_s,
                speed=plan.speed,
            )
        )
        self._hands = Hands(
            cast_of(plan.logins, client),
            self.board,
            self.pace,
            self._streams,
            plan.parameters.live.most_waiting,
        )
        self._fates = Fates(self._streams, plan.parameters)
        self._until_ms = self.pace.start_ms
        self._connected = asyncio.Event()
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._busy: set[Key] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._gps = asyncio.Semaphore(GPS_AT_ONCE)
        self._reported_ms: dict[Key, int] = {}
        self._ends: dict[str, dict[str, Point]] = {}

    async def run(self) -> None:
        """Runs until it is cancelled."""
        await self._patiently(self._hands.cast.dispatcher.log_in)
        me = await self._patiently(lambda: self._hands.cast.dispatcher.get("/v1/me"))
        self._hands.me = me["id"]
        try:
            async with asyncio.TaskGroup() as group:
                for loop in (
                    self._follow,
                    self._act,
                    self._move,
                    self._desk,
                    self._provide,
                    self._ride,
                ):
                    group.create_task(loop(), name=f"simulation.{loop.__name__.strip('_')}")
        finally:
            for task in self._tasks:
                task.cancel()

    async def _patiently(self, call: Any) -> Any:
        """At the start the api may not be there yet."""
        while True:
            try:
                return await call()
            except httpx.HTTPError:
                await asyncio.sleep(RECONNECT_S)

    # what the screens show
    async def _follow(self) -> None:
        """A socket of the dispatcher's, opened again whenever it ends."""
        while True:
            with contextlib.suppress(Refused, httpx.HTTPError, WebSocketException, OSError, Gap):
                dispatcher = self._hands.cast.dispatcher
                ticket = (await dispatcher.report("/v1/live/tickets", {}))["ticket"]
                address = self._plan.url.replace("http", "ws", 1) + f"/v1/live?ticket={ticket}"
                async with connect(address, max_size=None) as socket:
                    await self._listen(socket)
            self._connected.clear()
            self.board.last = None
            await asyncio.sleep(RECONNECT_S)

    async def _listen(self, socket: ClientConnection) -> None:
        hello = {"type": "hello", "topics": ["board"], "last": {}}
        await socket.send(msgspec.json.encode(hello).decode())
        acked_s = 0.0
        loop = asyncio.get_running_loop()
        async for text in socket:
            frame = msgspec.json.decode(text)
            self._see(self.board.hear(frame))
            if "seq" in frame:
                self._connected.set()
                if loop.time() - acked_s >= ACK_EVERY_S:
                    acked_s = loop.time()
                    ack = {"type": "ack", "topic": "board", "seq": frame["seq"]}
                    await socket.send(msgspec.json.encode(ack).decode())

    def _see(self, touched: Iterable[Key]) -> None:
        """Units before requests, requests before counts: a count tells what became of a person."""
        keys = set(touched)
        now = self.pace.world(now_ms())
        for kind, id in sorted(keys):
            if kind in ("team", "van"):
                self._see_unit(kind, id, now)
                unit = self.board.get(kind, id)
                if unit is not None and unit["request"]:
                    keys.add(("request", unit["request"]))
        pools = sorted(id for kind, id in keys if kind == "pool")
        fresh = [id for id in pools if not self.world.knows_pool(id)]
        for id in fresh:
            self._see_pool(id, now)
        for kind, id in sorted(keys):
            if kind == "request":
                self._see_request(id, now)
            elif kind == "closure":
                self._see_closure(id)
        for id in pools:
            self._see_pool(id, now)
        self._wake.set()

    def _see_unit(self, kind: str, id: str, now: int) -> None:
        shown = self.board.get(kind, id)
        if shown is None:
            return
        unit: Team | Van
        unit = msgspec.convert(shown, Team) if kind == "team" else msgspec.convert(shown, Van)
        times = {
            name: self.pace.world(getattr(unit, name))
            for name in ("shift_start_ms", "shift_end_ms")
        }
        self.world.see_unit(msgspec.structs.replace(unit, **times), now)

    def _see_pool(self, id: str, now: int) -> None:
        shown = self.board.get("pool", id)
        if shown is not None:
            self.world.see_pool(msgspec.convert(shown, Pool), now)

    def _see_request(self, id: str, now: int) -> None:
        card = self.board.get("request", id)
        if card is None:
            self.world.see_gone(id)
            return
        units = {("team", card["team"]), ("van", card["van"])}
        shown = {key: self.board.get(*key) for key in units if key[1]}
        serves = {key: unit["request"] for key, unit in shown.items() if unit}
        self.world.see_case(case_of_card(card, serves), self.pace.world(card["opened_ms"]), now)
        if State(card["state"]) in CARRIED_OUT and not self.world.knows_where(id):
            self._spawn(("locate", id), self._locate(id))

    def _see_closure(self, id: str) -> None:
        """A closure that anybody has entered holds for the crews on the road too."""
        shown = self.board.get("closure", id)
        if shown is not None and shown["from_ms"] > now_ms():
            return
        if shown is None:
            self._spawn(("closure", id), asyncio.to_thread(self._roads.lift, id))
            return
        slowdown = float("inf") if shown["slowdown"] is None else shown["slowdown"]
        closure = Closure(id, closure_area(shown["area"]), slowdown)
        self._spawn(("closure", id), asyncio.to_thread(self._roads.put, closure))

    async def _locate(self, request: str) -> None:
        """The crew reads where the person is that the simulation has not invented."""
        detail = await self._hands.crew_reads(request)
        if detail is not None:
            now = self.pace.world(now_ms())
            self.world.locate(request, detail["lon"], detail["lat"], now)

    # what people do
    async def _act(self) -> None:
        """Lets the world's people act when it is time."""
        while True:
            await self._connected.wait()
            now = self.pace.world(now_ms())
            self._expect(now)
            for deed in self.world.due(now):
                self._spawn(("deed", str(id(deed))), self.carry_out(deed))
            next_ms = self.world.next_ms()
            nap_s = LONGEST_NAP_S
            if next_ms is not None:
                nap_s = min(nap_s, max(0.0, (self.pace.real(next_ms) - now_ms()) / 1000))
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(nap_s + 0.01):
                    await self._wake.wait()

    def _expect(self, now: int) -> None:
        """Calls and storms are drawn a day at a time."""
        if now < self._until_ms:
            return
        if self._until_ms == self.pace.start_ms and not self.board.of("request"):
            self.world.expect(self._first_calls(now))
        start_ms, self._until_ms = self._until_ms, max(now, self._until_ms) + AHEAD_MS
        plan = self._plan
        outside = happenings(
            plan.region, plan.parameters, self._streams, plan.rate, start_ms, self._until_ms
        )
        self.world.expect(outside)

    def _first_calls(self, now: int) -> Happenings:
        """An empty board is no place to begin: a few call within the first real minute."""
        caller = caller_of(self._plan.region, self._plan.parameters, self._streams)
        times = (now + int(n * FIRST_EVERY_MS * self.pace.speed) for n in range(FIRST_CALLS))
        rng = self._streams.of("first calls", now)
        return Happenings([caller.one(rng, at_ms) for at_ms in times], ())

    async def carry_out(self, deed: deeds.Deed) -> None:
        """What somebody does, in the system and on the roads. Raises Refused, httpx.HTTPError."""
        if isinstance(deed, deeds.RoadsTurnBad):
            await asyncio.to_thread(self._roads.put, deed.roads.closure)
        elif isinstance(deed, deeds.RoadsRecover):
            await asyncio.to_thread(self._roads.lift, deed.roads.closure.id)
        await self._hands.carry_out(deed)

    def _spawn(self, key: Key, work: Coroutine[Any, Any, Any]) -> None:
        """Starts a piece of work, unless the same one runs already."""
        if key in self._busy:
            work.close()
            return
        self._busy.add(key)
        task = asyncio.create_task(self._attempt(key, work), name=f"simulation.{key[0]}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _attempt(self, key: Key, work: Coroutine[Any, Any, Any]) -> None:
        """A refusal is the system's right: whoever was refused looks again a little later."""
        try:
            async with self._slots:
                await work
        except (Refused, NoSuchUnit) as refused:
            log.info("simulation.refused", what=key[0], why=str(refused))
            self._look_again()
        except httpx.HTTPError as error:
            log.info("simulation.unreachable", fault=type(error).__name__)
            self._look_again()
        finally:
            self._busy.discard(key)

    def _look_again(self) -> None:
        now = self.pace.world(now_ms())
        for request in self.board.of("request"):
            self.world.again(request, now, AGAIN_S * self.pace.speed)

    # positions
    async def _move(self) -> None:
        """GPS like that of vehicles: every second on the road, now and then while standing."""
        live = self._plan.parameters.live
        while True:
            await self._connected.wait()
            real = now_ms()
            moving = set(self.world.fleet.moving(self.pace.world(real)))
            for number, key in enumerate(self._hands.cast.units):
                every_s = live.gps_s if key in moving else live.standing_gps_s
                # The first reports are spread, so that not everybody logs in at once.
                last = self._reported_ms.setdefault(
                    key, real - int(1000 * live.standing_gps_s * (number % 25) / 25)
                )
                if real - last >= 950 * every_s and self.world.fleet.knows(key):
                    self._reported_ms[key] = real
                    self._spawn(("gps", "/".join(key)), self._report(key, real))
            await asyncio.sleep(live.gps_s)

    async def _report(self, key: Key, real: int) -> None:
        at = self.world.fleet.position(key, self.pace.world(real))
        point = {"kind": key[0], "id": key[1], "at_ms": real}
        point |= {"lon": round(at.lon, 6), "lat": round(at.lat, 6)}
        body = {"source": "simulator", "positions": [point]}
        with contextlib.suppress(httpx.HTTPError, Refused):
            async with self._gps:
                await self._hands.cast.units[key].report("/v1/positions", body, tries=1)

    # the control room and the clinics
    async def _desk(self) -> None:
        """The simulation's dispatcher acts on what the plan says for those it looks after."""
        tried: dict[str, float] = {}
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(DESK_EVERY_S)
            await self._connected.wait()
            tried = {request: at for request, at in tried.items() if request in self._hands.ready}
            for request in sorted(self._hands.ready):
                if loop.time() - tried.get(request, 0.0) >= AGAIN_S / 2:
                    tried[request] = loop.time()
                    self._spawn(("desk", request), self._decide(request))

    async def _decide(self, request: str) -> None:
        if await self._hands.decide(request):
            self._hands.ready.discard(request)

    async def _provide(self) -> None:
        """Clinics say who came; for those who did not, somebody reaches out. Crews check in."""
        while True:
            await asyncio.sleep(PROVIDERS_EVERY_S)
            await self._connected.wait()
            real = now_ms()
            for request, card in list(self.board.of("request").items()):
                if (card["check_in_due_ms"] or real + CHECK_IN_MS) - real < CHECK_IN_MS:
                    self._spawn(("check in", request), self._hands.all_well(request))
            for card in list(self.board.of("referral").values()):
                if card["state"] == "requested":
                    self._spawn(("referral", card["id"]), self._hands.acknowledge(card))
                elif card["state"] == "accepted" and card["starts_ms"] + AFTER_START_MS < real:
                    fate = self._fates.attends(card["request"])
                    self._spawn(("referral", card["id"]), self._hands.attend(card, came=fate))
            for card in list(self.board.of("task").values()):
                if card["referral"] in self._hands.referred and card["closed_by"] is None:
                    self._spawn(("task", card["id"]), self._hands.reach_out(card, MOST_ATTEMPTS))

    # scheduled rides
    async def _ride(self) -> None:
        """Drivers of vans that no crisis has fetch and bring the riders of their timetables."""
        while True:
            await asyncio.sleep(RIDES_EVERY_S)
            await self._connected.wait()
            self.see_to_rides()

    def see_to_rides(self) -> None:
        """Each of these drivers sees to the next stop, beside whatever else goes on."""
        open_rides = self.board.of("ride")
        visits = {
            van: visit
            for van, visit in next_visits(open_rides.values()).items()
            if ("van", van) in self._hands.cast.units and self._is_for_riders(van)
        }
        self._ends = {ride: ends for ride, ends in self._ends.items() if ride in open_rides}
        self.world.fleet.end_rides(visits, self.pace.world(now_ms()))
        for van, visit in visits.items():
            self._spawn(("ride", van), self._see_to(visit))

    def _is_for_riders(self, van: str) -> bool:
        unit = self.board.get("van", van)
        if unit is None or not self.world.fleet.knows(("van", van)):
            return False
        return unit["request"] is None and unit["hold"] is None

    async def _see_to(self, visit: Visit) -> None:
        """A refusal concerns this ride alone, which is looked at again in a moment anyhow."""
        try:
            await self._visit(visit)
        except Refused as refused:
            log.info("simulation.refused", what="ride", why=str(refused))

    async def _visit(self, visit: Visit) -> None:
        """The van goes to its next stop, and its driver reports what becomes of the rider."""
        ends = self._ends.get(visit.ride) or await self._hands.ends_of(visit)
        self._ends[visit.ride] = ends
        real = now_ms()
        due_in_s, now = (visit.at_ms - real) / 1000, self.pace.world(real)
        stop = f"{visit.ride} {visit.end}"
        if not self.world.fleet.ride(visit.van, stop, ends[visit.end], due_in_s, now):
            return
        referral = self.board.get("referral", visit.appointment)
        comes = referral is None or self._fates.attends(referral["request"])
        step = visit.step(real, comes=comes)
        if step is not None:
            await self._hands.report_ride(visit, step)


def cast_of(logins: Sequence[Login], client: httpx.AsyncClient) -> Cast:
    """A door for every account. ValueError where no dispatcher is among them."""
    doors = {login.name: Door(client, login.name, login.password) for login in logins}
    dispatchers = [login for login in logins if login.role == "dispatcher"]
    if not dispatchers:
        raise ValueError("the simulation needs a dispatcher's account")
    ours = next((one for one in dispatchers if one.name == "simulation"), dispatchers[0])
    roster = next((one for one in logins if one.role == "supervisor"), None)
    field = {
        (scope[0], scope[2]): doors[login.name]
        for login in logins
        if login.role == "field" and (scope := (login.scope or "").partition(":"))[2]
    }

    def scoped(role: str) -> dict[str, Door]:
        return {one.scope: doors[one.name] for one in logins if one.role == role and one.scope}

    return Cast(
        dispatcher=doors[ours.name],
        units=field,
        facilities=scoped("facility"),
        providers=scoped("provider"),
        roster=doors[roster.name] if roster else None,
    )


async def play(plan: Plan) -> None:
    """Runs a simulation until it is cancelled."""
    async with httpx.AsyncClient(base_url=plan.url, timeout=TIMEOUT_S) as client:
        await Live(plan, client).run()
