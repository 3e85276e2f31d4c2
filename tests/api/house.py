"""A whole application on real servers, for tests to knock at."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from api.accounts import Accounts, Limits
from api.app import create_app
from api.region import RegionView
from api.roles import Role
from api.schemas.region import AgeLimits, Region
from api.serve import server
from api.services import Services, Settings
from api.store import Store
from api.tokens import Tokens, load_key
from api.trackers import Trackers
from directory import Agreement, Directory, Facility, Organization
from dispatch.dispatch import Dispatch
from dispatch.policy import load_policy as load_dispatch_policy
from geo.closures import Closure
from geo.estimate import Estimate
from geo.points import Point, haversine_m, positions
from geo.routes import Route
from record.actor import system
from record.clock import wall_clock
from record.journal import Journal
from referral.policy import load_policy as load_referral_policy
from referral.referral import Referral
from referral.rides import AppointmentRides
from registry.gps import load_gps_policy
from registry.port import Registry
from registry.vocabulary import load_vocabulary
from tests.api.builders import ZONES, command, pool, slot, team, van

ROOT = Path(__file__).parents[2]
METRICS_TOKEN = "figures of the tests"
PASSWORD = "correct horse"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ACCOUNTS: dict[str, tuple[Role, str | None]] = {
    "dispatcher": (Role.DISPATCHER, None),
    "colleague": (Role.DISPATCHER, None),
    "supervisor": (Role.SUPERVISOR, None),
    "facility": (Role.FACILITY, "facility-1"),
    "neighbour": (Role.FACILITY, "facility-2"),
    "crew": (Role.FIELD, "team:team-1"),
    "driver": (Role.FIELD, "van:van-1"),
    "other-crew": (Role.FIELD, "team:team-2"),
    "provider": (Role.PROVIDER, "provider-1"),
    "other-provider": (Role.PROVIDER, "provider-2"),
    "officer": (Role.LAW_ENFORCEMENT, None),
}
HERE = (-111.97, 41.22)


def region_view() -> RegionView:
    vocabulary = load_vocabulary()
    face = Region(
        id="test",
        name="Test",
        timezone="America/Denver",
        bounds=(-114.1, 36.9, -109.0, 42.1),
        simulated=True,
        freshness={"default": AgeLimits(fresh_s=60, ageing_s=120, stale_s=600)},
        targets_s={"imminent": 1800},
        vocabulary={group: list(words) for group, words in vocabulary.needs.items()},
        wall_population_limit=20_000,
        zones={zone.id: zone.name for zone in ZONES},
    )
    west, south, east, north = face.bounds

    def locate(lon: float, lat: float) -> str | None:
        return "weber" if west <= lon <= east and south <= lat <= north else None

    empty = b'{"type":"FeatureCollection","features":[]}'
    return RegionView(face, empty, {zone.id: zone for zone in ZONES}, locate)


class GuessedTravel(Estimate):
    """Travel times without roads: closures change nothing."""

    def heed(self, closures: tuple[Closure, ...]) -> None:
        pass

    def route(self, origin: Point, destination: Point) -> Route | None:
        """Straight there at 20 m/s, a point every so often."""
        share = np.linspace(0, 1, 50)[:, None]
        ends = positions([origin, destination])
        at = ends[:1] * (1 - share) + ends[1:] * share
        metres = haversine_m(ends[0], ends[1])
        return Route(at, metres / 20 * share[:, 0])


@dataclass(slots=True)
class House:
    """The application, its parts, and a client for each account."""

    app: FastAPI
    accounts: Accounts
    registry: Registry
    journal: Journal
    client: httpx.AsyncClient
    tokens: dict[str, str] = field(default_factory=dict)

    async def as_(self, name: str) -> dict[str, str]:
        if name not in self.tokens:
            body = {"name": name, "password": PASSWORD}
            answer = await self.client.post("/v1/sessions", json=body)
            assert answer.status_code == 201, answer.text
            self.tokens[name] = answer.json()["token"]
        return {"Authorization": f"Bearer {self.tokens[name]}"}

    def now_ms(self) -> int:
        return wall_clock()

    async def call(
        self, name: str, method: str, path: str, body: Any = None, **more: Any
    ) -> httpx.Response:
        """A call by an account; a command gets an id of its own unless it has one."""
        headers = await self.as_(name)
        if body is not None and path not in ("/v1/positions", "/v1/isochrones", "/v1/routes"):
            body = {"command_id": command()} | body
        return await self.client.request(method, path, json=body, headers=headers, **more)

    async def get(self, name: str, path: str) -> Any:
        answer = await self.call(name, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, who: str, path: str, /, **body: Any) -> Any:
        answer = await self.call(who, "POST", path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def refused(self, who: str, path: str, code: int, /, **body: Any) -> Any:
        answer = await self.call(who, "POST", path, body)
        assert answer.status_code == code, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()

    async def open(self, **more: Any) -> str:
        """A request of somebody in Ogden."""
        asked = {
            "request": command(),
            "place": "Ogden",
            "lon": HERE[0],
            "lat": HERE[1],
            "urgency": 3,
            "needs": {"words": ["adult"], "place": "needed", "van": "none"},
            "person": {
                "name": "Planted Name",
                "address": "17 Planted Street",
                "callback": "801-555-0177",
                "weapons": "planted shotgun",
            },
        }
        done = await self.do("dispatcher", "/v1/requests", **(asked | more))
        request: str = done["request"]
        await self.until(lambda: self.world.get("request", request) is not None)
        return request

    @property
    def world(self) -> Any:
        return self.app.state.feed.world

    async def until(self, holds: Any) -> None:
        """Wait for the live feed to have brought something."""
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.005)


async def services_of(engine: AsyncEngine, registry: Registry, folder: Path) -> Services:
    """Everything that the doors need, over a real database and a real registry."""
    journal = Journal(engine)
    directory = Directory(journal)
    vocabulary = load_vocabulary()
    dispatch = Dispatch(
        journal,
        registry,
        directory,
        load_dispatch_policy(ROOT / "policy" / "dispatch.toml"),
        vocabulary,
        "America/Denver",
    )
    referral_policy = load_referral_policy(ROOT / "policy" / "referral.toml")
    tokens = Tokens(load_key(folder / "key.json"), wall_clock)
    accounts = Accounts(
        Store(engine),
        tokens,
        registry,
        wall_clock,
        Limits(per_name=100, per_client=10_000),
        QUICK,
    )
    return Services(
        region=region_view(),
        vocabulary=vocabulary,
        registry=registry,
        directory=directory,
        dispatch=dispatch,
        referral=Referral(journal, registry, dispatch, referral_policy, wall_clock),
        rides=AppointmentRides(journal, registry, dispatch.rides),
        identity=accounts,
        travel=GuessedTravel,
        trackers=Trackers(Store(engine), tokens, registry, wall_clock),
        gps=load_gps_policy(ROOT / "policy" / "gps.toml"),
        clock=wall_clock,
        settings=Settings(simulated=True, body_limit=300_000, metrics_token=METRICS_TOKEN),
    )


async def furnish(services: Services) -> None:
    """Two facilities, a provider, two teams, a van, accounts for every role."""
    for name, (role, scope) in ACCOUNTS.items():
        await services.identity.put_account(name, role, scope, PASSWORD, system("test"))
    actor = system("test")
    await services.directory.put_organization(Organization("org", "Demo Care"), actor)
    for name in ("facility-1", "facility-2", "provider-1"):
        facility = Facility(
            name, "org", f"Demo {name}", "weber", *HERE, "801-555-0101", "receiving"
        )
        await services.directory.put_facility(facility, actor)
        await services.directory.put_agreement(Agreement(name, "*", ("receiving",)), actor)
    now_ms = services.clock()
    shift = {"shift_start_ms": now_ms - 3_600_000, "shift_end_ms": now_ms + 36_000_000}
    for state in (
        team(**shift),
        team("team-2", name="Team Two", **shift),
        van(**shift),
        pool(),
        pool("pool-2", facility="facility-2"),
        slot(starts_ms=now_ms + 3_600_000),
    ):
        await services.registry.put(state, command())


@asynccontextmanager
async def house(engine: AsyncEngine, registry: Registry, folder: Path) -> AsyncIterator[House]:
    """The application in this process, its lifespan running."""
    services = await services_of(engine, registry, folder)
    await furnish(services)
    app = create_app(services)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://caretower") as client,
    ):
        await app.state.feed.started()
        assert isinstance(services.identity, Accounts)
        journal = services.directory.journal
        yield House(app, services.identity, registry, journal, client)


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncIterator[str]:
    """The application behind a real uvicorn on a free port; gives its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        running = server(app, "127.0.0.1", port)
        task = asyncio.create_task(running.serve([listening]))
        while not running.started:
            await asyncio.sleep(0.01)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            running.should_exit = True
            await task
