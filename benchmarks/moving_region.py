"""A region that moves, behind the addresses that a wall knows: for measuring the screens alone.

It serves the built client with its real headers, a real region's map, and a socket that speaks the
live protocol as the api does; only what the frames tell is made up here.
"""

import asyncio
import json
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from api.page import Headers, serve_page
from api.region import load_screens
from api.schemas.region import AgeLimits
from caretower.region_view import region_view
from geo.region import load_region
from registry.vocabulary import load_vocabulary

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "web/dist"
STEP_DEG = 0.002
"""How far a vehicle goes from one report to the next, about as far as at 100 km/h in a few s."""
FRESH = AgeLimits(fresh_s=3_600, ageing_s=14_400, stale_s=43_200)

AHEAD = 60
"""So many frames may be on their way before the client has acknowledged the first of them."""

KINDS = ("team", "van", "facility", "zone", "figure", "line")

Change = list[Any]


@dataclass
class MovingRegion:
    """Vehicles that report one after the other, facilities that count, lines that are said.

    Half of the vehicles are under way, the others are free and roam; all positions are exact.
    """

    vehicles: int = 500
    facilities: int = 200
    seed: int = 988
    objects: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    turn: int = 0
    frames: int = 0
    acked: int = 0

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        region = load_region("utah", ROOT / "build/cache")
        screens = load_screens(ROOT / "policy/screens.toml")
        self.view = region_view(
            region,
            load_vocabulary(),
            {"pool": FRESH, "position": FRESH},
            {},
            wall_population_limit=screens.wall.population_limit,
            simulated=True,
        )
        self.towns = [tuple(map(float, place)) for place in region.places.at]
        self.people = [int(count) for count in region.places.population]
        self.objects = {kind: {} for kind in KINDS}
        for number in range(self.vehicles):
            self._vehicle(number)
        for number in range(self.facilities):
            self._facility(number)
        for zone in self.view.zones.values():
            self.objects["zone"][zone.id] = {
                "id": zone.id,
                "name": zone.name,
                "lon": zone.lon,
                "lat": zone.lat,
                "waiting": {"high": 3, "routine": "<3"},
                "oldest_ms": now_ms() - 600_000,
                "teams_free": 4,
                "teams_committed": 3,
                "beds_free": 12,
            }
        self.keys = [
            (kind, id) for kind in ("team", "van", "facility") for id in self.objects[kind]
        ]
        self.rng.shuffle(self.keys)

    def _near(self) -> tuple[float, float]:
        (lon, lat) = self.rng.choices(self.towns, self.people)[0]
        return lon + self.rng.gauss(0, 0.05), lat + self.rng.gauss(0, 0.05)

    def _vehicle(self, number: int) -> None:
        kind = "team" if number % 2 else "van"
        lon, lat = self._near()
        self.objects[kind][f"{kind}-{number}"] = {
            "id": f"{kind}-{number}",
            "zone": "weber",
            "lon": lon,
            "lat": lat,
            "status": "available" if number % 4 < 2 else "committed",
            "obscured": False,
            "position_ms": now_ms(),
        }

    def _facility(self, number: int) -> None:
        lon, lat = self._near()
        self.objects["facility"][f"facility-{number}"] = {
            "id": f"facility-{number}",
            "name": f"Facility {number}",
            "zone": "weber",
            "lon": lon,
            "lat": lat,
            "free": self.rng.randrange(9),
            "capacity": 16,
            "confirmed_ms": now_ms(),
            "paused": False,
            "overcommitted": False,
        }

    def step(self, count: int) -> list[Change]:
        """The next `count` reports, each object in turn; now and then a line in words."""
        changes: list[Change] = []
        for _ in range(count):
            kind, id = self.keys[self.turn % len(self.keys)]
            self.turn += 1
            changes.append([kind, id, self._report(kind, id)])
        if self.rng.random() < count / len(self.keys):
            changes += self._line()
        return changes

    def _report(self, kind: str, id: str) -> dict[str, Any]:
        after = dict(self.objects[kind][id])
        if kind == "facility":
            after |= {"free": self.rng.randrange(12), "confirmed_ms": now_ms()}
        else:
            after |= {
                "lon": after["lon"] + self.rng.uniform(-STEP_DEG, STEP_DEG),
                "lat": after["lat"] + self.rng.uniform(-STEP_DEG, STEP_DEG),
                "position_ms": now_ms(),
            }
        self.objects[kind][id] = after
        return after

    def renamed(self) -> list[Change]:
        """Every vehicle goes and comes back under another name."""
        changes: list[Change] = []
        for kind in ("team", "van"):
            for id in list(self.objects[kind]):
                unit = self.objects[kind].pop(id)
                new = f"{id.split('.')[0]}.{self.turn}"
                self.objects[kind][new] = unit | {"id": new}
                changes += [[kind, id, None], [kind, new, self.objects[kind][new]]]
        self.keys = [
            (kind, id) for kind in ("team", "van", "facility") for id in self.objects[kind]
        ]
        return changes

    def _line(self) -> Iterator[Change]:
        said = self.objects["line"]
        id = f"line-{self.turn}"
        said[id] = {"id": id, "at_ms": now_ms(), "text": "Adult long unit counted: 4 free"}
        yield ["line", id, said[id]]
        for old in list(said)[:-10]:
            del said[old]
            yield ["line", old, None]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


Pace = Callable[[MovingRegion], AsyncIterator[list[Change]]]


def once_a_second(region: MovingRegion) -> AsyncIterator[list[Change]]:
    """Every object reports once a second, evenly spread over it: sixty frames a second."""

    async def frames() -> AsyncIterator[list[Change]]:
        started, told = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - started) * len(region.keys))
            if due > told:
                yield region.step(min(due - told, len(region.keys)))
                told = due
            await asyncio.sleep(1 / 60)

    return frames()


def application(region: MovingRegion, pace: Pace, dist: Path = DIST) -> FastAPI:
    """The doors that a wall uses; `dist` is the built client."""
    app = FastAPI()
    app.add_middleware(Headers)
    account = {"id": "wall", "name": "Wall", "role": "wall", "scope": None}

    @app.get("/v1/me")
    async def me() -> dict[str, Any]:
        return account

    @app.get("/v1/region")
    async def face() -> Any:
        return region.view.face

    @app.get("/v1/region/map")
    async def map_() -> Response:
        return Response(region.view.map_json, media_type="application/geo+json")

    @app.post("/v1/live/tickets")
    async def ticket() -> dict[str, Any]:
        return {"ticket": "once", "expires_ms": now_ms() + 30_000}

    @app.websocket("/v1/live")
    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive_text()
        await speak(socket, region, pace)

    serve_page(app, dist)
    return app


def hours(count: int, *, frames_a_visit: int = 1_200) -> Pace:
    """So many hours of a frame a second as fast as the client takes them in.

    The socket is cut now and then, and all vehicles come back under new names, as they do after
    every restart of the api.
    """
    left = count * 3_600

    def pace(region: MovingRegion) -> AsyncIterator[list[Change]]:
        async def frames() -> AsyncIterator[list[Change]]:
            nonlocal left
            begun = left
            while left > 0 and begun - left < frames_a_visit:
                left -= 1
                yield region.renamed() if left % 700 == 0 else region.step(70)
            while left <= 0:
                yield []
                await asyncio.sleep(0.2)

        return frames()

    return pace


async def speak(socket: WebSocket, region: MovingRegion, pace: Pace) -> None:
    """Welcome, snapshot, then deltas at the given pace and a tick every second."""

    async def send(type: str, **more: Any) -> None:
        await socket.send_text(json.dumps({"type": type, "server_ms": now_ms(), **more}))

    position = {"topic": "wall", "epoch": 1}
    region.acked = 1
    heard = asyncio.Event()
    listening = asyncio.create_task(_heard(socket, region, heard))
    try:
        await send("welcome", account=None, simulated=True)
        await send("snapshot", **position, seq=1, state=region.objects)
        seq, ticked = 1, 0.0
        async for changes in pace(region):
            if listening.done():
                return
            await send("delta", **position, seq=seq + 1, prev=seq, changes=changes, lines=[])
            seq += 1
            region.frames += 1
            if time.monotonic() - ticked >= 1 or seq - region.acked > AHEAD:
                ticked = time.monotonic()
                await send("tick", feed_ms=now_ms())
            while seq - region.acked > AHEAD and not listening.done():
                heard.clear()
                await heard.wait()
        await socket.close()
    except WebSocketDisconnect:
        return
    finally:
        listening.cancel()


async def _heard(socket: WebSocket, region: MovingRegion, heard: asyncio.Event) -> None:
    """Reads what the client has taken in; ends when it goes."""
    try:
        while True:
            frame = json.loads(await socket.receive_text())
            if frame["type"] == "ack":
                region.acked = frame["seq"]
                heard.set()
    except WebSocketDisconnect:
        return
    finally:
        heard.set()


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """The application on a free port, in a thread of its own; gives its address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        server = uvicorn.Server(
            uvicorn.Config(app, log_level="warning", ws="websockets-sansio", lifespan="off")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)
